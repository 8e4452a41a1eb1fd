"""Reports for CI systems, as options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from qe_kg.cli.output import emit

if TYPE_CHECKING:
    from qe_kg.report_formats.findings import Report

Command = TypeVar("Command", bound=Callable[..., Any])

#: The same as `qe_kg.report_formats.FORMATS`, here so that help needs none of it.
REPORT_FORMATS = ("sarif", "junit", "github", "gitlab", "summary")


def _read(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
    found = []
    for value in values:
        form, sign, file = value.partition("=")
        if form not in REPORT_FORMATS or not sign or not file:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE with one of {', '.join(REPORT_FORMATS)}")
        found.append((form, Path(file)))
    return tuple(found)


def reports_option(command: Command) -> Command:
    """Add --report, which may be given several times."""
    return click.option(
        "--report", "reports", multiple=True, metavar="FORMAT=FILE", callback=_read,
        help=f"Also write a report for CI to a file; FORMAT is one of {', '.join(REPORT_FORMATS)}.",
    )(command)  # fmt: skip


def emit_reports(report: Report, form: str, output: Path | None, more: Iterable[tuple[str, Path]]) -> None:
    """Write the reports that --report names, and the one of --format if that is one of them."""
    from qe_kg.report_formats import write

    for name, file in more:
        emit(write(report, name), file)
    if form in REPORT_FORMATS:
        text = write(report, form)
        if text or output:
            emit(text, output)
