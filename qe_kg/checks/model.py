"""Checks of the model as a whole: names, references, and the policy gate."""

from __future__ import annotations

from collections.abc import Iterator

from qe_kg.checks.context import Context, of_problem
from qe_kg.integrity import CONFLICT, DANGLING_REFERENCE, UNKNOWN_TERM
from qe_kg.report_formats.findings import Finding, from_validation

#: What the gate reports too, and the checks of names and references report before it.
_OF_NAMES = (UNKNOWN_TERM, DANGLING_REFERENCE, CONFLICT)


def check_names(context: Context) -> Iterator[Finding]:
    """Check that every term in the model's vocabularies is defined."""
    return (of_problem(context, one) for one in context.model().problems if one.rule == UNKNOWN_TERM)


def check_references(context: Context) -> Iterator[Finding]:
    """Check that what is referred to is described, and that files do not contradict each other."""
    return (of_problem(context, one) for one in context.model().problems if one.rule != UNKNOWN_TERM)


def check_policy(context: Context) -> Iterator[Finding]:
    """Check that the rules hold, but for what the baseline and the waivers account for."""
    report = from_validation(context.model().validate(**context.validation))
    context.help.update(report.rules)
    return (one for one in report.findings if one.rule not in _OF_NAMES)
