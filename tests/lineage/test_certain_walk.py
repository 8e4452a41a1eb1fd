"""Walks of declared steps only, and walks that count stations, against a reference that knows no levels.

The reference says which items of which flows follow from the start by applying the sentence "an item travels on
where it is handed over again or something is made of it there" until nothing new follows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qe_kg.lineage import Direction, Filters, Flow, FlowGraph, Start, walk
from tests.lineage.test_walk_against_reference import EXTERNAL, ITEMS, PARTICIPANTS, Question, element, questions

thorough = settings(derandomize=True, max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
brief = settings(thorough, max_examples=100)
Followed = tuple[str, str | None]


@dataclass
class Reference:
    """Which (flow, item) pairs follow from the start by declared steps, and after how many flows at the soonest."""

    question: Question
    stations: bool = False

    def received_at(self, edge: Flow) -> set[str]:
        return {self.question.leads_to(edge), *(edge.stations if self.stations else ())}

    def given_at(self, edge: Flow) -> set[str]:
        return {self.question.entered_from(edge), *(edge.stations if self.stations else ())}

    def items_of(self, edge: Flow) -> list[str]:
        return [item for item in edge.items if self.question.item is None or item == self.question.item]

    def is_made(self, at: str, known: str, item: str) -> bool:
        derivation = (at, known, item) if self.question.direction == "downstream" else (at, item, known)
        return known == item or derivation in self.question.graph.derivations

    def soonest(self) -> dict[Followed, int]:
        question, allowed = self.question, self.question.allowed()
        found: dict[Followed, int] = {}
        for edge in allowed:
            if edge.iri in question.start.flows or self.given_at(edge) & question.start.participants:
                followed: list[str | None] = [*self.items_of(edge)]
                found |= {(edge.iri, item): 1 for item in followed or [None]}
        by_iri = {edge.iri: edge for edge in allowed}
        changed = True
        while changed:
            changed = False
            for (iri, known), hops in list(found.items()):
                places = {one for one in self.received_at(by_iri[iri]) if question.may_run_through(one)}
                for edge in allowed:
                    for at in places & self.given_at(edge):
                        for item in self.items_of(edge):
                            follows = known is not None and self.is_made(at, known, item)
                            if follows and found.get((edge.iri, item), hops + 2) > hops + 1:
                                found[edge.iri, item] = hops + 1
                                changed = True
        return found

    def reached(self) -> dict[str, int]:
        question = self.question
        by_iri = {edge.iri: edge for edge in question.graph.edges}
        least: dict[str, int] = {}
        for (iri, _), hops in self.soonest().items():
            if question.depth is None or hops <= question.depth:
                for participant in self.received_at(by_iri[iri]) - question.start.participants:
                    least[participant] = min(hops, least.get(participant, hops))
        return least


def filters_of(question: Question, *, certain: bool, stations: bool = False) -> Filters:
    return Filters(
        question.depth, question.basis, question.through_external,
        None if question.item is None else frozenset([question.item]), certain, question.zone, stations=stations,
    )  # fmt: skip


@given(questions())
@thorough
def test_certain_walk_reaches_what_declared_steps_reach(question: Question) -> None:
    answer = walk(question.graph, question.start, question.direction, filters_of(question, certain=True))
    expected = {
        participant: hops
        for participant, hops in Reference(question).reached().items()
        if question.zone is None or question.graph.elements[participant].zone == question.zone
    }
    assert {one.element.iri: one.hops for one in answer.reached} == expected
    by_iri = {edge.iri: edge for edge in question.graph.edges}
    for one in answer.reached:
        path = tuple(by_iri[iri] for iri in one.path)
        assert one.certainty == "declared" and len(path) == one.hops
        assert question.leads_to(path[-1]) == one.element.iri
        assert question.is_declared(path)
        assert path[0].iri in question.start.flows or question.entered_from(path[0]) in question.start.participants


@given(questions())
@brief
def test_what_is_declared_at_the_least_hops_is_reached_by_the_certain_walk_too(question: Question) -> None:
    plain = {one.element.iri: one for one in question.answer().reached}
    certain = walk(question.graph, question.start, question.direction, filters_of(question, certain=True)).reached
    assert {iri for iri, one in plain.items() if one.certainty == "declared"} <= {one.element.iri for one in certain}
    assert all(plain[one.element.iri].hops <= one.hops for one in certain if one.element.iri in plain)


@st.composite
def with_stations(draw: st.DrawFn) -> Question:
    question = draw(questions())
    known = [one for one in PARTICIPANTS if one in question.graph.elements]
    chosen = st.lists(st.sampled_from(known), max_size=2, unique=True)
    edges = tuple(replace(edge, stations=tuple(sorted(draw(chosen)))) for edge in question.graph.edges)
    return replace(question, graph=replace(question.graph, edges=edges))


@given(with_stations())
@brief
def test_stations_receive_and_hand_on(question: Question) -> None:
    options = filters_of(replace(question, zone=None), certain=True, stations=True)
    answer = walk(question.graph, question.start, question.direction, options)
    assert {one.element.iri: one.hops for one in answer.reached} == Reference(question, stations=True).reached()


@given(with_stations())
@brief
def test_without_the_option_stations_change_nothing(question: Question) -> None:
    bare = FlowGraph(
        tuple(replace(edge, stations=()) for edge in question.graph.edges),
        question.graph.derivations,
        question.graph.elements,
    )
    assert replace(question, graph=bare).answer().reached == question.answer().reached


# --- by hand -------------------------------------------------------------------------------------------------


def graph(edges: tuple[Flow, ...], *derivations: tuple[str, str, str]) -> FlowGraph:
    names = {end for edge in edges for end in (edge.source, edge.target, *edge.stations)} | {*ITEMS}
    return FlowGraph(edges, frozenset(derivations), {name: element(name) for name in names})


def start_at(name: str) -> Start:
    return Start((element(name),), frozenset([name]), frozenset())


def test_two_steps_that_are_declared_for_different_items_make_no_declared_path() -> None:
    """x goes from f1 into f2 and y from f2 into f3, but nothing of x gets into f3."""
    edges = (
        Flow("f1", "a", "b", ("x",), (), "drawn"),
        Flow("f2", "b", "c", ("x", "y"), (), "drawn"),
        Flow("f3", "c", "d", ("y",), (), "drawn"),
    )
    reached = walk(graph(edges), start_at("a"), "downstream").reached
    assert [(one.element.iri, one.certainty) for one in reached] == [
        ("b", "declared"), ("c", "declared"), ("d", "possible"),
    ]  # fmt: skip


def test_a_longer_way_is_shown_where_only_it_is_declared() -> None:
    edges = (
        Flow("f1", "a", "b", ("x",), (), "drawn"),
        Flow("f2", "b", "d", ("z",), (), "drawn"),
        Flow("f3", "b", "c", ("x",), (), "drawn"),
        Flow("f4", "c", "d", ("x",), (), "drawn"),
    )
    plain = walk(graph(edges), start_at("a"), "downstream").reached[-1]
    certain = walk(graph(edges), start_at("a"), "downstream", Filters(certain=True)).reached[-1]
    assert (plain.element.iri, plain.certainty, plain.path) == ("d", "possible", ("f1", "f2"))
    assert (certain.element.iri, certain.certainty, certain.path) == ("d", "declared", ("f1", "f3", "f4"))


def test_what_comes_back_changed_goes_on_from_where_it_was_before() -> None:
    """b sends x to c, gets y back that c made of it, and only y goes on to d."""
    edges = (
        Flow("f1", "a", "b", ("x",), (), "drawn"),
        Flow("f2", "b", "c", ("x",), (), "drawn"),
        Flow("f3", "c", "b", ("y",), (), "drawn"),
        Flow("f4", "b", "d", ("y",), (), "drawn"),
    )
    certain = walk(graph(edges, ("c", "x", "y")), start_at("a"), "downstream", Filters(certain=True)).reached
    assert [(one.element.iri, one.path) for one in certain if one.element.iri == "d"] == [
        ("d", ("f1", "f2", "f3", "f4"))
    ]


@pytest.mark.parametrize("direction", ["downstream", "upstream"])
def test_of_a_flow_asked_about_for_one_item_only_that_item_is_followed(direction: Direction) -> None:
    edges = (
        Flow("f1", "a", "b", ("x", "y"), (), "drawn"),
        Flow("f2", "b", "c", ("y",), (), "drawn"),
        Flow("f0", "z0", "a", ("y",), (), "drawn"),
    )
    start = Start((element("x"),), frozenset(), frozenset(["f1"]), {"f1": frozenset(["x"])})
    reached = walk(graph(edges), start, direction).reached
    assert [one.certainty for one in reached] == ["declared", "possible"]
    assert len(walk(graph(edges), start, direction, Filters(certain=True)).reached) == 1


def test_filters_by_type_and_zone_list_but_do_not_stop() -> None:
    edges = (Flow("f1", "a", "b", ("x",), (), "drawn"), Flow("f2", "b", "c", ("x",), (), "drawn"))
    known = graph(edges)
    elements = known.elements | {"c": replace(element("c", EXTERNAL), type="qe:Stakeholder")}
    known = replace(known, elements=elements)
    for filters in (Filters(types=frozenset(["qe:Stakeholder"])), Filters(zone=EXTERNAL)):
        answer = walk(known, start_at("a"), "downstream", filters)
        assert [(one.element.iri, one.hops) for one in answer.reached] == [("c", 2)]
        assert [flow.iri for flow in answer.flows] == ["f1", "f2"]
