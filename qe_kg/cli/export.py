"""``qe-kg export``."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import chosen_scenario, chosen_store, model_options, open_for, output_option, store_option
from qe_kg.cli.output import count
from qe_kg.cli.progress import progress

if TYPE_CHECKING:
    from qe_kg.export.parts import Part
    from qe_kg.export.writing import Style
    from qe_kg.manifest import Manifest

_PARTS = ("ontology", "data", "inference", "baseline", "waivers", "shapes", "alignments")
_EPILOG = """\b
Examples:
  qe-kg export -o model.ttl
  qe-kg export --to nq > model.nq                 one graph a source file
  qe-kg export -o model.nq.zst                    the file's endings tell format and compression
  qe-kg export --only data --to jsonld -o data.jsonld
  qe-kg export --only alignments -o alignments.ttl     what other vocabularies call our terms
  qe-kg export --with inferred -o model.trig      what follows from the ontology, as a graph of its own
  qe-kg export --profile public -o public.ttl     without what is classified as not public
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
@click.option(
    "--with",
    "also",
    multiple=True,
    type=click.Choice(["inferred"]),
    help="Add what follows by OWL 2 RL, as a graph of its own; the same as --entail.",
)
@click.option("--base", metavar="IRI", help="Write all IRIs of ours under this base.")
@click.option(
    "--profile", type=click.Choice(["public"]), help="Leave out what is classified as not public, and all about it."
)
@click.option(
    "--compress", type=click.Choice(["gzip", "zstd"]), help="Compress; told by the file's ending (.gz, .zst) too."
)
@click.option(
    "--order",
    type=click.Choice(["auto", "sorted", "source"]),
    default="auto",
    show_default=True,
    help="Order of statements; source takes no memory, and auto is sorted for models of up to 64 MB.",
)
@model_options
@store_option
@output_option
def export_command(
    form: str | None, only: tuple[str, ...], also: tuple[str, ...], base: str | None, profile: str | None,
    compress: str | None, order: str, model_path: Path | None, no_inferences: bool, entail: bool, output: Path | None,
) -> None:  # fmt: skip
    """Write the model as RDF, byte for byte the same each time.

    Literals are written as they are in the source files; with --store as the store has them. A file is replaced only
    when the new one is whole. In trig, nq and jsonld each source file is a named graph, and so is what is inferred;
    the other formats have no graphs, so they refuse to mix it with what is asserted.
    """
    from qe_kg.export.compression import compression_of, uncompressed_name
    from qe_kg.export.parts import DEFAULT_ROLES, INFERRED
    from qe_kg.export.writing import Style, export, moved
    from qe_kg.store.files import format_of

    form = form or (format_of(uncompressed_name(output)) if output else "ttl")
    compress = compress or (compression_of(output) if output else None)
    roles = (*(only or DEFAULT_ROLES), *([INFERRED] if entail or also else []))
    style = Style(form, {}, order)
    parts, manifest = _open(roles, model_path, no_inferences, style)
    if profile is not None:
        parts = _public(parts, model_path)
    parts, prefixes = moved(parts, manifest.namespaces, base)
    with progress("Exporting"):
        target = sys.stdout.buffer if output is None else output
        written = export(parts, target, replace(style, prefixes=prefixes), compress)
    if output is not None:
        click.echo(f"{output}: {count(written, 'statement')} from {manifest.name}", err=True)


def _open(
    roles: tuple[str, ...], model_path: Path | None, no_inferences: bool, style: Style
) -> tuple[tuple[Part, ...], Manifest]:
    """Return what to write. A large model is not loaded for it, so its references are not checked."""
    from qe_kg.export.parts import INFERRED, parts_of_files
    from qe_kg.opening import read_files

    if chosen_store() is None and INFERRED not in roles:
        files = read_files(model_path, scenario=chosen_scenario(), include_inferences=not no_inferences)
        parts = parts_of_files(files, roles)
        if not style.sorts(parts):
            return parts, files.manifest
    model = open_for(model_path, no_inferences, INFERRED in roles)
    return model.parts(roles), model.manifest


def _public(parts: tuple[Part, ...], model_path: Path | None) -> tuple[Part, ...]:
    """Return what is public of it; say on standard error what is left out."""
    from qe_kg.export.parts import quads_of
    from qe_kg.export.public import find_left_out
    from qe_kg.manifest import RDF_ROLES
    from qe_kg.opening import find_store, read_files
    from qe_kg.store.stamp import Stamp

    store, scenario = chosen_store(), chosen_scenario()
    place = None if store is None else find_store(store, model_path)
    if isinstance(place, Path):
        stamp = Stamp.read(place)
        model_path, scenario = Path(stamp.model), stamp.scenario
    # Who classified an item may be a reader, whose inferences are read for it also where they are not written.
    files = read_files(model_path, scenario=scenario)
    names = files.manifest.namespaces
    left_out = find_left_out(chain(files.quads(*RDF_ROLES), quads_of(parts)), names)
    listed = ", ".join(f"{number:,} {names.compact(kind)}" for kind, number in sorted(left_out.by_class.items()))
    told = f"left out as not public: {count(len(left_out.names), 'element')}" + (f" ({listed})" if listed else "")
    if left_out.unclassified:
        told += f"; written though nobody classified them: {count(left_out.unclassified, 'information item')}"
    click.echo(told, err=True)
    return tuple(part.only(left_out.keeps) for part in parts)
