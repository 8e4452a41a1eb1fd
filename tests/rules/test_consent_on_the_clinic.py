"""What the consent rules say of a model of another trade when one thing in its consents is not right.

Expected results are worked out by hand from the rules: which thing each rule reads, and which flow relies on which
record.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qe_kg import Model, open_model

CLINIC = Path(__file__).resolve().parents[2] / "examples" / "riverside-clinic"
RC = "https://riverside-clinic.example/id/"
READINGS = "flow-program-member-wellness-analytics-platform-wearable-readings"
REFERRAL = "flow-care-01-3-well-01-1-exercise-referral"
RECORD = "consent-record-wearable-readings"
CONSENTS, FLOWS = "regulation-and-consent.ttl", "flows.ttl"
PLATFORM = "dpv:hasRecipient rc:information-system-wellness-analytics-platform"

pytestmark = pytest.mark.xdist_group("consent-on-the-clinic")

#: Name → file, text, new text, day, and the findings: rule, focus, path.
CASES: dict[str, tuple[str, str, str, str, set[tuple[str, str, str | None]]]] = {
    "nothing": (CONSENTS, PLATFORM, PLATFORM, "2026-06-30", set()),
    "withdrawn": (
        CONSENTS, "dpv:hasConsentStatus dpv:ConsentGiven", "dpv:hasConsentStatus dpv:ConsentWithdrawn",
        "2026-06-30", {("CON-08", READINGS, "qe:isCoveredByConsent")},
    ),
    "on the last day": (CONSENTS, PLATFORM, PLATFORM, "2035-12-31", set()),
    "after the last day": (
        CONSENTS, PLATFORM, PLATFORM, "2036-01-01",
        {("CON-08", READINGS, "qe:isCoveredByConsent"), ("CON-08", REFERRAL, "qe:isCoveredByConsent")},
    ),
    "before the first day": (
        CONSENTS, PLATFORM, PLATFORM, "2026-01-14",
        {("CON-08", READINGS, "qe:isCoveredByConsent"), ("CON-08", REFERRAL, "qe:isCoveredByConsent")},
    ),
    "for another recipient": (
        CONSENTS, PLATFORM, "dpv:hasRecipient rc:stakeholder-laboratory",
        "2026-06-30", {("CON-06", READINGS, "qe:isCoveredByConsent")},
    ),
    "for other data": (
        CONSENTS, "dpv:hasPersonalData rc:information-item-wearable-readings",
        "dpv:hasPersonalData rc:information-item-laboratory-result",
        "2026-06-30", {("CON-06", READINGS, "qe:carries")},
    ),
    "for another purpose": (
        FLOWS, "dpv:hasPurpose dpv:ProvidePersonalisedRecommendations", "dpv:hasPurpose dpv:DirectMarketing",
        "2026-06-30", {("CON-07", READINGS, "dpv:hasPurpose")},
    ),
    "finer than granted": (
        FLOWS, 'qe:granularity "PT1M"', 'qe:granularity "PT1S"', "2026-06-30", {("CON-07", READINGS, "qe:granularity")},
    ),
    "incomplete": (
        CONSENTS, "    dpv:hasNotice rc:consent-notice-form-9 ;\n", "",
        "2026-06-30", {("CON-05", RECORD, "dpv:hasNotice")},
    ),
    "a date that is no date": (
        CONSENTS, '    dcterms:valid "2035-12-31"^^xsd:date ;\n    qe:validFrom "2026-01-15"',
        '    dcterms:valid "2035-02-30"^^xsd:date ;\n    qe:validFrom "2026-01-15"',
        "2026-06-30", {("CONS-17", RECORD, "dcterms:valid")},
    ),
    "a granularity in words": (
        FLOWS, 'qe:granularity "PT1M"^^xsd:duration', 'qe:granularity "every minute"', "2026-06-30",
        {("CTRL-06", READINGS, "qe:granularity"), ("CON-07", READINGS, "qe:granularity")},
    ),
}  # fmt: skip


def changed(name: str, directory: Path) -> Model:
    file, old, new, _, _ = CASES[name]
    model = directory / "clinic"
    shutil.copytree(CLINIC, model)
    text = (model / file).read_text(encoding="utf-8")
    assert old in text, old
    # The record of the wearable readings is the first in its file.
    (model / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return open_model(model)


def findings(model: Model, day: str, engine: str = "sparql") -> set[tuple[str, str, str | None]]:
    results = model.validate(at=day, engine=engine).results
    return {(one.rule, one.focus.removeprefix(RC), one.path) for one in results}


@pytest.mark.parametrize("name", CASES)
def test_one_thing_breaks_the_rule_that_reads_it(name: str, tmp_path: Path) -> None:
    *_, day, expected = CASES[name]
    assert findings(changed(name, tmp_path), day) == expected


@pytest.mark.parametrize("name", ["finer than granted"])
def test_pyshacl_finds_the_same(name: str, tmp_path: Path) -> None:
    *_, day, expected = CASES[name]
    assert findings(changed(name, tmp_path), day, "pyshacl") == expected


@pytest.mark.parametrize("name", ["after the last day", "for another purpose"])
def test_constraints_in_sparql_move_with_the_base_of_a_model(name: str, tmp_path: Path) -> None:
    *_, day, expected = CASES[name]
    base = "https://kg.acme.example/"
    directory = tmp_path / "acme"
    directory.mkdir()
    changed(name, tmp_path).export(directory / "data.ttl", "ttl", roles=["data"], base=base)
    (directory / "qe-kg.toml").write_text(
        f'[model]\nname = "Acme"\nbase = "{base}"\nnamespace = "{RC}"\nprefix = "rc"\n\n[files]\ndata = ["data.ttl"]\n',
        encoding="utf-8",
    )
    assert findings(open_model(directory), day) == expected
