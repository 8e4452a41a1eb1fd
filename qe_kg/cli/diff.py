"""``qe-kg diff``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import format_option, output_option
from qe_kg.cli.output import as_json, emit
from qe_kg.cli.progress import progress

if TYPE_CHECKING:
    from qe_kg.diff import Comparison

_EPILOG = """\b
Examples:
  qe-kg diff                              what the working copy changes since the last commit
  qe-kg diff main                         … since main
  qe-kg diff main...HEAD --format md      the comment of a pull request
  qe-kg diff v1.0:models/grid models/grid
  qe-kg diff old.ttl new.ttl --format rdfpatch
  qe-kg diff --scenario target            what a scenario changes
  qe-kg diff main --format html -o change.html"""


@click.command("diff", epilog=_EPILOG)
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--model", "model", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@click.option("--scenario", metavar="NAME", help="Take the second side in this scenario of the model.")
@format_option("table", "json", "md", "rdfpatch", "html")
@output_option
@click.pass_context
def diff_command(
    ctx: click.Context, /, old: str | None, new: str | None, model: Path | None, scenario: str | None, form: str,
    output: Path | None,
) -> None:  # fmt: skip
    """Tell what a change says, element by element, and what it means.

    OLD and NEW each name a git revision (main, HEAD~2, v1.0), a revision and a path in it (main:model), a file, a
    folder, a model, or a model in a scenario (model@scenario:target). Without NEW the model as it lies in its folder
    is meant, without OLD the last commit. A revision is read without a checkout.
    """
    from qe_kg.diff import compare
    from qe_kg.diff.sides import open_sides

    with ExitStack() as stack, progress("Comparing"):
        comparison = compare(*open_sides(old, new, model=model, scenario=scenario, into=stack))
    emit(_written(comparison, form), output)
    ctx.exit(0)


def _written(comparison: Comparison, form: str) -> str:
    if form == "json":
        return as_json(comparison.to_dict())
    if form == "rdfpatch":
        from qe_kg.diff.patch import write_patch

        return write_patch(comparison.triples)
    if form == "html":
        from qe_kg.diff.page import as_html

        return as_html(comparison)
    from qe_kg.diff.text import as_markdown, as_text

    return as_markdown(comparison) if form == "md" else as_text(comparison)
