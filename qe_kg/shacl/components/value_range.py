"""Value range: sh:minExclusive and so on (https://www.w3.org/TR/shacl/#core-components-range)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from qe_kg.shacl.datatypes import is_less, order_test
from qe_kg.shacl.model import Constraint, Evaluation, ValueConstraint, component
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.selects import Scope, Violations, where_not


@dataclass(frozen=True)
class _Range(ValueConstraint):
    limit: Node
    operator: ClassVar[str]  # as SPARQL writes it: value, operator, limit

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value is on the right side of the limit; what cannot be compared is not."""
        or_equal = self.operator.endswith("=")
        first, second = (value, self.limit) if self.operator[0] == "<" else (self.limit, value)
        return is_less(first, second, or_equal) is True

    def violations(self, scope: Scope) -> Violations:
        """Select the values on the wrong side of the limit."""
        return where_not(scope, f"{order_test(scope.value)} && {scope.value} {self.operator} {self.limit}")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must be {self.operator} {self.limit}."


class MinExclusive(_Range):
    """``sh:minExclusive``: https://www.w3.org/TR/shacl/#MinExclusiveConstraintComponent ."""

    component, operator = component("MinExclusive"), ">"


class MinInclusive(_Range):
    """``sh:minInclusive``: https://www.w3.org/TR/shacl/#MinInclusiveConstraintComponent ."""

    component, operator = component("MinInclusive"), ">="


class MaxExclusive(_Range):
    """``sh:maxExclusive``: https://www.w3.org/TR/shacl/#MaxExclusiveConstraintComponent ."""

    component, operator = component("MaxExclusive"), "<"


class MaxInclusive(_Range):
    """``sh:maxInclusive``: https://www.w3.org/TR/shacl/#MaxInclusiveConstraintComponent ."""

    component, operator = component("MaxInclusive"), "<="


_KINDS: dict[str, type[_Range]] = {
    "minExclusive": MinExclusive,
    "minInclusive": MinInclusive,
    "maxExclusive": MaxExclusive,
    "maxInclusive": MaxInclusive,
}


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints of this family that a shape declares."""
    for name, kind in _KINDS.items():
        if parameters.one(name) is not None:
            (limit,) = parameters.literals(name)
            yield kind(limit)
