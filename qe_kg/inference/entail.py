"""The OWL 2 RL closure of what a store holds, as quads of a graph of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qe_kg.errors import InconsistencyError
from qe_kg.inference.fixpoint import contradictions, forget_what_says_nothing, reason_about, run
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.files import literals_as_written

if TYPE_CHECKING:
    import pyoxigraph as ox


def entail(store: EmbeddedStore, graph: str, source: Callable[[], Iterable[ox.Quad]]) -> list[ox.Quad]:
    """Add to a store what OWL 2 RL entails about the individuals in it, and return it.

    The rules run in the store; the closure holds what was not asserted, without what holds of everything ("is a thing",
    "is the same as itself").

    Args:
        store: ontology and data.
        graph: IRI of the named graph to put the entailed triples in.
        source: gives the quads as they are written in the files, to find a literal again that the store rewrote.

    Raises:
        OntologyError: an axiom is outside OWL 2 RL.
        InconsistencyError: the axioms contradict the data; the store then holds what follows all the same.

    """
    reasoning = reason_about(store)
    run(store, reasoning, graph)
    clashes = sorted({str(one) for one in contradictions(store, reasoning)})
    if clashes:
        raise InconsistencyError("the data contradict the ontology:\n  " + "\n  ".join(clashes))
    forget_what_says_nothing(store, graph)
    return literals_as_written(store.graph(graph), source)
