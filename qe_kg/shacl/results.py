"""What every engine returns, in terms of this package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from qe_kg.shacl.lint import Suspicion
from qe_kg.shacl.nodes import Node, is_literal, literal_parts, text_of
from qe_kg.shacl.paths import Path, path_text

#: Many results are along few paths.
_written = lru_cache(1000)(path_text)


class RawResult(NamedTuple):
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
        path = "" if self.path is None else _written(self.path)
        return self.shape, self.focus, self.component, path, self.value or "", self.severity, self.message


_FOCUS = itemgetter(0)


def in_fixed_order(results: Iterable[RawResult]) -> tuple[RawResult, ...]:
    """Order results by `RawResult.key`: by shape and focus, and then by whatever tells them apart."""
    by_shape: dict[Node, list[RawResult]] = {}
    for one in results:
        by_shape.setdefault(one.shape, []).append(one)
    for some in by_shape.values():
        # Most shapes say one thing of a node, and keys cost more than to order by them does.
        is_enough = len(set(map(_FOCUS, some))) == len(some)
        some.sort(key=_FOCUS if is_enough else RawResult.key)
    return tuple(one for shape in sorted(by_shape) for one in by_shape[shape])


@dataclass(frozen=True)
class Coverage:
    """What a run looked at and what it did not: without it, "conforms" may only mean that nothing was checked.

    Attributes:
        constraints: number of constraints of the active shapes.
        evaluated: how many of them were evaluated on at least one focus node.
        without_focus: active shapes with targets that select nothing in the data.
        unused: shapes with constraints that no target and no other shape leads to.
        left_out: what the shapes say and no engine evaluates, one sentence each.
        elsewhere: shapes that did not run on our engine alone, and why.
        altered: properties with literals that the store would rewrite, and how many there are.
        suspicious: what in the shapes is most likely a mistake.

    """

    constraints: int = 0
    evaluated: int = 0
    without_focus: tuple[Node, ...] = ()
    unused: tuple[Node, ...] = ()
    left_out: tuple[str, ...] = ()
    elsewhere: tuple[tuple[Node, str], ...] = ()
    altered: tuple[tuple[Node, int], ...] = ()
    suspicious: tuple[Suspicion, ...] = ()


@dataclass(frozen=True)
class EngineRun:
    """The outcome of a run: all results in a fixed order, and what was looked at.

    Attributes:
        engine: the name of what ran: "sparql", "pyshacl" or "sparql, pyshacl".
        results: all results.
        focus_nodes: number of distinct nodes that a target selects.
        shapes: number of shapes that are active.
        coverage: what was evaluated and what was not.
        differences: where two engines were compared, each result that only one of them has, and which.

    """

    engine: str
    results: tuple[RawResult, ...]
    focus_nodes: int
    shapes: int
    coverage: Coverage = field(default=Coverage())
    differences: tuple[tuple[str, RawResult], ...] = ()


@lru_cache(1000)
def in_order(messages: tuple[Node, ...]) -> tuple[Node, ...]:
    """Order messages: English, then by language tag and text; what is no literal is left out."""
    messages = tuple(filter(is_literal, messages))
    return tuple(sorted(messages, key=lambda one: (literal_parts(one).language != "en", one)))
