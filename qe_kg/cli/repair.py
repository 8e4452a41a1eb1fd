"""``qe-kg repair``."""

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
    from qe_kg.rules.repair import Repair, RepairAnswer

_EPILOG = """\b
Examples:
  qe-kg repair SEP-12
  qe-kg repair SEP-02 --focus "Grid Telemetry: AOV-04 → SMV-03" --accepted
  qe-kg repair --profile us-mi --format ttl -o repairs.ttl"""


@click.command("repair", epilog=_EPILOG)
@click.argument("rules", nargs=-1, metavar="[RULE...]")
@click.option(
    "--focus",
    "subjects",
    multiple=True,
    metavar="NAME",
    help="Only for this flow, participant, concept or record; may be given several times.",
)
@click.option("--accepted", is_flag=True, help="Also for what is waived or in the baseline.")
@at_option
@profile_option
@engine_option
@model_options
@format_option("table", "ttl", "json", "csv", "md")
@output_option
def repair_command(
    rules: tuple[str, ...],
    subjects: tuple[str, ...],
    form: str,
    accepted: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Give, for each open result of a rule, the triples that would mend it, as Turtle to paste.

    What a person has to decide is a placeholder with TODO in its name, and a comment says what fits. Put what is
    already described in the place of a placeholder, or describe it; an unfilled placeholder is a finding of validate.
    Where triples do not mend, the rule's advice says what to do. This is no legal advice.
    """  # fmt: skip
    model = open_for(options["model_path"], options["no_inferences"], options["entail"], whole=True)
    with progress("Asking the rules"):
        answer = model.repair(
            rules=rules,
            subjects=subjects,
            accepted=accepted,
            profiles=options["profiles"],
            at=options["at"],
            engine=options["engine"],
        )
    if form == "json":
        emit(as_json(answer.to_dict()), options["output"])
    elif form in ("ttl", "table"):
        emit(_turtle(answer, with_prefixes=form == "ttl"), options["output"])
    else:
        columns = ("rule", "focus", "label", "state", "ways", "turtle", "remove", "advice", "place")
        emit(as_rows(columns, [_row(answer, one) for one in answer.repairs], form), options["output"])


def _row(answer: RepairAnswer, one: Repair) -> tuple[str, ...]:
    from qe_kg.rules.repair import turtle

    first = one.ways[0] if one.ways else None
    return (
        one.rule, one.focus, one.label, one.state, str(len(one.ways)),
        turtle(first.added, answer.context, first.placeholders) if first else "",
        turtle(first.removed, answer.context) if first else "", " ".join(one.advice), str(one.source or ""),
    )  # fmt: skip


def _turtle(answer: RepairAnswer, *, with_prefixes: bool) -> str:
    """Write Turtle that parses: the first way of each focus as it is, everything else in comments."""
    from qe_kg.rules.repair import prefixes, turtle

    mended = sum(bool(one.ways) for one in answer.repairs)
    blocks = [
        f"# {count(len(answer.repairs), 'result')} as of {answer.day} by the rules of {', '.join(answer.profiles)}: "
        f"{mended} to mend by triples, {len(answer.repairs) - mended} otherwise. No legal advice."
    ]
    by_focus: dict[str, list[Repair]] = {}
    for one in answer.repairs:
        by_focus.setdefault(one.focus, []).append(one)
    for together in by_focus.values():
        lines = []
        for one in together:
            place = f", {one.source}" if one.source else ""
            lines.append(f"# {one.rule} at {one.label} ({one.state}{place})")
            if not one.ways:
                lines += [f"#   {line}" for text in one.advice for line in text.splitlines()]
        first = next((one.ways[0] for one in together if one.ways), None)
        if first and first.removed:
            lines += [f"# take out: {line}" for line in turtle(first.removed, answer.context).splitlines() if line]
        lines += turtle(first.added, answer.context, first.placeholders).splitlines() if first else []
        for one in together:
            for way in one.ways[1:]:
                lines += ["", f"# {one.rule} another way, in place of the above:"]
                written = turtle(way.added, answer.context, way.placeholders)
                lines += [f"#   {line}".rstrip() for line in written.splitlines()]
        blocks.append("\n".join(lines))
    text = "\n\n".join(blocks) + "\n"
    return f"{prefixes(answer, text)}\n{text}" if with_prefixes else text
