"""pySHACL as the engine. pyshacl is used in this module only."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyshacl
import rdflib
from pyshacl.errors import ValidationFailure
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SH
from rdflib.term import Node

from qe_kg.collection import with_collection
from qe_kg.errors import ShapesError
from qe_kg.rdflib_bridge import to_graph
from qe_kg.shacl import graph as shacl_graph
from qe_kg.shacl.nodes import iri, literal_node
from qe_kg.shacl.paths import read_path
from qe_kg.shacl.results import EngineRun, RawResult, in_fixed_order, in_order

if TYPE_CHECKING:
    import pyoxigraph as ox

NAME = "pyshacl"


@with_collection()
def validate(data_quads: Sequence[ox.Quad], shapes_quads: Sequence[ox.Quad]) -> EngineRun:
    """Validate data; nothing is inferred and nothing is fetched.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    data, shapes = to_graph(data_quads), to_graph(shapes_quads)
    _refuse_unsupported(shapes)
    try:
        _, report, text = pyshacl.validate(
            data,
            shacl_graph=shapes,
            inference="none",
            advanced=False,
            meta_shacl=False,
            do_owl_imports=False,
            inplace=True,  # nothing is inferred, so the graph is not changed; a copy would cost a second
            # False, although the gate tells severities apart itself: with True, a Warning shape that another shape
            # refers to (sh:or, sh:not, sh:node) would count as met.
            allow_warnings=False,
        )
    except Exception as error:  # re.error, ParseException, TypeError …: what is wrong in the shapes decides
        raise ShapesError(f"the shapes cannot be evaluated: {_first_line(error)}") from error
    finally:
        rdflib.NORMALIZE_LITERALS = False  # pySHACL leaves it switched on
    if isinstance(report, ValidationFailure) or not isinstance(report, Graph):
        raise ShapesError(f"the shapes cannot be evaluated: {_first_line(text)}")
    paths = shacl_graph.Graph()
    for subject, predicate, value in report:
        paths.add(_node(subject), _node(predicate), _node(value))
    results = [_read(report, node, paths) for node in report.objects(None, SH.result)]
    focus_nodes, active = _coverage(data, shapes)
    return EngineRun(NAME, in_fixed_order(results), focus_nodes, active)


def _refuse_unsupported(shapes: Graph) -> None:
    """Refuse what pySHACL would pass over or break off without a result."""
    for predicate in (SH.target, SH.rule, SH.js):
        if (None, predicate, None) in shapes:
            raise ShapesError(f"the shapes cannot be evaluated: sh:{predicate.fragment} is not supported")
    references: dict[Node, set[Node]] = {}
    for predicate in (SH.node, SH.property, SH["not"], SH.qualifiedValueShape):
        for shape, other in shapes.subject_objects(predicate):
            references.setdefault(shape, set()).add(other)
    for predicate in (SH["and"], SH["or"], SH.xone):
        for shape, members in shapes.subject_objects(predicate):
            references.setdefault(shape, set()).update(_items(shapes, members))
    done: set[Node] = set()
    for start in references:
        path: dict[Node, Iterator[Node]] = {start: iter(references[start])} if start not in done else {}
        while path:
            current = next(reversed(path))
            following = next(path[current], None)
            if following is None:
                done.add(current)
                del path[current]
            elif following in path:
                raise ShapesError(f"the shapes cannot be evaluated: the shape {following} refers to itself")
            elif following not in done:
                path[following] = iter(references.get(following, ()))


def _items(shapes: Graph, members: Node) -> list[Node]:
    try:
        return list(shapes.items(members))
    except ValueError as error:
        raise ShapesError(f"the shapes cannot be evaluated: {error}") from error


def _first_line(error: object) -> str:
    message = str(getattr(error, "message", error)).strip()
    return " ".join(message.split())


def _read(report: Graph, node: Node, paths: shacl_graph.Graph) -> RawResult:
    severity, component = (
        report.value(node, SH.resultSeverity),
        report.value(node, SH.sourceConstraintComponent),
    )
    focus, shape = report.value(node, SH.focusNode), report.value(node, SH.sourceShape)
    if focus is None or shape is None or not isinstance(severity, URIRef) or not isinstance(component, URIRef):
        raise ShapesError("the shapes cannot be evaluated: a result lacks its focus, shape, severity or component")
    path, value = report.value(node, SH.resultPath), report.value(node, SH.value)
    return RawResult(
        focus=_node(focus),
        path=None if path is None else read_path(paths, _node(path)),
        value=None if value is None else _node(value),
        severity=str(severity),
        component=str(component),
        shape=_node(shape),
        messages=in_order(tuple(_node(one) for one in report.objects(node, SH.resultMessage))),
    )


def _node(node: Node) -> str:
    if isinstance(node, Literal):
        return literal_node(str(node), None if node.datatype is None else str(node.datatype), node.language)
    return f"_:{node}" if isinstance(node, BNode) else iri(str(node))


def _coverage(data: Graph, shapes: Graph) -> tuple[int, int]:
    """Count the focus nodes that the shapes' targets select, and the shapes that are active."""
    focus: set[Node] = set()
    for shape, target in shapes.subject_objects(SH.targetClass):
        focus.update(_instances(data, [target]) if _active(shapes, shape) else ())
    for shape in shapes.subjects(RDF.type, SH.NodeShape):
        if any((shape, RDF.type, kind) in shapes for kind in (RDFS.Class, OWL.Class)):
            focus.update(_instances(data, [shape]))
    for _, target in shapes.subject_objects(SH.targetNode):
        focus.add(target)
    for _, target in shapes.subject_objects(SH.targetSubjectsOf):
        focus.update(data.subjects(_predicate(target)))
    for _, target in shapes.subject_objects(SH.targetObjectsOf):
        focus.update(data.objects(None, _predicate(target)))
    kinds = (SH.NodeShape, SH.PropertyShape)
    declared = {shape for kind in kinds for shape in shapes.subjects(RDF.type, kind)}
    declared |= set(shapes.objects(None, SH.property))
    return len(focus), sum(_active(shapes, shape) for shape in declared)


def _predicate(node: Node) -> URIRef:
    return URIRef(str(node))


def _active(shapes: Graph, shape: Node) -> bool:
    return str(shapes.value(shape, SH.deactivated)).lower() not in ("true", "1")


def _instances(data: Graph, classes: Iterable[Node]) -> set[Node]:
    found: set[Node] = set()
    for one in classes:
        for subclass in data.transitive_subjects(RDFS.subClassOf, one):
            found.update(data.subjects(RDF.type, subclass))
    return found


# pySHACL announces through logging what it also returns.
logging.getLogger("pyshacl").setLevel(logging.CRITICAL)
