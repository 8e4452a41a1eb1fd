"""What stands behind each hop of a path: source lines, basis, modality, and whether it crosses from zone to zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qe_kg.catalogue import Element
from qe_kg.lineage.flows import Flow


@dataclass(frozen=True)
class Hop:
    """One flow of a path with what stands behind it."""

    flow: Flow
    source: Element
    target: Element
    items: tuple[Element, ...]
    stations: tuple[Element, ...]

    @property
    def crossing(self) -> list[str] | None:
        """The zones between which the flow crosses; see `crossing`."""
        return crossing(self.source, self.target)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "flow": self.flow.iri,
            "source": self.source.iri,
            "target": self.target.iri,
            "items": [item.iri for item in self.items],
            "lines": list(self.flow.lines),
            "basis": self.flow.basis,
            "modalities": list(self.flow.modalities),
            "crossing": self.crossing,
            "through": [station.iri for station in self.stations],
        }

    def cells(self) -> tuple[str, ...]:
        """Return what a row of a table shows: from, to, items, lines, basis, modality, crossing."""
        through = f" (through {', '.join(one.name for one in self.stations)})" if self.stations else ""
        return (
            self.source.name,
            self.target.name + through,
            ", ".join(item.label for item in self.items) or "?",
            ", ".join(map(str, self.flow.lines)),
            self.flow.basis,
            ", ".join(one.rpartition("modality-")[2] for one in self.flow.modalities),
            " → ".join(zone.rpartition("zone-")[2] for zone in self.crossing) if self.crossing else "",
        )


def crossing(source: Element, target: Element) -> list[str] | None:
    """Return the zones (compact IRIs) that a flow leads from and to; None within one, or where one is not stated."""
    return [source.zone, target.zone] if source.zone and target.zone and source.zone != target.zone else None


#: The names of what `Hop.cells` returns.
HOP_COLUMNS = ("from", "to", "items", "lines", "basis", "modality", "crosses")


def hops_of(flows: Iterable[Flow], elements: Mapping[str, Element]) -> tuple[Hop, ...]:
    """Return flows, in the order of a path, as hops; ``elements`` names all their ends, items and stations."""
    return tuple(
        Hop(
            flow, elements[flow.source], elements[flow.target],
            tuple(elements[item] for item in flow.items), tuple(elements[one] for one in flow.stations),
        )
        for flow in flows
    )  # fmt: skip
