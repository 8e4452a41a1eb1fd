"""Pairs of properties: equality, order (https://www.w3.org/TR/shacl/#core-components-property-pairs)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from qe_kg.shacl.datatypes import is_less
from qe_kg.shacl.model import Constraint, Evaluation, Finding, component
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.parameters import Parameters


@dataclass(frozen=True)
class Equals(Constraint):
    """``sh:equals``: https://www.w3.org/TR/shacl/#EqualsConstraintComponent ."""

    component = component("Equals")
    other: Node

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield each value that is only on one side."""
        others = run.graph.objects(focus, self.other)
        for value in sorted(set(values) ^ set(others)):
            yield Finding(value)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The values must be those of {self.other}."


@dataclass(frozen=True)
class Disjoint(Constraint):
    """``sh:disjoint``: https://www.w3.org/TR/shacl/#DisjointConstraintComponent ."""

    component = component("Disjoint")
    other: Node

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield each value that is on both sides."""
        others = run.graph.objects(focus, self.other)
        for value in values:
            if value in others:
                yield Finding(value)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must not be one of {self.other} too."


@dataclass(frozen=True)
class _Less(Constraint):
    other: Node
    operator: ClassVar[str]

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield each pair of values that is not in order, or has none."""
        others = run.graph.objects(focus, self.other)
        for value in values:
            for other in others:
                if is_less(value, other, self.operator == "<=") is not True:
                    yield Finding(value, tell_apart=other)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must be {self.operator} each value of {self.other}."


class LessThan(_Less):
    """``sh:lessThan``: https://www.w3.org/TR/shacl/#LessThanConstraintComponent ."""

    component, operator = component("LessThan"), "<"


class LessThanOrEquals(_Less):
    """``sh:lessThanOrEquals``: https://www.w3.org/TR/shacl/#LessThanOrEqualsConstraintComponent ."""

    component, operator = component("LessThanOrEquals"), "<="


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints of this family that a shape declares."""
    for one in parameters.iris("equals"):
        yield Equals(one)
    for one in parameters.iris("disjoint"):
        yield Disjoint(one)
    for name, kind in (("lessThan", LessThan), ("lessThanOrEquals", LessThanOrEquals)):
        for one in parameters.iris(name):
            if parameters.path is None:
                raise parameters.fault("is about a property shape, and this is a node shape", name)
            yield kind(one)
