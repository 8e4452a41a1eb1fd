"""``qe-kg query``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import complete_queries, format_option, model_options, open_for, output_option
from qe_kg.cli.output import as_json, as_rows, count, emit
from qe_kg.cli.progress import progress
from qe_kg.errors import CallError, ParameterError, QueryError, ReadError

if TYPE_CHECKING:
    from qe_kg.model import Model
    from qe_kg.query_results import QueryResult

_EPILOG = """\b
Examples:
  qe-kg query impact/list-direct-recipients -p participant=AOV-04
  qe-kg query my-question.rq --format csv
  echo 'SELECT ?s WHERE { ?s a qe:ValueStream }' | qe-kg query -

\b
The prefixes of the model and the usual ones (qe: qed: qev: skos: prov: …) need not be declared."""


@click.command("query", epilog=_EPILOG)
@click.argument("query", metavar="NAME|FILE|-", shell_complete=complete_queries)
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the query; may be given several times.",
)
@model_options
@format_option("table", "json", "csv", "md", "ttl")
@output_option
def query_command(
    query: str, params: tuple[str, ...], model_path: Path | None, no_inferences: bool, entail: bool, form: str,
    output: Path | None,
) -> None:  # fmt: skip
    """Answer a query of the library, of a file, or from standard input.

    Parameters are bound as typed terms and never become query text. JSON is the W3C's SPARQL results format.
    """
    given: dict[str, str] = {}
    for name, value in map(_pair, params):
        if name in given:
            raise ParameterError(f"the parameter {name!r} is given twice")
        given[name] = value
    text = _text_of(query)
    model = open_for(model_path, no_inferences, entail)
    # The native engine does not notice Python's signal handler; let Ctrl-C end the process at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with progress("Answering"):
        try:
            answer = model.query(query if text is None else text, given)
        except QueryError as error:
            if text is None or text == query:
                raise
            where = "standard input" if query == "-" else query
            raise QueryError(error.problem, error.line, error.column, where) from error
    emit(_shown(model, answer, form), output)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ParameterError(f"-p takes NAME=VALUE, not {text!r}")
    return name.lstrip("?$"), value


def _text_of(query: str) -> str | None:
    """Return the text of a file or of standard input; None for a name of the library."""
    from qe_kg.sparql_text import is_query

    if query == "-":
        text = sys.stdin.read()
    elif is_query(query):
        text = query
    elif query.endswith((".rq", ".sparql")) or _is_file(query):
        try:
            text = Path(query).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ReadError(f"{query}: cannot be read: {error}") from error
    else:
        return None
    if not is_query(text):
        raise QueryError("there is no SPARQL query in it", file="standard input" if query == "-" else query)
    return text


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long for a path
        return False


def _shown(model: Model, answer: QueryResult, form: str) -> str:
    if form == "ttl" and not answer.is_graph:
        raise CallError("--format ttl is for CONSTRUCT and DESCRIBE; this query answers with rows")
    if answer.is_graph and form in ("ttl", "json"):
        if form == "json":
            raise CallError("a CONSTRUCT or DESCRIBE answers with triples; use --format ttl, table, csv or md")
        return _turtle(model, answer)
    if form == "json":
        return as_json(answer.to_dict())
    if answer.boolean is not None:
        return "yes" if answer.boolean else "no"
    rows = [["" if term is None else _cell(model, term.kind, term.value, form) for term in row] for row in answer.rows]
    text = as_rows(answer.columns, rows, form)
    return f"{text}\n{count(len(answer.rows), 'row')}\n" if form == "table" else text


def _cell(model: Model, kind: str, value: str, form: str) -> str:
    # CSV is for programs: whole IRIs, as the W3C's CSV format has them.
    return model.compact(value) if kind == "iri" and form != "csv" else value


def _turtle(model: Model, answer: QueryResult) -> str:
    lines = [f"@prefix {prefix}: <{namespace}> ." for prefix, namespace in sorted(model.namespaces.prefixes.items())]
    lines.append("")
    for row in answer.rows:
        nodes = [
            model.compact(term.value) if term.kind == "iri" and model.compact(term.value) != term.value else term.n3()
            for term in row
            if term is not None
        ]
        lines.append(f"{' '.join(nodes)} .")
    return "\n".join(lines)
