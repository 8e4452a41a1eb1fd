"""The flows of a large model as arrays of numbers, kept warm between questions. numpy is used for these only.

Participants, items and flows are numbered in the order of their IRIs, so that comparing numbers is comparing IRIs.
A *state* is one item on one flow (a flow without items has one state without item); the states of a flow follow one
another. All are read as text, off the files themselves or by one query a property, and turned into numbers as arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from qe_kg.lineage.flows import Direction, Flow, chained
from qe_kg.lineage.kept import Kept
from qe_kg.lineage.statements_text import Group, Rows, Source, read_rows
from qe_kg.lineage.texts import Cells, Ints, Packed, Texts, numbered, spread
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

_FILE = "flow-index.npz"
_TEXTS = ("participants", "items", "iris")
_ARRAYS = ("source", "target", "first_state", "state_item", "steps")
_OF_FLOWS = ("hasSource", "hasTarget", "carries")
_OF_DERIVATIONS = ("isDerivedAt", "takesInput", "givesOutput")


@dataclass(frozen=True)
class Adjacency:
    """Which flows are entered at each participant: those of participant p are ``flows[start[p]:start[p + 1]]``."""

    start: Ints
    flows: Ints

    @classmethod
    def of(cls, ends: Ints, participants: int) -> Adjacency:
        """Sort flows by the participant at one of their ends."""
        start = np.zeros(participants + 1, np.int64)
        np.cumsum(np.bincount(ends, minlength=participants), out=start[1:])
        return cls(start, np.argsort(ends, kind="stable").astype(np.int64))

    def at(self, participants: Ints) -> Ints:
        """Return the flows of these participants, one participant after the other."""
        return self.flows[spread(self.start[participants], self.start[participants + 1])]


@dataclass(frozen=True)
class FlowIndex:
    """All flows of a model.

    Attributes:
        participants: their IRIs, sorted; so are ``items`` and ``iris`` (of the flows).
        source: for each flow the number of its source; ``target`` likewise.
        first_state: for each flow the number of its first state, and one more at the end.
        state_item: for each state its item, or -1.
        steps: rows of (participant, input item, output item), as numbers.

    """

    participants: Texts
    items: Texts
    iris: Texts
    source: Ints
    target: Ints
    first_state: Ints
    state_item: Ints
    steps: Ints

    @classmethod
    def read(cls, store: Store, namespaces: Namespaces) -> FlowIndex:
        """Build the index from a store; flows as in `FlowGraph`, but without what passes through them."""
        return cls._of(*(Rows.of_store(store, group) for group in _groups(namespaces)))

    @classmethod
    def scan(cls, sources: Iterable[Source], namespaces: Namespaces) -> FlowIndex:
        """Build the same index from the text of all that a store was loaded from, which takes a fraction of the time.

        Raises:
            ReadError: a file cannot be read.

        """
        return cls._of(*read_rows(sources, *_groups(namespaces)))

    @classmethod
    def _of(cls, flows: Rows, derivations: Rows) -> FlowIndex:
        (begins, ends, carries), (at, takes, gives) = flows.objects, derivations.objects
        # The interpreter is free while numpy sorts.
        with ThreadPoolExecutor(2) as pool:
            of_flows = pool.submit(numbered, *flows.subjects)
            of_others = [pool.submit(numbered, *cells) for cells in (
                (*begins, *ends, *at), (*carries, *takes, *gives), derivations.subjects,
            )]  # fmt: skip
            iris, flow = _joined(*of_flows.result())
            (participants, place), (items, item), (_, derivation) = (_joined(*one.result()) for one in of_others)
        from_flow, to_flow, carrying = (flow[np.concatenate(of)] for of in flows.of)
        source, target, derived_at = np.split(place, np.cumsum([_count(begins), _count(ends)]))
        carried, taken, given = np.split(item, np.cumsum([_count(carries), _count(takes)]))
        ends_of = _first_ends(len(iris), from_flow, source), _first_ends(len(iris), to_flow, target)
        of_step = [derivation[np.concatenate(of)] for of in derivations.of]
        steps = _steps(*zip(of_step, (derived_at, taken, given), strict=True))
        first_state, state_item = _states(len(iris), carrying, carried, len(items))
        found = cls(participants, items, iris, *ends_of, first_state, state_item, steps)
        return found._used()

    def _used(self) -> FlowIndex:
        """Leave out flows that lack an end, and what no flow has."""
        are_flows = (self.source >= 0) & (self.target >= 0)
        state_item = self.state_item[are_flows[self.state_flow]]
        source, target = self.source[are_flows], self.target[are_flows]
        participants, place = _renumbered(len(self.participants), source, target)
        items, item = _renumbered(len(self.items), state_item[state_item >= 0])
        first_state = np.zeros(len(source) + 1, np.int64)
        np.cumsum(np.diff(self.first_state)[are_flows], out=first_state[1:])
        steps = np.stack((place[self.steps[:, 0]], item[self.steps[:, 1]], item[self.steps[:, 2]]), axis=1)
        return FlowIndex(
            self.participants.chosen(participants), self.items.chosen(items),
            self.iris if are_flows.all() else self.iris.chosen(np.flatnonzero(are_flows)),
            place[source], place[target], first_state, item[state_item], steps[(steps >= 0).all(axis=1)],
        )  # fmt: skip

    # --- on disk --------------------------------------------------------------------------------------------

    def write(self, folder: Path) -> None:
        """Keep the index beside a store, for sessions to come."""
        Kept.write(folder / _FILE, {name: getattr(self, name) for name in (*_TEXTS, *_ARRAYS)})

    @classmethod
    def kept(cls, folder: Path) -> FlowIndex | None:
        """Return the index that is kept beside a store, if one is.

        Raises:
            ReadError: it is damaged.

        """
        kept = Kept.if_any(folder / _FILE)
        if kept is None:
            return None
        participants, items, iris = (kept.texts(name) for name in _TEXTS)
        return cls(participants, items, iris, *(kept.array(name) for name in _ARRAYS))

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the index that is kept beside a store."""
        (folder / _FILE).unlink(missing_ok=True)

    # --- what follows from it -------------------------------------------------------------------------------

    @cached_property
    def state_flow(self) -> Ints:
        """For each state its flow."""
        return np.repeat(np.arange(len(self.iris), dtype=np.int64), np.diff(self.first_state))

    @cached_property
    def _downstream(self) -> Adjacency:
        return Adjacency.of(self.source, len(self.participants))

    @cached_property
    def _upstream(self) -> Adjacency:
        return Adjacency.of(self.target, len(self.participants))

    def adjacency(self, direction: Direction) -> Adjacency:
        """Return which flows are entered where, walking in a direction."""
        return self._downstream if direction == "downstream" else self._upstream

    def ends(self, direction: Direction) -> tuple[Ints, Ints]:
        """Return for each flow where it is entered and where it is left, walking in a direction."""
        return (self.source, self.target) if direction == "downstream" else (self.target, self.source)

    def steps_from(self, direction: Direction) -> tuple[Ints, Ints]:
        """Return the steps as keys "participant times the number of items plus item", sorted: from what, to what."""
        return self._steps[direction]

    @cached_property
    def _steps(self) -> dict[Direction, tuple[Ints, Ints]]:
        at, made_from, made = (self.steps[:, column] for column in range(3))
        inputs, outputs = at * len(self.items) + made_from, at * len(self.items) + made
        down, up = np.argsort(inputs, kind="stable"), np.argsort(outputs, kind="stable")
        return {"downstream": (inputs[down], outputs[down]), "upstream": (outputs[up], inputs[up])}

    def numbers_of_flows(self, iris: Iterable[str]) -> Ints:
        """Return the numbers of those of these flows that there are, sorted."""
        return self.iris.numbers(iris)

    def flows(self, numbers: Ints) -> list[Flow]:
        """Return flows without evidence."""
        first, last = self.first_state[numbers], self.first_state[numbers + 1]
        carried = self.state_item[spread(first, last)]
        used_items, item_at = np.unique(carried, return_inverse=True)
        names = [self.items[number] if number >= 0 else "" for number in used_items.tolist()]
        ends = np.concatenate((self.source[numbers], self.target[numbers]))
        used, end_at = np.unique(ends, return_inverse=True)
        participants = self.participants.take(used)
        sources, targets = end_at[: len(numbers)].tolist(), end_at[len(numbers) :].tolist()
        of_state, found, state = item_at.tolist(), [], 0
        counts = (last - first).tolist()
        rows = zip(self.iris.take(numbers), sources, targets, counts, strict=True)
        for iri, source, target, count in rows:
            items = tuple(filter(None, (names[one] for one in of_state[state : state + count])))
            state += count
            found.append(Flow(iri, participants[source], participants[target], items, (), "none"))
        return found


def _groups(namespaces: Namespaces) -> tuple[Group, Group]:
    """Return what the index is made of: what is said of flows, and of derivations, which may have no name."""
    return Group(namespaces.terms, _OF_FLOWS), Group(namespaces.terms, _OF_DERIVATIONS, blank=True)


def _count(parts: Iterable[Cells | Packed]) -> int:
    return sum(len(part) for part in parts)


def _joined(texts: Texts, numbers: list[Ints]) -> tuple[Texts, Ints]:
    return texts, np.concatenate([np.empty(0, np.int64), *numbers])


def _first_ends(flows: int, flow: Ints, end: Ints) -> Ints:
    """Return for each flow its end, or -1; of several, which validation tells, the first by name."""
    found = np.full(flows, -1, np.int64)
    found[flow] = end
    if np.count_nonzero(found >= 0) < len(flow):
        order = np.argsort(-end, kind="stable")
        found[flow[order]] = end[order]
    return found


def _states(flows: int, carrying: Ints, carried: Ints, items: int) -> tuple[Ints, Ints]:
    """Return where the states of each flow begin, and the item of each state."""
    is_without = np.ones(flows, np.bool_)
    is_without[carrying] = False
    without = np.flatnonzero(is_without)
    flow_of = np.concatenate((carrying, without))
    item_of = np.concatenate((carried, np.full(len(without), -1, np.int64)))
    pairs = np.sort(flow_of * (items + 1) + item_of + 1)
    # A triple may be told more than once: by two files, or by a store elsewhere for each graph that holds it.
    is_first = np.ones(len(pairs), np.bool_)
    is_first[1:] = pairs[1:] != pairs[:-1]
    flow_of, item_of = np.divmod(pairs[is_first], items + 1)
    first_state = np.zeros(flows + 1, np.int64)
    np.cumsum(np.bincount(flow_of, minlength=flows), out=first_state[1:])
    return first_state, item_of - 1


def _steps(*columns: tuple[Ints, Ints]) -> Ints:
    """Return the steps of derivations as rows of numbers, sorted; of several columns each input makes each output.

    Args:
        columns: the derivations and where they are done, what they take, what they give.

    """
    (derivation, at), *others = columns
    found = [at]
    for keys, values in others:
        order = np.argsort(keys, kind="stable")
        first, last = (np.searchsorted(keys[order], derivation, side) for side in ("left", "right"))
        places = np.repeat(np.arange(len(derivation)), last - first)
        found = [*(one[places] for one in found), values[order][spread(first, last)]]
        derivation = derivation[places]
    steps = np.unique(np.stack(found, axis=1), axis=0)
    # Where nothing that is made is made into something else there is no chain.
    onward = np.isin(_keys(steps, 2), _keys(steps, 1))
    if not onward.any():
        return steps
    is_there = np.isin(steps[:, 0], steps[onward, 0])
    every = chained(set(map(tuple, steps[is_there].tolist())))
    return np.unique(np.concatenate((steps[~is_there], np.array(sorted(every), np.int64))), axis=0)


def _keys(steps: Ints, column: int) -> Ints:
    """Return place and item as one number."""
    return steps[:, 0] * (int(steps[:, 1:].max(initial=0)) + 1) + steps[:, column]


def _renumbered(count: int, *numbers: Ints) -> tuple[Ints, Ints]:
    """Return which of so many numbers are among some, and for each its number among these: -1 for one that is not."""
    is_used = np.zeros(count, np.bool_)
    for one in numbers:
        is_used[one] = True
    # One more at the end: what -1 stands for.
    again = np.append(np.where(is_used, np.cumsum(is_used) - 1, -1), -1)
    return np.flatnonzero(is_used), again
