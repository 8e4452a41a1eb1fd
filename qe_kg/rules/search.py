"""Paths from flows that can begin one to flows that end one, and what a change of the terrain does to them.

A declared path goes before one that is only possible, and among these the shortest. Each pair of a beginning and an
end has one path, as long as these can be read: one pass is made from each place where a path can begin, first by
declared steps alone, then by all. Where that would take too long, or give more pairs than anybody reads, four
measurements do for all: the distances from all beginnings at once give each end a path, and the distances to all ends
give one to each beginning that is on none of these.

Which of several shortest paths is taken does not depend on what came first. So after a change only those paths are
made anew that go where something has changed, and the result is that of a search from the start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from qe_kg.rules.distances import Distances
from qe_kg.rules.paths import END, HUB, IN, OUT, Edge, Hop, Node, Path, Terrain, Ways

#: Beginnings times flows up to which single passes are made, and pairs that they may give, before all is done at once.
MOST_WORK = 300_000
MOST_PAIRS = 1_000

_Key = tuple[str, tuple[str, ...]]
#: What a path is listed for: "direct" and a flow, "end" or "start" and a flow, "pair" and two.
_Slot = tuple[str, ...]
_Listed = dict[_Slot, Path]


@dataclass(frozen=True)
class Answer:
    """Paths, and whether there is one for each pair of beginning and end; else each end and each beginning has one."""

    paths: tuple[Path, ...]
    is_whole: bool = True


@dataclass(frozen=True)
class Difference:
    """The paths that are listed no more, and those that are now; one that stays is in neither."""

    gone: tuple[Path, ...] = ()
    come: tuple[Path, ...] = ()


class Search:
    """The paths over a terrain, kept up to date.

    Args:
        terrain: what they run over.
        work: up to how many beginnings times flows single passes are made.
        pairs: how many pairs these may give.

    """

    def __init__(self, terrain: Terrain, *, work: int = MOST_WORK, pairs: int = MOST_PAIRS) -> None:
        self._terrain, self._most_work, self._most_pairs = terrain, work, pairs
        self._ways = (Ways(terrain, declared_only=True), Ways(terrain, declared_only=False))
        self._direct: _Listed = {}
        self._beginnings: dict[str, tuple[str, ...]] = {}
        self._passes: dict[_Key, _Pass] | None = {}
        self._together: _Together | None = None
        for edge in terrain.flows:
            self._enter(edge)
        self._remade(frozenset())
        self.is_whole, self._listed = self._found(self._paired())

    @property
    def answer(self) -> Answer:
        """All paths, in no order."""
        return Answer(tuple(self._listed.values()), self.is_whole)

    def update(self, edges: Collection[Edge]) -> Difference:
        """Search again after a change, where it can make a difference.

        Args:
            edges: all flows of which anything has changed: as they were and as they are. Where something has changed
                at a participant, those are all flows into it and out of it.

        """
        nodes = {node for edge in edges for node in _nodes(edge)}
        touched = {edge.flow for edge in edges}
        direct = self._direct_of(touched)
        for flow in touched:
            self._direct.pop(("direct", flow), None)
            self._beginnings.pop(flow, None)
            edge = self._terrain.flows.get(flow)
            if edge is not None:
                self._enter(edge)
        self._remade(nodes)
        pairs = self._paired()
        if pairs is not None or self._together is None:
            self.is_whole, listed = self._found(pairs)
            return self._exchanged(dict(self._listed), listed)
        before, after = direct, self._direct_of(touched)
        for slot, old, new in self._together.update(nodes, touched):
            before |= {slot: old} if old else {}
            after |= {slot: new} if new else {}
        return self._exchanged(before, after)

    def _direct_of(self, flows: Iterable[str]) -> _Listed:
        slots: list[_Slot] = [("direct", flow) for flow in flows]
        return {slot: self._direct[slot] for slot in slots if slot in self._direct}

    def _exchanged(self, before: _Listed, after: _Listed) -> Difference:
        for slot in before:
            self._listed.pop(slot, None)
        self._listed |= after
        old, new = set(before.values()), set(after.values())
        return Difference(tuple(sorted(old - new)), tuple(sorted(new - old)))

    def _enter(self, edge: Edge) -> None:
        """Take note of a flow that can begin a path."""
        items = self._terrain.begins(edge)
        if not items:
            return
        if edge.flow not in self._terrain.ends:
            if edge.target in self._terrain.through:
                self._beginnings[edge.flow] = items
        elif self._terrain.least == 1:
            self._direct["direct", edge.flow] = (Hop(edge.flow, True),)

    def _remade(self, nodes: Collection[Node]) -> None:
        """Make the passes, or bring them up to date; none where they take too long."""
        if len(self._beginnings) * self._terrain.flows.size > self._most_work:
            self._passes = None
            return
        wanted = {self._key(flow) for flow in self._beginnings}
        held = {} if self._passes is None else {key: one for key, one in self._passes.items() if key in wanted}
        for one in held.values():
            one.update(nodes)
        self._passes = held | {key: _Pass(self._ways, key) for key in sorted(wanted - held.keys())}

    def _key(self, flow: str) -> _Key:
        return self._terrain.flows[flow].target, self._beginnings[flow]

    def _paired(self) -> _Listed | None:
        """Return a path for each pair, unless that takes too long or there are too many."""
        if self._passes is None:
            return None
        tails = {key: one.tails for key, one in self._passes.items()}
        if sum(len(tails[self._key(flow)]) for flow in self._beginnings) > self._most_pairs:
            return None
        return {
            ("pair", flow, end): (Hop(flow, True), *tail)
            for flow in self._beginnings
            for end, tail in tails[self._key(flow)].items()
        }

    def _found(self, pairs: _Listed | None) -> tuple[bool, _Listed]:
        """Return whether there is a path for each pair, and all paths."""
        if pairs is not None:
            self._together = None
            return True, self._direct | pairs
        self._together = _Together(self._terrain, self._ways, self._beginnings)
        return False, self._direct | self._together.listed()


def _nodes(edge: Edge) -> Iterator[Node]:
    """Yield the nodes at which a flow has links."""
    yield from ((END, edge.flow, ""), (HUB, edge.source, ""), (HUB, edge.target, ""))
    for item in edge.items:
        yield from ((OUT, edge.source, item), (IN, edge.target, item))


# --- one path to an end, and from a beginning -----------------------------------------------------------------


def _way_to(distances: Distances, ways: Ways, end: str) -> tuple[Node, Path]:
    """Return the state from which the shortest way to a flow that ends a path starts, and the way."""
    hops: list[Hop] = []
    flow, node = end, (END, end, "")
    while True:
        out = _chosen(distances, node)[1]
        state = _chosen(distances, out)[1]
        if state[0] == HUB:
            state = _chosen(distances, state)[1]
        hops.append(Hop(flow, ways.is_declared(out[1], state[2], out[2])))
        if distances[state] == 0:
            return state, tuple(reversed(hops))
        flow, node = _chosen(distances, state)[0], state


def _way_from(distances: Distances, ways: Ways, state: Node) -> Path:
    """Return the shortest way from a state to a flow that ends a path."""
    hops: list[Hop] = []
    while state[0] != END:
        out = _chosen(distances, state)[1]
        if out[0] == HUB:
            out = _chosen(distances, out)[1]
        flow, onto = _chosen(distances, out)
        hops.append(Hop(flow, ways.is_declared(state[1], state[2], out[2])))
        state = onto
    return tuple(hops)


def _chosen(distances: Distances, node: Node) -> tuple[str, Node]:
    link = distances.choice(node)
    assert link is not None
    # On its way to an item that has arrived the flow is that of the link; a way from it begins one node later.
    return link.flow, link.node


def _ends(nodes: Iterable[Node]) -> set[str]:
    return {flow for kind, flow, _ in nodes if kind == END}


class _Pass:
    """The best path to each end from some items that arrive at a participant."""

    def __init__(self, ways: tuple[Ways, Ways], key: _Key) -> None:
        self._ways = ways
        roots = frozenset((IN, key[0], item) for item in key[1])
        self._distances = [Distances(roots.__contains__, one.before, one.after) for one in ways]
        for one in self._distances:
            one.fill(roots)
        #: The path to each end.
        self.tails: dict[str, Path] = {}
        self._measure(_ends(self._distances[1]))

    def update(self, nodes: Collection[Node]) -> None:
        """Take note of a change at some nodes."""
        if not nodes:
            return
        ends: set[str] = set()
        for one in self._distances:
            touched = one.update(nodes)
            ends |= _ends(touched) | _ends(one.below(touched))
        self._measure(ends)

    def _measure(self, ends: Iterable[str]) -> None:
        for end in ends:
            tail = _best_way_to(self._distances, self._ways, end)
            if tail is None:
                self.tails.pop(end, None)
            else:
                self.tails[end] = tail[1]


def _best_way_to(distances: Iterable[Distances], ways: Iterable[Ways], end: str) -> tuple[Node, Path] | None:
    """Return the way by declared steps alone if there is one, else by all."""
    for measured, way in zip(distances, ways, strict=True):
        if (END, end, "") in measured:
            return _way_to(measured, way, end)
    return None


class _Together:
    """A path to each end from any beginning, and one from each beginning that is on none of these."""

    def __init__(self, terrain: Terrain, ways: tuple[Ways, Ways], beginnings: Mapping[str, tuple[str, ...]]) -> None:
        self._terrain, self._ways, self._beginnings = terrain, ways, beginnings
        self._ahead = [Distances(self._is_begun, one.before, one.after) for one in ways]
        self._back = [Distances(one.is_end, one.after, one.before) for one in ways]
        begun = {node for flow in beginnings for node in self._states(flow)}
        ends = [node for edge in terrain.flows if ways[0].is_end(node := (END, edge.flow, ""))]
        for one in self._ahead:
            one.fill(begun)
        for one in self._back:
            one.fill(ends)
        self._to: dict[str, Path] = {}
        self._from: dict[str, Path] = {}
        self._began: Counter[str] = Counter()
        for end in _ends(self._ahead[1]):
            self._lead_to(end)
        for flow in beginnings:
            self._lead_from(flow)

    def listed(self) -> _Listed:
        """Return all paths."""
        found: _Listed = {("end", end): path for end, path in self._to.items()}
        found.update((("start", flow), path) for flow, path in self._from.items())
        return found

    def update(
        self, nodes: Collection[Node], flows: Collection[str]
    ) -> Iterator[tuple[_Slot, Path | None, Path | None]]:
        """Take note of a change; yield what was listed for each end and beginning that it concerns, and what is now.

        Args:
            nodes: where links have come or gone.
            flows: flows that may have come to be beginnings, or no longer are.

        """
        ends: set[str] = set()
        for one in self._ahead:
            touched = one.update(nodes)
            ends |= _ends(touched) | _ends(one.below(touched))
        firsts = set(flows)
        before = {end: self._to.get(end) for end in ends}
        for end in sorted(ends):
            firsts |= self._lead_to(end)
            yield ("end", end), before[end], self._to.get(end)
        for one in self._back:
            touched = one.update(nodes)
            for kind, at, item in {*touched, *one.below(touched)}:
                if kind == IN:
                    firsts |= self._beginnings.keys() & set(self._terrain.flows.into(at).get(item, ()))
        for flow in sorted(firsts):
            old = self._from.get(flow)
            self._lead_from(flow)
            yield ("start", flow), old, self._from.get(flow)

    def _is_begun(self, node: Node) -> bool:
        kind, at, item = node
        return kind == IN and self._first(at, item) is not None

    def _first(self, at: str, item: str) -> str | None:
        """Return the first of the flows that bring an item that begins a path."""
        return min(
            (one for one in self._terrain.flows.into(at).get(item, ()) if item in self._beginnings.get(one, ())),
            default=None,
        )

    def _states(self, flow: str) -> list[Node]:
        target = self._terrain.flows[flow].target
        return [(IN, target, item) for item in self._beginnings[flow]]

    def _lead_to(self, end: str) -> set[str]:
        """Find the path to an end anew; return the flows that begin the old and the new one."""
        firsts: set[str] = set()
        old = self._to.pop(end, None)
        if old is not None:
            firsts.add(old[0].flow)
            self._began[old[0].flow] -= 1
        found = _best_way_to(self._ahead, self._ways, end)
        if found is not None:
            (_, at, item), tail = found
            first = self._first(at, item)
            assert first is not None
            self._to[end] = (Hop(first, True), *tail)
            self._began[first] += 1
            firsts.add(first)
        return firsts

    def _lead_from(self, flow: str) -> None:
        self._from.pop(flow, None)
        if flow not in self._beginnings or self._began[flow] > 0:
            return
        for measured, ways in zip(self._back, self._ways, strict=True):
            states = [state for state in self._states(flow) if state in measured]
            if states:
                state = min(states, key=lambda one: (measured[one], one))
                self._from[flow] = (Hop(flow, True), *_way_from(measured, ways, state))
                return
