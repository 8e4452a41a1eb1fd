"""What a constraint needs in order to say in SPARQL what breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from qe_kg.shacl.nodes import Node


class NotSetwise(Exception):
    """A constraint that cannot be put into one query for all focus nodes."""


class Patterns(Protocol):
    """Makes patterns; see `qe_kg.shacl.setwise.SetwiseRun`."""

    def fresh(self) -> str:
        """Return a variable that no query has used."""

    def instances(self, variable: str, of: Node) -> str:
        """Return a pattern that binds a variable to the SHACL instances of a class."""


@dataclass(frozen=True)
class Candidates:
    """Nodes of which it is asked whether they conform to a shape.

    Attributes:
        variable: the variable that ``pattern`` binds to them.
        pattern: a pattern that binds it to all of them, and to others too where ``nodes`` are given.
        nodes: the nodes, where these are not all that the pattern gives.

    """

    variable: str
    pattern: str
    nodes: frozenset[Node] | None = None


@dataclass(frozen=True)
class Scope:
    """The variables of one shape, and the patterns that bind them.

    Attributes:
        patterns: makes further patterns.
        focus: the variable of the focus node.
        value: the variable of the value node; the same one for a node shape.
        focus_pattern: binds ``focus``.
        path: the shape's path, or None for a node shape.
        is_reflexive: whether the path may lead from a node to itself without a step. In SPARQL it does so only for
            nodes of the graph, in SHACL for each focus node.
        nodes: the focus nodes that count, where these are not all that ``focus_pattern`` gives.

    """

    patterns: Patterns
    focus: str
    value: str
    focus_pattern: str
    path: str | None
    is_reflexive: bool = False
    nodes: frozenset[Node] | None = None

    @property
    def is_one_step(self) -> bool:
        """Whether the path is a property and no more."""
        return self.path is not None and self.path[0] == "<" and self.path.find(">") == len(self.path) - 1

    @property
    def values(self) -> str:
        """The pattern that binds ``focus`` and ``value``."""
        return self.focus_pattern if self.path is None else f"{self.focus_pattern} {self.step(self.value)}"

    def step(self, variable: str) -> str:
        """Return a pattern that binds a variable to the values of ``focus``, which is bound."""
        along = f"{self.focus} {self.path} {variable} ."
        if not self.is_reflexive:
            return along
        return f"{{ {along} }} UNION {{ {self.focus_pattern} BIND({self.focus} AS {variable}) }}"

    def has(self, value: str) -> str:
        """Return a pattern that matches where a node, or a bound variable, is among the values of ``focus``."""
        if not self.is_reflexive:
            return f"{self.focus} {self.path} {value} ."
        other = self.patterns.fresh()
        return f"{self.step(other)} FILTER(sameTerm({other}, {value}))"


@dataclass(frozen=True)
class Violations:
    """A pattern that is solved by what breaks a constraint.

    Attributes:
        pattern: binds the scope's ``focus``, and the variables below.
        value: the variable of ``sh:value``, or None.
        path: the variable of ``sh:resultPath`` where it is not the shape's.
        apart: a variable that makes two violations of one value two results.
        probe: a cheaper pattern that is solved wherever ``pattern`` is, and perhaps elsewhere; where it is not solved
            there is no violation. It does not look for the focus nodes of the targets first.

    """

    pattern: str
    value: str | None = None
    path: str | None = None
    apart: str | None = None
    probe: str | None = None


def where_not(scope: Scope, condition: str) -> Violations:
    """Select the values for which a condition is false or an error."""
    return filtered(scope, f"FILTER(!COALESCE({condition}, false))", scope.value)


def filtered(scope: Scope, test: str, value: str | None, apart: str | None = None) -> Violations:
    """Select what breaks a constraint by a test on the values; where one property leads to them it is tried first."""
    probe = f"{scope.step(scope.value)} {test}" if scope.is_one_step else None
    return Violations(f"{scope.values} {test}", value, apart=apart, probe=probe)
