"""Shapes within shapes: sh:node, sh:qualifiedValueShape (https://www.w3.org/TR/shacl/#core-components-shape).

``sh:property`` is no constraint here: a property shape reports in its own name (see `qe_kg.shacl.direct`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import ClassVar

from qe_kg.shacl.model import (
    ByShapes,
    Constraint,
    Evaluation,
    Finding,
    SetEvaluation,
    Shape,
    ValueConstraint,
    component,
)
from qe_kg.shacl.nodes import Node, sh
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.selects import Candidates, Scope


@dataclass(frozen=True)
class NodeShape(ByShapes, ValueConstraint):
    """``sh:node``: https://www.w3.org/TR/shacl/#NodeConstraintComponent ."""

    component = component("Node")
    shape: Node

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value conforms to the shape."""
        return run.conforms(value, self.shape)

    @property
    def shapes(self) -> tuple[Node, ...]:
        """The shape to conform to."""
        return (self.shape,)

    def breaking(self, values: Candidates, run: SetEvaluation) -> Set[Node]:
        """Return the values that break the shape."""
        return run.failing(self.shape, values)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must conform to the shape {self.shape}."


@dataclass(frozen=True)
class _Qualified(Constraint):
    shape: Node
    number: int
    siblings: tuple[Node, ...]  # shapes that a counted value must not conform to
    words: ClassVar[str]

    def count(self, values: Sequence[Node], run: Evaluation) -> int:
        """Count the values that conform to the shape and to none of its siblings."""
        return sum(
            run.conforms(value, self.shape) and not any(run.conforms(value, one) for one in self.siblings)
            for value in values
        )

    @abstractmethod
    def is_wrong(self, number: int) -> bool:
        """Tell whether so many values that count are too few or too many."""

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield a finding where too few or too many values count."""
        if self.is_wrong(self.count(values, run)):
            yield Finding()

    def find(self, scope: Scope, shape: Shape, run: SetEvaluation) -> Iterator[tuple[Node, Finding]]:
        """Yield the focus nodes of which too few or too many values count."""
        values = run.values(scope)
        counting = run.nodes(values) - run.failing(self.shape, values)
        for sibling in self.siblings:  # a value that conforms to a sibling does not count
            counting &= run.failing(sibling, values)
        numbers = Counter(focus for focus, value in run.pairs(scope) if value in counting)
        for focus in run.nodes(Candidates(scope.focus, scope.focus_pattern, scope.nodes)):
            if self.is_wrong(numbers[focus]):
                yield focus, Finding()

    @property
    def shapes(self) -> tuple[Node, ...]:
        """The shape that counts values, and its siblings."""
        return (self.shape, *self.siblings)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"There must be {self.words} {self.number} of the values that conform to the qualified value shape."


class QualifiedMinCount(_Qualified):
    """``sh:qualifiedMinCount``: https://www.w3.org/TR/shacl/#QualifiedMinCountConstraintComponent ."""

    component, words = component("QualifiedMinCount"), "at least"

    def is_wrong(self, number: int) -> bool:
        """Tell whether so many values that count are too few."""
        return number < self.number


class QualifiedMaxCount(_Qualified):
    """``sh:qualifiedMaxCount``: https://www.w3.org/TR/shacl/#QualifiedMaxCountConstraintComponent ."""

    component, words = component("QualifiedMaxCount"), "at most"

    def is_wrong(self, number: int) -> bool:
        """Tell whether so many values that count are too many."""
        return number > self.number


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints of this family that a shape declares."""
    for one in parameters.all("node"):
        yield NodeShape(one)
    least, most = parameters.integer("qualifiedMinCount"), parameters.integer("qualifiedMaxCount")
    qualifying = parameters.all("qualifiedValueShape")
    if not qualifying:
        return
    if parameters.path is None:
        raise parameters.fault("is about a property shape, and this is a node shape", "qualifiedValueShape")
    if len(qualifying) > 1:
        raise parameters.fault("may be there only once", "qualifiedValueShape", qualifying[1])
    siblings = _siblings(parameters, qualifying[0]) if parameters.is_true("qualifiedValueShapesDisjoint") else ()
    if least is not None:
        yield QualifiedMinCount(qualifying[0], least, siblings)
    if most is not None:
        yield QualifiedMaxCount(qualifying[0], most, siblings)


def _siblings(parameters: Parameters, own: Node) -> tuple[Node, ...]:
    graph = parameters.graph
    found = {
        qualifying
        for parent in graph.subjects(sh("property"), parameters.shape)
        for sibling in graph.objects(parent, sh("property"))
        for qualifying in graph.objects(sibling, sh("qualifiedValueShape"))
    }
    return tuple(sorted(found - {own}))
