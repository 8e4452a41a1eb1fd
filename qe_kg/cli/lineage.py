"""``qe-kg impact`` and ``qe-kg trace``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import complete_names, format_option, model_options, open_for, output_option
from qe_kg.cli.output import as_json, as_rows, count, emit

if TYPE_CHECKING:
    from qe_kg.lineage import Lineage, Reached
    from qe_kg.model import Model

_FORMATS = ("table", "json", "csv", "md", "mermaid", "dot", "svg")
_HELP = """NAME is the code, label, CURIE or IRI of a participant, a flow, an item or a concept.

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
        click.option("--item", metavar="NAME", help="Walk only flows that carry this item."),
        click.option("--zone", metavar="Z", help="List only participants of this zone (regulated, non-regulated, …)."),
        click.option("--through-external", is_flag=True, help="Let paths run through external stakeholders."),
        click.option(
            "--basis", type=click.Choice(["drawn", "stated", "all"]), default="all", show_default=True,
            help="Walk flows that the diagram draws, that the prose states, or all.",
        ),
        click.option("--depth", type=click.IntRange(min=0), metavar="N", help="At most N hops."),
        click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_names),
    ):  # fmt: skip
        command = option(command)
    return command


def _run(direction: str, names: tuple[str, ...], options: dict[str, Any]) -> None:
    form, output = options.pop("form"), options.pop("output")
    model = open_for(options.pop("model_path"), options.pop("no_inferences"), options.pop("entail"))
    answer = (model.impact if direction == "downstream" else model.trace)(*names, **options)
    if form in ("mermaid", "dot", "svg"):
        from qe_kg.drawing import draw

        emit(draw(model.lineage_diagram(answer), form), output)
    elif form == "json":
        emit(as_json(answer.to_dict()), output)
    else:
        emit(_rows(model, answer, form), output)


def _rows(model: Model, answer: Lineage, form: str) -> str:
    columns = ("hops", "code", "label", "zone", "certainty", "path")
    rows = [
        (
            str(one.hops),
            one.code or "",
            one.element.label,
            (one.element.zone or "").removeprefix("qev:zone-"),
            one.certainty,
            _path(answer, one),
        )
        for one in answer.reached
    ]
    text = as_rows(columns, rows, form)
    if form != "table":
        return text
    names = ", ".join(element.name for element in answer.start)
    verb = "reaches" if answer.direction == "downstream" else "is reached from"
    if not answer.reached:
        return f"{names} {verb} no participant.\n"
    declared = sum(one.certainty == "declared" for one in answer.reached)
    drawn_on = count(len(answer.flows), "flow")
    return (
        f"{names} {verb} {count(len(answer.reached), 'participant')}: {declared} by declared steps, "
        f"{len(answer.reached) - declared} possibly; {drawn_on} among them.\n\n{text}\n"
        "Numbers in brackets are lines of the source document.\n"
    )


def _path(answer: Lineage, reached: Reached) -> str:
    flows = {flow.id: flow for flow in answer.flows}
    downstream = answer.direction == "downstream"
    steps = [flows[iri] for iri in reached.path]
    names = [answer.elements[steps[0].source if downstream else steps[0].target].name]
    for flow in steps:
        items = ", ".join(answer.elements[item].label for item in flow.items) or "?"
        lines = f" [{', '.join(map(str, flow.lines))}]" if flow.lines else ""
        arrow = f"→ {items}{lines} →" if downstream else f"← {items}{lines} ←"
        names += [arrow, answer.elements[flow.target if downstream else flow.source].name]
    return " ".join(names)


_IMPACT = f"Tell who is affected if NAME changes: all that receive from it, directly or not.\n\n{_HELP}"
_TRACE = f"Tell where what NAME receives comes from, directly or not.\n\n{_HELP}"
_IMPACT_EXAMPLES = """\b
Examples:
  qe-kg impact AOV-04
  qe-kg impact AOV-04 --depth 2 --basis drawn
  qe-kg impact "Grid Telemetry" --zone external
  qe-kg impact AOV-04 --format svg -o impact.svg"""
_TRACE_EXAMPLES = """\b
Examples:
  qe-kg trace REV-01
  qe-kg trace "Compliance Report" --depth 2
  qe-kg trace SMV-03 --item "Grid Telemetry" --format json"""


@click.command("impact", help=_IMPACT, epilog=_IMPACT_EXAMPLES)
@_options
def impact_command(names: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401, D103
    _run("downstream", names, options)


@click.command("trace", help=_TRACE, epilog=_TRACE_EXAMPLES)
@_options
def trace_command(names: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401, D103
    _run("upstream", names, options)
