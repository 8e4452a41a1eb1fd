"""``qe-kg cut``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import basis_option, format_option, model_options, open_for, output_option
from qe_kg.cli.output import as_json, as_rows, count, emit
from qe_kg.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qe_kg.rules.cut import CutAnswer, CutFlow

_EPILOG = """\b
Examples:
  qe-kg cut
  qe-kg cut --basis drawn --certain
  qe-kg cut --from RCV-01 --to NCV-01 --to NCV-02 --plain
  qe-kg cut --basis drawn --format svg --set 2 -o cut.svg"""


@click.command("cut", epilog=_EPILOG)
@click.option(
    "--from",
    "start",
    multiple=True,
    metavar="NAME",
    default=("regulated",),
    show_default=True,
    help="Zone or participant where ways begin; may be given several times.",
)
@click.option(
    "--to",
    "end",
    multiple=True,
    metavar="NAME",
    default=("non-regulated",),
    show_default=True,
    help="Zone or participant where ways end; may be given several times.",
)
@click.option("--certain", is_flag=True, help="Count declared steps only.")
@click.option("--plain", is_flag=True, help="Count every flow, whatever it holds and whatever allows it.")
@click.option("--through-external", is_flag=True, help="Count possible steps at external stakeholders too.")
@basis_option
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day as of which consents stand; default today."
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="List at most so many sets.")
@click.option("--set", "chosen", type=click.IntRange(min=1), default=1, show_default=True, help="Draw this set.")
@model_options
@format_option("table", "json", "csv", "md", "mermaid", "dot", "svg")
@output_option
def cut_command(start: tuple[str, ...], end: tuple[str, ...], form: str, **options: Any) -> None:  # noqa: ANN401
    """Tell which flows to stop, or to put under a condition, so that nothing restricted gets across.

    The answer is all sets of as few flows as possible. For each flow it gives a way (with the lines of the source
    document) that this flow alone of its set breaks.

    A condition that ends a way: the flow is found to hold nothing restricted, or hands over aggregated, anonymized or
    public data, or a consent that stands covers it; for a direct flow also a permission basis. A step is "declared"
    where the same item is handed on or a derivation says that what goes out is made from what came in, and "possible"
    where nothing says so. Through external stakeholders only declared steps count. This is no legal advice.
    """  # fmt: skip
    from datetime import date

    if options["certain"] and options["plain"]:
        raise CallError("--certain and --plain exclude each other")
    steps = "certain" if options["certain"] else "plain" if options["plain"] else "possible"
    at = options["at"].date() if options["at"] else date.today()
    model = open_for(options["model_path"], options["no_inferences"], options["entail"])
    answer = model.cut(
        start, end, steps=steps, through_external=options["through_external"], basis=options["basis"], at=at,
        limit=max(options["limit"], options["chosen"]),
    )  # fmt: skip
    if form in ("mermaid", "dot", "svg"):
        emit(_drawing(answer, form, options["chosen"]), options["output"])
    elif form == "json":
        emit(as_json(answer.to_dict()), options["output"])
    elif form == "table":
        emit(_text(answer), options["output"])
    else:
        columns = ("set", "flow", "item", "from", "to", "lines", "basis", "certainty", "breaks")
        rows = [(str(number), *_row(answer, one)) for number, members in enumerate(answer.sets, 1) for one in members]
        emit(as_rows(columns, rows, form), options["output"])


def _row(answer: CutAnswer, one: CutFlow) -> tuple[str, ...]:
    flow = answer.flows[one.flow]
    return (
        one.flow, _items(answer, one.flow), answer.elements[flow.source].name, answer.elements[flow.target].name,
        " ".join(map(str, flow.lines)), flow.basis, one.certainty or "", _way(answer, one.breaks),
    )  # fmt: skip


def _items(answer: CutAnswer, flow: str) -> str:
    return ", ".join(answer.elements[item].label for item in answer.flows[flow].items) or "?"


def _way(answer: CutAnswer, way: Sequence[str]) -> str:
    parts = [answer.elements[answer.flows[way[0]].source].name]
    for iri in way:
        flow = answer.flows[iri]
        lines = f" [{', '.join(map(str, flow.lines))}]" if flow.lines else ""
        parts.append(f"→ {_items(answer, iri)}{lines} → {answer.elements[flow.target].name}")
    return " ".join(parts)


def _sides(answer: CutAnswer) -> str:
    start, end = (", ".join(element.name for element in side) for side in (answer.start, answer.end))
    return f"{start} → {end}"


_STEPS = {
    "possible": "by declared and possible steps",
    "certain": "by declared steps",
    "plain": "by any flow, whatever it holds",
}


def _text(answer: CutAnswer) -> str:
    what = f"{_STEPS[answer.steps]}, consents as of {answer.at}" if answer.steps != "plain" else _STEPS["plain"]
    if answer.size == 0:
        unsure = "\nAn item of no category counts only without --certain." if answer.steps == "certain" else ""
        return f"{_sides(answer)}: nothing gets across {what}; there is nothing to cut.{unsure}\n"
    there_are = f"{answer.count:,}" if answer.is_complete else f"more than {answer.count:,}"
    sets = "set" if answer.is_complete and answer.count == 1 else "sets"
    lines = [
        f"{_sides(answer)}: {count(answer.size, 'flow')} to stop or to put under a condition, {what}.",
        f"{there_are} {sets} of this size"
        + ("" if len(answer.sets) == answer.count else f", {len(answer.sets)} shown"),
    ]
    lines[-1] += "; no smaller set will do."
    for number, members in enumerate(answer.sets, 1):
        rows = []
        for one in members:
            _, item, source, target, source_lines, _, certainty, breaks = _row(answer, one)
            rows.append((f"{source} → {target}: {item}", source_lines, certainty, breaks))
        lines += ["", f"Set {number}", as_rows(("flow", "lines", "certainty", "way that it breaks"), rows, "table")]
    if answer.disjoint:
        lines.append("No smaller set will do, since these ways have no flow in common:")
        lines += [f"  {_way(answer, way)}" for way in answer.disjoint]
    return "\n".join(lines) + "\n"


def _drawing(answer: CutAnswer, form: str, chosen: int) -> str:
    from qe_kg.drawing import draw, make_diagram

    if not answer.sets:
        raise CallError("there is nothing to cut, so there is nothing to draw")
    if chosen > len(answer.sets):
        raise CallError(f"there are {count(len(answer.sets), 'set')}; there is no set {chosen}")
    members = {one.flow for one in answer.sets[chosen - 1]}
    title = f"Cut {_sides(answer)}, set {chosen} of {answer.count:,}{'' if answer.is_complete else ' or more'}"
    ways = {iri for one in answer.sets[chosen - 1] for iri in one.breaks} | {i for way in answer.disjoint for i in way}
    flows = [flow for iri, flow in answer.flows.items() if iri in ways]
    return draw(make_diagram(title, answer.elements, flows, (), members), form)
