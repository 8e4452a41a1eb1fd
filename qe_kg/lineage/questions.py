"""The questions of lineage about one model: what `Model` and the command line hand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from qe_kg.catalogue import Catalogue
from qe_kg.errors import CallError
from qe_kg.lineage.answer import Lineage, Start, Tell
from qe_kg.lineage.flows import Direction, FlowGraph, FlowSource
from qe_kg.lineage.levels import StoreFlows
from qe_kg.lineage.paths import Paths, find_paths
from qe_kg.lineage.start import Starts, check_options
from qe_kg.lineage.tell import Teller
from qe_kg.lineage.walk import Filters, walk
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

if TYPE_CHECKING:
    from qe_kg.lineage.changes import ChangeAnswer
    from qe_kg.lineage.structure import Structure
    from qe_kg.lineage.warm import WarmFlows

#: How long paths are looked for where no bound is given.
_MAX_HOPS = 6
#: From so many flows on they are walked as arrays.
_LARGE = 20_000
#: What market participants and third parties do.
_OUTSIDERS = ("market-participation", "marketing", "technology-partner")


class WalkOptions(TypedDict, total=False):
    """What narrows a walk, with elements by name; see `Filters` and `Questions.filters`."""

    depth: int | None
    basis: str
    through_external: bool
    certain: bool
    stations: bool
    zone: str | None
    item: str | None
    concept: str | None
    type: str | None


class Questions:
    """Answers questions about the flows of one model.

    Args:
        store: the store that it is loaded into.
        catalogue: finds its elements.
        namespaces: its namespaces.
        graph: gives its flow graph, which is read once, when first needed.
        texts: gives all that the store was loaded from as N-Triples, or None.

    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        namespaces: Namespaces,
        graph: Callable[[], FlowGraph],
        texts: Callable[[], list[Path | bytes] | None] = lambda: None,
    ) -> None:
        self._store, self._catalogue, self._namespaces = store, catalogue, namespaces
        self._graph, self._texts = graph, texts

    @cached_property
    def starts(self) -> Starts:
        """Finds what names stand for."""
        return Starts(self._store, self._catalogue, self._namespaces)

    def lineage(self, direction: Direction, names: tuple[str, ...], **options: Unpack[WalkOptions]) -> Lineage:
        """Walk from what these names stand for; the options are those of `filters`.

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name or an option is wrong.

        """
        filters = self.filters(**options)
        return replace(self._walk(direction, self.starts.resolve(names), filters), teller=self.teller.of)

    def _walk(self, direction: Direction, start: Start, filters: Filters) -> Lineage:
        if not self.is_large or filters.stations:
            return walk(self._source, start, direction, filters)
        if not self._store.is_in_memory and filters.depth is not None and "warm" not in vars(self):
            # One bounded question to a store on disk or far away: what it does not reach need not be read.
            return walk(self._levels, start, direction, filters)
        return self.warm.walk(start, direction, filters)

    def paths(
        self,
        start: tuple[str, ...],
        goal: tuple[str, ...],
        *,
        max_hops: int | None = None,
        limit: int = 20,
        **options: Unpack[WalkOptions],
    ) -> Paths:
        """Find the simple paths from a start to participants; the options are those of `filters`.

        Without a bound they have at most 6 hops.

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name or an option is wrong.

        """
        filters = self._filters("paths", **options)
        bounds = [bound for bound in (max_hops, filters.depth) if bound is not None]
        max_hops = min(bounds, default=_MAX_HOPS)
        if max_hops < 1 or limit < 1:
            raise CallError("a path has at least one hop, and at least one is looked for")
        ends = self.starts.resolve(goal)
        others = [element for element in ends.elements if not self.starts.is_participant(element)]
        if others:
            raise CallError(f"paths lead to participants; {others[0].name!r} is none")
        begins = self.starts.resolve(start)
        found = find_paths(self._source, begins, ends, filters, max_hops=max_hops, limit=limit)
        flows = [hop.flow.iri for path in found.found for hop in path.hops]
        asked = [element.iri for element in begins.elements]
        return replace(found, tell=self.teller.whom(found.met(), asked, flows))

    def change(self, kind: str, names: tuple[str, ...], **options: Unpack[WalkOptions]) -> ChangeAnswer:
        """Tell whom a change of some kind affects; the options are those of `filters`.

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name, the kind or an option is wrong.

        """
        from qe_kg.lineage.changes import KINDS, NEAR, change_impact
        from qe_kg.lineage.records import FlowRecords
        from qe_kg.lineage.region import Region

        known = next((one for one in KINDS if one == kind), None)
        if known is None:
            raise CallError(f"a change is one of {', '.join(KINDS)}, not {kind!r}")
        filters = self._filters("a change", **options)
        start = self.starts.resolve(names)
        if self.is_large and filters.depth is not None and known in NEAR:
            region = Region(self._store, self._catalogue, self._namespaces, filters)
            graph = region.read(start, wherever=known == "redefine")
            records = FlowRecords.read(self._store, self._namespaces, [flow.iri for flow in graph.edges])
        else:
            graph, records = self._graph(), FlowRecords.read(self._store, self._namespaces)
        answer = change_impact(graph, records, known, start, filters)
        return replace(answer, lineage=replace(answer.lineage, teller=self.teller.of))

    def structure(self, **options: Unpack[WalkOptions]) -> Structure:
        """Tell what the shape of the flows tells; the options are those of `filters`.

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name or an option is wrong.

        """
        from qe_kg.lineage.structure import structure_of  # with rustworkx

        filters = self._filters("structure", **options)
        zone = f"{self._namespaces.lists}zone-external"
        functions = " ".join(f"<{self._namespaces.lists}participant-function-{name}>" for name in _OUTSIDERS)
        rows = self._store.select(
            f"PREFIX qe: <{self._namespaces.terms}>\nSELECT DISTINCT ?p WHERE {{ "
            f"{{ VALUES ?f {{ {functions} }} {{ ?p qe:performsFunction ?f }} UNION "
            f"{{ ?p qe:isStageOf/qe:performsFunction ?f }} }} UNION {{ ?p qe:inZone <{zone}> FILTER NOT EXISTS "
            f"{{ ?p qe:performsFunction <{self._namespaces.lists}participant-function-regulation> }} }} }}"
        ).rows
        outsiders = {row[0].value for row in rows if row[0]}
        found = structure_of(self._graph(), outsiders, filters)
        return replace(found, tell=self.teller.whom(found.exposed(), found.concerned()))

    @cached_property
    def teller(self) -> Teller:
        """Finds out whom answers concern."""
        return Teller(
            self._store, self._catalogue, self._namespaces, lambda: self.warm.owners if "warm" in vars(self) else None
        )

    def tell(self, lineage: Lineage) -> Tell:
        """Return whom to tell of what an answer shows."""
        return self.teller.of(lineage)

    @cached_property
    def is_large(self) -> bool:
        """Whether the model has so many flows, or lies elsewhere than in memory, that they are not all made objects."""
        if not self._store.is_in_memory:
            return True
        text = self._store.text_rows(
            f"SELECT ?f WHERE {{ ?f <{self._namespaces.terms}hasSource> ?s }} LIMIT {_LARGE + 1}"
        )
        return text.count(b"\n") > _LARGE

    @property
    def _levels(self) -> StoreFlows:
        return StoreFlows(self._store, self._catalogue, self._namespaces)

    @property
    def _source(self) -> FlowSource:
        return self._levels if self.is_large else self._graph()

    @cached_property
    def warm(self) -> WarmFlows:
        """The flows as arrays, for models too large to walk as objects."""
        from qe_kg.lineage.warm import WarmFlows  # with numpy, which takes time to load

        return WarmFlows(self._store, self._catalogue, self._namespaces, self._texts)

    def keep_index(self, folder: Path) -> None:
        """Build the index of flows and keep it, with the names, beside a store."""
        self.warm.keep(folder)

    def warm_up(self) -> None:
        """Build the index of flows and their names now, and answer from it from here on; large models gain by it."""
        _ = self.warm.names
        self.teller.prepare()

    def _filters(self, what: str, **options: Unpack[WalkOptions]) -> Filters:
        """Return what options stand for, of a question that goes from participant to participant."""
        if options.get("stations"):
            raise CallError(f"what flows pass through (stations) cannot be counted for {what}")
        return self.filters(**options)

    def filters(
        self,
        *,
        depth: int | None = None,
        basis: str = "all",
        through_external: bool = False,
        certain: bool = False,
        stations: bool = False,
        zone: str | None = None,
        item: str | None = None,
        concept: str | None = None,
        type: str | None = None,  # noqa: A002 - the name of the option
    ) -> Filters:
        """Return what options, with elements by name, stand for; see `Filters`.

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name or an option is wrong.

        """
        check_options(basis, depth)
        zone_iri = self._catalogue.resolve(zone, "zone").iri if zone else None
        return Filters(
            depth,
            basis,
            through_external,
            self.starts.items(item=item, concept=concept),
            certain,
            self._namespaces.compact(zone_iri) if zone_iri else None,
            self.starts.types(type),
            stations,
            self._namespaces.compact(f"{self._namespaces.lists}zone-external"),
        )
