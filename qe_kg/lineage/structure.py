"""What the shape of a model tells: where it hangs by one thread, where both sides meet, what goes in circles.

Participants are nodes, flows are edges. rustworkx is used in this module only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import rustworkx as rx

from qe_kg.catalogue import Element
from qe_kg.lineage.answer import Reached, Start, Tell
from qe_kg.lineage.evidence import Hop, hops_of
from qe_kg.lineage.flows import Flow, FlowGraph
from qe_kg.lineage.walk import Filters, walk

_SIDES = ("qev:zone-regulated", "qev:zone-non-regulated")


@dataclass(frozen=True)
class Bridge:
    """The only link, whatever its direction, between two parts: its flows, and how many are on the smaller side."""

    flows: tuple[Hop, ...]
    cuts_off: int


@dataclass(frozen=True)
class PointOfFailure:
    """A participant without which some can no longer reach others.

    Attributes:
        element: the participant.
        pairs: for how many ordered pairs of other participants every way leads through it; no way leads through a
            participant of the external zone.

    """

    element: Element
    pairs: int


@dataclass(frozen=True)
class Commingling:
    """A participant that receives from both the regulated and the non-regulated zone: how many flows of each."""

    element: Element
    regulated: int
    non_regulated: int


@dataclass(frozen=True)
class Exposure:
    """The shortest way on which regulated information gets to a market participant or a third party."""

    target: Element
    path: tuple[Hop, ...]
    certainty: Literal["declared", "possible"]


@dataclass(frozen=True)
class Structure:
    """The shape of a model's flows.

    Filters narrow it: what flows there are, the exposures by hops and certainty, and of what is listed those that are
    shown participants, or have one among them.

    Attributes:
        bridges: the one that cuts off most first.
        points_of_failure: the one that disconnects most pairs first.
        commingling: participants with inputs from both zones, by name.
        loops: the largest sets of participants all of which reach each other, largest first; likewise.
        islands: the parts without any flow between them, largest first; one island is a model in one piece.
        sinks: participants that receive and hand nothing on; ``sources`` hand over and receive nothing.
        exposures: for each market participant and third party reached, nearest first.
        tell: whom this concerns: who is exposed, and the owners of all that is listed but islands, sinks and sources;
            None where no model answers for it.

    """

    bridges: tuple[Bridge, ...]
    points_of_failure: tuple[PointOfFailure, ...]
    commingling: tuple[Commingling, ...]
    loops: tuple[tuple[Element, ...], ...]
    islands: tuple[tuple[Element, ...], ...]
    sinks: tuple[Element, ...]
    sources: tuple[Element, ...]
    exposures: tuple[Exposure, ...]
    tell: Tell | None = None

    def exposed(self) -> tuple[Reached, ...]:
        """Return whom regulated information gets to."""
        return tuple(
            Reached(one.target, len(one.path), one.certainty, tuple(hop.flow.iri for hop in one.path))
            for one in self.exposures
        )

    def concerned(self) -> list[str]:
        """Return the IRIs of the other participants and of the flows whose owners this concerns."""
        elements = [one.element for one in self.points_of_failure] + [one.element for one in self.commingling]
        elements += [element for loop in self.loops for element in loop]
        hops = [hop for one in self.bridges for hop in one.flows] + [hop for one in self.exposures for hop in one.path]
        return [*(element.iri for element in elements), *(hop.flow.iri for hop in hops)]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""

        def iris(elements: Iterable[Element]) -> list[str]:
            return [element.iri for element in elements]

        return {
            **({"tell": self.tell.to_dict()} if self.tell else {}),
            "bridges": [
                {"flows": [hop.to_dict() for hop in one.flows], "cutsOff": one.cuts_off} for one in self.bridges
            ],
            "pointsOfFailure": [{"id": one.element.iri, "pairs": one.pairs} for one in self.points_of_failure],
            "commingling": [
                {"id": one.element.iri, "regulated": one.regulated, "nonRegulated": one.non_regulated}
                for one in self.commingling
            ],
            "loops": [iris(one) for one in self.loops],
            "islands": [iris(one) for one in self.islands],
            "sinks": iris(self.sinks),
            "sources": iris(self.sources),
            "exposures": [
                {
                    "id": one.target.iri, "hops": len(one.path), "certainty": one.certainty,
                    "path": [hop.to_dict() for hop in one.path],
                }
                for one in self.exposures
            ],
        }  # fmt: skip


def structure_of(graph: FlowGraph, outsiders: Collection[str], filters: Filters | None = None) -> Structure:
    """Find out the shape of a graph.

    Args:
        graph: the flows.
        outsiders: the participants that are market participants or third parties.
        filters: what to leave out.

    """
    return _Shape(graph, filters or Filters()).structure(outsiders)


class _Shape:
    def __init__(self, graph: FlowGraph, filters: Filters) -> None:
        self.graph, self.filters = graph, filters
        self.flows = [flow for flow in graph.edges if filters.allows(flow)]
        self.names = sorted({end for flow in self.flows for end in (flow.source, flow.target)})
        number = {name: index for index, name in enumerate(self.names)}
        self.directed: rx.PyDiGraph[int, Flow] = rx.PyDiGraph()
        self.directed.add_nodes_from(list(range(len(self.names))))
        self.directed.add_edges_from([(number[flow.source], number[flow.target], flow) for flow in self.flows])
        self.number = number
        # What a stakeholder outside does with what it gets is outside the model: no way leads on from there.
        self.inside: rx.PyDiGraph[int, Flow] = self.directed.copy()
        external = None if filters.through_external else filters.external_zone
        outside = [number[name] for name in self.names if external and graph.elements[name].zone == external]
        for node in outside:
            self.inside.remove_edges_from([(node, end) for _, end, _ in self.inside.out_edges(node)])
        self.starts = sorted(set(self.inside.node_indices()) - set(outside))

    def structure(self, outsiders: Collection[str]) -> Structure:
        sources = {flow.source for flow in self.flows}
        targets = {flow.target for flow in self.flows}
        return Structure(
            self._bridges(), self._points_of_failure(), self._commingling(), self._loops(), self._islands(),
            self._elements(filter(self._shown, targets - sources)),
            self._elements(filter(self._shown, sources - targets)),
            self._exposures(outsiders),
        )  # fmt: skip

    def _shown(self, iri: str) -> bool:
        return self.filters.shows(self.graph.elements[iri])

    def _elements(self, iris: Iterable[str]) -> tuple[Element, ...]:
        return tuple(sorted((self.graph.elements[iri] for iri in iris), key=_by_name))

    def _parts(self, numbered: Iterable[Iterable[int]]) -> tuple[tuple[Element, ...], ...]:
        named = [[self.names[number] for number in part] for part in numbered]
        parts = [self._elements(part) for part in named if any(map(self._shown, part))]
        return tuple(sorted(parts, key=lambda part: (-len(part), [_by_name(element) for element in part])))

    def _loops(self) -> tuple[tuple[Element, ...], ...]:
        return self._parts(part for part in rx.strongly_connected_components(self.inside) if len(part) > 1)

    def _islands(self) -> tuple[tuple[Element, ...], ...]:
        return self._parts(rx.weakly_connected_components(self.directed))

    def _bridges(self) -> tuple[Bridge, ...]:
        """Return the links without which a part falls apart; all flows between two participants are one link."""
        between: dict[tuple[int, int], list[Flow]] = {}
        for flow in self.flows:
            source, target = self.number[flow.source], self.number[flow.target]
            if source != target:
                between.setdefault((min(source, target), max(source, target)), []).append(flow)
        links: rx.PyGraph[int, None] = rx.PyGraph()
        links.add_nodes_from(list(range(len(self.names))))
        links.add_edges_from_no_data(list(between))
        found: list[Bridge] = []
        for ends in rx.bridges(links):
            one, other = sorted(ends)
            pair = (one, other)
            if not any(self._shown(self.names[end]) for end in pair):
                continue
            cut = links.copy()
            cut.remove_edge(*pair)
            sides = [len(rx.node_connected_component(cut, end)) for end in pair]
            flows = sorted(between[pair], key=lambda flow: flow.iri)
            found.append(Bridge(hops_of(flows, self.graph.elements), min(sides)))
        return tuple(sorted(found, key=lambda one: (-one.cuts_off, one.flows[0].flow.iri)))

    def _points_of_failure(self) -> tuple[PointOfFailure, ...]:
        """Count for each participant the pairs that only ways through it connect.

        From every start the dominators of what it reaches are these: without them it is not reached.
        """
        pairs: dict[int, int] = {}
        for start in self.starts:
            above = rx.immediate_dominators(self.inside, start)
            below = dict.fromkeys(above, 1)
            # From the leaves of the dominator tree up: how many hang below each.
            for node in sorted(above, key=lambda one: -_depth(one, above)):
                if node != start:
                    below[above[node]] += below[node]
            for node, count in below.items():
                if node != start and count > 1:
                    pairs[node] = pairs.get(node, 0) + count - 1
        shown = {self.names[node]: count for node, count in pairs.items() if self._shown(self.names[node])}
        found = [PointOfFailure(self.graph.elements[iri], count) for iri, count in shown.items()]
        return tuple(sorted(found, key=lambda one: (-one.pairs, _by_name(one.element))))

    def _commingling(self) -> tuple[Commingling, ...]:
        counts: dict[str, list[int]] = {}
        for flow in self.flows:
            zone = self.graph.elements[flow.source].zone
            if zone in _SIDES:
                counts.setdefault(flow.target, [0, 0])[_SIDES.index(zone)] += 1
        found = [
            Commingling(self.graph.elements[iri], *both)
            for iri, both in counts.items()
            if all(both) and self._shown(iri)
        ]
        return tuple(sorted(found, key=lambda one: _by_name(one.element)))

    def _exposures(self, outsiders: Collection[str]) -> tuple[Exposure, ...]:
        """Walk from all regulated participants at once: declared where that is possible, else by any way."""
        begin = frozenset(name for name in self.names if self.graph.elements[name].zone == _SIDES[0])
        start = Start((), begin, frozenset())
        found: dict[str, Exposure] = {}
        for certain in (True,) if self.filters.certain else (True, False):
            answer = walk(self.graph, start, "downstream", replace(self.filters, certain=certain))
            for one in answer.reached:
                if one.element.iri in outsiders and one.element.iri not in found:
                    found[one.element.iri] = Exposure(one.element, answer.hops(one), one.certainty)
        return tuple(sorted(found.values(), key=lambda one: (len(one.path), _by_name(one.target))))


def _depth(node: int, above: dict[int, int]) -> int:
    depth = 0
    while above[node] != node:
        node, depth = above[node], depth + 1
    return depth


def _by_name(element: Element) -> tuple[bool, str, str]:
    return element.code is None, element.name, element.iri
