"""Pairs of properties: equality, order (https://www.w3.org/TR/shacl/#core-components-property-pairs)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from qe_kg.shacl.datatypes import is_less, order_test
from qe_kg.shacl.model import Constraint, Evaluation, Finding, component
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.selects import Scope, Violations


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

    def violations(self, scope: Scope) -> Violations:
        """Select the values that are only on one side."""
        here = f"{scope.values} FILTER NOT EXISTS {{ {scope.focus} {self.other} {scope.value} }}"
        there = f"FILTER NOT EXISTS {{ {scope.has(scope.value)} }}"
        if scope.path is not None:
            only = f"{scope.focus_pattern} {scope.focus} {self.other} {scope.value} . {there}"
            return Violations(f"{{ {here} }} UNION {{ {only} }}", scope.value)
        value = scope.patterns.fresh()
        only = f"{scope.focus_pattern} {scope.focus} {self.other} {value} . FILTER(!sameTerm({value}, {scope.focus}))"
        return Violations(f"{{ {here} BIND({scope.focus} AS {value}) }} UNION {{ {only} }}", value)

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

    def violations(self, scope: Scope) -> Violations:
        """Select the values that are on both sides."""
        return Violations(f"{scope.values} {scope.focus} {self.other} {scope.value} .", scope.value)

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

    def violations(self, scope: Scope) -> Violations:
        """Select the pairs of values that are not in order."""
        other = scope.patterns.fresh()
        in_order = f"{order_test(scope.value)} && {order_test(other)} && {scope.value} {self.operator} {other}"
        return Violations(
            f"{scope.values} {scope.focus} {self.other} {other} . FILTER(!COALESCE({in_order}, false))",
            scope.value,
            apart=other,
        )

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
