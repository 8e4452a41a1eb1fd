"""The flows of a large model as arrays of numbers, kept warm between questions. numpy is used for these only.

Participants, items and flows are numbered in the order of their IRIs, so that comparing numbers is comparing IRIs.
A *state* is one item on one flow (a flow without items has one state without item); the states of a flow follow one
another. All are read by one query, as text: rows as Python objects would take longer than everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qe_kg.errors import ReadError
from qe_kg.lineage.flows import Direction, Flow, Step, read_derivations
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_FILE = "flow-index.npz"
_NOTHING = b""
_TEXTS = ("participants", "items", "iris")
_ARRAYS = ("source", "target", "first_state", "state_item", "steps")


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


def spread(start: Ints, end: Ints) -> Ints:
    """Return all numbers of the ranges from ``start`` up to but without ``end``, one range after the other."""
    length = end - start
    total = int(length.sum())
    shift = np.repeat(start - np.cumsum(length) + length, length)
    return shift + np.arange(total, dtype=np.int64)


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

    participants: Sequence[str]
    items: Sequence[str]
    iris: Sequence[str]
    source: Ints
    target: Ints
    first_state: Ints
    state_item: Ints
    steps: Ints

    @classmethod
    def read(cls, store: Store, namespaces: Namespaces) -> FlowIndex:
        """Build the index from a store; flows as in `FlowGraph`, but without what passes through them."""
        text = store.text_rows(
            f"PREFIX qe: <{namespaces.terms}>\nSELECT ?f ?s ?t ?i WHERE {{ "
            "?f qe:hasSource ?s ; qe:hasTarget ?t OPTIONAL { ?f qe:carries ?i FILTER(isIRI(?i)) } "
            "FILTER(isIRI(?f) && isIRI(?s) && isIRI(?t)) }"
        )
        # All terms are IRIs: without their brackets they sort as IRIs do. The first row names the columns.
        cells = text.translate(None, b"<>").rstrip(b"\n").replace(b"\n", b"\t").split(b"\t")[4:]
        flows, sources, targets, carried = (cells[column::4] for column in range(4))
        iris = sorted(dict.fromkeys(flows))
        participants = sorted({*sources, *targets})
        items = sorted({*carried} - {_NOTHING})
        of_row = _numbers(flows, iris)
        item_of_row = _numbers(carried, items, {_NOTHING: -1})
        order = np.lexsort((item_of_row, of_row))
        first_state = np.zeros(len(iris) + 1, np.int64)
        np.cumsum(np.bincount(of_row, minlength=len(iris)), out=first_state[1:])
        source, target = np.empty(len(iris), np.int64), np.empty(len(iris), np.int64)
        source[of_row], target[of_row] = _numbers(sources, participants), _numbers(targets, participants)
        named = _Names(participants, items)
        return cls(
            *named.texts, _texts(iris), source, target, first_state, item_of_row[order],
            named.steps(read_derivations(store, namespaces)[0]),
        )  # fmt: skip

    # --- on disk --------------------------------------------------------------------------------------------

    def write(self, folder: Path) -> None:
        """Keep the index beside a store, for sessions to come."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        texts = {name: _blob(getattr(self, name)) for name in _TEXTS}
        with (folder / _FILE).open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays, **texts)

    @classmethod
    def kept(cls, folder: Path) -> FlowIndex | None:
        """Return the index that is kept beside a store, if one is.

        Raises:
            ReadError: it is damaged.

        """
        path = folder / _FILE
        try:
            with np.load(path, allow_pickle=False) as kept:
                participants, items, iris = (_split(kept[name]) for name in _TEXTS)
                return cls(participants, items, iris, *(kept[name] for name in _ARRAYS))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise ReadError(f"{path}: cannot be read: {error}; load the model anew") from error

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
        from bisect import bisect_left

        found = {position for iri in iris if (position := bisect_left(self.iris, iri)) < len(self.iris)
                 and self.iris[position] == iri}  # fmt: skip
        return np.array(sorted(found), np.int64)

    def flow(self, number: int) -> Flow:
        """Return a flow without evidence."""
        first, last = int(self.first_state[number]), int(self.first_state[number + 1])
        items = tuple(self.items[item] for item in self.state_item[first:last].tolist() if item >= 0)
        source, target = int(self.source[number]), int(self.target[number])
        return Flow(self.iris[number], self.participants[source], self.participants[target], items, (), "none")


def _numbers(values: list[bytes], known: list[bytes], more: dict[bytes, int] | None = None) -> Ints:
    numbers = dict(zip(known, range(len(known)), strict=True)) | (more or {})
    return np.fromiter(map(numbers.__getitem__, values), np.int64, len(values))


def _texts(terms: list[bytes]) -> list[str]:
    return b"\n".join(terms).decode().split("\n") if terms else []


def _blob(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)


def _split(blob: npt.NDArray[np.uint8]) -> list[str]:
    return blob.tobytes().decode().split("\n") if len(blob) else []


class _Names:
    """The names of participants and items while an index is built."""

    def __init__(self, participants: list[bytes], items: list[bytes]) -> None:
        self.texts = _texts(participants), _texts(items)

    def steps(self, steps: Iterable[Step]) -> Ints:
        participants, items = ({iri: number for number, iri in enumerate(texts)} for texts in self.texts)
        known = [
            (participants[at], items[made_from], items[made])
            for at, made_from, made in steps
            if at in participants and made_from in items and made in items
        ]
        return np.array(sorted(known), np.int64).reshape(-1, 3)
