"""Printing answers: tables, CSV, Markdown, JSON."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from qe_kg.lineage.answer import Tell


def emit(text: str, output: Path | None = None) -> None:
    """Write text to a file, whole or not at all, or to standard output."""
    if not text.endswith("\n"):
        text += "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    from qe_kg.atomic_files import atomic_output

    with atomic_output(output) as file:
        file.write(text.encode("utf-8"))


def as_json(value: Any) -> str:  # noqa: ANN401
    """Return JSON as this tool writes it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def as_rows(columns: Sequence[str], rows: Sequence[Sequence[str]], form: str, *, whole: int = 0) -> str:
    """Return rows as "table", "csv" or "md"; in a table the first ``whole`` columns are never broken."""
    if form == "csv":
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return buffer.getvalue()
    if form == "md":
        lines = [_md_row(columns), _md_row(["---"] * len(columns)), *(_md_row(row) for row in rows)]
        return "\n".join(lines) + "\n"
    return _table(columns, rows, whole)


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
