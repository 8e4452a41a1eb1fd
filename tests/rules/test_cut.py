"""Cuts between zones: by hand on the shipped model, and against every way and every set of flows on small graphs.

The random examples are the same in every run; to search further, raise `max_examples` or set `derandomize=False`.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg import CallError, Model, UnknownNameError, open_model
from qe_kg.catalogue import Element
from qe_kg.change import Change
from qe_kg.lineage import Flow, FlowGraph
from qe_kg.rules.cut import STEPS, CutAnswer, Sides, Steps, find_cuts
from qe_kg.rules.payload import Payloads

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]
ID = "https://quantumenergy.example/id/flow-"
TELEMETRY = {"aov-04-smv-03-grid-telemetry", "aov-05-smv-03-pipeline-telemetry"}
CONDUIT = ("rcv-01-esv-04-customer-data", "esv-04-esv-01-analytics", "esv-01-ncv-01-strategic-guidance")


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model()


def sets_of(answer: CutAnswer) -> list[set[str]]:
    return [{one.flow.removeprefix(ID) for one in members} for members in answer.sets]


# --- the shipped model, by hand ---------------------------------------------------------------------------


def test_drawn_model_has_three_sets_of_three(model: Model) -> None:
    # Lines 78 and 79 cross directly; 97, 99 and 103 are the one way by the shared zone, to be broken anywhere.
    answer = model.cut(["regulated"], ["non-regulated"], basis="drawn")
    assert sets_of(answer) == [TELEMETRY | {flow} for flow in CONDUIT]
    assert (answer.size, answer.count, answer.is_complete) == (3, 3, True)
    ways = {one.flow.removeprefix(ID): one for one in answer.sets[1]}
    assert ways["esv-04-esv-01-analytics"].breaks == tuple(ID + flow for flow in CONDUIT)
    # Telemetry is read as restricted; that analytics and guidance hold customer data is said nowhere.
    assert {flow: one.certainty for flow, one in ways.items()} == {
        **dict.fromkeys(TELEMETRY, "declared"),
        "esv-04-esv-01-analytics": "possible",
    }
    assert {len(way) for way in answer.disjoint} == {1, 3}
    lines = {line for flow in answer.flows.values() for line in flow.lines}
    assert {78, 79, 97, 99, 103} <= lines


def test_whole_model_has_one_set_since_the_platform_serves_all(model: Model) -> None:
    # Line 138 has ESV-04 hand analytics to every value stream, so the way can only be broken before ESV-04.
    answer = model.cut(["regulated"], ["non-regulated"])
    assert sets_of(answer) == [TELEMETRY | {"rcv-01-esv-04-customer-data"}]


def test_declared_ways(model: Model) -> None:
    answer = model.cut(["regulated"], ["non-regulated"], steps="certain")
    assert sets_of(answer) == [TELEMETRY]
    # What kind of data it is is a reader's inference: without it nothing is known to be restricted.
    bare = open_model(include_inferences=False).cut(["regulated"], ["non-regulated"], steps="certain")
    assert (bare.size, bare.sets, bare.to_dict()["separated"]) == (0, (), True)


def test_without_a_set_no_rule_of_separation_finds_a_way(model: Model) -> None:
    before = {one.rule for one in model.conduits(date(2026, 6, 30))}
    assert "SEP-03" in before
    for basis in ("drawn", "all"):
        for members in model.cut(["regulated"], ["non-regulated"], basis=basis).sets:
            gone = {one.flow for one in members}
            if basis == "drawn":  # flows that only the prose states stay out of the question
                gone |= {flow.iri for flow in model.flow_graph.edges if not flow.is_of("drawn")}
            changed = model.changed(
                Change((), tuple(quad for quad in model.quads("data", "inference") if str(quad.subject)[1:-1] in gone))
            )
            assert not [one for one in changed.conduits(date(2026, 6, 30)) if one.rule == "SEP-03"]
            assert changed.cut(["regulated"], ["non-regulated"]).size == 0


def test_participants_as_sides(model: Model) -> None:
    answer = model.cut(["AOV-04"], ["SMV-03"], steps="plain", basis="drawn")
    direct, first, second = (
        "aov-04-smv-03-grid-telemetry",
        "aov-04-aov-05-grid-data",
        "aov-05-smv-03-pipeline-telemetry",
    )
    # By way of RCV-02 or RCV-03 only customers, who are external, and finance are reached.
    assert sets_of(answer) == [{direct, first}, {direct, second}]
    assert all(one.certainty is None for members in answer.sets for one in members)


def test_through_external_customers_are_a_way(model: Model) -> None:
    without = model.cut(["RCV-03"], ["NCV-01"], steps="plain", basis="drawn")
    assert model.cut(["RCV-03"], ["NCV-01"], basis="drawn").size == 0  # no declared step leads on from customers
    through = model.cut(["RCV-03"], ["NCV-01"], steps="plain", basis="drawn", through_external=True)
    assert without.size == 0  # finance hands nothing on in the diagram
    assert {"rcv-03-customers-bill-data"} in sets_of(through)


def test_a_stream_stands_for_its_stages() -> None:
    clinic = open_model(ROOT / "examples/riverside-clinic")
    by_stream = clinic.cut(["CARE-01"], ["WELL-01"], steps="plain")
    by_zone = clinic.cut(["regulated"], ["non-regulated"], steps="plain")
    assert sets_of(by_stream) == sets_of(by_zone) and by_zone.size == 2
    # The referral has a consent and a permission, and Health Trends are made of anonymized records.
    assert clinic.cut(["regulated"], ["non-regulated"], at=date(2026, 6, 1)).size == 0
    # After the consent's last day the permission still stands.
    assert clinic.cut(["regulated"], ["non-regulated"], at=date(2036, 1, 1)).size == 0


def test_wrong_calls(model: Model) -> None:
    with pytest.raises(CallError, match="AOV-04: on both sides"):
        model.cut(["regulated"], ["AOV-04"])
    with pytest.raises(UnknownNameError, match="nearest names are 'regulated'"):
        model.cut(["regulatd"], ["non-regulated"])
    with pytest.raises(CallError, match="steps is one of"):
        model.cut(["regulated"], ["non-regulated"], steps="all")
    with pytest.raises(CallError, match="at least one"):
        model.cut([], ["non-regulated"])


# --- small random graphs ----------------------------------------------------------------------------------

PARTICIPANTS = ("r1", "r2", "s1", "s2", "x", "n1")
ITEMS = ("a", "b", "c")
START, END = frozenset({"r1", "r2"}), frozenset({"n1"})


@dataclass(frozen=True)
class Case:
    graph: FlowGraph
    payloads: Payloads
    steps: Steps
    through_external: bool

    def answer(self, limit: int = 10_000) -> CutAnswer:
        return find_cuts(
            self.graph, self.payloads, Sides((), (), START, END), steps=self.steps,
            through_external=self.through_external, at=date(2026, 1, 1), limit=limit,
        )  # fmt: skip

    # The definition of a way, spelled out.

    def counts(self, flow: Flow) -> bool:
        if self.steps == "plain":
            return True
        if flow.iri in self.payloads.free | self.payloads.consented:
            return False
        return not (flow.iri in self.payloads.permitted and flow.source in START and flow.target in END)

    def begins(self, flow: Flow, item: str | None) -> bool:
        if flow.source not in START or flow.target in START:
            return False
        if self.steps == "plain" or flow.iri in self.payloads.holding or item in self.payloads.restricted:
            return True
        return self.steps == "possible" and (item is None or item in self.payloads.unclassified)

    def goes_on(self, at: str, came_in: str | None, goes_out: str | None) -> bool:
        is_outside = at == "x" and not self.through_external
        if self.steps == "plain":
            return not is_outside
        if came_in is not None and came_in == goes_out:
            return True
        ended = (at, came_in, goes_out) in self.graph.declassifying
        declared = (at, came_in, goes_out) in self.graph.derivations
        return not ended and (declared or (self.steps == "possible" and not is_outside))

    def ways(self) -> Iterator[frozenset[str]]:
        for flow in self.graph.edges:
            for item in flow.items or (None,):
                if self.counts(flow) and self.begins(flow, item):
                    yield from self.extended([(flow, item)])

    def extended(self, way: list[tuple[Flow, str | None]]) -> Iterator[frozenset[str]]:
        flow, came_in = way[-1]
        at = flow.target
        if at in END:
            yield frozenset(one.iri for one, _ in way)
            return
        if at in START:
            return
        for after in self.graph.edges:
            for item in after.items or (None,):
                is_new = after.source == at and (after, item) not in way
                if is_new and self.counts(after) and self.goes_on(at, came_in, item):
                    yield from self.extended([*way, (after, item)])

    def smallest_sets(self) -> set[frozenset[str]]:
        ways = set(self.ways())
        flows = sorted({flow for way in ways for flow in way})
        for size in range(len(flows) + 1):
            found = {frozenset(s) for s in combinations(flows, size) if all(way & set(s) for way in ways)}
            if found:
                return found
        raise AssertionError


@st.composite
def cases(draw: st.DrawFn, several: bool) -> Case:
    ends = st.tuples(st.sampled_from(PARTICIPANTS), st.sampled_from(PARTICIPANTS))
    pairs = draw(st.lists(ends, min_size=4, max_size=10 if several else 12))
    kinds = [("a",), ("b",), ("c",), ()] + ([("a", "b"), ("b", "c")] if several else [])
    edges = tuple(
        Flow(f"f{number:02}", source, target, draw(st.sampled_from(kinds)), (), "drawn")
        for number, (source, target) in enumerate(pairs)
    )
    some = st.sets(st.sampled_from([edge.iri for edge in edges]), max_size=2).map(frozenset)
    triples = st.sets(
        st.tuples(st.sampled_from(("s1", "s2", "x")), st.sampled_from(ITEMS), st.sampled_from(ITEMS)), max_size=6
    )
    derivations = frozenset(draw(triples))
    declassifying = frozenset(step for step in sorted(derivations) if draw(st.booleans()))
    external = "qev:zone-external"
    elements = {n: Element(n, None, n, "", external if n == "x" else None) for n in (*PARTICIPANTS, *ITEMS)}
    return Case(
        FlowGraph(edges, derivations, elements, declassifying),
        Payloads(
            restricted=frozenset({"a"}), unclassified=frozenset({"b"}), holding=draw(some), free=draw(some),
            permitted=draw(some), consented=draw(some),
        ),
        draw(st.sampled_from(STEPS)),
        draw(st.booleans()),
    )  # fmt: skip


def check(case: Case) -> None:
    expected = case.smallest_sets()
    answer = case.answer()
    assert {frozenset(one.flow for one in members) for members in answer.sets} == expected - {frozenset()}
    assert answer.count == len(answer.sets) and answer.is_complete
    ways = set(case.ways())
    for members in answer.sets:
        whole = {one.flow for one in members}
        for one in members:
            assert frozenset(one.breaks) in ways
            assert whole & set(one.breaks) == {one.flow}


@given(cases(several=False))
@settings(derandomize=True, max_examples=120, deadline=None)
def test_all_smallest_sets_where_a_flow_carries_one_item(case: Case) -> None:
    check(case)


@given(cases(several=True))
@settings(derandomize=True, max_examples=90, deadline=None)
def test_all_smallest_sets_where_flows_carry_several_items(case: Case) -> None:
    check(case)


# --- the command ------------------------------------------------------------------------------------------


def test_command_json_csv_and_drawing_agree(qe_kg: Run) -> None:
    done = qe_kg("cut", "--basis", "drawn", "--format", "json", "--at", "2026-11-25")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and (answer["size"], answer["count"], answer["complete"]) == (3, 3, True)
    rows = list(csv.DictReader(io.StringIO(qe_kg("cut", "--basis", "drawn", "--format", "csv").stdout)))
    by_set = [{row["flow"] for row in rows if row["set"] == str(number)} for number in (1, 2, 3)]
    assert by_set == [{one["flow"] for one in members["flows"]} for members in answer["sets"]]
    drawing = qe_kg("cut", "--basis", "drawn", "--format", "mermaid", "--set", "2").stdout
    assert "set 2 of 3" in drawing and drawing.count("opacity:0.4") == 1  # what is not cut is pale


def test_command_says_what_is_wrong(qe_kg: Run) -> None:
    for arguments, message in (
        (("--certain", "--plain"), "exclude each other"),
        (("--from", "regulatd"), "nearest names are 'regulated'"),
        (("--set", "9", "--format", "dot"), "there is no set 9"),
        (("--at", "tomorrow"), "does not match the format"),
    ):
        done = qe_kg("cut", *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert message in done.stderr and "Traceback" not in done.stderr
