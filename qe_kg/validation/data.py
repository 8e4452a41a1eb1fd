"""What is validated: the quads of files and a few more, small or large."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qe_kg.positions import Excerpt, excerpt
from qe_kg.shacl.engine import Altered, altered_in
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node
from qe_kg.store.files import with_labels
from qe_kg.store.sparql_source import MemorySource, altered_in_file, may_hold_blank_nodes

if TYPE_CHECKING:
    import pyoxigraph as ox

#: From this size on (bytes), an N-Triples file is not held as objects of Python, and the data are asked by queries.
LARGE = 4_000_000
#: So many steps of a path from a focus node are told with their places in large files.
_STEPS = 2


class Facts(Protocol):
    """What can be looked up in data; see `qe_kg.shacl.graph.Graph`."""

    def objects(self, subject: Node, predicate: Node) -> list[Node]:
        """Return the values of a property."""

    def value(self, subject: Node, predicate: Node) -> Node | None:
        """Return the first value of a property, or None."""

    def instances(self, of: Node) -> Set[Node]:
        """Return the SHACL instances of a class."""


@dataclass(frozen=True)
class InputFile:
    """One file to validate.

    Attributes:
        path: the file.
        name: the name to report it under.
        read: reads its quads, with literals as written.
        is_whole: whether what is validated is all that the file holds, under the names that stand there.

    """

    path: Path
    name: str
    read: Callable[[], Iterable[ox.Quad]] = field(repr=False)
    is_whole: bool = True

    @cached_property
    def quads(self) -> list[ox.Quad]:
        """The quads; a blank node has the same label whenever the file is read."""
        return list(with_labels(self.read(), f"f{zlib.crc32(self.name.encode()):08x}n"))

    @cached_property
    def altered(self) -> dict[Node, int]:
        """The literals of a large file that a store would rewrite, by property."""
        return altered_in_file(self.path)

    @property
    def is_empty(self) -> bool:
        """Whether the file holds nothing."""
        return not self.is_large and not self.quads

    @cached_property
    def is_large(self) -> bool:
        """Whether the file is given to the store as it is, and not held as quads."""
        could_be = self.is_whole and self.path.suffix.lower() == ".nt" and self.path.stat().st_size >= LARGE
        return could_be and not may_hold_blank_nodes(self.path)


class Data:
    """The data of one validation.

    Args:
        files: the files.
        more: makes what is validated out of the quads of the files, or of those files that are held as quads.
        without: a subject and a property of which the values in large files do not count.

    """

    def __init__(
        self,
        files: Sequence[InputFile],
        more: Callable[[Iterable[ox.Quad]], Iterable[ox.Quad]],
        without: tuple[Node, Node] | None = None,
    ) -> None:
        self.large = [file for file in files if file.is_large]
        self._more, self._without = more, without
        self._files = files

    @cached_property
    def _small(self) -> list[ox.Quad]:
        return list(self._more(quad for file in self._files if not file.is_large for quad in file.quads))

    @cached_property
    def quads(self) -> Sequence[ox.Quad]:
        """All quads, with literals as written."""
        return list(self._more(quad for file in self._files for quad in file.quads)) if self.large else self._small

    @cached_property
    def graph(self) -> Graph:
        """All quads as a graph."""
        return Graph(self.quads)

    @cached_property
    def source(self) -> MemorySource:
        """Answers queries over large data."""
        source = MemorySource(self._small, files=[file.path for file in self.large], without=self._without)
        # What the store would rewrite is looked for while it reads: it lets go of the interpreter meanwhile.
        with ThreadPoolExecutor(1) as pool:
            looking = pool.submit(lambda: [file.altered for file in self.large])
            source.load()
        looking.result()
        return source

    @property
    def facts(self) -> Facts:
        """What is looked up one by one: in the store where the data are large."""
        return self.source if self.large else self.graph

    def to_locate(self, nodes: Iterable[Node]) -> list[InputFile | Excerpt]:
        """Return the files to look for places in; of large ones the triples of some nodes and of their neighbours."""
        if not self.large:
            return list(self._files)
        wanted = edge = set(nodes)
        for _ in range(_STEPS):
            edge = {one for node in edge for one in self.source.neighbours(node)} - wanted
            wanted |= edge
        return [excerpt(file.path, file.name, wanted) if file.is_large else file for file in self._files]

    @cached_property
    def altered(self) -> Altered:
        """The literals that a store would rewrite."""
        found = altered_in(Graph(self._small)) if self.large else altered_in(self.graph)
        for file in self.large:
            for name, number in file.altered.items():
                found.numbers[name] = found.numbers.get(name, 0) + number
        return found
