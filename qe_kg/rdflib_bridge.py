"""Graphs in rdflib's types, for users and for the libraries that are built on rdflib.

Importing this module switches rdflib's rewriting of literals off: a hash, a difference or a SHACL verdict is about
the literal as it is written.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import pyoxigraph as ox
import rdflib
from rdflib import BNode, Dataset, Graph, Literal, URIRef
from rdflib.term import IdentifiedNode, Node

from qe_kg.errors import QueryError, ReadError

rdflib.NORMALIZE_LITERALS = False
# A literal that does not fit its datatype is a finding of a shape; rdflib logs it with a traceback.
logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)

_STRING = "http://www.w3.org/2001/XMLSchema#string"


def to_rdflib(quads: Iterable[ox.Quad], prefixes: dict[str, str] | None = None) -> Dataset:
    """Build an rdflib dataset; its default graph is the union of its named graphs."""
    dataset = Dataset(default_union=True)
    for prefix, namespace in (prefixes or {}).items():
        dataset.bind(prefix, namespace, override=True, replace=True)
    graphs: dict[str, Graph] = {}
    for quad in quads:
        name = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
        if name not in graphs:
            graphs[name] = dataset.graph(URIRef(name)) if name else dataset.default_graph
        graphs[name].add(triple(quad))
    return dataset


def to_graph(quads: Iterable[ox.Quad], prefixes: dict[str, str] | None = None) -> Graph:
    """Build one rdflib graph out of the triples of all graphs."""
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in (prefixes or {}).items():
        graph.bind(prefix, namespace, override=True, replace=True)
    for quad in quads:
        graph.add(triple(quad))
    return graph


def triple(quad: ox.Quad) -> tuple[IdentifiedNode, URIRef, Node]:
    """Turn the triple of a quad into rdflib's nodes, its literal as written."""
    subject, predicate, node = quad.subject, quad.predicate, quad.object
    return _resource(subject), URIRef(predicate.value), _node(node)


def to_quad(nodes: tuple[Node, Node, Node], graph: str) -> ox.Quad:
    """Turn an rdflib triple into a quad of a named graph, its literal as written."""
    subject, predicate, value = nodes
    return ox.Quad(
        ox.BlankNode(str(subject)) if isinstance(subject, BNode) else ox.NamedNode(str(subject)),
        ox.NamedNode(str(predicate)),
        to_term(value),
        ox.NamedNode(graph),
    )


def to_term(node: Node) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """Turn an rdflib node into the parser's term, a literal as written, a blank node under its label."""
    if isinstance(node, Literal):
        if node.language:
            return ox.Literal(str(node), language=node.language)
        return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype or _STRING)))
    return ox.BlankNode(str(node)) if isinstance(node, BNode) else ox.NamedNode(str(node))


def _resource(node: object) -> IdentifiedNode:
    if isinstance(node, ox.BlankNode):
        return BNode(node.value)
    if isinstance(node, ox.NamedNode):
        return URIRef(node.value)
    raise ReadError(f"RDF 1.2 triple terms are not supported: {node}")


def _node(node: object) -> Node:
    if not isinstance(node, ox.Literal):
        return _resource(node)
    if node.language:
        return Literal(node.value, lang=node.language, normalize=False)
    datatype = node.datatype.value
    return Literal(node.value, datatype=None if datatype == _STRING else URIRef(datatype), normalize=False)


def count_answers(quads: Iterable[ox.Quad], query: str, prefixes: dict[str, str]) -> int:
    """Return how many rows a SELECT query answers.

    Raises:
        QueryError: the query cannot be answered.

    """
    try:
        return len(list(to_graph(quads).query(query, initNs=prefixes)))
    except Exception as error:  # pyparsing's and rdflib's own errors have no common class
        raise QueryError(f"the query cannot be answered: {' '.join(str(error).split())}") from error


def updated(quads: Iterable[ox.Quad], update: str, prefixes: dict[str, str], graph: str) -> list[ox.Quad]:
    """Return quads of one named graph after a SPARQL update, their literals as written.

    rdflib does it, not the store, since the store would rewrite literals.

    Raises:
        QueryError: the update cannot be done.

    """
    after = to_graph(quads)
    try:
        after.update(update, initNs=prefixes)
    except Exception as error:  # as above
        raise QueryError(f"the update cannot be done: {' '.join(str(error).split())}") from error
    return [to_quad(one, graph) for one in after]
