"""``qe-kg publish``."""

from __future__ import annotations

from pathlib import Path

import click

from qe_kg.cli.options import chosen_scenario, files_options, format_option
from qe_kg.cli.output import count
from qe_kg.cli.publishing import find_target, read_back_option, show_plan, store_option


@click.command(
    "publish",
    epilog="""\b
Examples:
  qe-kg publish --store prod --dry-run
  qe-kg publish --store fuseki+http://localhost:3030/flows
  qe-kg publish --store prod --delta --keep 10""",
)
@store_option
@read_back_option
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@click.option("--delta", is_flag=True, help="Send only what differs, where graphs without blank nodes changed.")
@click.option(
    "--max-removed", type=click.FloatRange(0, 1), default=0.2, show_default=True, metavar="SHARE",
    help="Refuse to remove more of the published triples than this.",
)  # fmt: skip
@click.option(
    "--keep", type=click.IntRange(0), default=5, show_default=True, metavar="N",
    help="Keep so many versions before this one, for qe-kg rollback.",
)  # fmt: skip
@click.option("--no-gate", is_flag=True, help="Publish also what qe-kg validate finds fault with.")
@format_option("json", "table", "md")
@files_options
@click.pass_context
def publish_command(
    ctx: click.Context, store_name: str | None, dry_run: bool, delta: bool, max_removed: float, keep: int,
    no_gate: bool, read_back: bool, form: str, model_path: Path | None, no_inferences: bool, entail: bool,
) -> None:  # fmt: skip
    """Publish the model to a SPARQL store, so that readers see the old version or the new one and nothing between.

    Every graph is staged under another name and read back before readers see any of it; then all change at once. It may
    be stopped at any moment and run again. Exit code 1: the model has open findings, and nothing was published. Exit
    code 3: the store failed, or somebody else published meanwhile.
    """
    from qe_kg.cli.progress import progress
    from qe_kg.errors import CallError
    from qe_kg.opening import read_files
    from qe_kg.publish.plan import make_plan
    from qe_kg.publish.publisher import Publisher
    from qe_kg.publish.sources import author_of, wanted_from_files

    if entail:
        raise CallError("what is entailed is not published: a reader could not tell it from what the files say")
    with progress("Reading the model"):
        files = read_files(model_path, scenario=chosen_scenario(), include_inferences=not no_inferences)
    target = find_target(store_name, model_path, files.manifest)
    if not no_gate and not _passes(model_path, include_inferences=not no_inferences):
        ctx.exit(1)
    with progress("Comparing with the store"):
        scenario = files.manifest.scenario.name if files.manifest.scenario else None
        wanted = wanted_from_files(files, target.store.profile.product)
        plan = make_plan(target.store, target.record, wanted, files.manifest.name, scenario, read_back=read_back)
    if dry_run:
        show_plan(plan, target.store, form, "dry run")
        what = "nothing would change" if plan.is_done else f"{count(len(plan.changes), 'graph')} would change"
        click.echo(f"{files.manifest.name}: {what}", err=True)
        return
    plan.check_removals(max_removed)
    publisher = Publisher(target.store, target.record, author_of(files.manifest.directory))
    with progress("Publishing"):
        version = publisher.publish(plan, delta=delta, keep=keep)
    show_plan(plan, target.store, form, "unchanged" if plan.is_done else "published")
    done = "is already" if plan.is_done else "is now"
    click.echo(f"{files.manifest.name}: {target.store.profile.name} {done} at {version.told()}", err=True)


def _passes(model_path: Path | None, *, include_inferences: bool) -> bool:
    from qe_kg.cli.progress import progress
    from qe_kg.opening import open_model

    with progress("Validating"):
        model = open_model(model_path, scenario=chosen_scenario(), include_inferences=include_inferences)
        report = model.validate()
    if report.conforms and not model.problems:
        return True
    faults = [] if report.conforms else ["open findings"]
    faults += [count(len(model.problems), "faulty reference")] if model.problems else []
    click.echo(
        f"{model.name} has {' and '.join(faults)}: nothing was published. See qe-kg validate; --no-gate publishes it "
        "all the same",
        err=True,
    )
    return False
