"""``qe-kg structure``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import filter_options, format_option, model_options, open_for, output_option
from qe_kg.cli.output import as_json, as_rows, count, emit, tell_lines

if TYPE_CHECKING:
    from qe_kg.catalogue import Element
    from qe_kg.lineage.structure import Structure

_SHOWN = 10


@click.command(
    "structure",
    epilog="""\b
Examples:
  qe-kg structure
  qe-kg structure --basis drawn --format json
  qe-kg structure --item "AMI Reads" --zone non-regulated""",
)
@filter_options("stations")
@model_options
@format_option("table", "json", "csv", "md")
@output_option
def structure_command(
    form: str, output: Path | None, model_path: Path | None, no_inferences: bool, entail: bool,
    **options: Any,  # noqa: ANN401
) -> None:  # fmt: skip
    """Tell what the shape of the flows tells.

    Points of failure with the number of pairs that reach each other only through them; bridges, the only link between
    two parts; where information of both sides meets; loops, islands, sinks and sources; and the shortest way on
    which regulated information gets to a market participant or somebody outside who is no regulator.

    Only these ways have hops and certainty: --depth and --certain narrow them and nothing else. With --zone or --type,
    a bridge, a loop or an island is listed where such a participant is at it or in it. What a flow passes through is
    no node, so there is no --stations.
    """
    found = open_for(model_path, no_inferences, entail).structure(**options)
    emit(as_json(found.to_dict()) if form == "json" else _text(found, form), output)


def _text(found: Structure, form: str) -> str:
    rows = list(_rows(found))
    columns = ("what", "where", "how much")
    if form == "csv":
        return as_rows(columns, rows, form)
    told = tell_lines(found.tell, form)
    if form == "md":
        return told + as_rows(columns, rows, form)
    shown: list[tuple[str, str, str]] = []
    for what in dict.fromkeys(row[0] for row in rows):
        of_kind = [row for row in rows if row[0] == what]
        shown += of_kind[:_SHOWN]
        if len(of_kind) > _SHOWN:
            shown.append((what, f"… {len(of_kind) - _SHOWN} more (--format csv)", ""))
    return f"{told}\n{as_rows(columns, shown, form)}" if told else as_rows(columns, shown, form)


def _rows(found: Structure) -> list[tuple[str, str, str]]:
    rows = [
        ("point of failure", one.element.name, f"disconnects {count(one.pairs, 'pair')}")
        for one in found.points_of_failure
    ]
    rows += [
        ("bridge", f"{one.flows[0].source.name} — {one.flows[0].target.name}",
         f"cuts off {count(one.cuts_off, 'participant')}")
        for one in found.bridges
    ]  # fmt: skip
    rows += [
        ("both sides meet", one.element.name,
         f"{count(one.regulated, 'regulated flow')}, {one.non_regulated} non-regulated")
        for one in found.commingling
    ]  # fmt: skip
    rows += [("loop", _names(one), count(len(one), "participant")) for one in found.loops]
    if len(found.islands) > 1:
        rows += [("island", _names(one), count(len(one), "participant")) for one in found.islands]
    rows += [("sink", one.name, "") for one in found.sinks]
    rows += [("source", one.name, "") for one in found.sources]
    for exposure in found.exposures:
        way = " → ".join([exposure.path[0].source.name, *(hop.target.name for hop in exposure.path)])
        rows.append(("exposure", way, f"{count(len(exposure.path), 'hop')}, {exposure.certainty}"))
    return rows


def _names(elements: tuple[Element, ...]) -> str:
    return ", ".join(element.name for element in elements)
