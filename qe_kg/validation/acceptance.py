"""Findings that somebody accepted: waivers, and the baseline.

A waiver is a decision: somebody with the authority to do so tolerates one breach, for a reason, on a legal ground,
until a day. It counts only while all of that is there and true on the day of evaluation. A baseline entry records that
a breach was there when its rule was first applied. What accepts nothing is itself reported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from qe_kg.errors import nearest
from qe_kg.namespaces import Namespaces
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node, iri, is_iri, text_of
from qe_kg.validation.preparation import parse_day
from qe_kg.validation.report import Located, Result, Severity, SourcePlace, Status
from qe_kg.validation.rule_index import RuleIndex

STALE_BASELINE = "BASE-01"
EXPIRED_WAIVER = "WAIV-01"
IDLE_WAIVER = "WAIV-02"
WAIVER_OF_NO_RULE = "WAIV-03"
INCOMPLETE_WAIVER = "WAIV-04"
EARLY_WAIVER = "WAIV-05"

Place = Callable[[Node], SourcePlace | None]


@dataclass(frozen=True)
class Entry:
    """One waiver or baseline entry, as far as it can be read."""

    node: Node
    rule: str
    focus: str
    reason: str


@dataclass(frozen=True)
class _Fault:
    rule: str
    severity: Severity
    message: str


class Acceptance:
    """The waivers and the baseline in some data.

    Args:
        data: the data; a blank node is no waiver, since nobody could cite it.
        rules: the rules, to tell an unknown one.
        namespaces: where ``qe:`` is.
        day: the day of evaluation.
        profiles: the chosen jurisdictions, None for all; a waiver or an entry of a rule that they leave out is
            neither used nor reported.
        waivers: whether waivers count.
        baseline: whether the baseline counts.

    """

    def __init__(
        self,
        data: Graph,
        rules: RuleIndex,
        namespaces: Namespaces,
        day: date,
        *,
        profiles: Sequence[str] | None,
        waivers: bool = True,
        baseline: bool = True,
    ) -> None:
        self._data, self._rules, self._names, self._day = data, rules, namespaces, day
        self._left_out = frozenset() if profiles is None else rules.left_out(profiles)
        self._baseline = {(one.rule, one.focus): one for one in self._read("BaselineEntry")} if baseline else {}
        self._waivers: dict[tuple[str, str], Entry] = {}
        self._faulty: list[tuple[Entry, _Fault]] = []
        for one in self._read("Waiver") if waivers else ():
            fault = self._fault(one)
            if fault is None:
                self._waivers[one.rule, one.focus] = one
            elif one.rule not in self._left_out:
                self._faulty.append((one, fault))

    @property
    def nodes(self) -> list[Node]:
        """The waivers and the entries of the baseline."""
        faulty = [entry for entry, _ in self._faulty]
        return [one.node for one in (*self._waivers.values(), *self._baseline.values(), *faulty)]

    @property
    def foci(self) -> frozenset[str]:
        """Where something is accepted: a finding elsewhere is open."""
        return frozenset(focus for _, focus in (*self._waivers, *self._baseline))

    def status(self, rule: str, focus: str) -> Status:
        """Tell what a finding is: waived, in the baseline, or open."""
        key = (rule, focus)
        return "waived" if key in self._waivers else "baseline" if key in self._baseline else "open"

    def apply(self, result: Result) -> Result:
        """Return a result with its status and, where it is accepted, the reason."""
        status = self.status(result.rule, result.focus)
        if status == "open":
            return result
        accepted = self._waivers if status == "waived" else self._baseline
        return replace(result, status=status, reason=accepted[result.rule, result.focus].reason)

    def faults(
        self, found: Collection[tuple[str, str]], place: Place, label: Callable[[Node], str]
    ) -> Iterator[Result]:
        """Yield results for waivers that do not count, and for waivers and baseline entries that accept nothing.

        Args:
            found: rule and focus of the findings; those at ``foci`` are enough.
            place: tells where a node is described.
            label: tells what a node is called.

        """
        for entry, fault in self._faulty:
            yield self._result(entry, fault, place, label)
        for key, entry in self._waivers.items():
            if key not in found and entry.rule not in self._left_out:
                yield self._result(entry, _Fault(IDLE_WAIVER, "Violation", self._idle("waiver", entry)), place, label)
        for key, entry in self._baseline.items():
            if key not in found and entry.rule not in self._left_out:
                fault = _Fault(STALE_BASELINE, "Warning", self._idle("baseline", entry))
                yield self._result(entry, fault, place, label)

    # --- reading ------------------------------------------------------------------------------------------

    def _term(self, name: str) -> Node:
        return iri(f"{self._names.terms}{name}")

    def _text(self, node: Node, name: str) -> str:
        value = self._data.value(node, self._term(name))
        return "" if value is None else text_of(value)

    def _read(self, kind: str) -> Iterator[Entry]:
        for node in sorted(self._data.instances(self._term(kind))):
            rule, focus = self._text(node, "ofRule"), self._text(node, "atFocus")
            # An entry of the baseline without rule or focus is reported by its shape; a waiver by us, too.
            if (rule and focus) or kind == "Waiver":
                yield Entry(node, rule, focus, self._text(node, "reason"))

    def _fault(self, waiver: Entry) -> _Fault | None:
        """Return why a waiver does not count on the day of evaluation; None where it does."""
        node = waiver.node
        missing = [
            what
            for name, what in (
                ("ofRule", "a rule (qe:ofRule)"),
                ("atFocus", "a focus (qe:atFocus)"),
                ("reason", "a reason (qe:reason)"),
                ("isApprovedBy", "an approver (qe:isApprovedBy)"),
                ("citation", "a legal citation (qe:citation)"),
                ("validUntil", "the day on which it ends (qe:validUntil)"),
            )
            if not self._text(node, name).strip()
        ]
        missing += [
            f"one {what} instead of {len(self._data.objects(node, self._term(name)))}"
            for name, what in (("ofRule", "rule"), ("atFocus", "focus"), ("validUntil", "end"))
            if len(self._data.objects(node, self._term(name))) > 1
        ]
        dates = {name: self._text(node, name) for name in ("validFrom", "validUntil")}
        missing += [f"a day of the calendar instead of {day!r}" for day in dates.values() if day and not parse_day(day)]
        if missing:
            return _Fault(
                INCOMPLETE_WAIVER, "Violation", f"the waiver does not count: it lacks {', '.join(missing)}; add it"
            )
        if not self._rules.is_known(waiver.rule):
            near = nearest(waiver.rule, self._rules.names(), 3)
            hint = f"; the nearest are {', '.join(near)}" if near else ""
            return _Fault(
                WAIVER_OF_NO_RULE, "Violation", f"the waiver is of {waiver.rule}, but there is no such rule{hint}"
            )
        end, start = parse_day(dates["validUntil"]), parse_day(dates["validFrom"])
        if end is not None and self._day > end:
            return _Fault(
                EXPIRED_WAIVER,
                "Violation",
                f"the waiver of {waiver.rule} at {waiver.focus} ended on {end} and does not count on {self._day}; "
                "mend the breach, or have the waiver renewed",
            )
        if start is not None and self._day < start:
            return _Fault(
                EARLY_WAIVER,
                "Violation",
                f"the waiver of {waiver.rule} at {waiver.focus} begins on {start} and does not count on {self._day}",
            )
        return None

    # --- reporting ----------------------------------------------------------------------------------------

    def _idle(self, what: str, entry: Entry) -> str:
        verb = "lists" if what == "baseline" else "is of"
        return (
            f"the {what} {verb} {entry.rule} at {entry.focus}, but there is no such finding; delete the "
            f"{'entry' if what == 'baseline' else 'waiver'}, or mend the rule or focus that it names"
        )

    def _result(self, entry: Entry, fault: _Fault, place: Place, label: Callable[[Node], str]) -> Result:
        kind = "qe-kg:baseline" if fault.rule == STALE_BASELINE else "qe-kg:waivers"
        return Result(
            rule=fault.rule,
            shape=kind,
            component=kind,
            focus=text_of(entry.node) if is_iri(entry.node) else entry.node,
            focus_label=label(entry.node),
            path=None,
            value=entry.focus or None,
            severity=fault.severity,
            message=fault.message,
            status="open",
            at=Located(place(entry.node)),
        )
