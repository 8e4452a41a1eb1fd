"""``qe-kg coverage``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import format_option, output_option
from qe_kg.cli.output import as_json, as_rows, count, emit
from qe_kg.cli.progress import progress

if TYPE_CHECKING:
    from qe_kg.reference import Coverage, TermCoverage

_EPILOG = """\b
Examples:
  qe-kg coverage                                    every term, and how often it has what
  qe-kg coverage --gaps definition,query,shape      only terms that lack one of these
  qe-kg coverage --fail-on definition --fail-on datum
  qe-kg coverage --model examples/riverside-clinic --format csv

\b
Columns for --gaps and --fail-on: definition, question, query, shape, datum, alignment; any means all of them."""


def _columns(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    from qe_kg.errors import CallError, nearest
    from qe_kg.reference import COLUMNS

    given = [name.strip() for value in values for name in value.split(",") if name.strip()]
    for name in given:
        if name not in (*COLUMNS, "any"):
            hint = "".join(f"; did you mean {one}?" for one in nearest(name, COLUMNS)[:1])
            raise CallError(f"a term has no {name!r}{hint}; known are {', '.join(COLUMNS)} and any")
    return COLUMNS if "any" in given else tuple(given)


@click.command("coverage", epilog=_EPILOG)
@click.option("--gaps", multiple=True, metavar="COLUMN", callback=_columns, help="Only terms that lack one of these.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="COLUMN",
    callback=_columns,
    help="Leave with 1 where a term lacks one of these.",
)
@click.option("--model", "model_path", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@format_option("table", "json", "csv", "md")
@output_option
@click.pass_context
def coverage_command(
    ctx: click.Context, /, gaps: tuple[str, ...], fail_on: tuple[str, ...], model_path: Path | None, form: str,
    output: Path | None,
) -> None:  # fmt: skip
    """Tell which terms of the ontology are defined, asked about, queried, checked, used and aligned.

    A term is a class or a property that an ontology of the model describes. A competency question uses what its query
    uses. Statements count for a term where they use it, or a term below it.
    """
    from qe_kg.manifest import find_model, read_manifest
    from qe_kg.reference import read_coverage, read_vocabulary

    with progress("Reading the vocabulary"):
        found = read_coverage(read_vocabulary(read_manifest(find_model(model_path))))
    emit(_written(found, gaps, form), output)
    lacking = {column: len(found.lacking([column])) for column in fail_on}
    for column, number in lacking.items():
        if number:
            click.echo(f"{count(number, 'term lacks', 'terms lack')} {_ARTICLES[column]}", err=True)
    ctx.exit(int(any(lacking.values())))


_ARTICLES = {
    "definition": "a definition", "question": "a question", "query": "a query", "shape": "a shape",
    "datum": "a datum", "alignment": "an alignment",
}  # fmt: skip


def _written(found: Coverage, gaps: tuple[str, ...], form: str) -> str:
    from qe_kg.reference import COLUMNS

    terms = found.lacking(gaps) if gaps else found.terms
    if form == "json":
        document = found.to_dict()
        document["terms"] = [one.to_dict() for one in terms]
        return as_json(document)
    rows = [_row(one, COLUMNS, form) for one in terms]
    text = as_rows(("term", "kind", "module", *COLUMNS, "place"), rows, form, whole=1)
    if form != "table":
        return text
    lacks = ", ".join(f"{column} {number}" for column, number in found.gaps.items())
    return f"{text}\n{count(len(found.terms), 'term')} of {found.model}; without: {lacks}\n"


def _row(one: TermCoverage, columns: tuple[str, ...], form: str) -> tuple[str, ...]:
    none = "0" if form == "csv" else "–"
    module = one.term.module.rstrip("/#").rpartition("/")[2]
    counts = (str(one.counts[column]) if one.counts[column] else none for column in columns)
    return (one.name, one.term.kind, module, *counts, one.term.place.on_line)
