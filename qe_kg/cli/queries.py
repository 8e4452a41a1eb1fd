"""``qe-kg queries``."""

from __future__ import annotations

from pathlib import Path

import click

from qe_kg.cli.options import complete_queries, format_option
from qe_kg.cli.output import as_json, as_rows, emit

_EPILOG = """\b
Examples:
  qe-kg queries
  qe-kg queries --tag separation
  qe-kg queries impact/list-direct-recipients"""


@click.command("queries", epilog=_EPILOG)
@click.argument("name", required=False, shell_complete=complete_queries)
@click.option("--tag", help="Only queries with this tag.")
@click.option("--model", "model_path", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@format_option("table", "json", "csv", "md")
def queries_command(name: str | None, tag: str | None, model_path: Path | None, form: str) -> None:
    """List the library of queries with the question that each answers; with NAME, describe that one."""
    from qe_kg.manifest import find_model, read_manifest
    from qe_kg.query_library import QueryLibrary

    library = QueryLibrary(read_manifest(find_model(model_path)).query_directories)
    if name is not None:
        query = library.get(name)
        emit(as_json(query.to_dict()) if form == "json" else query.text)
        return
    chosen = [query for query in library.all() if tag is None or tag in query.tags]
    if form == "json":
        emit(as_json([query.to_dict() for query in chosen]))
        return
    rows = []
    for query in chosen:
        parameters = " ".join(p.name if p.required else f"[{p.name}]" for p in query.parameters)
        rows.append((query.name, parameters, query.question))
    emit(as_rows(("name", "parameters", "question"), rows, form, whole=1))
