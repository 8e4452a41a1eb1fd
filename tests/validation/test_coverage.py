"""What a validation did not look at is said beside the verdict, and counts against it with --strict."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import ShapesError, ValidationReport
from qe_kg.loose_files import validate_files
from qe_kg.shacl.dependence import predicates_of_query
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.store.files import read_quads

Run = Callable[..., subprocess.CompletedProcess[str]]
Check = Callable[..., ValidationReport]

PREFIXES = """@prefix ex: <http://e/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
DATA = PREFIXES + 'ex:a a ex:C ; ex:text "x" ; ex:number 1.50 .\n'


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(shapes: str, *, strict: bool = False, engine: str = "auto", data: str = DATA) -> ValidationReport:
        (tmp_path / "data.ttl").write_text(data, encoding="utf-8")
        (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
        return validate_files([tmp_path / "data.ttl"], [tmp_path / "shapes.ttl"], engine=engine, strict=strict)

    return run


#: The shapes (line 4 is their first), the line at fault, and what is said about it.
SUSPICIOUS = {
    "ex:S a sh:NodeShape ; sh:targetClas ex:C .": (4, "did you mean sh:targetClass?"),
    "ex:S a sh:NodeShape ; sh:targetClass ex:C ;\n sh:property [ sh:path ex:p ;\n sh:mincount 1 ] .": (
        6,
        "did you mean sh:minCount?",
    ),
    "ex:S a sh:NodeShap ; sh:targetClass ex:C .": (4, "did you mean sh:NodeShape?"),
    "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:severity\n sh:Warnung .": (5, "did you mean sh:Warning?"),
    "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:xyzzy 1 .": (4, "SHACL has no term sh:xyzzy"),
    'ex:S a sh:NodeShape ; sh:targetClass ex:C ;\n sh:closed "1"^^xsd:boolean .': (5, "switched on by true"),
    'ex:S a sh:PropertyShape ; sh:targetClass ex:C ; sh:path ex:p ;\n sh:flags "i" .': (5, "without sh:pattern"),
    "ex:S a sh:PropertyShape ; sh:targetClass ex:C ; sh:path ex:p ; sh:qualifiedMinCount 1 .": (
        4,
        "without sh:qualifiedValueShape",
    ),
    "ex:S a sh:NodeShape ; sh:targetClass ex:C .\nex:T sh:class ex:C .": (5, "is no shape"),
}


@pytest.mark.parametrize("shapes", SUSPICIOUS)
def test_a_likely_mistake_is_a_warning_with_its_line_and_strictly_a_violation(shapes: str, check: Check) -> None:
    line, words = SUSPICIOUS[shapes]
    report = check(shapes)
    found = [one for one in report.results if one.rule == "COV-03"]
    assert report.conforms and len(found) == 1
    assert found[0].severity == "Warning" and words in found[0].message
    assert found[0].source and found[0].source.line == line
    (listed,) = report.coverage["suspicious"]
    assert listed["source"]["line"] == line and listed["problem"] == found[0].message
    strict = check(shapes, strict=True)
    assert not strict.conforms
    assert [one.severity for one in strict.results if one.rule == "COV-03"] == ["Violation"]


def test_shapes_without_a_fault_have_no_suspicion() -> None:
    """Every term of SHACL that the shipped shapes use is known, and none of them is a shape that nothing uses."""
    files = sorted((Path(__file__).parents[2] / "shapes").rglob("*.ttl"))
    compiled = CompiledShapes([quad for file in files for quad in read_quads(file)])
    assert len(compiled.shapes.by_node) > 400
    assert compiled.suspicious == () and compiled.left_out == ()


def test_what_was_evaluated_is_counted(check: Check) -> None:
    shapes = (
        "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P ; sh:node ex:N .\n"
        "ex:P sh:path ex:text ; sh:minCount 1 ; sh:maxCount 1 .\n"
        "ex:N a sh:NodeShape ; sh:nodeKind sh:IRI .\n"
        "ex:Off a sh:NodeShape ; sh:deactivated true ; sh:targetClass ex:C ; sh:class ex:D .\n"
        "ex:Idle a sh:NodeShape ; sh:targetClass ex:Nobody ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .\n"
        "ex:Lost a sh:NodeShape ; sh:nodeKind sh:Literal .\n"
    )
    coverage = check(shapes).coverage
    # S: node; P: two counts; N: kind; Idle's property: one; Lost: one.
    assert (coverage["constraints"], coverage["evaluated"]) == (6, 4)
    assert coverage["withoutFocus"] == ["http://e/Idle"]
    assert coverage["unused"] == ["http://e/Lost"]
    report = check(shapes, strict=True)
    assert not report.conforms
    found = [one for one in report.results if one.rule != "COV-05"]
    assert [(one.rule, one.focus, one.source and one.source.line) for one in found] == [
        ("COV-01", "http://e/Idle", 8),
        ("COV-02", "http://e/Lost", 9),
    ]
    assert check(shapes, engine="pyshacl").coverage == coverage


def test_a_component_without_a_validator_for_the_kind_of_shape_is_left_out_aloud(check: Check) -> None:
    shapes = (
        "ex:Comp a sh:ConstraintComponent ; sh:parameter [ sh:path ex:even ] ;\n"
        '  sh:propertyValidator [ sh:ask "ASK { FILTER(true) }" ] .\n'
        "ex:S a sh:NodeShape ; sh:targetClass ex:C ; ex:even true .\n"
    )
    report = check(shapes)
    assert report.conforms
    (left_out,) = report.coverage["leftOut"]
    assert "no validator for node shapes" in left_out
    assert [one.rule for one in check(shapes, strict=True).results] == ["COV-04", "COV-05"]


_LOOKS_AT_NUMBER = (
    "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql ex:Q ; sh:property [ sh:path ex:text ; sh:maxCount 0 ] .\n"
    'ex:Q sh:message "m" ; sh:select "SELECT $this ?value WHERE { $this <http://e/number> ?value '
    "FILTER(STR(?value) = '1.50') }\" ."
)


def test_a_sparql_constraint_sees_literals_as_written(check: Check) -> None:
    """The store would hold 1.5; pySHACL on rdflib evaluates what hangs on the difference, and the report says so."""
    report = check(_LOOKS_AT_NUMBER)
    assert report.engine == "sparql, pyshacl"
    assert [(one.component, one.value) for one in report.results] == [
        ("sh:MaxCountConstraintComponent", None),
        ("sh:SPARQLConstraintComponent", "1.50"),
    ]
    assert report.coverage["elsewhere"] == [
        {
            "shape": "http://e/S",
            "why": "ran on pySHACL, since its SPARQL constraint looks at literals that the store rewrites",
        }
    ]
    assert report.coverage["alteredLiterals"] == [{"property": "http://e/number", "number": 1}]
    assert "COV-05" in [one.rule for one in check(_LOOKS_AT_NUMBER, strict=True).results]


def test_a_sparql_constraint_that_looks_elsewhere_stays_with_our_engine(check: Check) -> None:
    report = check(_LOOKS_AT_NUMBER.replace("http://e/number", "http://e/text"))
    assert report.engine == "sparql" and report.coverage["elsewhere"] == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("SELECT $this ?v WHERE { $this <a:p> ?v }", {"<a:p>"}),
        (
            "PREFIX a: <a:> SELECT $this WHERE { $this a:p/^a:q* ?v ; a:r ?w , ?x . ?v a a:C }",
            {"<a:p>", "<a:q>", "<a:r>"},
        ),
        (
            "SELECT $this WHERE { $this (<a:p>|<a:q>)? ?v . FILTER(?v > 1 && !BOUND(?w)) ?v <a:r> ?z }",
            None,
        ),
        ("SELECT $this WHERE { $this (<a:p>|<a:q>)? ?v . FILTER(?v > 1) . ?v <a:r> ?z }", {"<a:p>", "<a:r>"}),
        ("SELECT $this WHERE { $this <a:p> true . { SELECT $this ?x WHERE { $this <a:q> ?x } } }", {"<a:q>"}),
        ("SELECT $this WHERE { $this ?any ?v }", None),
        ("SELECT $this WHERE { $this <a:p> ?v ; ?any ?w }", None),
        ("SELECT $this WHERE { $this !<a:p> ?v }", None),
        ("SELECT $this WHERE { $this (!<a:p>)* ?v }", None),
        ("SELECT $this WHERE { $this <a:p> [ ?any ?v ] }", None),
        ("SELECT $this WHERE { $this <a:p> ?v FILTER(?v > (1)) ?v ?any ?w }", None),
        ("SELECT $this WHERE { $this <a:p> ?v FILTER(?v > 1 || EXISTS { ?v ?any ?w }) }", None),
        ("SELECT $this WHERE { $this <a:p> ?v FILTER NOT EXISTS { ?v <a:q> ?w } BIND(1 AS ?x) }", {"<a:p>", "<a:q>"}),
    ],
)
def test_the_properties_that_a_query_looks_at(query: str, named: set[str] | None) -> None:
    found = predicates_of_query(query)
    assert found is None if named is None else found is not None and named <= found


def test_a_pattern_of_another_kind_of_regular_expression_runs_on_pyshacl_and_says_so(check: Check) -> None:
    shapes = 'ex:S a sh:PropertyShape ; sh:targetClass ex:C ; sh:path ex:text ; sh:pattern "^(?=y)" .'
    report = check(shapes)
    assert (report.engine, len(report.results)) == ("pyshacl", 1)
    assert "not in XPath" in report.coverage["elsewhere"][0]["why"]
    for engine in ("sparql", "both"):  # with both there is nothing to compare
        with pytest.raises(ShapesError, match=r"shapes\.ttl:4:78: http://e/S: sh:pattern: groups of the form"):
            check(shapes, engine=engine)


@pytest.mark.parametrize(
    ("engine", "found", "says"),
    [
        ("auto", 1, "ran on pySHACL, since its SPARQL constraint looks at literals"),
        ("sparql", 0, "judged on literals as a store rewrites them; --engine auto leaves it to pySHACL, since"),
        ("both", 1, "judged by pySHACL alone on literals as written"),
    ],
)
def test_what_was_done_about_a_query_on_literals_that_a_store_rewrites(
    check: Check, engine: str, found: int, says: str
) -> None:
    shapes = (
        'ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:number ; sh:sparql [ sh:message "m" ; sh:select '
        "\"SELECT $this ?value WHERE { $this <http://e/number> ?value FILTER(STR(?value) = '1.50') }\" ] ."
    )
    report = check(shapes, engine=engine)
    assert len(report.results) == found
    assert report.coverage["elsewhere"][0]["why"].startswith(says)


def test_the_command_line_shows_coverage_and_takes_strict(tmp_path: Path, qe_kg: Run) -> None:
    (tmp_path / "data.ttl").write_text(DATA, encoding="utf-8")
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:Nobody ; sh:nodeKind sh:IRI .\n"
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
    command = ("validate", tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl")
    table = qe_kg(*command, "--format", "table")
    assert table.returncode == 0
    assert "0 of 1 constraints evaluated; 1 shape selects nothing in these data" in table.stdout
    strict = qe_kg(*command, "--strict", "--format", "json")
    assert strict.returncode == 1
    assert [one["rule"] for one in json.loads(strict.stdout)["results"]] == ["COV-01", "COV-05"]
