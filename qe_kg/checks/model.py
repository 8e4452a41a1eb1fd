"""Checks of the model as a whole: names, references, and the policy gate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qe_kg.checks.context import Context
from qe_kg.integrity import CONFLICT, DANGLING_REFERENCE, UNKNOWN_TERM, Problem
from qe_kg.report_formats.findings import Finding, from_validation
from qe_kg.store.files import shown_path
from qe_kg.validation.report import SourcePlace

#: What the gate reports too, and the checks of names and references report before it.
_OF_NAMES = (UNKNOWN_TERM, DANGLING_REFERENCE, CONFLICT)


def check_names(context: Context) -> Iterator[Finding]:
    """Check that every term in the model's vocabularies is defined."""
    return (_finding(context, one) for one in context.model().problems if one.rule == UNKNOWN_TERM)


def check_references(context: Context) -> Iterator[Finding]:
    """Check that what is referred to is described, and that files do not contradict each other."""
    return (_finding(context, one) for one in context.model().problems if one.rule != UNKNOWN_TERM)


def _finding(context: Context, problem: Problem) -> Finding:
    path = context.compact(f"<{problem.predicate}>")
    place = None
    if problem.file is not None:
        place = SourcePlace(shown_path(Path(problem.file)), *(problem.place or (None,)))
    return Finding(
        problem.rule, "error", problem.message, context.compact(f"<{problem.subject}>"), place,
        identity=(problem.subject, path, problem.value.value), properties={"focus": problem.subject, "path": path},
    )  # fmt: skip


def check_policy(context: Context) -> Iterator[Finding]:
    """Check that the rules hold, but for what the baseline and the waivers account for."""
    report = from_validation(context.model().validate(**context.validation))
    context.help.update(report.rules)
    return (one for one in report.findings if one.rule not in _OF_NAMES)
