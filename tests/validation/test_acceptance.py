"""Waivers, the baseline, the day of evaluation and profiles: what counts, until when, and what is said otherwise."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import CallError, UnknownNameError, ValidationReport, open_model

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qed: <https://quantumenergy.example/id/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
#: Two rules that everything breaks, one for Michigan and one for everybody; and one that needs the day.
SHAPES = PREFIXES + """t:rule-mi a qe:Rule ; skos:notation "MI-01" ; qe:appliesIn qev:jurisdiction-us-mi .
t:rule-all a qe:Rule ; skos:notation "ALL-01" ;
    qe:appliesIn qev:jurisdiction-generic , qev:jurisdiction-us-mi , qev:jurisdiction-eu .
t:mi a sh:NodeShape ; sh:targetClass qe:InformationFlow ; sh:property t:mi-owned ; rdfs:seeAlso t:rule-mi ;
    dcterms:identifier "MI-01" .
t:mi-owned a sh:PropertyShape ; sh:path qe:isOwnedBy ; sh:minCount 1 ; dcterms:identifier "MI-01-A" .
t:all a sh:NodeShape ; sh:targetClass qe:InformationFlow ; sh:property t:all-permitted ; rdfs:seeAlso t:rule-all .
t:all-permitted a sh:PropertyShape ; sh:path qe:isPermittedBy ; sh:minCount 1 ; dcterms:identifier "ALL-01-A" .
t:prefixes a prov:Entity ; sh:declare t:declaration .
t:declaration a sh:PrefixDeclaration ; sh:prefix "qe" ; sh:namespace "https://quantumenergy.example/ns/"^^xsd:anyURI .
t:reviewed a sh:NodeShape ; sh:targetClass qe:InformationFlow ; dcterms:identifier "DAY-01" ; sh:sparql t:review .
t:review a sh:SPARQLConstraint ; sh:prefixes t:prefixes ;
    sh:message "Reviewed after the day of evaluation." ;
    sh:select "SELECT $this WHERE { $this qe:reviewDate ?d . ?e qe:evaluatedOn ?day FILTER(?d > ?day) }" .
"""  # fmt: skip
DATA = (
    PREFIXES
    + """t:flow a qe:InformationFlow ; skos:prefLabel "The flow"@en ; qe:reviewDate "2026-06-15"^^xsd:date .
t:board a prov:Agent ; skos:prefLabel "Board"@en .
"""
)
WAIVER = {
    "qe:ofRule": '"ALL-01"',
    "qe:atFocus": "t:flow",
    "qe:reason": '"Until the filing is decided."',
    "qe:isApprovedBy": "t:board",
    "qe:citation": '"Order 7, paragraph 3"',
    "qe:validUntil": '"2026-06-30"^^xsd:date',
}
DAY = "2026-06-30"


def _waiver(**changes: str | None) -> str:
    said = WAIVER | {f"qe:{name}": value for name, value in changes.items()}
    body = " ;\n    ".join(f"{name} {value}" for name, value in said.items() if value is not None)
    return f"{PREFIXES}t:waiver a qe:Waiver ;\n    {body} .\n"


@pytest.fixture
def model(write_model: WriteModel) -> Callable[..., Path]:
    def write(waivers: str = PREFIXES + "t:none a prov:Entity .\n", data: str = DATA, **more: str) -> Path:
        files = {"data.ttl": data, "shapes.ttl": SHAPES, "waivers.ttl": waivers} | {
            f"{name}.ttl": text for name, text in more.items()
        }
        roles = {"data": ["data.ttl"], "shapes": ["shapes.ttl"], "waivers": ["waivers.ttl"]}
        return write_model(files, roles | {name: [f"{name}.ttl"] for name in more})

    return write


def _found(report: ValidationReport) -> dict[tuple[str, str], str]:
    """Return the status of each result; they must be those that the summary counts, which is made without them."""
    status, severity = (Counter(getattr(one, name) for one in report.results) for name in ("status", "severity"))
    summary = report.summary
    counted = {"open": summary.open, "waived": summary.waived, "baseline": summary.baseline}
    assert +Counter(counted) == status and +Counter(summary.by_severity) == severity
    return {(one.rule, one.focus.rpartition("/")[2]): one.status for one in report.results}


def test_a_waiver_counts_to_the_end_of_its_last_day(model: Callable[..., Path]) -> None:
    opened = open_model(model(_waiver()))
    report = opened.validate(at=DAY)
    assert _found(report) == {("ALL-01", "flow"): "waived"} and report.conforms
    assert report.results[0].reason == "Until the filing is decided." and report.summary.waived == 1
    late = opened.validate(at="2026-07-01")
    assert _found(late) == {("ALL-01", "flow"): "open", ("WAIV-01", "waiver"): "open"} and not late.conforms
    (expired,) = [one for one in late.results if one.rule == "WAIV-01"]
    assert "ended on 2026-06-30 and does not count on 2026-07-01" in expired.message
    assert expired.severity == "Violation" and expired.source is not None
    assert Path(expired.source.file).name == "waivers.ttl" and expired.source.line == 12


def test_without_waivers_the_finding_is_open_and_nothing_is_said_of_them(model: Callable[..., Path]) -> None:
    report = open_model(model(_waiver(citation=None))).validate(at=DAY, waivers=False)
    assert _found(report) == {("ALL-01", "flow"): "open"}


@pytest.mark.parametrize(
    ("changes", "rule", "says"),
    [
        ({"atFocus": "t:board"}, "WAIV-02", "is of ALL-01 at https://test.example/id/board, but there is no such"),
        ({"ofRule": '"ALL-02"'}, "WAIV-03", "is of ALL-02, but there is no such rule; the nearest are ALL-01"),
        ({"isApprovedBy": None}, "WAIV-04", "it lacks an approver"),
        ({"citation": None}, "WAIV-04", "it lacks a legal citation"),
        ({"citation": '"  "'}, "WAIV-04", "it lacks a legal citation"),
        ({"reason": None}, "WAIV-04", "it lacks a reason"),
        ({"ofRule": None}, "WAIV-04", "it lacks a rule"),
        ({"atFocus": None}, "WAIV-04", "it lacks a focus"),
        ({"validUntil": None}, "WAIV-04", "it lacks the day on which it ends"),
        ({"isApprovedBy": None, "citation": None}, "WAIV-04", "an approver (qe:isApprovedBy), a legal citation"),
        ({"validUntil": '"2026-02-30"^^xsd:date'}, "WAIV-04", "a day of the calendar instead of '2026-02-30'"),
        ({"validUntil": '"next year"'}, "WAIV-04", "a day of the calendar instead of 'next year'"),
        ({"validUntil": '"20270101"^^xsd:date'}, "WAIV-04", "a day of the calendar instead of '20270101'"),
        ({"validUntil": '"2026-06-30"^^xsd:date , "2027-06-30"^^xsd:date'}, "WAIV-04", "one end instead of 2"),
        ({"atFocus": "t:flow , t:board"}, "WAIV-04", "one focus instead of 2"),
        ({"validFrom": '"soon"'}, "WAIV-04", "a day of the calendar instead of 'soon'"),
        ({"validFrom": '"2026-07-01"^^xsd:date', "validUntil": '"2026-12-31"^^xsd:date'}, "WAIV-05", "begins on"),
    ],
)  # fmt: skip
def test_a_waiver_that_does_not_count_is_an_open_result_and_so_is_its_finding(
    changes: dict[str, str | None], rule: str, says: str, model: Callable[..., Path]
) -> None:
    report = open_model(model(_waiver(**changes))).validate(at=DAY)
    assert _found(report) == {("ALL-01", "flow"): "open", (rule, "waiver"): "open"}
    message = next(one.message for one in report.results if one.rule == rule)
    assert says in message, message


def test_a_waiver_that_begins_today_counts(model: Callable[..., Path]) -> None:
    report = open_model(model(_waiver(validFrom=f'"{DAY}"^^xsd:date'))).validate(at=DAY)
    assert _found(report) == {("ALL-01", "flow"): "waived"}


def test_what_is_accepted_in_the_shipped_model_is_counted() -> None:
    opened = open_model()
    assert "baseline" in _found(opened.validate(at=DAY)).values()
    assert {*_found(opened.validate(at=DAY, baseline=False)).values()} == {"open"}


def test_a_blank_waiver_waives_nothing_without_saying_so(model: Callable[..., Path]) -> None:
    report = open_model(model(_waiver(citation=None).replace("t:waiver a", "[] a"))).validate(at=DAY)
    assert sorted(one.rule for one in report.results) == ["ALL-01", "WAIV-04"]


def test_a_waiver_goes_before_the_baseline(model: Callable[..., Path]) -> None:
    known = PREFIXES + """t:known a qe:BaselineEntry ; qe:ofRule "ALL-01" ; qe:atFocus t:flow ;
        qe:since "2025-01-01"^^xsd:date ; qe:reason "Old." ."""  # fmt: skip
    opened = open_model(model(_waiver(), baseline=known))
    assert _found(opened.validate(at=DAY)) == {("ALL-01", "flow"): "waived"}
    late = opened.validate(at="2027-01-01")
    assert _found(late) == {("ALL-01", "flow"): "baseline", ("WAIV-01", "waiver"): "open"}
    assert _found(opened.validate(at="2027-01-01", waivers=False)) == {("ALL-01", "flow"): "baseline"}


def test_a_faulty_reference_is_nobodys_to_accept(model: Callable[..., Path]) -> None:
    known = PREFIXES + """t:known a qe:BaselineEntry ; qe:ofRule "NAME-02" ; qe:atFocus t:flow ;
        qe:since "2025-01-01"^^xsd:date ; qe:reason "Old." ."""  # fmt: skip
    waiver = _waiver(ofRule='"NAME-02"')
    data = DATA + "t:flow qe:isOwnedBy t:nobody .\n"
    found = _found(open_model(model(waiver, data=data, baseline=known)).validate(at=DAY))
    assert found["NAME-02", "flow"] == "open" and ("WAIV-03", "waiver") in found


def test_the_rules_of_the_chosen_profiles_are_checked(model: Callable[..., Path]) -> None:
    opened = open_model(model())
    assert set(_found(opened.validate(at=DAY))) == {("ALL-01", "flow")}, "generic by default"
    assert set(_found(opened.validate(at=DAY, profiles=["us-mi"]))) == {("ALL-01", "flow"), ("MI-01", "flow")}
    assert set(_found(opened.validate(at=DAY, profiles=["us-tx", "us-mi"]))) == {("ALL-01", "flow"), ("MI-01", "flow")}
    assert _found(opened.validate(at=DAY, profiles=["us-tx"])) == {}
    report = opened.validate(at=DAY, profiles=["eu", "eu"])
    assert report.profiles == ("eu",) and str(report.day) == DAY


def test_a_manifest_may_choose_profiles(model: Callable[..., Path]) -> None:
    directory = model()
    manifest = directory / "qe-kg.toml"
    manifest.write_text(f'{manifest.read_text()}\n[validation]\nprofiles = ["us-mi"]\n', encoding="utf-8")
    opened = open_model(directory)
    assert opened.validate(at=DAY).profiles == ("us-mi",)
    assert opened.validate(at=DAY, profiles=["eu"]).profiles == ("eu",)


def test_what_is_accepted_of_a_rule_that_is_left_out_is_not_stale(model: Callable[..., Path]) -> None:
    known = PREFIXES + """t:known a qe:BaselineEntry ; qe:ofRule "MI-01" ; qe:atFocus t:board ;
        qe:since "2025-01-01"^^xsd:date ; qe:reason "Old." ."""  # fmt: skip
    opened = open_model(model(_waiver(ofRule='"MI-01"', validUntil='"2020-01-01"^^xsd:date'), baseline=known))
    assert set(_found(opened.validate(at=DAY))) == {("ALL-01", "flow")}
    assert {rule for rule, _ in _found(opened.validate(at=DAY, profiles=["us-mi"]))} == {
        "ALL-01", "MI-01", "WAIV-01", "BASE-01",
    }  # fmt: skip


def test_the_shapes_are_told_the_day(model: Callable[..., Path]) -> None:
    opened = open_model(model())
    assert ("DAY-01", "flow") in _found(opened.validate(at="2026-06-14"))
    assert ("DAY-01", "flow") not in _found(opened.validate(at="2026-06-15"))


def test_the_day_of_the_call_goes_before_one_in_the_data(model: Callable[..., Path]) -> None:
    data = DATA + 'qed:evaluation a qe:Evaluation ; qe:evaluatedOn "2020-01-01"^^xsd:date .\n'
    assert ("DAY-01", "flow") not in _found(open_model(model(data=data)).validate(at="2026-06-15"))


@pytest.mark.parametrize("day", ["2026-02-30", "20260630", "2026-6-30", "today", "", "2026-06-30T00:00:00"])
def test_a_day_must_be_one_of_the_calendar(day: str, model: Callable[..., Path]) -> None:
    with pytest.raises(CallError, match="is no day of the calendar; write it like 2026-06-30"):
        open_model(model()).validate(at=day)


def test_an_unknown_profile_has_its_nearest_names(model: Callable[..., Path]) -> None:
    with pytest.raises(UnknownNameError, match="there is no profile 'us-m'") as caught:
        open_model(model()).validate(profiles=["us-m"])
    assert {"us-mi", "us-md"} <= set(caught.value.candidates)


def test_the_command_line_says_all_this(model: Callable[..., Path], qe_kg: Run) -> None:
    directory = model(_waiver())

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return qe_kg("validate", "--model", directory, *arguments)

    done = run("--at", DAY, "--profile", "us-mi,eu", "--profile", "generic", "--format", "table")
    assert done.returncode == 1, done.stderr
    assert re.search(
        r"rules of us-mi, eu, generic, as of 2026-06-30\n.*1 open, 0 in the baseline, 1 waived", done.stdout
    )
    assert json.loads(run("--at", DAY, "--format", "json").stdout)["summary"]["waived"] == 1
    assert run("--at", DAY, "--no-waivers").returncode == 1
    done = run("--at", "30.6.2026")
    assert (done.returncode, done.stdout) == (2, "") and "no day of the calendar" in done.stderr
    done = qe_kg("validate", directory / "data.ttl", "--shapes", directory / "shapes.ttl", "--profile", "eu")
    assert done.returncode == 2 and "--profile" in done.stderr
