"""Other components: sh:closed, sh:hasValue, sh:in (https://www.w3.org/TR/shacl/#core-components-others)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qe_kg.shacl.model import Constraint, Evaluation, Finding, ValueConstraint, component
from qe_kg.shacl.nodes import Node, is_blank, is_iri, sh
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.paths import Predicate
from qe_kg.shacl.selects import NotSetwise, Scope, Violations, filtered, where_not


@dataclass(frozen=True)
class Closed(Constraint):
    """``sh:closed`` with ``sh:ignoredProperties``: https://www.w3.org/TR/shacl/#ClosedConstraintComponent ."""

    component = component("Closed")
    allowed: frozenset[Node]

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield each value of a property that the shape does not list."""
        for node in values:
            for predicate, found in run.graph.properties(node).items():
                if predicate not in self.allowed:
                    for value in found:
                        yield Finding(value, Predicate(predicate), tell_apart=node)

    def violations(self, scope: Scope) -> Violations:
        """Select the values of properties that the shape does not list."""
        predicate, value = scope.patterns.fresh(), scope.patterns.fresh()
        listed = ", ".join(sorted(self.allowed))
        return Violations(
            f"{scope.values} {scope.value} {predicate} {value} . FILTER({predicate} NOT IN ({listed}))",
            value,
            path=predicate,
            apart=scope.value,
        )

    @property
    def text(self) -> str:
        """The rule in words."""
        return "The shape is closed: only the properties that it lists may be used."


@dataclass(frozen=True)
class HasValue(Constraint):
    """``sh:hasValue``: https://www.w3.org/TR/shacl/#HasValueConstraintComponent ."""

    component = component("HasValue")
    value: Node

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield a finding where the value is not among the values."""
        if self.value not in values:
            yield Finding()

    def violations(self, scope: Scope) -> Violations:
        """Select the focus nodes that lack the value."""
        if is_blank(self.value):
            raise NotSetwise("a blank node has no name in SPARQL")
        if scope.path is None:
            return Violations(f"{scope.focus_pattern} FILTER(!sameTerm({scope.focus}, {self.value}))")
        # Not FILTER NOT EXISTS: that is tried at each focus node; this goes the path backwards, once.
        return Violations(f"{scope.focus_pattern} MINUS {{ {scope.has(self.value)} }}")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"One of the values must be {self.value}."


@dataclass(frozen=True)
class In(ValueConstraint):
    """``sh:in``: https://www.w3.org/TR/shacl/#InConstraintComponent ."""

    component = component("In")
    allowed: tuple[Node, ...]

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value is a member of the list."""
        return value in self.allowed

    def violations(self, scope: Scope) -> Violations:
        """Select the values that the list lacks."""
        if any(is_blank(one) for one in self.allowed):
            raise NotSetwise("a blank node has no name in SPARQL")
        if all(is_iri(one) for one in self.allowed):
            return filtered(scope, f"FILTER({scope.value} NOT IN ({', '.join(self.allowed)}))", scope.value)
        tests = " || ".join(f"sameTerm({scope.value}, {one})" for one in self.allowed)
        return where_not(scope, tests)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must be one of {', '.join(self.allowed)}."


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints of this family that a shape declares."""
    ignored = parameters.list("ignoredProperties") or ()
    for one in ignored:
        if not is_iri(one):
            raise parameters.fault("must be a list of IRIs", "ignoredProperties", one)
    if parameters.is_true("closed"):
        graph = parameters.graph
        paths = (path for one in parameters.all("property") for path in graph.objects(one, sh("path")) if is_iri(path))
        yield Closed(frozenset((*ignored, *paths)))
    for value in parameters.all("hasValue"):
        yield HasValue(value)
    allowed = parameters.list("in")
    if allowed is not None:
        yield In(allowed)
