"""What every format is made from: findings with stable identities, and the rules behind them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from qe_kg.validation.report import Result, SourcePlace, ValidationReport
from qe_kg.validation.rule_help import RuleHelp

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
_LEVEL_OF: dict[str, Level] = {"Violation": "error", "Warning": "warning", "Info": "note"}
#: A blank node's label as the parser makes it; it is another one in every run and therefore never shown.
_BLANK_LABEL = re.compile(r"(?:_:)?[0-9a-f]{28,32}\Z")


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        rule: identifier of the rule, the same in every run.
        level: how grave it is.
        message: what is wrong and the way to mend.
        label: a short name of what is at fault.
        place: where; None where that cannot be told.
        blamed: further places that share the blame.
        related: further places, each with what stands there.
        identity: texts that tell this finding from others, whatever the line it is on.
        status: "open", "waived" or "baseline".
        reason: why it is accepted.
        properties: further facts by name.

    """

    rule: str
    level: Level
    message: str
    label: str
    place: SourcePlace | None = None
    blamed: tuple[SourcePlace, ...] = ()
    related: tuple[tuple[str, SourcePlace], ...] = ()
    identity: tuple[str, ...] = ()
    status: str = "open"
    reason: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> tuple[SourcePlace, ...]:
        """Every place at fault, the first where the finding is shown."""
        return (self.place, *self.blamed) if self.place else ()

    @property
    def others(self) -> tuple[tuple[str, SourcePlace], ...]:
        """Every place but the first, each with what stands there."""
        what = f"shares the blame: {self.properties.get('path', 'the constraint looks at this')}"
        return (*((what, place) for place in self.blamed), *self.related)


@dataclass(frozen=True)
class Report:
    """What is written.

    Attributes:
        name: what was run ("validate", "check").
        ok: whether nothing open is grave enough to fail.
        findings: in a fixed order; make it with `ordered`.
        rules: help for the rules of the findings, by identifier.
        facts: sentences that sum up the run, without times.
        failing: the levels that fail.

    """

    name: str
    ok: bool
    findings: tuple[Finding, ...]
    rules: Mapping[str, RuleHelp] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    failing: tuple[Level, ...] = ("error",)

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nothing accounts for."""
        return tuple(one for one in self.findings if one.status == "open")


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by gravity, rule and place."""

    def key(one: Finding) -> tuple[object, ...]:
        place = one.place or SourcePlace("", None)
        return (
            LEVELS.index(one.level), one.rule, place.file, place.line or 0, place.column or 0, one.label,
            one.identity, one.message,
        )  # fmt: skip

    return tuple(sorted(findings, key=key))


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """Return a fingerprint for each finding: the same as long as rule and fault are, wherever they move.

    Two findings of one identity (of nodes without a name) are told apart by their order in the file.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for one in findings:
        identity = (one.rule, *one.identity)
        seen[identity] += 1
        text = "\x1f".join((*identity, str(seen[identity])))
        found.append(hashlib.sha256(text.encode("utf-8")).hexdigest())
    return found


def uri_of(file: str) -> str:
    """Return the URI of a file as it is reported: relative to the current folder where it lies in it."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def from_validation(report: ValidationReport) -> Report:
    """Turn a validation's report into findings."""
    findings = ordered(_finding(result) for result in report.results)
    summary = report.summary
    facts = [
        f"{summary.open} open, {summary.baseline} in the baseline, {summary.waived} waived; "
        f"{summary.focus_nodes} focus nodes, {summary.shapes} shapes, engine {report.engine}"
    ]
    if report.profiles and report.day:
        facts.append(f"checked with the rules of {', '.join(report.profiles)}, as of {report.day}")
    failing = LEVELS[: LEVELS.index(_LEVEL_OF[report.fail_on]) + 1]
    return Report("validate", report.conforms, findings, _help(report, findings), tuple(facts), failing)


def _help(report: ValidationReport, findings: Iterable[Finding]) -> dict[str, RuleHelp]:
    used = {one.rule for one in findings}
    return {help_.rule: help_ for help_ in report.read_help() if help_.rule in used}


def _finding(result: Result) -> Finding:
    focus, value = _stable(result.focus), _stable(result.value or "")
    where = result.source.file if result.source and not focus else ""
    return Finding(
        rule=_stable(result.rule) or result.component,
        level=_LEVEL_OF[result.severity],
        message=result.message or f"{result.component} does not hold",
        label=_stable(result.focus_label) or "a node without a name",
        place=result.source,
        blamed=result.places[1:],
        related=result.related,
        identity=(_stable(result.shape), result.component, focus, where, result.path or "", value),
        status=result.status,
        reason=result.reason,
        properties={
            name: text
            for name, text in (
                ("focus", focus), ("path", result.path or ""), ("value", value), ("component", result.component),
                ("shape", _stable(result.shape)),
            )
            if text
        },
    )  # fmt: skip


def _stable(text: str) -> str:
    return "" if _BLANK_LABEL.match(text) else text
