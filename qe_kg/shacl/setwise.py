"""Evaluation by queries: each constraint becomes one SELECT that finds the violations of all focus nodes at once.

Nothing is asked a focus node at a time and nothing is known of the store but SPARQL 1.1, so that the same queries run
in memory and on an endpoint elsewhere. What the store holds is what is judged: where a store rewrites literals, the
engine takes care that nothing that depends on such a literal is left to it (see `qe_kg.shacl.engine`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from qe_kg.shacl.model import Constraint, Finding, Shape, Shapes, Target
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_SUBCLASS_OF, Node, is_blank, literal_parts
from qe_kg.shacl.paths import may_be_empty, path_text
from qe_kg.shacl.results import RawResult
from qe_kg.shacl.selects import Scope
from qe_kg.shacl.sparql_source import SparqlSource

#: So many classes below one are listed in a query; more are looked up by the query itself.
_MOST_CLASSES = 500


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
        self._number = 0
        self._below: dict[Node, list[Node]] | None = None

    # --- patterns -----------------------------------------------------------------------------------------

    def fresh(self) -> str:
        """Return a variable that no query of this run has used."""
        self._number += 1
        return f"?v{self._number}"

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

    def violating(self, name: Node, variable: str, candidates: str) -> str | None:
        """Return a pattern that binds a variable to those of some candidates that do not conform to a shape.

        Args:
            name: the shape.
            variable: the variable that ``candidates`` binds.
            candidates: a pattern.

        Returns:
            A sub-select of distinct nodes; None where every node conforms.

        Raises:
            NotSetwise: a constraint of the shape cannot be put into one query.

        """
        shape = self.shapes[name]
        if shape.deactivated:
            return None
        scope = self._scope(shape, variable, candidates)
        parts = [f"{{ {found.pattern} }}" for one in shape.constraints if (found := one.violations(scope))]
        for below in shape.properties:
            inner = self.violating(below, scope.value, scope.values)
            if inner is not None:
                parts.append(f"{{ {scope.values} {inner} }}")
        if not parts:
            return None
        return f"{{ SELECT DISTINCT {variable} WHERE {{ {' UNION '.join(parts)} }} }}"

    def _scope(self, shape: Shape, focus: str, pattern: str) -> Scope:
        path = None if shape.path is None else path_text(shape.path)
        is_reflexive = shape.path is not None and may_be_empty(shape.path)
        return Scope(self, focus, focus if path is None else self.fresh(), pattern, path, is_reflexive)

    # --- results ------------------------------------------------------------------------------------------

    def results(self, shape: Shape, make: MakeResult) -> Iterator[RawResult]:
        """Yield all results of a shape with targets and of what its ``sh:property`` leads to.

        Raises:
            NotSetwise: a constraint cannot be put into queries.

        """
        waiting = [(shape, Reach("?this", self.targets(shape), ()))]
        while waiting:
            current, reach = waiting.pop()
            if current.deactivated:
                continue
            scope = self._scope(current, reach.focus, reach.pattern)
            for constraint in current.constraints:
                found = list(constraint.find(scope, current, self))
                ways = self._ways(reach) if found and reach.way else None
                for focus, finding in found:
                    result = make(current, constraint, focus, finding)
                    yield from [result] * (1 if ways is None else ways[focus])
            for name in current.properties:
                way = reach.way if scope.path is None else (*reach.way, reach.focus)
                waiting.append((self.shapes[name], Reach(scope.value, scope.values, way)))

    def _ways(self, reach: Reach) -> Counter[Node]:
        """Count the ways to each focus node: one that is reached in two ways has its results twice."""
        columns = " ".join((reach.focus, *reach.way))
        rows = self.sparql.select(f"SELECT DISTINCT {columns} WHERE {{ {reach.pattern} }}")
        return Counter(row[0] for row in rows if row[0])

    def count_focus_nodes(self, shapes: Iterable[Shape]) -> int:
        """Count the distinct nodes that the targets of shapes select."""
        patterns = " UNION ".join(f"{{ {self.targets(shape)} }}" for shape in shapes)
        if not patterns:
            return 0
        rows = self.sparql.select(f"SELECT (COUNT(DISTINCT ?this) AS ?n) WHERE {{ {patterns} }}")
        return next(int(literal_parts(row[0]).lexical) for row in rows if row[0])
