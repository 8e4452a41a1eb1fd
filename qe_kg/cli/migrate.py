"""``qe-kg migrate``."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import format_option
from qe_kg.cli.output import as_json, as_rows, count, emit

if TYPE_CHECKING:
    from qe_kg.manifest import Manifest
    from qe_kg.migrations import Migrated, Migration

_EPILOG = """\b
Examples:
  qe-kg migrate --check                   is there anything to migrate? (exit code 1 if so)
  qe-kg migrate --dry-run                 show what would change in the files
  qe-kg migrate --model models/grid
  qe-kg migrate --migrations our-migrations/"""


@click.command("migrate", epilog=_EPILOG)
@click.option("--model", "model", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@click.option("--check", is_flag=True, help="Write nothing; leave with 1 where something is to be migrated.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show the changes as a diff.")
@click.option(
    "--migrations", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Migrations instead of the shipped."
)
@format_option("table", "json", "csv", "md")
@click.pass_context
def migrate_command(
    ctx: click.Context, /, model: Path | None, check: bool, dry_run: bool, folder: Path | None, form: str
) -> None:
    """Rewrite a model for the names of this release.

    Only the model's own files are touched: its Turtle, also that of scenarios, and its queries. Comments and order
    stay. A file is replaced only after its new text was found to say just what the migration says.
    """
    from qe_kg.manifest import find_model, read_manifest
    from qe_kg.migrations import read_migrations

    manifest = read_manifest(find_model(model))
    migrations = read_migrations(folder)
    found, problems = _migrated(manifest, migrations)
    if dry_run:
        emit("".join(_diff(path, one) for path, one in found.items()) or "nothing to migrate")
    else:
        _report(found, manifest, form, written=not check, known=len(migrations))
    if not check and not dry_run:
        _write(found)
    for problem in problems:
        click.echo(f"qe-kg: {problem}", err=True)
    ctx.exit(3 if problems else 1 if check and found else 0)


def _migrated(manifest: Manifest, migrations: tuple[Migration, ...]) -> tuple[dict[Path, Migrated], list[str]]:
    from qe_kg.errors import QeKgError
    from qe_kg.migrations import migrate_query, migrate_text

    found: dict[Path, Migrated] = {}
    problems = []
    for path in _files(manifest):
        migrate = migrate_query if path.suffix == ".rq" else migrate_text
        try:
            text = path.read_bytes().decode("utf-8")
            one = migrate(text.replace("\r\n", "\n"), migrations, manifest.namespaces)
        except (OSError, UnicodeDecodeError, QeKgError) as error:
            problems.append(f"{path}: {error}")
            continue
        if one.done:
            found[path] = one
    return found, problems


def _files(manifest: Manifest) -> list[Path]:
    """Return the files that are the model's own: Turtle of every role and scenario, and queries."""
    listed = [*manifest.files, *(file for scenario in manifest.scenarios for file in scenario.files)]
    turtle = [file.path for file in listed if not file.builtin and file.path.suffix in (".ttl", ".turtle")]
    from qe_kg.assets import asset_root

    own = [folder for folder in manifest.query_directories if folder != asset_root() / "queries"]
    return sorted({*turtle, *(path for folder in own for path in folder.rglob("*.rq"))})


def _report(found: dict[Path, Migrated], manifest: Manifest, form: str, *, written: bool, known: int) -> None:
    rows = [
        (_shown(path), one.release, one.name, one.title, str(number))
        for path, migrated in found.items()
        for one, number in migrated.done
    ]
    columns = ("file", "release", "migration", "title", "places")
    if form == "json":
        answer: dict[str, Any] = {
            "migrations": known,
            "written": written,
            "files": [dict(zip(columns, (*row[:4], int(row[4])), strict=True)) for row in rows],
        }
        emit(as_json(answer))
    elif form != "table":
        emit(as_rows(columns, rows, form))
    elif rows:
        emit(as_rows(columns, rows, form, whole=1))
        click.echo(f"{count(len(found), 'file')} {'migrated' if written else 'to migrate'}")
    else:
        click.echo(f"nothing to migrate in {manifest.name} ({count(known, 'migration')} known)")


def _diff(path: Path, one: Migrated) -> str:
    name = _shown(path)
    before = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, one.text.splitlines(keepends=True), f"a/{name}", f"b/{name}"))


def _write(found: dict[Path, Migrated]) -> None:
    from qe_kg.atomic_files import atomic_output

    for path, one in found.items():
        newline = b"\r\n" if b"\r\n" in path.read_bytes() else b"\n"
        with atomic_output(path) as file:
            file.write(one.text.encode("utf-8").replace(b"\n", newline))


def _shown(path: Path) -> str:
    from qe_kg.store.files import shown_path

    return shown_path(path)
