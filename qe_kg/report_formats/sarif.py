"""SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/ ."""

from __future__ import annotations

import json
from typing import Any

from qe_kg import __version__
from qe_kg.report_formats.findings import Finding, Report, fingerprints, uri_of
from qe_kg.validation.report import SourcePlace
from qe_kg.validation.rule_help import RuleHelp

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def write(report: Report) -> str:
    """Write one run; accepted findings are in it, as suppressed."""
    rules = sorted({one.rule for one in report.findings})
    levels = {one.rule: one.level for one in reversed(report.findings)}
    results = [
        _result(one, rules.index(one.rule), mark)
        for one, mark in zip(report.findings, fingerprints(report.findings), strict=True)
    ]
    driver = {
        "name": "qe-kg",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rule, report.rules.get(rule, RuleHelp(rule)), levels[rule]) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"qe-kg/{report.name}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "exitCode": 0 if report.ok else 1}],
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: str, known: RuleHelp, level: str) -> dict[str, Any]:
    title = known.title or rule
    entry: dict[str, Any] = {
        "id": rule,
        "shortDescription": {"text": title},
        "fullDescription": {"text": known.statement or title},
        "help": {"text": _help(known, mark=False) or title, "markdown": _help(known, mark=True) or title},
        "defaultConfiguration": {"level": level},
    }
    properties: dict[str, Any] = {}
    if known.basis:
        properties["citations"] = [str(one) for one in known.basis]
    if known.iri:
        properties["iri"] = known.iri
    return entry | ({"properties": properties} if properties else {})


def _help(known: RuleHelp, *, mark: bool) -> str:
    parts = [
        ("", known.statement),
        ("Note", known.note),
        ("Evidence asked", known.evidence),
        ("To mend", known.remedy),
        ("Based on", "; ".join(map(str, known.basis))),
    ]
    lines = [(f"**{name}:** " if mark else f"{name}: ") * bool(name) + text for name, text in parts if text]
    return "\n\n".join(lines)


def _result(one: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": one.level,
        "message": {"text": one.message},
        "locations": [_location(one.place) | _logical(one)],
        "partialFingerprints": {"qeKgFinding/v1": fingerprint},
        "suppressions": [],
    }
    if one.others:
        result["relatedLocations"] = [
            {"id": number} | _location(place) | {"message": {"text": what}}
            for number, (what, place) in enumerate(one.others, 1)
        ]
    if one.status != "open":
        justification = f"{one.status}: {one.reason}" if one.reason else one.status
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    if one.properties:
        result["properties"] = dict(one.properties)
    return result


def _location(place: SourcePlace | None) -> dict[str, Any]:
    if place is None:
        return {}
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri_of(place.file)}}
    if place.line is not None:
        region = {
            "startLine": place.line, "startColumn": place.column,
            "endLine": place.end_line, "endColumn": place.end_column,
        }  # fmt: skip
        physical["region"] = {name: number for name, number in region.items() if number is not None}
    return {"physicalLocation": physical}


def _logical(one: Finding) -> dict[str, Any]:
    logical = {"name": one.label, "kind": "resource"}
    focus = one.properties.get("focus")
    return {"logicalLocations": [logical | ({"fullyQualifiedName": focus} if focus else {})]}
