"""The examples of docs/explanation/change-kinds.md are true, and so is what the document says of all graphs."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from qe_kg import CallError, Model, open_model
from qe_kg.catalogue import Element
from qe_kg.cli import qe_kg
from qe_kg.lineage import Filters, Flow, FlowGraph, Start, walk
from qe_kg.lineage.changes import KINDS, ChangeAnswer, Kind, change_impact
from qe_kg.lineage.records import FlowRecords
from tests.docs import console
from tests.lineage.test_certain_walk import brief
from tests.lineage.test_walk_against_reference import Question, questions

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "change-kinds.md"
QUANTUM_ENERGY = ROOT / "data" / "quantum-energy"
EXAMPLES = [block for block in console.blocks(PAGE) if block.language == "change"]
FLOW = re.compile(r"(.+) -- (.+) --> ([^(]+?)(?: \((.+)\))?")
MADE = re.compile(r"(.+) makes (.+) from (.+?)(?: by (.+))?")
COMMAND = re.compile(rf"({'|'.join(KINDS)}) (.+)")


class Example:
    """A block of the page: flows, derivations, a change, and below it all that follows."""

    def __init__(self, text: str) -> None:
        flows: list[Flow] = []
        latency: dict[str, str] = {}
        steps: set[tuple[str, str, str]] = set()
        free: set[tuple[str, str, str]] = set()
        restricted: set[str] = set()
        lines = iter(text.strip().split("\n"))
        for line in lines:
            if (found := COMMAND.fullmatch(line)) is not None:
                self.kind: Kind = next(kind for kind in KINDS if kind == found[1])
                self.what = found[2]
                break
            if (found := FLOW.fullmatch(line)) is not None:
                flow = Flow(f"f{len(flows):02}", found[1], found[3], (found[2],), (), "drawn")
                flows.append(flow)
                latency[flow.iri] = found[4] or ""
            elif (found := MADE.fullmatch(line)) is not None:
                made = {(found[1], item, found[2]) for item in found[3].split(" and ")}
                steps |= made
                free |= made if found[4] in ("aggregate", "anonymize", "publish") else set()
            else:
                restricted.add(line.removesuffix(" is restricted"))
        self.expected = list(lines)
        names = {end for flow in flows for end in (flow.source, flow.target, *flow.items)}
        elements = {name: Element(name, None, name, "qe:Participant", None) for name in names}
        self.graph = FlowGraph(tuple(flows), frozenset(steps), elements, frozenset(free))
        self.records = FlowRecords(
            frozenset(iri for iri, name in latency.items() if name in ("real-time", "near-real-time")),
            frozenset(iri for iri, name in latency.items() if name == "batch"),
            frozenset(restricted),
            frozenset(),
        )

    def start(self) -> Start:
        carrying = {flow.iri: frozenset([self.what]) for flow in self.graph.edges if self.what in flow.items}
        participants = frozenset() if carrying else frozenset([self.what])
        return Start((self.graph.elements[self.what],), participants, frozenset(carrying), carrying)


def told(answer: ChangeAnswer) -> list[str]:
    effects = zip(answer.lineage.reached, answer.effects, strict=True)
    sure = [f"{effect.element.name} {effect.text}" for one, effect in effects if one.certainty == "declared"]
    effects = zip(answer.lineage.reached, answer.effects, strict=True)
    possible = [
        f"possibly {effect.element.name} {effect.text}" for one, effect in effects if one.certainty == "possible"
    ]
    return [*sure, *possible, *(f"spared {one.element.name} {one.text}" for one in answer.spared)]


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: f"line {block.line}")
def test_the_examples_of_the_page_are_true(block: console.Block) -> None:
    example = Example(block.body)
    answer = change_impact(example.graph, example.records, example.kind, example.start(), Filters())
    assert told(answer) == example.expected


def test_the_page_has_examples_of_all_kinds() -> None:
    assert {Example(block.body).kind for block in EXAMPLES} == set(KINDS)


# --- what holds of all graphs -----------------------------------------------------------------------------------


def asked(question: Question, kind: Kind, *, certain: bool = False) -> ChangeAnswer:
    records = FlowRecords(frozenset(), frozenset(), frozenset("x"), frozenset())
    return change_impact(question.graph, records, kind, question.start, Filters(certain=certain))


@given(questions(), st.sampled_from(["stop", "delay", "reclassify", "lift"]))
@brief
def test_nothing_is_affected_that_an_impact_does_not_reach(question: Question, kind: Kind) -> None:
    everything = {one.element.iri for one in walk(question.graph, question.start, "downstream", Filters()).reached}
    answer = asked(question, kind).lineage
    assert {one.element.iri for one in answer.reached} <= everything
    edges = {edge.iri: edge for edge in question.graph.edges}
    for one in answer.reached:
        path = [edges[iri] for iri in one.path]
        assert path[-1].target == one.element.iri and len(path) == one.hops
        assert all(before.target == after.source for before, after in pairwise(path))


@given(questions(), st.sampled_from(KINDS))
@brief
def test_certain_is_the_sure_part_of_the_answer(question: Question, kind: Kind) -> None:
    sure = [one for one in asked(question, kind).lineage.reached if one.certainty == "declared"]
    assert [one.element.iri for one in sure] == [
        one.element.iri for one in asked(question, kind, certain=True).lineage.reached
    ]


@given(questions())
@brief
def test_a_sure_stop_starves_where_every_flow_that_brought_an_item_is_lost(question: Question) -> None:
    """Whoever surely goes without something gets it from no flow that leads there from an unaffected maker."""
    answer = asked(question, "stop", certain=True)
    affected = {one.element.iri for one in answer.lineage.reached} | question.start.participants
    allowed = [edge for edge in question.graph.edges if edge.items]
    for effect in answer.effects:
        for item in effect.text.removeprefix("goes without ").split(", "):
            own = [
                edge for edge in allowed
                if edge.target == effect.element.iri and item in edge.items and edge.source not in affected
                and edge.iri not in question.start.flows
            ]  # fmt: skip
            assert not own, f"{effect.element.iri} still gets {item} from {own}"


# --- the document, by hand --------------------------------------------------------------------------------------


@cache
def model() -> Model:
    return open_model(QUANTUM_ENERGY)


def reached(kind: str, *names: str, **options: Any) -> list[tuple[str, str]]:
    answer = model().change_impact(kind, *names, **options)
    return [
        (one.code or one.element.label, effect.text)
        for one, effect in zip(answer.lineage.reached, answer.effects, strict=True)
    ]


def test_when_electric_delivery_stops_gas_delivery_still_brings_ami_reads() -> None:
    """Lines 76 and 77: both deliveries send AMI reads to RCV-03. Outage info (84, 123) comes from both as well, but
    operational data (75) and grid telemetry (78) from AOV-04 alone, and grid data (74) as well."""
    answer = model().change_impact("stop", "AOV-04", basis="drawn", certain=True)
    assert {(one.element.code, one.text) for one in answer.spared} >= {("RCV-03", "still gets AMI Reads from AOV-05")}
    assert set(reached("stop", "AOV-04", basis="drawn", certain=True)) == {
        ("AOV-05", "goes without Grid Data"),
        ("RCV-02", "goes without Operational Data, Outage Info"),
        ("SMV-03", "goes without Grid Telemetry"),
    }


def test_when_meter_readings_stop_customers_get_no_bills() -> None:
    """Line 122: bills are made from meter readings, which AMI systems alone send."""
    assert reached("stop", "AMI systems", certain=True) == [
        ("RCV-03", "goes without Meter Readings"),
        ("Customers", "goes without Bill Data"),
    ]


def test_a_new_definition_of_a_meter_reading_concerns_both_deliveries() -> None:
    """Inferred: AMI reads are about meter readings too; the text has AMI systems send meter readings (122)."""
    sure = {code for code, _ in reached("redefine", "Meter Reading", certain=True)}
    assert sure == {"RCV-03", "AMI systems", "AOV-04", "AOV-05"}


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(CallError, match="stop, delay"):
        model().change_impact("explode", "AOV-04")


def test_table_json_and_drawing_are_of_one_answer() -> None:
    def run(form: str) -> str:
        arguments = ["impact", "AMI systems", "--change", "stop", "--format", form, "--model", str(QUANTUM_ENERGY)]
        done = CliRunner().invoke(qe_kg, arguments, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    document = json.loads(run("json"))
    answer = model().change_impact("stop", "AMI systems")
    assert document == answer.to_dict()
    assert document["change"] == "stop" and all(one["effect"] for one in document["reached"])
    rows = run("csv").splitlines()
    assert len(rows) == 1 + len(document["reached"])
    table, drawing = run("table"), run("mermaid")
    for one in answer.lineage.reached:
        assert one.element.name in table and one.element.name in drawing
    assert "goes without Meter Readings" in table
