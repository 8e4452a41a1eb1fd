"""A large model's flows, warm: the index, what filters come to in it, and names and evidence as they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from qe_kg.catalogue import Catalogue
from qe_kg.lineage.answer import Lineage, Start
from qe_kg.lineage.array_walk import Allowed, ArrayAnswer, Walked
from qe_kg.lineage.flows import Direction
from qe_kg.lineage.index import FlowIndex
from qe_kg.lineage.levels import StoreFlows
from qe_kg.lineage.names import FlowNames
from qe_kg.lineage.owners import Owners
from qe_kg.lineage.statements_text import Source
from qe_kg.lineage.texts import Ints, Mask
from qe_kg.lineage.walk import Filters
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

#: For so many ways to narrow a walk what they come to is remembered.
_REMEMBERED = 8


class WarmFlows:
    """Walks the flows of one store by an index that is built once.

    Args:
        store: where the flows are; it must not change while this is used.
        catalogue: names its elements.
        namespaces: its namespaces.
        texts: gives all that the store was loaded from as N-Triples, or None.

    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        namespaces: Namespaces,
        texts: Callable[[], list[Source] | None] = lambda: None,
    ) -> None:
        self._store, self._catalogue, self._namespaces = store, catalogue, namespaces
        self._known: dict[Filters, Allowed] = {}
        self._details = StoreFlows(store, catalogue, namespaces)
        self._texts = texts

    @cached_property
    def index(self) -> FlowIndex:
        """The index: the one that is kept beside the store, else built from what was loaded, else from the store."""
        kept = FlowIndex.kept(self._store.path) if self._store.path else None
        if kept is not None:
            return kept
        texts = self._texts()
        if texts is None:
            return FlowIndex.read(self._store, self._namespaces)
        return FlowIndex.scan(texts, self._namespaces)

    @cached_property
    def names(self) -> FlowNames:
        """The names of what the index has numbered, likewise."""
        index, folder = self.index, self._store.path
        kept = FlowNames.kept(folder, index.participants, index.items) if folder else None
        return FlowNames.read(self._catalogue, index.participants, index.items) if kept is None else kept

    @cached_property
    def owners(self) -> Owners | None:
        """All owners: those that are kept beside the store, else read where that costs little."""
        kept = Owners.kept(self._store.path) if self._store.path else None
        return Owners.read(self._store, self._namespaces) if kept is None and self._store.is_in_memory else kept

    def keep(self, folder: Path) -> None:
        """Build the index and the names, read the owners, and keep them beside a store."""
        for kind in (FlowIndex, FlowNames, Owners):
            kind.forget(folder)
        self.index.write(folder)
        self.names.write(folder)
        Owners.read(self._store, self._namespaces).write(folder)

    def walk(self, start: Start, direction: Direction, filters: Filters) -> Lineage:
        """Walk breadth first; the answer is that of `qe_kg.lineage.walk.walk`, which counts stations too."""
        return ArrayAnswer(self.reach(start, direction, filters), start, lambda: self.names, self._details).lineage()

    def reach(self, start: Start, direction: Direction, filters: Filters) -> Walked:
        """Walk breadth first and return what was met."""
        return Walked.of(self.index, start, direction, filters, self.allowed(filters))

    def allowed(self, filters: Filters) -> Allowed:
        """Return what filters come to in the index."""
        # What does not narrow the walk makes no difference.
        asked = replace(filters, depth=None, certain=False, zone=None, types=None)
        if asked not in self._known:
            if len(self._known) == _REMEMBERED:
                self._known.clear()
            self._known[asked] = self._allowed(asked)
        return self._known[asked]

    def _allowed(self, filters: Filters) -> Allowed:
        index = self.index
        flows = self._everything if filters.basis == "all" else self._of_basis[filters.basis]
        states = np.ones(len(index.state_item), np.bool_)
        if filters.items is not None:
            states = np.isin(index.state_item, index.items.numbers(filters.items))
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

    def _external(self, zone: str) -> Ints:
        if zone not in self._external_by_zone:
            iri = self._namespaces.expand(zone) or zone
            rows = self._store.select(
                f"PREFIX qe: <{self._namespaces.terms}>\nSELECT DISTINCT ?p WHERE {{ "
                f"{{ ?p qe:inZone <{iri}> }} UNION {{ ?p qe:isStageOf/qe:inZone <{iri}> }} }}"
            ).rows
            candidates = [row[0].value for row in rows if row[0]]
            named = self._details.describe(candidates)
            self._external_by_zone[zone] = self.index.participants.numbers(
                one for one in candidates if named[one].zone == zone
            )
        return self._external_by_zone[zone]

    @cached_property
    def _external_by_zone(self) -> dict[str, Ints]:
        return {}
