"""Turtle is formatted in one way, and says the same before and after: by hand, and on ontologies of others."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from qe_kg import FormatError, ParseError, formatting
from qe_kg.formatting import format_files, write_formatted
from qe_kg.store.files import canonical, read_quads, same_in_order
from tests.fetched import fetched

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).resolve().parents[2]
UNTIDY = """\
# about this file
@prefix ex: <http://e/>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:b   a ex:C ; ex:p 'x' , 01 , 1.50 , "1"^^xsd:integer , "\\u00e9" ; # behind
  ex:q [ ex:r ( 1 "2"@en-GB ) ] .
# between
ex:a ex:p ex:b."""
#: turtlefmt sets a blank before a comment that begins a file.
TIDY = """\
 # about this file
@prefix ex: <http://e/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

ex:b a ex:C ;
    ex:p "x" , 01 , 1.50 , 1 , "é" ; # behind
    ex:q [ ex:r ( 1 "2"@en-GB ) ] .

# between
ex:a ex:p ex:b .
"""


@pytest.fixture
def untidy(tmp_path: Path) -> Path:
    path = tmp_path / "untidy.ttl"
    path.write_text(UNTIDY, encoding="utf-8")
    return path


def test_comments_and_order_are_kept_and_the_triples_are_the_same(untidy: Path) -> None:
    before = list(read_quads(untidy))
    (one,) = format_files([untidy])
    assert (one.before, one.after, one.changed, one.line) == (UNTIDY, TIDY, True, 1)
    assert untidy.read_text(encoding="utf-8") == UNTIDY, "nothing is written yet"
    untidy.chmod(0o640)
    write_formatted([one])
    assert untidy.read_text(encoding="utf-8") == TIDY and untidy.stat().st_mode & 0o777 == 0o640
    after = list(read_quads(untidy))
    assert same_in_order(before, after) and canonical(before) == canonical(after)
    assert [str(getattr(quad.object, "value", "")) for quad in after][1:5] == ["x", "01", "1.50", "1"]
    assert [again.changed for again in format_files([untidy])] == [False]


def test_line_ends_become_the_same_too(untidy: Path) -> None:
    untidy.write_bytes(UNTIDY.replace("\n", "\r\n").encode())
    write_formatted(format_files([untidy]))
    assert untidy.read_bytes() == TIDY.encode()


def test_what_is_no_turtle_is_told_by_place_and_nothing_is_written(untidy: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.ttl").write_text("<http://e/a> <http://e/p>\n", encoding="utf-8")
    with pytest.raises(ParseError, match=r"bad\.ttl:\d"):
        format_files([untidy, tmp_path / "bad.ttl"])
    (tmp_path / "new.ttl").write_text("<u:a> <u:b> <u:c> .\n<u:a> <u:b> << <u:a> <u:b> <u:c> >> .", encoding="utf-8")
    with pytest.raises(FormatError, match=r"new\.ttl:2:\d+: turtlefmt cannot format this"):
        format_files([untidy, tmp_path / "new.ttl"])


def _pretender(tmp_path: Path, script: str) -> Callable[[], str]:
    program = tmp_path / "pretender"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return lambda: str(program)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("sed -i s/1.50/1.5/ $1", "would change what the file says"),
        ("sed -i 's/en-GB/en/' $1", "would change what the file says"),
        ("sed -i '$d' $1", "would change what the file says"),
        ("echo '# once more' >> $1", "something else of its own output"),
    ],
)
def test_a_formatter_that_errs_is_not_believed(
    script: str, message: str, untidy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formatting, "find_program", _pretender(tmp_path, script))
    with pytest.raises(FormatError, match=message):
        format_files([untidy])
    assert untidy.read_text(encoding="utf-8") == UNTIDY


def test_a_formatter_that_only_reorders_is_believed(
    untidy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """grep -q '^ex:a.*b \\.$' $1 || { sed -i '/^ex:a/d' $1; echo 'ex:a ex:p ex:b .' | cat - $1 >$1.t
    { grep @prefix $1; echo 'ex:a ex:p ex:b .'; grep -v '@prefix\\|^ex:a' $1; } > $1.t; mv $1.t $1; }"""
    monkeypatch.setattr(formatting, "find_program", _pretender(tmp_path, script))
    (one,) = format_files([untidy])
    assert one.changed and one.after.index("ex:a ex:p") < one.after.index("ex:b   a")


def test_same_in_order_tells_blank_nodes_apart() -> None:
    def quads(text: str) -> list[ox.Quad]:
        return list(ox.parse(text, format=ox.RdfFormat.N_TRIPLES))

    one = quads("_:a <u:p> _:b .\n_:b <u:p> _:a .\n")
    assert same_in_order(one, quads("_:x <u:p> _:y .\n_:y <u:p> _:x .\n"))
    assert not same_in_order(one, quads("_:x <u:p> _:y .\n_:x <u:p> _:y .\n"))
    assert not same_in_order(one, quads("_:x <u:p> _:x .\n_:x <u:p> _:x .\n"))
    assert not same_in_order(one, one[:1]) and same_in_order([], [])
    assert not same_in_order(quads('<u:a> <u:p> "1" .'), quads('<u:a> <u:p> "1"@en .'))


def test_a_machine_without_the_program_is_told(monkeypatch: pytest.MonkeyPatch, untidy: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_kwargs: None)
    with pytest.raises(FormatError, match="turtlefmt is not installed"):
        format_files([untidy])


BRICK = "8ef3881534d8973da88c86538350c7242eb61285f2dae4a210de6cc8b4346186"


def test_public_ontologies_stay_what_they_are(tmp_path: Path) -> None:
    """The ontologies in brickschema's wheel: Brick, RealEstateCore, BACnet, ref-schema, SHACL rules."""
    with zipfile.ZipFile(fetched("brickschema", "0.8.0", BRICK)) as wheel:
        names = sorted(name for name in wheel.namelist() if name.endswith(".ttl"))
        for name in names:
            (tmp_path / name.replace("/", "_")).write_bytes(wheel.read(name))
    paths = sorted(tmp_path.glob("*.ttl"))
    assert len(paths) > 10
    started = time.process_time()
    files = format_files(paths)
    assert time.process_time() - started < 30
    assert sum(one.changed for one in files) > 5
    write_formatted(files)
    smallest = sorted(files, key=lambda one: len(one.after))[:8]
    for one in smallest:  # what format_files says of itself, by another measure
        before = list(ox.parse(one.before.encode(), format=ox.RdfFormat.TURTLE, base_iri="http://base/"))
        after = list(ox.parse(path=str(one.path), base_iri="http://base/"))
        assert canonical(before) == canonical(after)
    for one in files:
        comments = re.findall(r"^\s*#(.*)$", one.before, re.MULTILINE)
        kept = re.findall(r"#(.*)$", one.after, re.MULTILINE)
        assert {text.strip() for text in comments} <= {text.strip() for text in kept}


def test_what_is_shipped_is_formatted() -> None:
    paths = [path for folder in ("ontology", "shapes", "data", "examples") for path in (ROOT / folder).rglob("*.ttl")]
    assert [one.path for one in format_files(paths) if one.changed] == []


# --- the command line -------------------------------------------------------------------------------------------


def test_check_and_diff_change_nothing_and_fail(untidy: Path, qe_kg: Run) -> None:
    done = qe_kg("fmt", "--check", untidy.parent)
    assert (done.returncode, done.stdout) == (1, f"would format {untidy}\n")
    assert done.stderr == "1 file would change, 0 files did not\n"
    shown = qe_kg("fmt", "--diff", untidy)
    assert shown.returncode == 1 and "\n-ex:a ex:p ex:b." in shown.stdout and "\n+ex:a ex:p ex:b .\n" in shown.stdout
    assert untidy.read_text(encoding="utf-8") == UNTIDY
    done = qe_kg("fmt", untidy)
    assert (done.returncode, done.stdout) == (0, f"formatted {untidy}\n")
    assert qe_kg("fmt", "--check", untidy).returncode == 0


def test_a_models_own_files_are_formatted(write_model: Callable[..., Path], qe_kg: Run) -> None:
    model = write_model({"data.ttl": UNTIDY, "more.nt": "<u:a>   <u:b> <u:c> .\n"})
    done = qe_kg("fmt", cwd=model)
    assert (done.returncode, done.stdout) == (0, "formatted data.ttl\n")
    assert (model / "data.ttl").read_text(encoding="utf-8") == TIDY


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere.ttl"], 3, "there is no such file or folder"),
        ([__file__], 2, "only Turtle"),
        (["--model", "nowhere"], 3, "is not a model"),
    ],
)
def test_a_wrong_call_is_told(arguments: list[str], code: int, message: str, qe_kg: Run) -> None:
    done = qe_kg("fmt", *arguments)
    assert done.returncode == code and message in done.stderr and not done.stdout
