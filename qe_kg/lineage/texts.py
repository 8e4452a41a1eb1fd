"""Many texts as one block of bytes, and tab-separated rows turned into numbers without a Python object for each cell.

numpy compares eight bytes of all cells at once. What IRIs begin with is the same for nearly all of them and costs
nothing but the look.
"""

from __future__ import annotations

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

_TAB, _NEWLINE, _OPEN = 9, 10, ord("<")
_WORD = 8
#: For a word of which n bytes count: what to keep of it.
_KEPT = np.array([((1 << 8 * n) - 1) << 8 * (_WORD - n) for n in range(_WORD + 1)], np.uint64)
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


class Texts(Sequence[str]):
    """Texts that are decoded when they are read.

    Args:
        block: all of them in UTF-8, one after the other.
        start: where each begins in the block, and one number more: where the last one ends.

    """

    def __init__(self, block: Bytes, start: Ints) -> None:
        self.block, self.start = block, start
        self._bytes = block.data

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Take up texts as they are."""
        encoded = [text.encode() for text in texts]
        start = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=start[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), start)

    def __len__(self) -> int:
        return len(self.start) - 1

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
        return str(self._bytes[self.start[number] : self.start[number + 1]], "utf-8")

    def __iter__(self) -> Iterator[str]:
        return iter(self.take(np.arange(len(self))))

    def take(self, numbers: Ints) -> list[str]:
        """Return some of the texts."""
        block = self._bytes
        starts, ends = self.start[numbers].tolist(), self.start[numbers + 1].tolist()
        return [str(block[start:end], "utf-8") for start, end in zip(starts, ends, strict=True)]

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


def two_columns(rows: bytes) -> tuple[Cells, Cells]:
    """Return the IRIs in the rows of an answer with two columns, without those rows where either is none.

    Args:
        rows: as `Store.text_rows` returns them: terms as in Turtle, the columns' names in the first row.

    """
    text = np.frombuffer(rows, np.uint8)
    ends = np.flatnonzero(text == _NEWLINE)
    tabs = np.flatnonzero(text == _TAB)[1:]
    starts, ends = ends[:-1] + 1, ends[1:]
    are_iris = (text[starts] == _OPEN) & (text[tabs + 1] == _OPEN)
    if not are_iris.all():
        starts, tabs, ends = starts[are_iris], tabs[are_iris], ends[are_iris]
    # Without their brackets, so that they sort as IRIs do.
    return Cells(text, starts + 1, tabs - 1), Cells(text, tabs + 2, ends - 1)


def numbered(*columns: Cells) -> tuple[Texts, list[Ints]]:
    """Return the texts in columns, sorted and each once, and for each column the numbers of its cells' texts."""
    words = _words(columns)
    firsts, group_of = _groups(words, sum(len(column.start) for column in columns))
    order = np.lexsort([word[firsts] for word in reversed(words)]) if words else np.arange(len(firsts))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    numbers = rank[group_of]
    bounds = np.cumsum([len(column.start) for column in columns])[:-1]
    return _texts(columns, firsts[order]), list(np.split(numbers, bounds))


def _words(columns: Sequence[Cells]) -> list[Words]:
    """Return the cells of columns as words of eight bytes that sort as they do, but for words that all have alike."""
    longest = max((int((column.end - column.start).max(initial=0)) for column in columns), default=0)
    padded = [np.concatenate((column.text, np.zeros(2 * _WORD, np.uint8))) for column in columns]
    found: list[Words] = []
    for offset in range(0, longest, _WORD):
        parts: list[Words] = []
        for column, text in zip(columns, padded, strict=True):
            every = np.ndarray((len(text) - _WORD + 1,), ">u8", text, strides=(1,))
            at = np.minimum(column.start + offset, column.end)
            parts.append(every[at].astype(np.uint64) & _KEPT[np.minimum(column.end - at, _WORD)])
        word = np.concatenate(parts)
        if len(word) and word.min() != word.max():
            found.append(word)
    return found


def _groups(words: list[Words], count: int) -> tuple[Ints, Ints]:
    """Return for each different row of words a place where it stands, and for each place its row's number."""
    if not words:  # all cells are the same, or there is none
        return np.arange(min(count, 1)), np.zeros(count, np.int64)
    mixed = words[0]
    for word in words[1:]:
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(_FACTORS[0]) + word * np.uint64(_FACTORS[1])
    firsts, group_of = _runs(mixed, np.argsort(mixed))
    if all(np.array_equal(word[firsts][group_of], word) for word in words):
        return firsts, group_of
    order = np.lexsort(words)  # two different rows were mixed into one number: sort them as they are
    return _runs(np.stack(words, axis=1), order)


def _runs(rows: Words, order: Ints) -> tuple[Ints, Ints]:
    in_order = rows[order]
    is_first = np.ones(len(order), np.bool_)
    differs = in_order[1:] != in_order[:-1]
    is_first[1:] = differs if differs.ndim == 1 else differs.any(axis=1)
    group_of = np.empty(len(order), np.int64)
    group_of[order] = np.cumsum(is_first) - 1
    return order[is_first], group_of


def _texts(columns: Sequence[Cells], places: Ints) -> Texts:
    """Return the texts at places, counted through all columns."""
    start = np.concatenate([column.start for column in columns])[places]
    length = np.concatenate([column.end for column in columns])[places] - start
    shift = np.zeros(len(columns) + 1, np.int64)
    np.cumsum([len(column.text) for column in columns], out=shift[1:])
    of_column = np.repeat(np.arange(len(columns)), [len(column.start) for column in columns])[places]
    begin = np.zeros(len(places) + 1, np.int64)
    np.cumsum(length, out=begin[1:])
    block = np.empty(int(begin[-1]), np.uint8)
    for number, column in enumerate(columns):
        mine = np.flatnonzero(of_column == number)
        source = spread(start[mine], start[mine] + length[mine])
        block[spread(begin[mine], begin[mine] + length[mine])] = column.text[source]
    return Texts(block, begin)


def spread(start: Ints, end: Ints) -> Ints:
    """Return all numbers of the ranges from ``start`` up to but without ``end``, one range after the other."""
    length = end - start
    total = int(length.sum())
    shift = np.repeat(start - np.cumsum(length) + length, length)
    return shift + np.arange(total, dtype=np.int64)
