"""From a shapes graph to typed shapes (https://www.w3.org/TR/shacl/#shapes); what is ill-formed is refused."""

from __future__ import annotations

from collections.abc import Iterator

from qe_kg.errors import ShapesError
from qe_kg.namespaces import OWL
from qe_kg.shacl.components import READERS, custom
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import Constraint, IllFormedShapes, Shape, Shapes, Target, UnsupportedShapes
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_CLASS, Node, is_blank, is_iri, is_literal, sh, text_of
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.paths import Path, read_path

_TARGETS = {
    sh("targetClass"): "class",
    sh("targetNode"): "node",
    sh("targetSubjectsOf"): "subjects",
    sh("targetObjectsOf"): "objects",
}
_SHAPE_TYPES = (sh("NodeShape"), sh("PropertyShape"))
_OWL_CLASS = f"<{OWL}Class>"
_PATH, _PROPERTY = sh("path"), sh("property")
#: What SHACL's Advanced Features and JavaScript extension add, and nobody here evaluates.
UNSUPPORTED = ("target", "rule", "js", "values", "expression", "jsFunctionName", "jsLibrary")


def read_shapes(graph: Graph) -> Shapes:
    """Read all shapes of a shapes graph.

    Raises:
        IllFormedShapes: a shape is ill-formed, refers to itself, or uses what is not supported.

    """
    return _Reader(graph).read()


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.components = custom.declared(graph)
        self.shapes: dict[Node, Shape] = {}

    def read(self) -> Shapes:
        self._refuse_unsupported()
        waiting = sorted(self._roots(), reverse=True)
        while waiting:
            node = waiting.pop()
            if node not in self.shapes:
                shape = self.shapes[node] = self._shape(node)
                waiting += shape.references()
        _refuse_recursion(self.shapes)
        return Shapes(dict(sorted(self.shapes.items())))

    def _refuse_unsupported(self) -> None:
        for name in UNSUPPORTED:
            for value, subjects in self.graph.by_value(sh(name)).items():
                if name in ("values", "expression") and not self._is_shape(subjects[0]):
                    continue
                raise UnsupportedShapes(f"sh:{name} is not supported", subjects[0], sh(name), value)

    def _is_shape(self, node: Node) -> bool:
        return any((node, RDF_TYPE, kind) in self.graph for kind in _SHAPE_TYPES) or _PATH in self.graph.properties(
            node
        )

    def _roots(self) -> Iterator[Node]:
        for kind in _SHAPE_TYPES:
            yield from self.graph.instances(kind)
        for predicate in _TARGETS:
            yield from self.graph.subjects_of(predicate)

    def _shape(self, node: Node) -> Shape:
        if is_literal(node):
            raise IllFormedShapes("a literal stands where a shape is expected", *self._user(node))
        if is_iri(node) and not self.graph.properties(node):
            raise IllFormedShapes(f"there is no shape {node}", *self._user(node))
        path = self._path(node)
        parameters = Parameters(self.graph, node, path)
        try:
            severity = parameters.iris("severity") and parameters.one("severity")
            return Shape(
                node=node,
                path=path,
                targets=tuple(self._targets(node)),
                constraints=tuple(self._constraints(parameters)),
                properties=tuple(self._properties(node)),
                severity=text_of(severity or sh("Violation")),
                messages=parameters.literals("message", "text"),
                deactivated=parameters.is_true("deactivated"),
            )
        except IllFormedShapes as error:
            self._named(error)
            raise

    def _user(self, node: Node) -> tuple[Node, Node, Node]:
        """Return a triple that has a node as its object."""
        for subject, predicate, value in self.graph.triples():
            if value == node:
                return subject, predicate, value
        return node, RDF_TYPE, node

    def _named(self, error: IllFormedShapes) -> IllFormedShapes:
        """Let an error about a blank node tell the named node that owns it."""
        seen: set[Node] = set()
        while is_blank(error.node) and error.node not in seen:
            seen.add(error.node)
            error.node = self._user(error.node)[0]
        return error

    def _path(self, node: Node) -> Path | None:
        paths = self.graph.objects(node, _PATH)
        is_node_shape = (node, RDF_TYPE, sh("NodeShape")) in self.graph
        is_property_shape = (node, RDF_TYPE, sh("PropertyShape")) in self.graph
        is_needed = is_property_shape or bool(self.graph.subjects(_PROPERTY, node))
        problem = None
        if len(paths) > 1:
            problem = "a property shape has exactly one sh:path"
        elif paths and is_node_shape:
            problem = "a node shape has no sh:path; make it a sh:PropertyShape"
        elif not paths and is_needed:
            problem = "a property shape needs a sh:path"
        if problem:
            raise self._named(IllFormedShapes(problem, node, _PATH if paths else None))
        if not paths:
            return None
        try:
            return read_path(self.graph, paths[0])
        except ShapesError as error:
            raise self._named(IllFormedShapes(str(error), node, _PATH, paths[0])) from error

    def _targets(self, node: Node) -> Iterator[Target]:
        for predicate, kind in _TARGETS.items():
            for value in self.graph.objects(node, predicate):
                if (kind == "node" and is_blank(value)) or (kind != "node" and not is_iri(value)):
                    raise IllFormedShapes(f"sh:{text_of(predicate)[27:]} must be an IRI", node, predicate, value)
                yield Target(kind, value)  # type: ignore[arg-type]
        types = self.graph.objects(node, RDF_TYPE)
        if any(kind in types for kind in _SHAPE_TYPES) and is_iri(node):
            is_class = _OWL_CLASS in types or any(kind in self.graph.subclasses(RDFS_CLASS) for kind in types)
            if is_class:  # https://www.w3.org/TR/shacl/#implicit-targetClass
                yield Target("class", node)

    def _properties(self, node: Node) -> Iterator[Node]:
        for value in self.graph.objects(node, _PROPERTY):
            if is_literal(value):
                raise IllFormedShapes("sh:property must be a property shape", node, _PROPERTY, value)
            yield value

    def _constraints(self, parameters: Parameters) -> Iterator[Constraint]:
        for reader in READERS:
            yield from reader(parameters)
        for component in self.components:
            yield from custom.read(component, parameters)


def _refuse_recursion(shapes: dict[Node, Shape]) -> None:
    """Refuse shapes that need themselves; the specification leaves their meaning open."""
    done: set[Node] = set()
    for start in shapes:
        path: dict[Node, Iterator[Node]] = {} if start in done else {start: shapes[start].references()}
        while path:
            current = next(reversed(path))
            following = next(path[current], None)
            if following is None:
                done.add(current)
                del path[current]
            elif following in path:
                named = next((one for one in reversed(path) if is_iri(one)), following)
                raise IllFormedShapes(f"the shape {following} refers to itself", named)
            elif following not in done:
                path[following] = shapes[following].references()
