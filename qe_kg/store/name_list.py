"""All names in a large store as one text, kept beside it: asked about a name that there is not, nothing else is read.

A line is a literal as Turtle writes it. Names that are like a text are those that share most pairs of letters with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.namespaces import SKOS
from qe_kg.store.protocol import Store
from qe_kg.terms import Term, literal, parse_term

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FILE = "names.txt"
_PROPERTIES = ("notation", "prefLabel", "altLabel")
#: From so many names on they are kept; fewer are sooner compared one by one.
MANY = 20_000
#: How many names are told as like a text, and in how many bytes at once they are looked for.
_FOUND, _BLOCK = 200, 1 << 22
#: Texts of so many bytes are short; what a line has beside the name: quotes and often a language.
_SHORT, _MARKS = 8, 3
_END = 10


class NameList:
    """Names, each on a line.

    Args:
        block: the lines.

    """

    def __init__(self, block: bytes) -> None:
        self._block = block

    @classmethod
    def read(cls, store: Store) -> NameList | None:
        """Return the names in a store on this disk or in memory, where they are many."""
        if store.path is not None:
            try:
                return cls((store.path / _FILE).read_bytes())
            except FileNotFoundError:
                return None
        return cls.of(store) if store.is_in_memory else None

    @classmethod
    def of(cls, store: Store) -> NameList | None:
        """Return the names in a store as it tells them, where they are many."""
        answers = [store.text_rows(f"SELECT ?n WHERE {{ ?e <{SKOS}{name}> ?n }}") for name in _PROPERTIES]
        # The first line names the column.
        block = b"".join(answer.partition(b"\n")[2] for answer in answers)
        return cls(block) if block.count(b"\n") > MANY else None

    @classmethod
    def keep(cls, store: Store, folder: Path) -> None:
        """Keep the names of a store in its folder, where they are many."""
        cls.forget(folder)
        found = cls.of(store)
        if found is not None:
            (folder / _FILE).write_bytes(found._block)

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the names that are kept in a folder."""
        (folder / _FILE).unlink(missing_ok=True)

    def spelled(self, text: str) -> list[Term]:
        """Return the names that differ from a text at most by upper and lower case."""
        wanted, lines = literal(text.lower()).n3(), set[bytes]()
        for _, block in self._blocks():
            if text.isascii():
                begun = b"\n" + wanted.encode()
                lines |= {block[at : block.index(b"\n", at)] for at in _places(b"\n" + block.lower(), begun)}
            else:  # a letter in lower case may take more bytes
                both = zip(block.split(b"\n"), block.decode().lower().split("\n"), strict=True)
                lines |= {line for line, lower in both if lower.startswith(wanted)}
        return [name for name in _terms(lines) if name.value.lower() == text.lower()]

    def like(self, text: str) -> list[Term]:
        """Return the names that are most like a text, or hold it, without regard to case."""
        import numpy as np  # takes time to load, and most models are small

        folded = text.lower().encode()
        scores: list[npt.NDArray[np.float64]] = [np.empty(0)]
        starts: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
        holding: set[bytes] = set()
        for begin, block in self._blocks():
            lower = block.lower()
            if folded and len(holding) < _FOUND:
                holding |= {_line(block, at) for _, at in zip(range(_FOUND), _places(lower, folded), strict=False)}
            start, score = _likeness(lower, folded)
            best = np.argsort(-score, kind="stable")[:_FOUND]
            scores.append(score[best])
            starts.append(start[best] + begin)
        order = np.argsort(-np.concatenate(scores), kind="stable")[:_FOUND]
        near = [_line(self._block, at) for at in np.concatenate(starts)[order].tolist()]
        return _terms({*near, *sorted(holding)[:_FOUND]})

    def _blocks(self) -> Iterator[tuple[int, bytes]]:
        begin = 0
        while begin < len(self._block):
            end = self._block.find(b"\n", begin + _BLOCK) + 1 or len(self._block)
            yield begin, self._block[begin:end]
            begin = end


def _likeness(lines: bytes, text: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return where each line begins, and how much of it and of a text are the same pairs of letters, up to 1.

    Of a short text, such as a code, most pairs change with one slip: the same letters in any order count too.
    """
    import numpy as np

    block = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(block == _END)
    start = np.zeros(len(ends), np.int64)
    start[1:] = ends[:-1] + 1
    size = np.maximum(ends - start - _MARKS, 1)
    pairs = {text[at : at + 2] for at in range(len(text) - 1)}
    shared = np.zeros(len(ends), np.int64)
    for one, other in pairs:
        at = np.flatnonzero((block[:-1] == one) & (block[1:] == other))
        shared[np.unique(np.searchsorted(ends, at))] += 1
    likeness = 2 * shared / (len(pairs) + size)
    if len(text) <= _SHORT:
        letters = np.zeros(len(ends), np.int64)
        for letter in set(text):
            counts = np.bincount(np.searchsorted(ends, np.flatnonzero(block == letter)), minlength=len(ends))
            letters += np.minimum(counts, text.count(letter))
        likeness += 2 * letters / (len(text) + size)
    return start, likeness


def _places(lines: bytes, wanted: bytes) -> Iterator[int]:
    at = lines.find(wanted)
    while at >= 0:
        yield at
        at = lines.find(wanted, at + 1)


def _line(block: bytes, place: int) -> bytes:
    return block[block.rfind(b"\n", 0, place) + 1 : block.index(b"\n", place)]


def _terms(lines: set[bytes]) -> list[Term]:
    return [parse_term(line.decode()) for line in sorted(lines) if line.startswith(b'"')]
