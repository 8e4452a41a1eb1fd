"""What a change does to who receives what: participants affected, and flows that cross a zone's boundary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from qe_kg.catalogue import Element
from qe_kg.lineage import FlowGraph, walk
from qe_kg.lineage.answer import Start
from qe_kg.model import Model

#: Up to this many walks times flows, every participant is a start; beyond it only the sources of changed flows are.
_MOST_WORK = 500_000
#: And of those no more than this many.
_MOST_STARTS = 20

#: (start, participant that it reaches) → certainty.
Pairs = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Crossing:
    """A flow between two zones; zones are compact IRIs, or "none" where a participant has no zone."""

    flow: str
    label: str
    source_zone: str
    target_zone: str

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"flow": self.flow, "label": self.label, "from": self.source_zone, "to": self.target_zone}

    def __str__(self) -> str:
        zones = (zone.rpartition(":")[2].removeprefix("zone-") for zone in (self.source_zone, self.target_zone))
        return f"{' → '.join(zones)}: {self.label}"


@dataclass(frozen=True, order=True)
class Source:
    """A participant, by name, whose information reaches another: by declared steps, or possibly."""

    name: str
    certainty: str

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"name": self.name, "certainty": self.certainty}

    def __str__(self) -> str:
        return self.name if self.certainty == "declared" else f"{self.name} (possibly)"


@dataclass(frozen=True)
class Affected:
    """One participant that a change affects.

    Attributes:
        element: the participant.
        is_stakeholder: whether it is a stakeholder.
        gained: whose information reaches it now and did not before, or by declared steps now and possibly before.
        lost: whose information reached it before and does not now.

    """

    element: Element
    is_stakeholder: bool
    gained: tuple[Source, ...]
    lost: tuple[Source, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.element.iri, "code": self.element.code, "label": self.element.label, "type": self.element.type,
            "stakeholder": self.is_stakeholder, "nowFrom": [one.to_dict() for one in self.gained],
            "noLongerFrom": [one.to_dict() for one in self.lost],
        }  # fmt: skip


@dataclass(frozen=True)
class Reach:
    """What a change does to who receives what.

    Attributes:
        affected: everyone downstream of what changed, before or after, and everyone whose sources changed;
            stakeholders first.
        crossings_gained: flows between zones that were not there, or not between these zones.
        crossings_lost: the reverse.
        is_bounded: True where the model is so large that only some participants were tried as sources.

    """

    affected: tuple[Affected, ...] = ()
    crossings_gained: tuple[Crossing, ...] = ()
    crossings_lost: tuple[Crossing, ...] = ()
    is_bounded: bool = False


def compare_reach(old: Model | None, new: Model | None, changed: Collection[str], renames: Mapping[str, str]) -> Reach:
    """Compare who receives what on two sides.

    Args:
        old: the model before; None where that side is empty.
        new: the model after, or None.
        changed: IRIs of the elements that differ, by their names on either side.
        renames: old IRI → new IRI.

    """
    lost, gained = _crossings(old, renames), _crossings(new, {})
    is_same = {key for key in gained if key in lost}
    before, after = _Walks(old, renames), _Walks(new, {})
    starts = {renames.get(one, one) for one in before.participants} | after.participants
    bounded = len(starts) * max(before.size, after.size) > _MOST_WORK
    if bounded:
        near = {renames.get(one, one) for one in before.sources_of(changed)} | after.sources_of(changed)
        starts = set(sorted(near)[:_MOST_STARTS])
    pairs_before, pairs_after = before.pairs(starts), after.pairs(starts)
    touched = before.downstream(changed) | after.downstream(changed)
    now = {
        pair: certainty
        for pair, certainty in pairs_after.items()
        if pair not in pairs_before or (certainty, pairs_before[pair]) == ("declared", "possible")
    }
    no_longer = {pair: certainty for pair, certainty in pairs_before.items() if pair not in pairs_after}
    touched |= {target for _, target in (*now, *no_longer)}
    return Reach(
        _affected(touched, now, no_longer, before, after),
        tuple(gained[key] for key in sorted(gained) if key not in is_same),
        tuple(lost[key] for key in sorted(lost) if key not in is_same),
        bounded,
    )


def _crossings(model: Model | None, renames: Mapping[str, str]) -> dict[tuple[str, str, str], Crossing]:
    found = {}
    graph = model.flow_graph if model else FlowGraph((), frozenset(), {})
    crossing = []
    for edge in graph.edges:
        zones = tuple(graph.elements[end].zone or "none" for end in (edge.source, edge.target))
        if zones[0] != zones[1]:
            crossing.append((edge.iri, *zones))
    labels = model.catalogue.describe(iri for iri, *_ in crossing) if model and crossing else {}
    for iri, source, target in crossing:
        name = renames.get(iri, iri)
        found[name, source, target] = Crossing(name, labels[iri].label, source, target)
    return found


class _Walks:
    """Walks through one side, with participants under their new names."""

    def __init__(self, model: Model | None, renames: Mapping[str, str]) -> None:
        self.renames = renames
        self.model = model
        self.graph = model.flow_graph if model else FlowGraph((), frozenset(), {})
        self.size = len(self.graph.edges)
        self.participants = {end for edge in self.graph.edges for end in (edge.source, edge.target)}

    def _new(self, iri: str) -> str:
        return self.renames.get(iri, iri)

    def sources_of(self, changed: Collection[str]) -> set[str]:
        """Return the sources of changed flows, by this side's names."""
        return {edge.source for edge in self.graph.edges if edge.iri in changed}

    def pairs(self, starts: Collection[str]) -> Pairs:
        """Return (start, participant that it reaches) with the certainty for each start, by new names."""
        found: Pairs = {}
        for participant in self.participants:
            if self._new(participant) in starts:
                lineage = walk(self.graph, Start((), frozenset({participant}), frozenset()), "downstream")
                found |= {
                    (self._new(participant), self._new(one.element.iri)): str(one.certainty) for one in lineage.reached
                }
        return found

    def downstream(self, changed: Collection[str]) -> set[str]:
        """Return whom the changed flows, participants and items reach, by new names."""
        flows = {edge.iri for edge in self.graph.edges if edge.iri in changed or _any_of(edge.items, changed)}
        participants = self.participants & set(changed)
        if not flows and not participants:
            return set()
        lineage = walk(self.graph, Start((), frozenset(participants), frozenset(flows)), "downstream")
        return {self._new(one.element.iri) for one in lineage.reached}

    def elements(self) -> dict[str, Element]:
        """Return the participants by their new names."""
        return {self._new(iri): self.graph.elements[iri] for iri in self.participants}

    def stakeholder_classes(self) -> frozenset[str]:
        """Return the compact IRIs of the class of stakeholders and of its subclasses."""
        if self.model is None:
            return frozenset()
        return frozenset(self.model.compact(one) for one in self.model.catalogue.subclasses("Stakeholder"))


def _any_of(items: Collection[str], changed: Collection[str]) -> bool:
    return any(item in changed for item in items)


def _affected(touched: set[str], gained: Pairs, lost: Pairs, before: _Walks, after: _Walks) -> tuple[Affected, ...]:
    elements = before.elements() | after.elements()
    classes = before.stakeholder_classes() | after.stakeholder_classes()
    now_from: dict[str, list[Source]] = defaultdict(list)
    no_longer_from: dict[str, list[Source]] = defaultdict(list)
    for pairs, by_target in ((gained, now_from), (lost, no_longer_from)):
        for (start, target), certainty in pairs.items():
            by_target[target].append(Source(elements[start].name, certainty))
    found = [
        Affected(
            elements[iri], elements[iri].type in classes,
            tuple(sorted(now_from[iri])), tuple(sorted(no_longer_from[iri])),
        )
        for iri in touched
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not one.is_stakeholder, one.element.name, one.element.iri)))
