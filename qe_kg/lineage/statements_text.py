"""Statements of a few properties read off the text of N-Triples, without parsing the rest of it.

A line of N-Triples as nearly every program writes it is seven marks: ``<`` and ``>`` three times, and its end. numpy
finds those of a block of text at once. Every line that may state one of the properties in another way (other white
space, escapes, blank nodes, comments) goes by the parser.

The text must be one that a parser has taken before: it is not checked here.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from qe_kg.errors import ReadError
from qe_kg.lineage.texts import (
    LONGEST,
    Bytes,
    Cells,
    Ints,
    Mask,
    Packed,
    Texts,
    Words,
    as_word,
    stands_at,
    two_columns,
    words_at,
)
from qe_kg.store.protocol import Store
from qe_kg.store.streams import as_plain_lines

#: The text that statements are read off: a file, or lines as they stand.
Source = Path | bytes
#: How much is looked at at once: enough that threads do not wait for each other, few enough to stay in a cache.
_BLOCK = 1 << 22
#: How much is searched for the end of a line at once.
_NEAR = 1 << 12
_WORD = 8
_END, _SPACE, _OPEN, _CLOSE, _ESCAPE = b"\n <>\\"
_ENDING = int.from_bytes(b"> .\n", sys.byteorder)


class Group(NamedTuple):
    """Properties of one kind of thing: their namespace, local names, and whether a blank node may be such a thing."""

    namespace: str
    names: tuple[str, ...]
    blank: bool = False

    @property
    def properties(self) -> tuple[str, ...]:
        """Their IRIs."""
        return tuple(self.namespace + name for name in self.names)


@dataclass
class Rows:
    """Statements of a group of properties, with IRIs as objects.

    Attributes:
        subjects: the cells of subjects; of several rows in a row there may be one.
        of: for each property, in parts, which cell of ``subjects`` each row is of.
        objects: for each property, in parts, the cells of objects.

    """

    subjects: list[Cells | Packed]
    of: list[list[Ints]]
    objects: list[list[Cells | Packed]]
    _count: int = field(default=0)

    @classmethod
    def nothing(cls, properties: int) -> Rows:
        """Return no rows of so many properties."""
        return cls([], [[] for _ in range(properties)], [[] for _ in range(properties)])

    def add(self, subjects: Cells | Packed, of: Sequence[Ints], objects: Sequence[Cells | Packed]) -> None:
        """Add rows: subjects, and for each property which of them its rows are of, and their objects."""
        self.subjects.append(subjects)
        for numbers, all_numbers, cells, all_cells in zip(of, self.of, objects, self.objects, strict=True):
            all_numbers.append(numbers + self._count)
            all_cells.append(cells)
        self._count += len(subjects)

    def add_property(self, number: int, subjects: Cells, objects: Cells) -> None:
        """Add rows of one property, of which each has its subject."""
        nothing = Texts.of([]).cells
        properties = range(len(self.of))
        of = [np.arange(len(subjects) if at == number else 0) for at in properties]
        self.add(subjects, of, [objects if at == number else nothing for at in properties])

    @classmethod
    def of_store(cls, store: Store, group: Group) -> Rows:
        """Return the statements of a group that a store holds."""
        # A single pattern each: joined, every subject would be looked up in two more orders of the store. The store
        # lets go of the interpreter while it answers.
        properties = group.properties
        queries = [f"SELECT ?s ?o WHERE {{ ?s <{one}> ?o }}" for one in properties]
        found = cls.nothing(len(properties))
        with ThreadPoolExecutor(2) as pool:
            for number, answer in enumerate(pool.map(store.text_rows, queries)):
                subjects, objects = two_columns(answer, blank=group.blank)
                found.add_property(number, subjects, objects)
        return found


def read_rows(sources: Iterable[Source], *groups: Group) -> list[Rows]:
    """Return the statements of groups; blank nodes are labelled anew for each source.

    Raises:
        ReadError: a file cannot be read.

    """
    found = [Rows.nothing(len(group.properties)) for group in groups]
    for number, source in enumerate(sources):
        _of_source(source if isinstance(source, bytes) else _mapped(source), groups, found, f"_:{number}-")
    return found


def _mapped(source: Path) -> bytes | mmap.mmap:
    try:
        with source.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if source.stat().st_size else b""
    except OSError as error:
        raise ReadError(f"{source}: cannot be read: {error.strerror or error}") from error


def _of_source(source: bytes | mmap.mmap, groups: Sequence[Group], found: list[Rows], blank: str) -> None:
    # The last lines go by the parser: nothing reads beyond the end of the text, then.
    scan = _Scan(source, groups)
    text = scan.text
    last = _line_at(text, len(text) - 2 * LONGEST - max(map(len, scan.properties)))
    others: list[bytes] = []
    # The interpreter is free while numpy works.
    with ThreadPoolExecutor(2) as pool:
        for of_block, left in pool.map(lambda bounds: scan.block(*bounds), _blocks(text, last)):
            others.append(left)
            for rows, part in zip(found, of_block, strict=True):
                rows.add(*part)
    parsed = list(_parsed(b"".join([*others, text[last:].tobytes()])))
    for rows, group in zip(found, groups, strict=True):
        for number, name in enumerate(group.properties):
            said = [(subject, value) for subject, one, value in parsed if one == name]
            said = [(one if one[:2] != "_:" else blank + one[2:], value) for one, value in said
                    if group.blank or one[:2] != "_:"]  # fmt: skip
            rows.add_property(number, Texts.of(one for one, _ in said).cells, Texts.of(one for _, one in said).cells)


def _line_at(text: Bytes, place: int) -> int:
    """Return where the line begins in which a place is."""
    while place > 0:
        begin = max(place - _NEAR, 0)
        ends = np.flatnonzero(text[begin:place] == _END)
        if len(ends):
            return begin + int(ends[-1]) + 1
        place = begin
    return 0


def _blocks(text: Bytes, end: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of blocks of whole lines, up to where a line ends."""
    begin = 0
    while begin < end:
        stop = _line_at(text, begin + _BLOCK) if begin + _BLOCK < end else end
        while stop <= begin:  # a line that is longer than a block
            stop = _next_line(text, begin)
        yield begin, stop
        begin = stop


def _next_line(text: Bytes, begin: int) -> int:
    while True:
        ends = np.flatnonzero(text[begin : begin + _NEAR] == _END)
        if len(ends):
            return begin + int(ends[0]) + 1
        begin += _NEAR


#: What a block states, for a group of properties: what `Rows.add` takes.
_Part = tuple[Packed, list[Ints], list[Packed]]


@dataclass(frozen=True)
class _Lines:
    """The lines of a block: where each begins and ends, and its marks.

    Attributes:
        start: where each begins in the whole text; ``end`` where its line feed is.
        mark: the number of its first mark, ``last`` that of its line feed.
        marks: where the marks are.
        predicate: of those that begin like a plain statement (``has_head``) where the predicate begins.

    """

    start: Ints
    end: Ints
    mark: Ints
    last: Ints
    marks: Ints
    predicate: Ints
    has_head: Mask

    @classmethod
    def of(cls, text: Bytes, begin: int, stop: int) -> _Lines:
        block = text[begin:stop]
        marks = np.flatnonzero(((block | 2) == _CLOSE) | (block == _END)) + begin
        kind = text[marks]
        last = np.flatnonzero(kind == _END)
        end = marks[last]
        mark, start = np.zeros(len(last), np.int64), np.full(len(last), begin)
        mark[1:], start[1:] = last[:-1] + 1, end[:-1] + 1
        second, third = (np.minimum(mark + more, len(marks) - 1) for more in (1, 2))
        predicate = marks[third]
        has_head = (third < last) & (marks[mark] == start) & (marks[second] + 2 == predicate)
        has_head &= (kind[mark] == _OPEN) & (kind[third] == _OPEN) & (text[predicate - 1] == _SPACE)
        return cls(start, end, mark, last, marks, predicate, has_head)


class _Scan:
    def __init__(self, source: bytes | mmap.mmap, groups: Sequence[Group]) -> None:
        self.source, self.text = source, np.frombuffer(source, np.uint8)
        self.groups = [[f"<{one}>".encode() for one in group.properties] for group in groups]
        self.properties = [one for group in self.groups for one in group]
        # What all begin with tells nothing.
        self.common = min(len(groups[0].namespace) + 1, *(len(one) - _WORD for one in self.properties))

    def block(self, begin: int, stop: int) -> tuple[list[_Part], bytes]:
        """Read a block of whole lines: what it states, and the lines that are left to the parser."""
        block = self.text[begin:stop]
        if self._has(b"\r", begin, stop):  # alone it ends a line too
            none = np.empty(0, np.int64)
            empty = _Lines(none, none, none, none, none, none, none.astype(np.bool_))
            return [self._part(empty, [(none, none)] * len(group)) for group in self.groups], block.tobytes()
        lines = _Lines.of(self.text, begin, stop)
        is_other = ~lines.has_head
        # Characters may be written by their numbers.
        escaped = np.flatnonzero(block == _ESCAPE) if self._has(b"\\", begin, stop) else np.empty(0, np.int64)
        escaped = escaped[(block[np.minimum(escaped + 1, len(block) - 1)] | 0x20) == ord("u")]
        is_other[np.searchsorted(lines.end, begin + escaped)] = True
        key = words_at(self.text, lines.predicate + self.common)
        rows = [[self._stating(written, lines, key, is_other) for written in group] for group in self.groups]
        return [self._part(lines, stating) for stating in rows], self._others(lines, is_other)

    def _has(self, character: bytes, begin: int, stop: int) -> bool:
        return self.source.find(character, begin, stop) >= 0

    def _stating(self, written: bytes, lines: _Lines, key: Words, is_other: Mask) -> tuple[Ints, Ints]:
        """Return which plain lines state a property, and where the objects begin; note those that are not plain."""
        found = np.flatnonzero((key == as_word(written[self.common : self.common + _WORD])) & lines.has_head)
        start, predicate, end = lines.start[found], lines.predicate[found], lines.end[found]
        at = predicate + len(written) + 1
        # With the property comes what follows it: one space and an IRI.
        is_plain = stands_at(self.text, predicate, written + b" <") & (lines.mark[found] + 6 == lines.last[found])
        is_plain &= np.ndarray((len(self.text) - 3,), np.uint32, self.text, strides=(1,))[end - 3] == _ENDING
        is_plain &= (predicate - start < LONGEST) & (end - at < LONGEST)
        is_other[found[~is_plain]] = True
        is_plain &= ~is_other[found]
        return found[is_plain], at[is_plain] + 1

    def _part(self, lines: _Lines, rows: list[tuple[Ints, Ints]]) -> _Part:
        text, is_stating = self.text, np.zeros(len(lines.start), np.bool_)
        for found, _ in rows:
            is_stating[found] = True
        stating, place = np.flatnonzero(is_stating), np.cumsum(is_stating) - 1
        subjects, number = Cells(text, lines.start[stating] + 1, lines.predicate[stating] - 2).packed().runs()
        of = [number[place[found]] for found, _ in rows]
        return subjects, of, [Cells(text, at, lines.end[found] - 3).packed() for found, at in rows]

    def _others(self, lines: _Lines, is_other: Mask) -> bytes:
        """Return those of the other lines that may state one of the properties."""
        bounds = zip(lines.start[is_other].tolist(), lines.end[is_other].tolist(), strict=True)
        found = (self.text[start : end + 1].tobytes() for start, end in bounds)
        return b"".join(line for line in found if b"\\" in line or any(one in line for one in self.properties))


def _parsed(lines: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield subject, property and object of lines that are written in any way, where the object is an IRI."""
    for line in as_plain_lines(lines).decode().split("\n")[:-1]:
        subject, predicate, value = line.split(" ", 2)
        if value.startswith("<"):
            yield (subject[1:-1] if subject[0] == "<" else subject), predicate[1:-1], value[1:-3]
