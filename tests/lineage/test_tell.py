"""Who is to be told: stakeholders, regulators and owners of what an answer reaches."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from qe_kg import Model, open_model
from qe_kg.cli import qe_kg
from qe_kg.lineage.owners import Owners
from qe_kg.opening import load_model

ROOT = Path(__file__).resolve().parents[2]
QUANTUM_ENERGY = ROOT / "data" / "quantum-energy"
CLINIC = ROOT / "examples" / "riverside-clinic"


@cache
def model(path: Path) -> Model:
    return open_model(path)


def test_stakeholders_of_the_document_are_told_nearest_first() -> None:
    """AOV-04 sends to SMV-03 (78), that to market operators (93); to RCV-03 (76), that to customers (65)."""
    answer = model(QUANTUM_ENERGY).impact("AOV-04", basis="drawn")
    tell = model(QUANTUM_ENERGY).tell(answer)
    reached = [*tell.stakeholders, *tell.regulators]
    assert {(one.element.label, one.hops) for one in reached} == {
        ("Customers", 2), ("Market Operators", 2), ("Technology Partners", 3),
    }  # fmt: skip
    assert [one.hops for one in tell.stakeholders] == sorted(one.hops for one in tell.stakeholders)
    assert tell.owners == () and tell.unowned == len(answer.reached)  # the document names no owner


def test_owners_are_those_of_participants_streams_and_flows_on_paths() -> None:
    """By examples/riverside-clinic: CARE-01 is the care department's, its stages with it; each flow names an owner."""
    answer = model(CLINIC).impact("CARE-01.4", depth=1)
    owned = {one.unit.label: {element.name for element in one.owned} for one in model(CLINIC).tell(answer).owners}
    assert owned == {
        "Care Department": {"CARE-01.4", "Visit Summary from CARE-01.4 to Patient"},
        "Data Office": {"Visit Records from CARE-01.4 to SUP-01"},
        "Administration": {"SUP-01"},
    }


REGULATOR = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .
t:a a qe:ValueStream ; skos:notation "A-1" ; skos:prefLabel "Alpha"@en .
t:r a qe:Stakeholder ; skos:prefLabel "Commission"@en ; qe:performsFunction qev:participant-function-regulation .
t:s a qe:Stakeholder ; skos:prefLabel "Households"@en .
t:f a qe:InformationFlow ; qe:hasSource t:a ; qe:hasTarget t:r .
t:g a qe:InformationFlow ; qe:hasSource t:a ; qe:hasTarget t:s .
"""


def test_who_regulates_is_told_apart(write_model: Callable[..., Path]) -> None:
    small = open_model(write_model({"data.ttl": REGULATOR}))
    tell = small.tell(small.impact("A-1"))
    assert [one.element.label for one in tell.regulators] == ["Commission"]
    assert [one.element.label for one in tell.stakeholders] == ["Households"]


def run(*arguments: str) -> str:
    return CliRunner().invoke(qe_kg, [*arguments, "--model", str(CLINIC)], catch_exceptions=False).stdout


def test_the_table_tells_first_and_json_with_evidence() -> None:
    table = run("impact", "CARE-01.4", "--depth", "1", "--format", "table").splitlines()
    assert table[1] == "Tell stakeholders: Patient (1 hop)"
    assert table[2].startswith("Tell owners: Administration (of SUP-01), Care Department (of CARE-01.4 and 1 flow)")
    plain = json.loads(run("impact", "CARE-01.4", "--depth", "1", "--format", "json"))
    assert [one["label"] for one in plain["tell"]["stakeholders"]] == ["Patient"]
    document = json.loads(run("impact", "CARE-01.4", "--depth", "1", "--format", "json", "--evidence"))
    for one in document["reached"]:
        assert [hop["flow"] for hop in one.pop("evidence")] == one["path"]
    assert document == plain  # nothing else differs


def test_evidence_of_each_hop_in_rows() -> None:
    rows = run("impact", "CARE-01", "--depth", "2", "--format", "csv", "--evidence").splitlines()
    assert rows[0] == "reached,hop,from,to,items,lines,basis,modality,crosses"
    answer = model(CLINIC).impact("CARE-01", depth=2)
    assert len(rows) - 1 == sum(one.hops for one in answer.reached)
    assert any(row.endswith("regulated → non-regulated") for row in rows)


def test_owners_that_are_kept_are_those_asked_for(tmp_path: Path) -> None:
    usual = model(CLINIC)
    stored = load_model(CLINIC, tmp_path / "store")
    stored.lineage.warm_up()
    kept = Owners.kept(tmp_path / "store")
    assert kept is not None and kept.pairs.tolist() == Owners.read(usual.store, usual.namespaces).pairs.tolist()
    for name in ("CARE-01", "CARE-01.4", "SUP-01", "rc:stakeholder-patient"):
        expected = usual.impact(name).to_dict()["tell"]
        assert stored.impact(name).to_dict()["tell"] == expected
    again = open_model(CLINIC)  # in memory nothing is kept, and reading them all costs little
    again.lineage.warm_up()
    assert again.lineage.warm.owners is not None and again.impact("CARE-01").to_dict()["tell"]["owners"]
    assert again.impact("CARE-01").to_dict()["tell"] == usual.impact("CARE-01").to_dict()["tell"]
