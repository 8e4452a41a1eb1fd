"""What is wrong with a model before any rule looks at it: unknown terms, dangling references, conflicts.

These are found set-wise, by SPARQL, in the loaded store; each is reported with file and line.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qe_kg.namespaces import OWL, SKOS, Namespaces, is_iri
from qe_kg.positions import Place, locate
from qe_kg.store.protocol import Store
from qe_kg.terms import Term, iri, literal

UNKNOWN_TERM = "NAME-01"
DANGLING_REFERENCE = "NAME-02"
CONFLICT = "NAME-03"
_AT_ONCE = 500


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a model's files.

    Attributes:
        rule: `UNKNOWN_TERM`, `DANGLING_REFERENCE` or `CONFLICT`.
        subject: IRI of the element whose triple is at fault.
        predicate: IRI of that triple's predicate.
        value: that triple's object.
        message: what is wrong and the way out.
        file: the file of the triple, or None if it is not from a file.
        place: where in it, or None where that cannot be told.

    """

    rule: str
    subject: str
    predicate: str
    value: Term
    message: str
    file: str | None
    place: Place | None

    @property
    def line(self) -> int | None:
        """The line of the triple, from 1, or None."""
        return self.place.line if self.place else None

    def __str__(self) -> str:
        place = ":".join(map(str, (self.file, *(self.place or ())[:2]))) if self.file else ""
        return f"{place}: {self.message}" if place else self.message


def find_problems(
    store: Store, namespaces: Namespaces, own_namespace: str, files: dict[str, Path]
) -> tuple[Problem, ...]:
    """Return all problems, sorted by file and line.

    Args:
        store: the loaded model.
        namespaces: its namespaces.
        own_namespace: the namespace of the IRIs that the model itself defines.
        files: the file behind each named graph.

    """
    found = [
        *_undefined(store, namespaces, own_namespace, files),
        *_conflicts(store, namespaces, files),
    ]
    return tuple(sorted(found, key=lambda one: (one.file or "", one.line or 0, one.message)))


def _undefined(store: Store, namespaces: Namespaces, own_namespace: str, files: dict[str, Path]) -> list[Problem]:
    vocabulary = (namespaces.terms, namespaces.lists, namespaces.shapes)
    spaces = sorted({*vocabulary, namespaces.instances, own_namespace})
    # What an accepted finding is at may be a finding that exists only while rules are checked; the gate tells whether
    # it answers to anything.
    accepted = iri(f"{namespaces.terms}atFocus").n3()
    ours = " || ".join(f"STRSTARTS(STR(?t), {literal(space).n3()})" for space in spaces)
    # Each name once, then whether anything types it: a scan of the distinct names, not of all triples.
    undefined = [
        row[0].value
        for row in store.select(
            f"SELECT ?t WHERE {{ {{ SELECT DISTINCT ?t WHERE {{ {{ ?s ?p ?t FILTER(?p != {accepted}) }} UNION "
            f"{{ ?s ?t ?o }} UNION "
            f"{{ ?t ?p ?o }} FILTER(isIRI(?t) && ({ours})) }} }} FILTER NOT EXISTS {{ ?t a ?type }} }} ORDER BY ?t"
        ).rows
        if row[0]
    ]
    problems: list[Problem] = []
    for name in undefined:
        is_term = name.startswith(vocabulary)
        rule = UNKNOWN_TERM if is_term else DANGLING_REFERENCE
        message = _undefined_message(store, namespaces, name, is_term)
        node = iri(name).n3()
        uses = store.select(
            f"SELECT DISTINCT ?g ?s ?p ?o WHERE {{ GRAPH ?g {{ ?s ?p ?o }} "
            f"FILTER(?s = {node} || ?p = {node} || ?o = {node}) }} ORDER BY ?g ?s ?p ?o"
        ).rows
        subjects_seen: set[str] = set()
        for graph, subject, predicate, value in uses:
            assert graph and subject and predicate and value
            if subject.value == name and name in subjects_seen:
                continue  # one report for a whole description that has no type
            subjects_seen.add(subject.value)
            found = _problem(rule, graph.value, subject.value, predicate.value, value, message, files, namespaces)
            if subject.value == name:  # the description as a whole is at fault
                found = replace(found, place=_place(files.get(graph.value), namespaces, name))
            problems.append(found)
    return problems


def _undefined_message(store: Store, namespaces: Namespaces, name: str, is_term: bool) -> str:
    space = name[: len(name) - len(name.rpartition("/")[2])]
    rows = store.select(
        f"SELECT DISTINCT ?t WHERE {{ ?t a ?type FILTER(isIRI(?t) && STRSTARTS(STR(?t), {literal(space).n3()})) }}"
    ).rows
    known = sorted(row[0].value for row in rows if row[0])
    # The namespace is common to all of them; likeness is about what follows it.
    locals_ = {one[len(space) :]: one for one in known}
    close = difflib.get_close_matches(name[len(space) :], locals_, n=2, cutoff=0.75)
    near = [namespaces.compact(locals_[one]) for one in close]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    compact = namespaces.compact(name)
    if is_term:
        return f"{compact} is a term that no ontology, vocabulary or shapes file defines{hint}"
    return f"{compact} is referred to, but no file says what it is (it has no rdf:type){hint}"


def _conflicts(store: Store, namespaces: Namespaces, files: dict[str, Path]) -> list[Problem]:
    # Which subjects have two values is asked of the union, and only of these which graph says what: a store elsewhere
    # looks each triple of a question about graphs up in each of them. Blank nodes belong to one file.
    two = store.select(
        f"""
        PREFIX owl: <{OWL}> PREFIX skos: <{SKOS}>
        SELECT DISTINCT ?s ?p WHERE {{
          {{ SELECT DISTINCT ?p WHERE {{ {{ ?p a owl:FunctionalProperty }} UNION
             {{ VALUES ?p {{ skos:prefLabel skos:definition skos:notation }} }} }} }}
          ?s ?p ?o , ?o2
          FILTER(isIRI(?s) && !sameTerm(?o, ?o2) && COALESCE(LANG(?o), "") = COALESCE(LANG(?o2), ""))
        }} ORDER BY ?s ?p"""
    ).rows
    rows = [
        row for start in range(0, len(two), _AT_ONCE) for row in _in_two_graphs(store, two[start : start + _AT_ONCE])
    ]
    problems = []
    for subject, predicate, value, graph, other, other_graph in rows:
        other_file = files.get(other_graph.value)
        place = _place(other_file, namespaces, subject.value, predicate.value, other.value)
        where = ":".join(str(part) for part in (other_file, place and place.line) if part is not None)
        message = (
            f"{namespaces.compact(subject.value)} has two values of {namespaces.compact(predicate.value)}: "
            f"{value.shown(namespaces.compact)} here and {other.shown(namespaces.compact)} in {where}; keep one of them"
        )
        problems.append(
            _problem(CONFLICT, graph.value, subject.value, predicate.value, value, message, files, namespaces)
        )
    return problems


def _in_two_graphs(
    store: Store, two: Sequence[tuple[Term | None, ...]]
) -> list[tuple[Term, Term, Term, Term, Term, Term]]:
    """Return subject, property, value, graph, other value and other graph where one language has two in two graphs."""
    listed = " ".join(f"({' '.join(one.n3() for one in row if one)})" for row in two)
    said: dict[tuple[Term, Term, str | None], list[tuple[Term, Term]]] = {}
    for subject, predicate, value, graph in store.select(
        f"SELECT DISTINCT ?s ?p ?o ?g WHERE {{ VALUES (?s ?p) {{ {listed} }} GRAPH ?g {{ ?s ?p ?o }} }}"
    ).rows:
        assert subject and predicate and value and graph
        said.setdefault((subject, predicate, value.language), []).append((graph, value))
    found = [
        (subject, predicate, value, graph, other, other_graph)
        for (subject, predicate, _), values in said.items()
        for graph, value in values
        for other_graph, other in values
        if graph.value < other_graph.value and value != other
    ]
    order = (0, 1, 3, 5, 2, 4)
    return sorted(found, key=lambda row: [row[column].n3() for column in order])


def _problem(
    rule: str,
    graph: str,
    subject: str,
    predicate: str,
    value: Term,
    message: str,
    files: dict[str, Path],
    namespaces: Namespaces,
) -> Problem:
    path = files.get(graph)
    place = _place(path, namespaces, subject, predicate, value.value)
    return Problem(rule, subject, predicate, value, message, str(path) if path else None, place)


def _place(
    path: Path | None, namespaces: Namespaces, subject: str, predicate: str | None = None, value: str | None = None
) -> Place | None:
    # A blank node of the store is under no label of the file's: any blank node that has such a triple.
    named = subject if is_iri(subject) else None
    return locate(path, namespaces, named, predicate, value) if path else None
