"""The triples of a model as plain Python sets, read with rdflib. Nothing here knows of SHACL.

A name of ours is written with its prefix (``qe:carries``), any other IRI as it is, a literal as a `Value`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rdflib import Graph, Literal
from rdflib.term import Node

PREFIXES = {
    "https://quantumenergy.example/ns/": "qe:",
    "https://quantumenergy.example/id/": "qed:",
    "https://quantumenergy.example/vocab/": "qev:",
    "https://quantumenergy.example/shapes/": "qesh:",
    "https://w3id.org/dpv#": "dpv:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://www.w3.org/2004/02/skos/core#": "skos:",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf:",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs:",
    "http://www.w3.org/ns/dqv#": "dqv:",
}


class Value(NamedTuple):
    """A literal: its lexical form as written, and its datatype or language."""

    text: str
    kind: str


Term = str | Value
Triple = tuple[str, str, Term]
TRUE = Value("true", "http://www.w3.org/2001/XMLSchema#boolean")
FALSE = Value("false", "http://www.w3.org/2001/XMLSchema#boolean")
NOTHING: frozenset[Term] = frozenset()
INSIDE = frozenset({"regulated", "non-regulated", "shared"})
ZONES = INSIDE | {"external"}


def short(iri: str) -> str:
    for namespace, prefix in PREFIXES.items():
        if iri.startswith(namespace):
            return prefix + iri.removeprefix(namespace)
    return iri


def long(name: str) -> str:
    for namespace, prefix in PREFIXES.items():
        if name.startswith(prefix):
            return namespace + name.removeprefix(prefix)
    return name


def term(node: Node) -> Term:
    if isinstance(node, Literal):
        return Value(str(node), node.language or str(node.datatype or "http://www.w3.org/2001/XMLSchema#string"))
    return short(str(node))


class Facts:
    """Triples by subject and predicate, and by predicate and object. A changed copy shares what is not changed."""

    def __init__(self, triples: Iterable[Triple] = ()) -> None:
        self._forward: dict[tuple[str, str], frozenset[Term]] = {}
        self._backward: dict[tuple[str, Term], frozenset[str]] = {}
        self._ends: dict[tuple[str, str, str], set[Term]] = {}
        forward: dict[tuple[str, str], set[Term]] = {}
        backward: dict[tuple[str, Term], set[str]] = {}
        for subject, predicate, value in triples:
            forward.setdefault((subject, predicate), set()).add(value)
            backward.setdefault((predicate, value), set()).add(subject)
        self._forward = {key: frozenset(values) for key, values in forward.items()}
        self._backward = {key: frozenset(values) for key, values in backward.items()}

    @classmethod
    def of(cls, graph: Graph) -> Facts:
        return cls((short(str(s)), short(str(p)), term(o)) for s, p, o in graph)

    def __contains__(self, triple: Triple) -> bool:
        return triple[2] in self._forward.get(triple[:2], NOTHING)

    def __iter__(self) -> Iterator[Triple]:
        for (subject, predicate), values in self._forward.items():
            for value in values:
                yield subject, predicate, value

    def changed(self, added: Iterable[Triple], removed: Iterable[Triple]) -> Facts:
        new = Facts()
        new._forward, new._backward = dict(self._forward), dict(self._backward)
        for s, p, o in removed:
            new._forward[s, p] = new._forward.get((s, p), NOTHING) - {o}
            new._backward[p, o] = new._backward.get((p, o), frozenset()) - {s}
        for s, p, o in added:
            new._forward[s, p] = new._forward.get((s, p), NOTHING) | {o}
            new._backward[p, o] = new._backward.get((p, o), frozenset()) | {s}
        return new

    # Reading

    def values(self, subject: str, *predicates: str) -> frozenset[Term]:
        """What one reaches from a subject by predicates, one after the other."""
        reached: frozenset[Term] = frozenset({subject})
        for predicate in predicates:
            reached = frozenset(o for s in reached if isinstance(s, str) for o in self._forward.get((s, predicate), ()))
        return reached

    def names(self, subject: str, *predicates: str) -> frozenset[str]:
        """The same, without literals."""
        return frozenset(one for one in self.values(subject, *predicates) if isinstance(one, str))

    def holders(self, predicate: str, value: Term) -> frozenset[str]:
        """Who has a value."""
        return self._backward.get((predicate, value), frozenset())

    def subjects(self, predicate: str) -> set[str]:
        return {s for (s, p), values in self._forward.items() if p == predicate and values}

    def kinds(self, kind: str) -> set[str]:
        """A class and what lies below it."""
        found, left = {kind}, [kind]
        while left:
            below = self.holders("rdfs:subClassOf", left.pop()) - found
            found |= below
            left += below
        return found

    def instances(self, kind: str) -> set[str]:
        return {one for sub in self.kinds(kind) for one in self.holders("rdf:type", sub)}

    def are(self, subjects: Iterable[Term], kind: str) -> bool:
        """There is at least one, and each is of a kind."""
        subjects = list(subjects)
        kinds = self.kinds(kind)
        return bool(subjects) and all(isinstance(s, str) and bool(kinds & self.names(s, "rdf:type")) for s in subjects)

    # What the rules say of flows and participants

    def with_stream(self, participant: str) -> set[str]:
        """A participant, and the value stream of which it is a stage."""
        return {participant, *self.names(participant, "qe:isStageOf")}

    def end(self, flow: str, end: str, predicate: str) -> set[Term]:
        """What the source or target of a flow has, itself or through its value stream."""
        key = (flow, end, predicate)
        if key not in self._ends:
            ends = {one for p in self.names(flow, end) for one in self.with_stream(p)}
            self._ends[key] = {value for one in ends for value in self.values(one, predicate)}
        return self._ends[key]

    def zones(self, flow: str, end: str) -> set[str]:
        found = {str(zone) for zone in self.end(flow, end, "qe:inZone")}
        return {zone.removeprefix("qev:zone-") for zone in found if zone.startswith("qev:zone-")}

    def is_known(self, flow: str, end: str, among: frozenset[str]) -> bool:
        """The end of a flow is in some zone, and in none but these."""
        found = {str(zone).removeprefix("qev:zone-") for zone in self.end(flow, end, "qe:inZone")}
        return bool(found) and found <= among

    def comes_from_inside(self, flow: str) -> bool:
        return self.is_known(flow, "qe:hasSource", INSIDE)

    def goes_inside(self, flow: str) -> bool:
        return self.is_known(flow, "qe:hasTarget", INSIDE)

    def leaves(self, flow: str) -> set[str]:
        return self.zones(flow, "qe:hasSource")

    def enters(self, flow: str) -> set[str]:
        return self.zones(flow, "qe:hasTarget")

    def functions(self, flow: str, end: str) -> set[str]:
        return {
            str(one).removeprefix("qev:participant-function-") for one in self.end(flow, end, "qe:performsFunction")
        }

    def categories(self, flow: str) -> set[str]:
        found = self.names(flow, "qe:carries", "qe:hasDataCategory")
        return {one.removeprefix("qev:data-category-") for one in found}

    def is_personal(self, flow: str) -> bool:
        return TRUE in self.values(flow, "qe:carries", "qe:hasDataCategory", "qe:isPersonal")

    def hides_customers(self, flow: str) -> bool:
        """One disclosure mode at least is stated, and each hides the customers."""
        modes = {one.removeprefix("qev:disclosure-mode-") for one in self.names(flow, "qe:hasDisclosureMode")}
        return bool(modes) and modes <= {"aggregated", "anonymized", "public"}

    def broader(self, purpose: str) -> set[str]:
        """A purpose and all that it is narrower than."""
        found, left = {purpose}, [purpose]
        while left:
            above = self.names(left.pop(), "skos:broader") - found
            found |= above
            left += above
        return found
