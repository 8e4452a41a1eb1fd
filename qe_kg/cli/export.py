"""``qe-kg export``."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import chosen_scenario, chosen_store, model_options, open_for
from qe_kg.cli.output import count
from qe_kg.cli.progress import progress

if TYPE_CHECKING:
    from qe_kg.export.folder import Plan
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
  qe-kg export --base https://kg.acme.example/ -o acme.ttl
  qe-kg export --split graph --to ttl -o exported      a file a graph, and dataset.ttl about them
  qe-kg export --layout oxigraph -o for-oxigraph       with the command that loads it"""


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
@click.option(
    "--split", type=click.Choice(["graph", "size"]), help="Write a folder with a file for each graph, or of a size."
)
@click.option("--max-size", metavar="SIZE", help="With --split size: the most bytes a file has, such as 64MB.")
@click.option(
    "--layout",
    type=click.Choice(["fuseki", "graphdb", "neptune", "oxigraph", "rdf4j", "stardog", "virtuoso"]),
    help="Write a folder as this product's bulk loader takes it, with the command.",
)
@click.option(
    "--describe", is_flag=True, help="Write a folder with a VoID and DCAT description; --split and --layout do."
)
@click.option("--url", help="Where the folder will be published, for the description's download addresses.")
@model_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to this file instead; a folder where there are several.",
)
def export_command(
    form: str | None, only: tuple[str, ...], also: tuple[str, ...], base: str | None, profile: str | None,
    compress: str | None, order: str, split: str | None, max_size: str | None, layout: str | None, describe: bool,
    url: str | None, model_path: Path | None, no_inferences: bool, entail: bool, output: Path | None,
) -> None:  # fmt: skip
    """Write the model as RDF, byte for byte the same each time.

    Literals are written as they are in the source files; with --store as the store has them. A file or folder is
    replaced only when the new one is whole. In trig, nq and jsonld each source file is a named graph, and so is what
    is inferred; the other formats have no graphs, so they refuse to mix it with what is asserted.
    """
    from qe_kg.export.compression import compression_of, uncompressed_name
    from qe_kg.export.parts import DEFAULT_ROLES, INFERRED
    from qe_kg.export.writing import Style, export, moved
    from qe_kg.store.files import format_of

    into_folder = bool(split or layout or describe)
    _check(into_folder, split, max_size, url, output)
    if output is not None and not into_folder:
        if compress is not None and compression_of(output) not in (None, compress):
            raise click.UsageError(f"{output} is named for {compression_of(output)}, and --compress says {compress}")
        form, compress = form or format_of(uncompressed_name(output)), compress or compression_of(output)
    style = Style(form or _usual_form(layout), {}, order)
    plan = _plan(style, split, max_size, compress, layout) if into_folder else None
    roles = (*(only or DEFAULT_ROLES), *([INFERRED] if entail or also else []))
    parts, manifest = _open(roles, model_path, no_inferences, style)
    if profile is not None:
        parts = _public(parts, model_path)
    parts, prefixes = moved(parts, manifest.namespaces, base)
    style = replace(style, prefixes=prefixes)
    with progress("Exporting"):
        if plan is not None and output is not None:
            return _write_folder(parts, output, replace(plan, style=style), manifest, base, url)
        target = sys.stdout.buffer if output is None else output
        written = export(parts, target, style, compress)
    if output is not None:
        click.echo(f"{output}: {count(written, 'statement')} from {manifest.name}", err=True)
    return None


def _check(into_folder: bool, split: str | None, max_size: str | None, url: str | None, output: Path | None) -> None:
    """Refuse options that do not go together."""
    if into_folder and output is None:
        raise click.UsageError("a folder is needed for it; add -o DIR")
    if not into_folder and output is not None and output.is_dir():
        raise click.UsageError(f"{output} is a folder; name a file, or add --split, --layout or --describe")
    if (max_size is not None) != (split == "size"):
        raise click.UsageError("--split size and --max-size SIZE go together")
    if url is not None and not into_folder:
        raise click.UsageError("--url is for the description of a folder; add --describe")


def _usual_form(layout: str | None) -> str:
    from qe_kg.export.layouts import LAYOUTS

    return LAYOUTS[layout].forms[0] if layout else "ttl"


def _plan(style: Style, split: str | None, max_size: str | None, compress: str | None, layout: str | None) -> Plan:
    from qe_kg.export.folder import Plan, read_size
    from qe_kg.export.layouts import LAYOUTS

    chosen = LAYOUTS[layout] if layout else None
    split = split or (chosen.split if chosen else None)
    return Plan(style, split, read_size(max_size) if max_size else 0, compress, chosen)


def _write_folder(
    parts: tuple[Part, ...], folder: Path, plan: Plan, manifest: Manifest, base: str | None, url: str | None
) -> None:
    from qe_kg.export.description import Dataset
    from qe_kg.export.folder import export_folder
    from qe_kg.export.writing import rebasing

    namespaces, own = manifest.namespaces, manifest.own_namespace
    if base is not None:
        own = rebasing(namespaces.base, base)(own)
        namespaces = replace(namespaces, base=base)
    files = export_folder(parts, folder, plan, Dataset.of(manifest, namespaces, own, url))
    written = sum(file.content.statements for file in files)
    click.echo(f"{folder}: {count(written, 'statement')} in {count(len(files), 'file')} from {manifest.name}", err=True)


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
    model = open_for(model_path, no_inferences, INFERRED in roles or _is_entailed(model_path))
    return model.parts(roles), model.manifest


def _is_entailed(model_path: Path | None) -> bool:
    """Tell whether the store on disk holds what is inferred, which is not written unless it is asked for."""
    from qe_kg.opening import find_store
    from qe_kg.store.stamp import Stamp

    store = chosen_store()
    place = None if store is None else find_store(store, model_path)
    return isinstance(place, Path) and Stamp.read(place).entailed


def _public(parts: tuple[Part, ...], model_path: Path | None) -> tuple[Part, ...]:
    """Return what is public of it; say on standard error what is left out."""
    from qe_kg.export.parts import INFERRED, quads_of
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
    # What the parts say beside the files: all that a store holds, or what was inferred.
    more = (part for part in parts if store is not None or part.name == INFERRED)
    left_out = find_left_out(chain(files.quads(*RDF_ROLES), quads_of(more)), names)
    listed = ", ".join(f"{number:,} {names.compact(kind)}" for kind, number in sorted(left_out.by_class.items()))
    told = f"left out as not public: {count(len(left_out.names), 'element')}" + (f" ({listed})" if listed else "")
    if left_out.unclassified:
        told += f"; written though nobody classified them: {count(left_out.unclassified, 'information item')}"
    click.echo(told, err=True)
    return tuple(part.only(left_out.keeps) for part in parts)
