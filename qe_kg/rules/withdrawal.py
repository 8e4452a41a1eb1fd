"""What a withdrawn consent takes along: which flows stop, which go on, and what is lost downstream.

An item is *lost* at a participant where nothing is left that it could come from: no flow that still runs brings it, and
of what derivations there make it from nothing is left either. It is *reduced* where a part of that is lost. What a
participant neither receives nor derives it has of itself, and that is never lost. Where no derivation says what an item
is made from, nothing is concluded; who could be touched in that way is told by the lineage of the flows that stop.

JSON of an answer::

    {"withdrawn": [iri…], "at": "YYYY-MM-DD", "profiles": [str…],
     "stops": [FLOW…],              flows that may run today and may not without the records
     "goesOn": [{…FLOW…, "because": "another-record|not-needed", "remove": "Turtle"}],
     "stopped": [FLOW…],            flows of the records that may not run as it is
     "lost": [{"participant", "item", "flows": [iri…]}],     flows: those that brought it, or that it was made from
     "reduced": [{"participant", "item", "flows": [iri…]}],
     "starved": [iri…],             flows that have nothing left to hand over
     "reached": [{"id", "code", "label", "zone", "hops", "certainty", …}]}   as `qe-kg impact` has it of what stops

FLOW is as in `qe_kg.rules.consent`. ``remove`` is what to take out, so that the flow no longer relies on the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from qe_kg.catalogue import Element
from qe_kg.errors import CallError
from qe_kg.lineage import FlowGraph, Reached, Start, walk
from qe_kg.rules.consent import FlowConsent, flow_dict, judge, read_facts, resolve
from qe_kg.rules.context import Context

#: (participant, item)
Place = tuple[str, str]


@dataclass(frozen=True)
class Loss:
    """An item that a participant no longer has, or no longer has whole, and the flows by which that comes."""

    participant: str
    item: str
    flows: tuple[str, ...]


@dataclass(frozen=True)
class Losses:
    """What is lost and reduced, ordered by participant and item, and which further flows have nothing to hand over."""

    lost: tuple[Loss, ...]
    reduced: tuple[Loss, ...]
    starved: tuple[str, ...]


def find_losses(graph: FlowGraph, stopped: Iterable[str]) -> Losses:
    """Find what is lost where flows stop.

    Args:
        graph: all flows.
        stopped: IRIs of the flows that stop.

    """
    supply = _Supply(graph)
    gone = frozenset(stopped)
    after = supply.available(gone)
    lost = supply.places - after
    starved = tuple(
        flow.iri
        for flow in graph.edges
        if flow.iri not in gone and flow.items and all((flow.source, item) in lost for item in flow.items)
    )
    gone |= set(starved)
    reduced = supply.touched(gone, lost) - lost
    return Losses(
        tuple(supply.loss(place, gone, lost) for place in sorted(lost) if supply.is_supplied(place)),
        tuple(supply.loss(place, gone, lost | reduced) for place in sorted(reduced)),
        starved,
    )


class _Supply:
    """Where each item at each participant comes from."""

    def __init__(self, graph: FlowGraph) -> None:
        self.brought: dict[Place, list[tuple[str, Place]]] = {}
        self.made: dict[Place, set[Place]] = {}
        for at, made_from, made in sorted(graph.derivations):
            self.made.setdefault((at, made), set()).add((at, made_from))
        for flow in graph.edges:
            for item in flow.items:
                self.brought.setdefault((flow.target, item), []).append((flow.iri, (flow.source, item)))
        used = {place for ways in self.brought.values() for _, place in ways}
        used |= {place for ways in self.made.values() for place in ways}
        self.places: set[Place] = used | set(self.brought) | set(self.made)
        self.users: dict[Place, list[Place]] = {}
        for place in self.places:
            for _, before in self.brought.get(place, ()):
                self.users.setdefault(before, []).append(place)
            for before in self.made.get(place, ()):
                self.users.setdefault(before, []).append(place)
        self._own = {place for place in self.places if not self.is_supplied(place)}
        # Items that only go round in circles must have come from somewhere: they count as had by those in the circle.
        self._own |= self.places - self.available(frozenset())

    def is_supplied(self, place: Place) -> bool:
        """Tell whether a flow or a derivation gives an item."""
        return place in self.brought or place in self.made

    def available(self, gone: frozenset[str]) -> set[Place]:
        """Return all items that can still be had somewhere."""
        found = set(self._own)
        todo = list(found)
        while todo:
            before = todo.pop()
            for place in self.users.get(before, ()):
                if place not in found and (
                    before in self.made.get(place, ())
                    or any(origin == before and flow not in gone for flow, origin in self.brought.get(place, ()))
                ):
                    found.add(place)
                    todo.append(place)
        return found

    def touched(self, gone: frozenset[str], lost: set[Place]) -> set[Place]:
        """Return all items of whose sources at least one is lost or itself touched."""
        found = {place for place, ways in self.brought.items() if any(flow in gone for flow, _ in ways)} | lost
        todo = list(found)
        while todo:
            for place in self.users.get(todo.pop(), ()):
                if place not in found:
                    found.add(place)
                    todo.append(place)
        return found

    def loss(self, place: Place, gone: frozenset[str], worse: set[Place]) -> Loss:
        """Tell the flows by which an item is lost or reduced: those that brought it, or what it is made from."""
        through = {flow for flow, origin in self.brought.get(place, ()) if flow in gone or origin in worse}
        for made_from in self.made.get(place, ()):
            through |= {flow for flow, origin in self.brought.get(made_from, ()) if flow in gone or origin in worse}
        return Loss(*place, tuple(sorted(through)))


# --- asking a model ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GoesOn:
    """A flow that goes on: under records of other people, or since no rule asks for consent."""

    consent: FlowConsent
    because: Literal["another-record", "not-needed"]
    remove: str


@dataclass(frozen=True)
class WithdrawalAnswer:
    """What happens when records are withdrawn; see the module for the JSON form and for what is lost.

    Attributes:
        withdrawn: the records.
        day: the day.
        profiles: the jurisdictions whose rules say which flows need consent.
        stops: flows that may run and then may not, with what then stands against them.
        goes_on: flows of the records that go on once these are taken off.
        stopped: flows of the records that may not run as it is.
        losses: what is lost downstream of the flows that stop.
        reached: the participants downstream of the flows that stop, as `qe_kg.lineage` has them.
        elements: names of everything mentioned, by IRI.

    """

    withdrawn: tuple[Element, ...]
    day: date
    profiles: tuple[str, ...]
    stops: tuple[FlowConsent, ...]
    goes_on: tuple[GoesOn, ...]
    stopped: tuple[FlowConsent, ...]
    losses: Losses
    reached: tuple[Reached, ...]
    elements: Mapping[str, Element]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""

        def losses(some: tuple[Loss, ...]) -> list[dict[str, Any]]:
            return [{"participant": one.participant, "item": one.item, "flows": list(one.flows)} for one in some]

        return {
            "withdrawn": [element.iri for element in self.withdrawn],
            "at": self.day.isoformat(),
            "profiles": list(self.profiles),
            "stops": [flow_dict(one, self.elements) for one in self.stops],
            "goesOn": [
                {**flow_dict(one.consent, self.elements), "because": one.because, "remove": one.remove}
                for one in self.goes_on
            ],
            "stopped": [flow_dict(one, self.elements) for one in self.stopped],
            "lost": losses(self.losses.lost),
            "reduced": losses(self.losses.reduced),
            "starved": list(self.losses.starved),
            "reached": [one.to_dict() for one in self.reached],
        }


def withdraw(context: Context, names: Iterable[str]) -> WithdrawalAnswer:
    """Tell what happens when consent records are withdrawn.

    Args:
        context: the model, the day and the jurisdictions.
        names: records by label, identifier, CURIE or IRI.

    Raises:
        UnknownNameError, AmbiguousNameError: a name is wrong.
        CallError: no record is named.
        ShapesError: the shapes cannot be evaluated.

    """
    records = tuple(dict.fromkeys(resolve(context, name, "record") for name in names))
    if not records:
        raise CallError("name at least one consent record")
    facts = read_facts(context)
    gone = frozenset(record.iri for record in records)
    stops: list[FlowConsent] = []
    goes_on: list[GoesOn] = []
    stopped: list[FlowConsent] = []
    for flow in context.flows.edges:
        relied_on = sorted(gone & set(facts.coverage.get(flow.iri, ())))
        if not relied_on:
            continue
        before, after = judge(flow, facts, context.day), judge(flow, facts, context.day, without=gone)
        if not after.may_run:
            (stops if before.may_run else stopped).append(after)
            continue
        triple = f"{_turtle(context, flow.iri)} {_turtle(context, f'{context.namespaces.terms}isCoveredByConsent')} "
        remove = triple + " , ".join(_turtle(context, one) for one in relied_on) + " ."
        goes_on.append(GoesOn(after, "another-record" if after.records else "not-needed", remove))
    ended = {one.flow.iri for one in stops}
    lineage = walk(context.flows, Start((), frozenset(), frozenset(ended)), "downstream")
    losses = find_losses(context.flows, ended)
    return WithdrawalAnswer(
        withdrawn=records,
        day=context.day,
        profiles=context.profiles,
        stops=tuple(stops),
        goes_on=tuple(goes_on),
        stopped=tuple(stopped),
        losses=losses,
        reached=tuple(lineage.reached) if ended else (),
        elements=_names(context, [*stops, *stopped, *(one.consent for one in goes_on)], losses, gone),
    )


def _turtle(context: Context, iri: str) -> str:
    compact = context.namespaces.compact(iri)
    return f"<{iri}>" if compact == iri else compact


def _names(
    context: Context, flows: Iterable[FlowConsent], losses: Losses, records: frozenset[str]
) -> Mapping[str, Element]:
    named = set(records) | set(losses.starved)
    for one in flows:
        named |= {one.flow.iri, one.flow.source, one.flow.target, *one.flow.items, *one.records}
    by_iri = {flow.iri: flow for flow in context.flows.edges}
    for loss in (*losses.lost, *losses.reduced):
        named |= {loss.participant, loss.item, *loss.flows}
    for flow in losses.starved:
        named |= {by_iri[flow].source, by_iri[flow].target}
    return context.catalogue.describe(named)
