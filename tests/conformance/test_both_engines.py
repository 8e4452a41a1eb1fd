"""``--engine both``: two engines that differ fail, and the difference is shown with its place."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg.loose_files import validate_files

Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix ex: <http://e/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def files(folder: Path, shapes: str, data: str) -> tuple[Path, Path]:
    (folder / "data.ttl").write_text(PREFIXES + data, encoding="utf-8")
    (folder / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
    return folder / "data.ttl", folder / "shapes.ttl"


def test_engines_that_agree_give_their_results_once(tmp_path: Path) -> None:
    data, shapes = files(
        tmp_path,
        "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P . ex:P sh:path ex:p ; sh:maxCount 1 .",
        "ex:a a ex:C ; ex:p 1 , 2 . ex:b a ex:C ; ex:p 1 .",
    )
    report = validate_files([data], [shapes], engine="both")
    assert report.engine == "sparql and pyshacl"
    assert [(one.rule, one.focus) for one in report.results] == [("http://e/P", "http://e/a")]


#: Where pySHACL is wrong, by the specification (the section that says so), and who finds something.
DIFFERENCES = {
    # 4.2.2 of RDF 1.1 Concepts and 3.3.7 of XML Schema 1.1: a dateTime has a time; Python's fromisoformat is content.
    'sh:datatype xsd:dateTime ## ex:p "2011-01-01"^^xsd:dateTime': ["only our engine"],
    # 4.4.5 uniqueLang: "if $uniqueLang is true"; the literal "1"^^xsd:boolean is another term than true.
    'sh:uniqueLang "1"^^xsd:boolean ## ex:p "a"@en , "b"@en': ["only pySHACL"],
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_a_difference_is_an_open_violation_with_its_place(case: str, tmp_path: Path, qe_kg: Run) -> None:
    constraint, _, values = case.partition(" ## ")
    data, shapes = files(
        tmp_path,
        f"ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P . ex:P sh:path ex:p ; {constraint} .",
        f"ex:a a ex:C ;\n  {values} .",
    )
    report = validate_files([data], [shapes], engine="both")
    found = [one for one in report.results if one.rule == "ENG-01"]
    assert not report.conforms
    assert [one.message.partition(" reports")[0] for one in found] == DIFFERENCES[case]
    assert all(one.severity == "Violation" and one.source and one.source.line == 5 for one in found)
    done = qe_kg("validate", data, "--shapes", shapes, "--engine", "both", "--format", "table")
    assert done.returncode == 1 and "Violation ENG-01 (open): only " in done.stdout
