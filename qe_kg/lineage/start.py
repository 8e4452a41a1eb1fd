"""Where a walk starts: from the names that a person gives to participants and flows."""

from __future__ import annotations

from collections.abc import Iterable

from qe_kg.catalogue import Catalogue, Element
from qe_kg.errors import CallError
from qe_kg.lineage.answer import Start
from qe_kg.lineage.flows import BASES, FlowGraph
from qe_kg.namespaces import Namespaces
from qe_kg.store.embedded import EmbeddedStore

LINEAGE_KINDS = ("participant", "flow", "item", "concept")


class Starts:
    """Finds where walks start in one model."""

    def __init__(self, store: EmbeddedStore, catalogue: Catalogue, namespaces: Namespaces) -> None:
        self._store, self._catalogue, self._namespaces = store, catalogue, namespaces

    def resolve(self, names: Iterable[str], graph: FlowGraph) -> Start:
        """Return the start that names of participants, flows, items or concepts stand for.

        A value stream starts with its stages too, an item or a concept with the flows that carry it.

        Raises:
            UnknownNameError, AmbiguousNameError: a name means nothing, or several things.
            CallError: there is no name.

        """
        elements = tuple(dict.fromkeys(self._catalogue.resolve(name, *LINEAGE_KINDS) for name in names))
        if not elements:
            raise CallError("name at least one participant, flow, item or concept")
        chosen = {element.iri for element in elements}
        items = chosen | {item for item, about in self._pairs("isAbout") if about in chosen}
        flows = {edge.iri for edge in graph.edges if edge.iri in chosen or items & set(edge.items)}
        participants = {element.iri for element in elements if self.is_participant(element)}
        participants |= {stage for stage, stream in self._pairs("isStageOf") if stream in participants}
        return Start(elements, frozenset(participants), frozenset(flows))

    def is_participant(self, element: Element) -> bool:
        """Tell whether an element is a participant."""
        return self._namespaces.expand(element.type) in self._catalogue.subclasses("Participant")

    def _pairs(self, name: str) -> list[tuple[str, str]]:
        rows = self._store.select(f"SELECT ?a ?b WHERE {{ ?a <{self._namespaces.terms}{name}> ?b }}").rows
        return [(a.value, b.value) for a, b in rows if a and b]


def check_options(basis: str, depth: int | None) -> None:
    """Refuse what no walk can do.

    Raises:
        CallError: the basis is unknown or the depth negative.

    """
    if basis not in BASES:
        raise CallError(f"basis must be one of {', '.join(BASES)}, not {basis!r}")
    if depth is not None and depth < 0:
        raise CallError(f"depth must be 0 or more, not {depth}")
