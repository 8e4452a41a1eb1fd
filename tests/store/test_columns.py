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
from qe_kg.store.columns import Columns
from qe_kg.store.files import read_quads, with_labels

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


#: Labels that the parser takes, whatever they look like; the last but one looks like a number that is made for "first".
LABELS = ["a", "b1", "00A1", "x-y", "a.b", "é", "firstn2", "_"]
NODES = [*(f"_:{label}" for label in LABELS), "<http://e.org/b>", "<urn:x:y>"]
VALUES = [*NODES, '"two words"', '"_:a"', '"caf\\u00E9"', f'"01"^^<{XSD}integer>']
_lines = st.one_of(
    st.sampled_from(LINES),
    st.builds("{} <http://e.org/p> {} .".format, st.sampled_from(NODES), st.sampled_from(VALUES)),
    st.builds("{}\t<http://e.org/p> {}. # odd".format, st.sampled_from(NODES), st.sampled_from(VALUES)),
)


Row = tuple[int, str, str, str]


def read(*paths: Path) -> list[list[Row]]:
    """Return what columns hold of each file: line, subject, property and value, by line."""
    columns = Columns()
    for path in paths:
        columns.add_file(path, f"{path.stem}n")
    rows = zip(
        columns.files.tolist(), columns.lines.tolist(), columns.subjects, columns.properties, columns.values,
        strict=True,
    )  # fmt: skip
    found: list[list[Row]] = [[] for _ in paths]
    for file, line, *numbers in rows:
        subject, property_, value = map(columns.node, map(int, numbers))
        found[file].append((line, subject, property_, value))
    return [sorted(one) for one in found]


def parsed(path: Path) -> list[Row]:
    """Return the same as the parser has it, with labels for its blank nodes."""
    lines = [
        number
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1)
        for _ in ox.parse(line, format=ox.RdfFormat.N_TRIPLES)
    ]
    quads = with_labels(read_quads(path), f"{path.stem}n")
    return sorted(
        (number, str(quad.subject), str(quad.predicate), str(quad.object))
        for number, quad in zip(lines, quads, strict=True)
    )


class OtherHalf:
    """Stands in for the second process that reads a file, which takes longer to start than such files to read."""

    returncode = 0

    def __init__(self, command: list[str], **_: object) -> None:
        self._answer = Columns.of_part(Path(command[-2]), int(command[-1])).written()

    def __enter__(self) -> OtherHalf:
        return self

    def __exit__(self, *_: object) -> None: ...

    def communicate(self) -> tuple[bytes, None]:
        return self._answer, None


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    files=st.lists(st.tuples(st.lists(_lines, max_size=12), st.sampled_from(["", "\n"])), min_size=1, max_size=2),
    in_two=st.booleans(),
)
def test_columns_hold_what_the_parser_reads(
    files: list[tuple[list[str], str]], in_two: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("columns")
    paths = [folder / name for name in ("first.nt", "second.nt")[: len(files)]]
    for path, (lines, at_end) in zip(paths, files, strict=True):
        path.write_text("\n".join(lines) + at_end)
    with pytest.MonkeyPatch.context() as patch:
        if in_two:
            patch.setattr(columns_module, "APART", 0)
            patch.setattr("os.cpu_count", lambda: 2)
            patch.setattr("subprocess.Popen", OtherHalf)
        assert read(*paths) == [parsed(path) for path in paths]


BLANKS = [
    "_:a <http://e.org/p> _:b .",
    "_:b <http://e.org/p> <http://e.org/b> .",
    "_:c.d <http://e.org/p> _:a. # said",
    '<http://e.org/a> <http://e.org/p> "_:a" .',
    "<urn:x:y> <http://e.org/p> _:firstn1 .",
    '_:é <http://e.org/p> "two words" .',
]


def test_all_forms_of_lines_are_read_in_blocks_and_by_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels go on from one half to the other, and never from one file to the other."""
    first, second = tmp_path / "first.nt", tmp_path / "second.nt"
    first.write_text("\n".join([*LINES, *BLANKS, *reversed(LINES), "_:only <http://e.org/p> _:b .", *BLANKS]) + "\n")
    second.write_text("\n".join([*reversed(BLANKS), *LINES, *BLANKS]) + "\n")
    expected = [parsed(first), parsed(second)]
    labels = [{name for _, *names in rows for name in names if name[0] == "_"} for rows in expected]
    assert [len(one) for one in labels] == [6, 5] and not labels[0] & labels[1]
    monkeypatch.setattr(columns_module, "_BLOCK", 300)
    assert read(first, second) == expected
    monkeypatch.setattr(columns_module, "APART", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert read(first, second) == expected
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert read(first, second) == expected


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_its_line(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    path.write_text("\n".join([LINES[0], LINES[2], "", fault, LINES[1]]) + "\n")
    with pytest.raises(ParseError) as ours:
        Columns().add_file(path, "f")
    with pytest.raises(SyntaxError) as theirs:
        list(ox.parse(path=str(path)))
    assert re.search(rf"data\.nt:{theirs.value.lineno}:", str(ours.value))


def test_a_fault_in_the_other_half_is_refused_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "APART", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    path = tmp_path / "data.nt"
    path.write_text("\n".join([*LINES, FAULTS[0]]) + "\n")
    with pytest.raises(ParseError, match=rf"data\.nt:{len(LINES) + 1}:"):
        Columns().add_file(path, "f")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    path.write_bytes(f"{LINES[0]}\n".encode() + b'<http://e.org/a> <http://e.org/p> "caf\xe9" .\n')
    with pytest.raises(ParseError, match=r"data\.nt:2:.*UTF-8"):
        Columns().add_file(path, "f")


def test_a_row_has_its_line_as_it_stands(tmp_path: Path) -> None:
    path, other = tmp_path / "data.nt", tmp_path / "other.nt"
    lines = [*LINES, *BLANKS]
    path.write_text("\n".join(lines) + "\n")
    other.write_text("".join(f"{line}\r\n" for line in reversed(lines)))
    columns = Columns()
    columns.add_file(path, "f")
    columns.add_file(other, "g")
    columns.add_quads(ox.parse(LINES[0].encode(), format=ox.RdfFormat.N_TRIPLES))
    called = {label.decode(): made.decode() for label, made in columns.labels(path).items()}
    assert called == {"_:a": "_:f1", "_:b": "_:f2", "_:c.d": "_:f3", "_:firstn1": "_:f4", "_:é": "_:f5"}
    said = {at: line for at, line in enumerate(lines, start=1) if line.strip() and line[0] != "#"}
    rows = range(len(columns.subjects))
    here, there = columns.file_rows(path), columns.file_rows(other)
    assert [here.line(row) for row in here.among(rows)] == list(said.items())
    assert [there.line(row) for row in there.among(rows)] == [
        (len(lines) + 1 - at, line) for at, line in reversed(said.items())
    ]


def test_statements_come_apart_by_blank_nodes(tmp_path: Path) -> None:
    path, other = tmp_path / "data.nt", tmp_path / "other.nt"
    path.write_text("\n".join(BLANKS) + "\n")
    other.write_text("\n".join([BLANKS[1], LINES[0], LINES[12]]) + "\n")
    columns = Columns()
    columns.add_file(path, "f")
    columns.add_file(other, "g")
    columns.add_quads(ox.parse(LINES[0].encode(), format=ox.RdfFormat.N_TRIPLES))
    assert columns.rows_of([path]).tolist() == [*range(6)]
    without, with_blanks = columns.statements(columns.rows_of([other]))
    assert {*without.decode().splitlines()} == {LINES[0], LINES[12]}
    assert with_blanks == b"_:g1 <http://e.org/p> <http://e.org/b> .\n"


def test_a_triple_that_is_left_out_is_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    path.write_text("\n".join(LINES[:4]) + "\n")
    columns = Columns()
    columns.add_file(path, "f")
    columns.leave_out("<http://e.org/a>", "<http://e.org/p>")
    assert columns.used_properties == ["<http://e.org/q>"]
