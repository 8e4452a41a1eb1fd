"""What would be different: by hand from the document, against a model whose files say so, and with nothing written."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qe_kg import CallError, Model, ReadError, UnknownNameError, open_model
from qe_kg.cli import qe_kg
from qe_kg.lineage.assumptions import read_assumptions
from qe_kg.lineage.what_if import WhatIf

ROOT = Path(__file__).resolve().parents[2]
QUANTUM_ENERGY = ROOT / "data" / "quantum-energy"
CLINIC = ROOT / "examples" / "riverside-clinic"
TELEMETRY = "qed:flow-aov-04-smv-03-grid-telemetry"

pytestmark = pytest.mark.xdist_group("what-if")


@cache
def model(path: Path = QUANTUM_ENERGY) -> Model:
    return open_model(path)


@cache
def without_telemetry() -> WhatIf:
    return model().what_if(remove=[TELEMETRY])


def test_without_grid_telemetry_aggregation_is_reached_through_gas_delivery() -> None:
    """Line 78 is the only direct way from AOV-04 to SMV-03; lines 74 and 79 lead there by way of AOV-05."""
    answer = without_telemetry()
    assert answer.gained == answer.lost == ()
    [one] = [one for one in answer.changed if (one.start.code, one.end.code) == ("AOV-04", "SMV-03")]
    assert (one.before, one.after) == ((1, "declared"), (2, "possible"))
    assert [(result.rule, result.focus_label) for result in answer.closed if result.severity == "Violation"] == [
        ("SEP-02", "Grid Telemetry: AOV-04 → SMV-03")
    ]
    assert (answer.before.flows, answer.after.flows) == (91, 90)
    assert answer.after.crossings == answer.before.crossings - 1


def test_who_sends_by_one_flow_only_is_cut_off_without_it() -> None:
    """AMI systems send one flow (line 122), and nobody sends to them: whomever they reach they reach no longer."""
    answer = model().what_if(remove=["qed:flow-ami-systems-rcv-03-meter-readings"])
    reached = {one.element.iri for one in model().impact("AMI systems").reached}
    assert {one.end.iri for one in answer.lost} == reached
    assert {one.start.name for one in answer.lost} == {"AMI systems"}
    assert answer.gained == answer.changed == ()


def test_a_withdrawn_consent_breaks_the_rule_of_standing_consents() -> None:
    answer = model(CLINIC).what_if(withdraw=["RC-CONSENT-0001"])
    assert "CON-08" in {result.rule for result in answer.opened}
    assert {result.focus_label for result in answer.opened} == {
        "Wearable Readings from Program Member to Wellness Analytics Platform"
    }
    assert answer.closed == () and answer.before.open == 0


def test_a_participant_in_another_zone() -> None:
    """Were ESV-04 regulated, what it sends to the three non-regulated streams would cross without permission."""
    answer = model().what_if(move=["ESV-04=regulated"])
    crossing = {result.focus_label for result in answer.opened if result.rule == "SEP-02"}
    assert crossing == {f"Analytics: ESV-04 → {code}" for code in ("NCV-01", "NCV-02", "SMV-03")}


ADDED = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qed: <https://quantumenergy.example/id/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
qed:flow-new a qe:InformationFlow ; skos:prefLabel "New"@en ;
    qe:hasSource qed:value-stream-rcv-01 ; qe:hasTarget qed:information-system-ami-systems ;
    qe:carries qed:information-item-account-info .
"""


def test_an_added_file_and_a_model_with_that_file_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "new.ttl").write_text(ADDED, encoding="utf-8")
    answer = model().what_if(add=[tmp_path / "new.ttl"])
    shutil.copytree(ROOT / "data", tmp_path / "data")
    copy = tmp_path / "data" / "quantum-energy"
    shutil.copy(tmp_path / "new.ttl", copy / "new.ttl")
    manifest = copy / "qe-kg.toml"
    manifest.write_text(manifest.read_text().replace("data = [", 'data = [\n    "new.ttl",', 1))
    real = open_model(copy)
    starts = sorted({end for flow in real.flow_graph.edges for end in (flow.source, flow.target)})
    after = {
        (start, one.element.iri): (one.hops, one.certainty) for start in starts for one in real.impact(start).reached
    }
    before = {
        (start, one.element.iri): (one.hops, one.certainty)
        for start in starts
        for one in (model().impact(start).reached)
    }
    gained = {(one.start.iri, one.end.iri): one.after for one in answer.gained}
    assert gained == {pair: reach for pair, reach in after.items() if pair not in before}
    assert gained and answer.lost == ()


def test_the_model_stays_as_it_is() -> None:
    without_telemetry()
    assert model().impact("AOV-04").to_dict() == open_model(QUANTUM_ENERGY).impact("AOV-04").to_dict()


def test_whom_to_tell_of_what_would_be_different() -> None:
    """Without the flow that carries visit records to SUP-01, the flow's owner is told, though the flow is gone."""
    answer = model(CLINIC).what_if(remove=["Visit Records from CARE-01.4 to SUP-01"])
    different = {one.end.iri for one in (*answer.gained, *answer.lost, *answer.changed)}
    told = [one.element.iri for one in (*answer.tell.stakeholders, *answer.tell.regulators)]
    assert different and set(told) == {one for one in different if "/stakeholder-" in one}
    owned = {one.unit.label: {element.label for element in one.owned} for one in answer.tell.owners}
    assert "Visit Records from CARE-01.4 to SUP-01" in owned["Data Office"]


@pytest.mark.parametrize(
    ("assumed", "error", "message"),
    [
        ({}, CallError, "say what to assume"),
        ({"move": ["ESV-04"]}, CallError, "NAME=ZONE"),
        ({"move": ["ESV-99=regulated"]}, UnknownNameError, "ESV-0"),
        ({"move": ["ESV-04=nowhere"]}, UnknownNameError, "zone"),
        ({"remove": ["AOV-04"]}, UnknownNameError, "flow"),
        ({"withdraw": ["RC-CONSENT-1"]}, UnknownNameError, "RC-CONSENT-000"),
        ({"add": ["no/such/file.ttl"]}, ReadError, "no/such/file"),
    ],
)
def test_a_wrong_call_is_told(assumed: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        model(CLINIC if "withdraw" in assumed else QUANTUM_ENERGY).what_if(**assumed)


def test_a_record_is_named_by_identifier_curie_or_label() -> None:
    asked = model(CLINIC)
    names = ("RC-CONSENT-0001", "rc:consent-record-wearable-readings", "Consent to the analysis of wearable readings")
    found = {
        read_assumptions(asked.store, asked.catalogue, asked.namespaces, withdraw=[name]).withdrawn for name in names
    }
    assert found == {("https://riverside-clinic.example/id/consent-record-wearable-readings",)}


def test_the_command_writes_nothing(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    copy = tmp_path / "data" / "quantum-energy"
    held = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    arguments = ["whatif", "--remove", TELEMETRY, "--format", "table", "--model", str(copy)]
    done = CliRunner().invoke(qe_kg, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == held
    assert "0 pairs newly reached" in done.stdout and "SEP-02" in done.stdout
    document = json.loads(json.dumps(without_telemetry().to_dict()))
    assert list(document) == ["assumed", "asked", "tell", "reach", "rules", "before", "after"]
    assert done.stdout.count("otherwise   ") == len(document["reach"]["changed"])
