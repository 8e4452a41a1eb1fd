"""Questions about single triples, in a person's names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qe_kg.catalogue import Catalogue
from qe_kg.inference.places import place_of
from qe_kg.inference.triple_names import read_triple
from qe_kg.inference.why import Explainer, Explanation, Triple
from qe_kg.namespaces import Namespaces
from qe_kg.store.embedded import EmbeddedStore


class TripleQuestions:
    """Answers why triples hold.

    Args:
        store: ontology and data; what follows is added to it.
        catalogue: finds the store's elements by name.
        namespaces: of the model.
        file_of: the file behind a named graph.

    Raises:
        OntologyError: an axiom is outside OWL 2 RL.

    """

    def __init__(
        self, store: EmbeddedStore, catalogue: Catalogue, namespaces: Namespaces, file_of: Callable[[str], Path | None]
    ) -> None:
        self._catalogue, self._namespaces = catalogue, namespaces

        def locate(graph: str, subject: str, predicate: str, value: str) -> tuple[str, int | None] | None:
            return place_of(file_of(graph), namespaces, subject, predicate, value)

        self._explainer = Explainer(store, f"{namespaces.base}graph/entailed", locate, namespaces.compact)

    def read(self, subject: str, predicate: str, value: str) -> Triple:
        """Return the triple that three names mean; see `qe_kg.inference.triple_names`."""
        return read_triple(self._catalogue, self._namespaces, self._explainer.values_of, subject, predicate, value)

    def why(self, subject: str, predicate: str, value: str) -> Explanation | None:
        """Explain a triple: where it is said, or by which rules it follows; None if it does neither.

        Raises:
            UnknownNameError, AmbiguousNameError: a name means nothing, or several things.

        """
        return self._explainer.explain(self.read(subject, predicate, value))
