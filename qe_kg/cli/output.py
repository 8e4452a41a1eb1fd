"""Printing answers: tables, CSV, Markdown, JSON."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from qe_kg.lineage.answer import Tell

#: So many rows of CSV are written at once.
_ROWS = 5000


def emit(text: str, output: Path | None = None) -> None:
    """Write text to a file, whole or not at all, or to standard output."""
    emit_parts([text if text.endswith("\n") else f"{text}\n"], output)


def emit_parts(parts: Iterable[str], output: Path | None = None) -> None:
    """Write a text that comes in parts to a file, whole or not at all, or to standard output."""
    if output is None:
        for part in parts:
            click.echo(part, nl=False)
        return
    from qe_kg.atomic_files import atomic_output

    with atomic_output(output) as file:
        for part in parts:
            file.write(part.encode("utf-8"))


def as_json(value: Any) -> str:  # noqa: ANN401
    """Return JSON as this tool writes it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def json_parts(value: dict[str, Any], name: str, members: Iterable[Any]) -> Iterator[str]:
    """Yield an object as `as_json` writes it, with members in its list of a name, which is empty: they may be many."""
    before, after = as_json(value).split(f'"{name}": []', 1)
    begin, end = f'{before}"{name}": [', "]"
    for member in members:
        text = as_json(member).replace("\n", "\n    ")  # a line break within a string is written in another way
        yield f"{begin}\n    {text}"
        begin, end = ",", "\n  ]"
    yield f"{begin if end == ']' else ''}{end}{after}\n"


def as_rows(columns: Sequence[str], rows: Sequence[Sequence[str]], form: str, *, whole: int = 0) -> str:
    """Return rows as "table", "csv" or "md"; in a table the first ``whole`` columns are never broken."""
    if form == "csv":
        return "".join(csv_parts(columns, rows))
    if form == "md":
        lines = [_md_row(columns), _md_row(["---"] * len(columns)), *(_md_row(row) for row in rows)]
        return "\n".join(lines) + "\n"
    return _table(columns, rows, whole)


def csv_parts(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield rows as CSV, some thousand at a time: they may be many."""
    lines = chain([columns], rows)
    while some := list(islice(lines, _ROWS)):
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(some)
        yield buffer.getvalue()


def tell_lines(tell: Tell | None, form: str) -> str:
    """Return whom to tell as lines, in Markdown as a list with an empty line after it."""
    lines = list(tell.lines()) if tell else []
    if form == "md":
        return "".join(f"- tell {line}\n" for line in lines) + ("\n" if lines else "")
    return "".join(f"Tell {line}\n" for line in lines)


def _md_row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>") for cell in cells)
    return "| " + " | ".join(escaped) + " |"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], whole: int) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        table.add_column(Text(column), overflow="fold", no_wrap=index < whole)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    buffer = io.StringIO()
    console = Console(file=buffer, width=width(), height=25, force_terminal=sys.stdout.isatty(), legacy_windows=False)
    console.print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def width() -> int:
    """Return the width to fit; off a terminal nothing is wrapped, since who reads a file has no window to fit."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return "1 flow", "2 flows"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def styled(text: str, **style: Any) -> str:  # noqa: ANN401
    """Color text if standard output is a terminal that wants colors."""
    import os

    return click.style(text, **style) if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text
