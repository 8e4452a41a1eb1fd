"""The list of rules says what the files say: compared with a reading of the same Turtle by rdflib."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rdflib import RDF, RDFS, SH, SKOS, Graph, URIRef

from qe_kg import Model, UnknownNameError, open_model
from qe_kg.assets import packaged_model
from qe_kg.cli import qe_kg as qe_kg_command
from qe_kg.rules.catalogue import NOTICE, Rule

Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[2]
QE, QEV = "https://quantumenergy.example/ns/", "https://quantumenergy.example/vocab/"
#: The profiles that a compliance officer can choose.
PROFILES = (
    "generic", "us-ca", "us-mi", "us-tx", "us-oh", "us-md", "us-ut", "us-ct", "us-ri", "us-ferc", "eu",
)  # fmt: skip


@cache
def _model() -> Model:
    return open_model(packaged_model())


@cache
def _files() -> Graph:
    graph = Graph()
    for folder in ("shapes", "ontology/vocab"):
        for path in sorted((ROOT / folder).rglob("*.ttl")):
            graph.parse(path)
    return graph


def _written(rule: URIRef, name: str) -> set[str]:
    return {str(one) for one in _files().objects(rule, URIRef(f"{QE}{name}"))}


def test_every_rule_is_listed_once_in_the_order_of_codes() -> None:
    written = sorted(
        str(_files().value(rule, SKOS.notation)) for rule in _files().subjects(RDF.type, URIRef(f"{QE}Rule"))
    )
    assert [rule.code for rule in _model().rules.rules] == written and len(set(written)) == len(written) > 1


@pytest.mark.parametrize("rule", _model().rules.rules, ids=lambda rule: rule.code)
def test_a_rule_says_what_its_file_says(rule: Rule) -> None:
    node = URIRef(rule.iri)
    assert rule.statement == str(_files().value(node, SKOS.definition)) != ""
    assert set(rule.evidence) == _written(node, "evidenceAsked") != set()
    assert set(rule.remedy) == _written(node, "remedy") != set()
    assert {f"{QEV}jurisdiction-{one}" for one in rule.jurisdictions} == _written(node, "appliesIn")
    assert {one.iri for one in rule.basis} == _written(node, "isBasedOn") != set()
    shapes = set(_files().subjects(RDFS.seeAlso, node))
    assert {one.severity for one in rule.reporting} == {
        str(_files().value(shape, SH.severity)).rpartition("#")[2] for shape in shapes
    } != set()  # fmt: skip
    assert len(rule.reporting) == len(shapes) and rule.applies_to


@pytest.mark.parametrize("rule", _model().rules.rules, ids=lambda rule: rule.code)
def test_a_basis_says_how_far_it_was_verified_or_that_no_law_is_behind_it(rule: Rule) -> None:
    for source in rule.basis:
        assert source.is_law == ((URIRef(source.iri), RDF.type, URIRef(f"{QE}LegalSource")) in _files())
        assert source.is_law == (source.verification is not None) and source.label


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_has_the_rules_that_name_it(profile: str) -> None:
    written = {
        str(_files().value(rule, SKOS.notation))
        for rule in _files().subjects(URIRef(f"{QE}appliesIn"), URIRef(f"{QEV}jurisdiction-{profile}"))
        if (rule, RDF.type, URIRef(f"{QE}Rule")) in _files()
    }
    assert {rule.code for rule in _model().rules.of_profiles([profile])} == written


def test_several_profiles_add_up() -> None:
    both = {rule.code for rule in _model().rules.of_profiles(["us-mi", "eu"])}
    assert both == {rule.code for one in ("us-mi", "eu") for rule in _model().rules.of_profiles([one])}


def test_every_rule_is_in_a_profile_that_can_be_chosen() -> None:
    for rule in _model().rules.rules:
        assert rule.applies_in(PROFILES), rule.code


def test_unknown_names_have_their_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no rule 'SEP-2'; the nearest are SEP-"):
        _model().rules.get("SEP-2")
    with pytest.raises(UnknownNameError, match=r"no profile 'us-m'; the nearest names are us-m"):
        _model().rules.of_profiles(["us-m"])
    assert _model().rules.get("sep-02").code == "SEP-02"


def _run(*arguments: str) -> Result:
    done = CliRunner().invoke(qe_kg_command, ("rules", *arguments))
    assert done.exit_code == 0, done.stderr
    return done


def test_every_form_of_the_list_says_that_it_is_no_legal_advice() -> None:
    codes = [rule.code for rule in _model().rules.of_profiles(["us-mi"])]
    for form in ("table", "md", "json", "csv"):
        done = _run("--profile", "us-mi", "--format", form)
        assert NOTICE in (done.stderr if form == "csv" else done.stdout), form
        assert all(code in done.stdout for code in codes)
        if form == "json":
            answer = json.loads(done.stdout)
            assert (answer["notice"], answer["profiles"]) == (NOTICE, ["us-mi"])
            assert [rule["id"] for rule in answer["rules"]] == codes
        if form == "csv":
            assert [row["rule"] for row in csv.DictReader(io.StringIO(done.stdout))] == codes


def test_one_rule_is_described_whole() -> None:
    rule = _model().rules.get("SEP-02")
    for form in ("table", "md"):
        text = _run("sep-02", "--format", form).stdout
        for part in (rule.statement, *rule.evidence, *rule.remedy, *(one.message for one in rule.reporting), NOTICE):
            assert part in text
        assert all((one.citation or one.label) in text for one in rule.basis)
        assert "verified: excerpt" in text
    answer = json.loads(_run("SEP-02", "--format", "json").stdout)
    assert answer.pop("notice") == NOTICE and answer == rule.to_dict()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("SEP-99",), "no rule 'SEP-99'"),
        (("--profile", "us-xx"), "no profile 'us-xx'; the nearest names are"),
        (("SEP-02", "--profile", "eu"), "leave out --profile and --all"),
    ],
)
def test_a_wrong_call_is_2(arguments: tuple[str, ...], says: str, qe_kg: Run) -> None:
    done = qe_kg("rules", *arguments)
    assert (done.returncode, done.stdout) == (2, "") and says in done.stderr
