"""``qe-kg rollback``."""

from __future__ import annotations

from pathlib import Path

import click

from qe_kg.cli.options import format_option
from qe_kg.cli.publishing import find_target, show_plan, store_option


@click.command(
    "rollback",
    epilog="""\b
Examples:
  qe-kg rollback --store prod --dry-run
  qe-kg rollback --store prod --to 4f6c1a09""",
)
@store_option
@click.option(
    "--to",
    "wanted",
    metavar="HASH",
    help="The version's hash or its beginning, or its number.  [default: the one before]",
)
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@click.option(
    "--keep", type=click.IntRange(0), default=5, show_default=True, metavar="N", help="Keep so many versions."
)
@click.option("--model", "model_path", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@format_option("json", "table", "md")
def rollback_command(
    store_name: str | None, wanted: str | None, dry_run: bool, keep: int, model_path: Path | None, form: str
) -> None:
    """Publish a version again that was published before; qe-kg status lists those that are kept.

    Nothing of the model's files is read. It goes the way of qe-kg publish: staged, read back, swapped at once, and the
    version that was current is kept.
    """
    from qe_kg.cli.progress import progress
    from qe_kg.manifest import find_model, read_manifest
    from qe_kg.publish.plan import make_plan, published
    from qe_kg.publish.publisher import Publisher
    from qe_kg.publish.sources import author_of, find_version, wanted_from_version
    from qe_kg.publish.versions import history

    manifest = read_manifest(find_model(model_path))
    target = find_target(store_name, model_path, manifest)
    with progress("Reading the version from the store"):
        head, _ = published(target.store, target.record, ())
        version = find_version(history(target.store, target.record, head, 1000), wanted)
        graphs = wanted_from_version(target.store, version)
        plan = make_plan(target.store, target.record, graphs, version.model, version.scenario)
    if dry_run:
        show_plan(plan, target.store, form, "dry run")
        return
    with progress("Publishing it again"):
        made = Publisher(target.store, target.record, author_of(manifest.directory)).publish(plan, keep=keep)
    show_plan(plan, target.store, form, "unchanged" if plan.is_done else "rolled back")
    click.echo(
        f"{made.model}: {target.store.profile.name} is at {made.told()}, which says what {version.number} said",
        err=True,
    )
