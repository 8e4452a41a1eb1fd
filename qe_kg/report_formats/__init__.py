"""Findings in the formats that CI systems read: one module a format, all with the same input and fixed output."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from qe_kg.errors import CallError
from qe_kg.report_formats.findings import Report

#: Format → the module that writes it.
FORMATS = ("sarif", "junit", "github", "gitlab", "summary")


def write(report: Report, form: str) -> str:
    """Write a report in one of `FORMATS`; equal reports give equal text.

    Raises:
        CallError: there is no such format.

    """
    if form not in FORMATS:
        raise CallError(f"there is no report format {form!r}; known are {', '.join(FORMATS)}")
    writer: Callable[[Report], str] = import_module(f"qe_kg.report_formats.{form}").write
    return writer(report)
