"""What paths run over: information that can get from one place to another, over what flows carry.

A *state* is an item at a participant. A path begins with a flow that brings an item to a participant; there a *step*
leads on to a flow out of it:

* the same item is handed on: the step is **declared**;
* a derivation at the participant makes the outgoing item from the one that came in: declared, unless it is of a kind
  at which the path ends;
* nothing is said about the two items: the step is **possible**.

All this is laid out as nodes and links with weights, three to a flow of a path. Possible steps go over one node a
participant, so that there are as many links as flows and derivations, and not one for each pair of items.

====== ============================ ====================================================================
node   stands for                   leads on to
====== ============================ ====================================================================
IN     an item that has arrived     HUB (weight 1); by a declared step OUT (2)
HUB    anything that has arrived    OUT (1), but for items at which some possible step would end
OUT    an item that can leave       IN at the flow's target (1), or END (1)
END    a flow that ends a path
====== ============================ ====================================================================

`qe_kg.rules.search` looks for paths; `qe_kg.rules.distances` measures how far nodes are.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

#: (participant, item that comes in, item that goes out)
Step = tuple[str, str, str]
Path = tuple["Hop", ...]
IN, HUB, OUT, END = range(4)
#: What kind it is, then participant and item (for END the flow and nothing)
Node = tuple[int, str, str]


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


class Link(NamedTuple):
    """One link of a node: which of several goes first, the flow that it stands for, where it leads, its weight."""

    rank: int
    flow: str
    node: Node
    weight: int


class Those:
    """A container of what passes a test, at the time of asking."""

    def __init__(self, test: Callable[[str], bool]) -> None:
        self._test = test

    def __contains__(self, one: object) -> bool:
        return isinstance(one, str) and self._test(one)


class Flows:
    """Flows, and which of them bring an item to a participant or take it out of there; they can change."""

    def __init__(self, edges: Iterable[Edge] = ()) -> None:
        self._edges: dict[str, Edge] = {}
        self._out: dict[str, dict[str, list[str]]] = {}
        self._into: dict[str, dict[str, list[str]]] = {}
        #: Number of pairs of a flow and an item that it carries.
        self.size = 0
        for edge in edges:
            self.put(edge)

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._edges.values())

    def get(self, flow: str) -> Edge | None:
        """Return a flow, or None where there is no such flow."""
        return self._edges.get(flow)

    def __getitem__(self, flow: str) -> Edge:
        return self._edges[flow]

    def put(self, edge: Edge) -> None:
        """Add a flow, in place of the one of this name."""
        self.take(edge.flow)
        self._edges[edge.flow] = edge
        self.size += len(edge.items)
        for item in edge.items:
            self._out.setdefault(edge.source, {}).setdefault(item, []).append(edge.flow)
            self._into.setdefault(edge.target, {}).setdefault(item, []).append(edge.flow)

    def take(self, flow: str) -> None:
        """Take a flow away, if it is there."""
        edge = self._edges.pop(flow, None)
        if edge is None:
            return
        self.size -= len(edge.items)
        for item in edge.items:
            for index, place in ((self._out, edge.source), (self._into, edge.target)):
                index[place][item].remove(flow)
                if not index[place][item]:
                    del index[place][item]

    def out(self, participant: str) -> dict[str, list[str]]:
        """Return the flows out of a participant by item."""
        return self._out.get(participant, {})

    def into(self, participant: str) -> dict[str, list[str]]:
        """Return the flows into a participant by item."""
        return self._into.get(participant, {})


class Steps:
    """What derivations say of the items that come in and go out; it can change, a participant at a time."""

    def __init__(self, derived: Iterable[Step] = (), ended: Iterable[Step] = ()) -> None:
        self._made: dict[str, dict[str, list[str]]] = {}
        self._origins: dict[str, dict[str, list[str]]] = {}
        self._ended: dict[str, dict[str, set[str]]] = {}
        self._add(derived, frozenset(ended))

    def _add(self, derived: Iterable[Step], ended: frozenset[Step]) -> None:
        for at, origin, made in sorted(set(derived) - ended):
            self._made.setdefault(at, {}).setdefault(origin, []).append(made)
            self._origins.setdefault(at, {}).setdefault(made, []).append(origin)
        for at, origin, made in ended:
            self._ended.setdefault(at, {}).setdefault(made, set()).add(origin)

    def replace(self, participant: str, derived: Iterable[Step], ended: Iterable[Step]) -> None:
        """Let a participant have other derivations: the steps that they declare, and at which of these paths end."""
        for index in (self._made, self._origins, self._ended):
            index.pop(participant, None)
        self._add(derived, frozenset(ended))

    def made(self, participant: str, item: str) -> dict[str, None]:
        """Return the items to which a declared step leads from one that comes in, itself first."""
        return dict.fromkeys((item, *self._made.get(participant, {}).get(item, ())))

    def origins(self, participant: str, item: str) -> dict[str, None]:
        """Return the items from which a declared step leads to one that goes out, itself first."""
        return dict.fromkeys((item, *self._origins.get(participant, {}).get(item, ())))

    def ended(self, participant: str) -> dict[str, set[str]]:
        """Return the items that go out and to which no step leads from some items, and these."""
        return self._ended.get(participant, {})


@dataclass(frozen=True)
class Terrain:
    """What paths run over. All of it can change, as long as who looks for paths is told of it.

    Attributes:
        flows: all flows.
        through: the participants that a path may run through.
        starts: gives, for a flow, the items with which a path can begin, among which those count that it carries.
        ends: the flows that end a path; none goes on beyond.
        outside: those participants at which a step counts only if it is declared.
        closed: flows that no path uses.
        only_first: flows that can begin a path and be no other part of one.
        steps: what derivations declare.
        least: how many flows a path has at least, 1 or 2.

    """

    flows: Flows
    through: Container[str]
    starts: Callable[[str], Container[str]]
    ends: Container[str]
    outside: Container[str] = frozenset()
    closed: Container[str] = frozenset()
    only_first: Container[str] = frozenset()
    steps: Steps = field(default_factory=Steps)
    least: int = 2

    def begins(self, edge: Edge) -> tuple[str, ...]:
        """Return the items of a flow with which a path can begin, sorted."""
        if edge.flow in self.closed:
            return ()
        items = self.starts(edge.flow)
        return tuple(sorted(one for one in edge.items if one in items))

    def goes_on(self, flow: str) -> bool:
        """Tell whether a flow can be a part of a path other than its first."""
        return flow not in self.closed and flow not in self.only_first


class Ways:
    """The nodes of a terrain and the links between them.

    Args:
        terrain: what paths run over.
        declared_only: whether only declared steps count.

    """

    def __init__(self, terrain: Terrain, *, declared_only: bool) -> None:
        self.terrain, self._declared_only = terrain, declared_only

    def after(self, node: Node) -> Iterator[Link]:
        """Yield the links that lead on from a node."""
        kind, at, item = node
        land = self.terrain
        if kind == END or at not in land.through:
            return
        flows = land.flows
        if kind == OUT:
            for flow in flows.out(at).get(item, ()):
                if land.goes_on(flow):
                    if flow in land.ends:
                        yield Link(0, flow, (END, flow, ""), 1)
                    elif (target := flows[flow].target) in land.through:
                        yield Link(0, flow, (IN, target, item), 1)
            return
        out = flows.out(at)
        if kind == HUB:
            if not self._declared_only and at not in land.outside:
                ended = land.steps.ended(at)
                yield from (Link(0, "", (OUT, at, one), 1) for one in out if one not in ended)
            return
        made = land.steps.made(at, item)
        yield from (Link(0, "", (OUT, at, one), 2) for one in made if one in out)
        if self._declared_only or at in land.outside:
            return
        yield Link(1, "", (HUB, at, ""), 1)
        for one, without in land.steps.ended(at).items():
            if one in out and one not in made and item not in without:
                yield Link(1, "", (OUT, at, one), 2)

    def before(self, node: Node) -> Iterator[Link]:
        """Yield the links that lead to a node, each with the node that it comes from."""
        kind, at, item = node
        land = self.terrain
        if kind == END:
            if self.is_end(node):
                edge = land.flows[at]
                yield from (Link(0, "", (OUT, edge.source, one), 1) for one in edge.items)
            return
        if at not in land.through:
            return
        into = land.flows.into(at)
        if kind == IN:
            for flow in into.get(item, ()):
                if land.goes_on(flow) and flow not in land.ends and (source := land.flows[flow].source) in land.through:
                    yield Link(0, flow, (OUT, source, item), 1)
            return
        is_loose = not self._declared_only and at not in land.outside
        if kind == HUB:
            if is_loose:
                yield from (Link(0, "", (IN, at, one), 1) for one in into)
            return
        origins = land.steps.origins(at, item)
        yield from (Link(0, "", (IN, at, one), 2) for one in origins)
        if not is_loose:
            return
        without = land.steps.ended(at).get(item)
        if without is None:
            yield Link(1, "", (HUB, at, ""), 1)
        else:
            yield from (Link(1, "", (IN, at, one), 2) for one in into if one not in origins and one not in without)

    def is_end(self, node: Node) -> bool:
        """Tell whether a node is a flow that ends a path of more than one flow."""
        kind, flow, _ = node
        land = self.terrain
        return (
            kind == END
            and (edge := land.flows.get(flow)) is not None
            and flow in land.ends
            and land.goes_on(flow)
            and edge.source in land.through
        )

    def is_declared(self, at: str, item: str, out: str) -> bool:
        """Tell whether the step from an item that comes in to one that goes out is declared."""
        return out in self.terrain.steps.made(at, item)
