"""The flows of a large model as arrays of numbers, kept warm between questions. numpy is used for these only.

Participants, items and flows are numbered in the order of their IRIs, so that comparing numbers is comparing IRIs.
A *state* is one item on one flow (a flow without items has one state without item); the states of a flow follow one
another. All are read by one query a property, as text, and turned into numbers as arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from qe_kg.lineage.flows import Direction, Flow, Step, read_all_steps
from qe_kg.lineage.kept import Kept
from qe_kg.lineage.texts import Ints, Texts, numbered, spread, two_columns
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

_FILE = "flow-index.npz"
_TEXTS = ("participants", "items", "iris")
_ARRAYS = ("source", "target", "first_state", "state_item", "steps")
_PROPERTIES = ("hasSource", "hasTarget", "carries")


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
        queries = [f"SELECT ?f ?x WHERE {{ ?f <{namespaces.terms}{name}> ?x }}" for name in _PROPERTIES]
        # A single pattern each: joined, every flow would be looked up in two more orders of the store. The store
        # lets go of the interpreter while it answers.
        with ThreadPoolExecutor(2) as pool:
            steps = pool.submit(read_all_steps, store, namespaces)
            (from_flow, source), (to_flow, target), (with_flow, item) = (
                two_columns(rows) for rows in pool.map(store.text_rows, queries)
            )
        iris, (begun, ended, carrying) = numbered(from_flow, to_flow, with_flow)
        participants, (sources, targets) = numbered(source, target)
        items, (carried,) = numbered(item)
        ends = np.full((2, len(iris)), -1, np.int64)
        ends[0][begun], ends[1][ended] = sources, targets
        found = cls._of(participants, items, iris, ends, carrying, carried)
        return found._with_steps(steps.result())

    @classmethod
    def _of(
        cls, participants: Texts, items: Texts, iris: Texts, ends: Ints, carrying: Ints, carried: Ints
    ) -> FlowIndex:
        """Put together an index without steps; a flow that lacks an end is none."""
        are_flows = (ends[0] >= 0) & (ends[1] >= 0)
        if not are_flows.all():
            renumbered = np.cumsum(are_flows) - 1
            kept = are_flows[carrying]
            carrying, carried = renumbered[carrying[kept]], carried[kept]
            iris, ends = _chosen(iris, np.flatnonzero(are_flows)), ends[:, are_flows]
            participants, ends = _used(participants, ends)
            items, carried = _used(items, carried)
        is_without = np.ones(len(iris), np.bool_)
        is_without[carrying] = False
        without = np.flatnonzero(is_without)
        flow_of = np.concatenate((carrying, without))
        item_of = np.concatenate((carried, np.full(len(without), -1, np.int64)))
        pairs = np.sort(flow_of * (len(items) + 1) + item_of + 1)
        # A store elsewhere may tell a triple once for each graph that holds it.
        is_first = np.ones(len(pairs), np.bool_)
        is_first[1:] = pairs[1:] != pairs[:-1]
        flow_of, item_of = np.divmod(pairs[is_first], len(items) + 1)
        first_state = np.zeros(len(iris) + 1, np.int64)
        np.cumsum(np.bincount(flow_of, minlength=len(iris)), out=first_state[1:])
        return cls(participants, items, iris, ends[0], ends[1], first_state, item_of - 1, np.empty((0, 3), np.int64))

    def _with_steps(self, steps: Iterable[Step]) -> FlowIndex:
        participants, items = self.number_of_participant, self.number_of_item
        known = [
            (participants[at], items[made_from], items[made])
            for at, made_from, made in steps
            if at in participants and made_from in items and made in items
        ]
        return replace(self, steps=np.array(sorted(known), np.int64).reshape(-1, 3))

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
        try:
            kept = Kept(folder / _FILE)
        except FileNotFoundError:
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

    @cached_property
    def number_of_participant(self) -> dict[str, int]:
        """The numbers of participants by IRI."""
        return {iri: number for number, iri in enumerate(self.participants)}

    @cached_property
    def number_of_item(self) -> dict[str, int]:
        """The numbers of items by IRI."""
        return {iri: number for number, iri in enumerate(self.items)}

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


def _chosen(texts: Texts, numbers: Ints) -> Texts:
    return Texts.of(texts.take(numbers))


def _used(texts: Texts, numbers: Ints) -> tuple[Texts, Ints]:
    """Leave out the texts that no number stands for, and number the rest."""
    used, again = np.unique(numbers, return_inverse=True)
    return _chosen(texts, used), again.reshape(numbers.shape)
