"""The answer to an impact or trace: what is reached, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qe_kg.catalogue import Element
from qe_kg.lineage.evidence import Hop, hops_of
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
class Lineage:
    """The answer to "who is affected?" (downstream) or "where does it come from?" (upstream).

    Attributes:
        start: the IRIs of what was asked about; never listed in ``reached``.
        depth: the greatest number of hops asked for; None without bound.
        reached: ordered by hops, then code or label.
        flows: every flow between any two of the start's and the reached participants, on any path shown, or asked
            about (the flows of an item or a concept).
        elements: names of all participants and items in the answer, by IRI.

    """

    start: tuple[Element, ...]
    direction: Direction
    depth: int | None
    basis: str
    reached: tuple[Reached, ...]
    flows: tuple[Flow, ...]
    elements: dict[str, Element]

    def hops(self, reached: Reached) -> tuple[Hop, ...]:
        """Return the path by which something is reached with what stands behind each hop, from the start onwards."""
        flows = {flow.iri: flow for flow in self.flows}
        return hops_of((flows[iri] for iri in reached.path), self.elements)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "start": [element.iri for element in self.start],
            "direction": self.direction,
            "depth": self.depth,
            "basis": self.basis,
            "reached": [reached.to_dict() for reached in self.reached],
            "flows": [flow.to_dict() for flow in self.flows],
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
