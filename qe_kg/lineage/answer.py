"""The answer to an impact or trace: what is reached, with its evidence, and who is to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from qe_kg.catalogue import Element
from qe_kg.lineage.evidence import Hop, crossing, hops_of
from qe_kg.lineage.flows import Direction, Flow


@dataclass(frozen=True)
class Reached:
    """One participant that an impact or trace reaches.

    ``hops`` is the least number of flows, ``path`` one shortest path (the flows' IRIs from the start onwards; a
    declared path where a shortest one is), and ``certainty`` tells whether that path is declared or possible.
    """

    element: Element
    hops: int
    certainty: Literal["declared", "possible"]
    path: tuple[str, ...]

    @property
    def code(self) -> str | None:
        """The participant's code."""
        return self.element.code

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.element.iri,
            "code": self.element.code,
            "label": self.element.label,
            "type": self.element.type,
            "zone": self.element.zone,
            "hops": self.hops,
            "certainty": self.certainty,
            "path": list(self.path),
        }


@dataclass(frozen=True)
class Owner:
    """A business unit, and what of the answer it answers for."""

    unit: Element
    owned: tuple[Element, ...]


@dataclass(frozen=True)
class Tell:
    """Whom an answer concerns, in the order in which they are told.

    Attributes:
        stakeholders: reached stakeholders but regulators, nearest first.
        regulators: reached participants that regulate, nearest first.
        owners: business units that own what was asked about or is reached, a flow on a path shown, or the stream of a
            stage (``qe:isOwnedBy``), by name.
        unowned: how many participants reached have no owner.

    """

    stakeholders: tuple[Reached, ...]
    regulators: tuple[Reached, ...]
    owners: tuple[Owner, ...]
    unowned: int

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""

        def of(reached: Iterable[Reached]) -> list[dict[str, Any]]:
            return [
                {"id": one.element.iri, "label": one.element.label, "hops": one.hops, "certainty": one.certainty}
                for one in reached
            ]

        return {
            "stakeholders": of(self.stakeholders),
            "regulators": of(self.regulators),
            "owners": [
                {"id": one.unit.iri, "label": one.unit.label, "owns": [owned.iri for owned in one.owned]}
                for one in self.owners
            ],
            "unowned": self.unowned,
        }

    def lines(self) -> Iterator[str]:
        """Yield what a person reads: a line each for stakeholders, regulators and owners, where there are any."""
        for title, reached in (("stakeholders", self.stakeholders), ("regulators", self.regulators)):
            if reached:
                yield f"{title}: " + ", ".join(
                    f"{one.element.name} ({one.hops} hop{'s' if one.hops > 1 else ''}"
                    f"{', possibly' if one.certainty == 'possible' else ''})"
                    for one in reached
                )
        if self.owners:
            yield "owners: " + ", ".join(f"{one.unit.name} (of {_first_names(one.owned)})" for one in self.owners)

    @cached_property
    def roles(self) -> dict[str, str]:
        """Why somebody tells or is told of each element (IRI): "stakeholder", "regulator", "owner: …"."""
        found = {one.element.iri: "stakeholder" for one in self.stakeholders}
        found |= {one.element.iri: "regulator" for one in self.regulators}
        for owner in self.owners:
            for element in owner.owned:
                before = f"{found[element.iri]}, " if element.iri in found else ""
                found[element.iri] = f"{before}owner: {owner.unit.name}"
        return found


def _first_names(elements: tuple[Element, ...]) -> str:
    """Name the first elements that are no flows, and count the rest."""
    named = [one.name for one in elements if not one.type.endswith(":InformationFlow")]
    flows = len(elements) - len(named)
    parts = named[:3]
    if len(named) > 3:
        parts.append(f"{len(named) - 3} more")
    if flows:
        parts.append(f"{flows} flow{'s' if flows > 1 else ''}")
    return " and ".join([*[", ".join(parts[:-1])], parts[-1]] if len(parts) > 1 else parts)


@dataclass(frozen=True)
class Lineage:
    """The answer to "who is affected?" (downstream) or "where does it come from?" (upstream).

    Of a large model, what is reached is known at once; rows, paths, flows and names are made when they are read.

    Attributes:
        start: the IRIs of what was asked about; never listed in ``reached``.
        depth: the greatest number of hops asked for; None without bound.
        reached: ordered by hops, then code or label.
        flows: every flow between any two of the start's and the reached participants, on any path shown, or asked
            about (the flows of an item or a concept).
        elements: names of all participants and items in the answer, by IRI.
        teller: finds out whom to tell; None for a walk that no model answers for.

    """

    start: tuple[Element, ...]
    direction: Direction
    depth: int | None
    basis: str
    reached: Sequence[Reached]
    flows: Sequence[Flow]
    elements: Mapping[str, Element]
    teller: Callable[[Lineage], Tell] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def tell(self) -> Tell | None:
        """Whom to tell; None for a walk that no model answers for."""
        return self.teller(self) if self.teller else None

    @cached_property
    def flow(self) -> dict[str, Flow]:
        """The flows by IRI."""
        return {flow.iri: flow for flow in self.flows}

    def hops(self, reached: Reached) -> tuple[Hop, ...]:
        """Return the path by which something is reached with what stands behind each hop, from the start onwards."""
        return hops_of((self.flow[iri] for iri in reached.path), self.elements)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; what stands behind each hop of a path is told with the flow.

        Beside the lines and the basis these are the modalities of the statements, the zones between which the flow
        crosses (or None), and what it passes through.
        """
        elements = dict(self.elements)
        return {
            "start": [element.iri for element in self.start],
            "direction": self.direction,
            "depth": self.depth,
            "basis": self.basis,
            **({"tell": self.tell.to_dict()} if self.tell else {}),
            "reached": [reached.to_dict() for reached in self.reached],
            "flows": [
                {
                    **flow.to_dict(),
                    "modalities": list(flow.modalities),
                    "crossing": crossing(elements[flow.source], elements[flow.target]),
                    "through": list(flow.stations),
                }
                for flow in self.flows
            ],
        }


@dataclass(frozen=True)
class Start:
    """Where a walk starts: participants, and flows that are walked first (of a flow, an item, a concept, a pattern).

    Attributes:
        elements: what was asked about.
        participants: where the walk starts, with all that they give or receive.
        flows: the flows to begin with.
        payloads: for flows of which not everything is followed, the items that are.

    """

    elements: tuple[Element, ...]
    participants: frozenset[str]
    flows: frozenset[str]
    payloads: Mapping[str, frozenset[str]] = field(default_factory=dict)
