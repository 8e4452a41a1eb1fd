"""Large data are validated by columns and by queries; the report is the one that small data get term by term."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from qe_kg.generate import Enterprise, write_model
from qe_kg.loose_files import validate_files
from qe_kg.opening import open_model
from qe_kg.positions import Kind
from qe_kg.shacl.column_graph import ColumnGraph
from qe_kg.store.columns import Columns
from qe_kg.store.files import read_quads
from qe_kg.validation import ValidationReport, data, engines
from qe_kg.validation.triples import triples_of, triples_of_rows

SHAPES = """
@prefix ex: <https://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:PriceShape a sh:NodeShape ; sh:targetSubjectsOf ex:price ;
    sh:property [ sh:path ex:price ; sh:datatype xsd:decimal ; sh:pattern "^[0-9]+[.][0-9]{2}$" ] ;
    sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:Literal ] .
ex:NameShape a sh:NodeShape ; sh:targetSubjectsOf ex:name ;
    sh:property [ sh:path ex:name ; sh:maxLength 4 ] .
"""
DATA = """\
<https://example.org/a> <https://example.org/price> "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<https://example.org/a> <https://example.org/name> "long \\"1.50\\"^^<http://www.w3.org/2001/XMLSchema#decimal>" .
<https://example.org/b> <https://example.org/price> "1.5"^^<http://www.w3.org/2001/XMLSchema#decimal> .

<https://example.org/b> <https://example.org/name> "a", "b" .
"""


DAY = ("https://quantumenergy.example/id/evaluation", "https://quantumenergy.example/ns/evaluatedOn")


def shown(report: ValidationReport) -> dict[str, object]:
    found = report.to_dict()
    del found["summary"]["seconds"]
    return found


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "LARGE", 0)


def test_a_model_is_reported_as_if_it_were_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(Enterprise(flows=150, seed=3, defect_rate=0.2), tmp_path / "made")
    with (tmp_path / "made" / "enterprise.nt").open("a") as file:  # a day that the day of the call takes the place of
        file.write(f'<{DAY[0]}> <{DAY[1]}> "2001-01-01"^^<http://www.w3.org/2001/XMLSchema#date> .\n')
    small = open_model(tmp_path / "made").validate(at="2026-06-30")
    monkeypatch.setattr(data, "LARGE", 0)
    large = open_model(tmp_path / "made").validate(at="2026-06-30")
    assert len(small.results) > 50
    assert shown(large) == shown(small)
    monkeypatch.setattr(data, "LARGE", 1 << 40)
    monkeypatch.setattr(engines, "MANY", 0)
    many = open_model(tmp_path / "made").validate(at="2026-06-30")
    assert shown(many) == shown(small)


@pytest.mark.usefixtures("large")
def test_the_verdict_is_about_literals_as_written(tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    oddly = "<https://example.org/c>  <https://example.org/kind> <https://example.org/c>. # a remark\n"
    (tmp_path / "data.nt").write_text(DATA.replace('"a", "b"', '"a"') + oddly)
    report = validate_files([tmp_path / "data.nt"], [tmp_path / "shapes.ttl"])
    # A store holds "1.5" for both prices: only of b is that what the file says.
    assert [(one.focus[-1], one.path, one.source and one.source.line) for one in report.results] == [
        ("b", "https://example.org/price", 3), ("a", "https://example.org/name", 2),
    ]  # fmt: skip
    assert report.coverage["alteredLiterals"] == [{"property": "https://example.org/price", "number": 1}]


@pytest.mark.usefixtures("large")
def test_a_file_with_a_fault_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    (tmp_path / "data.nt").write_text(DATA)
    with pytest.raises(Exception, match=r"data\.nt:5:"):
        validate_files([tmp_path / "data.nt"], [tmp_path / "shapes.ttl"])


@pytest.mark.usefixtures("large")
def test_a_large_file_without_a_statement_is_told(tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    (tmp_path / "data.nt").write_text(DATA.replace('"a", "b"', '"a"'))
    (tmp_path / "remarks.nt").write_text("# a remark\n")
    report = validate_files([tmp_path / "data.nt", tmp_path / "remarks.nt"], [tmp_path / "shapes.ttl"])
    assert [Path(one.focus).name for one in report.results if one.rule == "FILE-01"] == ["remarks.nt"]


BLANK_SHAPES = (
    SHAPES
    + """
ex:ParentShape a sh:NodeShape ; sh:targetSubjectsOf ex:parent ;
    sh:property [ sh:path ex:parent ; sh:nodeKind sh:IRI ; sh:class ex:Person ] ;
    sh:property [ sh:path ( ex:parent ex:parent ) ; sh:minCount 1 ; sh:node [ sh:property [ sh:path ex:name ;
        sh:minCount 1 ] ] ] ;
    sh:property [ sh:path ( ex:parent ex:name ) ; sh:maxLength 3 ] .
ex:AtShape a sh:NodeShape ; sh:targetSubjectsOf ex:at ; sh:property [ sh:path ( ex:at ex:code ) ; sh:maxLength 3 ] .
ex:Loop a sh:NodeShape ; sh:targetObjectsOf ex:parent ; sh:sparql ex:LoopQuery .
ex:LoopQuery sh:prefixes ex:Prefixes ; sh:message "a name twice" ; sh:select
    "SELECT $this ?value WHERE { $this ex:name ?value . ?other ex:parent $this ; ex:name ?value }" .
ex:Prefixes sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/"^^xsd:anyURI ] .
"""
)
EX = "https://example.org/"
FIRST = f"""\
<{EX}a> <{EX}parent> _:x .
_:x <{EX}name> "longer" .
_:x <{EX}parent> _:y .
<{EX}b> <{EX}parent> _:y. # oddly
_:y <{EX}name> "_:x" .
_:y <{EX}parent> _:x .
<{EX}b> <{EX}name> "_:x" .
<{EX}a> <{EX}at> _:only-between .
_:only-between <{EX}code> "9999" .
_:x <{EX}price> "1.5"^^<http://www.w3.org/2001/XMLSchema#decimal> .
"""
#: Labels that the first file has too, and one like those that are made.
SECOND = f"""\
_:y <{EX}parent> _:x .
_:f00000000n1 <{EX}parent> <{EX}a> .
_:x <{EX}name> "b" .
"""


def with_blank_nodes(folder: Path, other: str) -> ValidationReport:
    (folder / "shapes.ttl").write_text(BLANK_SHAPES.replace("?other ex:parent $this ; ex:name ?value", other))
    (folder / "first.nt").write_text(FIRST)
    (folder / "second.nt").write_text(SECOND)
    (folder / "small.ttl").write_text(f'[ <{EX}parent> <{EX}a> ; <{EX}name> "small" ] .')
    files = [folder / name for name in ("first.nt", "second.nt", "small.ttl")]
    return validate_files(files, [folder / "shapes.ttl"])


# What the second one reads is not told beforehand, so it is asked of everything.
@pytest.mark.parametrize("other", ["?other ex:parent $this ; ex:name ?value", "[ ex:parent $this ; ex:name ?value ]"])
def test_large_files_with_blank_nodes_are_reported_as_if_they_were_small(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = with_blank_nodes(tmp_path, other)
    monkeypatch.setattr(data, "LARGE", 100)
    large = with_blank_nodes(tmp_path, other)
    assert shown(large) == shown(small)
    (between,) = (one for one in large.results if one.value == "9999")
    assert [one.line for one in between.blamed] == [8, 9]
    assert len(large.results) > 15 and len({one.focus for one in large.results}) == 7
    assert any(one.component == "sh:SPARQLConstraintComponent" for one in large.results)


def test_a_blank_node_is_told_by_the_same_name_each_time(tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    (tmp_path / "data.ttl").write_text("@prefix ex: <https://example.org/> . [ ex:name 1 , 2 ] . [ ex:price 3 ] .")
    first, second = (
        validate_files([tmp_path / "data.ttl"], [tmp_path / "shapes.ttl"]).to_dict()["results"] for _ in range(2)
    )
    assert len(first) == 3 and {one["focus"][0] for one in first} == {"f"}
    assert first == second


def test_places_in_large_files_are_those_in_small_ones(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    spaced = f' <{EX}é>\t<{EX}name>  "caf\\u00E9 <x>"@en-GB.\n# a remark\n\n'
    ended = f'<{EX}é> <{EX}name> "é" .\r<{EX}é> <{EX}name> "e" .\r\n'
    path.write_bytes(f"{FIRST}{spaced}{ended}{SECOND}".encode())
    file = data.InputFile(path, "data.nt", lambda: read_quads(path))
    columns = Columns()
    columns.add_file(path, file.label_prefix)
    small, large = triples_of(file), triples_of_rows(ColumnGraph(columns), path, file.name)
    subjects, values = {str(one.subject) for one in file.quads}, {str(one.object) for one in file.quads}
    assert len(file.quads) == 16 and "_:" in str(subjects) and "_:" in str(values)
    for node in subjects | values:
        for ours, theirs in ((large.of(node), small.of(node)), (large.to(node), small.to(node))):
            assert list(map(large.quad, ours)) == list(map(small.quad, theirs))
            for kind in get_args(Kind):
                assert [large.place(one, kind) for one in ours] == [small.place(one, kind) for one in theirs]
