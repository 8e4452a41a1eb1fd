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

_NEWLINE, _OPEN = 10, ord("<")  # a tab is 9
_WORD = 8
#: Of longer texts (bytes) no words are made.
_LONGEST = 256
#: For a word of which n bytes count: what to keep of it.
_KEPT = np.array([((1 << 8 * n) - 1) << 8 * (_WORD - n) for n in range(_WORD + 1)], np.uint64)
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


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
    # Within a cell both are escaped: of what is left, every other one is a tab.
    marks = np.flatnonzero(text <= _NEWLINE)
    starts, tabs, ends = marks[1:-1:2] + 1, marks[2::2], marks[3::2]
    are_iris = (text[starts] == _OPEN) & (text[tabs + 1] == _OPEN)
    if not are_iris.all():
        starts, tabs, ends = starts[are_iris], tabs[are_iris], ends[are_iris]
    # Without their brackets, so that they sort as IRIs do.
    return Cells(text, starts + 1, tabs - 1), Cells(text, tabs + 2, ends - 1)


def numbered(*columns: Cells) -> tuple[Texts, list[Ints]]:
    """Return the texts in columns, sorted and each once, and for each column the numbers of its cells' texts."""
    count = sum(len(column.start) for column in columns)
    if any((column.end - column.start).max(initial=0) > _LONGEST for column in columns):
        return _numbered_plainly(columns)
    all_words = _words(columns)
    words = [word for word in all_words if len(word) == count and count > 1]
    firsts, group_of = _groups(words, count)
    order = np.lexsort([word[firsts] for word in reversed(words)]) if words else np.arange(len(firsts))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    numbers = rank[group_of]
    bounds = np.cumsum([len(column.start) for column in columns])[:-1]
    places = firsts[order]
    length = np.concatenate([column.end - column.start for column in columns])[places]
    # The words again, one text a row: that is sooner done than picking the bytes out of the columns.
    block = np.zeros((len(places), len(all_words)), ">u8")
    for number, word in enumerate(all_words):
        block[:, number] = word[places] if len(word) == count else word
    start = np.arange(len(places)) * (_WORD * len(all_words))
    return Texts(block.view(np.uint8).reshape(-1), start, start + length), list(np.split(numbers, bounds))


def _numbered_plainly(columns: Sequence[Cells]) -> tuple[Texts, list[Ints]]:
    """Do the same for texts so long that so many words would not fit into memory."""
    cells = [Texts(column.text, column.start, column.end)[:] for column in columns]
    known = sorted({cell for column in cells for cell in column})
    number = {text: at for at, text in enumerate(known)}
    return Texts.of(known), [np.array([number[cell] for cell in column], np.int64) for column in cells]


def _words(columns: Sequence[Cells]) -> list[Words]:
    """Return the cells of columns as words of eight bytes that sort as they do; of one that all have alike, one."""
    lengths = [column.end - column.start for column in columns if len(column.start)]
    longest = max((int(one.max()) for one in lengths), default=0)
    shortest = min((int(one.min()) for one in lengths), default=0)
    padded = [np.concatenate((column.text, np.zeros(2 * _WORD, np.uint8))) for column in columns]
    every = [np.ndarray((len(text) - _WORD + 1,), ">u8", text, strides=(1,)) for text in padded]
    found: list[Words] = []
    for offset in range(0, longest, _WORD):
        if offset + _WORD <= shortest:
            raw = [words[column.start + offset] for column, words in zip(columns, every, strict=True)]
            one = next(part[0] for part in raw if len(part))
            if all((part == one).all() for part in raw):
                found.append(np.array([one], np.uint64))
            else:
                found.append(np.concatenate(raw).astype(np.uint64))
            continue
        parts: list[Words] = []
        for column, words in zip(columns, every, strict=True):
            at = np.minimum(column.start + offset, column.end)
            parts.append(words[at].astype(np.uint64) & _KEPT[np.minimum(column.end - at, _WORD)])
        found.append(np.concatenate(parts))
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


def spread(start: Ints, end: Ints) -> Ints:
    """Return all numbers of the ranges from ``start`` up to but without ``end``, one range after the other."""
    length = end - start
    total = int(length.sum())
    shift = np.repeat(start - np.cumsum(length) + length, length)
    return shift + np.arange(total, dtype=np.int64)
