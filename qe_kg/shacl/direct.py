"""Evaluation over a graph in memory, term by term, with every literal as it is written.

This is the exact evaluator: nothing between the file and the verdict alters a term. It costs some microseconds a
value node, so that large data are left to queries (see `qe_kg.shacl.setwise`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import Constraint, Finding, Shape, Shapes, Target
from qe_kg.shacl.nodes import Node, literal_node
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, Repeated, reversed_path
from qe_kg.shacl.paths import Sequence as SequencePath
from qe_kg.shacl.results import RawResult, in_order
from qe_kg.shacl.sparql_source import SparqlSource


def follow(graph: Graph, path: Path, start: Node) -> Sequence[Node]:
    """Return the distinct nodes at the end of a path (https://www.w3.org/TR/shacl/#value-nodes)."""
    if isinstance(path, Predicate):
        return graph.objects(start, path.node)
    if isinstance(path, Inverse):
        if isinstance(path.path, Predicate):
            return graph.subjects(path.path.node, start)
        return follow(graph, reversed_path(path.path), start)
    if isinstance(path, SequencePath):
        nodes: Iterable[Node] = (start,)
        for step in path.paths:
            nodes = dict.fromkeys(end for node in nodes for end in follow(graph, step, node))
        return list(nodes)
    if isinstance(path, Alternative):
        return list(dict.fromkeys(end for one in path.paths for end in follow(graph, one, start)))
    return _repeat(graph, path, start)


def _repeat(graph: Graph, path: Repeated, start: Node) -> list[Node]:
    if path.times == "?":
        return list(dict.fromkeys((start, *follow(graph, path.path, start))))
    found: dict[Node, None] = {} if path.times == "+" else {start: None}
    waiting = [start]
    while waiting:
        for end in follow(graph, path.path, waiting.pop()):
            if end not in found:
                found[end] = None
                waiting.append(end)
    return list(found)


class DirectRun:
    """One evaluation of shapes over a graph.

    Args:
        shapes: the shapes.
        graph: the data.
        sparql: answers the queries of SPARQL-based constraints over the same data.

    """

    def __init__(self, shapes: Shapes, graph: Graph, sparql: SparqlSource) -> None:
        self.shapes, self.graph, self.sparql = shapes, graph, sparql
        self._conforms: dict[Node, dict[Node, bool]] = {}

    def focus_nodes(self, shape: Shape) -> list[Node]:
        """Return the nodes that a shape's targets select."""
        return list(dict.fromkeys(node for target in shape.targets for node in self._selected(target)))

    def _selected(self, target: Target) -> Iterable[Node]:
        if target.kind == "class":
            return sorted(self.graph.instances(target.node))
        if target.kind == "subjects":
            return self.graph.subjects_of(target.node)
        return (target.node,) if target.kind == "node" else self.graph.by_value(target.node)

    def values(self, shape: Shape, focus: Node) -> Sequence[Node]:
        """Return the value nodes of a focus node."""
        return (focus,) if shape.path is None else follow(self.graph, shape.path, focus)

    def conforms(self, node: Node, shape_node: Node) -> bool:
        """Tell whether a node conforms to a shape (https://www.w3.org/TR/shacl/#conformance-checking)."""
        verdicts = self._conforms.setdefault(shape_node, {})
        known = verdicts.get(node)
        if known is None:
            shape = self.shapes[shape_node]
            known = verdicts[node] = shape.deactivated or self._is_met(shape, node)
        return known

    def assume(self, nodes: Iterable[Node], shape_node: Node) -> None:
        """Take it from somebody else that nodes conform to a shape."""
        self._conforms.setdefault(shape_node, {}).update(dict.fromkeys(nodes, True))

    def _is_met(self, shape: Shape, focus: Node) -> bool:
        values = self.values(shape, focus)
        for constraint in shape.constraints:
            for _ in constraint.check(focus, values, self):
                return False
        return all(self.conforms(value, one) for one in shape.properties for value in values)

    def reached(self, given: dict[Node, list[Node]]) -> dict[Node, Counter[Node]]:
        """Return, for each shape, the focus nodes that it reports about, and how often.

        Those are the ones given and what ``sh:property`` leads to from there, at any depth. A node that is reached
        in two ways is validated twice and has its results twice, as the W3C test suite has it.
        """
        reached: dict[Node, Counter[Node]] = {}
        for name in self._outermost_first(given):
            counts = reached.setdefault(name, Counter())
            counts.update(given.get(name, ()))
            shape = self.shapes[name]
            if shape.deactivated or not shape.properties:
                continue
            below: Counter[Node] = Counter()
            for node, number in counts.items():
                for value in self.values(shape, node):
                    below[value] += number
            for one in shape.properties:
                reached.setdefault(one, Counter()).update(below)
        return reached

    def _outermost_first(self, given: Iterable[Node]) -> list[Node]:
        """Order the shapes that are given and what they lead to, so that none comes before what leads to it."""
        order: dict[Node, None] = {}

        def visit(name: Node) -> None:
            if name not in order:
                for one in self.shapes[name].properties:
                    visit(one)
                order[name] = None

        for name in given:
            visit(name)
        return list(order)[::-1]

    def results(self, reached: dict[Node, Counter[Node]]) -> Iterator[RawResult]:
        """Yield all results of shapes at the focus nodes that they report about."""
        for name, counts in reached.items():
            shape = self.shapes[name]
            if shape.deactivated:
                continue
            is_often = max(counts.values(), default=0) > 1
            for constraint in shape.constraints:
                make = _maker(shape, constraint)
                made = [make(focus, found) for focus, found in constraint.check_all(counts, shape, self)]
                yield from (one for one in made for _ in range(counts[one.focus])) if is_often else made


def make_result(shape: Shape, constraint: Constraint, focus: Node, found: Finding) -> RawResult:
    """Make the result of a finding; the shape's own messages count more than the constraint's."""
    return _maker(shape, constraint)(focus, found)


def _maker(shape: Shape, constraint: Constraint) -> Callable[[Node, Finding], RawResult]:
    """Return what makes the results of a constraint; there may be many."""
    usual = in_order(shape.messages or (literal_node(constraint.text),))
    path, severity, component, name = shape.path, shape.severity, constraint.component, shape.node

    def make(focus: Node, found: Finding) -> RawResult:
        value, own_path, messages, _ = found
        return RawResult(
            focus, own_path or path, value, severity, component, name, in_order(messages) if messages else usual
        )

    return make
