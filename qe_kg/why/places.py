"""Where elements and triples of a loaded model are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qe_kg.namespaces import RDF, Namespaces
from qe_kg.positions import locate
from qe_kg.store.files import shown_path
from qe_kg.store.protocol import Store
from qe_kg.terms import iri
from qe_kg.validation.report import SourcePlace


@dataclass(frozen=True)
class Sources:
    """Finds places by asking a store in which file's graph something is said."""

    store: Store
    namespaces: Namespaces
    file_of: Callable[[str], Path | None]

    def of(self, subject: str, predicate: str | None = None, value: str | None = None) -> SourcePlace | None:
        """Return the place of a triple of IRIs, or of the description of an element; None if it is in no file."""
        asked = f"{iri(subject).n3()} {iri(predicate or f'{RDF}type').n3()} {iri(value).n3() if value else '?o'}"
        for (graph,) in self.store.select(f"SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ {asked} }} }} ORDER BY ?g").rows:
            path = self.file_of(graph.value) if graph else None
            if path is not None:
                place = locate(path, self.namespaces, subject, predicate, value)
                return SourcePlace(shown_path(path), *(place or (None,)))
        return None
