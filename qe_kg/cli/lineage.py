"""``qe-kg impact`` and ``qe-kg trace``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.changes import BEHIND_PATH, behind_path, emit_change
from qe_kg.cli.options import (
    complete_names,
    filter_options,
    format_option,
    model_options,
    open_for,
    output_option,
)
from qe_kg.cli.output import as_json, as_rows, count, emit, tell_lines

if TYPE_CHECKING:
    from qe_kg.lineage import Lineage, Reached

_FORMATS = ("table", "json", "csv", "md", "mermaid", "dot", "svg")
_HELP = """NAME is the code, label, CURIE or IRI of a participant, a flow, an item, a concept or a flow pattern.

Each line of the answer is a participant with the least number of hops, and one shortest path as evidence: every
flow with the lines of the source document that state it. A step is "declared" where the same item is handed over
again or a derivation says that what goes out is made from what came in; otherwise it is "possible".
By default a path does not run through an external stakeholder, though it may end in one.
"""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        output_option,
        format_option(*_FORMATS),
        model_options,
        click.option(
            "--evidence", is_flag=True,
            help="Show each hop with source lines, basis, modality and zone crossing.",
        ),
        filter_options(),
        click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_names),
    ):  # fmt: skip
        command = option(command)
    return command


def _run(direction: str, names: tuple[str, ...], options: dict[str, Any]) -> None:
    form, output, evidence = options.pop("form"), options.pop("output"), options.pop("evidence")
    change = options.pop("change", None)
    model = open_for(options.pop("model_path"), options.pop("no_inferences"), options.pop("entail"))
    if change is not None:
        if options.pop("stations"):
            raise click.UsageError("--stations goes with no --change")
        emit_change(model, model.change_impact(change, *names, **options), form, output, evidence=evidence)
        return
    answer = (model.impact if direction == "downstream" else model.trace)(*names, **options)
    if form in ("mermaid", "dot", "svg"):
        from qe_kg.drawing import draw

        emit(draw(model.lineage_diagram(answer), form), output)
    elif form == "json":
        document = answer.to_dict()
        if evidence:
            for one, shown in zip(answer.reached, document["reached"], strict=True):
                shown["evidence"] = [hop.to_dict() for hop in answer.hops(one)]
        emit(as_json(document), output)
    else:
        emit(_rows(answer, form, evidence), output)


def _rows(answer: Lineage, form: str, evidence: bool) -> str:
    from qe_kg.lineage.evidence import HOP_COLUMNS

    rows = [_row(answer, one) for one in answer.reached]
    hop_columns = ("reached", "hop", *HOP_COLUMNS)
    hops = [
        (one.element.name, str(number), *hop.cells())
        for one in answer.reached
        for number, hop in enumerate(answer.hops(one), 1)
        if evidence
    ]
    if form == "csv" and evidence:
        return as_rows(hop_columns, hops, form)
    if form != "table":
        behind = [behind_path(answer, one) for one in answer.reached]
        columns = ("hops", "code", "label", "zone", "certainty", "by way of", *BEHIND_PATH)
        table = as_rows(columns, [(*row, *more) for row, more in zip(rows, behind, strict=True)], form)
        if form == "csv":
            return table
        return tell_lines(answer.tell, form) + table + (f"\n{as_rows(hop_columns, hops, form)}" if evidence else "")
    names = ", ".join(element.name for element in answer.start)
    verb = "reaches" if answer.direction == "downstream" else "is reached from"
    if not rows:
        return f"{names} {verb} no participant.\n"
    declared = sum(one.certainty == "declared" for one in answer.reached)
    shown = [(hops, f"{code} {label}".strip(), *rest) for hops, code, label, *rest in rows]
    table = as_rows(("hops", "participant", "zone", "certainty", "by way of [source lines]"), shown, form)
    if evidence:
        table += "\n" + as_rows(hop_columns, hops, form)
    return (
        f"{names} {verb} {count(len(rows), 'participant')}: {declared} by declared steps, "
        f"{len(rows) - declared} possibly; {count(len(answer.flows), 'flow')} among them.\n"
        f"{tell_lines(answer.tell, form)}\n{table}"
    )


def _row(answer: Lineage, one: Reached) -> tuple[str, ...]:
    zone = (one.element.zone or "").removeprefix("qev:zone-")
    return (str(one.hops), one.code or "", one.element.label, zone, one.certainty, _way(answer, one))


def _way(answer: Lineage, reached: Reached) -> str:
    """Tell the path without its end, and without its start where that is plain from the question."""
    downstream = answer.direction == "downstream"
    arrow = "→" if downstream else "←"
    parts: list[str] = []
    for iri in reached.path:
        flow = answer.flow[iri]
        here = flow.source if downstream else flow.target
        if parts or [here] != [element.iri for element in answer.start]:
            parts += [answer.elements[here].name, arrow]
        items = ", ".join(answer.elements[item].label for item in flow.items) or "?"
        lines = f" [{', '.join(map(str, flow.lines))}]" if flow.lines else ""
        parts += [f"{items}{lines}", arrow]
    return " ".join(parts[:-1])


_IMPACT = f"Tell who is affected if NAME changes: all that receive from it, directly or not.\n\n{_HELP}"
_TRACE = f"Tell where what NAME receives comes from, directly or not.\n\n{_HELP}"
_IMPACT_EXAMPLES = """\b
Examples:
  qe-kg impact AOV-04
  qe-kg impact AOV-04 --depth 2 --basis drawn
  qe-kg impact "Grid Telemetry" --zone external
  qe-kg impact AOV-04 --change stop --certain
  qe-kg impact AOV-04 --format svg -o impact.svg"""
_TRACE_EXAMPLES = """\b
Examples:
  qe-kg trace REV-01
  qe-kg trace "Compliance Report" --depth 2
  qe-kg trace SMV-03 --item "Grid Telemetry" --format json"""


@click.command("impact", help=_IMPACT, epilog=_IMPACT_EXAMPLES)
@_options
@click.option(
    "--change", type=click.Choice(["stop", "delay", "redefine", "reclassify", "lift"]),
    help="Follow what a change of this kind does; lift takes a reclassification back.",
)  # fmt: skip
def impact_command(names: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401, D103
    _run("downstream", names, options)


@click.command("trace", help=_TRACE, epilog=_TRACE_EXAMPLES)
@_options
def trace_command(names: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401, D103
    _run("upstream", names, options)
