"""Columns hold what the parser reads, line by line, and refuse what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.errors import ParseError
from qe_kg.store import columns as columns_module
from qe_kg.store.columns import BlankNodeFound, Columns

XSD = "http://www.w3.org/2001/XMLSchema#"
LINES = [
    "<http://e.org/a> <http://e.org/p> <http://e.org/b> .",
    '<http://e.org/a> <http://e.org/p> "two words" .',
    '<http://e.org/a> <http://e.org/p> "ends . <like> a line ." .',
    '<http://e.org/b> <http://e.org/q> "a"@en-gb .',
    '<http://e.org/b> <http://e.org/q> "a"@en-GB .',
    f'<http://e.org/b> <http://e.org/q> "01"^^<{XSD}integer> .',
    f'<http://e.org/b> <http://e.org/q> "01"^^<{XSD}string> .',
    '<http://e.org/b> <http://e.org/q> "01" .',
    '<http://e.org/c> <http://e.org/q> "caf\\u00E9" .',
    '<http://e.org/c> <http://e.org/q> "café" .',
    '<http://e.org/c> <http://e.org/q> "tab\\t quote \\" \\\\ and\\nline" .',
    '<http://e.org/c> <http://e.org/q> "tab\t" .',
    "<urn:x:y> <urn:x:p> <urn:x:z> .",
    "<http://e.org/a>  <http://e.org/p>\t<http://e.org/b>.",
    "<http://e.org/a> <http://e.org/p> <http://e.org/b> . # said",
    '<http://e.org/a> <http://e.org/p> "b" . # "said"',
    "# a remark",
    '# "a" remark',
    "",
    "   ",
    "<http://e.org/a%20b> <http://e.org/p#q> <https://e.org:80/b?c=d> .",
    "<http://e.org/ü> <http://e.org/p> <http://e.org/\\u00fc> .",
]  # fmt: skip
#: What the parser refuses; the last ones look right when all lines are seen together.
FAULTS = [
    "<http://e.org/a> <http://e.org/p> .",
    "<http://e.org/a> <http://e.org/p> <http://e.org/b> <http://e.org/c> .",
    '<http://e.org/a> "p" <http://e.org/b> .',
    '"a" <http://e.org/p> <http://e.org/b> .',
    "<http://e.org/a> <p> <http://e.org/b> .",
    "<http://e.org/a> <http://e.org/p> <http://e.org/b b> .",
    "<http://e.org/a> <http://e.org/p> <http://e.org/%b> .",
    "<http://e.org/a> <http://e.org/p> <http://e.org/b>",
    '<http://e.org/a> <http://e.org/p> "b .',
    '<http://e.org/a> <http://e.org/p> "b"@1 .',
    '<http://e.org/a> <http://e.org/p> "b\\x" .',
    '<http://e.org/a> <http://e.org/p> "b"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .',
    "<http://e.org/a> . <http://e.org/b> .",
    "<http://e.org/a> <http://e.org/p> <http://e.org/b> . <http://e.org/c>\n<http://e.org/p> <http://e.org/b> .",
]


def read(path: Path) -> list[tuple[int, str, str, str]]:
    """Return what columns hold: line, subject, property and value, by line."""
    columns = Columns()
    columns.add_file(path)
    assert set(columns.files.tolist()) <= {0}
    rows = zip(columns.lines.tolist(), columns.subjects, columns.properties, columns.values, strict=True)
    return sorted((line, *map(columns.node, map(int, numbers))) for line, *numbers in rows)


def parsed(text: str) -> list[tuple[int, str, str, str]]:
    """Return the same as the parser has it."""
    return sorted(
        (number, str(quad.subject), str(quad.predicate), str(quad.object))
        for number, line in enumerate(text.split("\n"), start=1)
        for quad in ox.parse(line.encode(), format=ox.RdfFormat.N_TRIPLES)
    )


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(lines=st.lists(st.sampled_from(LINES), max_size=12), at_end=st.sampled_from(["", "\n"]))
def test_columns_hold_what_the_parser_reads(
    lines: list[str], at_end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("columns") / "data.nt"
    path.write_text("\n".join(lines) + at_end)
    assert read(path) == parsed(path.read_text())


def test_all_forms_of_lines_are_read_in_blocks_and_by_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.nt"
    path.write_text("\n".join([*LINES, *reversed(LINES), *LINES]) + "\n")
    expected = parsed(path.read_text())
    monkeypatch.setattr(columns_module, "_BLOCK", 300)
    assert read(path) == expected
    monkeypatch.setattr(columns_module, "APART", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert read(path) == expected
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert read(path) == expected


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_its_line(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    path.write_text("\n".join([LINES[0], LINES[2], "", fault, LINES[1]]) + "\n")
    with pytest.raises(ParseError) as ours:
        Columns().add_file(path)
    with pytest.raises(SyntaxError) as theirs:
        list(ox.parse(path=str(path)))
    assert re.search(rf"data\.nt:{theirs.value.lineno}:", str(ours.value))


def test_a_fault_in_the_other_half_is_refused_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "APART", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    path = tmp_path / "data.nt"
    path.write_text("\n".join([*LINES, FAULTS[0]]) + "\n")
    with pytest.raises(ParseError, match=rf"data\.nt:{len(LINES) + 1}:"):
        Columns().add_file(path)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    path.write_bytes(f"{LINES[0]}\n".encode() + b'<http://e.org/a> <http://e.org/p> "caf\xe9" .\n')
    with pytest.raises(ParseError, match=r"data\.nt:2:.*UTF-8"):
        Columns().add_file(path)


def test_nothing_of_a_file_with_a_blank_node_is_kept(tmp_path: Path) -> None:
    first, second = tmp_path / "a.nt", tmp_path / "b.nt"
    first.write_text(LINES[0] + "\n")
    second.write_text(f"{LINES[12]}\n_:b <http://e.org/p> <http://e.org/b> .\n")
    columns = Columns()
    columns.add_file(first)
    with pytest.raises(BlankNodeFound):
        columns.add_file(second)
    assert len(columns.subjects) == 1
    assert columns.excerpt(first, ["<http://e.org/a>"]) == ([1], f"{LINES[0]}\n".encode())


def test_an_excerpt_has_the_lines_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    path.write_text("\n".join(LINES) + "\n")
    columns = Columns()
    columns.add_file(path)
    numbers, text = columns.excerpt(path, ["<http://e.org/a>", "<http://nowhere.org/>"])
    about = [(at, line) for at, line in enumerate(LINES, start=1) if line.startswith("<http://e.org/a>")]
    assert numbers == [at for at, _ in about]
    assert text.decode() == "".join(f"{line}\n" for _, line in about)


def test_a_triple_that_is_left_out_is_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    path.write_text("\n".join(LINES[:4]) + "\n")
    columns = Columns()
    columns.add_file(path)
    columns.leave_out("<http://e.org/a>", "<http://e.org/p>")
    assert columns.used_properties == ["<http://e.org/q>"]
