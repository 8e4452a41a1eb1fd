"""Pitfalls of an ontology that no reasoner tells of.

What a shape needs and no axiom says, names too much alike, definitions that lead in a circle, terms that hang in the
air, inverses that do not fit.

After the catalogue of OOPS! (https://oops.linkeddata.es/catalogue.jsp), as far as it bears on models like these.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from qe_kg.checks.context import Context, ParsedFile
from qe_kg.checks.ontology import cycles, english, own_terms, term_finding
from qe_kg.checks.owl_rl import DATATYPES
from qe_kg.namespaces import OWL, RDFS, SKOS, XSD
from qe_kg.report_formats.findings import Finding
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, is_iri, sh, text_of

_CLASS, _OBJECT, _DATATYPE = (iri(f"{OWL}{name}") for name in ("Class", "ObjectProperty", "DatatypeProperty"))
_INVERSE = iri(f"{OWL}inverseOf")
_DOMAIN, _RANGE, _SUBPROPERTY = (iri(f"{RDFS}{name}") for name in ("domain", "range", "subPropertyOf"))
_LABEL, _DEFINITION = (iri(f"{SKOS}prefLabel"), iri(f"{RDFS}label")), (iri(f"{SKOS}definition"), iri(f"{RDFS}comment"))
#: Predicates that say something about a term and connect it to nothing.
_ANNOTATIONS = {RDF_TYPE, iri(f"{RDFS}isDefinedBy"), iri(f"{RDFS}seeAlso")}
_GENUS = re.compile(r"(?:(?:an?|the)\s+)?(.+?)\s+(?:that|which|who|whose|of|in|by|for|between|with)\b", re.IGNORECASE)


def check_pitfalls(context: Context) -> Iterator[Finding]:
    """Check the ontology for pitfalls."""
    seen = _Seen(context)
    for one in context.checked("ontology"):
        for term, number in own_terms(context, one).items():
            for rule, message in seen.faults(term):
                yield term_finding(context, one, term, number, rule, message)
        yield from _inverses(context, one)


class _Seen:
    """What the whole model says about terms."""

    def __init__(self, context: Context) -> None:
        self.context, self.graph = context, context.graph
        self.show = context.compact

    def faults(self, term: Node) -> Iterator[tuple[str, str]]:
        types = self.graph.objects(term, RDF_TYPE)
        if _OBJECT in types or _DATATYPE in types:
            yield from self._ends(term)
        yield from self._alike(term)
        if _CLASS in types:
            yield from self._circle(term)
        if (_CLASS in types or _OBJECT in types or _DATATYPE in types) and not self._is_connected(term):
            yield "ONT-09", "hangs in the air: no axiom and no shape connects it; say what it is below, or who has it"

    # --- domain and range --------------------------------------------------------------------------------------

    def _ends(self, term: Node) -> Iterator[tuple[str, str]]:
        """Tell of an end that every shape agrees on and no axiom says."""
        for end, wanted, name in ((_DOMAIN, self._domains, "domain"), (_RANGE, self._ranges, "range")):
            agreed = wanted.get(term, set())
            if len(agreed) == 1 and not any(self.graph.objects(one, end) for one in self._above(term)):
                (only,) = agreed
                yield (
                    "ONT-06",
                    (
                        f"has no rdfs:{name}, though the shapes need one; say rdfs:{name} {self.show(only)}, "
                        "or let the shapes allow more"
                    ),
                )

    def _above(self, term: Node) -> Iterator[Node]:
        waiting, found = [term], {term}
        while waiting:
            one = waiting.pop()
            yield one
            more = [above for above in self.graph.objects(one, _SUBPROPERTY) if above not in found]
            found.update(more)
            waiting += more

    @cached_property
    def _domains(self) -> dict[Node, set[Node]]:
        """The classes whose shapes have a property, by property."""
        found: dict[Node, set[Node]] = defaultdict(set)
        for shape in self.graph.subjects_of(sh("targetClass")):
            for inner in self.graph.objects(shape, sh("property")):
                for path in self.graph.objects(inner, sh("path")):
                    found[path].update(self.graph.objects(shape, sh("targetClass")))
        return found

    @cached_property
    def _ranges(self) -> dict[Node, set[Node]]:
        """The classes and datatypes that shapes ask of a property's values, by property.

        Of datatypes only those that OWL 2 RL has, since the ontology could not say others.
        """
        found: dict[Node, set[Node]] = defaultdict(set)
        for shape in self.graph.subjects_of(sh("path")):
            for path in self.graph.objects(shape, sh("path")):
                found[path].update(self.graph.objects(shape, sh("class")))
                found[path].update(self.graph.objects(shape, sh("datatype")))
        return {path: kinds for path, kinds in found.items() if all(map(_can_be_said, kinds))}

    # --- names and definitions ---------------------------------------------------------------------------------

    def _alike(self, term: Node) -> Iterator[tuple[str, str]]:
        for label in english(self.graph.properties(term), _LABEL)[:1]:
            for other, said in self._labels.get(_normal(label), ()):
                # The same label twice is a fault of its own.
                if other < term and said.casefold() != label.casefold():
                    yield (
                        "ONT-07",
                        f"has a label like that of {self.show(other)}: {label!r} and {said!r}; tell them apart",
                    )

    @cached_property
    def _labels(self) -> dict[str, list[tuple[Node, str]]]:
        found: dict[str, list[tuple[Node, str]]] = defaultdict(list)
        for one in self.context.files:
            for term in own_terms(self.context, one) if one.file.role == "ontology" else ():
                for label in english(self.graph.properties(term), _LABEL)[:1]:
                    found[_normal(label)].append((term, label))
        return found

    @cached_property
    def _genus(self) -> dict[Node, list[Node]]:
        """The class that a class's definition begins with: "Site that keeps goods" begins with the label of a site."""
        found: dict[Node, list[Node]] = {}
        for term in [one for terms in self._labels.values() for one, _ in terms]:
            for definition in english(self.graph.properties(term), _DEFINITION)[:1]:
                begin = _GENUS.match(definition)
                for other, _ in self._labels.get(_normal(begin[1]), ()) if begin else ():
                    if other != term:
                        found.setdefault(term, []).append(other)
        return found

    @cached_property
    def _circles(self) -> dict[Node, list[Node]]:
        return {node: circle for circle in cycles(self._genus) for node in circle}

    def _circle(self, term: Node) -> Iterator[tuple[str, str]]:
        if circle := self._circles.get(term):
            at = circle.index(term)
            turned = [*circle[at:-1], *circle[: at + 1]]
            steps = " → ".join(map(self.show, turned))
            yield "ONT-08", f"is defined in a circle, {steps}: each definition begins with the next; say one otherwise"

    # --- connections -------------------------------------------------------------------------------------------

    def _is_connected(self, term: Node) -> bool:
        resources = (
            value
            for predicate, values in self.graph.properties(term).items()
            if predicate not in _ANNOTATIONS and not predicate.startswith((f"<{SKOS}", "<http://purl.org/dc/"))
            for value in values
        )
        return any(value[0] != '"' for value in resources) or term in self._named

    @cached_property
    def _named(self) -> set[Node]:
        """What axioms, shapes and data name: as a value of anything but a mapping, or as a predicate."""
        passive = {predicate for predicate in self.graph.predicates() if predicate.startswith(f"<{SKOS}")}
        values = {
            value
            for _, predicate, value in self.graph.triples()
            if predicate not in passive and predicate not in _ANNOTATIONS - {RDF_TYPE}
        }
        return values | set(self.graph.predicates())


def _can_be_said(kind: Node) -> bool:
    name = text_of(kind)
    return not name.startswith(XSD) or name in DATATYPES


def _normal(label: str) -> str:
    """Return what is left of a label without case, hyphens, spaces, articles and plurals."""
    words = re.findall(r"\w+", re.sub(r"[-_/]", " ", label.casefold()))
    return "".join(
        word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") and word[-2:] != "ss" else word
        for word in words
        if word not in ("a", "an", "the")
    )


def _inverses(context: Context, one: ParsedFile) -> Iterator[Finding]:
    """Find declared inverses that do not fit."""
    graph, show = context.graph, context.compact
    for number, term, predicate, other in one.triples():
        if predicate != _INVERSE or not (is_iri(term) and is_iri(other)):
            continue
        message = None
        if term == other:
            message = "is the inverse of itself; say that it is an owl:SymmetricProperty"
        elif _DATATYPE in (*graph.objects(term, RDF_TYPE), *graph.objects(other, RDF_TYPE)):
            message = f"is a datatype property or has one as inverse, {show(other)}; literals have no properties"
        elif len({*graph.objects(term, _INVERSE), *graph.subjects(_INVERSE, term)} - {term}) > 1:
            message = "has two inverses; if they are one property, keep one of them"
        else:
            ends = ((_DOMAIN, _RANGE, "domain", "range"), (_RANGE, _DOMAIN, "range", "domain"))
            for end, opposite, name, its in ends:
                ours, theirs = graph.objects(term, end), graph.objects(other, opposite)
                if ours and theirs and not any(_one_below(context, a, b) for a in ours for b in theirs):
                    message = (
                        f"has the {name} {show(ours[0])}, and its inverse {show(other)} the {its} {show(theirs[0])}; "
                        "they must be the same, or are no inverses"
                    )
        if message:
            yield term_finding(context, one, term, number, "ONT-10", message, kind="triple")


def _one_below(context: Context, one: Node, other: Node) -> bool:
    graph = context.graph
    return one in graph.subclasses(other) or other in graph.subclasses(one)
