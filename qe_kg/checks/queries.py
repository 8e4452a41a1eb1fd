"""Checks of queries and of the competency questions that they answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qe_kg.checks.context import Context, finding
from qe_kg.competency import Question, answer, read_questions
from qe_kg.errors import QeKgError, QueryError, ReadError
from qe_kg.query_library import LibraryQuery, read_query
from qe_kg.report_formats.findings import Finding
from qe_kg.sparql_text import check_allowed, refuse_graphs
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.files import shown_path
from qe_kg.store.protocol import Solutions
from qe_kg.validation.report import SourcePlace


def check_queries(context: Context) -> Iterator[Finding]:
    """Check that each query parses, may be run, and answers with the columns that its header declares."""
    empty = EmbeddedStore()
    for directory, path in context.query_files:
        name = path.relative_to(directory).with_suffix("").as_posix()
        shown = shown_path(path)
        try:
            query = read_query(path, name)
            check_allowed(query.text)
            refuse_graphs(query.text)
            found = empty.query(query.text, context.manifest.namespaces.prefixes)
        except QueryError as error:
            yield finding("QRY-01", error.problem, name, _place(error, path, shown), identity=(error.problem,))
            continue
        if isinstance(found, Solutions) and query.columns and tuple(found.columns) != query.columns:
            message = f"the header declares the columns {_list(query.columns)}, the query gives {_list(found.columns)}"
            yield finding("QRY-02", message, name, _line(path, shown, "columns"), identity=(message,))
        elif query.columns and not isinstance(found, Solutions):
            yield finding(
                "QRY-02", "the header declares columns, and the query is no SELECT", name, _line(path, shown, "columns")
            )
        yield from _unused(query, name, path, shown)
        if not query.question:
            message = "the header asks no question; add a line '#+ question: …'"
            yield finding("QRY-03", message, name, SourcePlace(shown, 1), level="warning")


def _unused(query: LibraryQuery, name: str, path: Path, shown: str) -> Iterator[Finding]:
    body = "\n".join(line for line in query.text.splitlines() if not line.startswith("#"))
    for parameter in query.parameters:
        if f"?{parameter.name}" not in body and f"${parameter.name}" not in body:
            message = f"the parameter {parameter.name!r} is nowhere in the query"
            yield finding("QRY-04", message, name, _line(path, shown, parameter.name), identity=(parameter.name,))


def _list(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names) or "none"


def _place(error: QueryError, path: Path, shown: str) -> SourcePlace:
    if error.line is None:
        # The header's own errors carry their place in the text.
        parts = error.problem.removeprefix(f"{path}:").split(":", 2)
        if len(parts) == 3 and parts[0].isdigit() and parts[1].isdigit():
            return SourcePlace(shown, int(parts[0]), int(parts[1]), int(parts[0]), int(parts[1]) + 1)
        return SourcePlace(shown, None)
    end = None if error.column is None else error.column + 1
    return SourcePlace(shown, error.line, error.column, error.line, end)


def _line(path: Path, shown: str, key: str) -> SourcePlace:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#+") and f"{key}:" in line:
            start = line.index(f"{key}:") + 1
            return SourcePlace(shown, number, start, number, len(line) + 1)
    return SourcePlace(shown, 1)


def check_questions(context: Context) -> Iterator[Finding]:
    """Check that each competency question has the answer that was worked out by hand."""
    try:
        questions = read_questions(context.manifest)
    except ReadError as error:
        file, _, problem = str(error).partition(": ")
        yield finding("CQ-02", problem, Path(file).name, SourcePlace(shown_path(Path(file)), None), identity=(problem,))
        return
    for question in questions:
        yield from _asked(context, question)


def _asked(context: Context, question: Question) -> Iterator[Finding]:
    shown = shown_path(question.path)
    try:
        columns, rows = answer(context.model(question.include_inferences), question)
    except QeKgError as error:
        message = f"the question cannot be asked: {error}"
        yield finding("CQ-02", message, question.question, _key(question.path, shown, "query"), identity=(str(error),))
        return
    if columns != question.columns:
        message = f"the answer has the columns {_list(columns)}, not {_list(question.columns)}"
        yield finding("CQ-01", message, question.question, _key(question.path, shown, "columns"), identity=(message,))
    elif rows != question.rows:
        missing = [row for row in question.rows if row not in rows]
        more = [row for row in rows if row not in question.rows]
        parts = [f"{len(missing)} missing, such as {_row(missing[0])}"] if missing else []
        parts += [f"{len(more)} more, such as {_row(more[0])}"] if more else []
        message = f"the answer has other rows than were worked out: {'; '.join(parts) or 'the same in another order'}"
        yield finding("CQ-01", message, question.question, _key(question.path, shown, "rows"), identity=(message,))


def _row(row: tuple[str, ...]) -> str:
    return f"({', '.join(row)})"


def _key(path: Path, shown: str, key: str) -> SourcePlace:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.partition("=")[0].strip() == key:
            return SourcePlace(shown, number, 1, number, len(line) + 1)
    return SourcePlace(shown, 1)
