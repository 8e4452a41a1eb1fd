"""``qe-kg merge-driver``."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Set up once in each clone:
  git config merge.qe-kg.name "Turtle, merged by statement"
  git config merge.qe-kg.driver "qe-kg merge-driver --marker-size %L %O %A %B %P"
and for all, in .gitattributes:
  *.ttl merge=qe-kg

\b
Examples:
  qe-kg merge-driver base.ttl ours.ttl theirs.ttl     the outcome is written to ours.ttl"""


@click.command("merge-driver", epilog=_EPILOG)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("ours", type=click.Path(path_type=Path))
@click.argument("theirs", type=click.Path(path_type=Path))
@click.argument("name", required=False)
@click.option("--marker-size", type=click.IntRange(1, 100), default=7, help="Signs of a mark of a conflict.")
@click.pass_context
def merge_driver_command(
    ctx: click.Context, /, base: Path, ours: Path, theirs: Path, name: str | None, marker_size: int
) -> None:
    """Merge a Turtle file by statement, for git.

    What BASE, OURS and THEIRS say is merged, and the outcome written to OURS with its comments and order. Leaves
    with 1 where both sides changed the same thing differently: that element then stands there twice, between marks.
    A file that cannot be merged by statement is merged by line.
    """
    from qe_kg.merge import merge_files

    outcome = merge_files(base, ours, theirs, name=name or str(ours), marker_size=marker_size)
    if outcome.by_line:
        click.echo(f"qe-kg: {outcome.by_line}", err=True)
    for conflict in outcome.conflicts:
        click.echo(f"conflict: {conflict}", err=True)
    ctx.exit(1 if outcome.conflicts else 0)
