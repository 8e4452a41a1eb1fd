"""``qe-kg diff``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import at_option, format_option, output_option, profile_option
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
  qe-kg diff main --format html -o change.html
  qe-kg diff main...HEAD --fail-on new-violation,removed-flow,crossing-gained

\b
Kinds for --fail-on:
  any  added-element  removed-element  changed-element  renamed-element  added-flow  removed-flow
  new-violation  new-warning  new-result  waiver-touched  baseline-touched  answer-changed
  crossing-gained  crossing-lost  newly-affected  no-longer-affected
  version     the header of an ontology says less than the change needs"""


@click.command("diff", epilog=_EPILOG)
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--model", "model", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@click.option("--scenario", metavar="NAME", help="Take the second side in this scenario of the model.")
@profile_option
@at_option
@click.option("--no-meaning", is_flag=True, help="Only compare: do not validate, walk or ask the two sides.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="KIND",
    help="Leave with 1 where the change does this; may be repeated. See below for the kinds.",
)
@format_option("table", "json", "md", "rdfpatch", "html")
@output_option
@click.pass_context
def diff_command(
    ctx: click.Context, /, old: str | None, new: str | None, model: Path | None, scenario: str | None, form: str,
    output: Path | None, no_meaning: bool, fail_on: tuple[str, ...],
    profiles: tuple[str, ...], at: str | None,
) -> None:  # fmt: skip
    """Tell what a change says, element by element, and what it means.

    OLD and NEW each name a git revision (main, HEAD~2, v1.0), a revision and a path in it (main:model), a file, a
    folder, a model, or a model in a scenario (model@scenario:target). Without NEW the model as it lies in its folder
    is meant, without OLD the last commit. A revision is read without a checkout.
    """
    from qe_kg.diff import compare
    from qe_kg.diff.limits import check_kinds, not_allowed
    from qe_kg.diff.sides import open_sides

    kinds = check_kinds(fail_on, with_meaning=not no_meaning)
    with ExitStack() as stack, progress("Comparing"):
        sides = open_sides(old, new, model=model, scenario=scenario, into=stack)
        wanted = not no_meaning and (form != "rdfpatch" or bool(kinds))
        comparison = compare(*sides, meaning=wanted, model=model, profiles=profiles, at=at)
    found = not_allowed(comparison, kinds)
    emit(_written(comparison, form, found), output)
    for kind, number in found.items():
        click.echo(f"not allowed: {kind} ({number})", err=True)
    ctx.exit(1 if found else 0)


def _written(comparison: Comparison, form: str, found: dict[str, int]) -> str:
    if form == "json":
        return as_json(comparison.to_dict() | {"notAllowed": found})
    if form == "rdfpatch":
        from qe_kg.diff.patch import write_patch

        return write_patch(comparison.triples)
    if form == "html":
        from qe_kg.diff.page import as_html

        return as_html(comparison)
    from qe_kg.diff.text import as_markdown, as_text

    return as_markdown(comparison) if form == "md" else as_text(comparison)
