"""JUnit XML, as CI systems read it: a rule is a class, a finding a case that fails.

A finding that is accepted is a case that is skipped, one that is too light to fail a case that says so and passes.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from qe_kg.report_formats.findings import Finding, Report

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report) -> str:
    """Write one suite; without findings it holds one case that passes."""
    cases = [_case(one, one.level in report.failing) for one in report.findings] or [
        f'    <testcase classname={_attribute(report.name)} name="nothing to report"/>'
    ]
    failures = sum(one.level in report.failing for one in report.open)
    skipped = len(report.findings) - len(report.open)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'
    name = _attribute(f"qe-kg {report.name}")
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites name={name} {counts}>",
            f"  <testsuite name={name} {counts}>",
            *cases,
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _case(one: Finding, fails: bool) -> str:
    path = one.properties.get("path", "")
    value = one.properties.get("value", "")
    value = "" if value == one.properties.get("focus") else value
    name = " ".join(part for part in (one.label, path, value) if part)
    where = "" if one.place is None else f" file={_attribute(one.place.file)}"
    if one.place is not None and one.place.line is not None:
        where += f' line="{one.place.line}"'
    opening = f"    <testcase classname={_attribute(one.rule)} name={_attribute(name)}{where}>"
    if one.status != "open":
        reason = f"{one.status}: {one.reason}" if one.reason else one.status
        inside = f"<skipped message={_attribute(reason)}/>"
    elif not fails:
        inside = f"<system-out>{escape(_clean(f'{one.level}: {one.message}'))}</system-out>"
    else:
        text = f"{one.place or ''}\n{one.message}".strip()
        inside = (
            f"<failure type={_attribute(one.level)} message={_attribute(one.message)}>{escape(_clean(text))}</failure>"
        )
    return f"{opening}{inside}</testcase>"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _attribute(text: str) -> str:
    return quoteattr(_clean(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
