"""The questions of lineage about one model: what `Model` and the command line hand on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from qe_kg.catalogue import Catalogue
from qe_kg.lineage.answer import Lineage
from qe_kg.lineage.flows import Direction, FlowGraph, FlowSource
from qe_kg.lineage.start import Starts, check_options
from qe_kg.lineage.walk import Filters, walk
from qe_kg.namespaces import Namespaces
from qe_kg.store.embedded import EmbeddedStore


class Questions:
    """Answers questions about the flows of one model.

    Args:
        store: the store that it is loaded into.
        catalogue: finds its elements.
        namespaces: its namespaces.
        graph: gives its flow graph, which is read once, when first needed.

    """

    def __init__(
        self, store: EmbeddedStore, catalogue: Catalogue, namespaces: Namespaces, graph: Callable[[], FlowGraph]
    ) -> None:
        self._store, self._catalogue, self._namespaces, self._graph = store, catalogue, namespaces, graph

    @cached_property
    def starts(self) -> Starts:
        """Finds what names stand for."""
        return Starts(self._store, self._catalogue, self._namespaces)

    def lineage(self, direction: Direction, names: tuple[str, ...], **options: object) -> Lineage:
        """Walk from what these names stand for; the options are those of `filters`.

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name or an option is wrong.

        """
        filters = self.filters(**options)  # type: ignore[arg-type]
        return walk(self._source(filters), self.starts.resolve(names), direction, filters)

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

    def _source(self, filters: Filters) -> FlowSource:
        return self._graph()
