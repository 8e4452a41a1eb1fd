"""From a result to the triples at fault and the triple of the shape that says so, each with its place.

Which triples these are depends on the constraint: a value that breaks it is the end of a route along the shape's path,
and the triples of that route share the blame; where there are too many values, all of them do; where one is missing,
the description that lacks it is at fault, and it belongs at its end. A constraint on the node as a whole blames the
triples that it looks at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from qe_kg.errors import ShapesError
from qe_kg.namespaces import Namespaces
from qe_kg.positions import Kind, main_description
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import IllFormedShapes
from qe_kg.shacl.nodes import RDF_TYPE, Node, is_literal, literal_parts, sh, text_of
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, Repeated, read_path
from qe_kg.shacl.paths import Sequence as SequencePath
from qe_kg.shacl.results import RawResult
from qe_kg.validation.report import Located, Places, SourcePlace
from qe_kg.validation.triples import Triples

if TYPE_CHECKING:
    import pyoxigraph as ox

#: How many nodes a path with * or + is followed over; beyond that a place is not worth the time.
_MAX_NODES = 2000
_KEPT = 1 << 14
#: Reports are ordered by rule, so that a node comes again when all the others have come.
_NODES = 1 << 17
_MISSING = frozenset({"MinCount", "QualifiedMinCount", "HasValue"})
_PAIR = frozenset({"Equals", "Disjoint", "LessThan", "LessThanOrEquals"})
_COMBINING = ("and", "or", "xone")
_QUERY_NAME = re.compile(r":([\w.-]*\w)|<[^<>\s]*[#/]([\w.-]+)>")


class _Ref(NamedTuple):
    file: int
    number: int


class _Index:
    """The triples of files."""

    def __init__(self, find_files: Callable[[], Sequence[Triples]]) -> None:
        self._find_files = find_files
        # Several questions about a result are about one node, and several results lead to one.
        self.of, self.values = lru_cache(_KEPT)(self._of), lru_cache(_KEPT)(self._values)

    @cached_property
    def files(self) -> Sequence[Triples]:
        return self._find_files()

    def _of(self, subject: Node) -> list[_Ref]:
        return [_Ref(file, number) for file, one in enumerate(self.files) for number in one.of(subject)]

    def to(self, value: Node) -> list[_Ref]:
        return [_Ref(file, number) for file, one in enumerate(self.files) for number in one.to(value)]

    def _values(self, subject: Node, predicate: Node) -> list[_Ref]:
        return [ref for ref in self.of(subject) if self.predicate(ref) == predicate]

    def subject(self, ref: _Ref) -> Node:
        return self.files[ref.file].subject(ref.number)

    def predicate(self, ref: _Ref) -> Node:
        return self.files[ref.file].predicate(ref.number)

    def value(self, ref: _Ref) -> Node:
        return self.files[ref.file].value(ref.number)

    def quad(self, ref: _Ref) -> ox.Quad:
        return self.files[ref.file].quad(ref.number)

    def main(self, refs: Sequence[_Ref]) -> _Ref:
        """Choose the triple whose description says what the subject is, out of those of one subject."""
        chosen = main_description(range(len(refs)), lambda number: text_of(self.predicate(refs[number])))
        return refs[chosen]

    def place(self, ref: _Ref, kind: Kind = "triple") -> SourcePlace:
        return self.files[ref.file].place(ref.number, kind)


class _Found:
    """The places of one result, looked for when they are asked for: see `qe_kg.validation.report.Places`."""

    __slots__ = ("_locator", "_result")

    def __init__(self, locator: Locator, result: RawResult) -> None:
        self._locator, self._result = locator, result

    @property
    def source(self) -> SourcePlace | None:
        return self._locator.source(self._result)

    @property
    def blamed(self) -> tuple[SourcePlace, ...]:
        return self._locator.blamed(self._result)

    @property
    def belongs(self) -> SourcePlace | None:
        return self._locator.belongs(self._result)

    @property
    def shape(self) -> SourcePlace | None:
        return self._locator.of_shape(self._result)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Found | Located) and _known(self) == _known(other)


def _known(places: Places) -> Located:
    return Located(places.source, places.blamed, places.belongs, places.shape)


def _component(result: RawResult) -> str:
    return result.component.rpartition("#")[2].removesuffix("ConstraintComponent")


class Locator:
    """Finds the places of results in the files that were validated and in those of the shapes.

    Args:
        data: gives the triples of the files that were validated; it is called when the first place is asked for.
        shapes: the triples of those of the shapes.
        graph: the shapes as a graph.

    """

    def __init__(self, data: Callable[[], Sequence[Triples]], shapes: Sequence[Triples], graph: Graph) -> None:
        self._data, self._shapes, self._graph = _Index(data), _Index(lambda: shapes), graph
        self._known: dict[tuple[Node, str], list[Node]] = {}
        self._read_paths: dict[Node, list[Path]] = {}
        self._main = lru_cache(_NODES)(self._find_main)
        self._of_shapes: dict[tuple[Node, str], SourcePlace | None] = {}

    def of_shapes(self, subject: Node, predicate: Node | None, value: Node | None) -> SourcePlace | None:
        """Return the place of a triple in the files of the shapes; failing that, of the subject's description."""
        refs = self._shapes.of(subject)
        if not refs:
            return None
        with_predicate = [ref for ref in refs if predicate is not None and self._shapes.predicate(ref) == predicate]
        exact = [ref for ref in with_predicate if self._shapes.value(ref) == value]
        if exact or with_predicate:
            return self._shapes.place((exact or with_predicate)[0])
        return self._shapes.place(self._shapes.main(refs), "subject")

    def locate(self, result: RawResult) -> Places:
        """Return the places of a result, which are looked for when they are asked for."""
        return _Found(self, result)

    def source(self, result: RawResult) -> SourcePlace | None:
        """Return the place that a result stands at."""
        focus = result.focus
        if _component(result) in _MISSING and (described := self._main(focus, "description")):
            return described
        main = None if result.path else self._main(focus, "subject")
        if main is None and (found := self._blamed(result)):
            return self._data.place(found[0])
        if main := main or self._main(focus, "subject"):
            return main
        found = self._data.to(focus)
        return self._data.place(found[0]) if found else None

    def belongs(self, result: RawResult) -> SourcePlace | None:
        """Return the empty place where the triple belongs that a result misses."""
        return self.end_of(result.focus) if _component(result) in _MISSING else None

    def blamed(self, result: RawResult) -> tuple[SourcePlace, ...]:
        """Return the places of the triples that share the blame for a result."""
        return tuple(self._data.place(ref) for ref in self._blamed(result))

    def looked_at(self, shape: Node, focus: Node, *, but: Iterable[Node] = ()) -> list[tuple[ox.Quad, SourcePlace]]:
        """Return the triples that a shape looks at from a focus, each with its place, without those of some shapes."""
        found: list[_Ref] = []
        self._look(shape, focus, {(one, focus) for one in but}, found)
        return [(self._data.quad(ref), self._data.place(ref)) for ref in dict.fromkeys(found)]

    def types(self, focus: Node, classes: Collection[Node]) -> list[tuple[ox.Quad, SourcePlace]]:
        """Return the triples that make a node an instance of one of some classes, each with its place."""
        refs = [ref for ref in self._data.values(focus, RDF_TYPE) if self._data.value(ref) in classes]
        return [(self._data.quad(ref), self._data.place(ref)) for ref in refs]

    def triples_at(self, focus: Node, places: Collection[SourcePlace]) -> list[tuple[ox.Quad, SourcePlace]]:
        """Return the triples whose places are among some, those of a focus and of what leads on from it."""
        found: list[tuple[ox.Quad, SourcePlace]] = []
        waiting, seen = [focus], {focus}
        for node in waiting:
            for ref in self._data.of(node):
                place = self._data.place(ref)
                if place in places:
                    found.append((self._data.quad(ref), place))
                    value = self._data.value(ref)
                    waiting += [value] * (value not in seen and not is_literal(value))
                    seen.add(value)
        return found

    def end_of(self, focus: Node) -> SourcePlace | None:
        """Return the empty place at the end of a node's description, where more about it belongs."""
        return self._main(focus, "end_of_description")

    def locate_subject(self, focus: Node) -> SourcePlace | None:
        """Return the place of the description of a node."""
        return self._main(focus, "subject")

    def _find_main(self, focus: Node, kind: Kind) -> SourcePlace | None:
        refs = self._data.of(focus)
        return self._data.place(self._data.main(refs), kind) if refs else None

    def of_shape(self, result: RawResult) -> SourcePlace | None:
        """Return the place of the shape's triple that a result is about."""
        key = result.shape, _component(result)
        if key not in self._of_shapes:
            self._of_shapes[key] = self._find_shape(*key)
        return self._of_shapes[key]

    def _find_shape(self, shape: Node, component: str) -> SourcePlace | None:
        refs = self._shapes.of(shape)
        if not refs:
            return None
        parameter = self._shapes.values(shape, sh(_parameter(component)))
        if parameter:
            return self._shapes.place(parameter[0])
        return self._shapes.place(self._shapes.main(refs), "subject")

    def _blamed(self, result: RawResult) -> list[_Ref]:
        data, focus, value, component = self._data, result.focus, result.value, _component(result)
        if isinstance(result.path, Predicate) and not self._graph.objects(result.shape, sh("path")):
            # sh:closed, or what a SPARQL constraint binds
            every = data.values(focus, result.path.node)
            found = [ref for ref in every if value is None or data.value(ref) == value] or every
        elif result.path is not None:
            routes = _walk(data, result.path, {focus: ()}, backwards=False)
            found = _joined(routes.values() if value is None else [routes.get(value, ())])
        else:
            found = self._looked_at(result.shape, focus, component)
        if component == "UniqueLang":
            found = self._of_shared_language(found)
        if component in _PAIR:
            others = self._graph.objects(result.shape, sh(_parameter(component)))
            more = [ref for other in others for ref in data.values(focus, other)]
            if component in ("Disjoint", "Equals"):
                more = [ref for ref in more if data.value(ref) == value]
            found = [*found, *more]
        return list(dict.fromkeys(found))

    def _of_shared_language(self, refs: Iterable[_Ref]) -> list[_Ref]:
        by_language: dict[str, list[_Ref]] = {}
        for ref in refs:
            value = self._data.value(ref)
            language = literal_parts(value).language if is_literal(value) else ""
            if language:
                by_language.setdefault(language.lower(), []).append(ref)
        return [ref for group in by_language.values() if len(group) > 1 for ref in group]

    def _looked_at(self, shape: Node, focus: Node, component: str) -> list[_Ref]:
        """Return the triples that a constraint on the node as a whole looks at."""
        if component == "Class":
            return self._data.values(focus, RDF_TYPE)
        if component == "SPARQL":
            constraints = (shape, *self._graph.objects(shape, sh("sparql")))
            texts = [text_of(text) for one in constraints for text in self._graph.objects(one, sh("select"))]
            names = {first or second for text in texts for first, second in _QUERY_NAME.findall(text)}
            refs = self._data.of(focus)
            return [ref for ref in refs if re.split(r"[/#]", text_of(self._data.predicate(ref)))[-1] in names]
        found: list[_Ref] = []
        seen: set[tuple[Node, Node]] = set()
        for inner in self._members(shape, _parameter(component)):
            self._look(inner, focus, seen, found)
        return found

    def _members(self, shape: Node, parameter: str) -> list[Node]:
        key = (shape, parameter)
        if key not in self._known:
            self._known[key] = self._read_members(shape, parameter)
        return self._known[key]

    def _read_members(self, shape: Node, parameter: str) -> list[Node]:
        values = self._graph.objects(shape, sh(parameter))
        if parameter in _COMBINING:
            return [member for value in values for member in self._graph.items(value) or ()]
        return values

    def _paths(self, shape: Node) -> list[Path]:
        if shape not in self._read_paths:
            found = self._read_paths[shape] = []
            for path in self._graph.objects(shape, sh("path")):
                with suppress(ShapesError):
                    found.append(read_path(self._graph, path))
        return self._read_paths[shape]

    def _look(self, shape: Node, node: Node, seen: set[tuple[Node, Node]], found: list[_Ref]) -> None:
        if (shape, node) in seen or len(seen) > _MAX_NODES:
            return
        seen.add((shape, node))
        nodes = [node]
        for path in self._paths(shape):
            routes = _walk(self._data, path, {node: ()}, backwards=False)
            found += _joined(routes.values())
            nodes = list(routes)
        for one in nodes:
            for parameter in ("property", "node", "not", "qualifiedValueShape", *_COMBINING):
                for inner in self._members(shape, parameter):
                    self._look(inner, one, seen, found)


def _parameter(component: str) -> str:
    return "sparql" if component == "SPARQL" else component[:1].lower() + component[1:]


#: The nodes that a path leads to, each with the triples of a shortest route there.
_Routes = dict[Node, tuple[_Ref, ...]]


def _joined(routes: Iterable[tuple[_Ref, ...]]) -> list[_Ref]:
    return [ref for route in routes for ref in route]


def _walk(data: _Index, path: Path, starts: _Routes, *, backwards: bool) -> _Routes:
    if isinstance(path, Predicate):
        return _step(data, path.node, starts, backwards)
    if isinstance(path, Inverse):
        return _walk(data, path.path, starts, backwards=not backwards)
    if isinstance(path, SequencePath):
        for step in reversed(path.paths) if backwards else path.paths:
            starts = _walk(data, step, starts, backwards=backwards)
        return starts
    if isinstance(path, Alternative):
        every = [_walk(data, one, starts, backwards=backwards) for one in path.paths]
        return {node: route for routes in reversed(every) for node, route in routes.items()}
    return _repeat(data, path, starts, backwards)


def _repeat(data: _Index, path: Repeated, starts: _Routes, backwards: bool) -> _Routes:
    found: _Routes = {} if path.times == "+" else dict(starts)
    frontier = starts
    while frontier and len(found) < _MAX_NODES:
        reached = _walk(data, path.path, frontier, backwards=backwards)
        frontier = {node: route for node, route in reached.items() if node not in found}
        found.update(frontier)
        if path.times == "?":
            break
    return found


def _step(data: _Index, predicate: Node, starts: _Routes, backwards: bool) -> _Routes:
    found: _Routes = {}
    for node, route in starts.items():
        if backwards:
            refs = [ref for ref in data.to(node) if data.predicate(ref) == predicate]
        else:
            refs = data.values(node, predicate)
        for ref in refs:
            found.setdefault(data.subject(ref) if backwards else data.value(ref), (*route, ref))
    return found


def placed(error: IllFormedShapes, locator: Locator, namespaces: Namespaces) -> ShapesError:
    """Name the file and line of what is wrong in the shapes."""
    place = locator.of_shapes(*error.triple)
    where = f"{place}: " if place else ""
    name = namespaces.compact(text_of(error.node)) if error.node[0] == "<" else error.node
    return ShapesError(f"the shapes cannot be evaluated: {where}{name}: {error.problem}")
