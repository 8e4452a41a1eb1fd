"""Any RDF with any shapes, no model needed; and shapes that cannot be evaluated, which never "conform"."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import rdflib
from rdflib import RDF, SH

from qe_kg import ParseError, ReadError, ShapesError, ValidationReport
from qe_kg.loose_files import validate_files

Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix ex: <http://e/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
#: One instance of ex:C with a text and a number; the next line is line 9.
DATA = PREFIXES + 'ex:a a ex:C ; ex:text "x" ; ex:number 1 .\n'


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., ValidationReport]:
    """Return a function that validates Turtle with shapes that apply to ex:C."""

    def run(shapes: str, data: str = DATA, name: str = "data.ttl") -> ValidationReport:
        (tmp_path / name).write_text(data, encoding="utf-8")
        (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
        return validate_files([tmp_path / name], [tmp_path / "shapes.ttl"])

    return run


def _property(constraint: str, path: str = "ex:value") -> str:
    return f"ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P . ex:P sh:path {path} ; {constraint} ."


# --- literals as they are written ------------------------------------------------------------------------------

_LITERAL_CASES = [
    ('"1.50"^^xsd:decimal', r'sh:pattern "^1\\.50$"', True),
    ('"1.5"^^xsd:decimal', r'sh:pattern "^1\\.50$"', False),
    ("1.50", r'sh:pattern "^1\\.50$"', True),
    ('"01"^^xsd:integer', 'sh:pattern "^01$"', True),
    ("01", 'sh:pattern "^01$"', True),
    ('"+1"^^xsd:integer', 'sh:maxLength 1', False),
    ('"PT60S"^^xsd:duration', 'sh:pattern "^PT60S$"', True),
    ('"2020-01-01T00:00:00.000Z"^^xsd:dateTime', r'sh:pattern "\\.000Z$"', True),
    ('"1"^^xsd:boolean', 'sh:pattern "^1$"', True),
    ('"1.50"^^xsd:decimal', 'sh:hasValue "1.50"^^xsd:decimal', True),
    ('"abc"^^xsd:integer', "sh:datatype xsd:integer", False),
    ('"2025-02-30"^^xsd:date', "sh:datatype xsd:date", False),
    ('"300"^^xsd:byte', "sh:datatype xsd:byte", False),
    ('"1.0"^^xsd:integer', "sh:datatype xsd:integer", False),
    ('"01"^^xsd:integer', "sh:datatype xsd:integer", True),
    ('"x"@en-GB', "sh:datatype rdf:langString", True),
    ('"x"@en-GB', 'sh:languageIn ( "en" )', True),
    ('"x"@en-GB', 'sh:languageIn ( "de" )', False),
    ("1.50", "sh:minInclusive 1.5", True),
]  # fmt: skip


@pytest.mark.parametrize(("value", "constraint", "conforms"), _LITERAL_CASES)
def test_a_literal_is_judged_as_it_is_written(
    value: str,
    constraint: str,
    conforms: bool,
    check: Callable[..., ValidationReport],
    capfd: pytest.CaptureFixture[str],
) -> None:
    report = check(_property(constraint), f"{PREFIXES}ex:a a ex:C ; ex:value {value} .\n")
    assert report.conforms is conforms
    assert len(report.results) == (0 if conforms else 1)
    assert capfd.readouterr() == ("", ""), "a finding is in the report, not in a log"


# --- where a result is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "line", "value"),
    [
        ("sh:minCount 2", 9, None),
        ("sh:datatype xsd:integer", 11, "two"),
        ('sh:in ( "one" "two" )', 12, "three"),
        ('sh:pattern "^t"', 10, "one"),
        ("sh:maxCount 2", 10, None),
    ],
)
def test_a_result_has_the_line_of_its_triple(
    constraint: str, line: int, value: str | None, check: Callable[..., ValidationReport], tmp_path: Path
) -> None:
    values = '\n  ex:value "one" ,\n    "two" ,\n    "three"' if value or "max" in constraint else ""
    data = f"{PREFIXES}\nex:a a ex:C {';' if values else ''}{values} .\n"
    results = check(_property(constraint), data).results
    result = next(one for one in results if one.value == value)
    assert result.source is not None
    assert (result.source.file, result.source.line) == (str(tmp_path / "data.ttl"), line)
    assert (result.focus, result.path, result.rule) == ("http://e/a", "http://e/value", "http://e/P")


def test_values_that_differ_from_their_canonical_form_are_found_where_they_are(
    check: Callable[..., ValidationReport],
) -> None:
    values = '"2.50"^^xsd:decimal ,\n  "01"^^xsd:integer ,\n  3 ,\n  04 ,\n  true'
    results = check(_property("sh:in ( 3 )"), f"{PREFIXES}ex:a a ex:C ; ex:value\n{values} .\n").results
    places = {one.value: one.source.line for one in results if one.source}
    assert places == {"2.50": 9, "01": 10, "04": 12, "true": 13}


def test_a_blank_node_as_focus_has_its_place(check: Callable[..., ValidationReport]) -> None:
    data = f"{PREFIXES}[] a ex:D .\n[] a ex:C .\n"
    (result,) = check(_property("sh:minCount 1"), data).results
    assert result.source is not None and not result.focus.startswith("http")
    assert result.source.line == PREFIXES.count("\n") + 2 and result.source.column == 1


def test_blank_nodes_of_two_files_are_two(tmp_path: Path) -> None:
    for name, number in (("a.nt", 1), ("b.nt", 2)):
        (tmp_path / name).write_text(
            f'_:x <{RDF.type}> <http://e/C> .\n_:x <http://e/value> "{number}" .\n', encoding="utf-8"
        )
    (tmp_path / "shapes.ttl").write_text(PREFIXES + _property("sh:maxCount 1"), encoding="utf-8")
    report = validate_files([tmp_path / "a.nt", tmp_path / "b.nt"], [tmp_path / "shapes.ttl"])
    assert report.conforms and report.summary.focus_nodes == 2


@pytest.mark.parametrize("name", ["data.trig", "data.nq", "data.jsonld", "data.rdf", "two words.ttl"])
def test_every_rdf_format_is_validated(name: str, tmp_path: Path) -> None:
    from qe_kg.store.files import format_of, read_quads
    from qe_kg.store.streams import write_as_read

    (tmp_path / "source.ttl").write_text(DATA, encoding="utf-8")
    with (tmp_path / name).open("wb") as file:
        write_as_read(read_quads(tmp_path / "source.ttl"), file, format_of(Path(name)), {})
    (tmp_path / "shapes.ttl").write_text(PREFIXES + _property("sh:minCount 1"), encoding="utf-8")
    report = validate_files([tmp_path / name], [tmp_path / "shapes.ttl"])
    assert not report.conforms and len(report.results) == 1
    assert report.results[0].source is not None
    line = report.results[0].source.line
    assert line is not None and report.results[0].focus in (tmp_path / name).read_text().splitlines()[line - 1]


# --- ordering, severity, paths ---------------------------------------------------------------------------------


def test_paths_are_written_as_sparql_writes_them(check: Callable[..., ValidationReport]) -> None:
    for path, expected in (
        ("( ex:p [ sh:inversePath ex:q ] )", "http://e/p/^http://e/q"),
        ("[ sh:alternativePath ( rdfs:label ex:q ) ]", "(rdfs:label|http://e/q)"),
        ("( rdfs:seeAlso [ sh:zeroOrMorePath rdfs:label ] )", "rdfs:seeAlso/rdfs:label*"),
        ("[ sh:inversePath ( rdfs:label rdfs:comment ) ]", "^(rdfs:label/rdfs:comment)"),
    ):
        (result,) = check(_property("sh:minCount 9", path)).results
        assert result.path == expected


SEVERITIES: tuple[Literal["Violation", "Warning", "Info"], ...] = ("Violation", "Warning", "Info")


def test_severity_decides_and_a_severity_of_ones_own_counts_as_the_gravest(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(DATA, encoding="utf-8")
    known: dict[str, Literal["Violation", "Warning", "Info"]] = {
        "sh:Info": "Info",
        "sh:Warning": "Warning",
        "ex:Grave": "Violation",
    }
    for severity, failing in known.items():
        shapes = _property(f"sh:minCount 1 ; sh:severity {severity}")
        (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
        for fail_on in SEVERITIES:
            report = validate_files([tmp_path / "data.ttl"], [tmp_path / "shapes.ttl"], fail_on=fail_on)
            assert report.results[0].severity == failing
            assert report.conforms is (SEVERITIES.index(fail_on) < SEVERITIES.index(failing))


# --- shapes that cannot be evaluated ---------------------------------------------------------------------------

_SELECT = "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql [ sh:message 'm' ; sh:select '{}' ] ."
_NODE = "ex:S a sh:NodeShape ; sh:targetClass ex:C ; {} ."
BAD_SHAPES = {
    "regular expression": _property('sh:pattern "("', "ex:text"),
    "recursive shape": _NODE.format("sh:node ex:T . ex:T a sh:NodeShape ; sh:node ex:S"),
    "recursive property": _NODE.format("sh:property [ sh:path ex:knows ; sh:node ex:S ]"),
    "recursive negation": _NODE.format("sh:not [ sh:or ( [ sh:nodeKind sh:IRI ] ex:S ) ]"),
    "undeclared prefix": _SELECT.format("SELECT $this WHERE { $this nope:p ?v }"),
    "SPARQL syntax": _SELECT.format("SELECT $this WHERE { "),
    "ASK for SELECT": _SELECT.format("ASK { $this ?p ?o }"),
    "SERVICE": _SELECT.format("SELECT $this WHERE { SERVICE <http://127.0.0.1:9/> { $this ?p ?v } }"),
    "path that is a literal": _property("sh:minCount 1", '"text"'),
    "path that is empty": _property("sh:minCount 1", "[]"),
    "path of an unknown kind": _property("sh:minCount 1", "[ ex:inverse ex:text ]"),
    "path of one step": _property("sh:minCount 1", "( ex:text )"),
    "path that is no list": _property("sh:minCount 1", "[ rdf:first ex:text ]"),
    "path that never ends": _property("sh:minCount 1", "_:l") + " _:l rdf:first ex:text ; rdf:rest _:l .",
    "two paths": _property("sh:minCount 1", "ex:text , ex:number"),
    "no path": "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:minCount 1 ] .",
    "count that is a text": _property('sh:minCount "one"', "ex:text"),
    "count below zero": _property("sh:minCount -1", "ex:text"),
    "two counts": _property("sh:minCount 1 , 2", "ex:text"),
    "alternatives that are no list": "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:or ex:x .",
    "property that is nowhere": "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:nowhere .",
    "severity that is a text": _property('sh:minCount 9 ; sh:severity "Grave"', "ex:text"),
    "target by SPARQL": "ex:S a sh:NodeShape ; sh:nodeKind sh:Literal ; "
    'sh:target [ a sh:SPARQLTarget ; sh:select "SELECT ?this WHERE { ?this a <http://e/C> }" ] .',
    "JavaScript": 'ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:js [ a sh:JSConstraint ; sh:jsFunctionName "f" ] .',
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_SHAPES)
def test_bad_shapes_are_an_error_and_never_conform(case: str, check: Callable[..., ValidationReport]) -> None:
    with pytest.raises(ShapesError, match=r"the shapes cannot be evaluated: \S*shapes\.ttl:[0-9]+:[0-9]+: .") as caught:
        check(BAD_SHAPES[case])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", ["regular expression", "recursive shape", "undeclared prefix", "path that is empty"])
def test_bad_shapes_leave_with_three_and_no_result(case: str, tmp_path: Path, qe_kg: Run) -> None:
    (tmp_path / "data.ttl").write_text(DATA, encoding="utf-8")
    (tmp_path / "shapes.ttl").write_text(PREFIXES + BAD_SHAPES[case], encoding="utf-8")
    done = qe_kg("validate", tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("qe-kg: the shapes cannot be evaluated: ") and len(done.stderr.splitlines()) == 1


def test_unreadable_input_is_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(DATA, encoding="utf-8")
    (tmp_path / "bad.ttl").write_text("ex:a ex:b ex:c .", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ParseError):
        validate_files([tmp_path / "data.ttl"], [tmp_path / "bad.ttl"])
    with pytest.raises(ParseError):
        validate_files([tmp_path / "bad.ttl"], [tmp_path / "data.ttl"])
    with pytest.raises(ReadError, match=r"there is no \.ttl file in this folder"):
        validate_files([tmp_path / "folder"], [tmp_path / "data.ttl"])
    with pytest.raises(ReadError, match="there is no such file or folder"):
        validate_files([tmp_path / "data.ttl"], [tmp_path / "nowhere"])


# --- the command line ------------------------------------------------------------------------------------------


@pytest.fixture
def broken(tmp_path: Path) -> tuple[str | Path, ...]:
    """Arguments that validate data with one result of each severity, two of them on one value."""
    shapes = "\n".join(
        [
            "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P , ex:W , ex:I .",
            'ex:P sh:path ex:text ; sh:datatype xsd:integer ; sh:pattern "^y" ; sh:message "Text is a number."@en .',
            "ex:W sh:path ex:more ; sh:minCount 1 ; sh:severity sh:Warning ;",
            r'  sh:message "Say | more,\n\"please\"."@en .',
            "ex:I sh:path ex:info ; sh:minCount 1 ; sh:severity sh:Info .",
        ]
    )
    (tmp_path / "data.ttl").write_text(DATA, encoding="utf-8")
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
    return ("validate", tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl")


def test_no_model_is_needed(broken: tuple[str | Path, ...], qe_kg: Run, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "qe-kg.toml").write_text("this is no manifest", encoding="utf-8")
    done = qe_kg(*broken, "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    assert [(one["severity"], one["component"]) for one in report["results"]] == [
        ("Violation", "sh:DatatypeConstraintComponent"),
        ("Violation", "sh:PatternConstraintComponent"),
        ("Warning", "sh:MinCountConstraintComponent"),
        ("Info", "sh:MinCountConstraintComponent"),
    ]
    assert report["summary"]["bySeverity"] == {"Violation": 2, "Warning": 1, "Info": 1}
    assert report["summary"]["focusNodes"] == 1


@pytest.mark.parametrize("form", ["json", "ttl", "csv"])
def test_the_report_is_the_same_each_time(form: str, broken: tuple[str | Path, ...], qe_kg: Run) -> None:
    def report(seed: str) -> str:
        text = qe_kg(*broken, "--format", form, env={"PYTHONHASHSEED": seed}).stdout
        return "\n".join(line for line in text.splitlines() if '"seconds"' not in line)

    assert report("1") == report("2") != ""


def test_the_turtle_report_is_a_report_of_shacl(broken: tuple[str | Path, ...], qe_kg: Run) -> None:
    done = qe_kg(*broken, "--format", "ttl")
    assert done.returncode == 1
    graph = rdflib.Graph().parse(data=done.stdout, format="turtle")
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert str(graph.value(report, SH.conforms)) == "false"
    results = list(graph.objects(report, SH.result))
    assert len(results) == 4
    for result in results:
        for predicate in (SH.focusNode, SH.resultSeverity, SH.sourceConstraintComponent, SH.sourceShape, SH.resultPath):
            assert graph.value(result, predicate) is not None


@pytest.mark.parametrize(
    ("fail_on", "severity", "code"),
    [("violation", "Warning", 0), ("warning", "Warning", 1), ("warning", "Info", 0), ("info", "Info", 1)],
)
def test_fail_on_sets_the_exit_code(fail_on: str, severity: str, code: int, tmp_path: Path, qe_kg: Run) -> None:
    (tmp_path / "data.ttl").write_text(DATA, encoding="utf-8")
    shapes = _property(f"sh:minCount 1 ; sh:severity sh:{severity}")
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
    done = qe_kg("validate", tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl", "--fail-on", fail_on)
    report = json.loads(done.stdout)
    assert (done.returncode, report["conforms"], report["summary"]["open"]) == (code, code == 0, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--shapes", "shapes.ttl"),
        ("data.ttl", "--shapes", "shapes.ttl", "--entail"),
        ("data.ttl", "--shapes", "shapes.ttl", "--model", "."),
        ("data.ttl", "--entail"),
        ("data.ttl", "--engine", "jena"),
        ("data.ttl", "--fail-on", "never"),
        ("data.ttl", "--format", "pdf"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(arguments: tuple[str, ...], tmp_path: Path, qe_kg: Run) -> None:
    for name in ("data.ttl", "shapes.ttl"):
        (tmp_path / name).write_text(DATA, encoding="utf-8")
    done = qe_kg("validate", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("severity", ["sh:Violation", "sh:Warning", "sh:Info"])
def test_a_nested_shape_counts_whatever_its_own_severity(check: Callable[..., ValidationReport], severity: str) -> None:
    report = check(
        "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:or ( ex:Named ex:Dated ) . "
        f"ex:Named a sh:PropertyShape ; sh:path ex:name ; sh:minCount 1 ; sh:severity {severity} . "
        f"ex:Dated a sh:PropertyShape ; sh:path ex:date ; sh:minCount 1 ; sh:severity {severity} ."
    )
    assert [result.component for result in report.results] == ["sh:OrConstraintComponent"]
