"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/ ."""

from __future__ import annotations

import json

from qe_kg.report_formats.findings import Report, fingerprints

_SEVERITY = {"error": "critical", "warning": "minor", "note": "info"}


def write(report: Report) -> str:
    """Write a list of the open findings; one without a place is said of the first line of its file, or of the model."""
    marks = dict(zip(map(id, report.findings), fingerprints(report.findings), strict=True))
    entries = []
    for one in report.open:
        place = one.place
        begin = (place and place.line) or 1
        entries.append(
            {
                "description": f"{one.rule}: {one.message} ({one.label})",
                "check_name": one.rule,
                "fingerprint": marks[id(one)],
                "severity": _SEVERITY[one.level],
                "location": {
                    "path": place.file if place else "qe-kg.toml",
                    "lines": {"begin": begin, "end": (place and place.end_line) or begin},
                },
            }
        )
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
