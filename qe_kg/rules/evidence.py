"""The evidence matrix: what each rule asks of each flow, participant or record, and whether it is there.

A cell is *missing* where the gate has a result of the rule at that focus, *waived* or in the *baseline* where all such
results are, and *satisfied* where the rule applies and there is none. Everything else that the rule is about is *not
applicable*. Which pieces of evidence are there is told by the rule's own shapes (`qe_kg.rules.probes`).

JSON of a matrix::

    {"model": str, "scenario": str|null, "at": "YYYY-MM-DD", "profiles": [str…], "notice": str,
     "rules": [{…as `qe-kg rules` has it…, "counts": {"satisfied": n, "missing": n, "waived": n, "baseline": n,
                "notApplicable": n}}],
     "subjects": [{"id", "code", "label", "type", "source", "target", "lines": [n…], "path": [flow iri…],
                   "statements": [{"code": str|null, "line": n|null, "wording": str}]}],
     "cells": [{"rule", "focus", "state": "satisfied|missing|waived|baseline", "severity": str|null,
                "missing": [{"property": str|null, "message": str, "oneOf": n|null}],
                "found": [{"property": str, "values": [str…]}],
                "reason": str|null, "source": {"file", "line"}|null}]}

A cell that is not applicable is counted and not listed. ``source`` and ``target`` are there for flows, ``path`` for
findings along a path of flows; ``lines`` are lines of the source document. ``property`` is compact ("qe:isPermittedBy",
"qe:carries/qe:hasDataCategory"); pieces with the same ``oneOf`` are alternatives. ``source`` of a cell is the place in
the model's files that has to be mended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from qe_kg.catalogue import Element
from qe_kg.namespaces import SKOS
from qe_kg.rules.catalogue import NOTICE, Rule, read_rules
from qe_kg.rules.context import Context
from qe_kg.rules.probes import Answers, RuleShape, ask, read_rule_shapes
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node, iri, text_of
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, path_text
from qe_kg.shacl.paths import Sequence as PathSequence
from qe_kg.validation.report import Result, SourcePlace, ValidationReport, as_source

State = Literal["satisfied", "missing", "waived", "baseline"]
STATES: tuple[State, ...] = ("missing", "waived", "baseline", "satisfied")


@dataclass(frozen=True)
class Missing:
    """A piece of evidence that is not there: its property (compact), what the shape says, its alternatives' number.

    ``shape`` is the shape (a node) that asks for it; None where only a result tells what is missing.
    """

    path: str | None
    message: str
    group: int | None = None
    shape: Node | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"property": self.path, "message": self.message, "oneOf": self.group}


@dataclass(frozen=True)
class Found:
    """A piece of evidence that is there: its property (compact), and labels, compact IRIs or values as written."""

    path: str
    values: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"property": self.path, "values": list(self.values)}


@dataclass(frozen=True)
class Cell:
    """What one rule says of one focus. ``reason`` tells why an accepted finding is accepted."""

    rule: str
    focus: str
    state: State
    severity: str | None = None
    missing: tuple[Missing, ...] = ()
    found: tuple[Found, ...] = ()
    reason: str | None = None
    source: SourcePlace | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "rule": self.rule,
            "focus": self.focus,
            "state": self.state,
            "severity": self.severity,
            "missing": [one.to_dict() for one in self.missing],
            "found": [one.to_dict() for one in self.found],
            "reason": self.reason,
            "source": as_source(self.source),
        }


@dataclass(frozen=True, order=True)
class Statement:
    """What the source document says: line, the statement's code, wording."""

    line: int | None
    code: str | None
    wording: str


@dataclass(frozen=True)
class Subject:
    """What rules are asked about: an element; a flow's ends; source lines and wording; a finding's flows in order."""

    element: Element
    source: Element | None = None
    target: Element | None = None
    lines: tuple[int, ...] = ()
    path: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        element = self.element
        return {
            "id": element.iri,
            "code": element.code,
            "label": element.label,
            "type": element.type,
            "source": self.source.iri if self.source else None,
            "target": self.target.iri if self.target else None,
            "lines": list(self.lines),
            "path": list(self.path),
            "statements": [{"code": one.code, "line": one.line, "wording": one.wording} for one in self.statements],
        }


@dataclass(frozen=True)
class EvidenceMatrix:
    """The whole matrix; see the module for its JSON form.

    Attributes:
        model: the model's name.
        scenario: the scenario's name, or None.
        day: the day of evaluation.
        profiles: the jurisdictions.
        rules: the rules in force, by code.
        subjects: what at least one rule applies to, flows first, each kind by code or label.
        cells: the cells, by rule and subject in that order.
        not_applicable: for each rule, how many of what it is about it does not apply to.
        names: labels of the flows on paths, by IRI.
        asked: for each subject, the shapes (nodes) of all evidence that some rule needs of it.

    """

    model: str
    scenario: str | None
    day: date
    profiles: tuple[str, ...]
    rules: tuple[Rule, ...]
    subjects: tuple[Subject, ...]
    cells: tuple[Cell, ...]
    not_applicable: Mapping[str, int]
    names: Mapping[str, str]
    asked: Mapping[str, tuple[Node, ...]]

    def counts(self, rule: str) -> Counter[str]:
        """Count the cells of a rule by state; "notApplicable" is one too."""
        found = Counter(str(cell.state) for cell in self.cells if cell.rule == rule)
        found["notApplicable"] = self.not_applicable.get(rule, 0)
        return found

    def only(self, states: Collection[str]) -> EvidenceMatrix:
        """Return the matrix with the cells of some states; the counts are of these cells."""
        cells = tuple(cell for cell in self.cells if cell.state in states)
        kept = {cell.focus for cell in cells}
        return replace(self, cells=cells, subjects=tuple(one for one in self.subjects if one.element.iri in kept))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        states = (*STATES, "notApplicable")
        return {
            "model": self.model,
            "scenario": self.scenario,
            "at": self.day.isoformat(),
            "profiles": list(self.profiles),
            "notice": NOTICE,
            "rules": [
                {**rule.to_dict(), "counts": {state: counts[state] for state in states}}
                for rule in self.rules
                for counts in [self.counts(rule.code)]
            ],
            "subjects": [subject.to_dict() for subject in self.subjects],
            "cells": [cell.to_dict() for cell in self.cells],
        }


def evidence(
    context: Context,
    report: ValidationReport,
    *,
    model: str,
    scenario: str | None = None,
    rules: Collection[str] = (),
    subjects: Collection[str] = (),
    engine: str = "auto",
) -> EvidenceMatrix:
    """Make the matrix.

    Args:
        context: the model, the day and the jurisdictions.
        report: the gate's report for the same day and jurisdictions.
        model: the model's name.
        scenario: the scenario's name.
        rules: codes of the rules to show; none shows all in force.
        subjects: IRIs of the subjects to show; none shows all.
        engine: the SHACL engine.

    Raises:
        UnknownNameError: there is no rule with such a code.
        ShapesError: the shapes cannot be evaluated.

    """
    catalogue = read_rules(context.store, context.namespaces)
    chosen = {catalogue.get(code).code for code in rules}
    shown = tuple(rule for rule in catalogue.of_profiles(context.profiles) if not chosen or rule.code in chosen)
    shapes = read_rule_shapes(context.shapes, [rule.iri for rule in shown])
    answers = ask(context.data, context.shapes_quads, context.shapes, shapes, engine)
    results: dict[tuple[str, str], list[Result]] = {}
    for result in report.results:
        results.setdefault((result.rule, result.focus), []).append(result)
    cells: list[Cell] = []
    not_applicable: dict[str, int] = {}
    for rule in shown:
        own = [(shape, answer) for shape, answer in zip(shapes, answers, strict=True) if shape.rule == rule.iri]
        targets = {text_of(focus) for _, answer in own for focus in answer.targets}
        applies = {text_of(focus) for _, answer in own for focus in answer.applies}
        applies |= {focus for code, focus in results if code == rule.code}
        if subjects:
            targets, applies = targets & set(subjects), applies & set(subjects)
        not_applicable[rule.code] = len(targets - applies)
        cells += [
            _cell(context, rule.code, focus, own, results.get((rule.code, focus), [])) for focus in sorted(applies)
        ]
    described = _subjects(context, {cell.focus for cell in cells})
    order = {subject.element.iri: place for place, subject in enumerate(described)}
    return EvidenceMatrix(
        model=model,
        scenario=scenario,
        day=context.day,
        profiles=context.profiles,
        rules=shown,
        subjects=described,
        cells=tuple(sorted(cells, key=lambda cell: (cell.rule, order[cell.focus]))),
        not_applicable=not_applicable,
        names={flow: context.label(iri(flow)) for subject in described for flow in subject.path},
        asked=_asked(shapes, answers),
    )


def _asked(shapes: Sequence[RuleShape], answers: Sequence[Answers]) -> Mapping[str, tuple[Node, ...]]:
    found: dict[str, dict[Node, None]] = {}
    for shape, answer in zip(shapes, answers, strict=True):
        needed = [piece.shape for piece in shape.pieces if piece.group is None and piece.path is not None]
        for focus in answer.applies:
            found.setdefault(text_of(focus), {}).update(dict.fromkeys(needed))
    return {focus: tuple(some) for focus, some in found.items()}


def _cell(
    context: Context, rule: str, focus: str, shapes: Sequence[tuple[RuleShape, Answers]], results: Sequence[Result]
) -> Cell:
    node = iri(focus)
    found: dict[str, tuple[str, ...]] = {}
    missing: list[Missing] = []
    for shape, answer in shapes:
        if node not in answer.applies:
            continue
        lacking = {place for place, nodes in answer.lacks.items() if node in nodes}
        met = {piece.group for place, piece in enumerate(shape.pieces) if place not in lacking}
        for place, piece in enumerate(shape.pieces):
            path = _show(context, piece.path)
            if place not in lacking and path:
                values = _values(context, node, piece.path)
                if values:
                    found[path] = values
            elif place in lacking and (piece.group is None or piece.group not in met):
                missing.append(Missing(path, piece.message, piece.group, piece.shape))
    if not results:
        return Cell(rule, focus, "satisfied", found=_as_found(found))
    if not missing:  # the rule is about the focus as a whole, or about a path that ends there
        missing = [Missing(result.path, result.message) for result in results]
    gravest = min(results, key=lambda one: (STATES.index(_state(one)), _GRAVITY.index(one.severity)))
    return Cell(
        rule, focus, _state(gravest), gravest.severity, tuple(dict.fromkeys(missing)), _as_found(found),
        gravest.reason, gravest.source,
    )  # fmt: skip


_GRAVITY = ("Violation", "Warning", "Info")


def _state(result: Result) -> State:
    return "missing" if result.status == "open" else result.status


def _as_found(found: Mapping[str, tuple[str, ...]]) -> tuple[Found, ...]:
    return tuple(Found(path, values) for path, values in found.items())


def _show(context: Context, path: Path | None) -> str | None:
    return None if path is None else path_text(path, lambda node: context.namespaces.compact(text_of(node)))


def _values(context: Context, focus: Node, path: Path | None) -> tuple[str, ...]:
    """Return what stands at the end of a path, by label where it has one."""
    ends = {focus} if path is None else _walk(context.graph, {focus}, path)
    return tuple(sorted({context.label(node) for node in ends}))


def _walk(graph: Graph, start: set[Node], path: Path) -> set[Node]:
    """Return where a path leads from some nodes; only to show what is there, since the engine judges."""
    if isinstance(path, Predicate):
        return {value for node in start for value in graph.objects(node, path.node)}
    if isinstance(path, Inverse):
        inverse = path.path
        return (
            {n for node in start for n in graph.subjects(inverse.node, node)}
            if isinstance(inverse, Predicate)
            else set()
        )
    if isinstance(path, Alternative):
        return set().union(*(_walk(graph, start, one) for one in path.paths))
    if isinstance(path, PathSequence):
        for step in path.paths:
            start = _walk(graph, start, step)
        return start
    found, todo = (set() if path.times == "+" else set(start)), start
    while todo:
        todo = _walk(graph, todo, path.path) - found
        found |= todo
        if path.times == "?":
            break
    return found


def _subjects(context: Context, focuses: Iterable[str]) -> tuple[Subject, ...]:
    flows = {flow.iri: flow for flow in context.flows.edges}
    terms = context.namespaces.terms
    found = []
    for focus, element in context.describe(focuses).items():
        hops = [
            (int(text_of(context.graph.value(hop, iri(f"{terms}hopNumber")) or '"0"')), text_of(used))
            for hop in context.graph.subjects(iri(f"{terms}isHopOf"), iri(focus))
            for used in context.graph.objects(hop, iri(f"{terms}usesFlow"))
        ]
        path = tuple(used for _, used in sorted(hops))
        statements = tuple(sorted(
            {one for about in path or (focus,) for one in _statements(context, about)},
            key=lambda one: (one.line or 0, one.code or "", one.wording),
        ))  # fmt: skip
        flow = flows.get(focus)
        source, target = (context.flows.elements[end] for end in (flow.source, flow.target)) if flow else (None, None)
        lines = flow.lines if flow else sorted({one.line for one in statements if one.line is not None})
        found.append(Subject(element, source, target, tuple(lines), path, statements))
    return tuple(sorted(found, key=lambda one: (one.source is None, one.element.type, *_order(one))))


def _order(subject: Subject) -> tuple[str, ...]:
    ends = (subject.source.name, subject.target.name) if subject.source and subject.target else ("", "")
    return (*ends, subject.element.name, subject.element.iri)


def _statements(context: Context, about: str) -> Iterable[Statement]:
    """Yield what the source document says of a flow or another element."""
    graph, terms = context.graph, context.namespaces.terms
    for how in ("statesFlow", "expandsTo", "statesElement"):
        for one in graph.subjects(iri(f"{terms}{how}"), iri(about)):
            line, wording = graph.value(one, iri(f"{terms}atLine")), graph.value(one, iri(f"{terms}wording"))
            code = graph.value(one, iri(f"{SKOS}notation"))
            number = text_of(line) if line else ""
            if wording:
                yield Statement(
                    int(number) if number.isdigit() else None, text_of(code) if code else None, text_of(wording)
                )
