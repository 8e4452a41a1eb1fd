"""``qe-kg load``."""

from __future__ import annotations

from pathlib import Path

import click

from qe_kg.cli.output import count


@click.command(
    "load",
    epilog="""\b
Examples:
  qe-kg load . --store kg.db
  qe-kg load . --store fuseki+http://localhost:3030/flows
  qe-kg impact AOV-04 --depth 3 --store kg.db
  qe-kg query impact/list-direct-recipients -p participant=AOV-04 --store kg.db""",
)
@click.argument("model_path", metavar="DIR", required=False, type=click.Path(path_type=Path))
@click.option(
    "--store", "store", required=True, metavar="STORE",
    help="A folder, PRODUCT+URL, or a profile of qe-kg.toml; what it holds of the model is replaced.",
)  # fmt: skip
@click.option("--scenario", metavar="NAME", help="The model as it would be in this scenario of its manifest.")
@click.option("--no-inferences", is_flag=True, help="Leave out what a reader inferred.")
@click.option("--entail", is_flag=True, help="Add the OWL 2 RL closure (by owlrl; takes seconds).")
def load_command(model_path: Path | None, store: str, scenario: str | None, no_inferences: bool, entail: bool) -> None:
    """Load a model into a store, so that large models answer at once.

    DIR is the model directory; without it, the one in the current folder, else the packaged model. Commands with
    --store ask the store without reading the model's files; those on disk say when the files have changed since. A
    folder must be new, empty, or a store. Readers of a store elsewhere find no model while it is loaded: for stores
    that others use there is qe-kg publish.
    """
    from qe_kg.cli.progress import progress
    from qe_kg.opening import find_store, load_model

    with progress("Loading the model into the store"):
        place = find_store(store, model_path)
        model = load_model(model_path, place, scenario=scenario, include_inferences=not no_inferences, entail=entail)
    # To look for them in a store elsewhere may take it longer than the load; qe-kg validate makes a copy there first.
    problems = len(model.problems) if isinstance(place, Path) else 0
    if problems:
        click.echo(f"warning: the model has {count(problems, 'faulty reference')}; see qe-kg validate", err=True)
    click.echo(f"{model.name}: loaded into {store}", err=True)
