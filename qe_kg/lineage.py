"""Impact and trace: who receives, through however many flows, what a start gives away, and the reverse.

A *step* leads from a flow into a participant on to a flow out of it (the other way round upstream). It is
**declared** where the second flow hands over an item of the first again, or where a derivation at that participant
says that an item of the second is made from an item of the first. Everywhere else it is **possible**: nothing says
that what goes out holds anything of what came in, and nothing denies it. A path is declared if all its steps are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from qe_kg.catalogue import Catalogue, Element
from qe_kg.namespaces import Namespaces
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.terms import Term

Direction = Literal["downstream", "upstream"]
BASES = ("drawn", "stated", "all")


@dataclass(frozen=True)
class Flow:
    """One flow of the model: participants and items by IRI, source lines, and basis.

    ``basis`` is "drawn", "stated", "both", or "none" where no statement of a source stands behind the flow.
    ``is_expansion`` tells that only the expansion of a universal statement gives it.
    """

    iri: str
    source: str
    target: str
    items: tuple[str, ...]
    lines: tuple[int, ...]
    basis: str
    is_expansion: bool = False

    def ends(self, direction: Direction) -> tuple[str, str]:
        """Return where the flow is entered and where it is left when walking in a direction."""
        return (self.source, self.target) if direction == "downstream" else (self.target, self.source)

    def is_of(self, basis: str) -> bool:
        """Tell whether the flow is of one of `BASES`."""
        return basis == "all" or self.basis in (basis, "both")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; ``item`` is the first item, ``items`` is there only where a flow has several."""
        several = {"items": list(self.items)} if len(self.items) > 1 else {}
        return {
            "id": self.iri,
            "source": self.source,
            "target": self.target,
            "item": self.items[0] if self.items else None,
            **several,
            "lines": list(self.lines),
            "basis": self.basis,
        }


@dataclass(frozen=True)
class FlowGraph:
    """All flows with what is needed to walk them.

    Attributes:
        edges: every flow, sorted by IRI.
        derivations: (participant, input item, output item) triples, by IRI.
        elements: participants and items that occur in flows, by IRI.

    """

    edges: tuple[Flow, ...]
    derivations: frozenset[tuple[str, str, str]]
    elements: dict[str, Element]

    @classmethod
    def read(cls, store: EmbeddedStore, catalogue: Catalogue, namespaces: Namespaces) -> FlowGraph:
        """Read the flow graph from a store."""
        qe = f"PREFIX qe: <{namespaces.terms}>\n"
        ends: dict[str, tuple[str, str]] = {}
        items: dict[str, set[str]] = {}
        for flow, source, target, item in store.select(
            f"{qe}SELECT ?f ?s ?t ?i WHERE {{ ?f qe:hasSource ?s ; qe:hasTarget ?t "
            "OPTIONAL { ?f qe:carries ?i FILTER(isIRI(?i)) } FILTER(isIRI(?f) && isIRI(?s) && isIRI(?t)) }"
        ).rows:
            assert flow and source and target
            ends[flow.value] = (source.value, target.value)
            items.setdefault(flow.value, set()).update([item.value] if item else [])
        lines: dict[str, set[int]] = {}
        drawn: set[str] = set()
        stated: set[str] = set()
        directly: set[str] = set()
        for flow, how, line, medium in store.select(
            f"{qe}SELECT ?f ?how ?line ?medium WHERE {{ VALUES ?how {{ qe:statesFlow qe:expandsTo }} "
            "?st ?how ?f ; qe:medium ?medium OPTIONAL { ?st qe:atLine ?line } }"
        ).rows:
            assert flow and how and medium
            if how.value == f"{namespaces.terms}statesFlow":
                directly.add(flow.value)
            (drawn if medium.value == f"{namespaces.lists}medium-diagram" else stated).add(flow.value)
            lines.setdefault(flow.value, set()).update(_line_number(line))
        derivations = frozenset(
            (at.value, made_from.value, made.value)
            for at, made_from, made in store.select(
                f"{qe}SELECT ?at ?in ?out WHERE {{ ?d qe:isDerivedAt ?at ; qe:takesInput ?in ; qe:givesOutput ?out "
                "FILTER(isIRI(?at) && isIRI(?in) && isIRI(?out)) }"
            ).rows
            if at and made_from and made
        )
        edges = tuple(
            Flow(
                flow,
                *ends[flow],
                items=tuple(sorted(items[flow])),
                lines=tuple(sorted(lines.get(flow, ()))),
                basis=_basis(flow in drawn, flow in stated),
                is_expansion=flow in lines and flow not in directly,
            )
            for flow in sorted(ends)
        )
        named = {end for edge in edges for end in (edge.source, edge.target, *edge.items)}
        return cls(edges, derivations, catalogue.describe(named))


def _line_number(value: Term | None) -> tuple[int, ...]:
    try:
        return (int(value.value),) if value else ()
    except ValueError:
        return ()  # validation tells


def _basis(drawn: bool, stated: bool) -> str:
    if drawn and stated:
        return "both"
    return "drawn" if drawn else "stated" if stated else "none"


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
    """Where a walk starts: participants, and flows that are walked first (of a flow, an item or a concept)."""

    elements: tuple[Element, ...]
    participants: frozenset[str]
    flows: frozenset[str]


def walk(
    graph: FlowGraph,
    start: Start,
    direction: Direction,
    *,
    depth: int | None = None,
    basis: str = "all",
    through_external: bool = False,
    zone: str | None = None,
    item: str | None = None,
    external_zone: str = "qev:zone-external",
) -> Lineage:
    """Walk the flows breadth first and return everything reached with its evidence.

    Args:
        graph: the flows.
        start: where to start.
        direction: "downstream" for impact, "upstream" for trace.
        depth: greatest number of hops, or None.
        basis: "drawn", "stated" or "all": which flows to walk.
        through_external: whether a path may run through a participant of the external zone (it may always
            start or end in one).
        zone: list only participants of this zone (compact IRI); the walk itself is not narrowed.
        item: walk only flows that carry this item (IRI).
        external_zone: compact IRI of the external zone.

    """
    edges = [edge for edge in graph.edges if _allowed(edge, basis, item)]
    leaving: dict[str, list[Flow]] = {}
    for edge in edges:
        leaving.setdefault(edge.ends(direction)[0], []).append(edge)

    def passable(participant: str) -> bool:
        return through_external or graph.elements[participant].zone != external_zone

    is_declared = _step_test(graph.derivations, direction)
    first = [edge for edge in edges if edge.iri in start.flows or edge.ends(direction)[0] in start.participants]
    hops: dict[str, int] = dict.fromkeys(start.participants, 0)
    # For each flow walked: the flow before it on its best path, and whether that path is declared so far.
    before: dict[str, tuple[Flow | None, bool]] = {edge.iri: (None, True) for edge in first}
    best: dict[str, Flow] = {}
    level, frontier = 1, sorted(first, key=lambda edge: edge.iri)
    while frontier and (depth is None or level <= depth):
        arrived: dict[str, list[Flow]] = {}
        for edge in frontier:
            arrived.setdefault(edge.ends(direction)[1], []).append(edge)
        following: list[Flow] = []
        for participant, incoming in arrived.items():
            if participant in hops:
                continue
            hops[participant] = level
            best[participant] = min(incoming, key=lambda edge: (not before[edge.iri][1], edge.iri))
            if not passable(participant):
                continue
            for edge in leaving.get(participant, ()):
                if edge.iri not in before:
                    before[edge.iri] = _best_step(edge, incoming, before, is_declared)
                    following.append(edge)
        frontier, level = sorted(following, key=lambda edge: edge.iri), level + 1
    reached = [
        Reached(
            graph.elements[participant],
            hops[participant],
            "declared" if before[edge.iri][1] else "possible",
            _path(edge, before),
        )
        for participant, edge in best.items()
        if zone is None or graph.elements[participant].zone == zone
    ]
    reached.sort(key=lambda one: (one.hops, one.element.name, one.element.iri))
    shown = start.participants | {one.element.iri for one in reached}
    on_paths = {flow for one in reached for flow in one.path}
    asked_about = start.flows if depth != 0 else frozenset()
    flows = tuple(
        edge
        for edge in edges
        if edge.iri in on_paths or edge.iri in asked_about or (edge.source in shown and edge.target in shown)
    )
    used = {end for flow in flows for end in (flow.source, flow.target, *flow.items)}
    elements = {iri: graph.elements[iri] for iri in sorted(used)} | {one.iri: one for one in start.elements}
    return Lineage(start.elements, direction, depth, basis, tuple(reached), flows, elements)


def _allowed(edge: Flow, basis: str, item: str | None) -> bool:
    return edge.is_of(basis) and (item is None or item in edge.items)


def _step_test(derivations: Iterable[tuple[str, str, str]], direction: Direction) -> Callable[[Flow, Flow], bool]:
    known = frozenset(derivations)

    def is_declared(earlier: Flow, later: Flow) -> bool:
        into, out = (earlier, later) if direction == "downstream" else (later, earlier)
        return any(
            came_in == goes_out or (into.target, came_in, goes_out) in known
            for came_in in into.items
            for goes_out in out.items
        )

    return is_declared


def _best_step(
    edge: Flow,
    incoming: Iterable[Flow],
    before: dict[str, tuple[Flow | None, bool]],
    is_declared: Callable[[Flow, Flow], bool],
) -> tuple[Flow, bool]:
    """Choose the flow to come from: one with which the path stays declared, else the first by IRI."""
    ranked = [(before[one.iri][1] and is_declared(one, edge), one) for one in incoming]
    declared, chosen = min(ranked, key=lambda pair: (not pair[0], pair[1].iri))
    return chosen, declared


def _path(edge: Flow, before: dict[str, tuple[Flow | None, bool]]) -> tuple[str, ...]:
    path: list[str] = []
    current: Flow | None = edge
    while current is not None:
        path.append(current.iri)
        current = before[current.iri][0]
    return tuple(reversed(path))
