"""Flows asked of a store level by level, so that a question with a bound never reads the whole graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property

from qe_kg.catalogue import Catalogue, Element
from qe_kg.lineage.flows import (
    Direction,
    Flow,
    Step,
    chunks,
    read_derivations,
    read_flows,
    read_statements,
    value_rows,
)
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

_MANY = 5_000


class StoreFlows:
    """A source of flows that asks the store for each level of a walk, and remembers names.

    It holds nothing that the store may change under it but names; make one for each question.
    """

    def __init__(self, store: Store, catalogue: Catalogue, namespaces: Namespaces) -> None:
        self._store, self._catalogue, self._namespaces = store, catalogue, namespaces
        self._elements: dict[str, Element] = {}

    def leaving(
        self, participants: Collection[str], direction: Direction, basis: str, *, stations: bool = False
    ) -> Mapping[str, list[Flow]]:
        """Return the flows of a basis that are entered at these participants, each list sorted by IRI."""
        end, name = ("?s", "hasSource") if direction == "downstream" else ("?t", "hasTarget")
        found: dict[str, list[Flow]] = {one: [] for one in participants}
        for values in chunks(participants):
            for flow in self._read(f"VALUES {end} {{ {values} }} ?f qe:{name} {end} .", basis):
                found[flow.ends(direction)[0]].append(flow)
            if stations:
                through = self._read(f"VALUES ?at {{ {values} }} ?f qe:passesThrough ?at .", basis)
                for flow in through:
                    for one in found.keys() & set(flow.stations):
                        if flow not in found[one]:
                            found[one].append(flow)
        return {one: sorted(flows, key=lambda flow: flow.iri) for one, flows in found.items()}

    def flows(self, iris: Collection[str], basis: str) -> list[Flow]:
        """Return those of the flows with these IRIs that are of a basis."""
        return [flow for values in chunks(iris) for flow in self._read(f"VALUES ?f {{ {values} }}", basis)]

    def _read(self, where: str, basis: str) -> list[Flow]:
        flows = read_flows(self._store, self._namespaces, where)
        return flows if basis == "all" else [flow for flow in self.evidence(flows) if flow.is_of(basis)]

    def steps(self, participants: Collection[str]) -> Collection[Step]:
        """Return the steps that derivations at these participants declare."""
        return read_derivations(self._store, self._namespaces, participants)[0]

    def describe(self, iris: Collection[str]) -> Mapping[str, Element]:
        """Return the elements with these IRIs, and others that were asked for before."""
        unknown = [one for one in iris if one not in self._elements]
        if unknown:
            self._elements |= self._catalogue.describe(unknown)
        return self._elements

    @cached_property
    def _has_statements(self) -> bool:
        name = f"<{self._namespaces.terms}"
        return bool(self._any(f"VALUES ?how {{ {name}statesFlow> {name}expandsTo> }} ?st ?how ?f"))

    @cached_property
    def _has_stations(self) -> bool:
        return bool(self._any(f"?f <{self._namespaces.terms}passesThrough> ?by"))

    def _any(self, pattern: str) -> list[list[str]]:
        return list(value_rows(self._store, f"SELECT ?f WHERE {{ {pattern} }} LIMIT 1"))

    def evidence(self, flows: Collection[Flow]) -> list[Flow]:
        """Return these flows with what the sources say of them."""
        if not flows or not self._has_statements:
            return list(flows)
        # So many that reading everything is sooner done than asking for each.
        wanted = None if len(flows) > _MANY else [flow.iri for flow in flows]
        told = read_statements(self._store, self._namespaces, wanted)
        return [told.add_to(flow) for flow in flows]

    def complete(self, flows: Collection[Flow]) -> list[Flow]:
        """Return bare flows with what the sources say of them and what they pass through."""
        through = self.through([flow.iri for flow in flows])
        told = self.evidence(flows)
        return [replace(flow, stations=through[flow.iri]) if flow.iri in through else flow for flow in told]

    def through(self, flows: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Return what these flows (IRIs) pass through, of those that pass through something."""
        found: dict[str, set[str]] = {}
        if not flows or not self._has_stations:
            return {}
        for values in [""] if len(flows) > _MANY else [f"VALUES ?f {{ {listed} }}" for listed in chunks(flows)]:
            query = (
                f"SELECT ?f ?by WHERE {{ {values} ?f <{self._namespaces.terms}passesThrough> ?by FILTER(isIRI(?by)) }}"
            )
            for flow, station in value_rows(self._store, query):
                found.setdefault(flow, set()).add(station)
        return {flow: tuple(sorted(stations)) for flow, stations in found.items()}
