"""Reasons: what is so, where it is said, and what it rests on, down to lines of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from qe_kg.drawing import Arrow, Diagram, Node, visible
from qe_kg.validation.report import SourcePlace


@dataclass(frozen=True)
class Reason:
    """One node of a tree of reasons.

    Attributes:
        kind: what it is: "result", "applies", "met", "missing", "shape", "triple", "rule"; of an impact "reached",
            "flow", "statement", "derivation", "same item", "gap".
        text: what is so.
        note: a word more: the rule's message, the basis of a flow.
        place: where it is said; where something is missing, the place where it belongs.
        below: what it rests on.

    """

    kind: str
    text: str
    note: str = ""
    place: SourcePlace | None = None
    below: tuple[Reason, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "kind": self.kind, "text": self.text, "note": self.note,
            "place": self.place.to_dict() if self.place else None,
            "because": [one.to_dict() for one in self.below],
        }  # fmt: skip

    def walk(self) -> Iterator[Reason]:
        """Yield it and all below it."""
        yield self
        for one in self.below:
            yield from one.walk()

    def lines(self, dim: Callable[[str], str] = str, indent: str = "", branch: str = "") -> Iterator[str]:
        """Yield the lines of the tree as a person reads it; what is said beside the text is passed through ``dim``."""
        aside = "  ".join(part for part in (self.note, str(self.place or "")) if part)
        yield f"{indent}{branch}{self.text}{'  ' + dim(aside) if aside else ''}"
        inside = indent + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for number, one in enumerate(self.below, 1):
            yield from one.lines(dim, inside, "└─ " if number == len(self.below) else "├─ ")


def diagram_of_reason(reason: Reason, title: str, legend: str) -> Diagram:
    """Make the drawing: a box a reason, arrows from what it rests on; equal reasons are one box."""
    nodes: dict[Reason, Node] = {}
    arrows: dict[tuple[str, str], Arrow] = {}

    def add(one: Reason) -> Node:
        if one not in nodes:
            aside = " · ".join(part for part in (one.note, str(one.place or "")) if part)
            nodes[one] = Node(f"n{len(nodes) + 1}", visible(one.text), visible(aside), None, one is reason)
            for below in one.below:
                arrow = Arrow(add(below).key, nodes[one].key, (), "none", one.kind == "gap", False)
                arrows.setdefault((arrow.source, arrow.target), arrow)
        return nodes[one]

    add(reason)
    return Diagram(visible(title), tuple(nodes.values()), tuple(arrows.values()), legend)
