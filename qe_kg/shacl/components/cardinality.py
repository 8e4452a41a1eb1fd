"""Cardinality: sh:minCount, sh:maxCount (https://www.w3.org/TR/shacl/#core-components-count)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qe_kg.shacl.model import Constraint, Evaluation, Finding, component
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.selects import Scope, Violations, filtered


@dataclass(frozen=True)
class MinCount(Constraint):
    """``sh:minCount``: https://www.w3.org/TR/shacl/#MinCountConstraintComponent ."""

    component = component("MinCount")
    least: int

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield a finding where there are too few values."""
        if len(values) < self.least:
            yield Finding()

    def violations(self, scope: Scope) -> Violations | None:
        """Select the focus nodes with too few values."""
        if not self.least:
            return None
        other = scope.patterns.fresh()
        has_one = scope.step(other)
        if self.least == 1:
            if scope.is_one_step:
                return Violations(f"{scope.focus_pattern} FILTER NOT EXISTS {{ {has_one} }}")
            return Violations(f"{scope.focus_pattern} MINUS {{ {has_one} }}")
        enough = f"GROUP BY {scope.focus} HAVING(COUNT(DISTINCT {other}) >= {self.least})"
        full = f"SELECT {scope.focus} WHERE {{ {scope.focus_pattern} {has_one} }} {enough}"
        return Violations(f"{scope.focus_pattern} MINUS {{ {full} }}")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"There must be at least {self.least} value{'s' * (self.least != 1)}."


@dataclass(frozen=True)
class MaxCount(Constraint):
    """``sh:maxCount``: https://www.w3.org/TR/shacl/#MaxCountConstraintComponent ."""

    component = component("MaxCount")
    most: int

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield a finding where there are too many values."""
        if len(values) > self.most:
            yield Finding()

    def violations(self, scope: Scope) -> Violations:
        """Select the focus nodes with too many values."""
        if not self.most:
            return Violations(scope.values)
        if self.most == 1:
            other = scope.patterns.fresh()
            return filtered(scope, f"{scope.step(other)} FILTER(!sameTerm({scope.value}, {other}))", None)
        many = f"GROUP BY {scope.focus} HAVING(COUNT(DISTINCT {scope.value}) > {self.most})"
        return Violations(f"{{ SELECT {scope.focus} WHERE {{ {scope.values} }} {many} }}")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"There must be at most {self.most} value{'s' * (self.most != 1)}."


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints of this family that a shape declares."""
    least, most = parameters.integer("minCount"), parameters.integer("maxCount")
    for name, number in (("minCount", least), ("maxCount", most)):
        if number is not None and parameters.path is None:
            raise parameters.fault("is about a property shape, and this is a node shape", name)
    if least is not None:
        yield MinCount(least)
    if most is not None:
        yield MaxCount(most)
