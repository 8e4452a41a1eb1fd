"""What every engine returns, in terms of this package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from qe_kg.shacl.nodes import Node, literal_parts, text_of
from qe_kg.shacl.paths import Path, path_text


@dataclass(frozen=True)
class RawResult:
    """One ``sh:ValidationResult``.

    ``focus``, ``value`` and ``shape`` are nodes (see `qe_kg.shacl.nodes`); ``severity`` and ``component`` are IRIs;
    ``messages`` are literals, English ones first.
    """

    focus: Node
    path: Path | None
    value: Node | None
    severity: str
    component: str
    shape: Node
    messages: tuple[Node, ...]

    @property
    def message(self) -> str:
        """The text of the first message, or nothing."""
        return text_of(self.messages[0]) if self.messages else ""

    def key(self) -> tuple[str, ...]:
        """Return what results are ordered by."""
        path = "" if self.path is None else path_text(self.path)
        return self.shape, self.focus, self.component, path, self.value or "", self.message


@dataclass(frozen=True)
class EngineRun:
    """The outcome of a run: all results in a fixed order, and what was looked at.

    Attributes:
        engine: the engine's name.
        results: all results.
        focus_nodes: number of distinct nodes that a target selects.
        shapes: number of shapes that are active.
        notes: what a reader must know to trust the verdict, one sentence each.

    """

    engine: str
    results: tuple[RawResult, ...]
    focus_nodes: int
    shapes: int
    notes: tuple[str, ...] = field(default=())


def in_order(messages: Iterable[Node]) -> tuple[Node, ...]:
    """Order messages: English, then by language tag and text."""
    return tuple(sorted(messages, key=lambda one: (literal_parts(one).language != "en", one)))
