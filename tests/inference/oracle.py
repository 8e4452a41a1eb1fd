"""The same closure by owlrl, with what it adds beside it set aside by a stated rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox
import rdflib
from owlrl.OWLRL import OWLRL_Semantics
from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal

from qe_kg.inference.fixpoint import contradictions, forget_what_says_nothing, reason_about, run
from qe_kg.store.embedded import EmbeddedStore

GRAPH = "https://test.example/entailed"
PREFIXES = (
    "@prefix ex: <http://e/> . @prefix owl: <http://www.w3.org/2002/07/owl#> . "
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)
_EVERYTHING = {OWL.Thing, RDFS.Resource}


@dataclass(frozen=True)
class Outcome:
    """What follows about the individuals, as N-Triples lines, and whether the data contradict the axioms."""

    triples: frozenset[str]
    contradicts: bool


def parse(turtle: str) -> Graph:
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        return Graph().parse(data=PREFIXES + turtle, format="turtle")
    finally:
        rdflib.NORMALIZE_LITERALS = before


def by_owlrl(turtle: str) -> Outcome:
    """Close Turtle with owlrl."""
    return close_owlrl(parse(turtle))


def close_owlrl(graph: Graph) -> Outcome:
    """Close with owlrl.

    Set aside: what was said; literals as subjects; blank nodes; everything about classes, properties and other terms
    of a vocabulary; what holds of everything; its error triples.
    """
    before = set(graph)
    terms = vocabulary(graph)
    semantics = OWLRL_Semantics(graph, axioms=False, daxioms=False, rdfs=False)
    semantics.closure()
    standard = (str(OWL), str(RDF), str(RDFS), str(XSD), "http://www.daml.org/")
    kept = set()
    for subject, predicate, value in set(graph) - before:
        if isinstance(subject, Literal | BNode) or isinstance(value, BNode):
            continue
        if subject in terms or str(subject).startswith(standard):
            continue
        if (predicate == RDF.type and value in _EVERYTHING) or (predicate == OWL.sameAs and subject == value):
            continue
        if predicate == OWL.sameAs and isinstance(value, Literal):
            continue  # owlrl takes the functional value of an individual for the same as a literal
        kept.add(f"{subject.n3()} {predicate.n3()} {value.n3()}")
    return Outcome(frozenset(kept), bool(semantics.error_messages))


def vocabulary(graph: Graph) -> set[object]:
    """Classes and properties: whatever an axiom is about."""
    found: set[object] = set()
    for predicate in (
        RDFS.subClassOf, OWL.equivalentClass, OWL.disjointWith, RDFS.subPropertyOf, OWL.equivalentProperty,
        OWL.inverseOf, RDFS.domain, RDFS.range,
    ):  # fmt: skip
        found |= {term for pair in graph.subject_objects(predicate) for term in pair}
    for predicate in (OWL.unionOf, OWL.intersectionOf):
        found |= {term for head in graph.objects(None, predicate) for term in graph.items(head)}
    found |= {subject for subject, kind in graph.subject_objects(RDF.type) if str(kind).startswith(str(OWL))}
    return found | set(graph.objects(None, RDF.type)) | set(graph.predicates())


def by_ours(turtle: str) -> Outcome:
    """Close Turtle with the rules in the store."""
    return close_ours(ox.parse(PREFIXES + turtle, ox.RdfFormat.TURTLE))


def close_ours(quads: Iterable[ox.Quad]) -> Outcome:
    """Close with the rules in the store."""
    store = EmbeddedStore()
    name = ox.NamedNode("https://test.example/said")
    store.add(ox.Quad(quad.subject, quad.predicate, quad.object, name) for quad in quads)
    reasoning = reason_about(store)
    run(store, reasoning, GRAPH)
    clashes = list(contradictions(store, reasoning))
    forget_what_says_nothing(store, GRAPH)
    triples = {f"{quad.subject} {quad.predicate} {quad.object}" for quad in store.graph(GRAPH)}
    return Outcome(frozenset(triples), bool(clashes))
