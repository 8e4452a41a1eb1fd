"""The OWL 2 RL closure of what a store holds, as quads of a graph of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.errors import InconsistencyError, OntologyError
from qe_kg.inference.fixpoint import contradictions, forget_what_says_nothing, ill_formed_literals, reason_about, run
from qe_kg.inference.places import place_of_axiom
from qe_kg.namespaces import Namespaces
from qe_kg.store.files import literals_as_written
from qe_kg.store.protocol import Store

if TYPE_CHECKING:
    import pyoxigraph as ox


def entail(
    store: Store,
    graph: str,
    source: Callable[[], Iterable[ox.Quad]],
    namespaces: Namespaces,
    file_of: Callable[[str], Path | None],
) -> list[ox.Quad]:
    """Add to a store what OWL 2 RL entails about the individuals in it, and return it.

    The rules run in the store; the closure holds what was not asserted, without what holds of everything ("is a thing",
    "is the same as itself").

    Args:
        store: ontology and data.
        graph: IRI of the named graph to put the entailed triples in.
        source: gives the quads as they are written in the files, to find a literal again that the store rewrote.
        namespaces: of the model.
        file_of: the file behind a named graph, to tell where a refused axiom is.

    Raises:
        OntologyError: an axiom is outside OWL 2 RL.
        InconsistencyError: the axioms contradict the data; the store then holds what follows all the same.

    """
    try:
        reasoning = reason_about(store)
    except OntologyError as error:
        raise error.at(place_of_axiom(store, namespaces, file_of, error.subject, error.predicate)) from error
    run(store, reasoning, graph)
    clashes = sorted({*(str(one) for one in contradictions(store, reasoning)), *ill_formed_literals(store)})
    if clashes:
        raise InconsistencyError("the data contradict the ontology:\n  " + "\n  ".join(clashes))
    forget_what_says_nothing(store, graph)
    return literals_as_written(store.graph(graph), source)
