"""The OWL 2 RL closure, by owlrl. owlrl is used in this module only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from owlrl.OWLRL import OWLRL_Semantics
from rdflib import BNode, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS
from rdflib.term import Node

from qe_kg.errors import InconsistencyError
from qe_kg.rdflib_bridge import to_graph, to_quad, triple

if TYPE_CHECKING:
    import pyoxigraph as ox

# What holds of everything says nothing.
_EVERYTHING = {OWL.Thing, RDFS.Resource}


def entail(asserted: Iterable[ox.Quad], individuals_of: Iterable[ox.Quad], graph_iri: str) -> Iterator[ox.Quad]:
    """Yield what OWL 2 RL entails about the individuals and was not asserted.

    owlrl's closure also holds axiomatic triples and triples about the vocabularies themselves; only triples whose
    subject is an individual of the data are kept, without "everything is a thing" and "all is the same as itself".

    Args:
        asserted: ontology and data.
        individuals_of: the quads whose subjects are the individuals.
        graph_iri: the named graph to put the entailed triples in.

    Raises:
        InconsistencyError: the axioms contradict the data.

    """
    known = to_graph(asserted)
    before = set(known)
    described = set(known.subjects())
    individuals: set[Node] = set()
    for quad in individuals_of:
        one, relation, other = triple(quad)
        individuals.add(one)
        if relation != RDF.type and isinstance(other, URIRef) and other not in described:
            individuals.add(other)  # what is only referred to is an individual as well
    semantics = OWLRL_Semantics(known, axioms=False, daxioms=False, rdfs=False)
    semantics.closure()
    if semantics.error_messages:
        listed = "\n  ".join(sorted({" ".join(str(one).split()) for one in semantics.error_messages}))
        raise InconsistencyError(f"the data contradict the ontology:\n  {listed}")
    for subject, predicate, value in sorted(set(known) - before):
        if subject not in individuals or not isinstance(predicate, URIRef) or isinstance(subject, Literal):
            continue
        if isinstance(subject, BNode) or isinstance(value, BNode):
            continue  # an anonymous class expression or individual: its label says nothing outside this graph
        if (predicate == RDF.type and value in _EVERYTHING) or (predicate == OWL.sameAs and subject == value):
            continue
        yield to_quad((subject, predicate, value), graph_iri)
