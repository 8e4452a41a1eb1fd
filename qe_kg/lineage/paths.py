"""All ways from one place to another: simple paths, shortest first, found as they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from qe_kg.catalogue import Element
from qe_kg.lineage.answer import Reached, Start, Tell
from qe_kg.lineage.evidence import Hop, hops_of
from qe_kg.lineage.flows import Direction, Flow, FlowSource
from qe_kg.lineage.walk import Filters


@dataclass(frozen=True)
class Path:
    """One path: its flows in order, and along how many of the first of them an item, or what is made of it, goes."""

    hops: tuple[Hop, ...]
    declared: int

    @property
    def certainty(self) -> Literal["declared", "possible"]:
        """Whether one item, or what is made of it, goes along all of it."""
        return "declared" if self.declared == len(self.hops) else "possible"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"hops": len(self.hops), "certainty": self.certainty, "flows": [hop.to_dict() for hop in self.hops]}


@dataclass(frozen=True)
class Paths:
    """The first paths from one place to another.

    Attributes:
        start: what was asked about.
        goal: where the paths lead.
        max_hops: the longest that was looked for.
        limit: how many were asked for.
        found: the paths, ordered by the number of hops and by the flows' IRIs.
        has_more: whether there are more.
        tell: whom the paths concern; None where no model answers for them.

    """

    start: tuple[Element, ...]
    goal: tuple[Element, ...]
    max_hops: int
    limit: int
    found: tuple[Path, ...]
    has_more: bool
    tell: Tell | None = None

    def met(self) -> tuple[Reached, ...]:
        """Return whom the paths lead to, through or in the end, nearest first."""
        found: dict[str, Reached] = {}
        for path in self.found:
            for number, hop in enumerate(path.hops, 1):
                way = tuple(one.flow.iri for one in path.hops[:number])
                one = Reached(hop.target, number, "declared" if number <= path.declared else "possible", way)
                known = found.setdefault(hop.target.iri, one)
                if (one.hops, one.certainty) < (known.hops, known.certainty):
                    found[hop.target.iri] = one
        return tuple(sorted(found.values(), key=lambda one: (one.hops, one.element.name, one.element.iri)))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "from": [element.iri for element in self.start],
            "to": [element.iri for element in self.goal],
            "maxHops": self.max_hops,
            "limit": self.limit,
            **({"tell": self.tell.to_dict()} if self.tell else {}),
            "paths": [path.to_dict() for path in self.found],
            "more": self.has_more,
        }


def find_paths(source: FlowSource, start: Start, goal: Start, filters: Filters, *, max_hops: int, limit: int) -> Paths:
    """Return the first simple paths downstream from a start to participants.

    Args:
        source: the flows.
        start: where they begin.
        goal: the participants at which they end.
        filters: what to leave out; ``zone`` and ``types`` narrow to which of the participants paths are listed.
        max_hops: the greatest number of flows on a path.
        limit: how many to return.

    """
    found = list(islice(simple_paths(source, start, goal.participants, filters, max_hops=max_hops), limit + 1))
    shown = found[:limit]
    flows = {flow.iri: flow for path, _ in shown for flow in path}
    told = {flow.iri: flow for flow in source.evidence(list(flows.values()))}
    named = source.describe(
        {end for flow in told.values() for end in (flow.source, flow.target, *flow.items, *flow.stations)}
    )
    paths = tuple(Path(hops_of((told[flow.iri] for flow in path), named), declared) for path, declared in shown)
    return Paths(start.elements, goal.elements, max_hops, limit, paths, len(found) > limit)


def simple_paths(
    source: FlowSource, start: Start, goal: Collection[str], filters: Filters, *, max_hops: int
) -> Iterator[tuple[tuple[Flow, ...], int]]:
    """Yield the simple paths from a start to a goal, shortest first, and how many flows of each are declared.

    Those are the first ones, along which one item, or what is made of it, goes. A path meets no participant twice and
    ends where it first meets the goal. The next path is looked for only when it is asked for.
    """
    known = source.describe(goal)
    shown = frozenset(one for one in goal if one in known and filters.shows(known[one]))
    yield from _Search(source, start, frozenset(goal), shown, filters, max_hops).paths()


@dataclass
class _Search:
    source: FlowSource
    start: Start
    goal: frozenset[str]
    #: To which of them paths are listed.
    shown: frozenset[str]
    filters: Filters
    max_hops: int
    leaving: dict[str, list[Flow]] = field(default_factory=dict)
    #: How many flows there are at least from a participant to the goal.
    distance: dict[str, int] = field(default_factory=dict)
    makes: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def paths(self) -> Iterator[tuple[tuple[Flow, ...], int]]:
        self._measure()
        first = self._first()
        for length in range(1, self.max_hops + 1):
            for flow, payload in first:
                if self._leads_there(flow, length - 1):
                    yield from self._extended((flow,), {flow.source, flow.target}, payload, length, 1)

    def _measure(self) -> None:
        """Walk back from the goal as far as a path may be long."""
        self.distance = dict.fromkeys(self.shown, 0)
        frontier: Collection[str] = self.shown
        for hops in range(1, self.max_hops + 1):
            found = self._allowed(frontier, "upstream")
            frontier = {flow.source for flows in found.values() for flow in flows if flow.source not in self.distance}
            self.distance |= dict.fromkeys(frontier, hops)
            frontier = self._passable(frontier)
            if not frontier:
                return

    def _first(self) -> list[tuple[Flow, frozenset[str]]]:
        flows = {flow.iri: flow for flows in self._allowed(self.start.participants, "downstream").values()
                 for flow in flows}  # fmt: skip
        payloads = {iri: frozenset(self.filters.payload(flow)) for iri, flow in flows.items()}
        for flow in self.source.flows(self.start.flows, self.filters.basis):
            if flow.iri not in flows and self.filters.allows(flow):
                flows[flow.iri] = flow
                asked = self.start.payloads.get(flow.iri, frozenset(flow.items))
                payloads[flow.iri] = frozenset(self.filters.payload(flow)) & asked
        return [(flows[iri], payloads[iri]) for iri in sorted(flows)]

    def _extended(
        self, path: tuple[Flow, ...], met: set[str], payload: frozenset[str], length: int, declared: int
    ) -> Iterator[tuple[tuple[Flow, ...], int]]:
        here = path[-1].target
        if here in self.goal:
            if len(path) == length and here in self.shown:
                yield path, declared
            return
        if len(path) == length or not self._passable([here]):
            return
        for flow in self._leaving(here):
            if flow.target in met or not self._leads_there(flow, length - len(path) - 1):
                continue
            carried = self._carried(here, payload, flow)
            if carried or not self.filters.certain:
                far = declared + 1 if carried else declared
                yield from self._extended((*path, flow), met | {flow.target}, carried, length, far)

    def _leads_there(self, flow: Flow, hops_left: int) -> bool:
        return self.distance.get(flow.target, self.max_hops + 1) <= hops_left

    def _carried(self, at: str, payload: frozenset[str], flow: Flow) -> frozenset[str]:
        if at not in self.makes:
            made: dict[str, set[str]] = {}
            for place, made_from, output in self.source.steps([at]):
                if place == at:
                    made.setdefault(made_from, set()).add(output)
            self.makes[at] = made
        goes_on = set(payload).union(*(self.makes[at].get(item, ()) for item in payload))
        return frozenset(goes_on & set(self.filters.payload(flow)))

    def _leaving(self, participant: str) -> list[Flow]:
        if participant not in self.leaving:
            self.leaving |= self._allowed([participant], "downstream")
        return self.leaving[participant]

    def _allowed(self, participants: Collection[str], direction: Direction) -> dict[str, list[Flow]]:
        found = self.source.leaving(participants, direction, self.filters.basis)
        return {one: [flow for flow in flows if self.filters.allows(flow)] for one, flows in found.items()}

    def _passable(self, participants: Collection[str]) -> list[str]:
        if self.filters.through_external:
            return list(participants)
        known = self.source.describe(participants)
        return [one for one in participants if known[one].zone != self.filters.external_zone]
