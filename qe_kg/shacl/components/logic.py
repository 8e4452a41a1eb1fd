"""Logic: sh:not, sh:and, sh:or, sh:xone (https://www.w3.org/TR/shacl/#core-components-logical)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qe_kg.shacl.model import Constraint, Evaluation, ValueConstraint, component
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.selects import Scope, Violations


@dataclass(frozen=True)
class _Logic(ValueConstraint):
    members: tuple[Node, ...]

    @property
    def shapes(self) -> tuple[Node, ...]:
        """The shapes that are combined."""
        return self.members

    def violating(self, scope: Scope, shape: Node) -> str | None:
        """Return the pattern of the values that break a shape."""
        return scope.patterns.violating(shape, scope.value, scope.values)


class Not(_Logic):
    """``sh:not``: https://www.w3.org/TR/shacl/#NotConstraintComponent ."""

    component = component("Not")

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value does not conform to the shape."""
        return not run.conforms(value, self.members[0])

    def violations(self, scope: Scope) -> Violations:
        """Select the values that conform to the shape."""
        violating = self.violating(scope, self.members[0])
        return Violations(f"{scope.values} {f'MINUS {violating}' if violating else ''}", scope.value)

    @property
    def text(self) -> str:
        """The rule in words."""
        return "The value must not conform to the shape of sh:not."


class And(_Logic):
    """``sh:and``: https://www.w3.org/TR/shacl/#AndConstraintComponent ."""

    component = component("And")

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value conforms to all shapes."""
        return all(run.conforms(value, shape) for shape in self.members)

    def violations(self, scope: Scope) -> Violations | None:
        """Select the values that break one of the shapes."""
        breaking = [one for shape in self.members if (one := self.violating(scope, shape))]
        if not breaking:
            return None
        return Violations(f"{scope.values} {{ {' UNION '.join(breaking)} }}", scope.value)

    @property
    def text(self) -> str:
        """The rule in words."""
        return "The value must conform to each shape of sh:and."


class Or(_Logic):
    """``sh:or``: https://www.w3.org/TR/shacl/#OrConstraintComponent ."""

    component = component("Or")

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value conforms to at least one shape."""
        return any(run.conforms(value, shape) for shape in self.members)

    def violations(self, scope: Scope) -> Violations | None:
        """Select the values that break all of the shapes."""
        breaking = [self.violating(scope, shape) for shape in self.members]
        if None in breaking:
            return None
        return Violations(f"{scope.values} {' '.join(one for one in breaking if one)}", scope.value)

    @property
    def text(self) -> str:
        """The rule in words."""
        return "The value must conform to at least one shape of sh:or."


class Xone(_Logic):
    """``sh:xone``: https://www.w3.org/TR/shacl/#XoneConstraintComponent ."""

    component = component("Xone")

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value conforms to exactly one shape."""
        return sum(run.conforms(value, shape) for shape in self.members) == 1

    def violations(self, scope: Scope) -> Violations | None:
        """Select the values that break all of the shapes, or all but several."""
        breaking = [one for shape in self.members if (one := self.violating(scope, shape))]
        number, which = scope.patterns.fresh(), scope.patterns.fresh()
        right = len(self.members) - 1  # so many shapes are broken by a value that conforms to exactly one
        marked = " UNION ".join(f"{{ {one} BIND({i} AS {which}) }}" for i, one in enumerate(breaking))
        if not breaking:
            return None if right == 0 else Violations(scope.values, scope.value)
        broken = (
            f"SELECT {scope.value} (COUNT(DISTINCT {which}) AS {number}) WHERE {{ {marked} }} GROUP BY {scope.value}"
        )
        count = f"COALESCE({number}, 0)"
        return Violations(f"{scope.values} OPTIONAL {{ {{ {broken} }} }} FILTER({count} != {right})", scope.value)

    @property
    def text(self) -> str:
        """The rule in words."""
        return "The value must conform to exactly one shape of sh:xone."


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints of this family that a shape declares."""
    for one in parameters.all("not"):
        yield Not((one,))
    for name, kind in (("and", And), ("or", Or), ("xone", Xone)):
        for head in parameters.all(name):
            yield kind(parameters.members(name, head))
