"""Exports of several files: split by graph or by size, described, and laid out for a product's loader."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.atomic_files import atomic_folder
from qe_kg.errors import CallError
from qe_kg.export.compression import ENDINGS, compressing
from qe_kg.export.description import FILE_NAME, Dataset, Tally, WrittenFile, describe
from qe_kg.export.layouts import Layout
from qe_kg.export.parts import Part, by_graph
from qe_kg.export.writing import Style, check_unmixed, in_order, write_quads
from qe_kg.store.streams import has_blank_node, header_size

if TYPE_CHECKING:
    import pyoxigraph as ox

SPLITS = ("graph", "size")
_SIZED = ("nt", "nq", "ttl", "trig")
_SMALLEST = 10_000
_SUFFIXES = {"rdfxml": "rdf"}
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


@dataclass(frozen=True)
class Plan:
    """How an export is put into a folder.

    Attributes:
        style: how statements are written.
        split: "graph", "size", or None for one file.
        max_size: bytes that no file shall have more of, before it is compressed.
        compression: a key of `ENDINGS`, or None.
        layout: a product's layout, which adds how to load it.

    """

    style: Style
    split: str | None = None
    max_size: int = 0
    compression: str | None = None
    layout: Layout | None = None

    def __post_init__(self) -> None:
        if self.split == "size" and self.style.form not in _SIZED:
            raise CallError(f"{self.style.form} cannot be split by size; {', '.join(_SIZED)} can")
        if self.split == "size" and self.max_size < _SMALLEST:
            raise CallError(f"files cannot be kept as small as {self.max_size:,} bytes; give at least {_SMALLEST:,}")
        if self.layout is not None:
            self.layout.check(self.style.form, self.split, self.compression)


def read_size(text: str) -> int:
    """Read a number of bytes such as "500000", "64MB" or "2G" (powers of ten).

    Raises:
        CallError: it is none.

    """
    found = re.fullmatch(r"(\d+)\s*([kmg]?)b?", text.strip().lower())
    if found is None:
        raise CallError(f"{text!r} is no size; write it as 64MB, 2GB or a number of bytes")
    return int(found[1]) * _UNITS[found[2]]


def export_folder(parts: Sequence[Part], folder: Path, plan: Plan, dataset: Dataset) -> tuple[WrittenFile, ...]:
    """Write an export into a folder, which is replaced as a whole if it holds an earlier one.

    Returns:
        The files with statements that were written.

    Raises:
        CallError: the folder holds something else, or the format cannot keep apart what must not be mixed.
        ReadError: a source cannot be read, or the folder cannot be written.

    """
    if plan.split != "graph":
        check_unmixed(parts, plan.style)
    with atomic_folder(folder, FILE_NAME) as inside:
        tally = Tally()
        written = [_write(inside, name, quads, plan, tally) for name, quads in _files(parts, plan)]
        files = tuple(file for file in written if file.content.statements or plan.split is None)
        for file in written:
            if file not in files:  # a graph without a statement: a loader could not tell which
                (inside / file.name).unlink()
        (inside / FILE_NAME).write_bytes(describe(dataset, files, tally))
        if plan.layout is not None:
            plan.layout.write(inside, folder, files)
    return files


def _files(parts: Sequence[Part], plan: Plan) -> Iterator[tuple[str, Iterable[ox.Quad]]]:
    """Yield the stem of each file with what it holds."""
    if plan.split == "graph":
        taken: Counter[str] = Counter()
        for part in (one for whole in parts for one in by_graph(whole)):
            stem = re.sub(r"[^\w.-]+", "-", part.name.rsplit(".", 1)[0]).strip("-.") or "graph"
            taken[stem] += 1
            yield (stem if taken[stem] == 1 else f"{stem}-{taken[stem]}"), in_order([part], plan.style)
    elif plan.split == "size":
        room = plan.max_size - header_size(plan.style.form, plan.style.prefixes)
        source = _Portions(in_order(parts, plan.style), room)
        number = 0
        while not source.is_empty:
            number += 1
            yield f"data-{number:04}", source.next()
    else:
        yield "data", in_order(parts, plan.style)


class _Portions:
    """Statements in portions whose size as N-Quads is bounded, which that in other formats does not exceed.

    What is about blank nodes comes last and undivided: their labels mean nothing in another file.
    """

    def __init__(self, quads: Iterable[ox.Quad], room: int) -> None:
        self._quads, self._room = iter(quads), room
        self._aside: list[ox.Quad] = []
        self._waiting = self._plain()

    @property
    def is_empty(self) -> bool:
        return self._waiting is None and not self._aside

    def _plain(self) -> ox.Quad | None:
        for quad in self._quads:
            if not has_blank_node(quad):
                return quad
            self._aside.append(quad)
        return None

    def next(self) -> Iterator[ox.Quad]:
        """Yield the next portion; it has to be taken whole before the one after it."""
        if self._waiting is None:
            yield from self._aside
            self._aside = []
        used = 0
        while (quad := self._waiting) is not None:
            size = len(f"{quad} .\n".encode())
            if used and used + size > self._room:
                return
            used += size
            self._waiting = self._plain()
            yield quad


def _write(inside: Path, stem: str, quads: Iterable[ox.Quad], plan: Plan, tally: Tally) -> WrittenFile:
    form = plan.style.form
    path = inside / f"{stem}.{_SUFFIXES.get(form, form)}{ENDINGS.get(plan.compression or '', '')}"
    own = Tally()
    with path.open("wb") as file, compressing(file, plan.compression) as packed:
        write_quads(own.watch(quads), packed, plan.style)
    tally.add(own)
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return WrittenFile(path.name, form, plan.compression, path.stat().st_size, digest, own)
