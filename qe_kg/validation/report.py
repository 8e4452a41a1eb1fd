"""The typed outcome of a validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from qe_kg.validation.rule_help import RuleHelp

Severity = Literal["Violation", "Warning", "Info"]
Status = Literal["open", "waived", "baseline"]

#: What the place of a shape is called among the related ones.
SHAPE_PLACE = "the shape that says so"
#: From the gravest to the lightest.
SEVERITIES: tuple[Severity, ...] = ("Violation", "Warning", "Info")


def severity_of(name: str) -> Severity:
    """Return the severity that an IRI stands for; one of somebody's own making counts as the gravest."""
    return next((known for known in SEVERITIES if known == name.rpartition("#")[2]), "Violation")


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """The place of a triple: file as named in the model, lines and columns from 1, the end just behind it.

    All are None where a file's format tells no place. An empty stretch is where something is missing.
    """

    file: str
    line: int | None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    @property
    def on_line(self) -> str:
        """The place without its column, for narrow tables of elements."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form of a place in ``places`` and ``related``."""
        return {
            "file": self.file, "line": self.line, "column": self.column,
            "endLine": self.end_line, "endColumn": self.end_column,
        }  # fmt: skip


def as_source(place: SourcePlace | None) -> dict[str, Any] | None:
    """Return the JSON form of a ``source``, which tells file and line."""
    return None if place is None else {"file": place.file, "line": place.line}


class Places(Protocol):
    """The places of one result; they may be looked for when they are asked for, since most reports show few of them.

    ``source`` is the triple at fault, the first of several; or the description that lacks one; or the subject.
    ``blamed`` is every triple that shares the blame, those of a path from the focus on; ``belongs`` the empty place
    where a missing triple belongs; ``shape`` the shape's triple that says so, or the shape where there is no such
    triple.
    """

    @property
    def source(self) -> SourcePlace | None: ...  # noqa: D102
    @property
    def blamed(self) -> tuple[SourcePlace, ...]: ...  # noqa: D102
    @property
    def belongs(self) -> SourcePlace | None: ...  # noqa: D102
    @property
    def shape(self) -> SourcePlace | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Located:
    """Places that are known; see `Places`."""

    source: SourcePlace | None = None
    blamed: tuple[SourcePlace, ...] = ()
    belongs: SourcePlace | None = None
    shape: SourcePlace | None = None


NOWHERE = Located()


@dataclass(frozen=True)
class PathStep:
    """One flow of the path behind a finding: IRI, label, place, and whether the step to it is declared."""

    flow: str
    label: str
    is_declared: bool
    source: SourcePlace | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "flow": self.flow, "label": self.label, "declared": self.is_declared, "source": as_source(self.source),
            "places": [self.source.to_dict()] if self.source else [],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One finding.

    ``focus`` and ``value`` are whole IRIs (or a literal's lexical form); ``shape``, ``component`` and ``path`` are
    terms of vocabularies and therefore compact ("sh:MinCountConstraintComponent"). ``reason`` is why a finding is
    waived or in the baseline. ``at`` has the places. ``hops`` is the path of a finding along a path; the JSON form has
    it only there.
    """

    rule: str
    shape: str
    component: str
    focus: str
    focus_label: str
    path: str | None
    value: str | None
    severity: Severity
    message: str
    status: Status
    at: Places = field(default=NOWHERE, hash=False)
    reason: str | None = None
    hops: tuple[PathStep, ...] = ()

    @property
    def source(self) -> SourcePlace | None:
        """The triple at fault, the description that lacks one, or the subject."""
        return self.at.source

    @property
    def blamed(self) -> tuple[SourcePlace, ...]:
        """All the triples that share the blame."""
        return self.at.blamed

    @property
    def belongs(self) -> SourcePlace | None:
        """Where a missing triple is to be written."""
        return self.at.belongs

    @property
    def shape_source(self) -> SourcePlace | None:
        """The place of the shape that says so."""
        return self.at.shape

    @property
    def places(self) -> tuple[SourcePlace, ...]:
        """Every place at fault, ``source`` first."""
        first = (self.source,) if self.source else ()
        return tuple(dict.fromkeys((*first, *self.blamed)))

    @property
    def related(self) -> tuple[tuple[str, SourcePlace], ...]:
        """Further places, each with what it is: where a missing triple belongs, and the shape that says so."""
        belongs = self.belongs if self.belongs is not None and self.belongs.line is not None else None
        related = ((f"{self.path or 'what is missing'} belongs here", belongs), (SHAPE_PLACE, self.shape_source))
        return tuple((what, place) for what, place in related if place is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        places = self.places
        return {
            "rule": self.rule,
            "shape": self.shape,
            "component": self.component,
            "focus": self.focus,
            "focusLabel": self.focus_label,
            "path": self.path,
            "value": self.value,
            "severity": self.severity,
            "message": self.message,
            "status": self.status,
            "source": as_source(places[0] if places else None),
            "places": [place.to_dict() for place in places],
            "related": [{"what": what} | place.to_dict() for what, place in self.related],
            **({"hops": [hop.to_dict() for hop in self.hops]} if self.hops else {}),
        }


@dataclass(frozen=True)
class Summary:
    """Counts of a report.

    ``focus_nodes`` and ``shapes`` tell what was looked at; ``seconds`` is wall time
    until all was found and counted.
    """

    open: int
    waived: int
    baseline: int
    by_severity: dict[str, int]
    focus_nodes: int
    shapes: int
    seconds: float

    @classmethod
    def of(cls, counts: Counter[tuple[Severity, Status]], *, focus_nodes: int, shapes: int, seconds: float) -> Summary:
        """Sum up how many results there are of each severity and status."""
        by_status, by_severity = Counter[Status](), Counter[Severity]()
        for (severity, status), number in counts.items():
            by_status[status] += number
            by_severity[severity] += number
        return cls(
            by_status["open"], by_status["waived"], by_status["baseline"],
            {name: by_severity[name] for name in SEVERITIES}, focus_nodes, shapes, seconds,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "open": self.open,
            "waived": self.waived,
            "baseline": self.baseline,
            "bySeverity": dict(self.by_severity),
            "focusNodes": self.focus_nodes,
            "shapes": self.shapes,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, eq=False)
class ValidationReport:
    """What a validation found.

    ``conforms`` is False where an open result is at least as grave as the severity that was to fail.
    ``make_results`` makes what ``results`` returns, and ``write_turtle`` what ``as_turtle`` returns, part by part; both
    cost time where much was found, and few forms of a report need both. ``profiles``
    are the jurisdictions whose rules were checked (none: all rules), ``day`` the day that dates were compared with, and
    ``notes`` what a reader must know to trust the verdict. ``coverage`` says what was not looked at, as the
    JSON form has it (see `qe_kg.validation.coverage`). ``changed`` says, where only what changed was validated, which
    focus nodes that was (see `qe_kg.validation.since`). ``fail_on`` is the lightest severity
    that fails, and ``read_help`` tells what is known of the rules.
    """

    conforms: bool
    engine: str
    summary: Summary
    make_results: Callable[[], Iterable[Result]] = field(repr=False)
    write_turtle: Callable[[], Iterable[str]] = field(repr=False)
    profiles: tuple[str, ...] = ()
    day: date | None = None
    coverage: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    fail_on: Severity = "Violation"
    read_help: Callable[[], tuple[RuleHelp, ...]] = field(default=tuple, repr=False)
    changed: dict[str, Any] | None = None

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """All results, ordered by severity, rule and focus."""
        gravity = {name: number for number, name in enumerate(SEVERITIES)}

        def key(one: Result) -> tuple[int | str, ...]:
            value = one.value or ""
            return (
                gravity[one.severity], one.rule, one.focus, one.path or "", value, one.component, one.shape, one.message
            )  # fmt: skip

        return tuple(sorted(self.make_results(), key=key))

    @property
    def as_turtle(self) -> str:
        """The report as SHACL's own vocabulary has it: every result of a shape, whatever its status."""
        return "".join(self.write_turtle())

    @property
    def open(self) -> tuple[Result, ...]:
        """The results that neither the baseline nor a waiver accounts for."""
        return tuple(result for result in self.results if result.status == "open")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return self.without_results() | {"results": [result.to_dict() for result in self.results]}

    def without_results(self) -> dict[str, Any]:
        """Return the JSON form with no results, for those who write these one by one."""
        return {
            "conforms": self.conforms,
            "engine": self.engine,
            "results": [],
            "summary": self.summary.to_dict(),
            "coverage": self.coverage,
            **({} if self.changed is None else {"changed": self.changed}),
        }
