"""A summary in Markdown: for the page of a CI run, or a comment on a change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from qe_kg.report_formats.findings import LEVELS, Finding, Report
from qe_kg.validation.rule_help import RuleHelp

_NAMES = {"error": "Violation", "warning": "Warning", "note": "Info"}
#: How many findings of one rule are listed; a page of a CI run has a limit.
_LISTED = 50


def write(report: Report) -> str:
    """Write the verdict, a table of rules, and the open findings of each with their places."""
    verdict = "nothing to mend" if not report.open else ("passes, with remarks" if report.ok else "does not pass")
    lines = [f"## qe-kg {report.name}: {verdict}", ""]
    lines += [f"{fact[:1].upper()}{fact[1:]}." for fact in report.facts]
    lines += ["", *_table(report)] if report.findings else []
    key = [(LEVELS.index(one.level), one.rule) for one in report.open]
    assert key == sorted(key), "findings are in order"
    for rule, group in groupby(report.open, key=lambda one: one.rule):
        lines += ["", *_of_rule(report.rules.get(rule, RuleHelp(rule)), list(group))]
    return "\n".join(lines) + "\n"


def _table(report: Report) -> Iterable[str]:
    yield "| rule | gravity | what it asks | open | accepted |"
    yield "|---|---|---|--:|--:|"
    counts = Counter((one.level, one.rule, one.status == "open") for one in report.findings)
    for level, rule in dict.fromkeys((one.level, one.rule) for one in report.findings):
        title = report.rules[rule].title if rule in report.rules else ""
        yield (
            f"| {_text(rule)} | {_NAMES[level]} | {_text(title)} | {counts[level, rule, True]} "
            f"| {counts[level, rule, False]} |"
        )


def _of_rule(known: RuleHelp, findings: list[Finding]) -> Iterable[str]:
    yield f"### {_text(known.rule)}{': ' * bool(known.title)}{_text(known.title)}"
    yield ""
    yield _text(known.statement or findings[0].message)
    for name, text in (("To mend", known.remedy), ("Based on", "; ".join(map(str, known.basis)))):
        if text:
            yield f"\n**{name}:** {_text(text)}"
    various = len({one.message for one in findings}) > 1
    if not various and findings[0].message != known.statement and known.statement:
        yield f"\n{_text(findings[0].message)}"
    yield ""
    for one in findings[:_LISTED]:
        path = f" `{one.properties['path']}`" if "path" in one.properties else ""
        said = f": {_text(one.message)}" if various else ""
        yield f"- {f'`{one.place}` ' if one.place else ''}{_text(one.label)}{path}{said}"
    if len(findings) > _LISTED:
        yield f"- and {len(findings) - _LISTED} more"


def _text(text: str) -> str:
    """Write text so that Markdown shows it as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split()))
