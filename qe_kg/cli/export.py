"""``qe-kg export``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qe_kg.cli.options import model_options, open_for, output_option
from qe_kg.cli.output import count
from qe_kg.cli.progress import progress

_PARTS = ("ontology", "data", "inference", "baseline", "waivers", "shapes", "alignments")
_EPILOG = """\b
Examples:
  qe-kg export -o model.ttl
  qe-kg export --to nq > model.nq                 one graph a source file
  qe-kg export --only data --to jsonld -o data.jsonld
  qe-kg export --only alignments -o alignments.ttl     what other vocabularies call our terms
  qe-kg export --base https://kg.acme.example/ -o acme.ttl"""


@click.command("export", epilog=_EPILOG)
@click.option(
    "--to",
    "form",
    type=click.Choice(["ttl", "trig", "nt", "nq", "rdfxml", "jsonld", "n3"]),
    help="RDF format; told by the file's ending, else ttl.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(_PARTS),
    help="Write only this part; may be given several times.  [default: ontology, data, inference]",
)
@click.option("--base", metavar="IRI", help="Write all IRIs of ours under this base.")
@model_options
@output_option
def export_command(
    form: str | None, only: tuple[str, ...], base: str | None, model_path: Path | None, no_inferences: bool,
    entail: bool, output: Path | None,
) -> None:  # fmt: skip
    """Write the model as RDF, byte for byte the same each time.

    Literals are written as they are in the source files. A file is replaced only when the new one is whole. In
    trig and nq each source file is a named graph; what --entail adds is a graph of its own.
    """
    from qe_kg.model import EXPORT_ROLES
    from qe_kg.store.files import format_of

    form = form or (format_of(output) if output else "ttl")
    roles = [*(only or EXPORT_ROLES), *(["entailed"] if entail else [])]
    model = open_for(model_path, no_inferences, entail)
    with progress("Exporting"):
        written = model.export(sys.stdout.buffer if output is None else output, form, roles=roles, base=base)
    if output is not None:
        click.echo(f"{output}: {count(written, 'statement')} from {model.name}", err=True)
