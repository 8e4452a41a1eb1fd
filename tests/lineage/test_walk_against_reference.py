"""The walk against a plain reference that enumerates every path, over small random graphs.

The examples are the same in every run. A run that fails prints its question and fails the same way when it is
repeated; to search further, raise `max_examples` or set `derandomize=False`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qe_kg.catalogue import Element
from qe_kg.lineage import Direction, Flow, FlowGraph, Lineage, Start, walk

PARTICIPANTS = tuple("abcde")
ITEMS = ("x", "y", "z")
EXTERNAL = "qev:zone-external"

thorough = settings(derandomize=True, max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
brief = settings(thorough, max_examples=120)


# --- the reference ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """What `walk` is asked."""

    graph: FlowGraph
    start: Start
    direction: Direction
    depth: int | None
    basis: str
    through_external: bool
    zone: str | None
    item: str | None

    def answer(self) -> Lineage:
        return walk(
            self.graph,
            self.start,
            self.direction,
            depth=self.depth,
            basis=self.basis,
            through_external=self.through_external,
            zone=self.zone,
            item=self.item,
        )

    # In the order of the flow's information; upstream, a path meets the flows in the opposite order.

    def entered_from(self, edge: Flow) -> str:
        return edge.source if self.direction == "downstream" else edge.target

    def leads_to(self, edge: Flow) -> str:
        return edge.target if self.direction == "downstream" else edge.source

    def allowed(self) -> list[Flow]:
        return [
            edge
            for edge in self.graph.edges
            if (self.basis == "all" or edge.basis == "both" or edge.basis == self.basis)
            and (self.item is None or self.item in edge.items)
        ]

    def may_run_through(self, participant: str) -> bool:
        return self.through_external or self.graph.elements[participant].zone != EXTERNAL

    def next_items(self, items: set[str], one: Flow, following: Flow) -> set[str]:
        """Which items of the second flow are, or are made of, these items of the first (upstream: lead to them)."""
        at = one.target if self.direction == "downstream" else one.source
        found = set()
        for known in items:
            for item in following.items:
                derivation = (at, known, item) if self.direction == "downstream" else (at, item, known)
                if item == known or derivation in self.graph.derivations:
                    found.add(item)
        return found

    def is_declared(self, path: tuple[Flow, ...]) -> bool:
        """One item, or what is made of it step by step, goes along the whole path."""
        items = set(path[0].items)
        for i in range(len(path) - 1):
            items = self.next_items(items, path[i], path[i + 1])
            if not items:
                return False
        return True

    def every_path(self) -> Iterator[tuple[Flow, ...]]:
        """Yield every path that leads to no participant twice."""
        allowed = self.allowed()
        for edge in allowed:
            if edge.iri in self.start.flows or self.entered_from(edge) in self.start.participants:
                yield from self.extended((edge,), allowed)

    def extended(self, path: tuple[Flow, ...], allowed: list[Flow]) -> Iterator[tuple[Flow, ...]]:
        if self.depth is not None and len(path) > self.depth:
            return
        yield path
        here = self.leads_to(path[-1])
        if not self.may_run_through(here):
            return
        met = {self.leads_to(edge) for edge in path}
        for edge in allowed:
            if self.entered_from(edge) == here and self.leads_to(edge) not in met:
                yield from self.extended((*path, edge), allowed)

    def shortest_paths(self) -> dict[str, list[tuple[Flow, ...]]]:
        """For each participant that is reached and no start, all its shortest paths."""
        found: dict[str, list[tuple[Flow, ...]]] = {}
        for path in self.every_path():
            found.setdefault(self.leads_to(path[-1]), []).append(path)
        least = {participant: min(map(len, paths)) for participant, paths in found.items()}
        return {
            participant: [path for path in paths if len(path) == least[participant]]
            for participant, paths in found.items()
            if participant not in self.start.participants
        }


# --- small random graphs ------------------------------------------------------------------------------------


def element(name: str, zone: str | None = None) -> Element:
    return Element(name, None, name, "qe:Participant", zone)


def often(usual: str | None, *others: str | None) -> st.SearchStrategy[str | None]:
    """Draw the usual value about three times in four, so that most walks get far enough to be interesting."""
    return st.integers(0, 3).flatmap(lambda number: st.just(usual) if number else st.sampled_from(others))


@st.composite
def edges_among(draw: st.DrawFn, participants: tuple[str, ...]) -> tuple[Flow, ...]:
    """Up to nine flows: cycles, self-loops, parallel flows, flows with several items or none.

    Names are given in a drawn order, so that the first flow by name is not the first on the way.
    """
    number = draw(st.integers(0, 9))
    ends = st.tuples(st.sampled_from(participants), st.sampled_from(participants))
    drawn = draw(st.lists(ends, min_size=number, max_size=number))
    names = draw(st.permutations([f"f{index}" for index in range(number)]))
    edges = [
        Flow(
            name,
            source,
            target,
            draw(st.sampled_from([("x",), ("y",), ("z",), ("x", "y"), ()])),
            (),
            draw(often("both", "drawn", "stated", "none")) or "",
        )
        for name, (source, target) in zip(names, drawn, strict=True)
    ]
    return tuple(sorted(edges, key=lambda edge: edge.iri))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    participants = PARTICIPANTS[: draw(st.integers(1, len(PARTICIPANTS)))]
    edges = draw(edges_among(participants))
    number = draw(st.integers(0, 8))
    derivation = st.tuples(st.sampled_from(participants), st.sampled_from(ITEMS), st.sampled_from(ITEMS))
    zones = {name: draw(often("qev:zone-regulated", EXTERNAL, None)) for name in participants}
    graph = FlowGraph(
        edges,
        frozenset(draw(st.lists(derivation, min_size=number, max_size=number))),
        {name: element(name, zone) for name, zone in zones.items()} | {item: element(item) for item in ITEMS},
    )
    flows = [edge.iri for edge in edges]
    kind = draw(st.sampled_from(["participant", "participant", "flow", "both"] if flows else ["participant"]))
    start_participants = (
        draw(st.sets(st.sampled_from(participants), min_size=1, max_size=2)) if kind != "flow" else set()
    )
    start_flows = draw(st.sets(st.sampled_from(flows), min_size=1, max_size=2)) if kind != "participant" else set()
    return Question(
        graph,
        Start(
            tuple(element(name) for name in sorted(start_participants | start_flows)),
            frozenset(start_participants),
            frozenset(start_flows),
        ),
        direction=draw(st.sampled_from(["downstream", "upstream"])),
        depth=draw(st.sampled_from([None, None, None, None, 0, 1, 2, 3])),
        basis=draw(often("all", "drawn", "stated")) or "",
        through_external=draw(st.booleans()),
        zone=draw(often(None, "qev:zone-regulated", EXTERNAL)),
        item=draw(often(None, "x")),
    )


# --- the properties -----------------------------------------------------------------------------------------


@given(questions())
@thorough
def test_reached_order_hops_certainty_and_path(question: Question) -> None:
    expected = {
        participant: paths
        for participant, paths in question.shortest_paths().items()
        if question.zone is None or question.graph.elements[participant].zone == question.zone
    }
    answer = question.answer()
    in_order = sorted(expected, key=lambda participant: (len(expected[participant][0]), participant))
    assert [one.element.iri for one in answer.reached] == in_order
    for one in answer.reached:
        shortest = expected[one.element.iri]
        assert one.hops == len(shortest[0])
        is_declared = any(question.is_declared(path) for path in shortest)
        assert one.certainty == ("declared" if is_declared else "possible")
        allowed = [path for path in shortest if question.is_declared(path) == is_declared]
        assert one.path in {tuple(edge.iri for edge in path) for path in allowed}


@given(questions())
@brief
def test_edge_set_is_every_allowed_flow_among_start_and_reached(question: Question) -> None:
    answer = question.answer()
    shown = {one.element.iri for one in answer.reached} | question.start.participants
    on_paths = {flow for one in answer.reached for flow in one.path}
    expected = [
        edge
        for edge in question.allowed()
        if (edge.source in shown and edge.target in shown)
        or edge.iri in on_paths
        or (edge.iri in question.start.flows and question.depth != 0)
    ]
    assert list(answer.flows) == expected
    named = {end for flow in expected for end in (flow.source, flow.target, *flow.items)}
    assert named <= set(answer.elements)


@given(questions())
@brief
def test_upstream_in_the_reversed_graph_is_downstream(question: Question) -> None:
    graph = question.graph
    turned = FlowGraph(
        tuple(replace(edge, source=edge.target, target=edge.source) for edge in graph.edges),
        frozenset((at, made, made_from) for at, made_from, made in graph.derivations),
        graph.elements,
    )
    other: Direction = "upstream" if question.direction == "downstream" else "downstream"
    answer = question.answer()
    mirrored = replace(question, graph=turned, direction=other).answer()
    assert mirrored.reached == answer.reached
    assert [flow.iri for flow in mirrored.flows] == [flow.iri for flow in answer.flows]


@given(questions(), st.randoms(use_true_random=False))
@brief
def test_answer_does_not_depend_on_the_order_of_the_flows(question: Question, random: Random) -> None:
    edges = list(question.graph.edges)
    random.shuffle(edges)
    shuffled = replace(question, graph=replace(question.graph, edges=tuple(edges))).answer()
    assert shuffled.reached == question.answer().reached
    assert sorted(flow.iri for flow in shuffled.flows) == sorted(flow.iri for flow in question.answer().flows)


@given(questions(), st.integers(0, 4))
@brief
def test_more_depth_only_adds(question: Question, depth: int) -> None:
    bounded = replace(question, depth=depth).answer().reached
    unbounded = replace(question, depth=None).answer().reached
    assert bounded == tuple(one for one in unbounded if one.hops <= depth)


# --- a long way, which the reference could not enumerate -----------------------------------------------------


@pytest.mark.parametrize("direction", ["downstream", "upstream"])
def test_a_chain_of_thousands_of_flows_is_walked(direction: Direction) -> None:
    length = 3000
    names = [f"p{index:04}" for index in range(length + 1)]
    edges = tuple(Flow(f"f{i:04}", names[i], names[i + 1], ("x",), (), "drawn") for i in range(length))
    graph = FlowGraph(edges, frozenset(), {name: element(name) for name in (*names, "x")})
    first, last = (names[0], names[-1]) if direction == "downstream" else (names[-1], names[0])
    answer = walk(graph, Start((element(first),), frozenset((first,)), frozenset()), direction)
    assert (answer.reached[-1].element.iri, answer.reached[-1].hops) == (last, length)
    assert all(one.certainty == "declared" for one in answer.reached)
    assert len(answer.reached[-1].path) == length


def test_many_parallel_shortest_paths_do_not_slow_the_walk() -> None:
    stages, width = 60, 4  # 4 ** 60 shortest paths
    edges = tuple(
        Flow(f"f{stage:02}-{i}", f"p{stage:02}", f"p{stage + 1:02}", (f"x{i}",), (), "drawn")
        for stage in range(stages)
        for i in range(width)
    )
    names = {f"p{stage:02}" for stage in range(stages + 1)} | {f"x{i}" for i in range(width)}
    graph = FlowGraph(edges, frozenset(), {name: element(name) for name in names})
    answer = walk(graph, Start((element("p00"),), frozenset(("p00",)), frozenset()), "downstream")
    assert answer.reached[-1].hops == stages
    assert answer.reached[-1].certainty == "declared"


def test_the_declared_one_of_two_shortest_paths_is_shown() -> None:
    """The first path by name is possible only; the second, through the same participants, is declared."""
    edges = (
        Flow("f1", "a", "b", ("x",), (), "drawn"),
        Flow("f2", "a", "b", ("y",), (), "drawn"),
        Flow("f3", "b", "c", ("z",), (), "drawn"),
    )
    graph = FlowGraph(edges, frozenset({("b", "y", "z")}), {name: element(name) for name in "abcxyz"})
    reached = walk(graph, Start((element("a"),), frozenset("a"), frozenset()), "downstream").reached
    assert [(one.element.iri, one.certainty, one.path) for one in reached] == [
        ("b", "declared", ("f1",)),
        ("c", "declared", ("f2", "f3")),
    ]


def test_a_path_is_declared_only_if_every_step_is() -> None:
    """The second step of the long path hands over the same item again, but the first declares nothing."""
    edges = (
        Flow("f1", "a", "b", ("x",), (), "drawn"),
        Flow("f2", "b", "c", ("z",), (), "drawn"),
        Flow("f3", "c", "d", ("z",), (), "drawn"),
    )
    graph = FlowGraph(edges, frozenset(), {name: element(name) for name in "abcdxz"})
    reached = walk(graph, Start((element("a"),), frozenset("a"), frozenset()), "downstream").reached
    assert [one.certainty for one in reached] == ["declared", "possible", "possible"]


def test_a_derivation_counts_upstream_as_it_does_downstream() -> None:
    edges = (Flow("f1", "a", "b", ("x",), (), "drawn"), Flow("f2", "b", "c", ("y",), (), "drawn"))
    elements = {name: element(name) for name in "abcxy"}
    for derivation, certainty in ((("b", "x", "y"), "declared"), (("b", "y", "x"), "possible")):
        graph = FlowGraph(edges, frozenset({derivation}), elements)
        reached = walk(graph, Start((element("c"),), frozenset("c"), frozenset()), "upstream").reached
        assert [one.certainty for one in reached] == ["declared", certainty]


def test_a_derivation_elsewhere_declares_nothing() -> None:
    edges = (Flow("f1", "a", "b", ("x",), (), "drawn"), Flow("f2", "b", "c", ("y",), (), "drawn"))
    graph = FlowGraph(
        edges, frozenset({("a", "x", "y"), ("c", "x", "y"), ("b", "y", "x")}), {name: element(name) for name in "abcxy"}
    )
    reached = walk(graph, Start((element("a"),), frozenset("a"), frozenset()), "downstream").reached
    assert [one.certainty for one in reached] == ["declared", "possible"]
