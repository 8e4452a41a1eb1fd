"""What would be different: who is reached and who no longer, and which rules open or close. Nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from qe_kg.catalogue import Element
from qe_kg.change import Change
from qe_kg.lineage.answer import Owner, Reached, Start, Tell
from qe_kg.lineage.assumptions import Assumptions
from qe_kg.lineage.flows import FlowGraph
from qe_kg.lineage.walk import Filters, walk
from qe_kg.validation.acceptance import STALE_BASELINE
from qe_kg.validation.report import Result, ValidationReport

if TYPE_CHECKING:
    from qe_kg.lineage.questions import Questions
    from qe_kg.lineage.tell import Teller

Certainty = Literal["declared", "possible"]
#: Up to so many participants all are asked whom they reach, in larger models only those at a flow that differs.
_ALL = 400


class Changeable(Protocol):
    """What a model has to be for this question."""

    @property
    def flow_graph(self) -> FlowGraph:
        """All flows."""

    @property
    def lineage(self) -> Questions:
        """Answers other questions about it."""

    @property
    def teller(self) -> Teller:
        """Finds out whom answers concern."""

    @property
    def report(self) -> ValidationReport:
        """What checking the model against its rules finds."""

    def changed(self, change: Change) -> Changeable:
        """Return the model with a change."""


@dataclass(frozen=True)
class Reach:
    """That one participant reaches another, in how many hops at least, and how surely; None where it does not."""

    start: Element
    end: Element
    before: tuple[int, Certainty] | None
    after: tuple[int, Certainty] | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""

        def of(reach: tuple[int, Certainty] | None) -> dict[str, Any] | None:
            return None if reach is None else {"hops": reach[0], "certainty": reach[1]}

        return {"from": self.start.iri, "to": self.end.iri, "before": of(self.before), "after": of(self.after)}


@dataclass(frozen=True)
class Counts:
    """A model in figures: flows, those that cross from zone to zone, pairs that reach each other, open findings."""

    flows: int
    crossings: int
    pairs: int
    declared_pairs: int
    findings: int
    open: int

    def to_dict(self) -> dict[str, int]:
        """Return the JSON form."""
        return {
            "flows": self.flows, "crossings": self.crossings, "pairs": self.pairs,
            "declaredPairs": self.declared_pairs, "findings": self.findings, "open": self.open,
        }  # fmt: skip


@dataclass(frozen=True)
class WhatIf:
    """What would be different.

    Attributes:
        assumed: under what.
        asked: from how many participants reach was compared; filters narrow the ways, the flows counted, and whom pairs
            lead to, not the rules.
        gained: pairs that come to reach each other; ``lost``: that no longer do; ``changed``: otherwise than before.
        opened: findings that come; ``closed``: that go.
        before: the model as it is; ``after``: as it would be.
        tell: whom this concerns: who comes to be reached, no longer is or is otherwise, and the owners of these, of
            where they are reached from, and of what is assumed to change.

    """

    assumed: Assumptions
    asked: int
    gained: tuple[Reach, ...]
    lost: tuple[Reach, ...]
    changed: tuple[Reach, ...]
    opened: tuple[Result, ...]
    closed: tuple[Result, ...]
    before: Counts
    after: Counts
    tell: Tell

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "assumed": self.assumed.to_dict(),
            "asked": self.asked,
            "tell": self.tell.to_dict(),
            "reach": {
                "gained": [one.to_dict() for one in self.gained],
                "lost": [one.to_dict() for one in self.lost],
                "changed": [one.to_dict() for one in self.changed],
            },
            "rules": {
                "opened": [one.to_dict() for one in self.opened],
                "closed": [one.to_dict() for one in self.closed],
            },
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }


def what_if(model: Changeable, assumed: Assumptions, change: Change, filters: Filters | None = None) -> WhatIf:
    """Compare a model with what it would be.

    Args:
        model: the model as it is.
        assumed: what is assumed.
        change: the change that this amounts to.
        filters: what to leave out; who is to be listed before or after the change is compared.

    Raises:
        ChangeError: the change takes away what the model does not hold.
        ShapesError: the shapes cannot be evaluated.

    """
    other = model.changed(change)
    graphs = model.flow_graph, other.flow_graph
    reports = model.report, other.report
    starts = _starts(*graphs)
    filters = filters or Filters()
    reaches = compared_reach(graphs, starts, filters)
    elements = graphs[0].elements | graphs[1].elements
    pairs = [
        Reach(elements[pair[0]], elements[pair[1]], reaches[0].get(pair), reaches[1].get(pair))
        for pair in sorted(reaches[0].keys() | reaches[1].keys(), key=lambda one: _order(one, elements))
    ]
    # That an entry of the baseline has nothing left to accept is no rule: the finding that goes is told itself.
    findings = [
        {_key(result): result for result in report.results if result.rule != STALE_BASELINE} for report in reports
    ]
    different = [one for one in pairs if one.before != one.after]
    return WhatIf(
        assumed,
        len(starts),
        tuple(one for one in pairs if one.before is None),
        tuple(one for one in pairs if one.after is None),
        tuple(one for one in different if one.before and one.after),
        tuple(result for key, result in findings[1].items() if key not in findings[0]),
        tuple(result for key, result in findings[0].items() if key not in findings[1]),
        _counts(graphs[0], reaches[0], findings[0].values(), filters),
        _counts(graphs[1], reaches[1], findings[1].values(), filters),
        _tell(model, other, assumed, different),
    )


def _tell(before: Changeable, after: Changeable, assumed: Assumptions, different: Iterable[Reach]) -> Tell:
    """Return whom to tell; what is removed has its owner in the one model, what is added in the other."""
    nearest: dict[str, Reached] = {}
    others = {element.iri for element in (*assumed.removed, *(element for element, _ in assumed.moved))}
    for one in different:
        others.add(one.start.iri)
        hops, certainty = one.after or one.before or (0, "possible")
        reached = Reached(one.end, hops, certainty, ())
        known = nearest.setdefault(one.end.iri, reached)
        if (hops, certainty) < (known.hops, known.certainty):
            nearest[one.end.iri] = reached
    concerned = sorted(nearest.values(), key=lambda one: (one.hops, one.element.name, one.element.iri))
    tells = [model.teller.whom(concerned, others) for model in (before, after)]
    owners: dict[str, Owner] = {}
    for owner in (one for tell in tells for one in tell.owners):
        known_owner = owners.get(owner.unit.iri)
        owned = (*(known_owner.owned if known_owner else ()), *owner.owned)
        owners[owner.unit.iri] = Owner(owner.unit, tuple({element.iri: element for element in owned}.values()))
    in_order = sorted(owners.values(), key=lambda one: (one.unit.name, one.unit.iri))
    return replace(tells[1], owners=tuple(in_order))


def _starts(before: FlowGraph, after: FlowGraph) -> list[str]:
    edges = [{(flow.iri, flow.source, flow.target, flow.items) for flow in graph.edges} for graph in (before, after)]
    ends = {end for graph in (before, after) for flow in graph.edges for end in (flow.source, flow.target)}
    if len(ends) <= _ALL:
        return sorted(ends)
    moved = {iri for iri in ends if before.elements.get(iri) != after.elements.get(iri)}
    return sorted({end for _, *both, _ in edges[0] ^ edges[1] for end in both} | (moved & ends))


#: Pairs of which the first reaches the second, in how many hops at least and how surely.
Pairs = dict[tuple[str, str], tuple[int, Certainty]]


def compared_reach(graphs: tuple[FlowGraph, FlowGraph], starts: Collection[str], filters: Filters) -> list[Pairs]:
    """Return whom participants reach in each of two graphs, of those that are to be listed in either."""
    every = [_reach(graph, starts, replace(filters, zone=None, types=None)) for graph in graphs]
    known = [graph.elements for graph in graphs]
    ends = {end for reach in every for _, end in reach}
    shown = {end for end in ends if any(end in named and filters.shows(named[end]) for named in known)}
    return [{pair: how for pair, how in reach.items() if pair[1] in shown} for reach in every]


def _reach(graph: FlowGraph, starts: Iterable[str], filters: Filters) -> Pairs:
    found: Pairs = {}
    for start in starts:
        answer = walk(graph, Start((), frozenset([start]), frozenset()), "downstream", filters)
        for one in answer.reached:
            found[start, one.element.iri] = (one.hops, one.certainty)
    return found


def _counts(graph: FlowGraph, reach: Pairs, results: Collection[Result], filters: Filters) -> Counts:
    flows = [flow for flow in graph.edges if filters.allows(flow)]
    zones = [(graph.elements[flow.source].zone, graph.elements[flow.target].zone) for flow in flows]
    return Counts(
        len(flows),
        sum(1 for source, target in zones if source and target and source != target),
        len(reach),
        sum(certainty == "declared" for _, certainty in reach.values()),
        len(results),
        sum(result.status == "open" for result in results),
    )


def _key(result: Result) -> tuple[str, ...]:
    return result.rule, result.shape, result.focus, result.path or "", result.value or ""


def _order(pair: tuple[str, str], elements: dict[str, Element]) -> tuple[str, ...]:
    return (elements[pair[0]].name, elements[pair[1]].name, *pair)
