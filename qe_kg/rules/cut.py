"""Which flows to stop or to put under a condition, so that nothing restricted gets from one side to the other.

A way begins with a flow out of a participant of the one side and ends with the first flow into the other; in
between it runs through participants of neither. It counts where what leaves a participant can hold what came in:
the same item, or one that a derivation there makes from it ("declared"), or any item about which nothing says
whether it does ("possible"). It ends where every derivation from the one item to the other declassifies, before a flow
that holds nothing restricted (as found, or by its disclosure mode) or that a standing consent covers, and a direct flow
with a permission basis is no way. An item of no category can hold anything, so it may begin a way, which then is
"possible"; an item of a category that is not restricted begins none.

JSON of an answer::

    {"from": [iri…], "to": [iri…], "steps": "possible|certain|plain", "throughExternal": bool, "at": "YYYY-MM-DD",
     "separated": bool,         nothing need be cut
     "size": n,                 flows in each set
     "count": n, "complete": bool,   how many sets there are; at least so many where not complete
     "sets": [{"flows": [{"flow": iri, "breaks": [iri…], "certainty": "declared|possible"|null}]}],
     "disjoint": [[iri…]],      ways without a common flow, as many as "size": why no smaller set will do
     "flows": [{"id", "source", "target", "item", "lines", "basis"}]}   every flow mentioned

``breaks`` is a way (a shortest one, but in very large models) that this flow alone of the set breaks: without it in the
set, the way would stay open. ``certainty`` is the way's; null where every flow counts, whatever it holds.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from qe_kg.catalogue import Catalogue, Element
from qe_kg.errors import CallError
from qe_kg.lineage import BASES, Flow, FlowGraph
from qe_kg.namespaces import Namespaces
from qe_kg.rules.min_cut import Arc, Cuts, TooHardError, minimum_cuts
from qe_kg.rules.payload import Payloads
from qe_kg.store.protocol import Store

Steps = Literal["possible", "certain", "plain"]
STEPS: tuple[Steps, ...] = ("possible", "certain", "plain")
_EXTERNAL = "qev:zone-external"


@dataclass(frozen=True)
class CutFlow:
    """One flow of a set, and a way that it alone of the set breaks (IRIs of flows in order)."""

    flow: str
    breaks: tuple[str, ...]
    certainty: Literal["declared", "possible"] | None


@dataclass(frozen=True)
class CutAnswer:
    """All minimum sets of flows between two sides; see the module for what a way is and for the JSON form.

    Attributes:
        start: the side where ways begin, zones or participants.
        end: the side where they end.
        steps: "possible", "certain" (declared steps only) or "plain" (every flow, whatever it holds).
        through_external: whether possible steps count at external stakeholders too.
        at: the day as of which consents stand.
        sets: the sets listed.
        size: flows in each set; 0 where nothing need be cut.
        count: the number of sets there are.
        is_complete: False where there are more than ``count``.
        disjoint: ways of which no two share a flow; empty, or as many as ``size``.
        flows: every flow mentioned, by IRI.
        elements: names of the participants and items of these flows, by IRI.

    """

    start: tuple[Element, ...]
    end: tuple[Element, ...]
    steps: Steps
    through_external: bool
    at: date
    sets: tuple[tuple[CutFlow, ...], ...]
    size: int
    count: int
    is_complete: bool
    disjoint: tuple[tuple[str, ...], ...]
    flows: dict[str, Flow]
    elements: dict[str, Element]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "from": [element.iri for element in self.start],
            "to": [element.iri for element in self.end],
            "steps": self.steps,
            "throughExternal": self.through_external,
            "at": self.at.isoformat(),
            "separated": self.size == 0,
            "size": self.size,
            "count": self.count,
            "complete": self.is_complete,
            "sets": [
                {
                    "flows": [
                        {"flow": one.flow, "breaks": list(one.breaks), "certainty": one.certainty} for one in members
                    ]
                }
                for members in self.sets
            ],
            "disjoint": [list(way) for way in self.disjoint],
            "flows": [self.flows[iri].to_dict() for iri in sorted(self.flows)],
        }


@dataclass(frozen=True)
class Sides:
    """Two sides: what the caller named, the participants that are meant (IRIs), and the value stream of each stage."""

    start: tuple[Element, ...]
    end: tuple[Element, ...]
    start_members: frozenset[str]
    end_members: frozenset[str]
    stages: Mapping[str, str] = field(default_factory=dict)


def cut(
    store: Store, catalogue: Catalogue, namespaces: Namespaces, graph: FlowGraph,
    start: Iterable[str], end: Iterable[str], *,
    steps: Steps = "possible", through_external: bool = False, basis: str = "all", at: date | None = None,
    limit: int = 20,
) -> CutAnswer:  # fmt: skip
    """Find all minimum sets of flows that separate zones or participants of a model.

    Args:
        store: the model's store.
        catalogue: finds elements by name.
        namespaces: the model's namespaces.
        graph: the model's flows.
        start: names of zones or participants where ways begin.
        end: names of zones or participants where they end.
        steps: "possible", "certain" (declared steps only) or "plain" (every flow, whatever it holds).
        through_external: whether possible steps, or with "plain" any, count at external stakeholders too.
        basis: "drawn", "stated" or "all": which flows there are.
        at: the day as of which consents stand; None is today.
        limit: list no more sets than this.

    Raises:
        UnknownNameError, AmbiguousNameError: a name is wrong.
        CallError: an option is wrong, a participant is on both sides, or flows of several items make the search
            too long.

    """
    if steps not in STEPS or basis not in BASES or limit < 1:
        raise CallError(f"steps is one of {', '.join(STEPS)}, basis one of {', '.join(BASES)}, limit at least 1")
    at = at or date.today()
    sides = _find_sides(store, catalogue, namespaces, graph, start, end)
    payloads = Payloads.read(store, namespaces, at)
    return find_cuts(
        graph, payloads, sides, steps=steps, through_external=through_external, basis=basis, at=at, limit=limit
    )


def _find_sides(
    store: Store, catalogue: Catalogue, namespaces: Namespaces, graph: FlowGraph,
    start: Iterable[str], end: Iterable[str],
) -> Sides:  # fmt: skip
    """Find the participants that two lists of names mean: those of a zone, or one with its stages."""
    rows = store.select(f"SELECT ?s ?v WHERE {{ ?s <{namespaces.terms}isStageOf> ?v }}").rows
    stages = {stage.value: stream.value for stage, stream in rows if stage and stream}

    def side(names: Iterable[str]) -> tuple[tuple[Element, ...], frozenset[str]]:
        found = tuple(dict.fromkeys(catalogue.resolve(name, "zone", "participant") for name in names))
        if not found:
            raise CallError("name at least one zone or participant for each side")
        meant = {element.iri for element in found}
        zones = {namespaces.compact(iri) for iri in meant}
        return found, frozenset(
            iri
            for iri, element in graph.elements.items()
            if iri in meant or stages.get(iri) in meant or element.zone in zones
        )

    (starts, start_members), (ends, end_members) = side(start), side(end)
    return Sides(starts, ends, start_members, end_members, stages)


def find_cuts(
    graph: FlowGraph,
    payloads: Payloads,
    sides: Sides,
    *,
    steps: Steps = "possible",
    through_external: bool = False,
    basis: str = "all",
    at: date,
    limit: int = 20,
) -> CutAnswer:
    """Find all minimum sets of flows that separate two sides.

    Args:
        graph: the flows.
        payloads: what they can hold.
        sides: where ways begin and end.
        steps: which steps count.
        through_external: whether possible steps count at external stakeholders too.
        basis: "drawn", "stated" or "all": which flows there are.
        at: the day that ``payloads`` are of.
        limit: list no more sets than this.

    Raises:
        CallError: a participant is on both sides, or flows of several items make the search too long.

    """
    both = sorted(sides.start_members & sides.end_members)
    if both:
        names = ", ".join(graph.elements[iri].name if iri in graph.elements else iri for iri in both)
        raise CallError(f"{names}: on both sides; nothing can be put between a participant and itself")
    network = _Network(graph, payloads, sides, steps, through_external, basis)
    try:
        cuts = minimum_cuts((Arc(*arc[:3]) for arc in network.arcs), _SOURCE, _SINK, limit)
    except TooHardError:
        raise CallError(
            "flows of several items make this search too long; ask with --plain, or name fewer participants"
        ) from None
    return _answer(graph, network, cuts, sides, steps, through_external, at)


_SOURCE, _SINK = 0, 1
_SEARCHED = 5_000_000


class _Network:
    """The flows as a network: a node is an item that has arrived at a participant, or that is about to leave it.

    ``arcs`` are (tail, head, flow or None, whether the step is only possible).
    """

    def __init__(
        self, graph: FlowGraph, payloads: Payloads, sides: Sides, steps: Steps, through_external: bool, basis: str
    ) -> None:
        self._nodes: dict[tuple[str, str, str], int] = {}
        self._graph, self._payloads, self._steps, self._through_external = graph, payloads, steps, through_external
        self._stages = sides.stages
        self.arcs: list[tuple[int, int, str | None, bool]] = []
        arriving: dict[str, set[str]] = {}
        leaving: dict[str, set[str]] = {}
        for flow in graph.edges:
            if not flow.is_of(basis) or self._is_free(flow, sides):
                continue
            begins, ends = flow.source in sides.start_members, flow.target in sides.end_members
            if flow.target in sides.start_members or flow.source in sides.end_members:
                continue  # a way leaves the one side and enters the other once
            for item in self._items(flow):
                tail = _SOURCE if begins else self._node(flow.source, "out", item)
                head = _SINK if ends else self._node(flow.target, "in", item)
                unsure = begins and item not in payloads.restricted and flow.iri not in payloads.holding
                if (begins and not self._may_begin(flow, item)) or (unsure and steps == "certain"):
                    continue
                self.arcs.append((tail, head, flow.iri, unsure and steps == "possible"))
                if not begins:
                    leaving.setdefault(self._home(flow.source), set()).add(item)
                if not ends:
                    arriving.setdefault(self._home(flow.target), set()).add(item)
        external = {self._home(iri) for iri, element in graph.elements.items() if element.zone == _EXTERNAL}
        self._derived = self._at_home(graph.derivations)
        self._ended = self._at_home(graph.declassifying) - self._at_home(graph.derivations - graph.declassifying)
        for participant in sorted(arriving):
            is_outside = participant in external and not through_external
            self._pass_on(participant, sorted(arriving[participant]), sorted(leaving.get(participant, ())), is_outside)

    def _home(self, participant: str) -> str:
        """Return what a participant counts as: a stage as its value stream, unless it is in another zone."""
        stream = self._stages.get(participant)
        known = self._graph.elements
        if stream is None or (stream in known and known[stream].zone != known[participant].zone):
            return participant
        return stream

    def _at_home(self, steps: Iterable[tuple[str, str, str]]) -> frozenset[tuple[str, str, str]]:
        known = self._graph.elements
        return frozenset((self._home(at) if at in known else at, come, go) for at, come, go in steps)

    def _node(self, participant: str, side: str, item: str) -> int:
        return self._nodes.setdefault((self._home(participant), side, item), len(self._nodes) + 2)

    def _items(self, flow: Flow) -> tuple[str, ...]:
        # In the plain topology one item stands for all, and so it does for a flow that does not say what it carries.
        return ("",) if self._steps == "plain" or not flow.items else flow.items

    def _is_free(self, flow: Flow, sides: Sides) -> bool:
        if self._steps == "plain":
            return False
        is_direct = flow.source in sides.start_members and flow.target in sides.end_members
        known = self._payloads
        return flow.iri in known.free or flow.iri in known.consented or (is_direct and flow.iri in known.permitted)

    def _may_begin(self, flow: Flow, item: str) -> bool:
        known = self._payloads
        return (
            self._steps == "plain"
            or not item
            or flow.iri in known.holding
            or item in known.restricted
            or item in known.unclassified
        )

    def _pass_on(self, participant: str, arrived: Iterable[str], left: Iterable[str], is_outside: bool) -> None:
        left = list(left)
        for came_in in arrived:
            for goes_out in left:
                step = (participant, came_in, goes_out)
                is_same = came_in == goes_out != ""
                if not is_same and step in self._ended:
                    continue
                possible = self._steps != "plain" and not is_same and step not in self._derived
                if (possible and self._steps == "certain") or (is_outside and (possible or self._steps == "plain")):
                    continue
                self.arcs.append(
                    (self._nodes[participant, "in", came_in], self._nodes[participant, "out", goes_out], None, possible)
                )

    def ways(self) -> _Ways:
        """Return the ways through the network."""
        leaving: dict[int, list[tuple[int, str | None, bool]]] = {}
        for tail, head, flow, possible in self.arcs:
            leaving.setdefault(tail, []).append((head, flow, possible))
        return _Ways(leaving, len(self.arcs))


@dataclass(frozen=True)
class _Ways:
    """For each node, where its arcs lead, over which flow, and whether that is only possible."""

    leaving: dict[int, list[tuple[int, str | None, bool]]]
    arcs: int

    def best(self, allowed: Callable[[str], bool]) -> tuple[tuple[str, ...], bool] | None:
        """Return a way of the fewest flows, and whether it is declared: it is where one of the fewest is."""
        todo: list[tuple[int, bool, tuple[str, ...], int]] = [(0, False, (), _SOURCE)]
        done: set[int] = set()
        while todo:
            hops, possible, way, node = heapq.heappop(todo)
            if node == _SINK:
                return way, not possible
            if node in done:
                continue
            done.add(node)
            for head, flow, unsure in self.leaving.get(node, ()):
                if head not in done and (flow is None or allowed(flow)):
                    longer = way if flow is None else (*way, flow)
                    heapq.heappush(todo, (hops + (flow is not None), possible or unsure, longer, head))
        return None


def _answer(
    graph: FlowGraph, network: _Network, cuts: Cuts, sides: Sides, steps: Steps, through_external: bool, at: date
) -> CutAnswer:
    ways = network.ways()
    # The shortest way is the plainer reason; where looking for each would take long, a way that is known must do.
    is_large = ways.arcs * cuts.size * len(cuts.sets) > _SEARCHED
    disjoint = {flow: way for way in cuts.disjoint for flow in way} if is_large else {}
    sets = tuple(tuple(_cut_flows(ways, members, disjoint, steps == "plain")) for members in cuts.sets)
    named = {flow for members in sets for one in members for flow in (one.flow, *one.breaks)}
    named |= {flow for way in cuts.disjoint for flow in way}
    flows = {flow.iri: flow for flow in graph.edges if flow.iri in named}
    ends = {end for flow in flows.values() for end in (flow.source, flow.target, *flow.items)}
    return CutAnswer(
        start=sides.start,
        end=sides.end,
        steps=steps,
        through_external=through_external,
        at=at,
        sets=sets,
        size=cuts.size,
        count=cuts.count,
        is_complete=cuts.is_complete,
        disjoint=cuts.disjoint,
        flows=flows,
        elements={iri: graph.elements[iri] for iri in sorted(ends)},
    )


def _cut_flows(
    ways: _Ways, members: tuple[str, ...], disjoint: dict[str, tuple[str, ...]], is_plain: bool
) -> Iterator[CutFlow]:
    for flow in members:
        # A minimum set takes one flow off each disjoint way: the way through this flow meets no other of the set.
        allowed = set(disjoint[flow]).__contains__ if flow in disjoint else _none_of(set(members) - {flow})
        found = ways.best(allowed)
        assert found is not None, "a flow of a minimum set is the only one on some way"
        way, is_declared = found
        yield CutFlow(flow, way, None if is_plain else "declared" if is_declared else "possible")


def _none_of(unwanted: set[str]) -> Callable[[str], bool]:
    return lambda flow: flow not in unwanted
