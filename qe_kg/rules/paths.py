"""Paths along which information can get from one place to another, over what flows carry and not over flows alone.

A *state* is an item at a participant. A path begins with a flow that brings an item to a participant; there a *step*
leads on to a flow out of it:

* the same item is handed on: the step is **declared**;
* a derivation at the participant makes the outgoing item from the one that came in: declared, unless it is of a kind
  at which the path ends;
* nothing is said about the two items: the step is **possible**.

From each flow that can begin a path, one breadth-first pass goes over the states that it can reach, first by declared
steps alone, then by all. A participant's flows are taken off its list once they are reached, so a pass costs as much as
there are states and flows within its reach, however many paths there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

#: (participant, item that comes in, item that goes out)
Step = tuple[str, str, str]
_State = tuple[str, str]


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


@dataclass(frozen=True)
class Question:
    """What paths are asked for.

    Attributes:
        starts: the flows that can begin a path, each with the items of it that count.
        ends: the flows that end a path; none goes on beyond one.
        through: the participants that a path may run through.
        outside: those of them at which a step counts only if it is declared.
        closed: flows that no path uses.
        only_first: flows that can begin a path and be no other part of one.
        derived: the steps that derivations declare.
        ended: the steps at which a path ends, among those that derivations declare.
        least: how many flows a path has at least, 1 or 2.

    """

    starts: Mapping[str, Collection[str]]
    ends: Collection[str]
    through: Collection[str]
    outside: Collection[str] = frozenset()
    closed: Collection[str] = frozenset()
    only_first: Collection[str] = frozenset()
    derived: Collection[Step] = frozenset()
    ended: Collection[Step] = frozenset()
    least: int = 2


def find_paths(edges: Iterable[Edge], question: Question) -> Iterator[tuple[Hop, ...]]:
    """Yield one path for each pair of a flow that begins one and a flow that ends it.

    A declared path goes before one that is only possible, and among these the shortest; what is yielded does not
    depend on the order of the flows.
    """
    ordered = sorted(edges)
    network = _Network(ordered, question)
    passes: dict[tuple[str, tuple[str, ...]], list[tuple[Hop, ...]]] = {}
    for edge in ordered:
        items = tuple(sorted(set(question.starts.get(edge.flow, ())) & set(edge.items)))
        if not items or edge.flow in question.closed:
            continue
        first = Hop(edge.flow, True)
        if edge.flow in question.ends:
            if question.least == 1:
                yield (first,)
            continue
        if edge.target not in question.through:
            continue
        key = (edge.target, items)
        if key not in passes:
            passes[key] = list(network.tails(edge.target, items))
        yield from ((first, *tail) for tail in passes[key])


@dataclass
class _Reach:
    """What one pass found: how each state was reached first, and the last hop to each flow that ends a path."""

    parents: dict[_State, tuple[_State, Hop] | None] = field(default_factory=dict)
    ends: dict[str, tuple[_State, Hop]] = field(default_factory=dict)

    def tail(self, end: str) -> tuple[Hop, ...]:
        state, hop = self.ends[end]
        hops = [hop]
        while (before := self.parents[state]) is not None:
            state, hop = before
            hops.append(hop)
        return tuple(reversed(hops))


class _Network:
    """The flows that a path can use after its first one."""

    def __init__(self, edges: Sequence[Edge], question: Question) -> None:
        self._question = question
        #: participant → (flow, its target, item), sorted by flow
        self._out: dict[str, list[tuple[str, str, str]]] = {}
        self._by_item: dict[_State, list[tuple[str, str, str]]] = {}
        for edge in edges:
            if edge.source not in question.through or edge.flow in question.closed or edge.flow in question.only_first:
                continue
            if edge.flow not in question.ends and edge.target not in question.through:
                continue
            for item in edge.items:
                arc = (edge.flow, edge.target, item)
                self._out.setdefault(edge.source, []).append(arc)
                self._by_item.setdefault((edge.source, item), []).append(arc)
        self._made: dict[_State, list[str]] = {}
        for at, made_from, made in sorted(question.derived):
            if (at, made_from, made) not in question.ended:
                self._made.setdefault((at, made_from), []).append(made)

    def tails(self, participant: str, items: Sequence[str]) -> Iterator[tuple[Hop, ...]]:
        """Yield a best path to each end from items at a participant, without the flow that brought them."""
        starts = [(participant, item) for item in items]
        declared, every = self._pass(starts, declared_only=True), self._pass(starts, declared_only=False)
        for end in sorted(every.ends):
            yield (declared if end in declared.ends else every).tail(end)

    def _pass(self, starts: Iterable[_State], *, declared_only: bool) -> _Reach:
        reach = _Reach(parents=dict.fromkeys(starts))
        left: dict[str, list[tuple[str, str, str]]] = {}
        frontier = list(reach.parents)
        while frontier:
            following: list[_State] = []
            for state in frontier:
                for arc, is_declared in self._steps(state, declared_only, left):
                    flow, target, item = arc
                    hop = Hop(flow, is_declared)
                    if flow in self._question.ends:
                        reach.ends.setdefault(flow, (state, hop))
                    elif (target, item) not in reach.parents:
                        reach.parents[target, item] = (state, hop)
                        following.append((target, item))
            frontier = following
        return reach

    def _steps(
        self, state: _State, declared_only: bool, left: dict[str, list[tuple[str, str, str]]]
    ) -> Iterator[tuple[tuple[str, str, str], bool]]:
        participant, item = state
        made = dict.fromkeys((item, *self._made.get(state, ())))
        for one in made:
            for arc in self._by_item.get((participant, one), ()):
                yield arc, True
        if declared_only or participant in self._question.outside:
            return
        remaining: list[tuple[str, str, str]] = []
        for arc in left.get(participant, self._out.get(participant, [])):
            if (participant, item, arc[2]) in self._question.ended and arc[2] != item:
                remaining.append(arc)  # another item may still take this flow
            elif arc[2] not in made:
                yield arc, False
        left[participant] = remaining
