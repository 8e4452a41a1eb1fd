"""Walking the flows breadth first.

A *step* leads from a flow into a participant on to a flow out of it (the other way round upstream). It is
**declared** where the second flow hands over an item of the first again, or where a derivation at that participant
says that an item of the second is made from an item of the first. Everywhere else it is **possible**: nothing says
that what goes out holds anything of what came in, and nothing denies it. A path is declared if all its steps are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qe_kg.lineage.answer import Lineage, Reached, Start
from qe_kg.lineage.flows import Direction, Flow, FlowGraph


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
