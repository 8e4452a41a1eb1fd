"""Validation of a model: the contract's JSON, the baseline, extra data, and the other formats of the same report."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib import RDF, SH

from qe_kg import ValidationReport, open_model
from qe_kg.assets import packaged_model
from qe_kg.loose_files import model_with_data

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
#: Rules of its own, so that no change of the shipped ones matters here.
SHAPES = """@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .

t:FlowShape a sh:NodeShape ; sh:targetClass qe:InformationFlow ; dcterms:identifier "T-00" ;
    sh:property t:permitted , t:sourced , t:targeted , t:labelled .
t:permitted a sh:PropertyShape ; dcterms:identifier "T-01" ; sh:path qe:isPermittedBy ; sh:minCount 1 ;
    sh:message "A flow needs a permission."@en .
t:sourced a sh:PropertyShape ; dcterms:identifier "T-02" ; sh:path qe:hasSource ; sh:minCount 1 ;
    sh:class qe:Participant .
t:targeted a sh:PropertyShape ; dcterms:identifier "T-03" ; sh:path qe:hasTarget ; sh:class qe:Participant .
t:labelled a sh:PropertyShape ; dcterms:identifier "T-04" ; sh:path skos:prefLabel ; sh:datatype rdf:langString .
"""
#: A flow without a permission, which is against T-01: t:crossing, line 16.
CROSSING = (
    PREFIXES
    + """\
t:item a qe:InformationItem ;
    skos:prefLabel "Reading"@en .
t:regulated a qe:ValueStream ;
    skos:notation "REG-01" ;
    skos:prefLabel "Regulated"@en ;
    qe:inZone qev:zone-regulated .
t:free a qe:ValueStream ;
    skos:prefLabel "Free"@en .

t:crossing a qe:InformationFlow ;
    skos:prefLabel "Crossing"@en ;
    qe:hasSource t:regulated ;
    qe:hasTarget t:free ;
    qe:carries t:item .
"""
)
ENTRY = """t:{name} a qe:BaselineEntry ;
    skos:prefLabel "{name}"@en ;
    qe:ofRule "{rule}" ;
    qe:atFocus {focus} ;
    qe:since "2025-01-01"^^xsd:date ;
    qe:reason "Known." .
"""


def _baseline(rule: str = "T-01", focus: str = "t:crossing", name: str = "accepted") -> str:
    return PREFIXES + ENTRY.format(rule=rule, focus=focus, name=name)


@pytest.fixture
def with_baseline(write_model: WriteModel) -> Callable[[str], Path]:
    """Return a function that writes the crossing with a baseline."""

    def write(baseline: str, data: str = CROSSING) -> Path:
        return write_model(
            {"data.ttl": data, "known.ttl": baseline, "shapes.ttl": SHAPES},
            {"data": ["data.ttl"], "baseline": ["known.ttl"], "shapes": ["shapes.ttl"]},
        )

    return write


@pytest.fixture
def without_baseline(write_model: WriteModel) -> Callable[[str], Path]:
    """Return a function that writes data beside the rules of this file."""

    def write(data: str) -> Path:
        return write_model({"data.ttl": data, "shapes.ttl": SHAPES}, {"data": ["data.ttl"], "shapes": ["shapes.ttl"]})

    return write


def _statuses(report: ValidationReport) -> dict[tuple[str, str], str]:
    return {(one.rule, one.focus.rpartition("/")[2]): one.status for one in report.results}


def test_without_a_baseline_the_finding_is_open(without_baseline: Callable[[str], Path]) -> None:
    report = open_model(without_baseline(CROSSING)).validate()
    assert _statuses(report) == {("T-01", "crossing"): "open"}, report.results
    (result,) = report.results
    assert not report.conforms and report.open == (result,)
    assert result.severity == "Violation" and result.focus_label == "Crossing"
    assert result.source is not None and result.source.line == 16


def test_a_finding_that_the_baseline_lists_does_not_fail(with_baseline: Callable[[str], Path]) -> None:
    model = open_model(with_baseline(_baseline()))
    report = model.validate()
    assert _statuses(report) == {("T-01", "crossing"): "baseline"}
    assert report.conforms and report.open == () and report.results[0].reason == "Known."
    assert (report.summary.open, report.summary.baseline, report.summary.waived) == (0, 1, 0)
    without = model.validate(baseline=False)
    assert _statuses(without) == {("T-01", "crossing"): "open"} and not without.conforms


@pytest.mark.parametrize(("rule", "focus"), [("T-01", "t:free"), ("T-02", "t:crossing"), ("t-01", "t:crossing")])
def test_a_baseline_of_another_rule_or_focus_hides_nothing_and_is_stale(
    rule: str, focus: str, with_baseline: Callable[[str], Path]
) -> None:
    report = open_model(with_baseline(_baseline(rule, focus))).validate()
    statuses = _statuses(report)
    assert statuses["T-01", "crossing"] == "open" and not report.conforms
    stale = next(one for one in report.results if one.rule == "BASE-01")
    assert (stale.severity, stale.status, stale.focus) == ("Warning", "open", "https://test.example/id/accepted")
    assert f"lists {rule} at https://test.example/id/" in stale.message
    assert stale.source is not None and (Path(stale.source.file).name, stale.source.line) == ("known.ttl", 7)


def test_a_stale_entry_alone_fails_only_where_warnings_do(with_baseline: Callable[[str], Path]) -> None:
    baseline = _baseline() + ENTRY.format(rule="T-01", focus="t:item", name="stale")
    model = open_model(with_baseline(baseline))
    report = model.validate()
    assert _statuses(report) == {("T-01", "crossing"): "baseline", ("BASE-01", "stale"): "open"}
    assert report.conforms and not model.validate(fail_on="Warning").conforms


def test_a_new_finding_fails_beside_a_known_one(with_baseline: Callable[..., Path]) -> None:
    second = (
        CROSSING
        + "\nt:second a qe:InformationFlow ; skos:prefLabel 'Second'@en ;\n"
        + ("    qe:hasSource t:regulated ; qe:hasTarget t:free ; qe:carries t:item .\n")
    )
    report = open_model(with_baseline(_baseline(), second)).validate()
    assert _statuses(report) == {("T-01", "crossing"): "baseline", ("T-01", "second"): "open"}
    assert not report.conforms


@pytest.mark.parametrize(
    ("change", "rule", "path", "line"),
    [
        (("    qe:hasSource t:regulated ;\n", ""), "T-02", "qe:hasSource", 16),
        (("qe:hasSource t:regulated", "qe:hasSource t:item"), "T-02", "qe:hasSource", 18),
        (('skos:prefLabel "Crossing"@en', 'skos:prefLabel "Crossing"'), "T-04", "skos:prefLabel", 17),
    ],
    ids=["missing property", "wrong value", "wrong datatype"],
)
def test_a_result_has_file_and_line(
    change: tuple[str, str], rule: str, path: str, line: int, without_baseline: Callable[[str], Path]
) -> None:
    directory = without_baseline(CROSSING.replace(*change))
    results = [one for one in open_model(directory).validate().results if one.path == path]
    assert results
    for result in results:
        assert result.rule == rule
        assert result.focus == "https://test.example/id/crossing"
        assert result.source is not None
        assert (result.source.file, result.source.line) == (str(directory / "data.ttl"), line)


# --- the command line ------------------------------------------------------------------------------------------

RESULT_KEYS = {
    "rule", "shape", "component", "focus", "focusLabel", "path", "value", "severity", "message", "status", "source",
    "places", "related",
}  # fmt: skip
PLACES = ("source", "places", "related")
PLACE_KEYS = ["file", "line", "column", "endLine", "endColumn"]
SUMMARY_KEYS = {"open", "waived", "baseline", "bySeverity", "focusNodes", "shapes", "seconds"}


@pytest.fixture(scope="module")
def packaged() -> dict[str, Any]:
    return open_model(packaged_model()).validate().to_dict()


def _placeless(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in one.items() if key not in (*PLACES, "hops")}
        | {"hops": [{key: value for key, value in hop.items() if key not in PLACES} for hop in one.get("hops", ())]}
        for one in results
    ]


def test_json_has_exactly_the_keys_of_the_contract(packaged: dict[str, Any], qe_kg: Run) -> None:
    done = qe_kg("validate", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert list(report) == ["conforms", "engine", "results", "summary", "coverage"]
    assert report["conforms"] is True and isinstance(report["engine"], str)
    assert report["results"] and all(set(one) - {"hops"} == RESULT_KEYS for one in report["results"])
    assert all(one["source"] is None or set(one["source"]) == {"file", "line"} for one in report["results"])
    assert set(report["summary"]) == SUMMARY_KEYS
    assert list(report["summary"]["bySeverity"]) == ["Violation", "Warning", "Info"]
    report["summary"]["seconds"] = packaged["summary"]["seconds"]
    for one in report["results"]:
        assert [list(place) for place in one["places"]] == [PLACE_KEYS] * len(one["places"])
        assert one["source"] == {key: one["places"][0][key] for key in ("file", "line")}
        assert all(list(place) == ["what", *PLACE_KEYS] for place in one["related"])
        assert one["related"][-1]["what"] == "the shape that says so" and one["related"][-1]["line"]
    places = [one.pop("source")["line"] for one in report["results"]]
    assert places == [one["source"]["line"] for one in packaged["results"]]
    hops = [hop for one in report["results"] for hop in one.get("hops", ())]
    assert hops and all(set(hop) == {"flow", "label", "declared", "source", "places"} for hop in hops)
    # A file is named as seen from the current folder.
    assert _placeless(report["results"]) == _placeless(packaged["results"])
    assert report["summary"] == packaged["summary"]


def test_no_baseline_fails(packaged: dict[str, Any], qe_kg: Run) -> None:
    done = qe_kg("validate", "--no-baseline", "--format", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["conforms"] is False
    assert report["summary"]["open"] == packaged["summary"]["baseline"] > 0


def _shown(one: dict[str, Any]) -> str:
    """The place as texts show it: file, line and column of the first triple at fault."""
    return ":".join(str(one["places"][0][key]) for key in ("file", "line", "column"))


def test_csv_and_markdown_and_table_say_what_json_says(with_baseline: Callable[..., Path], qe_kg: Run) -> None:
    data = CROSSING.replace('"Crossing"@en', '"Cross | over, \\"now\\""')
    data = data.replace("t:regulated ;\n    qe:hasT", "t:item ;\n    qe:hasT")
    model = with_baseline(_baseline(), data)
    answers = {form: qe_kg("validate", "--model", model, "--format", form) for form in ("json", "csv", "md", "table")}
    assert {done.returncode for done in answers.values()} == {1}
    report = json.loads(answers["json"].stdout)
    expected = [
        [one["status"], one["severity"], one["rule"], one["focus"], one["focusLabel"], one["path"] or "",
         one["value"] or "", one["message"], _shown(one)]
        for one in report["results"]
    ]  # fmt: skip
    header, *rows = csv.reader(io.StringIO(answers["csv"].stdout))
    assert header == ["status", "severity", "rule", "focus", "label", "path", "value", "message", "source"]
    assert rows == expected
    lines = answers["md"].stdout.splitlines()
    assert len(lines) == 2 + len(expected)
    for line, row in zip(lines[2:], expected, strict=True):
        assert [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] == row
    table = answers["table"].stdout
    for one in report["results"]:
        assert f"{one['severity']} {one['rule']} ({one['status']}): {one['message']}" in table
        assert f"  {_shown(one)}\n" in table


def test_the_last_line_sums_up(qe_kg: Run) -> None:
    done = qe_kg("validate", "--format", "table")
    assert done.returncode == 0
    assert re.fullmatch(
        r"conforms: 0 open, \d+ in the baseline, 0 waived; \d+ focus nodes, \d+ shapes, engine sparql, \d+\.\d s",
        done.stdout.splitlines()[-1],
    )


def test_the_turtle_report_of_a_model_parses(qe_kg: Run, packaged: dict[str, Any]) -> None:
    graph = rdflib.Graph().parse(data=qe_kg("validate", "--format", "ttl").stdout, format="turtle")
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    focuses = {str(graph.value(result, SH.focusNode)) for result in graph.objects(report, SH.result)}
    assert focuses == {one["focus"] for one in packaged["results"]}


def test_data_of_a_path_takes_the_place_of_the_models(
    tmp_path: Path, with_baseline: Callable[..., Path], qe_kg: Run
) -> None:
    model = with_baseline(_baseline())
    folder = tmp_path / "some data"
    folder.mkdir()
    (folder / "new flows.ttl").write_text(CROSSING.replace("t:crossing", "t:new"), encoding="utf-8")
    done = qe_kg("validate", folder, "--model", model, "--format", "json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert [(one["rule"], one["focus"]) for one in report["results"]] == [("T-01", "https://test.example/id/new")]
    assert report["results"][0]["source"] == {"file": str(folder / "new flows.ttl"), "line": 16}
    (folder / "new flows.ttl").write_text(CROSSING.partition("t:crossing")[0], encoding="utf-8")
    assert model_with_data(model, [folder]).validate().results == ()


def test_a_missing_path_is_no_verdict(tmp_path: Path, qe_kg: Run) -> None:
    done = qe_kg("validate", tmp_path / "nowhere.ttl")
    assert (done.returncode, done.stdout) == (3, "")
    assert "nowhere.ttl: there is no such file or folder" in done.stderr


def test_entailed_triples_are_validated_too(without_baseline: Callable[[str], Path]) -> None:
    directory = without_baseline(
        CROSSING.replace("t:free a qe:ValueStream", "t:free a owl:NamedIndividual").replace(
            "@prefix qe:", "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n@prefix qe:", 1
        )
    )
    stated, entailed = open_model(directory).validate(), open_model(directory, entail=True).validate()
    wrong_target = ("T-03", "crossing")
    assert wrong_target in _statuses(stated), "nothing says that t:free is a participant"
    assert wrong_target not in _statuses(entailed), "the range of qe:hasTarget does"


def test_a_part_of_a_model_has_no_stale_entries(write_model: WriteModel) -> None:
    before, crossing, after = CROSSING.partition("t:crossing a")
    model = write_model(
        {
            "data.ttl": before,
            "guess.ttl": PREFIXES + crossing + after,
            "known.ttl": _baseline(),
            "shapes.ttl": SHAPES,
        },
        {"data": ["data.ttl"], "inference": ["guess.ttl"], "baseline": ["known.ttl"], "shapes": ["shapes.ttl"]},
    )
    assert _statuses(open_model(model).validate()) == {("T-01", "crossing"): "baseline"}
    part = open_model(model, include_inferences=False).validate()
    assert "BASE-01" not in {one.rule for one in part.results}
