"""``qe-kg whatif``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import filter_options, format_option, model_options, open_for, output_option
from qe_kg.cli.output import as_json, as_rows, count, emit, tell_lines

if TYPE_CHECKING:
    from qe_kg.lineage.what_if import Certainty, Reach, WhatIf


@click.command(
    "whatif",
    epilog="""\b
Examples:
  qe-kg whatif --remove qed:flow-aov-04-smv-03-grid-telemetry
  qe-kg whatif --move ESV-04=regulated
  qe-kg whatif --add new-flows.ttl --format json
  qe-kg whatif --model examples/riverside-clinic --withdraw RC-CONSENT-0001""",
)
@click.option("--remove", multiple=True, metavar="FLOW", help="Assume that this flow is no more.")
@click.option(
    "--add", multiple=True, metavar="FILE", type=click.Path(path_type=Path), help="Assume these triples in addition."
)
@click.option("--move", multiple=True, metavar="NAME=ZONE", help="Assume this participant in another zone.")
@click.option("--withdraw", multiple=True, metavar="CONSENT", help="Assume that this consent is withdrawn.")
@filter_options()
@model_options
@format_option("table", "json", "csv", "md")
@output_option
def whatif_command(
    form: str, output: Path | None, model_path: Path | None, no_inferences: bool, entail: bool,
    **options: Any,  # noqa: ANN401
) -> None:  # fmt: skip
    """Tell what would be different; nothing is written.

    Shows who would reach whom that does not today, and who no longer; which rules would be broken and which no longer;
    and the figures of both side by side. What is assumed can be given several times and together. The other options
    narrow which ways count and whom they lead to (--zone, --type: before or after), and the flows in the figures; rules
    and findings are always those of the whole model.
    """
    answer = open_for(model_path, no_inferences, entail, whole=True).what_if(**options)
    emit(as_json(answer.to_dict()) if form == "json" else _text(answer, form), output)


def _text(answer: WhatIf, form: str) -> str:
    columns = ("what", "from", "to", "before", "after", "tell")
    rows = [
        (what, one.start.name, one.end.name, *_both(one), answer.tell.roles.get(one.end.iri, ""))
        for what, reaches in (("reached", answer.gained), ("not reached", answer.lost), ("otherwise", answer.changed))
        for one in reaches
    ]
    rules = [
        (what, one.rule, one.severity, one.status, one.focus_label)
        for what, results in (("opens", answer.opened), ("closes", answer.closed))
        for one in results
    ]
    before, after = answer.before.to_dict(), answer.after.to_dict()
    names = {"declaredPairs": "pairs by declared steps", "open": "open findings"}
    figures = [(names.get(name, name), str(before[name]), str(after[name])) for name in before]
    tables: list[tuple[tuple[str, ...], Sequence[Sequence[str]]]] = [
        (("", "before", "after"), figures),
        (("rule", "id", "severity", "status", "at"), rules),
        (columns, rows),
    ]
    if form == "csv":
        return as_rows(
            columns, [*rows, *((what, rule, at, "", status, "") for what, rule, _, status, at in rules)], form
        )
    shown = "\n".join(as_rows(head, body, form) for head, body in tables if body)
    told = (
        f"{count(len(answer.gained), 'pair')} newly reached, {len(answer.lost)} no longer, "
        f"{len(answer.changed)} otherwise; {count(len(answer.opened), 'finding')} would open, "
        f"{len(answer.closed)} would close.\n"
    )
    tell = tell_lines(answer.tell, form)
    return f"{tell}{shown}" if form == "md" else f"{told}{tell}\n{shown}"


def _both(one: Reach) -> tuple[str, str]:
    def told(reach: tuple[int, Certainty] | None) -> str:
        return "" if reach is None else f"{count(reach[0], 'hop')}, {reach[1]}"

    return told(one.before), told(one.after)
