"""Sets of nodes and ways along paths, on columns of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, Repeated, reversed_path
from qe_kg.shacl.paths import Sequence as SequencePath
from qe_kg.store.columns import Columns

Ids = npt.NDArray[np.int32]
Keys = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
#: Where ways begin and where they end.
Pairs = tuple[Ids, Ids]
_FEW = 100  # one of so many nodes
_GROWTH = 4  # so many times as many pairs as triples, a path may lead to; more are not looked at


class Sets:
    """What is done with sets of nodes, which are their numbers in order, each once.

    Args:
        size: how many nodes there are.

    """

    def __init__(self, size: int) -> None:
        self._size = size

    def mask(self, numbers: Ids) -> Mask:
        """Tell of each node whether it is among some numbers."""
        mask = np.zeros(self._size, dtype=bool)
        mask[numbers] = True
        return mask

    def ordered(self, numbers: Ids) -> Ids:
        """Return some numbers in order, each once."""
        if self.are_few(numbers):
            return np.unique(numbers)
        found: Ids = np.flatnonzero(self.mask(numbers)).astype(np.int32)
        return found

    def are_few(self, numbers: Ids) -> bool:
        """Tell whether to order or look up numbers costs less than to go through all that there are."""
        return len(numbers) * _FEW < self._size

    def without(self, numbers: Ids, others: Ids) -> Ids:
        """Return the numbers that are not among the others."""
        return numbers[~self.mask(others)[numbers]]

    def both(self, numbers: Ids, others: Ids) -> Ids:
        """Return the numbers that are among the others, too."""
        return numbers[self.mask(others)[numbers]]

    def counted(self, starts: npt.NDArray[np.integer], foci: Ids) -> npt.NDArray[np.intp]:
        """Return how often each node is a start."""
        return np.bincount(starts, minlength=self._size)[foci]


class ColumnPaths:
    """Follows paths from many nodes at once.

    Args:
        columns: the triples.
        sets: sets of their nodes.

    """

    def __init__(self, columns: Columns, sets: Sets) -> None:
        self._columns, self._sets = columns, sets
        self._walks = _Walks(len(columns.subjects))

    def pairs(self, path: Path, foci: Ids) -> Pairs | None:
        """Return each focus node with each value node, some more than once; None where there are too many."""
        if isinstance(path, Inverse) and not isinstance(path.path, Predicate):
            return self.pairs(reversed_path(path.path), foci)
        if isinstance(path, SequencePath):
            return self._walks.find((path, _digest(foci)), lambda: self._walk(path.paths, foci))
        if isinstance(path, Alternative):
            several = [self.pairs(one, foci) for one in path.paths]
            return None if None in several else _together(*(one for one in several if one is not None))
        if isinstance(path, Repeated):
            return self._repeated(path, foci)
        predicate, is_inverse = (path.path, True) if isinstance(path, Inverse) else (path, False)
        assert isinstance(predicate, Predicate)
        rows = self._columns.rows(predicate.node)
        starts, ends = self._columns.subjects[rows], self._columns.values[rows]
        if is_inverse:
            starts, ends = ends, starts
        chosen = self._sets.mask(foci)[starts]
        return starts[chosen], ends[chosen]

    def _walk(self, paths: Sequence[Path], foci: Ids) -> Pairs | None:
        pairs = self.pairs(paths[0], foci)
        for one in paths[1:]:
            step = None if pairs is None else self.pairs(one, self._sets.ordered(pairs[1]))
            if pairs is None or step is None:
                return None
            pairs = self._joined(pairs, step)
        return pairs

    def _repeated(self, path: Repeated, foci: Ids) -> Pairs | None:
        start = (foci, foci)
        if path.times == "?":
            once = self.pairs(path.path, foci)
            return None if once is None else _together(start, once)
        found, new = self.keys((foci[:0], foci[:0])), start
        while len(new[0]):
            step = self.pairs(path.path, self._sets.ordered(new[1]))
            more = None if step is None else self._joined(new, step)
            if more is None or len(found) > self._most:
                return None
            keys = np.setdiff1d(self.keys(more), found)
            found, new = np.union1d(found, keys), self.of_keys(keys)
        return self.of_keys(found) if path.times == "+" else _together(start, self.of_keys(found))

    @property
    def _most(self) -> int:
        return _GROWTH * (len(self._columns.subjects) + 1)

    def _joined(self, first: Pairs, second: Pairs) -> Pairs | None:
        """Join pairs on what the first end in and the second begin with; None where that gives too many."""
        order = np.argsort(second[0], kind="stable")
        keys, ends = second[0][order], second[1][order]
        if self._sets.are_few(first[1]):
            low = np.searchsorted(keys, first[1])
            numbers = np.searchsorted(keys, first[1], side="right") - low
        else:
            counts = np.bincount(keys, minlength=len(self._columns.names))
            low, numbers = (np.cumsum(counts) - counts)[first[1]], counts[first[1]]
        if numbers.sum() > self._most:
            return None
        starts = np.repeat(first[0], numbers)
        offsets = np.arange(len(starts)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        return starts, ends[np.repeat(low, numbers) + offsets]

    def keys(self, pairs: Pairs) -> Keys:
        """Return pairs as one number each, each once."""
        keys = pairs[0].astype(np.int64) * len(self._columns.names) + pairs[1]
        keys.sort()  # faster than what numpy offers for it
        distinct: Keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
        return distinct

    def of_keys(self, keys: Keys) -> Pairs:
        """Return the pairs that keys stand for."""
        starts, ends = np.divmod(keys, len(self._columns.names))
        return starts.astype(np.int32), ends.astype(np.int32)


class _Walks:
    """The last walks, since many shapes go the same way from the same nodes.

    Args:
        most: how many pairs are kept.

    """

    def __init__(self, most: int) -> None:
        self._most, self._number = most, 0
        self._known: dict[tuple[Path, bytes], Pairs | None] = {}

    def find(self, key: tuple[Path, bytes], walk: Callable[[], Pairs | None]) -> Pairs | None:
        """Return what is known of a walk, else walk and keep that; what was asked for longest ago goes first."""
        if key in self._known:
            self._known[key] = found = self._known.pop(key)
            return found
        self._known[key] = found = walk()
        self._number += _size(found)
        while self._number > self._most:
            self._number -= _size(self._known.pop(next(iter(self._known))))
        return found


def _size(pairs: Pairs | None) -> int:
    return 0 if pairs is None else len(pairs[0])


def _digest(numbers: Ids) -> bytes:
    return blake2b(numbers.data, digest_size=16).digest()


def _together(*several: Pairs) -> Pairs:
    return np.concatenate([one[0] for one in several]), np.concatenate([one[1] for one in several])
