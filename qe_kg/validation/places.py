"""From a result to the triples at fault and the triple of the shape that says so, each with its place.

Which triples these are depends on the constraint: a value that breaks it is the end of a route along the shape's path,
and the triples of that route share the blame; where there are too many values, all of them do; where one is missing,
the description that lacks it is at fault, and it belongs at its end. A constraint on the node as a whole blames the
triples that it looks at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from rdflib.namespace import RDF, SH
from rdflib.term import Node

from qe_kg.positions import FilePlaces, Place, main_description, places_of, subject_place
from qe_kg.rdflib_bridge import to_term
from qe_kg.validation.report import SourcePlace

if TYPE_CHECKING:
    import pyoxigraph as ox

    Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

#: How many nodes a path with * or + is followed over; beyond that a place is not worth the time.
_MAX_NODES = 2000
_MISSING = frozenset({"MinCount", "QualifiedMinCount", "HasValue"})
_PAIR = {"Equals": "equals", "Disjoint": "disjoint", "LessThan": "lessThan", "LessThanOrEquals": "lessThanOrEquals"}
_COMBINING = ("and", "or", "xone")
_QUERY_NAME = re.compile(r":([\w.-]*\w)|<[^<>\s]*[#/]([\w.-]+)>")


class File(Protocol):
    """What is needed of a file: see `qe_kg.validation.gate.InputFile`."""

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def quads(self) -> list[ox.Quad]: ...  # noqa: D102


class Finding(Protocol):
    """What is needed of an engine's result; see `qe_kg.validation.pyshacl_engine.RawResult`."""

    @property
    def focus(self) -> Node: ...  # noqa: D102
    @property
    def path(self) -> Node | None: ...  # noqa: D102
    @property
    def value(self) -> Node | None: ...  # noqa: D102
    @property
    def component(self) -> Node: ...  # noqa: D102
    @property
    def shape(self) -> Node: ...  # noqa: D102


@dataclass(frozen=True)
class Located:
    """The places of one result.

    Attributes:
        source: the triple at fault, the first of several; or the description that lacks one; or the subject.
        blamed: every triple that shares the blame; those of a path from the focus on.
        belongs: the empty place where a missing triple belongs.
        shape: the shape's triple that says so; the shape itself where there is no such triple.

    """

    source: SourcePlace | None
    blamed: tuple[SourcePlace, ...] = ()
    belongs: SourcePlace | None = None
    shape: SourcePlace | None = None


_Kind = Literal["triple", "subject", "description", "end_of_description"]


class _Ref(NamedTuple):
    file: int
    number: int


def _term(node: Node) -> Term:
    return to_term(node)


_FIRST, _REST, _TYPE = (_term(RDF[name]) for name in ("first", "rest", "type"))
_PATH, _SPARQL, _SELECT, _NOT, _NODE, _PROPERTY = (
    _term(SH[name]) for name in ("path", "sparql", "select", "not", "node", "property")
)


class _Index:
    """Files' triples by subject, and by object where a path leads backwards."""

    def __init__(self, files: Sequence[File]) -> None:
        self.files = files
        self._by_subject: dict[Term, list[_Ref]] | None = None
        self._by_object: dict[Term, list[_Ref]] | None = None
        self._places: dict[int, FilePlaces | None] = {}

    def quad(self, ref: _Ref) -> ox.Quad:
        return self.files[ref.file].quads[ref.number]

    def of(self, subject: Term) -> list[_Ref]:
        if self._by_subject is None:
            self._by_subject = {}
            for file, number, quad in self._all():
                self._by_subject.setdefault(quad.subject, []).append(_Ref(file, number))
        return self._by_subject.get(subject, [])

    def to(self, value: Term) -> list[_Ref]:
        if self._by_object is None:
            self._by_object = {}
            for file, number, quad in self._all():
                self._by_object.setdefault(quad.object, []).append(_Ref(file, number))
        return self._by_object.get(value, [])

    def _all(self) -> Iterator[tuple[int, int, ox.Quad]]:
        for file, one in enumerate(self.files):
            for number, quad in enumerate(one.quads):
                yield file, number, quad

    def values(self, subject: Term, predicate: Term) -> list[_Ref]:
        return [ref for ref in self.of(subject) if self.quad(ref).predicate == predicate]

    def items(self, head: Term) -> list[Term]:
        found: list[Term] = []
        while len(found) < _MAX_NODES:
            first = self.values(head, _FIRST)
            if not first:
                break
            found.append(self.quad(first[0]).object)
            rest = self.values(head, _REST)
            if not rest:
                break
            head = self.quad(rest[0]).object
        return found

    def objects(self, subject: Term, predicate: Term) -> list[Term]:
        return [self.quad(ref).object for ref in self.values(subject, predicate)]

    def main(self, refs: Sequence[_Ref]) -> _Ref:
        """Choose the triple whose description says what the subject is, out of those of one subject."""
        chosen = main_description(range(len(refs)), lambda number: self.quad(refs[number]).predicate.value)
        return refs[chosen]

    # --- places -------------------------------------------------------------------------------------------

    def place(self, ref: _Ref, kind: _Kind = "triple") -> SourcePlace:
        file = self.files[ref.file]
        if ref.file not in self._places:
            self._places[ref.file] = places_of(file.path, len(file.quads))
        places = self._places[ref.file]
        found: Place | None
        if places is None:
            subject = str(self.quad(ref).subject)
            found = subject_place(file.path, subject[1:-1]) if subject.startswith("<") else None
        else:
            found = getattr(places, kind)(ref.number)
        return SourcePlace(file.name, *(found or (None,)))


class Locator:
    """Finds the places of results in the files that were validated and in those of the shapes."""

    def __init__(self, data: Sequence[File], shapes: Sequence[File]) -> None:
        self._data, self._shapes = _Index(data), _Index(shapes)

    def locate(self, finding: Finding) -> Located:
        """Return the places of a result."""
        focus, shape = _term(finding.focus), _term(finding.shape)
        component = str(finding.component).rpartition("#")[2].removesuffix("ConstraintComponent")
        blamed = self._blamed(finding, focus, shape, component)
        of_focus = self._data.of(focus)
        source = belongs = None
        if component in _MISSING and of_focus:
            source = self._data.place(self._data.main(of_focus), "description")
            belongs = self._data.place(self._data.main(of_focus), "end_of_description")
        elif blamed and (finding.path is not None or not of_focus):
            source = self._data.place(blamed[0])
        elif of_focus:
            source = self._data.place(self._data.main(of_focus), "subject")
        elif self._data.to(focus):
            source = self._data.place(self._data.to(focus)[0])
        places = tuple(self._data.place(ref) for ref in blamed)
        return Located(source, places, belongs, self._of_shape(shape, component))

    def locate_subject(self, focus: Node) -> SourcePlace | None:
        """Return the place of the description of a node."""
        refs = self._data.of(_term(focus))
        return self._data.place(self._data.main(refs), "subject") if refs else None

    def _of_shape(self, shape: Term, component: str) -> SourcePlace | None:
        refs = self._shapes.of(shape)
        if not refs:
            return None
        name = "sparql" if component == "SPARQL" else component[:1].lower() + component[1:]
        parameter = self._shapes.values(shape, _term(SH[name]))
        if parameter:
            return self._shapes.place(parameter[0])
        return self._shapes.place(self._shapes.main(refs), "subject")

    def _blamed(self, finding: Finding, focus: Term, shape: Term, component: str) -> list[_Ref]:
        value = None if finding.value is None else _term(finding.value)
        paths = self._shapes.objects(shape, _PATH)
        if paths:
            routes = _routes(self._data, self._shapes, paths[0], focus)
            found = _joined(routes.values() if value is None else [routes.get(value, ())])
        elif finding.path is not None:  # sh:closed, or what a SPARQL constraint binds
            every = self._data.values(focus, _term(finding.path))
            found = [ref for ref in every if value is None or self._data.quad(ref).object == value] or every
        else:
            found = self._looked_at(shape, focus, component)
        if component == "UniqueLang":
            found = self._of_shared_language(found)
        if component in _PAIR:
            others = self._shapes.objects(shape, _term(SH[_PAIR[component]]))
            more = [ref for other in others for ref in self._data.values(focus, other)]
            if component == "Disjoint":
                more = [ref for ref in more if self._data.quad(ref).object == value]
            found = [*found, *more] if component != "Equals" or not found else found
            if component == "Equals":
                found = found or [ref for ref in more if self._data.quad(ref).object == value]
        return list(dict.fromkeys(found))

    def _of_shared_language(self, refs: Iterable[_Ref]) -> list[_Ref]:
        by_language: dict[str, list[_Ref]] = {}
        for ref in refs:
            language = getattr(self._data.quad(ref).object, "language", None)
            if language:
                by_language.setdefault(language.lower(), []).append(ref)
        return [ref for group in by_language.values() if len(group) > 1 for ref in group]

    def _looked_at(self, shape: Term, focus: Term, component: str) -> list[_Ref]:
        """Return the triples that a constraint on the node as a whole looks at."""
        if component == "Class":
            return self._data.values(focus, _TYPE)
        if component == "SPARQL":
            texts = [
                str(getattr(text, "value", ""))
                for constraint in (shape, *self._shapes.objects(shape, _SPARQL))
                for text in self._shapes.objects(constraint, _SELECT)
            ]
            names = {first or second for text in texts for first, second in _QUERY_NAME.findall(text)}
            return [
                ref for ref in self._data.of(focus)
                if re.split(r"[/#]", self._data.quad(ref).predicate.value)[-1] in names
            ]  # fmt: skip
        name = component[:1].lower() + component[1:]
        seen: set[tuple[Term, Term]] = set()
        found: list[_Ref] = []
        for inner in self._members(shape, _term(SH[name]), name in _COMBINING):
            self._look(inner, focus, seen, found)
        return found

    def _members(self, shape: Term, predicate: Term, is_list: bool) -> list[Term]:
        values = self._shapes.objects(shape, predicate)
        return [member for value in values for member in self._shapes.items(value)] if is_list else values

    def _look(self, shape: Term, node: Term, seen: set[tuple[Term, Term]], found: list[_Ref]) -> None:
        if (shape, node) in seen or len(seen) > _MAX_NODES:
            return
        seen.add((shape, node))
        nodes = [node]
        for path in self._shapes.objects(shape, _PATH):
            routes = _routes(self._data, self._shapes, path, node)
            found += _joined(routes.values())
            nodes = list(routes)
        for one in nodes:
            for name in ("property", "node", "not", "qualifiedValueShape", *_COMBINING):
                for inner in self._members(shape, _term(SH[name]), name in _COMBINING):
                    self._look(inner, one, seen, found)


_Routes = dict["Term", tuple[_Ref, ...]]


def _joined(routes: Iterable[tuple[_Ref, ...]]) -> list[_Ref]:
    return [ref for route in routes for ref in route]


def _routes(data: _Index, shapes: _Index, path: Term, start: Term) -> _Routes:
    """Return the nodes that a path leads to, each with the triples of a shortest route there."""
    return _walk(data, shapes, path, {start: ()}, backwards=False)


def _walk(data: _Index, shapes: _Index, path: Term, starts: _Routes, *, backwards: bool) -> _Routes:
    if str(path).startswith("<"):
        return _step(data, path, starts, backwards)
    steps = shapes.items(path)
    if steps:
        for step in reversed(steps) if backwards else steps:
            starts = _walk(data, shapes, step, starts, backwards=backwards)
        return starts
    for name in ("inversePath", "alternativePath", "zeroOrOnePath", "zeroOrMorePath", "oneOrMorePath"):
        for inner in shapes.objects(path, _term(SH[name])):
            if name == "inversePath":
                return _walk(data, shapes, inner, starts, backwards=not backwards)
            if name == "alternativePath":
                every = [_walk(data, shapes, one, starts, backwards=backwards) for one in shapes.items(inner)]
                return {node: route for routes in reversed(every) for node, route in routes.items()}
            return _repeat(data, shapes, inner, starts, backwards, name)
    return {}


def _repeat(data: _Index, shapes: _Index, path: Term, starts: _Routes, backwards: bool, name: str) -> _Routes:
    found: _Routes = {} if name == "oneOrMorePath" else dict(starts)
    frontier = starts
    while frontier and len(found) < _MAX_NODES:
        reached = _walk(data, shapes, path, frontier, backwards=backwards)
        frontier = {node: route for node, route in reached.items() if node not in found}
        found.update(frontier)
        if name == "zeroOrOnePath":
            break
    return found


def _step(data: _Index, predicate: Term, starts: _Routes, backwards: bool) -> _Routes:
    found: _Routes = {}
    for node, route in starts.items():
        for ref in data.to(node) if backwards else data.of(node):
            quad = data.quad(ref)
            if quad.predicate == predicate:
                found.setdefault(quad.subject if backwards else quad.object, (*route, ref))
    return found
