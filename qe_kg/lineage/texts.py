"""Many texts as one block of bytes, and cells of rows turned into numbers without a Python object for each cell.

Cells are packed into rows of one width, which numpy copies at once and compares eight bytes at a time.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

_NEWLINE, _OPEN = 10, ord("<")  # a tab is 9
_WORD = 8
#: Longer texts (bytes) are not packed: so many wide rows would not fit into memory.
LONGEST = 256
#: For a word of which the first n bytes count: what to keep of it.
_KEPT = np.array(
    [int.from_bytes(bytes([255] * n + [0] * (_WORD - n)), sys.byteorder) for n in range(_WORD + 1)], np.uint64
)
#: For each word of a row an odd number.
_FACTORS = np.array([pow(0x9E3779B97F4A7C15, power, 1 << 64) for power in range(1, LONGEST // _WORD + 2)], np.uint64)


class Texts(Sequence[str]):
    """Texts that are decoded when they are read.

    Args:
        block: all of them in UTF-8, one after the other.
        start: where each begins in the block; there may be gaps between them.
        end: where each ends.

    """

    def __init__(self, block: Bytes, start: Ints, end: Ints) -> None:
        self.block, self.start, self.end = block, start, end
        self._bytes = block.data

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Take up texts as they are."""
        encoded = [text.encode() for text in texts]
        start = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=start[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), start[:-1], start[1:])

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, number: int) -> str: ...

    @overload
    def __getitem__(self, number: slice) -> list[str]: ...

    def __getitem__(self, number: int | slice) -> str | list[str]:
        if isinstance(number, slice):
            return self.take(np.arange(len(self))[number])
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        number %= len(self)
        return str(self._bytes[self.start[number] : self.end[number]], "utf-8")

    def __iter__(self) -> Iterator[str]:
        return iter(self.take(np.arange(len(self))))

    def take(self, numbers: Ints) -> list[str]:
        """Return some of the texts."""
        block = self._bytes
        starts, ends = self.start[numbers].tolist(), self.end[numbers].tolist()
        return [str(block[start:end], "utf-8") for start, end in zip(starts, ends, strict=True)]

    def chosen(self, numbers: Ints) -> Texts:
        """Return some of the texts, in the same block."""
        return Texts(self.block, self.start[numbers], self.end[numbers])

    @property
    def cells(self) -> Cells:
        """The texts as cells."""
        return Cells(self.block, self.start, self.end)

    def numbers(self, texts: Iterable[str]) -> Ints:
        """Return the numbers of those of these texts that are among these, which are sorted; ascending, each once."""
        found = {
            at for text in texts if (at := bisect_left(self, text)) < len(self) and self[at] == text
        }  # fmt: skip
        return np.array(sorted(found), np.int64)


@dataclass(frozen=True)
class Cells:
    """Cells of rows: where each begins and ends in a text."""

    text: Bytes
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.start)

    @property
    def longest(self) -> int:
        """The most bytes of one."""
        return int((self.end - self.start).max(initial=0))

    def packed(self) -> Packed:
        """Copy the cells into rows of one width."""
        length = self.end - self.start
        count = max(-(-int(length.max(initial=0)) // _WORD), 1)
        width, text = count * _WORD, self.text
        if len(text) < int(self.start.max(initial=0)) + width:
            text = np.concatenate((text, np.zeros(width, np.uint8)))
        every = np.ndarray((len(text) - width + 1,), f"V{width}", text, strides=(1,))
        rows = every[self.start].view(np.uint64).reshape(-1, count)
        for word in range(int(length.min(initial=width)) // _WORD, count):
            rows[:, word] &= _KEPT[np.clip(length - word * _WORD, 0, _WORD)]
        return Packed.of(rows, length)

    def texts(self) -> list[str]:
        """Return the cells as they are."""
        return Texts(self.text, self.start, self.end)[:]


@dataclass(frozen=True)
class Packed:
    """Cells as rows of words of eight bytes, with zeros after the end of each, how long each is, and each row mixed."""

    rows: Words
    length: Ints
    mixed: Words

    @classmethod
    def of(cls, rows: Words, length: Ints) -> Packed:
        """Mix the words of each row into one number, which hardly any two different rows have alike."""
        mixed = np.zeros(len(rows), np.uint64)
        for number in range(rows.shape[1]):
            word = rows[:, number]
            # A word of zeros, as there are more in a wider row, adds nothing.
            mixed += (word ^ (word >> np.uint64(31))) * _FACTORS[number]
        return cls(rows, length, mixed)

    def __len__(self) -> int:
        return len(self.rows)

    def chosen(self, places: Ints | Mask) -> Packed:
        """Return some of the cells."""
        return Packed(self.rows[places], self.length[places], self.mixed[places])

    def as_texts(self) -> Texts:
        """Return the cells as texts."""
        start = np.arange(len(self)) * (_WORD * self.rows.shape[1])
        return Texts(np.ascontiguousarray(self.rows).view(np.uint8).reshape(-1), start, start + self.length)

    def runs(self) -> tuple[Packed, Ints]:
        """Return the cells that differ from the one before them, and for each cell the number of that one."""
        is_first = np.ones(len(self), np.bool_)
        is_first[1:] = self.mixed[1:] != self.mixed[:-1]
        number = np.cumsum(is_first) - 1
        found = self.chosen(is_first)
        if np.array_equal(found.rows[number], self.rows):
            return found, number
        return self, np.arange(len(self))


def two_columns(rows: bytes, *, blank: bool = False) -> tuple[Cells, Cells]:
    """Return the IRIs in the rows of an answer with two columns, without those rows where either is none.

    Args:
        rows: as `Store.text_rows` returns them: terms as in Turtle, the columns' names in the first row.
        blank: whether what the first column holds may also be a blank node; its cells then keep their brackets.

    """
    text = np.frombuffer(rows, np.uint8)
    # Within a cell both are escaped: of what is left, every other one is a tab.
    marks = np.flatnonzero(text <= _NEWLINE)
    starts, tabs, ends = marks[1:-1:2] + 1, marks[2::2], marks[3::2]
    are_iris = (text[tabs + 1] == _OPEN) & (blank | (text[starts] == _OPEN))
    if not are_iris.all():
        starts, tabs, ends = starts[are_iris], tabs[are_iris], ends[are_iris]
    # Without their brackets, so that they sort as IRIs do.
    bracket = 0 if blank else 1
    return Cells(text, starts + bracket, tabs - bracket), Cells(text, tabs + 2, ends - 1)


def numbered(*columns: Cells | Packed) -> tuple[Texts, list[Ints]]:
    """Return the texts in columns, sorted and each once, and for each column the numbers of its cells' texts."""
    if any(isinstance(column, Cells) and column.longest > LONGEST for column in columns):
        return _numbered_plainly(columns)
    parts = [column.packed() if isinstance(column, Cells) else column for column in columns]
    bounds = np.cumsum([0, *map(len, parts)])
    distinct, group_of = _groups(parts, bounds)
    order = _sorted(distinct.rows)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return distinct.chosen(order).as_texts(), list(np.split(rank[group_of], bounds[1:-1]))


def _numbered_plainly(columns: Sequence[Cells | Packed]) -> tuple[Texts, list[Ints]]:
    """Do the same for texts so long that they are not packed."""
    cells = [column.texts() if isinstance(column, Cells) else column.as_texts()[:] for column in columns]
    known = sorted({cell for column in cells for cell in column})
    number = {text: at for at, text in enumerate(known)}
    return Texts.of(known), [np.array([number[cell] for cell in column], np.int64) for column in cells]


def _sorted(rows: Words) -> Ints:
    """Return the order of rows that differ."""
    words = [rows[:, number] for number in range(rows.shape[1])]
    telling = [word.view(">u8").astype(np.uint64) for word in words if (word != word[:1]).any()]
    return np.lexsort(telling[::-1]) if telling else np.arange(len(rows))


def _groups(parts: Sequence[Packed], bounds: Ints) -> tuple[Packed, Ints]:
    """Return the cells that differ, in any order, and for each cell the number of its like.

    Args:
        parts: the cells.
        bounds: how many there are before each part, and in all.

    """
    mixed = np.concatenate([np.empty(0, np.uint64), *(part.mixed for part in parts)])
    # Often one text stands in many cells in a row.
    is_first = np.ones(len(mixed), np.bool_)
    is_first[1:] = mixed[1:] != mixed[:-1]
    begins = np.flatnonzero(is_first)
    firsts, group_of_run = _runs(mixed[begins], np.argsort(mixed[begins]))
    distinct = _from_parts(parts, bounds, begins[firsts])
    group_of = group_of_run[np.cumsum(is_first) - 1]
    width = distinct.rows.shape[1]
    for part, begin in zip(parts, bounds.tolist(), strict=False):
        like, count = distinct.rows[group_of[begin : begin + len(part)]], part.rows.shape[1]
        if not np.array_equal(like[:, :count], part.rows) or (count < width and like[:, count:].any()):
            break
    else:
        return distinct, group_of
    # Two different rows were mixed into one number: sort them as they are.
    every = _from_parts(parts, bounds, np.arange(len(mixed)))
    firsts, group_of = _runs(every.rows, np.lexsort(every.rows.T))
    return every.chosen(firsts), group_of


def _from_parts(parts: Sequence[Packed], bounds: Ints, places: Ints) -> Packed:
    """Return cells by their places in all parts."""
    width = max((part.rows.shape[1] for part in parts), default=1)
    order = np.argsort(places)
    ends = np.searchsorted(places[order], bounds)
    found = Packed(
        np.zeros((len(places), width), np.uint64), np.empty(len(places), np.int64), np.empty(len(places), np.uint64)
    )
    for number, part in enumerate(parts):
        to = order[ends[number] : ends[number + 1]]
        some = part.chosen(places[to] - bounds[number])
        found.rows[to, : some.rows.shape[1]], found.length[to], found.mixed[to] = some.rows, some.length, some.mixed
    return found


def _runs(rows: Words, order: Ints) -> tuple[Ints, Ints]:
    in_order = rows[order]
    is_first = np.ones(len(order), np.bool_)
    differs = in_order[1:] != in_order[:-1]
    is_first[1:] = differs if differs.ndim == 1 else differs.any(axis=1)
    group_of = np.empty(len(order), np.int64)
    group_of[order] = np.cumsum(is_first) - 1
    return order[is_first], group_of


def words_at(text: Bytes, places: Ints) -> Words:
    """Return the words of eight bytes at some places of a text; of a place too near its end, some word."""
    every = np.ndarray((len(text) - _WORD + 1,), np.uint64, text, strides=(1,))
    found: Words = every[np.minimum(places, len(text) - _WORD)]
    return found


def stands_at(text: Bytes, places: Ints, wanted: bytes) -> Mask:
    """Tell at which places of a text, none of them near its end, a text of at least eight bytes stands."""
    count = len(wanted) // _WORD
    every = np.ndarray((len(text) - count * _WORD + 1,), f"V{count * _WORD}", text, strides=(1,))
    words = every[places].view(np.uint64).reshape(-1, count)
    found: Mask = words_at(text, places + len(wanted) - _WORD) == as_word(wanted[-_WORD:])
    for number, word in enumerate(np.frombuffer(wanted, np.uint64, count)):
        found &= words[:, number] == word
    return found


def as_word(text: bytes) -> int:
    """Return what `words_at` gives where a text of eight bytes stands."""
    return int.from_bytes(text, sys.byteorder)


def spread(start: Ints, end: Ints) -> Ints:
    """Return all numbers of the ranges from ``start`` up to but without ``end``, one range after the other."""
    length = end - start
    total = int(length.sum())
    shift = np.repeat(start - np.cumsum(length) + length, length)
    return shift + np.arange(total, dtype=np.int64)
