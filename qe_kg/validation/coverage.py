"""What a validation did not look at: shown beside every verdict, and counted against it with ``--strict``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from qe_kg.namespaces import Namespaces
from qe_kg.shacl.nodes import Node, is_blank, text_of
from qe_kg.shacl.results import Coverage
from qe_kg.validation.report import Located, Result, Severity, SourcePlace, as_source

NO_TARGET, UNUSED, SUSPICIOUS, LEFT_OUT, ALTERED = "COV-01", "COV-02", "COV-03", "COV-04", "COV-05"

#: Finds the place of a triple of the shapes.
FindPlace = Callable[[Node, Node | None, Node | None], SourcePlace | None]


@dataclass(frozen=True)
class CoverageReport:
    """The coverage of a validation with compact names.

    Attributes:
        constraints: number of constraints of the active shapes.
        evaluated: how many of them were evaluated on at least one node.
        without_focus: shapes whose targets select nothing in the data.
        unused: shapes that no target and no other shape leads to.
        suspicious: what in the shapes is most likely a mistake, with its place.
        left_out: what the shapes say and no engine evaluates.
        elsewhere: shapes that did not run on our engine alone, and why.
        altered: properties with literals that an Oxigraph store would rewrite, and how many.

    """

    constraints: int
    evaluated: int
    without_focus: tuple[str, ...]
    unused: tuple[str, ...]
    suspicious: tuple[tuple[str, str, SourcePlace | None], ...]
    left_out: tuple[str, ...]
    elsewhere: tuple[tuple[str, str], ...]
    altered: tuple[tuple[str, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "constraints": self.constraints,
            "evaluated": self.evaluated,
            "withoutFocus": list(self.without_focus),
            "unused": list(self.unused),
            "suspicious": [
                {"shape": shape, "problem": problem, "source": as_source(place)}
                for shape, problem, place in self.suspicious
            ],
            "leftOut": list(self.left_out),
            "elsewhere": [{"shape": shape, "why": why} for shape, why in self.elsewhere],
            "alteredLiterals": [{"property": name, "number": number} for name, number in self.altered],
        }


def read_coverage(coverage: Coverage, namespaces: Namespaces, place: FindPlace) -> CoverageReport:
    """Give an engine's coverage names and places."""

    def short(node: Node) -> str:
        return node if is_blank(node) else namespaces.compact(text_of(node))

    return CoverageReport(
        constraints=coverage.constraints,
        evaluated=coverage.evaluated,
        without_focus=tuple(map(short, coverage.without_focus)),
        unused=tuple(map(short, coverage.unused)),
        suspicious=tuple(
            (short(one.subject), one.problem, place(one.subject, one.predicate, one.value))
            for one in coverage.suspicious
        ),
        left_out=coverage.left_out,
        elsewhere=tuple((short(shape), why) for shape, why in coverage.elsewhere),
        altered=tuple((short(predicate), number) for predicate, number in coverage.altered),
    )


def coverage_results(
    coverage: Coverage, report: CoverageReport, namespaces: Namespaces, place: FindPlace, *, strict: bool
) -> Iterator[Result]:
    """Yield what is not covered as results: with ``strict`` all of it and gravely, else only likely mistakes."""
    severity: Severity = "Violation" if strict else "Warning"
    for one, (_, problem, where) in zip(coverage.suspicious, report.suspicious, strict=True):
        value = None if one.value is None else text_of(one.value)
        path = namespaces.compact(text_of(one.predicate))
        yield _result(SUSPICIOUS, one.subject, problem, severity, where, path, value)
    if not strict:
        return
    for shape in coverage.without_focus:
        problem = (
            "its targets select nothing in the data, so it checked nothing; mend the target or leave the shape out"
        )
        yield _result(NO_TARGET, shape, problem, severity, place(shape, None, None))
    for shape in coverage.unused:
        problem = "no target and no other shape leads to it, so it checked nothing; give it a target or leave it out"
        yield _result(UNUSED, shape, problem, severity, place(shape, None, None))
    for problem in coverage.left_out:
        yield _result(LEFT_OUT, "<urn:qe-kg:shapes>", problem, severity, None)
    for predicate, number in coverage.altered:
        problem = (
            f"{number} of its values are written in a form that an Oxigraph store would rewrite; the verdict is about "
            "the form in the file, and a store may hold another one: write them canonically"
        )
        yield _result(ALTERED, predicate, problem, severity, None)


def _result(
    rule: str, node: Node, message: str, severity: Severity, place: SourcePlace | None,
    path: str | None = None, value: str | None = None,
) -> Result:  # fmt: skip
    text = node if is_blank(node) else text_of(node)
    return Result(
        rule=rule,
        shape="qe-kg:coverage",
        component="qe-kg:coverage",
        focus=text,
        focus_label=text.rstrip("/#").rpartition("/")[2].rpartition("#")[2],
        path=path,
        value=value,
        severity=severity,
        message=message,
        status="open",
        at=Located(place),
    )
