"""``qe-kg paths``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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
    from qe_kg.lineage.paths import Paths


@click.command(
    "paths",
    epilog="""\b
Examples:
  qe-kg paths AOV-04 "Market Operators"
  qe-kg paths RCV-01 NCV-01 --max-hops 4 --limit 5 --certain
  qe-kg paths "AMI Reads" Regulators --format json""",
)
@click.argument("start", metavar="A", shell_complete=complete_names)
@click.argument("goal", metavar="B", shell_complete=complete_names)
@click.option(
    "--max-hops", "--depth", "max_hops", type=click.IntRange(min=1), default=6, show_default=True,
    help="The longest to look for.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to show.")
@filter_options("depth", "stations")
@model_options
@format_option("table", "json", "csv", "md")
@output_option
def paths_command(
    start: str, goal: str, form: str, output: Path | None, model_path: Path | None, no_inferences: bool, entail: bool,
    **options: Any,  # noqa: ANN401
) -> None:  # fmt: skip
    """Show all ways from A to B, shortest first, with what stands behind each hop.

    A is a participant, flow, item, concept or pattern, B a participant. A path meets no participant twice and ends
    where it first meets B. No more paths are looked for than are shown. Where B is a value stream with its stages,
    --zone and --type say to which of them paths are shown. What a flow passes through is no place on a path, so there
    is no --stations.
    """
    found = open_for(model_path, no_inferences, entail).paths(start, goal, **options)
    emit(as_json(found.to_dict()) if form == "json" else _text(found, form), output)


def _text(found: Paths, form: str) -> str:
    from qe_kg.lineage.evidence import HOP_COLUMNS

    rows = [
        (str(number), str(len(path.hops)), path.certainty, *hop.cells())
        for number, path in enumerate(found.found, 1)
        for hop in path.hops
    ]
    columns = ("path", "hops", "certainty", *HOP_COLUMNS)
    if form == "csv":
        roles = found.tell.roles if found.tell else {}
        told = [roles.get(hop.target.iri, "") for path in found.found for hop in path.hops]
        return as_rows((*columns, "tell"), [(*row, whom) for row, whom in zip(rows, told, strict=True)], form)
    if form == "md":
        return tell_lines(found.tell, form) + as_rows(columns, rows, form)
    names = f"{', '.join(one.name for one in found.start)} to {', '.join(one.name for one in found.goal)}"
    bound = f"of at most {count(found.max_hops, 'hop')}"
    if not rows:
        return f"There is no path from {names} {bound}.\n"
    more = "; there are more (--limit)" if found.has_more else ""
    # Only the first row of a path says which it is.
    firsts = {index for index, row in enumerate(rows) if index == 0 or rows[index - 1][0] != row[0]}
    shown = [row if index in firsts else ("", "", "", *row[3:]) for index, row in enumerate(rows)]
    table = as_rows(columns, shown, form)
    return f"{count(len(found.found), 'path')} from {names} {bound}{more}.\n{tell_lines(found.tell, form)}\n{table}"
