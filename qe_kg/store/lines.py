"""Files of N-Triples and N-Quads as lines: what two sides share is found by comparing bytes, and never held.

Two lines that are the same say the same. Two versions of a large file differ in few places, so both are read side by
side, a block at a time: stretches with the same bytes are skipped and only remembered as places in a file, and only
the lines between such stretches are taken apart. Where the order differs too much for that, lines are compared as sets.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from qe_kg.errors import ReadError

_BLOCK = 1 << 20
#: Of two blocks that differ, so many lines are looked at first for one that both have.
_NEAR = 64
#: From so many bytes on that are not where the other side has them, half of all being so, order tells nothing.
_TOO_MUCH = 8 << 20
#: What makes a line say more, or something else, than its bytes: names in several ways of writing, blank nodes. Before
#: each a byte that it contains, which is found faster.
_MARKS = ((b"\t", b"\t"), (b"\r", b"\r"), (b"_", b"_:"), (b"\n", b"\n "), (b"\\", b"\\u"), (b"\\", b"\\U"))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Stretch(NamedTuple):
    """A part of a file, in bytes: whole lines."""

    path: Path
    start: int
    end: int


@dataclass(frozen=True)
class Lines:
    """Lines of files, read again whenever they are gone through, and some more that are held.

    Attributes:
        stretches: where the lines of files are.
        more: lines besides these.

    """

    stretches: tuple[Stretch, ...] = ()
    more: frozenset[bytes] = field(default=frozenset(), repr=False)

    def blocks(self) -> Iterator[bytes]:
        """Yield all lines, many at a time, each block with whole lines.

        Raises:
            ReadError: a file cannot be read any more.

        """
        for stretch in self.stretches:
            reader = _Reader(stretch)
            while block := reader.fill():
                yield block
                reader.skip(len(block))
        if self.more:
            yield b"\n".join((*self.more, b""))

    def about(self, subjects: Iterable[str]) -> Iterator[bytes]:
        """Yield the lines whose subject is one of these IRIs."""
        written = {f"<{subject}".encode() for subject in subjects}
        for block in self.blocks():
            yield from (line for line in block.split(b"\n") if line.partition(b">")[0] in written)

    def naming(self, iris: Iterable[str]) -> Iterator[bytes]:
        """Yield the lines in which one of these IRIs is written anywhere."""
        written = [f"<{iri}>".encode() for iri in iris]
        for block in self.blocks():
            if any(one in block for one in written):
                yield from (line for line in block.split(b"\n") if any(one in line for one in written))


class LineDifference(NamedTuple):
    """What two sides share, and the lines that only the one or the other has.

    A line of ``gone`` or ``come`` may be among those shared as well, where one side says it twice.
    """

    shared: Lines
    gone: set[bytes]
    come: set[bytes]


def lines_of(path: Path) -> Stretch | None:
    """Return an N-Triples or N-Quads file as lines, each of which stands for itself.

    None for other formats, for a file that cannot be read (who parses it tells), and for a file that writes names in
    more than one way (escapes, other space than blanks) or has blank nodes, whose names say nothing by themselves.
    """
    if path.suffix.lower() not in (".nt", ".nq"):
        return None
    try:
        whole = Stretch(path, 0, path.stat().st_size)
        for number, block in enumerate(Lines((whole,)).blocks()):
            if block.startswith(b" ") or (number == 0 and block.startswith(_BYTE_ORDER_MARK)):
                return None
            if any(byte in block and mark in block for byte, mark in _MARKS):
                return None
    except (OSError, ReadError):
        return None
    return whole


def compare_lines(old: Lines, new: Lines) -> LineDifference:
    """Compare two sides by their lines.

    Raises:
        ReadError: a file cannot be read any more.

    """
    found = _Found()
    for one, other in _paired(old.stretches, new.stretches):
        _compare(one, other, found)
    gone, come = found.gone | old.more, found.come | new.more
    moved = gone & come
    return LineDifference(Lines(tuple(found.shared), frozenset(moved)), gone - moved, come - moved)


def _paired(old: Sequence[Stretch], new: Sequence[Stretch]) -> Iterator[tuple[Stretch | None, Stretch | None]]:
    """Pair the files of two sides, by name where both have one of a name, and the others in order."""
    left: dict[str, list[Stretch]] = {}
    for one in new:
        left.setdefault(one.path.name, []).append(one)
    alone = []
    for one in old:
        if same := left.get(one.path.name):
            yield one, same.pop(0)
        else:
            alone.append(one)
    others = [one for same in left.values() for one in same]
    for number in range(max(len(alone), len(others))):
        yield (alone[number] if number < len(alone) else None), (others[number] if number < len(others) else None)


class _Found:
    """What is found so far: places of shared stretches, and lines that are not where the other side has them."""

    def __init__(self) -> None:
        self.shared: list[Stretch] = []
        self.gone: set[bytes] = set()
        self.come: set[bytes] = set()

    def share(self, stretch: Stretch) -> None:
        """Add a shared stretch, as one with the last where it goes on from there."""
        last = self.shared[-1] if self.shared else None
        if last and last.path == stretch.path and last.end == stretch.start:
            self.shared[-1] = last._replace(end=stretch.end)
        elif stretch.end > stretch.start:
            self.shared.append(stretch)


class _Reader:
    """Reads a stretch a block of whole lines at a time; the last line ends in a line feed even if it does not.

    Attributes:
        path: the file.
        at: where in the file the rest of the block begins.
        read: how many bytes are behind it.

    """

    def __init__(self, stretch: Stretch | None) -> None:
        self.path = stretch.path if stretch else Path()
        self.at = stretch.start if stretch else 0
        self.read = 0
        self._end = stretch.end if stretch else 0
        self._read_to = self.at
        self._file: IO[bytes] | None = None if stretch else io.BytesIO()
        self._block, self._used = b"", 0

    def fill(self) -> bytes:
        """Return the rest of the block, or of the next one; empty at the end.

        Raises:
            ReadError: the file cannot be read.

        """
        if self._used:
            self._block, self._used = self._block[self._used :], 0
        while not self._block.endswith(b"\n"):
            if self._read_to >= self._end:
                self._block += b"\n" if self._block else b""
                break
            self._block = self._whole_lines(self._block)
        return self._block

    def _whole_lines(self, begun: bytes) -> bytes:
        """Read on, to the end of the line that the next block ends in."""
        try:
            if self._file is None:
                self._file = self.path.open("rb")
                self._file.seek(self.at)
            more = self._file.read(min(_BLOCK, self._end - self._read_to))
            more += b"" if more.endswith(b"\n") else self._file.readline(self._end - self._read_to - len(more))
        except OSError as error:
            raise ReadError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        self._read_to = self._read_to + len(more) if more else self._end
        return begun + more

    def skip(self, size: int) -> Stretch:
        """Leave out so many bytes of the block, and say where in the file they were."""
        start, self.at = self.at, self.at + size
        self.read += size
        self._used += size
        return Stretch(self.path, start, min(self.at, self._end))


def _compare(old: Stretch | None, new: Stretch | None, found: _Found) -> None:
    """Compare two files, or one with nothing."""
    one, other = _Reader(old), _Reader(new)
    in_order, apart = bool(old and new), 0
    while in_order and (left := one.fill()) and (right := other.fill()):
        size = _common(left, right)
        if size:
            other.skip(size)
            found.share(one.skip(size))
            continue
        gone, come = _until_alike(left, right)
        found.gone.update(gone)
        found.come.update(come)
        sizes = [sum(map(len, lines)) + len(lines) for lines in (gone, come)]
        one.skip(sizes[0])
        other.skip(sizes[1])
        apart += sum(sizes)
        in_order = apart < _TOO_MUCH or apart < one.read + other.read - apart
    for reader, lines in ((one, found.gone), (other, found.come)):
        while block := reader.fill():
            lines.update(block.split(b"\n"))
            reader.skip(len(block))
        lines.discard(b"")


def _common(left: bytes, right: bytes) -> int:
    """Return how many bytes of whole lines two blocks begin with alike."""
    high = min(len(left), len(right))
    if left[:high] == right[:high]:
        return high
    low = 0  # alike up to here; not alike up to high
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return left.rfind(b"\n", 0, low) + 1


def _until_alike(left: bytes, right: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the lines of two blocks before the nearest line that both have; all lines where they have none."""
    for most in (_NEAR, -1):
        before, after = (block.split(b"\n", most) for block in (left, right))
        for lines in (before, after):
            lines.pop()  # what is not taken apart, or nothing behind the last line feed
        where: dict[bytes, int] = {}
        for number, line in enumerate(after):
            where.setdefault(line, number)
        best, nearest = len(before) + len(after), (len(before), len(after))
        for number, line in enumerate(before):
            if number >= best:
                break
            if (there := where.get(line)) is not None and number + there < best:
                best, nearest = number + there, (number, there)
        if best < len(before) + len(after):
            break
    return before[: nearest[0]], after[: nearest[1]]
