"""The target state conforms, in every profile, and says in every file that it is an illustration."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

from qe_kg import open_model
from qe_kg.assets import packaged_model
from qe_kg.model import Model

FOLDER = packaged_model().parent / "scenarios" / "compliant"
FILES = sorted(FOLDER.glob("*.ttl"))
PROFILES = ["generic", "us-ca", "us-mi", "us-tx", "us-oh", "us-md", "us-ut", "us-ct", "us-ri", "us-ferc", "eu"]
QE = "https://quantumenergy.example/ns/"
DAY = "2026-06-30"

pytestmark = pytest.mark.xdist_group("target-state")


@cache
def target_state() -> Model:
    return open_model(scenario="compliant")


def triples(file: Path) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(path=str(file))]


# In all profiles at once each rule that any of them has is active: what conforms to that conforms to each.
@pytest.mark.parametrize("profiles", [PROFILES[:1], PROFILES], ids=" ".join)
def test_it_conforms_without_a_baseline_and_without_a_warning(profiles: list[str]) -> None:
    report = target_state().validate(profiles=profiles, at=DAY)
    assert report.results == ()
    assert report.conforms


def test_the_model_as_it_is_does_not() -> None:
    assert not open_model().validate(profiles=PROFILES, at=DAY).conforms


@pytest.mark.parametrize(
    ("day", "rules"),
    [("2026-01-14", {"CON-08"}), ("2026-01-15", set()), ("2035-12-31", set()), ("2036-01-01", {"CON-08"})],
)
def test_its_consents_run_from_their_first_to_their_last_day(day: str, rules: set[str]) -> None:
    """A consent that no longer stands no longer ends a path either, so SEP-03 and SEP-04 may follow."""
    found = {one.rule for one in target_state().validate(profiles=PROFILES, at=day).results}
    assert found - {"SEP-03", "SEP-04"} == rules


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_says_what_it_is_and_names_no_real_text(file: Path) -> None:
    comments = " ".join(line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
    assert re.search("illustration.*not the company's facts", comments, re.IGNORECASE)
    for triple in triples(file):
        assert not isinstance(triple.subject, ox.BlankNode) and not isinstance(triple.object, ox.BlankNode)
        if triple.predicate.value == f"{QE}citation":
            assert str(triple.object).startswith('"Illustration: ')


def test_every_flow_is_kept_with_a_control_record_or_taken_away() -> None:
    """Purpose, latency, quality and technology stand at each flow, old and new."""
    taken = {str(t.subject) for t in triples(FOLDER / "removed.ttl") if t.predicate.value == f"{QE}carries"}
    rows = target_state().query("SELECT ?flow WHERE { ?flow a qe:InformationFlow } ORDER BY ?flow").rows
    flows = {f"<{row[0].value}>" for row in rows if row[0] is not None}
    asked = ["https://w3id.org/dpv#hasPurpose", f"{QE}greatestLatency", f"{QE}assuresQuality", f"{QE}usesTechnology"]
    added = {(str(t.subject), t.predicate.value) for file in FILES for t in triples(file)}
    assert len(flows) == 95
    assert {flow for flow in flows - taken for one in asked if (flow, one) not in added} == set()


def test_what_it_takes_away_is_in_the_model_as_it_is() -> None:
    facts = {quad.triple for path in packaged_model().glob("*.ttl") for quad in ox.parse(path=str(path))}
    removed = triples(FOLDER / "removed.ttl")
    assert removed and set(removed) <= facts
