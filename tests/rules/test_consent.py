"""Whether a flow may run under its consent records on a day, and what a withdrawal takes along."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg import Model, UnknownNameError, open_model
from qe_kg.catalogue import Element
from qe_kg.change import Change
from qe_kg.lineage import Flow, FlowGraph
from qe_kg.rules.consent import WHY, Facts, Fault, Need, judge
from qe_kg.rules.records import DPV, ConsentRecord, read_days, seconds_of
from qe_kg.rules.withdrawal import find_losses

ROOT = Path(__file__).resolve().parents[2]
CLINIC = ROOT / "examples/riverside-clinic"
Run = Callable[..., subprocess.CompletedProcess[str]]
RC, QE = "https://riverside-clinic.example/id/", "https://quantumenergy.example/ns/"
AT = date(2026, 6, 30)

# --- one flow, one record: everything that can be wrong ---------------------------------------------------

FLOW = Flow("flow", "source", "stage", ("item",), (7,), "drawn")


def record(**changed: object) -> ConsentRecord:
    fields: dict[str, object] = {
        "iri": "record",
        "statuses": (f"{DPV}ConsentGiven",),
        "recipients": ("stream",),
        "purposes": ("wide",),
        "data": ("category",),
        "given": ("2026-01-01",),
        "valid": ("2026-12-31T12:00:00Z",),
        "granularity": "PT15M",
    }
    merged: dict[str, Any] = {**fields, **changed}
    return ConsentRecord(**merged)


def facts(*records: ConsentRecord, **changed: object) -> Facts:
    fields: dict[str, object] = {
        "records": {one.iri: one for one in records},
        "coverage": {"flow": tuple(one.iri for one in records)},
        "purposes": {"flow": ("narrow",)},
        "granularity": {"flow": "PT1H"},
        "broader": {"narrow": ("middle",), "middle": ("wide",), "wide": ("narrow",)},  # a circle must do no harm
        "stages": {"stage": "stream"},
        "needs": {},
        "personal": {"item": frozenset({"item", "category", "concept"})},
    }
    merged: dict[str, Any] = {**fields, **changed}
    return Facts(**merged)


def why(given: Facts, at: date = AT) -> list[str]:
    return [fault.why for fault in judge(FLOW, given, at).faults]


def test_everything_fits() -> None:
    assert why(facts(record())) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"statuses": (f"{DPV}ConsentWithdrawn",)}, "withdrawn"),
        ({"statuses": (f"{DPV}ConsentRevoked",)}, "withdrawn"),
        ({"statuses": (f"{DPV}ConsentInvalidated",)}, "withdrawn"),
        ({"statuses": (f"{DPV}ConsentGiven", f"{DPV}ConsentWithdrawn")}, "withdrawn"),
        ({"statuses": (f"{DPV}ConsentExpired",)}, "expired"),
        ({"statuses": (f"{DPV}ConsentRequested",)}, "not-given"),
        ({"statuses": (f"{DPV}ConsentRefused",)}, "not-given"),
        ({"statuses": ()}, "not-given"),
        ({"valid_until": ("2026-06-29",)}, "expired"),
        ({"valid_until": ("2027-12-31", "2026-06-29")}, "expired"),
        ({"valid": ("2026-06-29",)}, "expired"),
        ({"given": ("2026-07-01",)}, "not-yet-valid"),
        ({"valid_from": ("2026-07-01",)}, "not-yet-valid"),
        ({"valid_from": ("2026-01-01", "2026-07-01")}, "not-yet-valid"),
        ({"given": ()}, "no-dates"),
        ({"given": (), "valid_from": ("2026-01-01",)}, "no-dates"),
        ({"valid": (), "valid_until": ("2027-01-01",)}, "no-dates"),
        ({"data": ("other",)}, "data"),
        ({"data": ()}, "data"),
        ({"valid_until": ("31 December 2026",)}, "unreadable"),
        ({"valid_until": ("2026-02-30",)}, "unreadable"),
        ({"recipients": ("another",)}, "recipient"),
        ({"recipients": ()}, "recipient"),
        ({"purposes": ("other",)}, "purpose"),
        ({"purposes": ()}, "purpose"),
        ({"granularity": "PT2H"}, "granularity"),
        ({"granularity": "P1M"}, "granularity"),
        ({"granularity": "often"}, "granularity"),
    ],
)
def test_one_thing_is_wrong_with_the_record(changed: dict[str, Any], reason: str) -> None:
    assert why(facts(record(**changed))) == [reason]
    # Where two people's records are relied on, one that is wrong is enough.
    assert why(facts(record(), record(iri="second", **changed))) == [reason]


@pytest.mark.parametrize("changed", [
    {"statuses": (f"{DPV}RenewedConsentGiven",)}, {"valid_until": ("2026-06-30",)}, {"valid_from": ("2026-06-30",)},
    {"recipients": ("stage",)}, {"recipients": ("another", "stream")}, {"purposes": ("narrow",)},
    {"purposes": ("middle",)}, {"data": ("concept",)}, {"data": ("item",)},
    {"granularity": None}, {"granularity": "PT60M"}, {"granularity": "PT3600S"},
])  # fmt: skip
def test_at_the_edge_of_what_is_right(changed: dict[str, Any]) -> None:
    assert why(facts(record(**changed))) == []


def test_one_thing_is_wrong_with_the_flow() -> None:
    assert why(facts(record(), purposes={})) == ["no-purpose"]
    assert why(facts(record(), purposes={"flow": ("narrow", "other")})) == ["purpose"]
    assert why(facts(record(), granularity={})) == ["no-granularity"]
    assert why(facts(record(), records={})) == ["no-record"]
    need = Need("CON-01", "explicit please", is_met=False)
    assert why(facts(needs={"flow": (need,)})) == ["missing"]
    assert judge(FLOW, facts(record(), needs={"flow": (need,)}), AT).faults == (
        Fault("rule", None, "CON-01", "explicit please"),
    )


def test_every_reason_is_explained() -> None:
    assert {"withdrawn", "expired", "not-given", "not-yet-valid", "no-dates", "unreadable"} <= set(WHY)


def test_lengths_of_durations() -> None:
    ordered = ["PT0.5S", "PT1S", "PT15M", "PT1H", "P1D", "P7D", "P1M", "P1Y"]
    lengths = [seconds_of(text) for text in ordered]
    assert None not in lengths and lengths == sorted(lengths, key=lambda one: one or 0)
    assert seconds_of("P1M") == seconds_of("P30D") and seconds_of("P1Y") == seconds_of("P12M")
    assert seconds_of("-PT1S") == -1
    assert [seconds_of(text) for text in ("", "P", "PT", "P1", "1H", "P1H", "P1DT", "PT1.5H")] == [None] * 8


def test_days_as_xml_schema_writes_them() -> None:
    assert read_days(["2026-06-30", "2026-06-30Z", "2026-06-30+02:00", "2026-06-30T23:59:59Z"]) == [AT] * 4
    assert read_days(["20260630"]) is None and read_days(["2026-13-01"]) is None and read_days([]) == []


# --- the clinic -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clinic() -> Model:
    return open_model(CLINIC)


def quad(subject: str, predicate: str, value: str | ox.Literal) -> ox.Quad:
    node = value if isinstance(value, ox.Literal) else ox.NamedNode(value)
    return ox.Quad(ox.NamedNode(subject), ox.NamedNode(predicate), node)


READINGS = f"{RC}flow-program-member-wellness-analytics-platform-wearable-readings"
READINGS_RECORD = f"{RC}consent-record-wearable-readings"


def test_two_flows_of_the_clinic(clinic: Model) -> None:
    answer = clinic.consent(at="2026-06-30")
    readings, referral = sorted(answer.flows, key=lambda one: one.flow.lines, reverse=True)
    assert readings.flow.lines == (84,) and readings.needed_by == ("CON-01",) and readings.may_run
    assert referral.flow.lines == (79,) and referral.needed_by == () and referral.may_run
    late = clinic.consent(at="2036-01-01")
    assert [[fault.why for fault in one.faults] for one in late.flows] == [["expired"], ["expired"]]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Wearable Readings", {84}),
        ("RC-CONSENT-0001", {84}),
        ("Consent to an exercise referral", {79}),
        ("WELL-01", {79}),  # a stage of it receives the referral
        ("dpv:Personalisation", {79, 84}),  # broader than what both are for
        ("dpv:Marketing", set()),
    ],
)
def test_by_what_flows_are_asked_about(clinic: Model, name: str, lines: set[int]) -> None:
    assert {line for one in clinic.consent(name, at="2026-06-30").flows for line in one.flow.lines} == lines


def test_unexplicit_consent_does_not_meet_the_rule(clinic: Model) -> None:
    basis = f"{DPV}hasLegalBasis"
    weaker = clinic.changed(
        Change(
            (quad(READINGS_RECORD, basis, f"{DPV}Consent"),),
            (quad(READINGS_RECORD, basis, f"{DPV}ExplicitlyExpressedConsent"),),
        )
    )
    (flow,) = weaker.consent("Wearable Readings", at="2026-06-30").flows
    assert [(fault.why, fault.asked) for fault in flow.faults] == [("rule", "CON-01")]


def test_withdrawal_stops_a_flow_and_what_is_made_of_it(clinic: Model) -> None:
    answer = clinic.withdraw_consent("RC-CONSENT-0001", at="2026-06-30")
    names = answer.elements
    assert [one.flow.lines for one in answer.stops] == [(84,)] and not answer.goes_on and not answer.stopped
    lost = {(names[loss.participant].name, names[loss.item].label) for loss in answer.losses.lost}
    # By hand from the clinic's document: insights come of the readings, and the progress report of the insights.
    assert lost == {
        ("Wellness Analytics Platform", "Wearable Readings"),
        ("Wellness Analytics Platform", "Coaching Insights"),
        ("WELL-01.3", "Coaching Insights"),
        ("WELL-01.3", "Progress Report"),
        ("Program Member", "Progress Report"),
    }
    assert len(answer.losses.starved) == 2 and answer.losses.reduced == ()
    assert {one.element.name for one in answer.reached} >= {"WELL-01.3", "Program Member"}


def test_flow_that_no_rule_asks_about_goes_on(clinic: Model) -> None:
    answer = clinic.withdraw_consent("RC-CONSENT-0002", at="2026-06-30")
    (one,) = answer.goes_on
    assert (one.because, answer.stops) == ("not-needed", ())
    assert one.remove.endswith("qe:isCoveredByConsent rc:consent-record-exercise-referral .")


def test_flow_goes_on_under_the_record_of_others(clinic: Model) -> None:
    second = f"{RC}consent-record-of-another-member"
    copied = [
        ox.Quad(ox.NamedNode(second), one.predicate, one.object)
        for one in clinic.quads("data")
        if one.subject == ox.NamedNode(READINGS_RECORD)
    ]
    flow = clinic.consent("Wearable Readings", at="2026-06-30").flows[0].flow.iri
    both = clinic.changed(Change((*copied, quad(flow, f"{QE}isCoveredByConsent", second))))
    answer = both.withdraw_consent(second, at="2026-06-30")
    assert [(one.because, one.consent.records) for one in answer.goes_on] == [("another-record", (READINGS_RECORD,))]
    assert answer.stops == () and answer.losses.lost == ()
    # Withdrawn in the data and not taken off the flow, it still stands against the flow.
    status = f"{DPV}hasConsentStatus"
    changed = both.changed(
        Change((quad(second, status, f"{DPV}ConsentWithdrawn"),), (quad(second, status, f"{DPV}ConsentGiven"),))
    )
    assert [fault.why for fault in changed.consent(second, at="2026-06-30").flows[0].faults] == ["withdrawn"]


def test_shipped_model_has_no_record_where_six_flows_need_one() -> None:
    answer = open_model().consent(at="2026-06-30")
    assert len([one for one in answer.flows if "CON-01" in one.needed_by]) == 6
    assert {fault.why for one in answer.flows if "CON-01" in one.needed_by for fault in one.faults} == {"missing"}


def test_unknown_names_give_the_nearest(clinic: Model) -> None:
    with pytest.raises(UnknownNameError, match="RC-CONSENT-0002"):
        clinic.withdraw_consent("RC-CONSENT-002")
    with pytest.raises(UnknownNameError, match="us-"):
        clinic.consent(profiles=["us-zz"])


# --- the same verdict as the rules' shapes ---------------------------------------------------------------

DCTERMS, XSD = "http://purl.org/dc/terms/", "http://www.w3.org/2001/XMLSchema#"


def day(text: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(f"{XSD}date"))


def duration(text: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(f"{XSD}duration"))


#: Whose property is set to what (nothing takes it away), the reason that is expected, and the rule that finds it.
MUTANTS: list[tuple[str, str, str | ox.Literal | None, str | None, str | None]] = [
    ("record", f"{DPV}hasConsentStatus", f"{DPV}RenewedConsentGiven", None, None),
    ("record", f"{DPV}hasConsentStatus", f"{DPV}ConsentWithdrawn", "withdrawn", "CON-08"),
    ("record", f"{DPV}hasConsentStatus", f"{DPV}ConsentExpired", "expired", "CON-08"),
    ("record", f"{DPV}hasConsentStatus", f"{DPV}ConsentRequested", "not-given", "CON-08"),
    ("record", f"{DPV}hasConsentStatus", None, "not-given", "CON-08"),
    ("record", f"{DCTERMS}date", day("2026-06-30"), None, None),
    ("record", f"{DCTERMS}date", day("2026-07-01"), "not-yet-valid", "CON-08"),
    ("record", f"{DCTERMS}date", None, "no-dates", "CON-08"),
    ("record", f"{DCTERMS}valid", day("2026-06-30"), None, None),
    ("record", f"{DCTERMS}valid", day("2026-06-29"), "expired", "CON-08"),
    ("record", f"{DCTERMS}valid", None, "no-dates", "CON-08"),
    ("record", f"{QE}validUntil", day("2026-06-29"), "expired", "CON-08"),
    ("record", f"{QE}validUntil", None, None, None),
    ("record", f"{QE}validFrom", day("2026-07-01"), "not-yet-valid", "CON-08"),
    ("record", f"{DPV}hasRecipient", f"{RC}stakeholder-laboratory", "recipient", "CON-06"),
    ("record", f"{DPV}hasRecipient", None, "recipient", "CON-06"),
    ("record", f"{DPV}hasPersonalData", f"{RC}information-item-exercise-referral", "data", "CON-06"),
    ("record", f"{DPV}hasPersonalData", None, "data", "CON-06"),
    ("record", f"{DPV}hasPurpose", f"{DPV}Personalisation", None, None),  # broader than the flow's
    ("record", f"{DPV}hasPurpose", f"{DPV}Marketing", "purpose", "CON-07"),
    ("record", f"{DPV}hasPurpose", None, "purpose", "CON-07"),
    ("flow", f"{DPV}hasPurpose", None, "no-purpose", "CON-07"),
    ("flow", f"{DPV}hasPurpose", f"{DPV}Personalisation", "purpose", "CON-07"),
    ("record", f"{QE}grantedGranularity", duration("P1M"), "granularity", "CON-07"),
    ("record", f"{QE}grantedGranularity", None, None, None),
    ("flow", f"{QE}granularity", None, "no-granularity", "CON-07"),
    ("flow", f"{QE}granularity", duration("PT59.5S"), "granularity", "CON-07"),
    ("flow", f"{QE}granularity", duration("PT60S"), None, None),
    ("flow", f"{QE}granularity", duration("P1D"), None, None),
    ("record", f"{DPV}hasLegalBasis", f"{DPV}Consent", "rule", "CON-01"),
    ("flow", f"{QE}isCoveredByConsent", None, "missing", "CON-01"),
]


def test_command_and_shapes_say_the_same_of_each_mutant(clinic: Model) -> None:
    """Each mutant is a copy of one flow and its record, spoiled in one place; all are in one model."""
    flow = clinic.consent("RC-CONSENT-0001", at="2026-06-30").flows[0].flow.iri
    own = {"flow": ox.NamedNode(flow), "record": ox.NamedNode(READINGS_RECORD)}
    originals = {
        role: [quad for quad in clinic.quads("data", "inference") if quad.subject == node] for role, node in own.items()
    }
    added: list[ox.Quad] = []
    names = [f"{RC}mutant-{number}" for number in range(len(MUTANTS))]
    for name, (spoiled, predicate, value, _, _) in zip(names, MUTANTS, strict=True):
        copies = {role: ox.NamedNode(f"{name}-{role}") for role in own}
        renamed: dict[Any, Any] = {own[role]: copies[role] for role in own}
        for role, quads in originals.items():
            kept = [quad for quad in quads if (role, quad.predicate.value) != (spoiled, predicate)]
            added += [ox.Quad(copies[role], one.predicate, renamed.get(one.object, one.object)) for one in kept]
        if value is not None:
            added.append(quad_of(copies[spoiled], predicate, value))
    mutated = clinic.changed(Change(tuple(added)))
    judged = {one.flow.iri: one for one in mutated.consent(at="2026-06-30").flows}
    results = mutated.validate(at="2026-06-30", profiles=["generic"], engine="sparql").results
    about_consent = {"CON-01", "CON-06", "CON-07", "CON-08"}
    for name, (_, predicate, value, reason, rule) in zip(names, MUTANTS, strict=True):
        found = {one.rule for one in results if one.focus == f"{name}-flow" and one.rule in about_consent}
        told = {fault.why for fault in judged[f"{name}-flow"].faults}
        assert told == ({reason} if reason else set()), (predicate, value)
        # CON-01 also looks at what the record says, so a breach there may show twice.
        assert rule in found if rule else not found, (predicate, value, found)
        assert found <= {rule, "CON-01"}, (predicate, value, found)


def quad_of(subject: ox.NamedNode, predicate: str, value: str | ox.Literal) -> ox.Quad:
    return quad(subject.value, predicate, value)


# --- losses, against a search for a way from whoever has an item of its own -------------------------------

PLACES, ITEMS = ("p", "q", "r", "s"), ("a", "b", "c")


@st.composite
def supplies(draw: st.DrawFn) -> tuple[FlowGraph, frozenset[str]]:
    ends = st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES), st.sampled_from([("a",), ("b",), ("a", "c")]))
    edges = tuple(
        Flow(f"f{number}", source, target, items, (), "drawn")
        for number, (source, target, items) in enumerate(draw(st.lists(ends, min_size=1, max_size=8)))
    )
    steps = st.tuples(st.sampled_from(PLACES), st.sampled_from(ITEMS), st.sampled_from(ITEMS))
    elements = {one: Element(one, None, one, "", None) for one in (*PLACES, *ITEMS)}
    graph = FlowGraph(edges, frozenset(draw(st.sets(steps, max_size=5))), elements)
    return graph, frozenset(draw(st.sets(st.sampled_from([edge.iri for edge in edges]), min_size=1, max_size=2)))


def sources(graph: FlowGraph, place: tuple[str, str], gone: frozenset[str]) -> set[tuple[str, str]]:
    at, item = place
    brought = {(e.source, item) for e in graph.edges if e.target == at and item in e.items and e.iri not in gone}
    return brought | {(at, made_from) for where, made_from, made in graph.derivations if (where, made) == place}


def back_from(graph: FlowGraph, place: tuple[str, str], gone: frozenset[str]) -> set[tuple[str, str]]:
    found, todo = {place}, [place]
    while todo:
        for one in sources(graph, todo.pop(), gone) - found:
            found.add(one)
            todo.append(one)
    return found


@given(supplies())
@settings(derandomize=True, max_examples=120, deadline=None)
def test_lost_is_what_no_way_leads_to_from_its_own_source(case: tuple[FlowGraph, frozenset[str]]) -> None:
    graph, gone = case
    places = {(end, item) for e in graph.edges for end in (e.source, e.target) for item in e.items}
    places |= {(at, item) for at, *both in graph.derivations for item in both}

    def is_own(place: tuple[str, str]) -> bool:
        before = back_from(graph, place, frozenset())
        # It has no source, or everything it could come from comes from no source either, in a circle.
        return not sources(graph, place, frozenset()) or all(sources(graph, one, frozenset()) for one in before)

    own = {place for place in places if is_own(place)}
    lost = {place for place in places if not own & back_from(graph, place, gone)}
    found = find_losses(graph, gone)
    assert {(loss.participant, loss.item) for loss in found.lost} == lost
    assert set(found.starved) == {
        e.iri for e in graph.edges if e.iri not in gone and all((e.source, item) in lost for item in e.items)
    }
    # Reduced: not lost, and something that it came from before came by a flow that does not run any more.
    idle = gone | set(found.starved)
    reduced = {
        place
        for place in places - lost
        if any(
            one in lost or any(e.iri in idle and e.target == one[0] and one[1] in e.items for e in graph.edges)
            for one in back_from(graph, place, frozenset())
        )
    }
    assert {(loss.participant, loss.item) for loss in found.reduced} == reduced


# --- the command ------------------------------------------------------------------------------------------


def test_command(qe_kg: Run) -> None:
    done = qe_kg("consent", "SMV-03", "--at", "2026-06-30")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["at"] == "2026-06-30" and answer["profiles"] == ["generic"]
    assert {line for flow in answer["flows"] for line in flow["lines"]} >= {82, 83, 117}
    done = qe_kg("consent", "--withdraw", "RC-CONSENT-0001", "--model", CLINIC, "--format", "md", "--at", "2026-06-30")
    assert done.returncode == 0 and "| lost | Coaching Insights at WELL-01.3 |" in done.stdout


def test_command_says_what_is_wrong(qe_kg: Run) -> None:
    for arguments, message in (
        (("--at", "30.6.2026"), "no day of the calendar"),
        (("SMV-03", "--withdraw", "x"), "leave out NAME"),
        (("--withdraw", "nothing"), "there is no record 'nothing'"),
    ):
        done = qe_kg("consent", *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert message in done.stderr and "Traceback" not in done.stderr
