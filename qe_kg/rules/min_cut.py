"""All minimum cuts of a directed network whose arcs may carry labels.

A cut is a set of labels: taking the arcs with these labels out leaves no way from the source to the sink. All
minimum cuts are found exactly. Where each label is on one arc, a maximum flow is found first (Dinic); by Picard and
Queyranne (1980) the minimum cuts are then the sets of nodes that are closed under reachability in what the flow
leaves over, and these are listed one by one. Where a label is on several arcs the problem is hard in general, and a
bounded search over the shortest way still open lists them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

#: So many minimum cuts are counted; beyond, the count is a lower bound.
COUNTED = 10_000
_MOST_STEPS = 100_000


class TooHardError(Exception):
    """Labels on several arcs made the search longer than is reasonable."""


class Arc(NamedTuple):
    """An arc from one node to another; without a label it cannot be cut."""

    tail: int
    head: int
    label: str | None


@dataclass(frozen=True)
class Cuts:
    """All minimum cuts, or the first of them.

    Attributes:
        size: the number of labels in each.
        sets: the cuts listed, each sorted.
        count: how many there are.
        is_complete: False where there are more than ``count``.
        disjoint: ways from source to sink (the labels in order) of which no two share a label: as many as ``size``,
            which proves that no smaller cut exists; empty where that proof is by exhaustion.

    """

    size: int
    sets: tuple[tuple[str, ...], ...]
    count: int
    is_complete: bool
    disjoint: tuple[tuple[str, ...], ...]


def minimum_cuts(arcs: Iterable[Arc], source: int, sink: int, limit: int) -> Cuts:
    """Find all minimum cuts between two nodes.

    Args:
        arcs: the network; the order decides which cuts come first.
        source: where ways start.
        sink: where they end.
        limit: list no more than so many; they are counted up to `COUNTED` all the same.

    Raises:
        ValueError: arcs without a label lead from source to sink, or both are one.
        TooHardError: the search was given up.

    """
    kept = _between(list(arcs), source, sink)
    if not kept:
        if source == sink:
            raise ValueError("source and sink are the same node")
        return Cuts(0, (), 0, True, ())
    if any(number > 1 for label, number in Counter(arc.label for arc in kept).items() if label is not None):
        found, disjoint = _Search(kept, source, sink).cuts(), tuple[tuple[str, ...], ...]()
    else:
        network = _Residual(kept, source, sink)
        found, disjoint = network.cuts(), network.disjoint_ways()
    sets = list(islice(found, limit))
    more = sum(1 for _ in islice(found, max(0, COUNTED - len(sets))))
    is_complete = next(found, None) is None
    size = len(sets[0]) if sets else 0
    return Cuts(size, tuple(sets), len(sets) + more, is_complete, disjoint)


def _between(arcs: list[Arc], source: int, sink: int) -> list[Arc]:
    """Keep the arcs that lie on a way from source to sink."""
    ahead = _reachable(source, ((arc.tail, arc.head) for arc in arcs))
    behind = _reachable(sink, ((arc.head, arc.tail) for arc in arcs))
    return [arc for arc in arcs if arc.tail in ahead and arc.head in behind]


def _reachable(start: int, pairs: Iterable[tuple[int, int]]) -> set[int]:
    following: dict[int, list[int]] = {}
    for tail, head in pairs:
        following.setdefault(tail, []).append(head)
    seen, todo = {start}, [start]
    while todo:
        for head in following.get(todo.pop(), ()):
            if head not in seen:
                seen.add(head)
                todo.append(head)
    return seen


class _Residual:
    """A network after a maximum flow; edge 2n is arc n, edge 2n+1 is its reverse."""

    def __init__(self, arcs: list[Arc], source: int, sink: int) -> None:
        nodes = sorted({end for arc in arcs for end in (arc.tail, arc.head)})
        index = {node: number for number, node in enumerate(nodes)}
        self.arcs, self.source, self.sink = arcs, index[source], index[sink]
        # More than all labels together: never the bottleneck, unless nothing else is on a way.
        endless = 1 + sum(arc.label is not None for arc in arcs)
        self.heads: list[int] = []
        self.room: list[int] = []
        self.edges: list[list[int]] = [[] for _ in nodes]
        for arc in arcs:
            tail, head = index[arc.tail], index[arc.head]
            self.edges[tail].append(len(self.heads))
            self.edges[head].append(len(self.heads) + 1)
            self.heads += [head, tail]
            self.room += [endless if arc.label is None else 1, 0]
        flow = 0
        while levels := self._levels():
            flow += self._blocking_flow(levels)
            if flow >= endless:
                raise ValueError("arcs without a label lead from source to sink")

    def _levels(self) -> list[int] | None:
        levels = [-1] * len(self.edges)
        levels[self.source] = 0
        todo = deque([self.source])
        while todo:
            node = todo.popleft()
            for edge in self.edges[node]:
                head = self.heads[edge]
                if self.room[edge] and levels[head] < 0:
                    levels[head] = levels[node] + 1
                    todo.append(head)
        return levels if levels[self.sink] >= 0 else None

    def _blocking_flow(self, levels: list[int]) -> int:
        position = [0] * len(self.edges)
        total, way, node = 0, list[int](), self.source
        while True:
            if node == self.sink:
                amount = min(self.room[edge] for edge in way)
                for edge in way:
                    self.room[edge] -= amount
                    self.room[edge ^ 1] += amount
                total, way, node = total + amount, [], self.source
            while position[node] < len(self.edges[node]):
                edge = self.edges[node][position[node]]
                if self.room[edge] and levels[self.heads[edge]] == levels[node] + 1:
                    way.append(edge)
                    node = self.heads[edge]
                    break
                position[node] += 1
            else:
                if not way:
                    return total
                edge = way.pop()
                node = self.heads[edge ^ 1]
                position[node] += 1

    def disjoint_ways(self) -> tuple[tuple[str, ...], ...]:
        """Take the flow apart into ways of one unit each."""
        left = [self.room[2 * number + 1] for number in range(len(self.arcs))]
        ways: list[tuple[str, ...]] = []
        while True:
            way: list[int] = []
            node, at = self.source, {self.source: 0}
            while node != self.sink:
                edge = next((e for e in self.edges[node] if not e % 2 and left[e // 2]), None)
                if edge is None:
                    return tuple(sorted(ways, key=lambda one: (len(one), one)))
                way.append(edge // 2)
                node = self.heads[edge]
                if node in at:  # flow in a circle proves nothing: take it out
                    for arc in way[at[node] :]:
                        left[arc] -= 1
                    del way[at[node] :]
                    at = {end: place for end, place in at.items() if place <= at[node]}
                else:
                    at[node] = len(way)
            for arc in way:
                left[arc] -= 1
            ways.append(tuple(label for arc in way if (label := self.arcs[arc].label) is not None))

    def cuts(self) -> Iterator[tuple[str, ...]]:
        """Yield every minimum cut once, those nearest to the source first.

        A cut is told by which of the nodes that carry flow are on its source side; nodes without flow follow from
        these or make no difference. With delay polynomial in the network's size: each choice leaves at least one.
        """
        component = self._components()
        carrying = {self.source, self.sink} | {
            end
            for number in range(len(self.arcs))
            if self.room[2 * number + 1]
            for end in (self.heads[2 * number], self.heads[2 * number + 1])
        }
        relevant = {name: place for place, name in enumerate(sorted({component[node] for node in carrying}))}
        down, up = self._reach(component, relevant)
        crossing = [
            (relevant[component[self.heads[2 * number + 1]]], relevant[component[self.heads[2 * number]]], arc.label)
            for number, arc in enumerate(self.arcs)
            if arc.label is not None and self.room[2 * number + 1]
        ]
        everything = (1 << len(relevant)) - 1
        todo = [(down[relevant[component[self.source]]], up[relevant[component[self.sink]]])]
        while todo:
            inside, outside = todo.pop()
            undecided = everything & ~inside & ~outside
            if not undecided:
                yield tuple(sorted(label for a, b, label in crossing if inside >> a & 1 and not inside >> b & 1))
                continue
            one = (undecided & -undecided).bit_length() - 1
            todo += [(inside | down[one], outside), (inside, outside | up[one])]

    def _components(self) -> list[int]:
        """Give the strongly connected components of the residual network numbers, the reached before the reaching."""
        count, clock = 0, 0
        component = [-1] * len(self.edges)
        found = [-1] * len(self.edges)
        low = [0] * len(self.edges)
        open_nodes: list[int] = []
        for root in range(len(self.edges)):
            if found[root] >= 0:
                continue
            todo = [(root, 0)]
            while todo:
                node, place = todo.pop()
                if found[node] < 0:
                    found[node] = low[node] = clock
                    clock += 1
                    open_nodes.append(node)
                for place_now in range(place, len(self.edges[node])):
                    edge = self.edges[node][place_now]
                    head = self.heads[edge]
                    if not self.room[edge] or component[head] >= 0:
                        continue
                    if found[head] < 0:
                        todo += [(node, place_now), (head, 0)]
                        break
                    low[node] = min(low[node], low[head] if found[head] > found[node] else found[head])
                else:
                    if low[node] == found[node]:
                        while component[node] < 0:
                            component[open_nodes.pop()] = count
                        count += 1
        return component

    def _reach(self, component: Sequence[int], relevant: dict[int, int]) -> tuple[list[int], list[int]]:
        """For each relevant component, the relevant ones that it reaches and that reach it, as sets of bits."""
        following: dict[int, set[int]] = {}
        for node, edges in enumerate(self.edges):
            following.setdefault(component[node], set()).update(
                component[self.heads[edge]] for edge in edges if self.room[edge]
            )
        itself = {name: 1 << relevant[name] if name in relevant else 0 for name in following}
        down, up = dict(itself), dict(itself)
        for name in sorted(following):  # what is reached has the smaller number
            for other in following[name]:
                down[name] |= down[other]
        for name in sorted(following, reverse=True):
            for other in following[name]:
                up[other] |= up[name]
        return [down[name] for name in relevant], [up[name] for name in relevant]


class _Search:
    """Minimum cuts where one label is on several arcs: branch over the labels of the shortest way still open."""

    def __init__(self, arcs: list[Arc], source: int, sink: int) -> None:
        self.source, self.sink, self.steps = source, sink, 0
        self.leaving: dict[int, list[Arc]] = {}
        for arc in arcs:
            self.leaving.setdefault(arc.tail, []).append(arc)

    def cuts(self) -> Iterator[tuple[str, ...]]:
        """Yield every minimum cut once."""
        budget = self._lower_bound(frozenset())
        while True:
            found = self._within(frozenset(), frozenset(), budget)
            first = next(found, None)
            if first is not None:
                yield first
                yield from found
                return
            budget += 1

    def _within(self, cut: frozenset[str], kept: frozenset[str], budget: int) -> Iterator[tuple[str, ...]]:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise TooHardError
        way = self._way(cut)
        if way is None:
            # A smaller cut would have been found with a smaller budget, so nothing in it is idle.
            yield tuple(sorted(cut))
            return
        if self._lower_bound(cut) > budget:
            return
        for label in way:
            if label not in kept:
                yield from self._within(cut | {label}, kept, budget - 1)
                kept |= {label}

    def _way(self, cut: frozenset[str]) -> list[str] | None:
        """Return the labels of a way with the fewest arcs that avoids a cut."""
        before: dict[int, Arc | None] = {self.source: None}
        todo = deque([self.source])
        while todo and self.sink not in before:
            for arc in self.leaving.get(todo.popleft(), ()):
                if arc.head not in before and arc.label not in cut:
                    before[arc.head] = arc
                    todo.append(arc.head)
        if self.sink not in before:
            return None
        labels: dict[str, None] = {}
        last = before[self.sink]
        while last is not None:
            if last.label is not None:
                labels[last.label] = None
            last = before[last.tail]
        if not labels:
            raise ValueError("arcs without a label lead from source to sink")
        return list(labels)[::-1]

    def _lower_bound(self, cut: frozenset[str]) -> int:
        """Count ways of which no two share a label: each needs a cut of its own."""
        number = 0
        while (way := self._way(cut)) is not None:
            cut, number = cut.union(way), number + 1
        return number
