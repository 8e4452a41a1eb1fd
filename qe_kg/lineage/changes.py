"""What a change does, by its kind: a stop, a delay, a redefinition or a reclassification.

What each kind goes along is said in docs/explanation/change-kinds.md, with examples that a test runs. Each is asked
twice: once of what is sure (along declared steps only), once of what is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qe_kg.catalogue import Element
from qe_kg.lineage.answer import Lineage, Reached, Start
from qe_kg.lineage.flows import Flow, FlowGraph
from qe_kg.lineage.records import FlowRecords
from qe_kg.lineage.supply import Supply
from qe_kg.lineage.walk import Filters, State

Kind = Literal["stop", "delay", "redefine", "reclassify", "lift"]
KINDS: tuple[Kind, ...] = ("stop", "delay", "redefine", "reclassify", "lift")
#: Kinds of which everything within some hops follows from what is within as many. What a stop starves, and where a
#: restriction is lifted, depends on what comes from anywhere.
NEAR: tuple[Kind, ...] = ("delay", "redefine", "reclassify")
#: Whether a change goes on from an item that a flow brings to a participant into an item of a flow out of it.
Follows = Callable[[Flow, "str | None", Flow, "str | None"], bool]


@dataclass(frozen=True)
class Effect:
    """What a change does to one participant: by which items, and whether it is spared and why."""

    element: Element
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"id": self.element.iri, "label": self.element.label, "text": self.text}


@dataclass(frozen=True)
class ChangeAnswer:
    """Whom a change of one kind affects.

    Attributes:
        kind: one of `KINDS`.
        lineage: the affected participants with the paths along which the change comes to them.
        effects: for each of them, in the same order, what it means.
        spared: participants that the change comes to and does nothing to, and why.

    """

    kind: Kind
    lineage: Lineage
    effects: tuple[Effect, ...]
    spared: tuple[Effect, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: that of an impact, with what the change does."""
        document = self.lineage.to_dict()
        for reached, effect in zip(document["reached"], self.effects, strict=True):
            reached["effect"] = effect.text
        return {"change": self.kind, **document, "spared": [one.to_dict() for one in self.spared]}


def change_impact(graph: FlowGraph, records: FlowRecords, kind: Kind, start: Start, filters: Filters) -> ChangeAnswer:
    """Tell whom a change of what a start names affects.

    Args:
        graph: the flows.
        records: what is recorded of flows and items beside who hands over what.
        kind: the kind of change.
        start: what changes.
        filters: what to leave out; see `Filters`.

    """
    return _Change(graph, records, kind, start, filters).answer()


class _Change:
    def __init__(self, graph: FlowGraph, records: FlowRecords, kind: Kind, start: Start, filters: Filters) -> None:
        self.graph, self.records, self.kind, self.start, self.filters = graph, records, kind, start, filters
        self.flows = {flow.iri: flow for flow in graph.edges if filters.allows(flow)}
        self.leaving: dict[str, list[Flow]] = {}
        for flow in self.flows.values():
            self.leaving.setdefault(flow.source, []).append(flow)
        self.spared: dict[str, str] = {}

    def answer(self) -> ChangeAnswer:
        reached: dict[str, Reached] = {}
        texts: dict[str, dict[str, set[str]]] = {}
        for is_sure in (True,) if self.filters.certain else (True, False):
            for one, verb, name in self._affected(is_sure):
                known = reached.setdefault(one.element.iri, one)
                if known.certainty == one.certainty:
                    texts.setdefault(one.element.iri, {}).setdefault(verb, set()).add(name)
        shown = [one for one in reached.values() if self._is_shown(one)]
        shown.sort(key=lambda one: (one.hops, one.element.name, one.element.iri))
        effects = tuple(Effect(one.element, _sentence(texts[one.element.iri])) for one in shown)
        spared = (Effect(self.graph.elements[iri], text) for iri, text in self.spared.items() if iri not in reached)
        return ChangeAnswer(
            self.kind, self._lineage(shown), effects,
            tuple(sorted(spared, key=lambda one: (one.element.name, one.element.iri))),
        )  # fmt: skip

    def _is_shown(self, one: Reached) -> bool:
        return (self.filters.depth is None or one.hops <= self.filters.depth) and self.filters.shows(one.element)

    def _lineage(self, reached: list[Reached]) -> Lineage:
        used = [self.flows[iri] for iri in sorted({flow for one in reached for flow in one.path})]
        named = {end for flow in used for end in (flow.source, flow.target, *flow.items, *flow.stations)}
        elements = {iri: self.graph.elements[iri] for iri in sorted(named)} | {
            one.iri: one for one in self.start.elements
        }
        return Lineage(
            self.start.elements, "downstream", self.filters.depth, self.filters.basis, tuple(reached),
            tuple(used), elements,
        )  # fmt: skip

    # --- the kinds ------------------------------------------------------------------------------------------

    def _affected(self, is_sure: bool) -> Iterator[tuple[Reached, str, str]]:
        if self.kind == "redefine":
            return self._redefined(is_sure)
        if self.kind == "stop":
            return self._stopped(is_sure)
        if self.kind == "delay":
            return self._delayed(is_sure)
        return self._lifted(is_sure) if self.kind == "lift" else self._reclassified(is_sure)

    def _first(self) -> set[State]:
        """Return what changes: items on flows that leave the start, or that were asked about."""
        first = {
            State(flow.iri, item)
            for flow in self.flows.values()
            if flow.source in self.start.participants or flow.iri in self.start.flows
            for item in self.filters.payload(flow) or (None,)
        }
        asked = self.start.payloads
        return {
            state
            for state in first
            if self.flows[state.flow].source in self.start.participants
            or state.flow not in asked
            or state.item in asked[state.flow]
        }

    def _stopped(self, is_sure: bool) -> Iterator[tuple[Reached, str, str]]:
        supply = Supply(self.flows.values(), self.graph.derivations)
        lost = supply.lost(self._first(), is_sure=is_sure)

        def starves(flow: Flow, item: str | None) -> bool:
            others = [] if item is None else supply.still_bring(flow.target, item, lost)
            if others and flow.target not in self.start.participants:
                names = ", ".join(sorted({self._name(other.source) for other in others}))
                self.spared[flow.target] = f"still gets {self._name(item)} from {names}"
            return not others

        def follows(flow: Flow, item: str | None, onward: Flow, other: str | None) -> bool:
            if State(onward.iri, other) not in lost or not starves(flow, item):
                return False
            return self._is_declared(flow.target, item, other) or (
                not is_sure and not supply.has_support(flow.target, other)
            )

        for one, flow, state in self._spread(self._first(), follows, is_sure):
            if starves(flow, state.item):
                yield one, "goes without", self._name(state.item)

    def _delayed(self, is_sure: bool) -> Iterator[tuple[Reached, str, str]]:
        def passes(flow: Flow) -> bool:
            haste = self.records.haste(flow.iri)
            if haste == "absorbs":
                self.spared[flow.target] = f"{self._items(flow)} comes in batches, which take up a delay"
            return haste == "passes" or (not is_sure and haste == "unknown")

        def follows(flow: Flow, item: str | None, onward: Flow, other: str | None) -> bool:
            return passes(onward) and (not is_sure or self._is_declared(flow.target, item, other))

        first = {state for state in self._first() if passes(self.flows[state.flow])}
        for one, _, state in self._spread(first, follows, is_sure):
            yield one, "gets late", self._name(state.item)

    def _redefined(self, is_sure: bool) -> Iterator[tuple[Reached, str, str]]:
        """Go wherever the items are, and, possibly, where something is made of them."""
        items = {state.item for state in self._first()}
        first = {State(flow.iri, item) for flow in self.flows.values() for item in flow.items if item in items}

        def follows(flow: Flow, item: str | None, onward: Flow, other: str | None) -> bool:
            return self._is_declared(flow.target, item, other)

        for state in sorted(first) if is_sure else ():
            flow = self.flows[state.flow]
            yield self._reached(flow.source, (flow.iri,), True), "hands over", self._name(state.item)
        for one, _, state in self._spread(first, follows, is_sure):
            if (state in first) == is_sure:
                verb = "receives" if is_sure else "receives what is made of it:"
                yield one, verb, self._name(state.item)

    def _reclassified(self, is_sure: bool) -> Iterator[tuple[Reached, str, str]]:
        first = {state for state in self._first() if self._can_hold(self.flows[state.flow])}
        for one, _, state in self._spread(first, self._keeps(is_sure, note=True), is_sure):
            yield one, "holds", self._name(state.item)

    def _lifted(self, is_sure: bool) -> Iterator[tuple[Reached, str, str]]:
        """Go where the restriction came from the start alone."""
        first = {state for state in self._first() if self._can_hold(self.flows[state.flow])}
        lifted = {state.item for state in first}
        keeps = self._keeps(is_sure, note=False)
        others = {
            State(flow.iri, item)
            for flow in self.flows.values()
            for item in flow.items
            if item in self.records.restricted and item not in lifted and self._can_hold(flow)
        }
        # What remains is taken widely, whatever is asked: a restriction is not lifted where it may still come from.
        spread = self._spread(others, self._keeps(False, note=False), False, is_bounded=False)
        remaining = {state for _, _, state in spread} | others
        still: dict[str, set[str]] = {}
        for state in remaining:
            still.setdefault(self.flows[state.flow].target, set()).add(self._name(state.item))
        for one, _, state in self._spread(first, keeps, is_sure):
            if state in remaining or one.element.iri in still:
                left = ", ".join(sorted(still[one.element.iri]))
                self.spared[one.element.iri] = f"still holds what is restricted: {left}"
            else:
                yield one, "holds nothing restricted but", self._name(state.item)

    def _keeps(self, is_sure: bool, *, note: bool) -> Follows:
        """Return the test whether a restriction goes on; with ``note``, remember who is spared by a derivation."""

        def follows(flow: Flow, item: str | None, onward: Flow, other: str | None) -> bool:
            at = flow.target
            if not self._can_hold(onward):
                if note:
                    self.spared[onward.target] = (
                        f"{self._items(onward)} leaves {self._name(at)} without what restricts it"
                    )
                return False
            if item is not None and (at, item, other) in self.graph.declassifying:
                if note:
                    self.spared[onward.target] = f"{self._name(at)} takes out of {self._name(other)} what restricts it"
                return False
            return not is_sure or self._is_declared(at, item, other)

        return follows

    def _can_hold(self, flow: Flow) -> bool:
        return flow.iri not in self.records.free

    # --- what they share ------------------------------------------------------------------------------------

    def _is_declared(self, at: str, item: str | None, other: str | None) -> bool:
        return item is not None and (item == other or (at, item, other) in self.graph.derivations)

    def _spread(
        self, first: Iterable[State], follows: Follows, is_sure: bool, *, is_bounded: bool = True
    ) -> Iterator[tuple[Reached, Flow, State]]:
        """Yield, breadth first, whom each state comes to, by which flow; up to the depth asked for if bounded."""
        depth = self.filters.depth if is_bounded else None
        before: dict[State, State | None] = dict.fromkeys(sorted(first, key=_order))
        waiting, level = list(before) if depth != 0 else [], 1
        while waiting:
            onward: list[State] = []
            for state in waiting:
                flow = self.flows[state.flow]
                if flow.target not in self.start.participants:
                    yield self._reached(flow.target, self._path(state, before), is_sure), flow, state
                if level == depth or not self._passable(flow.target):
                    continue
                for leaving in self.leaving.get(flow.target, ()):
                    for item in self.filters.payload(leaving) or (None,):
                        following = State(leaving.iri, item)
                        if following not in before and follows(flow, state.item, leaving, item):
                            before[following] = state
                            onward.append(following)
            waiting, level = sorted(onward, key=_order), level + 1

    def _path(self, state: State, before: Mapping[State, State | None]) -> tuple[str, ...]:
        path: list[str] = []
        current: State | None = state
        while current is not None:
            path.append(current.flow)
            current = before[current]
        return tuple(reversed(path))

    def _reached(self, participant: str, path: tuple[str, ...], is_sure: bool) -> Reached:
        return Reached(self.graph.elements[participant], len(path), "declared" if is_sure else "possible", path)

    def _passable(self, participant: str) -> bool:
        zone = self.graph.elements[participant].zone
        return self.filters.through_external or zone != self.filters.external_zone

    def _name(self, iri: str | None) -> str:
        return "what it gets" if iri is None else self.graph.elements[iri].name

    def _items(self, flow: Flow) -> str:
        return ", ".join(self._name(item) for item in flow.items) or "what it gets"


def _sentence(parts: Mapping[str, Iterable[str]]) -> str:
    return "; ".join(f"{verb} {', '.join(sorted(names))}" for verb, names in sorted(parts.items()))


def _order(state: State) -> tuple[str, str]:
    return state.flow, state.item or ""
