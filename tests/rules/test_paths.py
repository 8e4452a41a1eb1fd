"""The pass over payloads finds what a plain enumeration of all paths finds, on many small random networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.rules.paths import Edge, Hop, Question, find_paths

Found = dict[tuple[str, str], tuple[bool, int]]


def enumerate_paths(edges: list[Edge], question: Question) -> Iterator[tuple[Hop, ...]]:
    """Yield every path that comes to no (participant, item) twice: written to be read, not to be fast."""

    def go_on(at: str, item: str, path: tuple[Hop, ...], seen: frozenset[tuple[str, str]]) -> Iterator[tuple[Hop, ...]]:
        if at not in question.through:
            return
        for edge in edges:
            if edge.source != at or edge.flow in question.closed or edge.flow in question.only_first:
                continue
            for out in edge.items:
                step = (at, item, out)
                if item == out:
                    declared = True
                elif step in question.derived:
                    if step in question.ended:
                        continue
                    declared = True
                else:
                    if at in question.outside:
                        continue
                    declared = False
                further = (*path, Hop(edge.flow, declared))
                if edge.flow in question.ends:
                    yield further
                elif (edge.target, out) not in seen:
                    yield from go_on(edge.target, out, further, seen | {(edge.target, out)})

    for edge in edges:
        if edge.flow in question.closed:
            continue
        for item in set(question.starts.get(edge.flow, ())) & set(edge.items):
            first = (Hop(edge.flow, True),)
            if edge.flow in question.ends:
                yield first
            else:
                yield from go_on(edge.target, item, first, frozenset({(edge.target, item)}))


def best(paths: Iterator[tuple[Hop, ...]], least: int) -> Found:
    """For each (first, last): whether a path is declared throughout, and how many flows the shortest such one has."""
    found: Found = {}
    for path in paths:
        if len(path) < least:
            continue
        key, rank = (path[0].flow, path[-1].flow), (not all(hop.is_declared for hop in path), len(path))
        found[key] = min(found.get(key, rank), rank)
    return found


#: Paths begin at R, run through S, T and U, and end at N or anywhere else.
PLACES, ITEMS = "RSTUN", "ijk"
item, step = st.sampled_from(ITEMS), st.tuples(st.sampled_from("STU"), st.sampled_from(ITEMS), st.sampled_from(ITEMS))


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Edge], Question]:
    ways = ("RS", "RT", "SN", "SN", "TN", "ST", "TS", "TU", "US", "UN", "SS", "NS")
    drawn = draw(
        st.lists(st.tuples(st.sampled_from(ways), st.sets(item, min_size=1, max_size=2)), min_size=2, max_size=9)
    )
    edges = [Edge(f"f{number}", way[:1], way[1:], tuple(sorted(items))) for number, (way, items) in enumerate(drawn)]
    some = st.sets(st.sampled_from([edge.flow for edge in edges]), max_size=2)
    derived = draw(st.sets(step, max_size=10))
    question = Question(
        starts={edge.flow: ITEMS for edge in edges if edge.source == "R"}
        | {flow: draw(st.sets(item)) for flow in draw(some)},
        ends={edge.flow for edge in edges if edge.target == "N"} | draw(some),
        through=draw(st.sampled_from(("STU", "STU", "STU", "ST", "STUN"))),
        outside=draw(st.sampled_from(("", "", "S", "T", "SU"))),
        closed=draw(st.sets(st.sampled_from([edge.flow for edge in edges]), max_size=1)),
        only_first=draw(some),
        derived=derived,
        ended=draw(st.sets(st.sampled_from(sorted(derived)))) if derived else set(),
        least=draw(st.sampled_from((1, 2))),
    )
    return edges, question


@settings(max_examples=400, derandomize=True, deadline=None)
@given(networks())
def test_it_finds_what_an_enumeration_finds(network: tuple[list[Edge], Question]) -> None:
    edges, question = network
    found = list(find_paths(edges, question))
    assert best(iter(found), question.least) == best(enumerate_paths(edges, question), question.least)
    pairs = [(path[0].flow, path[-1].flow) for path in found]
    assert len(pairs) == len(set(pairs)), "one finding a pair"
    every = set(enumerate_paths(edges, question))
    assert set(found) <= every, "each is a path"


@settings(max_examples=60, derandomize=True, deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_flows_changes_nothing(network: tuple[list[Edge], Question], random: object) -> None:
    edges, question = network
    assert list(find_paths(edges, question)) == list(find_paths(edges[::-1], question))


def _hub(incoming: int, outgoing: int) -> tuple[list[Edge], Question]:
    edges = [Edge(f"in{number:05}", "R", "H", (f"i{number}",)) for number in range(incoming)]
    edges += [Edge(f"mid{number:05}", "H", f"S{number}", (f"m{number}",)) for number in range(outgoing)]
    edges += [Edge(f"back{number:05}", f"S{number}", "H", (f"b{number}",)) for number in range(outgoing)]
    edges.append(Edge("out", "H", "N", ("o",)))
    starts = {edge.flow: edge.items for edge in edges if edge.source == "R"}
    through = {"H", *(f"S{number}" for number in range(outgoing))}
    return edges, Question(starts=starts, ends={"out"}, through=through)


def test_the_work_grows_with_states_and_not_with_paths() -> None:
    """Every order of the spokes is a path: with 1,000 spokes, more than could ever be listed."""
    edges, question = _hub(3, 1000)
    assert list(find_paths(edges, question)) == [
        (Hop(f"in{number:05}", True), Hop("out", False)) for number in range(3)
    ]  # fmt: skip


def test_a_declared_path_goes_before_a_shorter_one_that_is_possible() -> None:
    edges = [
        Edge("a", "R", "S", ("i",)), Edge("b", "S", "T", ("i",)), Edge("c", "T", "S", ("j",)),
        Edge("z", "S", "N", ("j",)),
    ]  # fmt: skip
    question = Question(starts={"a": "i"}, ends={"z"}, through={"S", "T"})
    assert list(find_paths(edges, question)) == [(Hop("a", True), Hop("z", False))]
    declared = Question(starts={"a": "i"}, ends={"z"}, through={"S", "T"}, derived={("T", "i", "j")})
    assert list(find_paths(edges, declared)) == [tuple(Hop(flow, True) for flow in "abcz")]


def test_a_flow_that_one_item_cannot_take_is_open_to_another() -> None:
    edges = [Edge("a", "R", "S", ("i", "j")), Edge("z", "S", "N", ("k",))]
    question = Question(starts={"a": "ij"}, ends={"z"}, through="S", derived={("S", "i", "k")}, ended={("S", "i", "k")})
    assert list(find_paths(edges, question)) == [(Hop("a", True), Hop("z", False))]
    assert not list(find_paths(edges, replace(question, starts={"a": "i"})))
