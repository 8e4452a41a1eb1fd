"""Questions about single triples, in a person's names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qe_kg.catalogue import Catalogue
from qe_kg.inference.fixpoint import Contradiction
from qe_kg.inference.places import place_of
from qe_kg.inference.triple_names import read_triple
from qe_kg.inference.why import Explainer, Explanation, Triple
from qe_kg.integrity import Problem
from qe_kg.namespaces import Namespaces
from qe_kg.positions import locate
from qe_kg.store.protocol import Store


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
        self, store: Store, catalogue: Catalogue, namespaces: Namespaces, file_of: Callable[[str], Path | None]
    ) -> None:
        self._catalogue, self._namespaces = catalogue, namespaces

        def find(graph: str, subject: str, predicate: str, value: str) -> tuple[str, int | None] | None:
            return place_of(file_of(graph), namespaces, subject, predicate, value)

        self._explainer = Explainer(store, f"{namespaces.base}graph/entailed", find, namespaces.compact)

    def read(self, subject: str, predicate: str, value: str) -> Triple:
        """Return the triple that three names mean; see `qe_kg.inference.triple_names`."""
        return read_triple(self._catalogue, self._namespaces, self._explainer.values_of, subject, predicate, value)

    def why(self, subject: str, predicate: str, value: str) -> Explanation | None:
        """Explain a triple: where it is said, or by which rules it follows; None if it does neither.

        Raises:
            UnknownNameError, AmbiguousNameError: a name means nothing, or several things.

        """
        return self._explainer.explain(self.read(subject, predicate, value))

    def contradictions(self) -> tuple[Problem, ...]:
        """Return what the axioms rule out and the files say: a problem each, with the lines behind it in its message.

        The rule of a problem is "OWL-" and the name of the rule of OWL 2 RL.
        """
        found = (self._problem(clash, premises) for clash, premises in self._explainer.contradictions())
        return tuple(sorted(found, key=lambda one: (one.file or "", one.line or 0, one.message)))

    def _problem(self, clash: Contradiction, premises: tuple[Explanation, ...]) -> Problem:
        said = list(dict.fromkeys(leaf for premise in premises for leaf in premise.leaves()))
        subject, predicate, value = premises[0].triple if premises else (clash.binding["x"],) * 3
        listed = "; ".join(self._shown(leaf) for leaf in said)
        message = f"{self._compacted(clash)}; take one of these back: {listed}" if said else self._compacted(clash)
        first = next((leaf for leaf in said if leaf.file), None)
        place = None
        if first is not None and first.file:
            place = locate(Path(first.file), self._namespaces, *(term.value for term in first.triple))
        file = first.file if first else None
        return Problem(f"OWL-{clash.rule.name}", subject.value, predicate.value, value, message, file, place)

    def _compacted(self, clash: Contradiction) -> str:
        return clash.told(self._namespaces.compact)

    def _shown(self, one: Explanation) -> str:
        text = one.text(self._namespaces.compact)
        return f"{text} ({one.file}:{one.line})" if one.file else text
