"""What a change means: findings, accepted findings, answers, participants and boundary crossings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qe_kg.change import read_removals
from qe_kg.diff.answers import AnswerChange, compare_answers
from qe_kg.diff.elements import ElementChange, ElementDiff
from qe_kg.diff.reach import Affected, Reach, compare_reach
from qe_kg.diff.results import ResultChange, compare_results
from qe_kg.diff.sides import Side
from qe_kg.loose_files import model_with_data
from qe_kg.model import Model
from qe_kg.store.embedded import EmbeddedStore

#: Rows of an answer that are shown; the JSON has all.
_MOST_ROWS = 5


@dataclass(frozen=True)
class Meaning:
    """What a change means.

    Attributes:
        results: findings that are new, mended, open again or accepted.
        waivers: waivers that were added, removed or changed.
        baseline: entries of the baseline that were.
        answers: competency questions whose answer changed.
        reach: participants affected, and crossings gained and lost.

    """

    results: tuple[ResultChange, ...]
    waivers: tuple[ElementChange, ...]
    baseline: tuple[ElementChange, ...]
    answers: tuple[AnswerChange, ...]
    reach: Reach

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "results": [one.to_dict() for one in self.results],
            "waivers": [_accepted(one) for one in self.waivers],
            "baseline": [_accepted(one) for one in self.baseline],
            "answers": [one.to_dict() for one in self.answers],
            "affected": [one.to_dict() for one in self.reach.affected],
            "affectedIsBounded": self.reach.is_bounded,
            "crossingsGained": [one.to_dict() for one in self.reach.crossings_gained],
            "crossingsLost": [one.to_dict() for one in self.reach.crossings_lost],
        }

    def sections(self) -> Iterator[tuple[str, list[str]]]:
        """Yield titles with rows for a person; stakeholders come first."""
        newly = [one for one in self.reach.affected if one.gained or one.lost]
        if newly:
            yield "Receives from others than before", [_told(one) for one in newly]
        also = [one.element.name for one in self.reach.affected if not (one.gained or one.lost)]
        if also:
            yield "Also downstream of what changed", [", ".join(also)]
        if self.reach.is_bounded:
            yield "Not all sources were tried", ["the model is large: only the nearest sources of changed flows were"]
        crossings = [f"gained: {one}" for one in self.reach.crossings_gained]
        crossings += [f"lost: {one}" for one in self.reach.crossings_lost]
        if crossings:
            yield "Boundary crossings", crossings
        if self.results:
            yield "Findings", [str(one) for one in self.results]
        if self.waivers:
            yield "Waivers", [f"{one.kind}: {one.label}" for one in self.waivers]
        if self.baseline:
            yield "Baseline", [f"{one.kind}: {one.label}" for one in self.baseline]
        if self.answers:
            yield "Competency questions with another answer", [row for one in self.answers for row in _answer(one)]


def find_meaning(
    sides: tuple[Side, Side], elements: ElementDiff, model: Path | None, *, anything_differs: bool,
    profiles: tuple[str, ...] = (), at: str | None = None,
) -> Meaning | None:  # fmt: skip
    """Tell what a difference means; None where the sides are no models and none is named, and for stores.

    Args:
        sides: the two sides.
        elements: what differs.
        model: the model whose ontology, shapes and queries files are checked with that belong to no model.
        profiles: the jurisdictions whose rules are checked; by default each model's own.
        at: the day with which dates are compared; by default today.
        anything_differs: whether a statement differs; where none does, only the questions are asked.

    Raises:
        ShapesError, ManifestError, ParseError: a side cannot be validated or asked.

    """
    if any(side.store for side in sides) or (
        model is None and any(side.files and side.manifest is None for side in sides)
    ):
        return None
    old, new = (_open(side, model) for side in sides)
    answers = compare_answers(old, new, elements.renames)
    if not anything_differs:
        return Meaning((), (), (), answers, Reach())
    names = new.namespaces if new else sides[0].namespaces
    kinds = {name: names.compact(f"{names.terms}{name}") for name in ("Waiver", "BaselineEntry")}
    changed = {name for one in elements.elements if not _is_new_name_only(one) for name in (one.iri, one.was or "")}
    return Meaning(
        compare_results(old, new, sides, elements.renames, profiles=profiles, at=at),
        tuple(one for one in elements.elements if one.type == kinds["Waiver"]),
        tuple(one for one in elements.elements if one.type == kinds["BaselineEntry"]),
        answers,
        compare_reach(old, new, changed, elements.renames),
    )


def _is_new_name_only(one: ElementChange) -> bool:
    """Tell whether an element is the same under a new name, so that nobody downstream need care."""
    labels = ("skos:prefLabel", "skos:altLabel", "skos:notation", "skos:definition")
    return one.kind == "renamed" and all(change.property in labels for change in one.properties)


def _open(side: Side, model: Path | None) -> Model | None:
    if not side.files and side.manifest is None:
        return None
    if side.manifest is None:
        return model_with_data(model, [file.path for file in side.files])
    return Model(side.manifest, EmbeddedStore(), change=read_removals(side.manifest))


def _accepted(one: ElementChange) -> dict[str, Any]:
    return {"kind": one.kind, "id": one.iri, "label": one.label}


def _told(one: Affected) -> str:
    parts = [f"now from {', '.join(map(str, one.gained))}"] if one.gained else []
    parts += [f"no longer from {', '.join(map(str, one.lost))}"] if one.lost else []
    return f"{one.element.name}: {'; '.join(parts)}"


def _answer(one: AnswerChange) -> Iterator[str]:
    if one.problem:
        yield f"{one.question} cannot be answered any more: {one.problem}"
        return
    yield f"{one.question} {len(one.gained)} more, {len(one.lost)} fewer ({one.name})"
    for mark, rows in (("+", one.gained), ("−", one.lost)):
        for row in rows[:_MOST_ROWS]:
            yield f"  {mark} {' | '.join(row)}"
        if len(rows) > _MOST_ROWS:
            yield f"  {mark} … {len(rows) - _MOST_ROWS} more"
