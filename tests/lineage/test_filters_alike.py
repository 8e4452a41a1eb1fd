"""Each filter means the same to every question of lineage: the answer is that of the flows and participants left.

What is left is worked out by the plain reference of test_walk_against_reference.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qe_kg import CallError, Model, UnknownNameError, open_model
from qe_kg.catalogue import Element
from qe_kg.cli import qe_kg
from qe_kg.lineage import Filters, FlowGraph, Start, walk
from qe_kg.lineage.changes import KINDS, Kind, change_impact
from qe_kg.lineage.paths import simple_paths
from qe_kg.lineage.records import FlowRecords
from qe_kg.lineage.structure import structure_of
from qe_kg.lineage.what_if import compared_reach
from tests.lineage.test_walk_against_reference import EXTERNAL, PARTICIPANTS, Question, questions

ROOT = Path(__file__).resolve().parents[2]
brief = settings(derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STAKEHOLDER = "qe:Stakeholder"
TELEMETRY = "qed:flow-aov-04-smv-03-grid-telemetry"


@dataclass(frozen=True)
class Case:
    """A question about flows downstream, of which every second participant is a stakeholder, and its filters."""

    question: Question
    certain: bool
    type: str | None

    @property
    def graph(self) -> FlowGraph:
        return self.question.graph

    @property
    def filters(self) -> Filters:
        asked = self.question
        items = None if asked.item is None else frozenset([asked.item])
        types = None if self.type is None else frozenset([self.type])
        return Filters(asked.depth, asked.basis, asked.through_external, items, self.certain, asked.zone, types)

    @property
    def others(self) -> Filters:
        """The filters but those that say which flows and which participants are left."""
        return replace(self.filters, basis="all", items=None, zone=None, types=None)

    def left(self) -> FlowGraph:
        """The flows that are left, with the items that are."""
        item = self.question.item
        edges = [replace(edge, items=edge.items if item is None else (item,)) for edge in self.question.allowed()]
        return replace(self.graph, edges=tuple(edges))

    def is_left(self, element: Element) -> bool:
        zone = self.question.zone
        return (zone is None or element.zone == zone) and (self.type is None or element.type == self.type)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    question = draw(questions())
    elements = {
        iri: replace(one, type=STAKEHOLDER) if iri in PARTICIPANTS[::2] else one
        for iri, one in question.graph.elements.items()
    }
    question = replace(question, graph=replace(question.graph, elements=elements), direction="downstream")
    is_typed = draw(st.sampled_from([False, False, True]))
    return Case(question, draw(st.booleans()), STAKEHOLDER if is_typed else None)


@given(cases())
@brief
def test_structure_is_that_of_what_is_left(case: Case) -> None:
    outsiders = frozenset(PARTICIPANTS[:3])
    found = structure_of(case.graph, outsiders, case.filters)
    plain = structure_of(case.left(), outsiders, Filters(through_external=case.question.through_external))
    for name in ("points_of_failure", "commingling"):
        expected = [one for one in getattr(plain, name) if case.is_left(one.element)]
        assert list(getattr(found, name)) == expected
    for name in ("sinks", "sources"):
        assert list(getattr(found, name)) == [one for one in getattr(plain, name) if case.is_left(one)]
    for name in ("loops", "islands"):
        assert list(getattr(found, name)) == [part for part in getattr(plain, name) if any(map(case.is_left, part))]
    assert [[hop.flow.iri for hop in one.flows] for one in found.bridges] == [
        [hop.flow.iri for hop in one.flows] for one in plain.bridges
        if case.is_left(one.flows[0].source) or case.is_left(one.flows[0].target)
    ]  # fmt: skip


@given(cases())
@brief
def test_exposures_are_impacts_of_the_regulated_zone(case: Case) -> None:
    regulated = frozenset(
        end for edge in case.question.allowed() for end in (edge.source, edge.target)
        if case.graph.elements[end].zone == "qev:zone-regulated"
    )  # fmt: skip
    found = structure_of(case.graph, PARTICIPANTS, case.filters).exposures
    asked = [replace(case.filters, certain=certain) for certain in ([True] if case.certain else [False, True])]
    expected: dict[str, tuple[int, str]] = {}
    for filters in asked:  # what is declared comes last, and stays
        answer = walk(case.graph, Start((), regulated, frozenset()), "downstream", filters)
        expected |= {one.element.iri: (one.hops, one.certainty) for one in answer.reached}
    assert {one.target.iri: (len(one.path), one.certainty) for one in found} == expected


@given(cases())
@brief
def test_there_is_a_path_to_whom_an_impact_reaches(case: Case) -> None:
    question = case.question
    # A path does not come back to where its first flow begins, as an impact of that flow may: start at participants.
    start = Start((), question.start.participants or frozenset("a"), frozenset())
    answer = walk(case.graph, start, "downstream", replace(case.filters, certain=False))
    expected = {one.element.iri: one.hops for one in answer.reached}
    bound = len(PARTICIPANTS) if question.depth is None else question.depth
    for goal in set(case.graph.elements).intersection(PARTICIPANTS) - start.participants:
        paths = simple_paths(
            case.graph, start, {goal}, replace(case.filters, certain=False), max_hops=bound
        )  # fmt: skip
        first = next(paths, None)
        assert (None if first is None else len(first[0])) == expected.get(goal)
    both = set(PARTICIPANTS[:2]).intersection(case.graph.elements)
    every = simple_paths(case.graph, start, both, case.others, max_hops=bound)
    some = simple_paths(case.graph, start, both, replace(case.others, types=frozenset([STAKEHOLDER])),
                        max_hops=bound)  # fmt: skip
    ends = [path for path in every if path[0][-1].target in PARTICIPANTS[::2]]
    assert list(some) == ends


@given(cases(), st.sampled_from(KINDS))
@brief
def test_a_change_goes_along_what_is_left(case: Case, kind: Kind) -> None:
    records = FlowRecords(frozenset(["f0", "f2", "f4"]), frozenset(["f1"]), frozenset("xy"), frozenset(["f3"]))
    found = change_impact(case.graph, records, kind, case.question.start, case.filters)
    plain = change_impact(case.left(), records, kind, case.question.start, case.others)
    expected = [
        (one.element.iri, one.hops, one.certainty, one.path, effect.text)
        for one, effect in zip(plain.lineage.reached, plain.effects, strict=True) if case.is_left(one.element)
    ]  # fmt: skip
    assert [
        (one.element.iri, one.hops, one.certainty, one.path, effect.text)
        for one, effect in zip(found.lineage.reached, found.effects, strict=True)
    ] == expected


@given(cases())
@brief
def test_what_if_compares_whom_what_is_left_leads_to(case: Case) -> None:
    case = replace(case, certain=False)
    moved = {"b": replace(case.graph.elements["b"], zone=EXTERNAL)} if "b" in case.graph.elements else {}
    after = replace(case.graph, edges=case.graph.edges[1:], elements=case.graph.elements | moved)
    starts = sorted(set(case.graph.elements).intersection(PARTICIPANTS))
    expected: list[dict[tuple[str, str], int]] = []
    for graph in (case.graph, after):
        asked = [replace(case.question, graph=graph, start=Start((), frozenset([one]), frozenset())) for one in starts]
        expected.append({
            (start, end): len(paths[0])
            for start, question in zip(starts, asked, strict=True)
            for end, paths in question.shortest_paths().items()
            if case.is_left(case.graph.elements[end]) or case.is_left(after.elements[end])
        })  # fmt: skip
    found = compared_reach((case.graph, after), starts, case.filters)
    assert [{pair: hops for pair, (hops, _) in reach.items()} for reach in found] == expected


# --- the commands -----------------------------------------------------------------------------------------------


@cache
def model() -> Model:
    return open_model(ROOT / "data" / "quantum-energy")


def options(command: str) -> dict[str, Any]:
    """The options of a command by name, as they are described."""
    context = qe_kg.make_context("qe-kg", ["--help"], resilient_parsing=True)
    found = qe_kg.get_command(context, command)
    assert found is not None
    return {one.name or "": one.to_info_dict() for one in found.params}


FILTERS = ("depth", "basis", "through_external", "certain", "stations", "item", "concept", "zone", "type")


@pytest.mark.parametrize(
    ("command", "without"),
    [("impact", ()), ("trace", ()), ("whatif", ()), ("structure", ("stations",)), ("paths", ("depth", "stations"))],
)
def test_every_command_takes_the_same_filters(command: str, without: tuple[str, ...]) -> None:
    usual, found = options("impact"), options(command)
    assert {name: found.get(name) for name in FILTERS if name not in without} == {
        name: usual[name] for name in FILTERS if name not in without
    }
    assert not set(without) & set(found)
    if command == "paths":  # a bound on paths is always there
        assert found["max_hops"]["opts"] == ["--max-hops", "--depth"]


def run(*arguments: str) -> Any:
    done = CliRunner().invoke(qe_kg, [*arguments, "--format", "json", "--model", str(ROOT / "data" / "quantum-energy")])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_the_commands_hand_the_filters_on() -> None:
    narrowed = run("structure", "--item", "AMI Reads", "--zone", "regulated", "--depth", "2")
    assert narrowed == model().structure(item="AMI Reads", zone="regulated", depth=2).to_dict()
    flows = {flow.iri for flow in model().flow_graph.edges if "AMI Reads" in {
        model().flow_graph.elements[item].label for item in flow.items}}  # fmt: skip
    assert {hop["flow"] for one in narrowed["bridges"] for hop in one["flows"]} <= flows and narrowed["bridges"]
    # Line 78 is the only direct way from AOV-04 to SMV-03, which is not regulated.
    differing = run("whatif", "--remove", TELEMETRY, "--zone", "non-regulated", "--depth", "1")["reach"]
    assert [(one["from"][-6:], one["to"][-6:]) for one in differing["lost"]] == [("aov-04", "smv-03")]
    assert run("paths", "AOV-04", "SMV-03", "--depth", "1", "--zone", "regulated")["paths"] == []
    direct = model().paths("AOV-04", "SMV-03", depth=1, zone="non-regulated")
    assert direct.max_hops == 1 and direct == model().paths("AOV-04", "SMV-03", max_hops=1) and len(direct.found) == 1


def test_an_item_that_is_assumed_may_be_followed(tmp_path: Path) -> None:
    new = tmp_path / "new.ttl"
    new.write_text("""\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qed: <https://quantumenergy.example/id/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
qed:information-item-new a qe:InformationItem ; skos:prefLabel "New Item"@en .
qed:flow-new a qe:InformationFlow ; skos:prefLabel "New"@en ;
    qe:hasSource qed:value-stream-rcv-01 ; qe:hasTarget qed:value-stream-ncv-01 ; qe:carries qed:information-item-new .
""")
    answer = model().what_if(add=[new], item="New Item")
    assert [(one.start.code, one.end.code) for one in answer.gained] == [("RCV-01", "NCV-01")]
    assert (answer.before.flows, answer.after.flows) == (0, 1)
    with pytest.raises(UnknownNameError, match="New Item"):
        model().what_if(remove=[TELEMETRY], item="New Item")


def test_where_a_filter_means_nothing_it_is_refused() -> None:
    for ask in (
        lambda: model().structure(stations=True),
        lambda: model().paths("AOV-04", "SMV-03", stations=True),
        lambda: model().change_impact("stop", "AOV-04", stations=True),
    ):
        with pytest.raises(CallError, match="stations"):
            ask()
