"""Drafts of a repair: triples to add and to take out, and what a person must fill in."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from qe_kg.shacl.nodes import Node, is_iri
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, Repeated
from qe_kg.shacl.paths import Sequence as PathSequence

Triple = tuple[Node, Node, Node]


@dataclass(frozen=True)
class Placeholder:
    """Something that a person must fill in.

    Attributes:
        node: the IRI or literal with TODO in it.
        subject: whose property it is the value of; itself where it points to what is there.
        property: that property.
        kind: what it stands for: a class or a datatype (an IRI), or nothing.
        choices: the values to choose from; empty where anything of the kind will do.
        pattern: the regular expression that it must match, or None.
        least: the least number that it may be, as written, or None.
        greatest: the greatest number that it may be, as written, or None.

    """

    node: Node
    subject: Node
    property: Node
    kind: str | None
    choices: tuple[Node, ...] = ()
    pattern: str | None = None
    least: str | None = None
    greatest: str | None = None


@dataclass
class Draft:
    """Triples to add and to take out, in the order in which they were thought of."""

    added: list[Triple] = field(default_factory=list)
    removed: list[Triple] = field(default_factory=list)
    placeholders: list[Placeholder] = field(default_factory=list)

    def add(self, triple: Triple) -> None:
        """Add a triple once."""
        if triple not in self.added:
            self.added.append(triple)

    def drop(self, subject: Node, predicate: Node, nodes: list[Node]) -> None:
        """Take out placeholders of a property, and all that they brought along."""
        iris = {one for one in nodes if is_iri(one)}

        def is_gone(one: Node, name: Node, value: Node) -> bool:
            return one in iris or value in iris or ((one, name) == (subject, predicate) and value in nodes)

        self.added = [one for one in self.added if not is_gone(*one)]
        self.placeholders = [p for p in self.placeholders if not is_gone(p.subject, p.property, p.node)]

    def wider(self, subject: Node, predicate: Node, choices: list[Node]) -> list[Node]:
        """Return the placeholders of a property that leave more open than some choices."""
        return [
            one.node
            for one in self.placeholders
            if (one.subject, one.property) == (subject, predicate)
            if not one.choices or not set(one.choices) <= set(choices)
        ]

    def values(self, subject: Node, predicate: Node) -> list[Node]:
        """Return the values that the draft gives a subject."""
        return [value for one, name, value in self.added if (one, name) == (subject, predicate)]


@dataclass
class Need:
    """What the values of a property must be, gathered from several shapes."""

    least: int = 0
    most: int | None = None
    fixed: list[Node] = field(default_factory=list)
    choices: list[Node] | None = None
    classes: list[Node] = field(default_factory=list)
    datatypes: list[Node] = field(default_factory=list)
    inner: list[Node] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    is_iri: bool = False
    is_one_enough: bool = False
    misfits: Collection[Node] = ()
    smallest: str | None = None
    greatest: str | None = None

    def copy(self) -> Need:
        """Return a need that can be changed without changing this one."""
        return replace(
            self, fixed=[*self.fixed], choices=None if self.choices is None else [*self.choices],
            classes=[*self.classes], datatypes=[*self.datatypes], inner=[*self.inner], patterns=[*self.patterns],
        )  # fmt: skip


class CannotMendError(Exception):
    """No triples can be told: data must be taken away, or something has to be built that is no evidence."""


def number_of(text: str) -> Decimal:
    """Read a number; what is none is not a number."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def is_within(text: str, need: Need) -> bool:
    """Tell whether a value is within the bounds of a need."""
    number = number_of(text)
    above = need.smallest is None or (not number.is_nan() and number >= number_of(need.smallest))
    return above and (need.greatest is None or (not number.is_nan() and number <= number_of(need.greatest)))


def steps_of(path: Path, *, strict: bool = True) -> list[Predicate | Inverse]:
    """Return a path as plain steps: an optional one is left out, of alternatives the first is taken.

    Raises:
        CannotMendError: it goes on without end; without ``strict`` such a path has no steps.

    """
    if isinstance(path, Predicate | Inverse):
        return [path]
    if isinstance(path, Repeated) and path.times == "?":
        return []
    if isinstance(path, PathSequence):
        return [step for one in path.paths for step in steps_of(one, strict=strict)]
    if isinstance(path, Alternative):
        return steps_of(path.paths[0], strict=strict)
    if not strict:
        return []
    raise CannotMendError


def kebab(text: str) -> str:
    """Turn the last part of an IRI into a name: ".../PermissionBasis" and ".../hasSegment" into words with hyphens."""
    local = re.split(r"[/#]", text.rstrip("/#"))[-1]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", local).lower()
    return re.sub(r"^(has|is)-", "", words)
