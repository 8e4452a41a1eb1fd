"""``qe-kg init``."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Examples:
  qe-kg init bakery
  qe-kg init models/grid --name "Grid Company" --namespace https://grid.example/id/ --prefix grid

\b
Then:
  cd bakery && qe-kg validate"""


@click.command("init", epilog=_EPILOG)
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--name", help="The model's name; the directory's by default.")
@click.option("--namespace", metavar="IRI", help="What the IRIs of its elements start with; ends with / or #.")
@click.option("--prefix", help="Prefix for that namespace.")
def init_command(directory: Path, name: str | None, namespace: str | None, prefix: str | None) -> None:
    """Make a new model DIRECTORY: a small valid example with a manifest, a source and a pipeline.

    Nothing that is there is overwritten.
    """
    from qe_kg.scaffold import create_model

    for path in create_model(directory, name=name, namespace=namespace, prefix=prefix):
        click.echo(path)
    click.echo(f"a model is in {directory}; check it with: qe-kg validate --model {directory}", err=True)
