"""The walk of `qe_kg.lineage.walk` on arrays: the same answer, a level at a time as a whole.

What a level costs is what it reaches, not what the model holds, but for a few bytes a flow to mark what was met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from qe_kg.catalogue import Element
from qe_kg.lineage.answer import Lineage, Reached, Start
from qe_kg.lineage.flows import Direction, Flow, FlowSource
from qe_kg.lineage.index import Adjacency, FlowIndex, Ints, Mask, spread
from qe_kg.lineage.walk import Filters

_NONE = -1


class Allowed(NamedTuple):
    """What may be walked, as masks: flows of the basis, states of items followed, participants to walk through."""

    flows: Mask
    states: Mask
    passable: Mask


def walk_arrays(
    index: FlowIndex, details: FlowSource, start: Start, direction: Direction, filters: Filters, allowed: Allowed
) -> Lineage:
    """Walk breadth first and return everything reached with its evidence.

    Args:
        index: the flows.
        details: gives names and evidence for what the answer shows.
        start: where to start.
        direction: "downstream" for impact, "upstream" for trace.
        filters: what to leave out.
        allowed: what the filters come to in this index.

    """
    met = Walked.of(index, start, direction, filters, allowed)
    return _Answer(index, details, start, direction, filters, allowed, met).lineage()


@dataclass
class Walked:
    """What a walk has met.

    Attributes:
        hops: for each participant the least number of hops; -1 where it was not reached.
        best: for each participant the flow by which it is shown to be reached.
        flow_met: which flows were walked; ``flow_declared``: by a declared way.
        came_from: for each flow the one before it on a possible way.
        state_met: which states follow by declared steps; ``state_from``: the state before each, -1 at the start.

    """

    index: FlowIndex
    direction: Direction
    filters: Filters
    allowed: Allowed
    hops: Ints
    best: Ints
    flow_met: Mask
    flow_declared: Mask
    came_from: Ints
    state_met: Mask
    state_from: Ints

    @classmethod
    def of(cls, index: FlowIndex, start: Start, direction: Direction, filters: Filters, allowed: Allowed) -> Walked:
        """Walk from a start."""
        participants, flows, states = len(index.participants), len(index.iris), len(index.state_item)
        walked = cls(
            index, direction, filters, allowed,
            np.full(participants, _NONE, np.int64), np.full(participants, _NONE, np.int64),
            np.zeros(flows, np.bool_), np.zeros(flows, np.bool_), np.full(flows, _NONE, np.int64),
            np.zeros(states, np.bool_), np.full(states, _NONE, np.int64),
        )  # fmt: skip
        walked._run(start)
        return walked

    def _run(self, start: Start) -> None:
        begin = _known(start.participants, self.index.number_of_participant)
        self.hops[begin] = 0
        if self.filters.depth == 0:
            return
        frontier, new = self._first(begin, start)
        level = 1
        while len(frontier) and (self.filters.depth is None or level <= self.filters.depth):
            places = self._arrive(frontier, level)
            frontier, new = self._onward(places, new)
            level += 1

    # --- one level ------------------------------------------------------------------------------------------

    def _first(self, begin: Ints, start: Start) -> tuple[Ints, Ints]:
        """Return the flows that leave the start and their states."""
        out = self._out(begin)
        self.flow_met[out] = True
        states = [self._states(out)]
        asked = self.index.numbers_of_flows(start.flows)
        asked = asked[self.allowed.flows[asked] & ~self.flow_met[asked]]
        self.flow_met[asked] = True
        for flow in asked.tolist():
            of_flow = self._states(np.array([flow], np.int64))
            wanted = start.payloads.get(self.index.iris[flow])
            if wanted is not None:
                items = _known(wanted, self.index.number_of_item)
                of_flow = of_flow[np.isin(self.index.state_item[of_flow], items)]
            states.append(of_flow)
        frontier, new = np.union1d(out, asked), np.concatenate(states)
        self.flow_declared[frontier] = True
        self.state_met[new] = True
        return frontier, new

    def _out(self, participants: Ints) -> Ints:
        adjacency: Adjacency = self.index.adjacency(self.direction)
        found = adjacency.at(participants)
        return found[self.allowed.flows[found]]

    def _states(self, flows: Ints) -> Ints:
        first = self.index.first_state
        states = spread(first[flows], first[flows + 1])
        return states[self.allowed.states[states]]

    def _arrive(self, frontier: Ints, level: int) -> Ints:
        """Note whom the flows of a level reach; return those to walk on from."""
        ends = self.index.ends(self.direction)[1][frontier]
        is_new = self.hops[ends] == _NONE
        # The declared flow with the least number comes first for each participant.
        order = np.lexsort((frontier, ~self.flow_declared[frontier], ends))
        order = order[is_new[order]]
        first = _firsts(ends[order])
        reached = ends[order][first]
        self.hops[reached] = level
        self.best[reached] = frontier[order][first]
        places: Ints = np.unique(ends) if self.filters.certain else reached
        passable: Ints = places[self.allowed.passable[places]]
        return passable

    def _onward(self, places: Ints, new: Ints) -> tuple[Ints, Ints]:
        """Return the flows of the next level and their states that follow by declared steps."""
        keys, came_from = self._payload(places, new)
        flows = self._out(places)
        if not self.filters.certain:
            flows = flows[~self.flow_met[flows]]
        states = self._states(flows)
        states = states[~self.state_met[states]]
        at = self.index.ends(self.direction)[0][self.index.state_flow[states]]
        wanted = at * len(self.index.items) + self.index.state_item[states]
        position = np.searchsorted(keys, wanted)
        position[position == len(keys)] = 0
        found = keys[position] == wanted if len(keys) else np.zeros(len(wanted), np.bool_)
        found &= self.index.state_item[states] >= 0
        states, earlier = states[found], came_from[position[found]]
        self.state_met[states] = True
        self.state_from[states] = earlier
        declared = np.unique(self.index.state_flow[states])
        self.flow_declared[declared] = True
        if self.filters.certain:
            return declared, states
        self.flow_met[flows] = True
        self.came_from[flows] = self.best[self.index.ends(self.direction)[0][flows]]
        return np.sort(flows), states

    def _payload(self, places: Ints, new: Ints) -> tuple[Ints, Ints]:
        """Return what can leave these participants by declared steps: sorted keys, and from which state each."""
        count = len(self.index.items)
        states = new[self.index.state_item[new] >= 0]
        at = self.index.ends(self.direction)[1][self.index.state_flow[states]]
        is_here = np.isin(at, places)
        states, at = states[is_here], at[is_here]
        keys = at * count + self.index.state_item[states]
        keys, states = _least(keys, states)
        made_from, made = self._steps
        first = np.searchsorted(made_from, keys, "left")
        last = np.searchsorted(made_from, keys, "right")
        made = made[spread(first, last)]
        return _least(np.concatenate((keys, made)), np.concatenate((states, np.repeat(states, last - first))))

    @property
    def _steps(self) -> tuple[Ints, Ints]:
        return self.index.steps_from(self.direction)


def _firsts(values: Ints) -> Mask:
    """Mark the first of each run of equal values."""
    is_first = np.ones(len(values), np.bool_)
    is_first[1:] = values[1:] != values[:-1]
    return is_first


def _least(keys: Ints, values: Ints) -> tuple[Ints, Ints]:
    """Return each key once, sorted, with the least of its values."""
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    first = _firsts(keys)
    return keys[first], values[first]


def _known(iris: Iterable[str], numbers: Mapping[str, int]) -> Ints:
    return np.array(sorted(numbers[iri] for iri in iris if iri in numbers), np.int64)


@dataclass
class _Answer:
    index: FlowIndex
    details: FlowSource
    start: Start
    direction: Direction
    filters: Filters
    allowed: Allowed
    met: Walked

    def lineage(self) -> Lineage:
        reached = self._reached()
        flows = self._edge_set(reached)
        used = {end for flow in flows for end in (flow.source, flow.target, *flow.items, *flow.stations)}
        named = self.details.describe(used)
        elements = {one: named[one] for one in sorted(used)} | {one.iri: one for one in self.start.elements}
        filters = self.filters
        return Lineage(
            self.start.elements, self.direction, filters.depth, filters.basis, tuple(reached), flows, elements
        )

    def _reached(self) -> list[Reached]:
        numbers = np.flatnonzero(self.met.hops > 0)
        iris = [self.index.participants[number] for number in numbers.tolist()]
        known = self.details.describe(iris)
        best = self.met.best[numbers]
        declared = self.met.flow_declared[best].tolist()
        paths = _Paths(self)
        rows = zip(iris, self.met.hops[numbers].tolist(), best.tolist(), declared, strict=True)
        reached = [
            Reached(known[iri], hops, _certainty(is_declared), paths.to(flow))
            for iri, hops, flow, is_declared in rows
            if self._is_shown(known[iri])
        ]
        reached.sort(key=lambda one: (one.hops, one.element.name, one.element.iri))
        return reached

    def _is_shown(self, element: Element) -> bool:
        filters = self.filters
        return (filters.zone is None or element.zone == filters.zone) and (
            filters.types is None or element.type in filters.types
        )

    def _edge_set(self, reached: list[Reached]) -> tuple[Flow, ...]:
        """Return all flows among what is shown, on paths shown, or asked about."""
        index, among = self.index, np.zeros(len(self.index.participants), np.bool_)
        shown = _known([*self.start.participants, *(one.element.iri for one in reached)], index.number_of_participant)
        among[shown] = True
        out = self.met._out(shown)
        wanted = {int(one) for one in out[among[index.source[out]] & among[index.target[out]]].tolist()}
        if self.filters.zone is not None or self.filters.types is not None:
            wanted |= set(index.numbers_of_flows({flow for one in reached for flow in one.path}).tolist())
        if self.filters.depth != 0:
            asked = index.numbers_of_flows(self.start.flows)
            wanted |= set(asked[self.allowed.flows[asked]].tolist())
        last = {index.iris[number] for number in wanted}
        wanted |= set(index.numbers_of_flows({one.path[0] for one in reached} - last).tolist())
        return tuple(self.details.evidence([index.flow(number) for number in sorted(wanted)]))


def _certainty(is_declared: bool) -> Literal["declared", "possible"]:
    return "declared" if is_declared else "possible"


class _Paths:
    """The paths shown; what two paths share is spelled out once."""

    def __init__(self, answer: _Answer) -> None:
        self._iris, self._met, self._index = answer.index.iris, answer.met, answer.index
        self._is_certain = answer.filters.certain
        self._of_state: dict[int, tuple[str, ...]] = {_NONE: ()}
        self._of_flow: dict[int, tuple[str, ...]] = {}

    def to(self, flow: int) -> tuple[str, ...]:
        """Return the path that ends with a flow."""
        waiting: list[int] = []
        while flow not in self._of_flow and not self._met.flow_declared[flow]:
            waiting.append(flow)
            flow = int(self._met.came_from[flow])
        if flow not in self._of_flow:
            self._of_flow[flow] = self._declared(flow)
        path = self._of_flow[flow]
        for one in reversed(waiting):
            path = self._of_flow[one] = (*path, self._iris[one])
        return path

    def _declared(self, flow: int) -> tuple[str, ...]:
        first, last = int(self._index.first_state[flow]), int(self._index.first_state[flow + 1])
        states = [state for state in range(first, last) if self._met.state_met[state]]
        if not states:
            return (self._iris[flow],)
        if not self._is_certain:
            return self._to_state(states[0])
        return min((self._to_state(state) for state in states), key=len)

    def _to_state(self, state: int) -> tuple[str, ...]:
        waiting: list[int] = []
        while state not in self._of_state:
            waiting.append(state)
            state = int(self._met.state_from[state])
        path = self._of_state[state]
        for one in reversed(waiting):
            path = self._of_state[one] = (*path, self._iris[int(self._index.state_flow[one])])
        return path
