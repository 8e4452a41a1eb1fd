"""A large model's flows, warm: the index, what filters come to in it, and names and evidence as they are asked for."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from qe_kg.catalogue import Catalogue
from qe_kg.lineage.answer import Lineage, Start
from qe_kg.lineage.array_walk import Allowed, walk_arrays
from qe_kg.lineage.flows import Direction
from qe_kg.lineage.index import FlowIndex, Mask
from qe_kg.lineage.levels import StoreFlows
from qe_kg.lineage.walk import Filters
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store


class WarmFlows:
    """Walks the flows of one store by an index that is built once.

    Args:
        store: where the flows are; it must not change while this is used.
        catalogue: names its elements.
        namespaces: its namespaces.
        index: the index, where it is there already.

    """

    def __init__(
        self, store: Store, catalogue: Catalogue, namespaces: Namespaces, index: FlowIndex | None = None
    ) -> None:
        self._store, self._namespaces = store, namespaces
        self._details = StoreFlows(store, catalogue, namespaces)
        self._given = index

    @cached_property
    def index(self) -> FlowIndex:
        """The index: the one that is kept beside the store, else built from it."""
        if self._given is not None:
            return self._given
        kept = FlowIndex.kept(self._store.path) if self._store.path else None
        return FlowIndex.read(self._store, self._namespaces) if kept is None else kept

    def walk(self, start: Start, direction: Direction, filters: Filters) -> Lineage:
        """Walk breadth first; the answer is that of `qe_kg.lineage.walk.walk`, which counts stations too."""
        return walk_arrays(self.index, self._details, start, direction, filters, self.allowed(filters))

    def allowed(self, filters: Filters) -> Allowed:
        """Return what filters come to in the index."""
        index = self.index
        flows = self._everything if filters.basis == "all" else self._of_basis[filters.basis]
        states = np.ones(len(index.state_item), np.bool_)
        if filters.items is not None:
            numbers = [index.number_of_item[item] for item in filters.items if item in index.number_of_item]
            states = np.isin(index.state_item, numbers)
            carrying = np.zeros(len(index.iris), np.bool_)
            carrying[index.state_flow[states]] = True
            flows = flows & carrying
        passable = np.ones(len(index.participants), np.bool_)
        if not filters.through_external:
            passable[self._external(filters.external_zone)] = False
        return Allowed(flows, states, passable)

    @cached_property
    def _everything(self) -> Mask:
        return np.ones(len(self.index.iris), np.bool_)

    @cached_property
    def _of_basis(self) -> dict[str, Mask]:
        """For each basis the flows that it lets through."""
        lists = self._namespaces.lists
        text = self._store.text_rows(
            f"PREFIX qe: <{self._namespaces.terms}>\nSELECT DISTINCT ?f ?medium WHERE {{ "
            "VALUES ?how { qe:statesFlow qe:expandsTo } ?st ?how ?f ; qe:medium ?medium }"
        ).decode()
        found: dict[str, list[str]] = {"drawn": [], "stated": []}
        for row in text.split("\n")[1:-1]:
            flow, medium = row.split("\t")
            found["drawn" if medium == f"<{lists}medium-diagram>" else "stated"].append(flow.strip("<>"))
        masks = {basis: np.zeros(len(self.index.iris), np.bool_) for basis in found}
        for basis, iris in found.items():
            masks[basis][self.index.numbers_of_flows(iris)] = True
        return masks

    def _external(self, zone: str) -> list[int]:
        if zone not in self._external_by_zone:
            iri = self._namespaces.expand(zone) or zone
            rows = self._store.select(
                f"PREFIX qe: <{self._namespaces.terms}>\nSELECT DISTINCT ?p WHERE {{ "
                f"{{ ?p qe:inZone <{iri}> }} UNION {{ ?p qe:isStageOf/qe:inZone <{iri}> }} }}"
            ).rows
            candidates = [row[0].value for row in rows if row[0]]
            named = self._details.describe(candidates)
            numbers = self.index.number_of_participant
            self._external_by_zone[zone] = [
                numbers[one] for one in candidates if one in numbers and named[one].zone == zone
            ]
        return self._external_by_zone[zone]

    @cached_property
    def _external_by_zone(self) -> dict[str, list[int]]:
        return {}
