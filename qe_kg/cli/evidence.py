"""``qe-kg evidence``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import (
    at_option,
    engine_option,
    format_option,
    model_options,
    open_for,
    output_option,
    profile_option,
)
from qe_kg.cli.output import as_json, as_rows, count, emit
from qe_kg.cli.progress import progress

if TYPE_CHECKING:
    from qe_kg.rules.evidence import Cell, EvidenceMatrix, Subject

_EPILOG = """\b
Examples:
  qe-kg evidence
  qe-kg evidence --rule SEP-02 --rule CON-01
  qe-kg evidence --flow "Grid Telemetry: AOV-04 → SMV-03"
  qe-kg evidence --scenario compliant --profile us-mi --format html -o evidence.html"""


@click.command("evidence", epilog=_EPILOG)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Show this rule; may be given several times.")
@click.option(
    "--flow",
    "subjects",
    multiple=True,
    metavar="NAME",
    help="Show this flow, participant, concept or record; may be given several times.",
)
@click.option(
    "--only",
    type=click.Choice(["missing", "waived", "baseline", "satisfied"]),
    multiple=True,
    help="Show cells of this state; may be given several times.",
)
@at_option
@profile_option
@engine_option
@model_options
@format_option("table", "json", "csv", "md", "html")
@output_option
def evidence_command(
    rules: tuple[str, ...],
    subjects: tuple[str, ...],
    only: tuple[str, ...],
    form: str,
    **options: Any,  # noqa: ANN401
) -> None:
    """Show which evidence is there for which rule, and which is missing: what an auditor asks for.

    For each rule in force, each flow (or participant, concept, record or path, whatever the rule is about) is
    "satisfied", "missing" (with the property to fill and the place in the files), "waived" or in the "baseline".
    What a rule does not apply to is counted and not listed.

    The format html is one page with everything behind each cell; it needs no other file and prints well. This is no
    legal advice.
    """  # fmt: skip
    model = open_for(options["model_path"], options["no_inferences"], options["entail"], whole=True)
    with progress("Asking the rules"):
        matrix = model.evidence(
            rules=rules, subjects=subjects, profiles=options["profiles"], at=options["at"], engine=options["engine"]
        )
    if only:
        matrix = matrix.only(only)
    emit(_shown(matrix, form), options["output"])


def _shown(matrix: EvidenceMatrix, form: str) -> str:
    if form == "json":
        return as_json(matrix.to_dict())
    if form == "html":
        from qe_kg.rules.evidence_page import evidence_page

        return evidence_page(matrix)
    if form == "csv":
        columns = (
            "rule",
            "focus",
            "label",
            "lines",
            "state",
            "severity",
            "missing",
            "message",
            "found",
            "reason",
            "place",
        )
        return as_rows(columns, [_line(matrix, cell) for cell in matrix.cells], form)
    summary = as_rows(_SUMMARY, [_summary(matrix, rule.code) for rule in matrix.rules], form, whole=1)
    details = as_rows(_DETAILS, [_detail(matrix, cell) for cell in matrix.cells], form, whole=1)
    head = (
        f"{matrix.model}{f', scenario {matrix.scenario}' if matrix.scenario else ''}, as of {matrix.day}: "
        f"{count(len(matrix.rules), 'rule')} of {', '.join(matrix.profiles)}. No legal advice.\n"
    )
    return f"{head}\n{summary}\n{details}"


_SUMMARY = ("rule", "what it says", "missing", "waived", "baseline", "satisfied", "not applicable")
_DETAILS = ("rule", "subject", "lines", "state", "evidence missing", "evidence found", "place")


def _summary(matrix: EvidenceMatrix, code: str) -> tuple[str, ...]:
    counts = matrix.counts(code)
    label = next(rule.label for rule in matrix.rules if rule.code == code)
    states = ("missing", "waived", "baseline", "satisfied", "notApplicable")
    return (code, label, *(str(counts[state]) for state in states))


def _subject(matrix: EvidenceMatrix, focus: str) -> Subject:
    return next(subject for subject in matrix.subjects if subject.element.iri == focus)


def _missing(cell: Cell) -> str:
    needed = [one.path or one.message for one in cell.missing if one.group is None]
    groups: dict[int, list[str]] = {}
    for one in cell.missing:
        if one.group is not None:
            groups.setdefault(one.group, []).append(one.path or one.message)
    return "; ".join([*dict.fromkeys(needed), *(" or ".join(dict.fromkeys(some)) for some in groups.values())])


def _found(cell: Cell) -> str:
    return "; ".join(f"{one.path}: {', '.join(one.values)}" for one in cell.found)


def _detail(matrix: EvidenceMatrix, cell: Cell) -> tuple[str, ...]:
    subject = _subject(matrix, cell.focus)
    name = subject.element.label if subject.source else subject.element.name
    lines = " ".join(map(str, subject.lines))
    return (
        cell.rule,
        name,
        lines,
        cell.state,
        _missing(cell),
        _found(cell),
        cell.source.on_line if cell.source else "",
    )


def _line(matrix: EvidenceMatrix, cell: Cell) -> tuple[str, ...]:
    subject = _subject(matrix, cell.focus)
    return (
        cell.rule, cell.focus, subject.element.label, " ".join(map(str, subject.lines)), cell.state,
        cell.severity or "", _missing(cell), " ".join(one.message for one in cell.missing), _found(cell),
        cell.reason or "", str(cell.source or ""),
    )  # fmt: skip
