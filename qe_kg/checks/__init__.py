"""Everything that a repository of a model needs, as named checks: the fast ones first."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qe_kg.checks import files, model, ontology, pitfalls, queries, shapes
from qe_kg.checks.context import Context
from qe_kg.checks.help import HELP
from qe_kg.errors import CallError, QeKgError
from qe_kg.report_formats.findings import Finding, Level, Report, ordered
from qe_kg.validation.rule_help import RuleHelp

__all__ = ["CHECKS", "Check", "CheckReport", "Context", "Outcome", "run_checks"]

Status = Literal["passed", "failed", "not run"]


@dataclass(frozen=True)
class Check:
    """One named check.

    Attributes:
        name: how ``--only`` and ``--skip`` name it.
        does: what it makes sure of, in one sentence.
        run: finds what is wrong.
        needs: the check without whose success this one cannot be run.
        fix: mends what is safe to mend; returns the names of what it changed.

    """

    name: str
    does: str
    run: Callable[[Context], Iterable[Finding]]
    needs: str | None = None
    fix: Callable[[Context], list[str]] | None = None


#: In the order in which they are run.
CHECKS = (
    Check("syntax", "Every RDF file parses.", files.check_syntax),
    Check("format", "Turtle is formatted as by qe-kg fmt.", files.check_format, fix=files.fix_format),
    Check("headers", "Ontologies and shapes say what they are, and under what licence.", files.check_headers),
    Check("queries", "Queries parse and give the columns that they declare.", queries.check_queries),
    Check("terms", "Terms have one label, a definition that is not circular, and an ontology.", ontology.check_terms),
    Check("hierarchies", "No class or property is below itself.", ontology.check_hierarchies),
    Check("pitfalls", "Terms have ends, names and inverses that fit, and hang together.", pitfalls.check_pitfalls),
    Check("profile", "Ontologies keep to OWL 2 RL.", ontology.check_profile),
    Check("shapes", "Shapes are well formed, look at something and say what is wrong.", shapes.check_shapes),
    Check("names", "Every term in use is defined.", model.check_names, needs="syntax"),
    Check("references", "What is referred to is described, in one way.", model.check_references, needs="syntax"),
    Check("questions", "Competency questions have their answers.", queries.check_questions, needs="syntax"),
    Check("fixtures", "Fixtures have the results that they expect.", shapes.check_fixtures, needs="syntax"),
    Check("consistency", "The data do not contradict the ontology.", ontology.check_consistency, needs="syntax"),
    Check("policy", "The rules hold, but for the baseline and the waivers.", model.check_policy, needs="syntax"),
)


@dataclass(frozen=True)
class Outcome:
    """What became of one check; ``reason`` is why it was not run, ``fixed`` what --fix changed."""

    name: str
    status: Status
    findings: tuple[Finding, ...] = ()
    fixed: tuple[str, ...] = ()
    reason: str = ""
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class CheckReport:
    """The outcomes of all chosen checks, in the order of `CHECKS`.

    Attributes:
        ok: whether every check was run and nothing open is as grave as what fails.
        unreadable: whether something could not be read or parsed.
        failing: the levels whose open findings fail.
        help: help for the rules of the policy gate.

    """

    outcomes: tuple[Outcome, ...]
    ok: bool
    unreadable: bool
    failing: tuple[Level, ...]
    help: Mapping[str, RuleHelp] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0: nothing open; 1: something is; 3: something could not be read."""
        return 3 if self.unreadable else int(not self.ok)

    def report(self) -> Report:
        """Return the findings as the formats for CI take them."""
        found = ordered(one for outcome in self.outcomes for one in outcome.findings)
        known = HELP | dict(self.help)
        rules = {one.rule: known[one.rule] for one in found if one.rule in known}
        facts = tuple(f"{one.name}: {_words(one)}" for one in self.outcomes)
        return Report("check", self.ok, found, rules, facts, self.failing)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "ok": self.ok,
            "checks": [
                {"name": one.name, "status": one.status, "findings": len(one.findings), "fixed": list(one.fixed),
                 "reason": one.reason or None, "seconds": round(one.seconds, 3)}
                for one in self.outcomes
            ],
            "findings": [_as_dict(outcome.name, one) for outcome in self.outcomes for one in outcome.findings],
        }  # fmt: skip


def _words(outcome: Outcome) -> str:
    if outcome.status == "not run":
        return f"not run ({outcome.reason})"
    open_ = sum(one.status == "open" for one in outcome.findings)
    accepted = len(outcome.findings) - open_
    parts = [f"{open_} open"] * bool(open_) + [f"{accepted} accepted"] * bool(accepted)
    parts += [f"{len(outcome.fixed)} fixed"] * bool(outcome.fixed)
    return f"{outcome.status}{f' ({chr(44).join(parts)})' if parts else ''}".replace(",", ", ")


def _as_dict(check: str, one: Finding) -> dict[str, Any]:
    severity = {"error": "Violation", "warning": "Warning", "note": "Info"}[one.level]
    return {
        "check": check, "rule": one.rule, "severity": severity,
        "message": one.message, "label": one.label, "status": one.status,
        "source": one.place and one.place.to_dict(),
        "places": [place.to_dict() for place in one.places],
        "related": [{"what": what} | place.to_dict() for what, place in one.related],
    }  # fmt: skip


def run_checks(
    context: Context, *, only: Collection[str] = (), skip: Collection[str] = (), fix: bool = False,
    failing: tuple[Level, ...] = ("error",), progress: Callable[[str], None] = lambda name: None,
) -> CheckReport:  # fmt: skip
    """Run the chosen checks in order.

    Args:
        context: the model.
        only: names of the checks to run; all without one.
        skip: names of checks to leave out.
        fix: whether to mend first what is safe to mend.
        failing: the levels whose open findings fail.
        progress: is told the name of each check before it is run.

    Raises:
        CallError: there is no check of such a name.

    """
    for name in (*only, *skip):
        _refuse_unknown(name)
    outcomes: dict[str, Outcome] = {}
    for check in CHECKS:
        if (only and check.name not in only) or check.name in skip:
            continue
        progress(check.name)
        outcomes[check.name] = _run(check, context, fix, failing)
    values = tuple(outcomes.values())
    unreadable = any(one.status == "not run" for one in values) or any(
        found.rule == "SYN-01" for one in values for found in one.findings
    )
    ok = all(one.status == "passed" for one in values)
    return CheckReport(values, ok, unreadable, failing, context.help)


def _refuse_unknown(name: str) -> None:
    names = [check.name for check in CHECKS]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise CallError(f"there is no check {name!r}{hint}; known are {', '.join(names)}")


def _run(check: Check, context: Context, fix: bool, failing: tuple[Level, ...]) -> Outcome:
    started = time.perf_counter()
    unread = [one.name for one in context.files if one.error is not None]
    if check.needs == "syntax" and unread:
        return Outcome(check.name, "not run", reason=f"{unread[0]} does not parse")
    try:
        fixed = tuple(check.fix(context)) if fix and check.fix else ()
        if fixed:
            context.read_again()
        found = ordered(check.run(context))
    except QeKgError as error:
        return Outcome(check.name, "not run", reason=str(error).partition("\n")[0])
    failed = any(one.status == "open" and one.level in failing for one in found)
    seconds = time.perf_counter() - started
    return Outcome(check.name, "failed" if failed else "passed", found, fixed, seconds=seconds)
