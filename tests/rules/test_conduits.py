"""What counts as a conduit, one change of a small model at a time; and the findings of the document, by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from qe_kg import Model, open_model
from qe_kg.assets import packaged_model
from qe_kg.rules.conduits import Conduit, find_conduits

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix dpv: <https://w3id.org/dpv#> .
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
CODES = ("SEP-03", "SEP-04", "FIN-04", "CON-07")
DAY = date(2026, 6, 30)
#: R is regulated, S and U are shared, X is outside, N is non-regulated.
WORLD = PREFIXES + "".join(
    f't:{name} a qe:ValueStream ; skos:prefLabel "{name}"@en ; skos:notation "{name}" ; qe:inZone qev:zone-{zone} .\n'
    for name, zone in (
        ("R", "regulated"), ("S", "shared"), ("U", "shared"), ("X", "external"), ("N", "non-regulated"),
        ("Q", "regulated"),
    )
) + "".join(f't:{name} a qe:InformationItem ; skos:prefLabel "{name}"@en .\n' for name in "ijk") + """
t:i qe:hasDataCategory qev:data-category-customer-data .
"""  # fmt: skip


def _flow(name: str, item: str = "i", more: str = "") -> str:
    return (
        f't:{name} a qe:InformationFlow ; skos:prefLabel "{name}"@en ; '
        f"qe:hasSource t:{name[0]} ; qe:hasTarget t:{name[1]} ;"
        f" qe:carries t:{item} {more}.\n"
    )


def _derivation(at: str, made_from: str, made: str, *kinds: str, name: str = "d") -> str:
    listed = "".join(f" ; qe:hasDerivationKind qev:derivation-kind-{kind}" for kind in kinds)
    return (
        f't:{name} a qe:Derivation ; skos:prefLabel "{name}"@en ; qe:isDerivedAt t:{at} ; qe:takesInput t:{made_from} ;'
        f" qe:givesOutput t:{made}{listed} .\n"
    )


RECORD = (
    't:c a qe:ConsentRecord ; dpv:hasConsentStatus dpv:ConsentGiven ; dpv:hasPurpose t:wide ; '
    # CON-08 asks for dcterms:valid too; the earlier of two ends counts.
    'dcterms:date "2026-01-01"^^xsd:date ; dcterms:valid "2026-12-31"^^xsd:date ; '
    'qe:validUntil "2026-06-30"^^xsd:date .\n'
    't:wide a qe:Purpose ; skos:prefLabel "wide"@en .\n'
    't:narrow a qe:Purpose ; skos:prefLabel "narrow"@en ; skos:broader t:wide .\n'
    't:other a qe:Purpose ; skos:prefLabel "other"@en .\n'
)  # fmt: skip
CHAIN = _flow("RS", "i") + _flow("SN", "j")


@pytest.fixture
def find(write_model: WriteModel) -> Callable[..., list[str]]:
    """Return a function that finds conduits in the world with more in it: "RS SN!" is a path with a declared step."""

    def run(text: str, *, code: str = "SEP-03", at: date = DAY) -> list[str]:
        model = open_model(write_model({"data.ttl": WORLD + text}))
        return [_shown(one) for one in _conduits(model, (code,), at)]

    return run


def _conduits(model: Model, codes: tuple[str, ...], at: date) -> tuple[Conduit, ...]:
    rules = {code: f"https://quantumenergy.example/id/rule-{code.lower()}" for code in codes}
    return find_conduits(
        lambda: model.flow_graph, model.store, model.namespaces, rules,
        own_namespace=model.manifest.own_namespace, at=at,
    ).findings  # fmt: skip


def _shown(one: Conduit) -> str:
    local = (hop.flow.rpartition("/")[2] + ("" if hop.is_declared else "?") for hop in one.hops)
    return " ".join(local)


# --- SEP-03 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHAIN, ["RS SN?"]),
        (_flow("RS") + _flow("SN"), ["RS SN"]),
        (CHAIN + _derivation("S", "i", "j", "combine"), ["RS SN"]),
        (CHAIN + _derivation("S", "i", "j"), ["RS SN"]),
        (CHAIN + _derivation("U", "i", "j", "combine"), ["RS SN?"]),
        (CHAIN + _derivation("S", "i", "j", "aggregate"), []),
        (CHAIN + _derivation("S", "i", "j", "publish"), []),
        (CHAIN + _derivation("S", "i", "j", "anonymise") + _derivation("S", "i", "j", "combine", name="e"), ["RS SN"]),
        (CHAIN + _derivation("S", "j", "i", "aggregate"), ["RS SN?"]),
        (_flow("RS") + _flow("SU", "j") + _flow("UN", "k"), ["RS SU? UN?"]),
        (_flow("RS") + _flow("SU", "j") + _flow("UN", "k") + _derivation("U", "j", "k", "aggregate"), []),
        (_flow("RN"), []),
        (_flow("RS") + _flow("SR") + _flow("RN", "j"), []),
        (_flow("RQ") + _flow("QN", "j"), []),
        (_flow("NS") + _flow("SN", "j"), []),
        (_flow("RX") + _flow("XN", "j"), []),
        (_flow("RX") + _flow("XN"), ["RX XN"]),
        (_flow("RX") + _flow("XN", "j") + _derivation("X", "i", "j", "combine"), ["RX XN"]),
        (_flow("RS", "j") + _flow("SN", "j"), []),
        (_flow("RS", "j", "; qe:holdsRestrictedPayload true ") + _flow("SN", "j"), ["RS SN"]),
    ],
    ids=[
        "nothing is said about the step", "the same item is handed on", "a derivation", "a derivation of no kind",
        "a derivation elsewhere", "aggregated", "published", "anonymized in one way and not in another",
        "aggregated the other way round", "two steps", "declassified at the second", "a direct flow is SEP-02's",
        "through the regulated zone", "through another regulated stream", "from the non-regulated zone",
        "outside, nothing is said", "outside, the same item", "outside, a derivation", "an item that is not restricted",
        "an item that was found to hold some",
    ],
)  # fmt: skip
def test_a_conduit(text: str, expected: list[str], find: Callable[..., list[str]]) -> None:
    assert find(text) == expected


@pytest.mark.parametrize(
    ("more", "ends"),
    [
        ("; qe:holdsRestrictedPayload false ", True),
        ("; qe:holdsRestrictedPayload true ", False),
        ("; qe:hasDisclosureMode qev:disclosure-mode-aggregated ", True),
        ("; qe:hasDisclosureMode qev:disclosure-mode-anonymized ", True),
        ("; qe:hasDisclosureMode qev:disclosure-mode-public ", True),
        ("; qe:hasDisclosureMode qev:disclosure-mode-customer-specific ", False),
        ("; qe:isCoveredByConsent t:c ", True),
        ("; qe:isPostedAs t:posting ", False),
    ],
)
@pytest.mark.parametrize("at_first", [True, False])
def test_a_flow_that_ends_a_path_ends_it_wherever_it_is(
    more: str, ends: bool, at_first: bool, find: Callable[..., list[str]]
) -> None:
    text = RECORD + _flow("RS", "i", more if at_first else "") + _flow("SN", "i", "" if at_first else more)
    assert find(text) == ([] if ends else ["RS SN"])


def test_a_consent_ends_a_path_as_long_as_it_stands(find: Callable[..., list[str]]) -> None:
    text = RECORD + _flow("RS") + _flow("SN", "i", "; qe:isCoveredByConsent t:c ")
    assert find(text, at=date(2026, 6, 30)) == []
    assert find(text, at=date(2026, 7, 1)) == ["RS SN"]
    withdrawn = text.replace("dpv:ConsentGiven", "dpv:ConsentWithdrawn")
    assert find(withdrawn, at=date(2026, 6, 30)) == ["RS SN"]


def test_what_enters_a_stream_at_one_stage_can_leave_it_at_another(find: Callable[..., list[str]]) -> None:
    stages = "".join(
        f't:{name} a qe:ValueStreamStage ; skos:prefLabel "{name}"@en ; qe:isStageOf t:S .\n' for name in "AB"
    )
    assert find(stages + _flow("RA") + _flow("BN", "j")) == ["RA BN?"]
    assert find(stages + _flow("RA") + _flow("BN", "j") + _derivation("A", "i", "j", "combine")) == ["RA BN"]
    apart = stages.replace("t:B a qe:ValueStreamStage ;", "t:B a qe:ValueStreamStage ; qe:inZone qev:zone-external ;")
    assert find(apart + _flow("RA") + _flow("BN", "j")) == [], "a stage in another zone stands for itself"


def test_one_finding_for_each_pair_of_first_and_last_flow(find: Callable[..., list[str]]) -> None:
    text = _flow("RS") + _flow("QS") + _flow("SN", "j") + _flow("SU", "k") + _flow("UN", "k")
    assert find(text) == ["QS SN?", "QS SU? UN", "RS SN?", "RS SU? UN"]


# --- SEP-04 ---------------------------------------------------------------------------------------------------

FLAG = "t:i qe:isTransmissionInformation true .\nt:N qe:performsFunction qev:participant-function-marketing .\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FLAG + _flow("RN"), ["RN"]),
        (FLAG + CHAIN, ["RS SN?"]),
        (FLAG + _flow("RS") + _flow("SQ") + _flow("QN", "j"), ["RS SQ QN?", "SQ QN?"]),
        (FLAG + CHAIN + _derivation("S", "i", "j", "publish"), []),
        (FLAG + _flow("RN", "i", "; qe:hasDisclosureMode qev:disclosure-mode-public "), []),
        (FLAG.replace("true", "false") + _flow("RN"), []),
        (FLAG.replace("marketing", "market-participation") + _flow("RN"), ["RN"]),
        (FLAG.replace("marketing", "analytics") + _flow("RN"), []),
        (FLAG + _flow("RN") + _flow("NX") + _flow("XS"), ["RN"]),
        (FLAG + RECORD + _flow("RN", "i", "; qe:isCoveredByConsent t:c "), []),
        (FLAG + RECORD.replace("Given", "Withdrawn") + _flow("RN", "i", "; qe:isCoveredByConsent t:c "), ["RN"]),
    ],
)
def test_transmission_information_that_reaches_marketing(
    text: str, expected: list[str], find: Callable[..., list[str]]
) -> None:
    assert find(text, code="SEP-04") == expected


# --- FIN-04 ---------------------------------------------------------------------------------------------------

MONEY = (
    "t:k qe:hasDataCategory qev:data-category-financial-data .\n"
    "t:j qe:hasDataCategory qev:data-category-financial-data .\n"
    "t:Q qe:performsFunction qev:participant-function-rate-case .\n"
    't:m a qe:CostAllocationMethod ; qe:citation "Manual" .\n'
)
COST = MONEY + _flow("NS", "k") + _flow("SQ", "j")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (COST, ["NS SQ?"]),
        (COST + _derivation("S", "k", "j", "combine"), ["NS SQ"]),
        (COST + _derivation("S", "k", "j", "allocate"), []),
        (COST + _derivation("S", "k", "j", "allocate") + _derivation("S", "k", "j", "combine", name="e"), ["NS SQ"]),
        (COST + _derivation("S", "k", "j", "aggregate"), ["NS SQ"]),
        (MONEY + _flow("NQ", "k"), ["NQ"]),
        (MONEY + _flow("NS", "i") + _flow("SQ", "j"), []),
        (MONEY + _flow("NS", "i", "; qe:hasSegment qev:segment-non-regulated ") + _flow("SQ", "j"), ["NS SQ?"]),
        (MONEY + _flow("NS", "k") + _flow("SQ", "j", "; qe:isAllocatedBy t:m "), []),
        (MONEY + _flow("NS", "k", "; qe:isAllocatedBy t:m ") + _flow("SQ", "j"), []),
        (MONEY + _flow("NS", "k") + _flow("SQ", "j", "; qe:hasSegment qev:segment-regulated "), []),
        (MONEY + _flow("NS", "k") + _flow("SQ", "j", "; qe:hasSegment qev:segment-shared "), ["NS SQ?"]),
        (MONEY + _flow("NS", "k") + _flow("SQ", "j", "; qe:holdsRestrictedPayload false "), []),
        (MONEY + _flow("RS", "k") + _flow("SQ", "j"), []),
    ],
)
def test_cost_that_enters_the_rate_case_unallocated(
    text: str, expected: list[str], find: Callable[..., list[str]]
) -> None:
    assert find(text, code="FIN-04") == expected


# --- CON-07 ---------------------------------------------------------------------------------------------------

CONSENTED = RECORD + _flow("RS", "i", "; qe:isCoveredByConsent t:c ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONSENTED + _flow("SN", "j"), ["RS SN?"]),
        (CONSENTED + _flow("SN", "i"), ["RS SN"]),
        (CONSENTED + _flow("SN", "i", "; dpv:hasPurpose t:wide "), []),
        (CONSENTED + _flow("SN", "i", "; dpv:hasPurpose t:narrow "), []),
        (CONSENTED + _flow("SN", "i", "; dpv:hasPurpose t:other "), ["RS SN"]),
        (CONSENTED + _flow("SN", "i", "; dpv:hasPurpose t:narrow , t:other "), ["RS SN"]),
        (CONSENTED + _flow("SU", "i", "; dpv:hasPurpose t:narrow ") + _flow("UN", "i"), ["RS SU UN"]),
        (CONSENTED + _flow("SU", "i") + _flow("UN", "i"), ["RS SU"]),
        (CONSENTED + _flow("SN", "i", "; qe:isPermittedBy t:basis ") + "t:basis a qe:PermissionBasis .\n", []),
        (CONSENTED + _flow("SN", "i", "; qe:isCoveredByConsent t:c "), []),
        (CONSENTED + _flow("SN", "i", "; qe:hasDisclosureMode qev:disclosure-mode-aggregated "), []),
        (CONSENTED + _flow("SX", "i"), ["RS SX"]),
        (CONSENTED + _flow("SX", "i", "; dpv:hasPurpose t:narrow ") + _flow("XN", "i"), []),
        (_flow("RS", "i") + _flow("SN", "i"), []),
    ],
)
def test_consented_data_that_goes_on_to_another_purpose(
    text: str, expected: list[str], find: Callable[..., list[str]]
) -> None:
    assert find(text, code="CON-07") == expected


def test_a_further_purpose_must_be_granted_by_every_record(find: Callable[..., list[str]]) -> None:
    second = "t:c2 a qe:ConsentRecord ; dpv:hasConsentStatus dpv:ConsentGiven ; dpv:hasPurpose t:other .\n"
    text = RECORD + second + _flow("RS", "i", "; qe:isCoveredByConsent t:c , t:c2 ")
    assert find(text + _flow("SN", "i", "; dpv:hasPurpose t:narrow "), code="CON-07") == ["RS SN"]


# --- the document, and the report --------------------------------------------------------------------


def test_the_document_draws_one_conduit_of_three_flows_and_the_text_adds_what_its_universals_say() -> None:
    """By hand: lines 97, 99 and 103 of the diagram; lines 137 and 138 reach the other non-regulated streams.

    Customer Data (line 97) is the one restricted item that a regulated stream gives to a shared one; what a derivation
    makes of it (Unified Customer Profile) goes back to RCV-02. Nothing says what Analytics and Strategic Guidance hold.
    """
    model = open_model(packaged_model())
    found = [one for one in _conduits(model, CODES, DAY) if one.rule == "SEP-03"]
    drawn = {edge.iri for edge in model.flow_graph.edges if edge.is_of("drawn")}
    assert [one.label for one in found if {hop.flow for hop in one.hops} <= drawn] == [
        "SEP-03: RCV-01 → ESV-04 → ESV-01 → NCV-01"
    ]
    assert {one.label for one in found} == {
        f"SEP-03: RCV-01 → ESV-04 → {way}{end}" for way in ("", "ESV-01 → ") for end in ("NCV-01", "NCV-02", "SMV-03")
    }
    assert not any(one.is_declared for one in found)


def test_the_text_lets_cost_of_two_non_regulated_streams_into_the_rate_case() -> None:
    """By hand: Sales Data (line 101) and the data of NCV-02 (line 132) enter ESV-03, line 133 feeds REV-01.

    The allocation that the text has in ESV-03 is one of Financial Data, of which nothing says that it is theirs.
    """
    found = [one for one in _conduits(open_model(packaged_model()), CODES, DAY) if one.rule == "FIN-04"]
    assert [one.label for one in found] == ["FIN-04: NCV-01 → ESV-03 → REV-01", "FIN-04: NCV-02 → ESV-03 → REV-01"]
    assert not any(one.is_declared for one in found)


def test_nothing_is_flagged_as_transmission_information_and_no_consent_is_on_record() -> None:
    assert {one.rule for one in _conduits(open_model(packaged_model()), CODES, DAY)} == {"SEP-03", "FIN-04"}


SHAPES = PREFIXES + """t:rule a qe:Rule ; skos:notation "SEP-03" ; qe:appliesIn qev:jurisdiction-us-md .
t:conduit a sh:NodeShape ; sh:targetClass qe:ConduitFinding ; sh:property t:declared ; rdfs:seeAlso t:rule ;
    sh:severity sh:Violation .
t:declared a sh:PropertyShape ; sh:path qe:isDeclared ; sh:hasValue false ; sh:message "No conduit." .
"""  # fmt: skip


def test_a_result_carries_the_whole_path(write_model: WriteModel, qe_kg: Run) -> None:
    files = {"data.ttl": WORLD + _flow("RS") + _flow("SU") + _flow("UN"), "shapes.ttl": SHAPES}
    directory = write_model(files, {"data": ["data.ttl"], "shapes": ["shapes.ttl"]})
    arguments = ("validate", "--model", directory, "--profile", "us-md")
    done = qe_kg(*arguments, "--format", "json")
    assert done.returncode == 1, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert (result["rule"], result["focusLabel"]) == ("SEP-03", "SEP-03: R → S → U → N")
    assert result["focus"] == "https://test.example/id/conduit-sep-03-from-RS-to-UN"
    assert [(hop["flow"][-2:], hop["label"], hop["declared"]) for hop in result["hops"]] == [
        ("RS", "RS", True), ("SU", "SU", True), ("UN", "UN", True),
    ]  # fmt: skip
    lines = (directory / "data.ttl").read_text(encoding="utf-8").splitlines()
    for hop in result["hops"]:
        assert lines[hop["source"]["line"] - 1].startswith(f"t:{hop['label']} a qe:InformationFlow")
    assert result["source"] == result["hops"][0]["source"], "a finding is in no file; it stands where its path begins"
    text = qe_kg(*arguments, "--format", "table").stdout
    assert [line.split("  /")[0].strip() for line in text.splitlines()[2:5]] == ["1. RS", "2. SU", "3. UN"]
    assert qe_kg("validate", "--model", directory).returncode == 0, "the rule is not one of the generic profile"


def test_where_there_are_more_pairs_than_can_be_read_each_flow_is_on_one_path_and_that_is_said(
    write_model: WriteModel,
) -> None:
    flows = "".join(
        f't:{name}{number} a qe:InformationFlow ; skos:prefLabel "{name}{number}"@en ; qe:hasSource t:{name[0]} ; '
        f"qe:hasTarget t:{name[1]} ; qe:carries t:i .\n"
        for name, numbers in (("RS", range(40)), ("SN", range(30)))
        for number in numbers
    )
    files = {"data.ttl": WORLD + flows, "shapes.ttl": SHAPES}
    model = open_model(write_model(files, {"data": ["data.ttl"], "shapes": ["shapes.ttl"]}))
    found = model.conduits(DAY, ["us-md"])
    assert found.shortened == ("SEP-03",) and all(one.is_declared for one in found)
    assert (len({one.first for one in found}), len({one.last for one in found})) == (40, 30) and len(found) < 100
    report = model.validate(profiles=["us-md"], at=DAY)
    assert len(report.results) == len(found)
    assert len(report.notes) == 1 and report.notes[0].startswith("SEP-03: more pairs of flows")
    assert model.conduits(DAY, ["eu"]).findings == (), "the rule is not one of that profile"


def test_a_waiver_can_name_a_finding(write_model: WriteModel) -> None:
    waiver = PREFIXES + """t:w a qe:Waiver ; qe:ofRule "SEP-03" ; qe:atFocus t:conduit-sep-03-from-RS-to-SN ;
        qe:reason "r" ; qe:citation "c" ; qe:isApprovedBy t:board ; qe:validUntil "2026-06-30"^^xsd:date .
        t:board a <http://www.w3.org/ns/prov#Agent> ."""  # fmt: skip
    files = {"data.ttl": WORLD + _flow("RS") + _flow("SN"), "shapes.ttl": SHAPES, "waivers.ttl": waiver}
    model = open_model(write_model(files, {role: [f"{role}.ttl"] for role in ("data", "shapes", "waivers")}))
    report = model.validate(profiles=["us-md"], at=DAY)
    assert [(one.rule, one.status) for one in report.results] == [("SEP-03", "waived")]
