"""Logic: sh:not, sh:and, sh:or, sh:xone (https://www.w3.org/TR/shacl/#core-components-logical)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

from qe_kg.shacl.model import ByShapes, Constraint, Evaluation, SetEvaluation, ValueConstraint, component
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.selects import Candidates


@dataclass(frozen=True)
class _Logic(ByShapes, ValueConstraint):
    members: tuple[Node, ...]

    @property
    def shapes(self) -> tuple[Node, ...]:
        """The shapes that are combined."""
        return self.members


class Not(_Logic):
    """``sh:not``: https://www.w3.org/TR/shacl/#NotConstraintComponent ."""

    component = component("Not")

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value does not conform to the shape."""
        return not run.conforms(value, self.members[0])

    def breaking(self, values: Candidates, run: SetEvaluation) -> Set[Node]:
        """Return the values that conform to the shape."""
        return run.nodes(values) - run.failing(self.members[0], values)

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

    def breaking(self, values: Candidates, run: SetEvaluation) -> Set[Node]:
        """Return the values that break one of the shapes."""
        return frozenset().union(*(run.failing(shape, values) for shape in self.members))

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

    def breaking(self, values: Candidates, run: SetEvaluation) -> Set[Node]:
        """Return the values that break all of the shapes."""
        left = run.nodes(values)
        for shape in self.members:
            left = run.failing(shape, replace(values, nodes=frozenset(left))) if left else left
        return left

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

    def breaking(self, values: Candidates, run: SetEvaluation) -> Set[Node]:
        """Return the values that break all of the shapes, or all but several."""
        broken = Counter(node for shape in self.members for node in run.failing(shape, values))
        right = len(self.members) - 1  # so many shapes are broken by a value that conforms to exactly one
        return {node for node in run.nodes(values) if broken[node] != right}

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
