"""Checks of ontologies: labels, definitions, circularity, the profile OWL 2 RL, consistency."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from qe_kg.checks.context import Context, Kind, ParsedFile, finding, of_problem
from qe_kg.checks.help import HELP
from qe_kg.checks.owl_rl import breaches
from qe_kg.errors import OntologyError
from qe_kg.namespaces import OWL, RDFS, SKOS
from qe_kg.report_formats.findings import Finding
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_SUBCLASS_OF, Node, iri, is_iri, is_literal, literal_parts, text_of
from qe_kg.validation.report import SourcePlace

_KINDS = {iri(f"{OWL}{name}") for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")} | {
    iri(f"{RDFS}{name}") for name in ("Class", "Datatype")
}
_LABELS = (iri(f"{SKOS}prefLabel"), iri(f"{RDFS}label"))
_DEFINITIONS = (iri(f"{SKOS}definition"), iri(f"{RDFS}comment"))
_DEFINED_BY = iri(f"{RDFS}isDefinedBy")
_HIERARCHIES = (RDFS_SUBCLASS_OF, iri(f"{RDFS}subPropertyOf"))
_ONTOLOGY = iri(f"{OWL}Ontology")
_SPACE = re.compile(r"[^/#]*$")


def check_terms(context: Context) -> Iterator[Finding]:
    """Check that each term has one label, one definition that is not circular, and says who defines it."""
    labels: dict[str, Node] = {}
    for one in context.checked("ontology"):
        for term, number in own_terms(context, one).items():
            said = context.graph.properties(term)
            yield from _label_faults(context, one, term, number, said, labels)
            yield from _definition_faults(context, one, term, number, said)
            if _DEFINED_BY not in said:
                yield term_finding(context, one, term, number, "ONT-04", "has no rdfs:isDefinedBy; name its ontology")


def _terms(one: ParsedFile) -> dict[Node, int]:
    return {s: number for number, s, p, o in one.triples() if p == RDF_TYPE and o in _KINDS and is_iri(s)}


def own_terms(context: Context, one: ParsedFile) -> dict[Node, int]:
    """Return the terms that a file defines, and not those of others that it declares so that it may use them."""
    terms = _terms(one)
    ours = context.manifest.namespaces
    heads = [text_of(s).rstrip("/#") for _, s, p, o in one.triples() if (p, o) == (RDF_TYPE, _ONTOLOGY) and is_iri(s)]
    spaces = (ours.terms, context.manifest.own_namespace, *heads)
    own = {term: number for term, number in terms.items() if text_of(term).startswith(spaces)}
    if own or not terms:
        return own
    # An ontology whose terms have nothing to do with its name: what most of them begin with is its namespace.
    counts = Counter(_SPACE.sub("", text_of(term)) for term in terms)
    most = max(counts, key=lambda space: (counts[space], space))
    return {term: number for term, number in terms.items() if text_of(term).startswith(most)}


def _label_faults(
    context: Context, one: ParsedFile, term: Node, number: int, said: dict[Node, list[Node]], seen: dict[str, Node]
) -> Iterator[Finding]:
    texts = english(said, _LABELS)
    if not texts:
        yield term_finding(context, one, term, number, "ONT-01", 'has no English label; add a skos:prefLabel "…"@en')
    elif len(texts) > 1:
        yield term_finding(context, one, term, number, "ONT-01", f"has {len(texts)} English labels; keep one")
    for label in texts[:1]:
        other = seen.setdefault(label.casefold(), term)
        if other != term:
            message = f"has the label of {context.compact(other)}, {label!r}; give one of them another"
            yield term_finding(context, one, term, number, "ONT-01", message)


def _definition_faults(
    context: Context, one: ParsedFile, term: Node, number: int, said: dict[Node, list[Node]]
) -> Iterator[Finding]:
    texts = english(said, _DEFINITIONS)
    if not texts:
        message = 'has no English definition; add a skos:definition "<parent> that <difference>."@en'
        yield term_finding(context, one, term, number, "ONT-02", message)
    elif len(texts) > 1:
        yield term_finding(context, one, term, number, "ONT-02", f"has {len(texts)} English definitions; keep one")
    is_class = iri(f"{OWL}Class") in said.get(RDF_TYPE, [])
    for label in english(said, _LABELS)[:1] if is_class else ():
        for definition in texts[:1]:
            if re.search(rf"\b{re.escape(label)}\b", definition, re.IGNORECASE):
                message = f"is defined by itself: the definition uses the label {label!r}; say it in other words"
                yield term_finding(context, one, term, number, "ONT-03", message)


def english(said: dict[Node, list[Node]], predicates: tuple[Node, ...]) -> list[str]:
    """Return the English texts of the first predicate that has any; without a language counts as English."""
    for predicate in predicates:
        parts = [literal_parts(one) for one in said.get(predicate, []) if is_literal(one)]
        texts = [one.lexical for one in parts if one.language.lower().split("-")[0] in ("", "en")]
        if texts:
            return texts
    return []


def term_finding(
    context: Context, one: ParsedFile, term: Node, number: int, rule: str, message: str, *, kind: Kind = "subject"
) -> Finding:
    """Make a finding about a term, at the place of its description or of one of its triples."""
    name = context.compact(term)
    belongs = ("what is missing belongs here", one.place(number, "end_of_description"))
    return finding(
        rule, f"{name} {message}", name, one.place(number, kind), level="warning", identity=(message,),
        related=(belongs,) if "has no" in message else (),
    )  # fmt: skip


def check_hierarchies(context: Context) -> Iterator[Finding]:
    """Check that no class or property is below itself."""
    for predicate in _HIERARCHIES:
        above: dict[Node, list[Node]] = {}
        at: dict[tuple[Node, Node], SourcePlace] = {}
        for one in context.files:
            for number, s, p, o in one.triples():
                if p == predicate and s != o:
                    above.setdefault(s, []).append(o)
                    if context.shipped or not one.file.builtin:
                        at.setdefault((s, o), one.place(number))
        for cycle in cycles(above):
            steps = list(pairwise(cycle))
            places = [at[step] for step in steps if step in at]
            if places:
                text = " → ".join(context.compact(node) for node in cycle)
                message = f"circular: {text}; take one of these steps out, or say owl:equivalentClass"
                found = finding("ONT-05", message, context.compact(cycle[0]), places[0], identity=(text,))
                yield replace(found, blamed=tuple(places[1:]))


def cycles(above: dict[Node, list[Node]]) -> Iterator[list[Node]]:
    """Yield circles, each once: its least node first and last."""
    done: set[Node] = set()
    for start in sorted(above):
        if start in done:
            continue
        path: list[Node] = []
        position: dict[Node, int] = {}
        stack = [(start, iter(sorted(above.get(start, ()))))]
        position[start] = 0
        path.append(start)
        while stack:
            node, following = stack[-1]
            step = next(following, None)
            if step is None:
                stack.pop()
                path.pop()
                del position[node]
                done.add(node)
            elif step in position:
                circle = path[position[step] :]
                least = circle.index(min(circle))
                yield [*circle[least:], *circle[: least + 1]]
            elif step not in done:
                position[step] = len(path)
                path.append(step)
                stack.append((step, iter(sorted(above.get(step, ())))))


def check_profile(context: Context) -> Iterator[Finding]:
    """Check that the ontology keeps to OWL 2 RL."""
    files = list(context.checked("ontology"))
    graph = Graph(quad for one in files for quad in one.quads)
    at = {(s, p, o): (one, number) for one in files for number, s, p, o in one.triples()}
    for subject, predicate, value, problem in breaches(graph):
        one, number = at[subject, predicate, value]
        label = context.compact(subject) if is_iri(subject) else "a class expression"
        message = f"{problem}; say it with a shape, or in a way that the profile allows"
        yield finding("OWL-01", message, label, one.place(number), level="warning", identity=(predicate, problem))


def check_consistency(context: Context) -> Iterator[Finding]:
    """Check that the data do not contradict the ontology."""
    try:
        contradictions = context.model().contradictions
    except OntologyError as error:
        message = f"what follows from the ontology cannot be worked out, so nobody knows of contradictions: {error}"
        place = _told(error.place) or next((one.place() for one in context.checked("ontology")), None)
        yield finding("OWL-03", message, "consistency", place, level="warning", identity=(error.problem,))
        return
    for one in contradictions:
        context.help[one.rule] = replace(HELP["OWL-02"], rule=one.rule)
        yield of_problem(context, one)


def _told(place: str | None) -> SourcePlace | None:
    file, _, line = (place or "").rpartition(":")
    return SourcePlace(file, int(line)) if line.isdigit() else None
