"""``qe-kg reference``."""

from __future__ import annotations

from pathlib import Path

import click

from qe_kg.cli.output import count
from qe_kg.cli.progress import progress

_EPILOG = """\b
Examples:
  qe-kg reference --output docs/reference            write the pages, or bring them up to date
  qe-kg reference --output docs/reference --check    say which are out of date, for CI
  qe-kg reference --output site --to html"""


@click.command("reference", epilog=_EPILOG)
@click.option(
    "-o", "--output", "folder", required=True, metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the pages.",
)  # fmt: skip
@click.option("--to", type=click.Choice(["md", "html"]), default="md", show_default=True, help="What the pages are.")
@click.option("--check", is_flag=True, help="Write nothing; leave with 1 where a page is out of date.")
@click.option("--model", "model_path", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@click.pass_context
def reference_command(ctx: click.Context, /, folder: Path, to: str, check: bool, model_path: Path | None) -> None:
    """Write pages about the words of a model: one a term, with its definition, use, rules and an example.

    They are made from the ontology, the shapes, the rules, the queries and the data. Pages that are up to date are not
    touched; pages of terms that are gone are taken away; files that were not made with this command stay.
    """
    from qe_kg.manifest import find_model, read_manifest
    from qe_kg.reference import read_vocabulary
    from qe_kg.reference.folder import find_outdated, write_folder
    from qe_kg.reference.pages import write_pages

    with progress("Writing the reference"):
        vocabulary = read_vocabulary(read_manifest(find_model(model_path)))
        pages = write_pages(vocabulary)
        if to == "html":
            from qe_kg.reference.html import as_html

            pages = as_html(pages, vocabulary.name)
        found = find_outdated(folder, pages) if check else write_folder(folder, pages)
    if not check:
        written = len(found.missing) + len(found.changed)
        click.echo(
            f"{folder}: {count(len(pages), 'page')}, {written} written, {len(found.left_over)} taken away", err=True
        )
        return
    for what, names in (("missing", found.missing), ("out of date", found.changed), ("left over", found.left_over)):
        for name in names:
            click.echo(f"{what}: {folder / name}")
    if found:
        click.echo("run qe-kg reference without --check to bring them up to date", err=True)
    ctx.exit(int(bool(found)))
