"""The walk of `qe_kg.lineage.walk` on arrays: the same answer, a level at a time as a whole.

What a walk costs is what it reaches, not what the model holds: memory for what is not met is never touched. What is
reached is known at the end of it; rows, paths, flows and names are made when they are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from qe_kg.catalogue import Element
from qe_kg.lineage.answer import Lineage, Reached, Start
from qe_kg.lineage.flows import Direction, Flow
from qe_kg.lineage.index import Adjacency, FlowIndex
from qe_kg.lineage.levels import StoreFlows
from qe_kg.lineage.names import FlowNames
from qe_kg.lineage.rows import Names, Rows
from qe_kg.lineage.texts import Ints, Mask, spread
from qe_kg.lineage.walk import Filters

_NONE = -1
#: Numbers and, for each, the one before it on the way; a part a level.
Before = list[tuple[Ints, Ints]]


class Allowed(NamedTuple):
    """What may be walked, as masks: flows of the basis, states of items followed, participants to walk through."""

    flows: Mask
    states: Mask
    passable: Mask


@dataclass
class Walked:
    """What a walk has met.

    Attributes:
        hops: for each participant the least number of hops; -1 where it was not reached.
        best: for each participant the flow by which it is shown to be reached.
        flow_met: which flows were walked; ``flow_declared``: by a declared way.
        came_from: flows with the one before each on a possible way.
        state_met: which states follow by declared steps; ``state_from``: those that do not start, with the one before.
        levels: the participants reached, level by level.

    """

    index: FlowIndex
    direction: Direction
    filters: Filters
    allowed: Allowed
    hops: Ints
    best: Ints
    flow_met: Mask
    flow_declared: Mask
    state_met: Mask
    came_from: Before = field(default_factory=list)
    state_from: Before = field(default_factory=list)
    levels: list[Ints] = field(default_factory=list)

    @classmethod
    def of(cls, index: FlowIndex, start: Start, direction: Direction, filters: Filters, allowed: Allowed) -> Walked:
        """Walk from a start."""
        participants, flows, states = len(index.participants), len(index.iris), len(index.state_item)
        walked = cls(
            index, direction, filters, allowed,
            np.full(participants, _NONE, np.int64), np.full(participants, _NONE, np.int64),
            np.zeros(flows, np.bool_), np.zeros(flows, np.bool_), np.zeros(states, np.bool_),
        )  # fmt: skip
        walked._run(start)
        return walked

    def _run(self, start: Start) -> None:
        begin = self.index.participants.numbers(start.participants)
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
        out = self.out(begin)
        self.flow_met[out] = True
        states = [self._states(out)]
        asked = self.index.numbers_of_flows(start.flows)
        asked = asked[self.allowed.flows[asked] & ~self.flow_met[asked]]
        self.flow_met[asked] = True
        for flow in asked.tolist():
            of_flow = self._states(np.array([flow], np.int64))
            wanted = start.payloads.get(self.index.iris[flow])
            if wanted is not None:
                items = self.index.items.numbers(wanted)
                of_flow = of_flow[np.isin(self.index.state_item[of_flow], items)]
            states.append(of_flow)
        frontier, new = np.union1d(out, asked), np.concatenate(states)
        self.flow_declared[frontier] = True
        self.state_met[new] = True
        return frontier, new

    @property
    def reached(self) -> Ints:
        """The participants reached, nearest first."""
        return np.concatenate((np.empty(0, np.int64), *self.levels))

    def out(self, participants: Ints) -> Ints:
        """Return the flows that may be walked on from participants."""
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
        self.levels.append(reached)
        places: Ints = np.unique(ends) if self.filters.certain else reached
        passable: Ints = places[self.allowed.passable[places]]
        return passable

    def _onward(self, places: Ints, new: Ints) -> tuple[Ints, Ints]:
        """Return the flows of the next level and their states that follow by declared steps."""
        keys, came_from = self._payload(places, new)
        flows = self.out(places)
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
        self.state_from.append((states, earlier))
        declared = np.unique(self.index.state_flow[states])
        self.flow_declared[declared] = True
        if self.filters.certain:
            return declared, states
        self.flow_met[flows] = True
        self.came_from.append((flows, self.best[self.index.ends(self.direction)[0][flows]]))
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


@dataclass
class ArrayAnswer:
    """The answer that a walk amounts to.

    Args:
        met: what was met.
        start: where the walk started.
        names: gives the names of participants and items.
        details: tells what the sources say of flows.

    """

    met: Walked
    start: Start
    names: Callable[[], FlowNames]
    details: StoreFlows

    def lineage(self) -> Lineage:
        """Return the answer, of which each part is made when it is read."""
        filters = self.met.filters
        self.reached = Rows(self._order, self._reached)
        self.flows = Rows(self._edge_set, self._flows)
        return Lineage(
            self.start.elements, self.met.direction, filters.depth, filters.basis, self.reached, self.flows,
            Names(self._elements),
        )  # fmt: skip

    @cached_property
    def _paths(self) -> _Paths:
        return _Paths(self.met)

    def _order(self) -> Ints:
        """Return the participants shown, in the order of hops and names."""
        numbers, names = self.met.reached, self.names().participants
        numbers = numbers[names.are_of(numbers, self.met.filters.zone, self.met.filters.types)]
        return numbers[np.lexsort((names.rank[numbers], self.met.hops[numbers]))]

    def _reached(self, numbers: Ints) -> list[Reached]:
        best = self.met.best[numbers]
        paths = self._paths
        rows = zip(
            self.names().participants.elements(numbers), self.met.hops[numbers].tolist(), best.tolist(),
            self.met.flow_declared[best].tolist(), strict=True,
        )  # fmt: skip
        return [Reached(named, hops, _certainty(declared), paths.to(flow)) for named, hops, flow, declared in rows]

    def _edge_set(self) -> Ints:
        """Return all flows among what is shown, on paths shown, or asked about."""
        index, among = self.met.index, np.zeros(len(self.met.index.participants), np.bool_)
        filters = self.met.filters
        shown = np.union1d(index.participants.numbers(self.start.participants), self.reached.numbers)
        among[shown] = True
        out = self.met.out(shown)
        wanted = [out[among[index.source[out]] & among[index.target[out]]]]
        if filters.zone is not None or filters.types is not None:
            wanted.append(index.numbers_of_flows({flow for one in self.reached for flow in one.path}))
        if filters.depth != 0:
            asked = index.numbers_of_flows(self.start.flows)
            wanted.append(asked[self.met.allowed.flows[asked]])
        are_wanted = np.zeros(len(index.iris), np.bool_)
        for some in wanted:
            are_wanted[some] = True
        return np.flatnonzero(are_wanted)

    def _flows(self, numbers: Ints) -> list[Flow]:
        return self.details.complete(self.met.index.flows(numbers))

    def _elements(self) -> dict[str, Element]:
        index, flows = self.met.index, self.flows.numbers
        ends = np.unique(np.concatenate((index.source[flows], index.target[flows])))
        items = np.unique(index.state_item[spread(index.first_state[flows], index.first_state[flows + 1])])
        names = self.names()
        found = [*names.participants.elements(ends), *names.items.elements(items[items >= 0])]
        named = {element.iri: element for element in found}
        stations = {station for flow in self.flows for station in flow.stations} - named.keys()
        named.update((one, self.details.describe(stations)[one]) for one in stations)
        return {one: named[one] for one in sorted(named)} | {one.iri: one for one in self.start.elements}


def _certainty(is_declared: bool) -> Literal["declared", "possible"]:
    return "declared" if is_declared else "possible"


def _joined(parts: Before) -> dict[int, int]:
    return {one: before for ones, befores in parts for one, before in zip(ones.tolist(), befores.tolist(), strict=True)}


class _Paths:
    """The paths shown; what two paths share is spelled out once."""

    def __init__(self, met: Walked) -> None:
        self._iris, self._met, self._index = met.index.iris, met, met.index
        self._is_certain = met.filters.certain
        self._of_state: dict[int, tuple[str, ...]] = {_NONE: ()}
        self._of_flow: dict[int, tuple[str, ...]] = {}
        self._flow_before, self._state_before = (_joined(parts) for parts in (met.came_from, met.state_from))

    def to(self, flow: int) -> tuple[str, ...]:
        """Return the path that ends with a flow."""
        waiting: list[int] = []
        while flow not in self._of_flow and not self._met.flow_declared[flow]:
            waiting.append(flow)
            flow = self._flow_before[flow]
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
            state = self._state_before.get(state, _NONE)
        path = self._of_state[state]
        for one in reversed(waiting):
            path = self._of_state[one] = (*path, self._iris[int(self._index.state_flow[one])])
        return path
