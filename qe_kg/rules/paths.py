"""Paths along which information can get from one place to another, over what flows carry and not over flows alone.

A *state* is an item at a participant. A path begins with a flow that brings an item to a participant; there a *step*
leads on to a flow out of it:

* the same item is handed on: the step is **declared**;
* a derivation at the participant makes the outgoing item from the one that came in: declared, unless it is of a kind
  at which the path ends;
* nothing is said about the two items: the step is **possible**.

A breadth-first pass goes over the states that can be reached, first by declared steps alone, then by all. A
participant's flows are taken off its list once they are reached, so a pass costs as much as there are states and flows
within its reach, however many paths there are. One pass is made from each flow that can begin a path. Where that would
take too long, or give more pairs than anybody reads, two passes do for all: one from all beginnings at once, which
gives each end a path, and one backwards from all ends, which gives each beginning one.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

#: (participant, item that comes in, item that goes out)
Step = tuple[str, str, str]
_State = tuple[str, str]
Path = tuple["Hop", ...]

#: Steps that passes from single beginnings may look at, and pairs that they may give, before all is done in two.
MOST_WORK = 1_000_000
MOST_PAIRS = 1_000


class Edge(NamedTuple):
    """One flow: its name, the participants at its ends, and the items that it carries."""

    flow: str
    source: str
    target: str
    items: tuple[str, ...]


class Hop(NamedTuple):
    """One flow of a path; whether the step that leads to it is declared (that to the first always is)."""

    flow: str
    is_declared: bool


class _Arc(NamedTuple):
    flow: str
    target: str
    item: str


@dataclass(frozen=True)
class Terrain:
    """What paths run over.

    Attributes:
        edges: all flows.
        through: the participants that a path may run through.
        outside: those of them at which a step counts only if it is declared.
        closed: flows that no path uses.
        only_first: flows that can begin a path and be no other part of one.
        derived: the steps that derivations declare.
        ended: the steps at which a path ends, among those that derivations declare.

    """

    edges: Iterable[Edge]
    through: Collection[str]
    outside: Collection[str] = frozenset()
    closed: Collection[str] = frozenset()
    only_first: Collection[str] = frozenset()
    derived: Collection[Step] = frozenset()
    ended: Collection[Step] = frozenset()


@dataclass(frozen=True)
class Answer:
    """Paths, and whether there is one for each pair of beginning and end; else each end and each beginning has one."""

    paths: tuple[Path, ...]
    is_whole: bool = True


@dataclass
class _Reach:
    """What one pass found: how each state was reached first, and the last hop to each flow that ends a path."""

    parents: dict[_State, tuple[_State, Hop] | None] = field(default_factory=dict)
    ends: dict[str, tuple[_State, Hop]] = field(default_factory=dict)
    work: int = 0

    def tail(self, end: str) -> tuple[_State, Path]:
        """Return the state that the best path to an end starts from, and the path."""
        state, hop = self.ends[end]
        hops = [hop]
        while (before := self.parents[state]) is not None:
            state, hop = before
            hops.append(hop)
        return state, tuple(reversed(hops))


class Network:
    """A terrain, indexed for passes over it."""

    def __init__(self, terrain: Terrain) -> None:
        self._terrain = terrain
        self._edges = sorted(terrain.edges)
        self._out: dict[str, list[_Arc]] = {}
        self._by_item: dict[_State, list[_Arc]] = {}
        for edge in self._edges:
            if (
                edge.source in terrain.through
                and edge.flow not in terrain.closed
                and edge.flow not in terrain.only_first
            ):
                for item in edge.items:
                    arc = _Arc(edge.flow, edge.target, item)
                    self._out.setdefault(edge.source, []).append(arc)
                    self._by_item.setdefault((edge.source, item), []).append(arc)
        self._made: dict[_State, list[str]] = {}
        for at, made_from, made in sorted(terrain.derived):
            if (at, made_from, made) not in terrain.ended:
                self._made.setdefault((at, made_from), []).append(made)

    def paths(
        self, starts: Mapping[str, Collection[str]], ends: Container[str], *,
        least: int = 2, work: int = MOST_WORK, pairs: int = MOST_PAIRS,
    ) -> Answer:  # fmt: skip
        """Find a best path for each pair of a flow that begins one and a flow that ends it.

        A declared path goes before one that is only possible, and among these the shortest. What is found does not
        depend on the order of the flows. No path goes on beyond a flow that ends one.

        Args:
            starts: the flows that can begin a path, each with the items of it that count.
            ends: the flows that end a path.
            least: how many flows a path has at least, 1 or 2.
            work: how many steps single passes may look at before all is done in two.
            pairs: how many pairs they may give before that.

        """
        beginnings = [
            (edge, items)
            for edge in self._edges
            if edge.flow not in self._terrain.closed
            and (items := tuple(sorted(set(starts.get(edge.flow, ())) & set(edge.items))))
        ]
        direct = [(Hop(edge.flow, True),) for edge, _ in beginnings if least == 1 and edge.flow in ends]
        going_on = [
            (edge, items)
            for edge, items in beginnings
            if edge.flow not in ends and edge.target in self._terrain.through
        ]
        single = self._one_by_one(going_on, ends, work, pairs)
        if single is not None:
            return Answer((*direct, *single))
        return Answer((*direct, *self._together(going_on, ends)), is_whole=False)

    def _one_by_one(
        self, beginnings: Sequence[tuple[Edge, tuple[str, ...]]], ends: Container[str], work: int, pairs: int
    ) -> list[Path] | None:
        passes: dict[tuple[str, tuple[str, ...]], list[Path]] = {}
        found: list[Path] = []
        for edge, items in beginnings:
            key = (edge.target, items)
            if key not in passes:
                states = [(edge.target, item) for item in items]
                declared, every = self._pass(states, ends, declared_only=True), self._pass(states, ends)
                passes[key] = [(declared if end in declared.ends else every).tail(end)[1] for end in sorted(every.ends)]
                work -= declared.work + every.work
            found += ((Hop(edge.flow, True), *tail) for tail in passes[key])
            if work < 0 or len(found) > pairs:
                return None
        return found

    def _together(self, beginnings: Sequence[tuple[Edge, tuple[str, ...]]], ends: Container[str]) -> Iterator[Path]:
        """Yield a path to each end, and one from each beginning that is on none of these."""
        first: dict[_State, str] = {}
        for edge, items in beginnings:
            for item in items:
                first.setdefault((edge.target, item), edge.flow)
        declared, every = self._pass(first, ends, declared_only=True), self._pass(first, ends)
        began: set[str] = set()
        for end in sorted(every.ends):
            state, tail = (declared if end in declared.ends else every).tail(end)
            began.add(first[state])
            yield (Hop(first[state], True), *tail)
        onward_declared, onward = self._backward(ends, declared_only=True), self._backward(ends)
        for edge, items in beginnings:
            if edge.flow in began:
                continue
            states = [(edge.target, item) for item in items]
            tails = [self._onward(state, onward_declared) for state in states if state in onward_declared]
            tails = tails or [self._onward(state, onward) for state in states if state in onward]
            if tails:
                yield (Hop(edge.flow, True), *min(tails, key=lambda tail: (len(tail), tail)))

    # --- forward ------------------------------------------------------------------------------------------

    def _pass(self, starts: Iterable[_State], ends: Container[str], *, declared_only: bool = False) -> _Reach:
        reach = _Reach(parents=dict.fromkeys(starts))
        left: dict[str, list[_Arc]] = {}
        frontier = list(reach.parents)
        while frontier:
            following: list[_State] = []
            for state in frontier:
                for arc, is_declared in self._steps(state, declared_only, left):
                    reach.work += 1
                    onto = (arc.target, arc.item)
                    if arc.flow in ends:
                        reach.ends.setdefault(arc.flow, (state, Hop(arc.flow, is_declared)))
                    elif arc.target in self._terrain.through and onto not in reach.parents:
                        reach.parents[onto] = (state, Hop(arc.flow, is_declared))
                        following.append(onto)
            frontier = following
        return reach

    def _steps(self, state: _State, declared_only: bool, left: dict[str, list[_Arc]]) -> Iterator[tuple[_Arc, bool]]:
        participant, item = state
        made = dict.fromkeys((item, *self._made.get(state, ())))
        for one in made:
            for arc in self._by_item.get((participant, one), ()):
                yield arc, True
        if declared_only or participant in self._terrain.outside:
            return
        remaining: list[_Arc] = []
        for arc in left.get(participant, self._out.get(participant, [])):
            if (participant, item, arc.item) in self._terrain.ended and arc.item != item:
                remaining.append(arc)  # another item may still take this flow
            elif arc.item not in made:
                yield arc, False
        left[participant] = remaining

    # --- backward -----------------------------------------------------------------------------------------

    def _backward(
        self, ends: Container[str], *, declared_only: bool = False
    ) -> dict[_State, tuple[Hop, _State | None]]:
        """Return, for each state from which an end can be reached, the first hop of a shortest way and what follows."""
        arriving: dict[str, set[str]] = {}
        for edge in self._edges:
            if edge.target in self._terrain.through and edge.flow not in self._terrain.closed:
                arriving.setdefault(edge.target, set()).update(edge.items)
        made_from: dict[_State, list[str]] = {}
        for at, origin, made in sorted(self._terrain.derived):
            if (at, origin, made) not in self._terrain.ended:
                made_from.setdefault((at, made), []).append(origin)
        into: dict[_State, list[tuple[str, str]]] = {}
        goals: list[tuple[str, str, str]] = []
        for source in sorted(self._out):
            for arc in self._out[source]:
                if arc.flow in ends:
                    goals.append((source, arc.item, arc.flow))
                elif arc.target in self._terrain.through:
                    into.setdefault((arc.target, arc.item), []).append((source, arc.flow))
        found: dict[_State, tuple[Hop, _State | None]] = {}
        left = {participant: sorted(items) for participant, items in arriving.items()}
        reached: list[tuple[str, str, str, _State | None]] = [(*goal, None) for goal in goals]
        while reached:
            following: list[tuple[str, str, str, _State | None]] = []
            for participant, out, flow, onward in reached:
                for item, is_declared in self._origins(participant, out, declared_only, made_from, left):
                    state = (participant, item)
                    if state not in found:
                        found[state] = (Hop(flow, is_declared), onward)
                        following += ((source, item, before, state) for source, before in into.get(state, ()))
            reached = following
        return found

    def _origins(
        self, participant: str, out: str, declared_only: bool, made_from: dict[_State, list[str]],
        left: dict[str, list[str]],
    ) -> Iterator[tuple[str, bool]]:  # fmt: skip
        """Yield the items from which a step leads to an item that goes out of a participant."""
        sources = dict.fromkeys((out, *made_from.get((participant, out), ())))
        for item in sources:
            yield item, True
        if declared_only or participant in self._terrain.outside:
            return
        remaining: list[str] = []
        for item in left.get(participant, ()):
            if (participant, item, out) in self._terrain.ended:
                remaining.append(item)
            elif item not in sources:
                yield item, False
        left[participant] = remaining

    def _onward(self, state: _State, found: dict[_State, tuple[Hop, _State | None]]) -> Path:
        hops: list[Hop] = []
        current: _State | None = state
        while current is not None:
            hop, current = found[current]
            hops.append(hop)
        return tuple(hops)
