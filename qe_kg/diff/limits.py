"""What a change must not do: the kinds that ``--fail-on`` names, and how often a comparison has each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from qe_kg.diff.compare import Comparison
from qe_kg.diff.meaning import Meaning
from qe_kg.errors import CallError


def _elements(kind: str, name: str = "") -> Callable[[Comparison], int]:
    def count(comparison: Comparison) -> int:
        wanted = comparison.namespaces.compact(f"{comparison.namespaces.terms}{name}")
        return sum(one.kind == kind and (not name or one.type == wanted) for one in comparison.elements.elements)

    return count


def _removed_flows(comparison: Comparison) -> int:
    # A flow that has another end or payload under its new name is not the flow that it was, whatever a guess says.
    names = comparison.namespaces
    ends = {names.compact(f"{names.terms}{name}") for name in ("hasSource", "hasTarget", "carries")}
    flow = names.compact(f"{names.terms}InformationFlow")
    return _elements("removed", "InformationFlow")(comparison) + sum(
        one.type == flow and any(change.property in ends and change.before for change in one.properties)
        for one in comparison.elements.of_kind("renamed")
    )


def _results(severity: str | None) -> Callable[[Meaning], int]:
    return lambda meaning: sum(
        one.kind in ("new", "reopened") and one.result.status == "open" and severity in (None, one.result.severity)
        for one in meaning.results
    )


#: Kinds that are told from the statements alone.
_STATED: dict[str, Callable[[Comparison], int]] = {
    "any": lambda comparison: len(comparison.triples.added) + len(comparison.triples.removed),
    "added-element": _elements("added"),
    "removed-element": _elements("removed"),
    "changed-element": _elements("changed"),
    "renamed-element": _elements("renamed"),
    "added-flow": _elements("added", "InformationFlow"),
    "removed-flow": _removed_flows,
    "version": lambda comparison: sum(not one.is_met for one in comparison.versions),
}
#: Kinds that need to know what the change means.
_MEANT: dict[str, Callable[[Meaning], int]] = {
    "new-violation": _results("Violation"),
    "new-warning": _results("Warning"),
    "new-result": _results(None),
    "waiver-touched": lambda meaning: len(meaning.waivers),
    "baseline-touched": lambda meaning: len(meaning.baseline),
    "answer-changed": lambda meaning: len(meaning.answers),
    "crossing-gained": lambda meaning: len(meaning.reach.crossings_gained),
    "crossing-lost": lambda meaning: len(meaning.reach.crossings_lost),
    "newly-affected": lambda meaning: sum(bool(one.gained) for one in meaning.reach.affected),
    "no-longer-affected": lambda meaning: sum(bool(one.lost) for one in meaning.reach.affected),
}
KINDS = (*_STATED, *_MEANT)


def check_kinds(names: Iterable[str], *, with_meaning: bool) -> tuple[str, ...]:
    """Return the kinds that are named, each once; several may stand in one text, with commas.

    Raises:
        CallError: there is no such kind, or it needs the meaning that is not asked for.

    """
    kinds = tuple(dict.fromkeys(part.strip() for name in names for part in name.split(",") if part.strip()))
    for kind in kinds:
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, n=3, cutoff=0.4)
            raise CallError(f"--fail-on knows no {kind!r}; the nearest are {', '.join(near or KINDS)}")
        if kind in _MEANT and not with_meaning:
            raise CallError(f"--fail-on {kind} needs what --no-meaning leaves out")
    return kinds


def not_allowed(comparison: Comparison, kinds: Iterable[str]) -> dict[str, int]:
    """Return how often a comparison has each kind that is not allowed, without those that it has not.

    Raises:
        CallError: a kind needs the meaning, and the sides are no models.

    """
    counts = {}
    for kind in kinds:
        if kind in _STATED:
            counts[kind] = _STATED[kind](comparison)
        elif comparison.meaning is None:
            raise CallError(
                f"--fail-on {kind} is about models: name the one that the files belong to with --model, "
                "and for a store the model that was loaded into it"
            )
        else:
            counts[kind] = _MEANT[kind](comparison.meaning)
    return {kind: count for kind, count in counts.items() if count}
