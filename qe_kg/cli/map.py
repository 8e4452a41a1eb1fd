"""``qe-kg map``."""

from __future__ import annotations

from pathlib import Path

import click

from qe_kg.cli.options import model_options, open_for, output_option
from qe_kg.cli.output import emit

_EPILOG = """\b
Examples:
  qe-kg map --format svg -o map.svg
  qe-kg map --basis all --format mermaid"""


@click.command("map", epilog=_EPILOG)
@click.option(
    "--basis",
    type=click.Choice(["drawn", "stated", "all"]),
    default="drawn",
    show_default=True,
    help="Which flows to draw.",
)
@model_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot", "svg"]),
    default="mermaid",
    show_default=True,
    help="Output format.",
)
@output_option
def map_command(
    basis: str, model_path: Path | None, no_inferences: bool, entail: bool, form: str, output: Path | None
) -> None:
    """Draw all flows, with zones as groups and flows that cross a boundary marked.

    Dashed arrows are only the expansion of a universal statement ("all other value streams").
    """
    from qe_kg.drawing import draw

    model = open_for(model_path, no_inferences, entail)
    emit(draw(model.map_diagram(basis), form), output)
