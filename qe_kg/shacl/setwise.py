"""Evaluation by queries: each constraint becomes one SELECT that finds the violations of all focus nodes at once.

Nothing is asked a focus node at a time and nothing is known of the store but SPARQL 1.1, so that the same queries run
in memory and on an endpoint elsewhere. What the store holds is what is judged: where a store rewrites literals, the
engine takes care that nothing that depends on such a literal is left to it (see `qe_kg.shacl.engine`).
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, replace

from qe_kg.errors import QueryError
from qe_kg.shacl.model import Constraint, Finding, Shape, Shapes, Target
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_SUBCLASS_OF, Node, is_blank, literal_parts
from qe_kg.shacl.paths import may_be_empty, path_text
from qe_kg.shacl.results import RawResult
from qe_kg.shacl.selects import Candidates, Scope
from qe_kg.shacl.sparql_source import SparqlSource

#: So many classes below one are listed in a query; more are looked up by the query itself.
_MOST_CLASSES = 500
#: So many nodes are written out in a query; more are looked up again and picked out of the answer.
_FEW = 2000
_VARIABLE = re.compile(r"\?v[0-9]+\b")


@dataclass(frozen=True)
class Reach:
    """How a shape comes by its focus nodes.

    Attributes:
        focus: the variable of the focus node.
        pattern: binds it.
        way: the variables of the nodes on the way there, which ``pattern`` binds too.

    """

    focus: str
    pattern: str
    way: tuple[str, ...]


MakeResult = Callable[[Shape, Constraint, Node, Finding], RawResult]


class SetwiseRun:
    """One evaluation of shapes by queries.

    Args:
        shapes: the shapes.
        sparql: answers the queries.

    """

    def __init__(self, shapes: Shapes, sparql: SparqlSource) -> None:
        self.shapes, self.sparql = shapes, sparql
        self._numbers = itertools.count(1)
        self._nodes: dict[str, frozenset[Node]] = {}
        self._failing: dict[tuple[Node, str], frozenset[Node]] = {}
        self._below: dict[Node, list[Node]] | None = None

    # --- patterns -----------------------------------------------------------------------------------------

    def fresh(self) -> str:
        """Return a variable that no query of this run has used."""
        return f"?v{next(self._numbers)}"

    def instances(self, variable: str, of: Node) -> str:
        """Return a pattern that binds a variable to the SHACL instances of a class."""
        classes = self._subclasses(of)
        if len(classes) == 1:
            return f"{variable} {RDF_TYPE} {of} ."
        kind = self.fresh()
        if len(classes) > _MOST_CLASSES or any(is_blank(one) for one in classes):
            return f"{variable} {RDF_TYPE} {kind} . {kind} {RDFS_SUBCLASS_OF}* {of} ."
        return f"VALUES {kind} {{ {' '.join(classes)} }} {variable} {RDF_TYPE} {kind} ."

    def _subclasses(self, of: Node) -> list[Node]:
        if self._below is None:
            self._below = {}
            for below, above in self.sparql.select(
                f"SELECT DISTINCT ?b ?a {{ ?b {RDFS_SUBCLASS_OF} ?a }} ORDER BY ?b ?a"
            ):
                if below and above:
                    self._below.setdefault(above, []).append(below)
        found, waiting = {of: None}, [of]
        while waiting:
            for one in self._below.get(waiting.pop(), ()):
                if one not in found:
                    found[one] = None
                    waiting.append(one)
        return list(found)

    def targets(self, shape: Shape, variable: str = "?this") -> str:
        """Return a pattern that binds a variable to the nodes that a shape's targets select."""
        return " UNION ".join(f"{{ {self._target(target, variable)} }}" for target in shape.targets)

    def _target(self, target: Target, variable: str) -> str:
        if target.kind == "class":
            return self.instances(variable, target.node)
        if target.kind == "node":
            return f"VALUES {variable} {{ {target.node} }}"
        other = self.fresh()
        first, last = (variable, other) if target.kind == "subjects" else (other, variable)
        return f"{first} {target.node} {last} ."

    def _scope(self, shape: Shape, among: Candidates) -> Scope:
        focus, pattern = among.variable, among.pattern
        if among.nodes is not None and len(among.nodes) <= _FEW:
            with contextlib.suppress(QueryError):  # a store elsewhere has no name for a blank node
                pattern = self.sparql.binding(focus[1:], sorted(among.nodes))
        path = None if shape.path is None else path_text(shape.path)
        is_reflexive = shape.path is not None and may_be_empty(shape.path)
        return Scope(self, focus, focus if path is None else self.fresh(), pattern, path, is_reflexive, among.nodes)

    # --- sets of nodes ------------------------------------------------------------------------------------

    def nodes(self, candidates: Candidates) -> Set[Node]:
        """Return the candidates."""
        if candidates.nodes is not None:
            return candidates.nodes
        query = f"SELECT DISTINCT {candidates.variable} WHERE {{ {candidates.pattern} }}"
        key = _renumbered(query)
        if key not in self._nodes:
            self._nodes[key] = frozenset(row[0] for row in self.sparql.select(query) if row[0])
        return self._nodes[key]

    def pairs(self, scope: Scope) -> list[tuple[Node, Node]]:
        """Return each focus node of a scope with each of its value nodes."""
        if scope.path is None:
            return [(node, node) for node in self.nodes(self.values(scope))]
        rows = self.sparql.select(f"SELECT DISTINCT {scope.focus} {scope.value} WHERE {{ {scope.values} }}")
        return [
            (row[0], row[1]) for row in rows if row[0] and row[1] and (scope.nodes is None or row[0] in scope.nodes)
        ]

    def values(self, scope: Scope) -> Candidates:
        """Return the value nodes of a scope."""
        if scope.path is None:
            return Candidates(scope.focus, scope.focus_pattern, scope.nodes)
        nodes = None if scope.nodes is None else frozenset(value for _, value in self.pairs(scope))
        return Candidates(scope.value, scope.values, nodes)

    def failing(self, name: Node, candidates: Candidates) -> Set[Node]:
        """Return the candidates that do not conform to a shape.

        Raises:
            NotSetwise: a constraint of the shape cannot be put into queries.

        """
        key = (name, _renumbered(candidates.pattern))
        if key in self._failing:
            return self._failing[key] & self.nodes(candidates)
        found = self._find_failing(self.shapes[name], candidates)
        if candidates.nodes is None:
            self._failing[key] = found
        return found

    def _find_failing(self, shape: Shape, candidates: Candidates) -> frozenset[Node]:
        failed: set[Node] = set()
        if shape.deactivated:
            return frozenset()
        left = candidates
        # First what one query tells: it leaves fewer nodes to those that need several.
        for constraint in sorted(shape.constraints, key=lambda one: (bool(one.shapes), one.component)):
            if left.nodes is not None and not left.nodes:
                break
            scope = self._scope(shape, left)
            found = {focus for focus, _ in constraint.find(scope, shape, self)}
            if found:
                failed |= found if left.nodes is None else found & left.nodes
                left = replace(left, nodes=frozenset(self.nodes(candidates) - failed))
        for below in shape.properties:
            scope = self._scope(shape, left)
            bad = self.failing(below, self.values(scope))
            if bad:
                failed |= bad if scope.path is None else {focus for focus, value in self.pairs(scope) if value in bad}
                left = replace(left, nodes=frozenset(self.nodes(candidates) - failed))
        return frozenset(failed)

    # --- results ------------------------------------------------------------------------------------------

    def results(self, shape: Shape, make: MakeResult) -> Iterator[RawResult]:
        """Yield all results of a shape with targets and of what its ``sh:property`` leads to.

        Raises:
            NotSetwise: a constraint cannot be put into queries.

        """
        for current, reach in self.reached(shape):
            for constraint in current.constraints:
                yield from self.results_of(constraint, current, reach, make)

    def reached(self, shape: Shape) -> Iterator[tuple[Shape, Reach]]:
        """Yield a shape with targets and what its ``sh:property`` leads to, where it is active."""
        waiting = [(shape, Reach("?this", self.targets(shape), ()))]
        while waiting:
            current, reach = waiting.pop()
            if current.deactivated:
                continue
            yield current, reach
            scope = self._scope(current, Candidates(reach.focus, reach.pattern))
            for name in current.properties:
                way = reach.way if scope.path is None else (*reach.way, reach.focus)
                waiting.append((self.shapes[name], Reach(scope.value, scope.values, way)))

    def results_of(self, constraint: Constraint, shape: Shape, reach: Reach, make: MakeResult) -> Iterator[RawResult]:
        """Yield the results of one constraint."""
        scope = self._scope(shape, Candidates(reach.focus, reach.pattern))
        found = list(constraint.find(scope, shape, self))
        ways = self._ways(reach) if found and reach.way else None
        for focus, finding in found:
            yield from [make(shape, constraint, focus, finding)] * (1 if ways is None else ways[focus])

    def _ways(self, reach: Reach) -> Counter[Node]:
        """Count the ways to each focus node: one that is reached in two ways has its results twice."""
        columns = " ".join((reach.focus, *reach.way))
        rows = self.sparql.select(f"SELECT DISTINCT {columns} WHERE {{ {reach.pattern} }}")
        return Counter(row[0] for row in rows if row[0])

    def focus_nodes(self, shape: Shape) -> Set[Node]:
        """Return the nodes that a shape's targets select."""
        return self.nodes(Candidates("?this", self.targets(shape)))

    def count_focus_nodes(self, shapes: Iterable[Shape]) -> int:
        """Count the distinct nodes that the targets of shapes select."""
        different = {_renumbered(pattern): pattern for pattern in map(self.targets, shapes)}
        if not different:
            return 0
        patterns = " UNION ".join(f"{{ {pattern} }}" for pattern in different.values())
        rows = self.sparql.select(f"SELECT (COUNT(DISTINCT ?this) AS ?n) WHERE {{ {patterns} }}")
        return next(int(literal_parts(row[0]).lexical) for row in rows if row[0])


def _renumbered(pattern: str) -> str:
    """Return a pattern with its variables numbered from 0, so that the same one is known again."""
    numbers: dict[str, str] = {}
    return _VARIABLE.sub(lambda match: numbers.setdefault(match[0], f"?v{len(numbers)}"), pattern)
