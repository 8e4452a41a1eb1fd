"""The passes over payloads find what a plain enumeration of all paths finds, on many small random networks."""

from __future__ import annotations

import os
import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.rules.paths import Edge, Flows, Hop, Path, Step, Steps, Terrain, Those
from qe_kg.rules.search import Answer, Difference, Search

Rank = tuple[bool, int]


@dataclass(frozen=True)
class Land:
    """What paths run over, as plain sets."""

    edges: Collection[Edge]
    through: Collection[str]
    outside: Collection[str] = frozenset()
    closed: Collection[str] = frozenset()
    only_first: Collection[str] = frozenset()
    derived: Collection[Step] = frozenset()
    ended: Collection[Step] = frozenset()


@dataclass(frozen=True)
class Question:
    """What is asked of a terrain."""

    terrain: Land
    starts: Mapping[str, Collection[str]]
    ends: Collection[str]
    least: int = 2

    def search(self, **bounds: int) -> Search:
        land = self.terrain
        return Search(
            Terrain(
                Flows(land.edges), land.through, lambda flow: self.starts.get(flow, ()), self.ends, land.outside,
                land.closed, land.only_first, Steps(land.derived, land.ended), self.least,
            ), **bounds,
        )  # fmt: skip

    def answer(self, **bounds: int) -> Answer:
        answer = self.search(**bounds).answer
        return Answer(tuple(sorted(answer.paths, key=lambda path: (path[0].flow, path[-1].flow))), answer.is_whole)


def enumerate_paths(question: Question) -> Iterator[Path]:
    """Yield every path that comes to no (participant, item) twice: written to be read, not to be fast."""
    land = question.terrain

    def go_on(at: str, item: str, path: Path, seen: frozenset[tuple[str, str]]) -> Iterator[Path]:
        if at not in land.through:
            return
        for edge in land.edges:
            if edge.source != at or edge.flow in land.closed or edge.flow in land.only_first:
                continue
            for out in edge.items:
                step = (at, item, out)
                if item == out:
                    declared = True
                elif step in land.derived:
                    if step in land.ended:
                        continue
                    declared = True
                else:
                    if at in land.outside:
                        continue
                    declared = False
                further = (*path, Hop(edge.flow, declared))
                if edge.flow in question.ends:
                    yield further
                elif (edge.target, out) not in seen:
                    yield from go_on(edge.target, out, further, seen | {(edge.target, out)})

    for edge in land.edges:
        if edge.flow in land.closed:
            continue
        for item in set(question.starts.get(edge.flow, ())) & set(edge.items):
            first = (Hop(edge.flow, True),)
            if edge.flow not in question.ends:
                yield from go_on(edge.target, item, first, frozenset({(edge.target, item)}))
            elif question.least == 1:
                yield first


def rank(path: Path) -> Rank:
    """A declared path goes before one that is only possible, a short one before a long one."""
    return (not all(hop.is_declared for hop in path), len(path))


def best_of_pairs(paths: Iterable[Path]) -> dict[tuple[str, str], Rank]:
    found: dict[tuple[str, str], Rank] = {}
    for path in paths:
        key = (path[0].flow, path[-1].flow)
        found[key] = min(found.get(key, rank(path)), rank(path))
    return found


def best_of_ends(paths: Iterable[Path]) -> dict[str, Rank]:
    found: dict[str, Rank] = {}
    for path in paths:
        found[path[-1].flow] = min(found.get(path[-1].flow, rank(path)), rank(path))
    return found


#: Paths begin at R, run through S, T and U, and end at N or anywhere else.
ITEMS = "ijk"
item, step = st.sampled_from(ITEMS), st.tuples(st.sampled_from("STU"), st.sampled_from(ITEMS), st.sampled_from(ITEMS))
WAYS = ("RS", "RT", "SN", "SN", "TN", "ST", "TS", "TU", "US", "UN", "SS", "NS")


@st.composite
def questions(draw: st.DrawFn) -> Question:
    way = st.tuples(st.sampled_from(WAYS), st.sets(item, min_size=1, max_size=2))
    drawn = draw(st.lists(way, min_size=2, max_size=9))
    edges = [Edge(f"f{number}", way[0], way[1], tuple(sorted(items))) for number, (way, items) in enumerate(drawn)]
    some = st.sets(st.sampled_from([edge.flow for edge in edges]), max_size=2)
    derived = draw(st.sets(step, max_size=10))
    terrain = Land(
        edges=edges,
        through=draw(st.sampled_from(("STU", "STU", "STU", "ST", "STUN"))),
        outside=draw(st.sampled_from(("", "", "S", "T", "SU"))),
        closed=draw(st.sets(st.sampled_from([edge.flow for edge in edges]), max_size=1)),
        only_first=draw(some),
        derived=derived,
        ended=draw(st.sets(st.sampled_from(sorted(derived)))) if derived else set(),
    )
    return Question(
        terrain,
        starts={edge.flow: ITEMS for edge in edges if edge.source == "R"}
        | {flow: draw(st.sets(item)) for flow in sorted(draw(some))},
        ends={edge.flow for edge in edges if edge.target == "N"} | draw(some),
        least=draw(st.sampled_from((1, 2))),
    )


@settings(max_examples=120, derandomize=True, deadline=None)
@given(questions())
def test_they_find_what_an_enumeration_finds(question: Question) -> None:
    answer, every = question.answer(), set(enumerate_paths(question))
    assert best_of_pairs(answer.paths) == best_of_pairs(every)
    assert len(answer.paths) == len(best_of_pairs(every)), "one path a pair"
    assert set(answer.paths) <= every and answer.is_whole, "each is a path"


@settings(max_examples=120, derandomize=True, deadline=None)
@given(questions())
def test_two_passes_for_all_give_each_end_its_best_path_and_each_beginning_one(question: Question) -> None:
    answer, every = question.answer(pairs=0), set(enumerate_paths(question))
    assert set(answer.paths) <= every and len(answer.paths) == len(best_of_pairs(answer.paths))
    assert best_of_ends(answer.paths) == best_of_ends(every)
    assert {path[0].flow for path in answer.paths} == {path[0].flow for path in every}
    assert answer.is_whole == all(len(path) == 1 for path in every)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(questions(), st.sampled_from((0, 1000)))
def test_the_order_of_flows_changes_nothing(question: Question, pairs: int) -> None:
    turned = replace(question, terrain=replace(question.terrain, edges=list(question.terrain.edges)[::-1]))
    assert question.answer(pairs=pairs) == turned.answer(pairs=pairs)


def _hub(spokes: int, beginnings: int, endings: int) -> Question:
    """A hub with spokes that send back what they get: every order of the spokes is a path."""
    edges = [Edge(f"in{number:05}", "R", "H", (f"i{number}",)) for number in range(beginnings)]
    edges += [Edge(f"to{number:05}", "H", f"S{number}", (f"m{number}",)) for number in range(spokes)]
    edges += [Edge(f"back{number:05}", f"S{number}", "H", (f"b{number}",)) for number in range(spokes)]
    edges += [Edge(f"out{number:05}", "H", "N", (f"o{number}",)) for number in range(endings)]
    through = {"H", *(f"S{number}" for number in range(spokes))}
    starts = {edge.flow: edge.items for edge in edges if edge.source == "R"}
    return Question(Land(edges, through), starts, {edge.flow for edge in edges if edge.target == "N"})


def test_the_work_grows_with_states_and_not_with_paths() -> None:
    answer = _hub(1000, 3, 1).answer()
    assert answer.paths == tuple((Hop(f"in{number:05}", True), Hop("out00000", False)) for number in range(3))


def test_nobody_gets_more_pairs_than_can_be_read() -> None:
    """2,000 flows in and 2,000 out are four million pairs: each flow is on one path, and that is said."""
    answer = _hub(10, 2000, 2000).answer()
    assert not answer.is_whole and len(answer.paths) == 3999
    assert len({path[0] for path in answer.paths}) == len({path[-1] for path in answer.paths}) == 2000


def test_a_declared_path_goes_before_a_shorter_one_that_is_possible() -> None:
    edges = [
        Edge("a", "R", "S", ("i",)), Edge("b", "S", "T", ("i",)), Edge("c", "T", "S", ("j",)),
        Edge("z", "S", "N", ("j",)),
    ]  # fmt: skip
    question = Question(Land(edges, "ST"), {"a": "i"}, {"z"})
    assert question.answer().paths == ((Hop("a", True), Hop("z", False)),)
    declared = replace(question, terrain=replace(question.terrain, derived={("T", "i", "j")}))
    assert declared.answer().paths == (tuple(Hop(flow, True) for flow in "abcz"),)


def test_a_flow_that_one_item_cannot_take_is_open_to_another() -> None:
    edges = [Edge("a", "R", "S", ("i", "j")), Edge("z", "S", "N", ("k",))]
    terrain = Land(edges, "S", derived={("S", "i", "k")}, ended={("S", "i", "k")})
    question = Question(terrain, {"a": "ij"}, {"z"})
    for pairs in (0, 10):
        assert question.answer(pairs=pairs).paths == ((Hop("a", True), Hop("z", False)),)
        assert not replace(question, starts={"a": "i"}).answer(pairs=pairs).paths


def test_backwards_too_a_path_ends_where_it_ends_and_goes_on_where_it_goes_on() -> None:
    edges = [Edge("a1", "R", "S", ("j",)), Edge("a2", "R", "S", ("i",)), Edge("z1", "S", "N", ("k",))]
    edges.append(Edge("a3", "R", "S", ("i",)))
    terrain = Land(edges, "S", derived={("S", "i", "k")}, ended={("S", "i", "k")})
    question = Question(terrain, {"a1": "j", "a2": "i", "a3": "i"}, {"z1", "z2"})
    first = (Hop("a1", True), Hop("z1", False))
    assert question.answer(pairs=0).paths == (first,)
    wider = replace(question, terrain=replace(terrain, edges=[*edges, Edge("z2", "S", "N", ("m",))]))
    assert wider.answer(pairs=0).paths == (
        first, (Hop("a2", True), Hop("z2", False)), (Hop("a3", True), Hop("z2", False)),
    )  # fmt: skip


# --- after a change -------------------------------------------------------------------------------------------


class Live:
    """A terrain that changes: what is asked of it is what the question says at the time."""

    def __init__(self, question: Question, **bounds: int) -> None:
        self.question, land = question, question.terrain
        self._flows, self._steps = Flows(land.edges), Steps(land.derived, land.ended)
        self.search = Search(
            Terrain(
                self._flows,
                Those(lambda one: one in self.question.terrain.through),
                lambda flow: self.question.starts.get(flow, ()),
                Those(lambda flow: flow in self.question.ends),
                Those(lambda one: one in self.question.terrain.outside),
                Those(lambda flow: flow in self.question.terrain.closed),
                Those(lambda flow: flow in self.question.terrain.only_first),
                self._steps,
                question.least,
            ),
            **bounds,
        )

    def become(self, question: Question) -> Difference:
        before, after = self.question, replace(question, least=self.question.least)
        old, new = ({edge.flow: edge for edge in one.terrain.edges} for one in (before, after))
        places = {one for one in "RSTUN" if _is_as(one, before) != _is_as(one, after)}
        touched = [
            edge
            for edge in (*old.values(), *new.values())
            if old.get(edge.flow) != new.get(edge.flow)
            or {edge.source, edge.target} & places
            or _kind(edge.flow, before) != _kind(edge.flow, after)
        ]
        self.question = after
        for flow in {edge.flow for edge in touched}:
            self._flows.take(flow)
            if flow in new:
                self._flows.put(new[flow])
        land = after.terrain
        for place in places:
            self._steps.replace(
                place, [one for one in land.derived if one[0] == place], [one for one in land.ended if one[0] == place]
            )
        return self.search.update(touched)


def _is_as(place: str, question: Question) -> tuple[object, ...]:
    land = question.terrain
    steps = (frozenset(one for one in some if one[0] == place) for some in (land.derived, land.ended))
    return place in land.through, place in land.outside, *steps


def _kind(flow: str, question: Question) -> tuple[object, ...]:
    land = question.terrain
    begins = frozenset(question.starts.get(flow, ()))
    return flow in land.closed, flow in land.only_first, flow in question.ends, begins


def dense(choose: random.Random) -> Question:
    """Make a question with many ways, of which several are as short as each other."""
    edges = [
        Edge(f"f{number:02}", way[0], way[1], tuple(sorted(set(choose.choices("ij", k=choose.choice([1, 1, 2]))))))
        for number, way in enumerate(["RS", "RT", "RU", "RS", "UN", "TN", *choose.choices(WAYS, k=9)])
    ]
    steps = [(at, origin, made) for at in "STU" for origin, made in ("ij", "ji")]
    derived = {one for one in steps if choose.random() < 0.4}
    return Question(
        Land(
            edges,
            through="STU",
            outside=choose.choice(["", "", "S", "TU"]),
            closed=_some(choose, edges, 0.05),
            only_first=_some(choose, edges, 0.05),
            derived=derived,
            ended={one for one in sorted(derived) if choose.random() < 0.4},
        ),
        starts={edge.flow: "ij" for edge in edges if edge.source == "R"},
        ends={edge.flow for edge in edges if edge.target == "N"} | _some(choose, edges, 0.05),
        least=choose.choice([1, 2]),
    )


def _some(choose: random.Random, edges: Iterable[Edge], part: float) -> set[str]:
    return {edge.flow for edge in edges if choose.random() < part}


def edited(choose: random.Random, question: Question) -> Question:
    """Make a question that differs from one in some respect, mostly in one flow."""
    land, other = question.terrain, dense(choose)
    kind = choose.choice(["flow", "flow", "flow", "flow", "less", "starts", "ends", "land", "all"])
    if kind == "all":
        return other
    if kind == "flow":
        changed = choose.choice(list(other.terrain.edges))
        kept = [edge for edge in land.edges if edge.flow != changed.flow]
        starts = {flow: items for flow, items in question.starts.items() if flow != changed.flow}
        starts |= {changed.flow: "ij"} if changed.source == "R" else {}
        ends = {*question.ends, changed.flow} if changed.target == "N" else {*question.ends} - {changed.flow}
        return replace(question, terrain=replace(land, edges=[*kept, changed]), starts=starts, ends=ends)
    if kind == "less":
        gone = choose.choice(list(land.edges))
        return replace(question, terrain=replace(land, edges=[edge for edge in land.edges if edge != gone]))
    if kind == "starts":
        return replace(question, starts={**question.starts, **dict.fromkeys(_some(choose, land.edges, 0.2), "i")})
    if kind == "ends":
        return replace(question, ends={*question.ends} ^ _some(choose, land.edges, 0.1))
    names = choose.choice([("outside",), ("closed",), ("only_first",), ("derived", "ended"), ("ended",)])
    changed_land = replace(land, **{name: getattr(other.terrain, name) for name in names})
    return replace(question, terrain=replace(changed_land, ended=set(changed_land.ended) & set(changed_land.derived)))


EDITS = int(os.environ.get("QE_KG_EDITS", "6"))


@pytest.mark.parametrize("seed", range(4 * EDITS))
def test_after_a_change_they_are_what_a_search_from_the_start_finds(seed: int) -> None:
    choose = random.Random(seed)
    bounds = choose.choice([{}, {"pairs": 0}, {"work": 0}, {"pairs": 6}, {"work": 60}])
    live, differences = Live(dense(choose), **bounds), 0
    for _ in range(20):
        before = set(live.search.answer.paths)
        difference = live.become(edited(choose, live.question))
        afresh, now = live.question.search(**bounds).answer, live.search.answer
        assert (set(now.paths), now.is_whole) == (set(afresh.paths), afresh.is_whole)
        assert len(now.paths) == len(afresh.paths) == len(set(now.paths))
        assert not before & set(difference.come) and set(difference.gone) <= before
        assert before - set(difference.gone) | set(difference.come) == set(now.paths)
        differences += difference != Difference()
    assert differences
