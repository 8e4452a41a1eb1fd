"""A made-up enterprise: the same each time, a model like any other, with the faults that its list names."""

from __future__ import annotations

import io
import json
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from qe_kg import CallError, Model, open_model
from qe_kg.cli import qe_kg
from qe_kg.generate import Enterprise, write_enterprise, write_model

RULES = {"SEP-02", "CON-01", "CON-08"}
QE = "https://quantumenergy.example/ns/"


def text_of(enterprise: Enterprise, form: str = "nt") -> bytes:
    output = io.BytesIO()
    write_enterprise(enterprise, output, form)
    return output.getvalue()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("enterprise")
    write_model(Enterprise(1000, seed=3, defect_rate=0.4), directory)
    return directory


@cache
def opened(directory: Path) -> Model:
    return open_model(directory)


def count(model: Model, pattern: str) -> int:
    rows = model.query(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}").rows
    assert rows[0][0]
    return int(rows[0][0].value)


def test_the_same_arguments_give_the_same_bytes_and_others_do_not() -> None:
    first = text_of(Enterprise(300, seed=5))
    assert text_of(Enterprise(300, seed=5)) == first
    assert text_of(Enterprise(300, seed=6)) != first


def test_turtle_and_n_triples_say_the_same(tmp_path: Path) -> None:
    import pyoxigraph as ox

    def triples(form: str, rdf_format: ox.RdfFormat) -> set[ox.Triple]:
        return {quad.triple for quad in ox.parse(text_of(Enterprise(200), form), format=rdf_format)}

    assert triples("nt", ox.RdfFormat.N_TRIPLES) == triples("ttl", ox.RdfFormat.TURTLE)


def test_no_triple_is_written_twice() -> None:
    lines = text_of(Enterprise(400)).splitlines()
    assert [line for line, times in Counter(lines).items() if times > 1] == []


@pytest.mark.parametrize("flows", [1, 7, 400])
def test_it_has_as_many_flows_as_asked_for(flows: int) -> None:
    marker = f"<{QE}InformationFlow> ."
    assert text_of(Enterprise(flows)).decode().count(marker) == flows
    assert text_of(Enterprise(flows, evidence=False)).decode().count(marker) == flows


def test_unknown_form_is_refused() -> None:
    with pytest.raises(CallError, match="nt or ttl"):
        write_enterprise(Enterprise(3), io.BytesIO(), "rdfxml")


def test_it_loads_as_a_model_without_faulty_references(directory: Path) -> None:
    assert opened(directory).problems == ()


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        ("?x a qe:ValueStream ; qe:inZone qev:zone-regulated", 5),
        ("?x a qe:ValueStream ; qe:inZone qev:zone-non-regulated", 3),
        ("?x a qe:ValueStream ; qe:inZone qev:zone-shared", 3),
        ("?x a qe:ValueStreamStage ; qe:isStageOf ?y", 90),
        ("?x qe:hasParentCapability ?y . ?y qe:hasParentCapability ?z . ?z qe:isAtLevel qev:capability-level-l1", 10),
        ("?x a qe:Derivation ; qe:hasDerivationKind ?k . ?k qe:declassifies true", 5),
        ("?x a qe:InformationItem ; qe:hasDataCategory ?c", 100),
        ("?x qe:isCoveredByConsent ?c . ?c a qe:ConsentRecord", 1),
        ("?x qe:isPermittedBy ?p . ?p qe:citation ?c", 10),
        ("?x a qe:FlowStatement ; qe:statesFlow ?y", 900),
    ],
)
def test_it_has_the_parts_of_an_enterprise(directory: Path, pattern: str, least: int) -> None:
    assert count(opened(directory), pattern) >= least


def test_the_rules_find_the_listed_faults_and_no_others(directory: Path) -> None:
    """The list is made while writing, the findings by the validator from the triples."""
    listed = {
        (defect["rule"], defect["element"])
        for defect in json.loads((directory / "defects.json").read_text())["defects"]
        if defect["rule"] in RULES
    }
    results = opened(directory).validate(baseline=False).results
    found = {(one.rule, one.focus) for one in results if one.rule in RULES}
    assert {rule for rule, _ in listed} == RULES
    assert found == listed


def test_faults_that_a_plain_query_shows_are_those_listed(directory: Path) -> None:
    listed = Counter(one["kind"] for one in json.loads((directory / "defects.json").read_text())["defects"])
    model = opened(directory)
    without = "FILTER NOT EXISTS {{ ?x qe:{} ?any }}"
    assert (
        count(model, "?x a qe:InformationFlow " + without.format("hasLatencyClass"))
        == (listed["flow without latency class"])
    )
    assert count(model, "?x a qe:ValueStream " + without.format("isOwnedBy")) == listed["stream without owner"]


def test_without_a_rate_there_are_no_faults() -> None:
    enterprise = Enterprise(500, defect_rate=0)
    text_of(enterprise)
    assert enterprise.defects == []


def test_the_command_writes_a_model_that_other_commands_take(tmp_path: Path) -> None:
    directory = tmp_path / "big"
    made = CliRunner().invoke(
        qe_kg, ["generate", "--flows", "60", "--to-model", str(directory)], catch_exceptions=False
    )
    assert made.exit_code == 0 and "60 flows" in made.stderr
    assert "seed 1" in tomllib.loads((directory / "qe-kg.toml").read_text())["model"]["name"]
    asked = CliRunner().invoke(
        qe_kg, ["impact", "REG-00000.1", "--model", str(directory), "--format", "json"], catch_exceptions=False
    )
    assert json.loads(asked.stdout)["reached"]


def test_the_command_writes_a_file_and_its_faults(tmp_path: Path) -> None:
    output, faults = tmp_path / "a.ttl", tmp_path / "a.json"
    arguments = ["generate", "--flows", "40", "--seed", "2", "-o", str(output), "--list-defects", str(faults)]
    assert CliRunner().invoke(qe_kg, arguments, catch_exceptions=False).exit_code == 0
    assert output.read_bytes() == text_of(Enterprise(40, seed=2), "ttl")
    assert json.loads(faults.read_text())["seed"] == 2


def test_a_model_directory_and_a_file_at_once_is_refused(tmp_path: Path) -> None:
    arguments = ["generate", "--flows", "4", "--to-model", str(tmp_path / "x"), "-o", str(tmp_path / "y.nt")]
    assert CliRunner().invoke(qe_kg, arguments).exit_code == 2
