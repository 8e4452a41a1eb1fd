"""Walking the flows breadth first, by what they carry.

A *step* leads from a flow into a participant on to a flow out of it (the other way round upstream). It is
**declared** for an item that the second flow hands over again, and for one that a derivation at that participant
makes from an item that came in. Everywhere else it is **possible**: nothing says that what goes out holds anything
of what came in, and nothing denies it. A path is declared if one item, or what is made of it step by step, goes
along the whole of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from qe_kg.catalogue import Element
from qe_kg.lineage.answer import Lineage, Reached, Start
from qe_kg.lineage.flows import Direction, Flow, FlowSource, Step

EXTERNAL_ZONE = "qev:zone-external"


class State(NamedTuple):
    """An item on a flow; None is a flow of which no item is followed."""

    flow: str
    item: str | None


@dataclass(frozen=True)
class Filters:
    """What an answer leaves out; the same for every question of lineage (docs/explanation/filters.md).

    Attributes:
        depth: greatest number of hops, or None.
        basis: "drawn", "stated" or "all": which flows to walk.
        through_external: whether a path may run through a participant of the external zone (it may always
            start or end in one).
        items: walk only flows that carry one of these items, and follow only these; None for all.
        certain: walk declared steps only.
        stations: count a participant that a flow passes through as one that receives and hands over what it carries.
        zone: list only participants of this zone (compact IRI); the walk itself is not narrowed.
        types: list only participants of these classes (compact IRIs), likewise.
        external_zone: compact IRI of the external zone.

    """

    depth: int | None = None
    basis: str = "all"
    through_external: bool = False
    items: frozenset[str] | None = None
    certain: bool = False
    zone: str | None = None
    types: frozenset[str] | None = None
    stations: bool = False
    external_zone: str = EXTERNAL_ZONE

    def payload(self, flow: Flow) -> tuple[str, ...]:
        """Return the items of a flow that may be followed."""
        return flow.items if self.items is None else tuple(item for item in flow.items if item in self.items)

    def allows(self, flow: Flow) -> bool:
        """Tell whether a flow may be walked."""
        return flow.is_of(self.basis) and (self.items is None or bool(self.payload(flow)))

    def shows(self, element: Element) -> bool:
        """Tell whether a participant may be listed."""
        return (self.zone is None or element.zone == self.zone) and (self.types is None or element.type in self.types)


def walk(
    source: FlowSource,
    start: Start,
    direction: Direction,
    filters: Filters | None = None,
    *,
    depth: int | None = None,
    basis: str = "all",
    through_external: bool = False,
    zone: str | None = None,
    item: str | None = None,
) -> Lineage:
    """Walk the flows breadth first and return everything reached with its evidence.

    Args:
        source: the flows.
        start: where to start.
        direction: "downstream" for impact, "upstream" for trace.
        filters: what to leave out; the other arguments spell the commonest ones out instead.
        depth: see `Filters`.
        basis: see `Filters`.
        through_external: see `Filters`.
        zone: see `Filters`.
        item: the one item to follow.

    """
    if filters is None:
        items = None if item is None else frozenset([item])
        filters = Filters(depth, basis, through_external, items, zone=zone)
    return _Walk(source, start, direction, filters).answer()


class _Arrived(NamedTuple):
    """What has come to a participant on one level: the flows, and for each item the state that brought it."""

    flows: list[Flow]
    payload: dict[str, State]


@dataclass
class _Walk:
    source: FlowSource
    start: Start
    direction: Direction
    filters: Filters
    flows: dict[str, Flow] = field(default_factory=dict)
    leaving: dict[str, list[Flow]] = field(default_factory=dict)
    hops: dict[str, int] = field(default_factory=dict)
    #: For each declared state the one before it; for each flow walked the flow before it on the way shown.
    before: dict[State, State | None] = field(default_factory=dict)
    came_from: dict[str, str | None] = field(default_factory=dict)
    declared: dict[str, list[State]] = field(default_factory=dict)
    best: dict[str, Flow] = field(default_factory=dict)

    def answer(self) -> Lineage:
        self.hops = dict.fromkeys(self.start.participants, 0)
        level, frontier = 1, self._first()
        while frontier and (self.filters.depth is None or level <= self.filters.depth):
            arrived = self._arrive(frontier, level)
            frontier = self._onward(arrived)
            level += 1
        return self._lineage()

    # --- the walk -------------------------------------------------------------------------------------------

    def _first(self) -> list[Flow]:
        """Return the flows that leave the start, with all that they carry or what was asked about as payload."""
        if self.filters.depth == 0:
            return []
        self._fetch(self.start.participants)
        first = {flow.iri: flow for one in self.start.participants for flow in self.leaving[one]}
        payloads = {iri: self.filters.payload(flow) for iri, flow in first.items()}
        for flow in self.source.flows(self.start.flows, self.filters.basis):
            if not self.filters.allows(flow) or flow.iri in first:
                continue
            first[flow.iri] = flow
            asked = self.start.payloads.get(flow.iri)
            payloads[flow.iri] = tuple(i for i in self.filters.payload(flow) if asked is None or i in asked)
        for iri, flow in first.items():
            self.flows[iri] = flow
            self.came_from[iri] = None
            self._declare(iri, {State(iri, item): None for item in payloads[iri] or (None,)})
        return sorted(first.values(), key=lambda flow: flow.iri)

    def _declare(self, flow: str, states: Mapping[State, State | None]) -> None:
        self.before.update(states)
        self.declared.setdefault(flow, []).extend(states)

    def _fetch(self, participants: Collection[str]) -> None:
        unknown = [one for one in participants if one not in self.leaving]
        found = self.source.leaving(unknown, self.direction, self.filters.basis, stations=self.filters.stations)
        for one in unknown:
            self.leaving[one] = [flow for flow in found.get(one, ()) if self.filters.allows(flow)]

    def _arrive(self, frontier: list[Flow], level: int) -> dict[str, _Arrived]:
        """Note whom the flows of a level reach, and return what has come to each that is to be walked on from."""
        together: dict[str, list[Flow]] = {}
        for flow in frontier:
            stations = flow.stations if self.filters.stations else ()
            for participant in dict.fromkeys((flow.ends(self.direction)[1], *stations)):
                together.setdefault(participant, []).append(flow)
        arrived: dict[str, _Arrived] = {}
        for participant, incoming in together.items():
            is_new = participant not in self.hops
            if is_new:
                self.hops[participant] = level
                self.best[participant] = min(incoming, key=lambda one: (one.iri not in self.declared, one.iri))
            if is_new or self.filters.certain:
                arrived[participant] = _Arrived(incoming, self._payload(incoming))
        if self.filters.through_external:
            return arrived
        known = self.source.describe(arrived.keys())
        return {one: what for one, what in arrived.items() if known[one].zone != self.filters.external_zone}

    def _payload(self, incoming: Iterable[Flow]) -> dict[str, State]:
        payload: dict[str, State] = {}
        for flow in incoming:  # in the order of their names: the first one that brings an item is shown
            for state in self.declared.get(flow.iri, ()):
                if state.item is not None:
                    payload.setdefault(state.item, state)
        return payload

    def _onward(self, arrived: Mapping[str, _Arrived]) -> list[Flow]:
        """Return the flows of the next level."""
        self._fetch(arrived)
        makes = _made_from(self.source.steps(arrived.keys()), self.direction)
        following: list[Flow] = []
        for participant, (incoming, payload) in arrived.items():
            for flow in self.leaving[participant]:
                found = dict(self._declared_states(flow, payload, makes.get(participant, {})))
                if self.filters.certain:
                    found = {state: last for state, last in found.items() if state not in self.before}
                    if not found:
                        continue
                elif flow.iri in self.came_from:
                    continue
                self.flows[flow.iri] = flow
                if found:
                    last = min(found.values())
                    self.came_from.setdefault(flow.iri, last.flow)
                    self._declare(flow.iri, found)
                else:
                    previous = min(incoming, key=lambda one: (one.iri not in self.declared, one.iri))
                    self.came_from[flow.iri] = previous.iri
                following.append(flow)
        return sorted(following, key=lambda flow: flow.iri)

    def _declared_states(
        self, flow: Flow, payload: Mapping[str, State], makes: Mapping[str, Collection[str]]
    ) -> Iterator[tuple[State, State]]:
        """Yield for each item of a flow that came to its participant, or is made there of what came, where from."""
        for item in self.filters.payload(flow):
            came = [payload[one] for one in (item, *makes.get(item, ())) if one in payload]
            if came:
                yield State(flow.iri, item), min(came)

    # --- the answer -----------------------------------------------------------------------------------------

    def _lineage(self) -> Lineage:
        known = self.source.describe(self.best.keys() | self.start.participants)
        reached = [
            Reached(known[one], self.hops[one], self._certainty(flow), self._path(flow))
            for one, flow in self.best.items()
            if self.filters.shows(known[one])
        ]
        reached.sort(key=lambda one: (one.hops, one.element.name, one.element.iri))
        flows = self._edge_set(reached)
        used = {end for flow in flows for end in (flow.source, flow.target, *flow.items, *flow.stations)}
        named = self.source.describe(used)
        elements = {one: named[one] for one in sorted(used)} | {one.iri: one for one in self.start.elements}
        filters = self.filters
        return Lineage(
            self.start.elements, self.direction, filters.depth, filters.basis, tuple(reached), flows, elements
        )

    def _edge_set(self, reached: list[Reached]) -> tuple[Flow, ...]:
        """Return all flows among what is shown, on paths shown, or asked about."""
        shown = self.start.participants | {one.element.iri for one in reached}
        wanted = {iri: self.flows[iri] for one in reached for iri in one.path}
        if self.filters.depth != 0:
            asked = self.source.flows(self.start.flows, self.filters.basis)
            wanted |= {flow.iri: flow for flow in asked if self.filters.allows(flow)}
        self._fetch(shown)
        wanted |= {
            flow.iri: flow
            for one in shown
            for flow in self.leaving[one]
            if flow.source in shown and flow.target in shown
        }
        return tuple(self.source.evidence([wanted[iri] for iri in sorted(wanted)]))

    def _certainty(self, flow: Flow) -> Literal["declared", "possible"]:
        return "declared" if flow.iri in self.declared else "possible"

    def _path(self, flow: Flow) -> tuple[str, ...]:
        path: list[str] = []
        state: State | None
        iri: str | None = flow.iri
        while iri is not None and iri not in self.declared:
            path.append(iri)
            iri = self.came_from[iri]
        if iri is not None:
            # From here back everything is declared; in a walk of declared steps the earliest state is the nearest.
            states = self.declared[iri]
            state = states[0] if self.filters.certain else min(states, key=lambda one: one.item or "")
            while state is not None:
                path.append(state.flow)
                state = self.before[state]
        return tuple(reversed(path))


def _made_from(steps: Iterable[Step], direction: Direction) -> dict[str, dict[str, list[str]]]:
    """Return for each participant and each item leaving it, in walking order, the items that lead to it there."""
    makes: dict[str, dict[str, list[str]]] = {}
    for at, made_from, made in steps:
        earlier, later = (made_from, made) if direction == "downstream" else (made, made_from)
        makes.setdefault(at, {}).setdefault(later, []).append(earlier)
    return makes
