"""``qe-kg status``."""

from __future__ import annotations

from pathlib import Path

import click

from qe_kg.cli.options import chosen_scenario, files_options, format_option
from qe_kg.cli.output import as_json, as_rows, count
from qe_kg.cli.publishing import find_target, read_back_option, store_option


@click.command(
    "status",
    epilog="""\b
Examples:
  qe-kg status --store prod
  qe-kg status --store prod --format json | jq .isCurrent""",
)
@store_option
@read_back_option
@format_option("json", "table", "md")
@files_options
@click.pass_context
def status_command(
    ctx: click.Context, store_name: str | None, read_back: bool, form: str, model_path: Path | None,
    no_inferences: bool, entail: bool,
) -> None:  # fmt: skip
    """Compare the model with what is published, and list the versions that are kept.

    Exit code 0: the store has what the files say; 1: it has something else, or nothing. Graphs that the record says are
    the same are read back with --read-back only; those that differ always are.
    """
    from qe_kg.cli.progress import progress
    from qe_kg.errors import CallError
    from qe_kg.opening import read_files
    from qe_kg.publish.plan import make_plan
    from qe_kg.publish.report import history_rows, plan_rows, plan_values
    from qe_kg.publish.sources import wanted_from_files
    from qe_kg.publish.versions import history

    if entail:
        raise CallError("what is entailed is not published")
    files = read_files(model_path, scenario=chosen_scenario(), include_inferences=not no_inferences)
    target = find_target(store_name, model_path, files.manifest)
    with progress("Comparing with the store"):
        wanted = wanted_from_files(files, target.store.profile.product)
        scenario = files.manifest.scenario.name if files.manifest.scenario else None
        plan = make_plan(target.store, target.record, wanted, files.manifest.name, scenario, read_back=read_back)
        kept = history_rows(history(target.store, target.record, plan.head, 1000))
    if form == "json":
        click.echo(as_json({**plan_values(plan, target.store), "kept": kept}))
    else:
        columns, rows = plan_rows(plan)
        if rows:
            click.echo(as_rows(columns, rows, form))
        cells = [(str(one["number"]), one["hash"][:12], one["publishedBy"], one["at"], (one["commit"] or "")[:12],
                  f"{one['triples']:,}", "yes" if one["verified"] else "no") for one in kept]  # fmt: skip
        if cells:
            click.echo(as_rows(("version", "hash", "by", "at", "commit", "triples", "verified"), cells, form))
    if plan.is_done:
        told = "is published as it stands in the files"
    elif plan.head.number:
        told = f"{count(len(plan.changes), 'graph')} of the store differ from the files; see qe-kg publish --dry-run"
    else:
        told = "nothing was published there yet"
    click.echo(f"{files.manifest.name}: {told}", err=True)
    ctx.exit(0 if plan.is_done else 1)
