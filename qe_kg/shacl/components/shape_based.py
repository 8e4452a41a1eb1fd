"""Shapes within shapes: sh:node, sh:qualifiedValueShape (https://www.w3.org/TR/shacl/#core-components-shape).

``sh:property`` is no constraint here: a property shape reports in its own name (see `qe_kg.shacl.direct`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from qe_kg.shacl.model import Constraint, Evaluation, Finding, ValueConstraint, component
from qe_kg.shacl.nodes import Node, sh
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.selects import Scope, Violations


@dataclass(frozen=True)
class NodeShape(ValueConstraint):
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

    def violations(self, scope: Scope) -> Violations | None:
        """Select the values that break the shape."""
        breaking = scope.patterns.violating(self.shape, scope.value, scope.values)
        return None if breaking is None else Violations(f"{scope.values} {breaking}", scope.value)

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

    def counted(self, scope: Scope, having: str) -> str | None:
        """Return the pattern of the focus nodes of which a number of values count; None where none ever does."""
        breaking = scope.patterns.violating(self.shape, scope.value, scope.values)
        parts = [scope.values]
        for sibling in self.siblings:  # a value that conforms to a sibling does not count
            elsewhere = scope.patterns.violating(sibling, scope.value, scope.values)
            if elsewhere is None:
                return None
            parts.append(elsewhere)
        if breaking is not None:
            parts.append(f"MINUS {breaking}")
        number = f"COUNT(DISTINCT {scope.value})"
        return (
            f"{{ SELECT {scope.focus} WHERE {{ {' '.join(parts)} }} "
            f"GROUP BY {scope.focus} HAVING({number} {having} {self.number}) }}"
        )

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

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield a finding where too few values count."""
        if len(values) < self.number or self.count(values, run) < self.number:
            yield Finding()

    def violations(self, scope: Scope) -> Violations | None:
        """Select the focus nodes of which too few values count."""
        if not self.number:
            return None
        enough = self.counted(scope, ">=")
        return Violations(f"{scope.focus_pattern} {f'MINUS {enough}' if enough else ''}")


class QualifiedMaxCount(_Qualified):
    """``sh:qualifiedMaxCount``: https://www.w3.org/TR/shacl/#QualifiedMaxCountConstraintComponent ."""

    component, words = component("QualifiedMaxCount"), "at most"

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield a finding where too many values count."""
        if len(values) > self.number and self.count(values, run) > self.number:
            yield Finding()

    def violations(self, scope: Scope) -> Violations | None:
        """Select the focus nodes of which too many values count."""
        too_many = self.counted(scope, ">")
        return None if too_many is None else Violations(too_many)


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
