"""Shapes as typed values: what the parser makes of a shapes graph and what the evaluators run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol

from qe_kg.errors import ShapesError
from qe_kg.namespaces import SH
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.paths import Path, Predicate
from qe_kg.shacl.selects import Candidates, NotSetwise, Scope, Violations
from qe_kg.shacl.sparql_source import SparqlSource

Severity = str


class IllFormedShapes(ShapesError):
    """A shapes graph that must not be evaluated; knows the triple that is at fault.

    Attributes:
        problem: what is wrong, without a place.
        node: the node to name: the subject of the triple, or what owns it if that is a blank node.
        triple: subject, predicate (None where the whole node is at fault) and object (or None).

    """

    def __init__(self, problem: str, node: Node, predicate: Node | None = None, value: Node | None = None) -> None:
        self.problem, self.node, self.triple = problem, node, (node, predicate, value)
        super().__init__(f"the shapes cannot be evaluated: {problem}")


class UnsupportedShapes(IllFormedShapes):
    """Shapes that this engine does not take on."""

    may_run_elsewhere = False


class ForeignPattern(UnsupportedShapes):
    """A pattern that XPath's regular expressions do not have, though those of other engines do."""

    may_run_elsewhere = True


class Finding(NamedTuple):
    """One violation of a constraint at a focus node.

    Attributes:
        value: the offending value node, or None where the fault is of all of them.
        path: the result's path where it is not that of the shape.
        messages: literals that replace the shape's messages.
        tell_apart: what makes two findings with one value two results (a second value, a language).

    """

    value: Node | None = None
    path: Path | None = None
    messages: tuple[Node, ...] = ()
    tell_apart: str = ""


class Queries(Protocol):
    """What a constraint may ask for while it is evaluated by queries."""

    shapes: Shapes
    sparql: SparqlSource


class SetEvaluation(Queries, Protocol):
    """What a constraint may ask for while it is evaluated on sets of nodes."""

    def nodes(self, candidates: Candidates) -> Set[Node]:
        """Return the candidates."""

    def pairs(self, scope: Scope) -> list[tuple[Node, Node]]:
        """Return each focus node of a scope with each of its value nodes."""

    def values(self, scope: Scope) -> Candidates:
        """Return the value nodes of a scope."""

    def failing(self, name: Node, candidates: Candidates) -> Set[Node]:
        """Return the candidates that do not conform to a shape."""


class Evaluation(Queries, Protocol):
    """What a constraint may ask for while it is evaluated term by term."""

    graph: Graph

    def values(self, shape: Shape, focus: Node) -> Sequence[Node]:
        """Return the value nodes of a focus node."""

    def conforms(self, node: Node, shape_node: Node) -> bool:
        """Tell whether a node conforms to a shape."""


class Constraint(ABC):
    """One constraint component with its parameters, as one shape declares it."""

    component: ClassVar[str]
    """IRI of the component."""

    @abstractmethod
    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterable[Finding]:
        """Yield what is wrong with the value nodes of a focus node."""

    def check_all(self, nodes: Iterable[Node], shape: Shape, run: Evaluation) -> Iterator[tuple[Node, Finding]]:
        """Yield what is wrong with any of several focus nodes of the shape that holds this constraint."""
        for focus in nodes:
            for found in self.check(focus, run.values(shape, focus), run):
                yield focus, found

    def violations(self, scope: Scope) -> Violations | None:
        """Say in SPARQL what breaks the constraint; None where nothing can.

        Raises:
            NotSetwise: one query cannot say it.

        """
        raise NotSetwise(f"{self.component} is evaluated in another way")

    def find(self, scope: Scope, shape: Shape, run: SetEvaluation) -> Iterator[tuple[Node, Finding]]:
        """Yield what breaks the constraint at any focus node, by one query; and perhaps at others than ``scope.nodes``.

        Raises:
            NotSetwise: one query cannot say it.

        """
        wanted = self.violations(scope)
        if wanted is None or (wanted.probe and not run.sparql.ask(f"ASK {{ {wanted.probe} }}")):
            return
        columns = list(dict.fromkeys(one for one in (scope.focus, wanted.value, wanted.path, wanted.apart) if one))
        for row in run.sparql.select(f"SELECT DISTINCT {' '.join(columns)} WHERE {{ {wanted.pattern} }}"):
            cells = dict(zip(columns, row, strict=True))
            focus, path = cells[scope.focus], cells.get(wanted.path or "")
            if focus is not None:
                yield focus, Finding(cells.get(wanted.value or ""), Predicate(path) if path else None)

    @property
    def shapes(self) -> tuple[Node, ...]:
        """The shapes that must be evaluated to tell whether this constraint holds."""
        return ()

    @property
    @abstractmethod
    def text(self) -> str:
        """The rule in words: the message where the shape has none."""


class ValueConstraint(Constraint):
    """A constraint that each value node meets or breaks by itself."""

    @abstractmethod
    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether a value node meets the constraint."""

    def check_all(self, nodes: Iterable[Node], shape: Shape, run: Evaluation) -> Iterator[tuple[Node, Finding]]:
        """Yield what is wrong with any of several focus nodes of the shape that holds this constraint."""
        if shape.path is not None:
            yield from super().check_all(nodes, shape, run)
            return
        for focus in nodes:  # which is its only value node
            if not self.holds(focus, run):
                yield focus, Finding(focus)

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield each value node that does not meet the constraint."""
        for value in values:
            if not self.holds(value, run):
                yield Finding(value)


class ByShapes(Constraint):
    """A constraint that hangs on whether value nodes conform to other shapes, evaluated on sets of nodes.

    What conforms to which shape is found by simple queries, and put together outside of them: one query with all of it,
    nested, is planned badly by every store that was tried.
    """

    @abstractmethod
    def breaking(self, values: Candidates, run: SetEvaluation) -> Set[Node]:
        """Return those of some value nodes that break the constraint."""

    def find(self, scope: Scope, shape: Shape, run: SetEvaluation) -> Iterator[tuple[Node, Finding]]:
        """Yield each value node that breaks the constraint."""
        broken = self.breaking(run.values(scope), run)
        if scope.path is None:
            yield from ((node, Finding(node)) for node in broken)
        elif broken:
            yield from ((focus, Finding(value)) for focus, value in run.pairs(scope) if value in broken)


@dataclass(frozen=True)
class Target:
    """One declaration of which nodes a shape is about: of a class, one node, or those before or after a property."""

    kind: Literal["class", "node", "subjects", "objects"]
    node: Node


@dataclass(frozen=True)
class Shape:
    """A node shape (``path`` is None) or a property shape.

    ``properties`` are the shapes of ``sh:property``; all else that constrains is in ``constraints``.
    """

    node: Node
    path: Path | None
    targets: tuple[Target, ...]
    constraints: tuple[Constraint, ...]
    properties: tuple[Node, ...]
    severity: Severity
    messages: tuple[Node, ...]
    deactivated: bool

    def references(self) -> Iterator[Node]:
        """Yield the shapes that this one needs."""
        yield from self.properties
        for constraint in self.constraints:
            yield from constraint.shapes


@dataclass(frozen=True)
class Shapes:
    """All shapes of a shapes graph, by node, in the order of their text."""

    by_node: dict[Node, Shape]

    def __getitem__(self, node: Node) -> Shape:
        return self.by_node[node]

    @property
    def targeted(self) -> list[Shape]:
        """The active shapes that have a target."""
        return [shape for shape in self.by_node.values() if shape.targets and not shape.deactivated]

    def closure(self, names: Iterable[Node]) -> set[Node]:
        """Return shapes and all that they need, where they are active."""
        found: set[Node] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found and not self[name].deactivated:
                found.add(name)
                waiting += self[name].references()
        return found


def component(name: str) -> str:
    """Return the IRI of a component of SHACL: "MinCount" gives ``sh:MinCountConstraintComponent``."""
    return f"{SH}{name}ConstraintComponent"
