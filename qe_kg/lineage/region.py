"""The part of a large model that a bounded question about a change is about, asked of the store level by level."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from qe_kg.catalogue import Catalogue
from qe_kg.lineage.answer import Start
from qe_kg.lineage.flows import Flow, FlowGraph, chunks, read_derivations, read_flows
from qe_kg.lineage.levels import StoreFlows
from qe_kg.lineage.walk import Filters
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store


class Region:
    """Reads the flows within the depth of a question, and what belongs to them; nothing else.

    Args:
        store: where the flows are.
        catalogue: names its elements.
        namespaces: its namespaces.
        filters: what is left out, and the depth, which is not None.

    """

    def __init__(self, store: Store, catalogue: Catalogue, namespaces: Namespaces, filters: Filters) -> None:
        self._store, self._namespaces, self._filters = store, namespaces, filters
        self._levels = StoreFlows(store, catalogue, namespaces)
        self._flows: dict[str, Flow] = {}
        self._walked: set[str] = set()

    def read(self, start: Start, *, wherever: bool) -> FlowGraph:
        """Return the flows in at most as many hops from a start as the depth says.

        Args:
            start: where the change begins.
            wherever: whether it also begins wherever else the items that it begins with are.

        """
        depth = self._filters.depth or 0
        frontier = self._leaving(start.participants) + self._levels.flows(start.flows, self._filters.basis)
        if wherever:
            frontier += self._carrying(self._asked(start, frontier))
        self._take(frontier)
        for _ in range(1, depth):
            places = {flow.target for flow in frontier} - self._walked
            if not places:
                break
            frontier = self._leaving(self._passable(places))
            self._take(frontier)
        edges = tuple(self._levels.evidence([self._flows[iri] for iri in sorted(self._flows)]))
        ends = {end for flow in edges for end in (flow.source, flow.target)}
        derivations, declassifying = read_derivations(self._store, self._namespaces, ends)
        named = ends.union(*((*flow.items, *flow.stations) for flow in edges))
        return FlowGraph(edges, derivations, dict(self._levels.describe(named)), declassifying)

    def _take(self, flows: Iterable[Flow]) -> None:
        self._flows |= {flow.iri: flow for flow in flows if self._filters.allows(flow)}

    def _leaving(self, participants: Collection[str]) -> list[Flow]:
        self._walked |= set(participants)
        found = self._levels.leaving(participants, "downstream", self._filters.basis)
        return [flow for flows in found.values() for flow in flows if self._filters.allows(flow)]

    def _asked(self, start: Start, flows: Iterable[Flow]) -> set[str]:
        """Return the items that the change begins with."""
        found: set[str] = set()
        for flow in flows:
            items = set(self._filters.payload(flow))
            is_part = flow.source not in start.participants and flow.iri in start.payloads
            found |= items & start.payloads[flow.iri] if is_part else items
        return found

    def _carrying(self, items: Collection[str]) -> list[Flow]:
        pattern = "VALUES ?any {{ {} }} ?f qe:carries ?any ."
        flows = [
            flow for listed in chunks(items)
            for flow in read_flows(self._store, self._namespaces, pattern.format(listed))
        ]  # fmt: skip
        return [flow for flow in self._levels.evidence(flows) if self._filters.allows(flow)]

    def _passable(self, participants: Collection[str]) -> list[str]:
        if self._filters.through_external:
            return list(participants)
        known = self._levels.describe(participants)
        return [one for one in participants if known[one].zone != self._filters.external_zone]
