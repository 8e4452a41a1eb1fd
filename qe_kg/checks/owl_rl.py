"""Whether an ontology keeps to the profile OWL 2 RL: https://www.w3.org/TR/owl2-profiles/#OWL_2_RL .

The grammar tells three kinds of class expressions: those that may stand below, above, and on both sides of an axiom.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from qe_kg.namespaces import OWL, RDF, RDFS, XSD
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, is_blank, is_iri, literal_parts, text_of

Side = Literal["sub", "super", "equivalent"]

#: Datatypes of OWL 2 RL (section 4.2.1): those of OWL 2 without owl:real and owl:rational.
DATATYPES = frozenset(
    [f"{RDF}{name}" for name in ("PlainLiteral", "XMLLiteral", "langString")]
    + [f"{RDFS}Literal"]
    + [
        f"{XSD}{name}"
        for name in (
            "decimal", "integer", "nonNegativeInteger", "nonPositiveInteger", "positiveInteger", "negativeInteger",
            "long", "int", "short", "byte", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte", "float",
            "double", "string", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN", "boolean",
            "hexBinary", "base64Binary", "anyURI", "dateTime", "dateTimeStamp",
        )
    ]
)  # fmt: skip


def _owl(name: str) -> Node:
    return iri(f"{OWL}{name}")


_THING = _owl("Thing")
_BUILT_IN = (OWL, RDF, RDFS, XSD)
_NEVER = {
    _owl("disjointUnionOf"): "owl:disjointUnionOf",
    _owl("hasSelf"): "owl:hasSelf",
    _owl("minCardinality"): "owl:minCardinality",
    _owl("cardinality"): "owl:cardinality",
    _owl("minQualifiedCardinality"): "owl:minQualifiedCardinality",
    _owl("qualifiedCardinality"): "owl:qualifiedCardinality",
    _owl("onDatatype"): "owl:onDatatype (a datatype with facets)",
    _owl("datatypeComplementOf"): "owl:datatypeComplementOf",
}
_AXIOMS: dict[Node, tuple[Side | None, Side]] = {
    iri(f"{RDFS}subClassOf"): ("sub", "super"),
    _owl("equivalentClass"): ("equivalent", "equivalent"),
    _owl("disjointWith"): ("sub", "sub"),
    iri(f"{RDFS}domain"): (None, "super"),
    iri(f"{RDFS}range"): (None, "super"),
}
_CARDINALITIES = (_owl("maxCardinality"), _owl("maxQualifiedCardinality"))


class Breach(NamedTuple):
    """What is outside the profile: the triple at fault, and why."""

    subject: Node
    predicate: Node
    value: Node
    problem: str


def breaches(graph: Graph) -> Iterator[Breach]:
    """Yield what is outside OWL 2 RL in an ontology."""
    for predicate, name in _NEVER.items():
        for value, subjects in graph.by_value(predicate).items():
            yield from (Breach(one, predicate, value, f"{name} is not in OWL 2 RL") for one in subjects)
    for one in graph.subjects(RDF_TYPE, _owl("ReflexiveProperty")):
        yield Breach(one, RDF_TYPE, _owl("ReflexiveProperty"), "owl:ReflexiveProperty is not in OWL 2 RL")
    for predicate, (left, right) in _AXIOMS.items():
        for value, subjects in graph.by_value(predicate).items():
            for subject in subjects:
                problems = [_problem(graph, value, right, predicate.endswith("range>"))]
                problems += [_problem(graph, subject, left)] if left else []
                yield from (Breach(subject, predicate, value, one) for one in problems if one)
    for members, holders in graph.by_value(_owl("members")).items():
        for holder in holders:
            if _owl("AllDisjointClasses") in graph.objects(holder, RDF_TYPE):
                for member in graph.items(members) or ():
                    problem = _problem(graph, member, "sub")
                    if problem:
                        yield Breach(holder, _owl("members"), members, problem)


def _problem(graph: Graph, node: Node, side: Side, may_be_data: bool = False) -> str:
    """Return what keeps a class expression (or a range) from standing on a side; "" if nothing does."""
    if not is_blank(node):
        return _named(node, side, may_be_data)
    said = graph.properties(node)
    if _owl("onProperty") in said:
        return _restriction(graph, node, side)
    for name in ("intersectionOf", "unionOf"):
        if _owl(name) in said:
            if name == "unionOf" and side != "sub":
                return f"owl:unionOf may not stand {_where(side)} in OWL 2 RL"
            members = graph.items(said[_owl(name)][0]) or ()
            return next((one for one in (_problem(graph, member, side, may_be_data) for member in members) if one), "")
    if _owl("oneOf") in said:
        return "" if side == "sub" else f"owl:oneOf may not stand {_where(side)} in OWL 2 RL"
    if _owl("complementOf") in said:
        if side != "super":
            return f"owl:complementOf may not stand {_where(side)} in OWL 2 RL"
        return _problem(graph, said[_owl("complementOf")][0], "sub")
    return ""  # no class expression: somebody's other use of a blank node, or a breach told elsewhere


def _named(node: Node, side: Side, may_be_data: bool) -> str:
    if not is_iri(node):
        return "a literal is no class"
    text = text_of(node)
    if node == _THING and side != "sub":
        return "" if side == "super" and may_be_data else f"owl:Thing may not stand {_where(side)} in OWL 2 RL"
    if node == _THING:
        return "owl:Thing may not stand below in OWL 2 RL"
    if may_be_data and text.startswith((XSD, f"{OWL}real", f"{OWL}rational", f"{RDF}", f"{RDFS}Literal")):
        return "" if text in DATATYPES else f"{text.rpartition('#')[2]} is no datatype of OWL 2 RL"
    return ""


def _restriction(graph: Graph, node: Node, side: Side) -> str:
    said = graph.properties(node)
    if _owl("hasValue") in said:
        return ""
    if _owl("someValuesFrom") in said:
        if side != "sub":
            return f"owl:someValuesFrom may not stand {_where(side)} in OWL 2 RL"
        filler = said[_owl("someValuesFrom")][0]
        return "" if filler == _THING else _problem(graph, filler, "sub", True)
    if _owl("allValuesFrom") in said:
        if side != "super":
            return f"owl:allValuesFrom may not stand {_where(side)} in OWL 2 RL"
        return _problem(graph, said[_owl("allValuesFrom")][0], "super", True)
    for predicate in _CARDINALITIES:
        if predicate in said:
            if side != "super":
                return f"a greatest cardinality may not stand {_where(side)} in OWL 2 RL"
            if literal_parts(said[predicate][0]).lexical.strip() not in ("0", "1"):
                return "a greatest cardinality must be 0 or 1 in OWL 2 RL"
            filler = next(iter(said.get(_owl("onClass"), [])), _THING)
            return "" if filler == _THING else _problem(graph, filler, "sub")
    return ""


def _where(side: Side) -> str:
    return {"sub": "below", "super": "above", "equivalent": "on a side of an equivalence"}[side]
