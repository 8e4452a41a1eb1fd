"""``qe-kg fmt``."""

from __future__ import annotations

from pathlib import Path

import click

from qe_kg.cli.output import count, styled
from qe_kg.cli.progress import progress

_EPILOG = """\b
Examples:
  qe-kg fmt                       the Turtle files of the model in this folder
  qe-kg fmt data/flows.ttl shapes
  qe-kg fmt --check               change nothing; exit code 1 if a file would change
  qe-kg fmt --diff flows.ttl      change nothing; show what would change"""


@click.command("fmt", epilog=_EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH...]")
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would change as a patch.")
@click.option("--model", "model_path", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@click.pass_context
def fmt_command(ctx: click.Context, paths: tuple[Path, ...], check: bool, diff: bool, model_path: Path | None) -> None:
    """Write Turtle files the way everybody writes them, by turtlefmt.

    Comments and the order of what is written are kept. A file is changed only where the parser reads the very same
    triples before and after, literals as written included. PATH names files and folders (all .ttl files under them);
    without one, the files of the model itself are formatted.
    """
    from qe_kg.formatting import format_files, write_formatted
    from qe_kg.store.files import shown_path

    with progress("Formatting"):
        files = format_files(_files(paths, model_path))
    changed = [one for one in files if one.changed]
    dry = check or diff
    if not dry:
        write_formatted(changed)
    for one in changed:
        name = shown_path(one.path)
        if diff:
            click.echo(one.diff(name), nl=False)
        else:
            click.echo(f"{'would format' if dry else 'formatted'} {styled(name, bold=True)}")
    unchanged = count(len(files) - len(changed), "file")
    click.echo(f"{count(len(changed), 'file')} {'would change' if dry else 'changed'}, {unchanged} did not", err=True)
    ctx.exit(1 if dry and changed else 0)


def _files(paths: tuple[Path, ...], model_path: Path | None) -> list[Path]:
    from qe_kg.errors import CallError
    from qe_kg.formatting import SUFFIXES
    from qe_kg.loose_files import expand_paths
    from qe_kg.manifest import RDF_ROLES, find_model, read_manifest

    if paths:
        if model_path:
            raise CallError("--model names the files to format, and so does PATH; leave out one of them")
        found = expand_paths(paths)
        for path in found:
            if path.suffix.lower() not in SUFFIXES:
                raise CallError(f"{path}: only Turtle ({', '.join(SUFFIXES)}) is formatted")
        return found
    manifest = read_manifest(find_model(model_path))
    own = [file.path for file in manifest.of_role(*RDF_ROLES) if not file.builtin]
    return [path for path in own if path.suffix.lower() in SUFFIXES]
