"""What a change does to the results of validation."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qe_kg.diff.sides import Side
from qe_kg.model import Model
from qe_kg.namespaces import is_iri
from qe_kg.validation import Result
from qe_kg.validation.report import SEVERITIES

ResultKind = Literal["new", "mended", "reopened", "accepted"]
RESULT_KINDS: tuple[ResultKind, ...] = ("new", "reopened", "accepted", "mended")


@dataclass(frozen=True)
class ResultChange:
    """One finding that is new, mended, open again though it was accepted, or accepted though it was open.

    ``result`` is the finding as the new side has it, of one mended as the old side had it; ``place`` is its file and
    line, without the folder that a revision was written to.
    """

    kind: ResultKind
    result: Result
    place: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        one = self.result
        return {
            "kind": self.kind, "rule": one.rule, "severity": one.severity, "status": one.status, "focus": one.focus,
            "focusLabel": one.focus_label, "path": one.path, "value": one.value, "message": one.message,
            "place": self.place,
        }  # fmt: skip

    def __str__(self) -> str:
        one = self.result
        path = f"  {one.path}" if one.path else ""
        place = f"  {self.place}" if self.place else ""
        return f"{self.kind}: {one.severity} {one.rule} ({one.status})  {one.focus_label}{path}{place}"


def compare_results(
    old: Model | None, new: Model | None, sides: tuple[Side, Side], renames: Mapping[str, str], *,
    profiles: tuple[str, ...] = (), at: str | None = None,
) -> tuple[ResultChange, ...]:  # fmt: skip
    """Validate both sides and return the findings that are not on both with the same status.

    A finding is the same if rule, focus (under its new name) and path are; of several such at one place, those that
    one side has more are new or mended.
    """
    was_found, is_found = (model.validate(profiles=profiles, at=at).results if model else () for model in (old, new))
    before, after = _by_key(was_found, sides[0], renames), _by_key(is_found, sides[1], {})
    found: list[ResultChange] = []
    for key in sorted(before.keys() | after.keys()):
        was, now = _without_same(before.get(key, []), after.get(key, []))
        both = min(len(was), len(now))
        found += [_changed_status(one, sides[1]) for one in now[:both]]
        found += [ResultChange("mended", one, _place(one, sides[0])) for one in was[both:]]
        found += [ResultChange("new", one, _place(one, sides[1])) for one in now[both:]]
    return tuple(sorted(found, key=lambda one: (RESULT_KINDS.index(one.kind), SEVERITIES.index(one.result.severity))))


def _by_key(
    results: Iterable[Result], side: Side, renames: Mapping[str, str]
) -> dict[tuple[str, str, str], list[Result]]:
    found: dict[tuple[str, str, str], list[Result]] = defaultdict(list)
    for one in results:
        focus = renames.get(one.focus, one.focus)
        # A finding about a file names the file, which lies elsewhere on the other side.
        focus = focus if is_iri(focus) else side.shown(focus).rpartition(os.sep)[2]
        found[one.rule, focus, one.path or ""].append(one)
    return found


def _without_same(was: list[Result], now: list[Result]) -> tuple[list[Result], list[Result]]:
    """Take out, pair by pair, what has the same status on both sides, with the same value first."""
    was, now = list(was), list(now)
    for same in (lambda a, b: (a.status, a.value) == (b.status, b.value), lambda a, b: a.status == b.status):
        for one in list(was):
            match = next((other for other in now if same(one, other)), None)
            if match is not None:
                was.remove(one)
                now.remove(match)
    return was, now


def _changed_status(one: Result, side: Side) -> ResultChange:
    return ResultChange("reopened" if one.status == "open" else "accepted", one, _place(one, side))


def _place(one: Result, side: Side) -> str | None:
    return side.shown(str(one.source)) if one.source else None
