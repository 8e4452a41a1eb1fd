"""Shapes and data made by hypothesis, as Turtle: nested logic, qualified shapes, paths of every form, odd literals."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import strategies as st

PREFIXES = """@prefix ex: <http://e/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
NODES = [f"ex:n{number}" for number in range(6)]
PREDICATES = ["ex:p", "ex:q", "ex:r"]
#: Literals that no store rewrites.
PLAIN = [
    "1", "2", "3", "10", '""', '"a"', '"ab"', '"abc"', '"a"@en', '"b"@en', '"a"@de', '"b"@en-gb', "true", "false",
    '"2020-01-01"^^xsd:date', '"2021-06-30"^^xsd:date', '"x"^^ex:dt', '"line\\nfeed"', '"ünï"', '"1"', '"true"',
]  # fmt: skip
#: Literals that a store rewrites or refuses to understand.
ODD = [
    "1.50", "1.5", "01", '"+1"^^xsd:integer', '"abc"^^xsd:integer', '"1"^^xsd:boolean', '"TRUE"^^xsd:boolean',
    "1.0e0", '"300"^^xsd:byte', '"7"^^xsd:byte', '"-1"^^xsd:nonNegativeInteger', '"5"^^xsd:nonNegativeInteger',
    '"2020-02-30"^^xsd:date', '"2020-01-01T00:00:00"^^xsd:dateTime', '"2020-01-01T00:00:00Z"^^xsd:dateTime',
    '"2020-01-01T00:00:00.0Z"^^xsd:dateTime', '"2020-01-01T12:00:00+02:00"^^xsd:dateTime', '"INF"^^xsd:double',
]  # fmt: skip
DATATYPES = ["xsd:integer", "xsd:string", "xsd:date", "xsd:boolean", "rdf:langString", "xsd:decimal", "ex:dt"]
KINDS = ["IRI", "BlankNode", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral"]

_predicate = st.sampled_from(PREDICATES)
_count = st.integers(0, 3)


def paths() -> st.SearchStrategy[str]:
    """Make property paths, most of them of one step."""

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        several = st.lists(inner, min_size=2, max_size=3).map(" ".join)
        return st.one_of(
            inner.map(lambda one: f"[ sh:inversePath {one} ]"),
            several.map(lambda text: f"( {text} )"),
            several.map(lambda text: f"[ sh:alternativePath ( {text} ) ]"),
            inner.map(lambda one: f"[ sh:zeroOrMorePath {one} ]"),
            inner.map(lambda one: f"[ sh:oneOrMorePath {one} ]"),
            inner.map(lambda one: f"[ sh:zeroOrOnePath {one} ]"),
        )

    return st.one_of(_predicate, _predicate, st.recursive(_predicate, more, max_leaves=3))


def _simple(literals: st.SearchStrategy[str]) -> dict[str, st.SearchStrategy[str]]:
    terms = st.one_of(literals, st.sampled_from(NODES))
    some = st.lists(terms, min_size=1, max_size=4).map(" ".join)
    return {
        "sh:class": st.sampled_from(["ex:C", "ex:D"]),
        "sh:datatype": st.sampled_from(DATATYPES),
        "sh:nodeKind": st.sampled_from(KINDS).map(lambda kind: f"sh:{kind}"),
        "sh:minLength": st.integers(1, 3).map(str),  # 0 is a case of its own
        "sh:maxLength": _count.map(str),
        "sh:pattern": st.sampled_from(['"a"', '"^a"', '"^[a-b]+$"', '"n[0-2]$"', '"^.{2}$"', '"^$"']),
        "sh:languageIn": st.sampled_from(['( "en" )', '( "de" "en-gb" )', '( "*" )']),
        "sh:minInclusive": st.sampled_from(["2", '"2020-06-01"^^xsd:date']),
        "sh:maxExclusive": st.sampled_from(["3", '"2021-06-30"^^xsd:date']),
        "sh:in": some.map(lambda text: f"( {text} )"),
        "sh:hasValue": terms,
        "sh:equals": _predicate,
        "sh:disjoint": _predicate,
        "sh:closed": some.map(lambda _: "true ; sh:ignoredProperties ( rdf:type ex:p )"),
    }


_OF_PROPERTIES: dict[str, st.SearchStrategy[str]] = {
    "sh:minCount": _count.map(str),
    "sh:maxCount": _count.map(str),
    "sh:uniqueLang": st.just("true"),
    "sh:lessThan": _predicate,
    "sh:lessThanOrEquals": _predicate,
}


RANGES = frozenset({"sh:minInclusive", "sh:maxExclusive"})
PAIRS = frozenset({"sh:lessThan", "sh:lessThanOrEquals"})


def bodies(
    literals: st.SearchStrategy[str], depth: int, *, is_property: bool, without: frozenset[str]
) -> st.SearchStrategy[str]:
    """Make what stands within a shape, its path included; ``without`` are parameters that it does not have."""
    choices = dict(_simple(literals))
    if is_property:
        choices |= _OF_PROPERTIES
    choices = {name: made for name, made in choices.items() if name not in without}
    if depth:
        node = bodies(literals, depth - 1, is_property=False, without=without)
        inner = bodies(literals, depth - 1, is_property=True, without=without)
        anything = st.one_of(node, inner)
        members = st.lists(anything.map(lambda body: f"[ {body} ]"), min_size=1, max_size=3).map(" ".join)
        choices |= {
            "sh:node": node.map(lambda body: f"[ {body} ]"),
            "sh:not": anything.map(lambda body: f"[ {body} ]"),
            "sh:and": members.map(lambda text: f"( {text} )"),
            "sh:or": members.map(lambda text: f"( {text} )"),
            "sh:xone": members.map(lambda text: f"( {text} )"),
            "sh:property": st.lists(
                bodies(literals, depth - 1, is_property=True, without=without), min_size=1, max_size=2
            ).map(lambda several: " , ".join(f"[ {body} ]" for body in several)),
        }
        if is_property:
            counts = st.sampled_from(["sh:qualifiedMinCount 1", "sh:qualifiedMinCount 2", "sh:qualifiedMaxCount 1"])
            choices["sh:qualifiedValueShape"] = st.tuples(anything, counts, st.booleans()).map(
                lambda parts: (
                    f"[ {parts[0]} ] ; {parts[1]}" + (" ; sh:qualifiedValueShapesDisjoint true" if parts[2] else "")
                )
            )
    chosen = st.lists(st.sampled_from(sorted(choices)), min_size=1, max_size=3, unique=True)
    made = chosen.flatmap(lambda names: st.tuples(*(choices[name].map(f"{name} {{}}".format) for name in names)))
    body = made.map(" ; ".join)
    return st.tuples(paths(), body).map(lambda pair: f"sh:path {pair[0]} ; {pair[1]}") if is_property else body


_TARGETS = [
    "sh:targetClass ex:C", "sh:targetClass ex:D", "sh:targetNode ex:n0 , ex:n1 , ex:nowhere",
    "sh:targetSubjectsOf ex:p", "sh:targetObjectsOf ex:q",
]  # fmt: skip


@st.composite
def shapes_graphs(draw: st.DrawFn, literals: st.SearchStrategy[str], *, without: frozenset[str] = frozenset()) -> str:
    """Make a shapes graph of several shapes, as Turtle without prefixes."""
    lines = []
    for number in range(draw(st.integers(3, 6))):
        is_property = draw(st.booleans())
        kind = "Property" if is_property else "Node"
        body = draw(bodies(literals, 2, is_property=is_property, without=without))
        lines.append(f"ex:S{number} a sh:{kind}Shape ; {draw(st.sampled_from(_TARGETS))} ; {body} .")
    return "\n".join(lines)


@st.composite
def data_graphs(draw: st.DrawFn, literals: st.SearchStrategy[str]) -> str:
    """Make data about a few nodes, some of them blank, as Turtle without prefixes."""
    nodes = [*NODES, "_:b0", "_:b1"]
    value = st.one_of(st.sampled_from(nodes), literals)
    lines = ["ex:D rdfs:subClassOf ex:C ."]
    for node in nodes:
        kind = draw(st.sampled_from(["", "a ex:C", "a ex:D"]))
        lines += [f"{node} {kind} ."] if kind else []
        for predicate in PREDICATES:
            lines += [f"{node} {predicate} {one} ." for one in draw(st.lists(value, max_size=2, unique=True))]
    return "\n".join(lines)


def parse(text: str) -> list[ox.Quad]:
    return list(ox.parse((PREFIXES + text).encode(), format=ox.RdfFormat.TURTLE))
