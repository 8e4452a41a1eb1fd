"""Workflow commands of GitHub Actions, which become annotations on the lines of a change.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from qe_kg.report_formats.findings import Finding, Report

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def write(report: Report) -> str:
    """Write one command for each open finding; nothing where there is none."""
    return "".join(f"{_command(one)}\n" for one in report.open)


def _command(one: Finding) -> str:
    place = one.place
    properties: dict[str, object] = {}
    if place is not None:
        properties["file"] = place.file
        if place.line is not None:
            properties |= {"line": place.line, "endLine": place.end_line}
            # Columns count only within one line.
            if place.end_line == place.line:
                properties |= {"col": place.column, "endColumn": place.end_column}
    properties["title"] = f"{one.rule}: {one.label}"
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None)
    return f"::{_COMMANDS[one.level]} {written}::{_data(one.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
