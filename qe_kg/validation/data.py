"""What is validated: the quads of files and a few more, small or large."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.shacl.engine import Altered, altered_in
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node
from qe_kg.store.files import with_labels
from qe_kg.store.sparql_source import MemorySource
from qe_kg.validation.triples import Triples, triples_of, triples_of_rows

if TYPE_CHECKING:
    import pyoxigraph as ox

    from qe_kg.shacl.column_graph import ColumnGraph
    from qe_kg.store.columns import Columns

#: From this size on (bytes), an N-Triples file is not held as objects of Python, and the data are asked by queries.
LARGE = 4_000_000


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
        return list(with_labels(self.read(), self.label_prefix))

    @property
    def label_prefix(self) -> str:
        """What the labels of the file's blank nodes begin with; their number follows."""
        return f"f{zlib.crc32(self.name.encode()):08x}n"

    @cached_property
    def is_large(self) -> bool:
        """Whether the file is large, and of a form that need not be held as quads."""
        return self.is_whole and self.path.suffix.lower() == ".nt" and self.path.stat().st_size >= LARGE


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
        self._more, self._without = more, without
        self._files = files

    @cached_property
    def large(self) -> list[InputFile]:
        """The files that are not held as quads."""
        return [file for file in self._files if file.is_large]

    @property
    def empty(self) -> list[InputFile]:
        """The files that hold nothing."""
        return [
            file
            for file in self._files
            if not (len(self.columns.rows_of([file.path])) if file.is_large else file.quads)
        ]

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
    def columns(self) -> Columns:
        """All triples as columns of numbers.

        Raises:
            ParseError, ReadError: a large file cannot be read.

        """
        from qe_kg.store.columns import Columns  # most data are small, and numpy takes a while

        columns = Columns()
        for file in self.large:
            columns.add_file(file.path, file.label_prefix)
        if self._without:
            columns.leave_out(*self._without)
        columns.add_quads(self._small)
        return columns

    @cached_property
    def altered(self) -> Altered:
        """The literals that a store would rewrite."""
        return Altered(self.columns.altered) if self.large else altered_in(self.graph)

    @cached_property
    def column_graph(self) -> ColumnGraph:
        """All triples as a graph that takes no more room than its columns."""
        from qe_kg.shacl.column_graph import ColumnGraph

        return ColumnGraph(self.columns)

    @cached_property
    def source(self) -> MemorySource:
        """Answers queries over all the data, from a store of its own.

        A file with blank nodes goes there out of the columns: a store that reads it would give labels of its own.
        """
        files = [file.path for file in self.large]
        with_blanks = [path for path in files if self.columns.labels(path)]
        return MemorySource(
            self._small,
            files=[path for path in files if path not in with_blanks],
            without=self._without,
            texts=self.columns.statements(self.columns.rows_of(with_blanks)) if with_blanks else (),
        )

    @property
    def facts(self) -> Graph:
        """What is looked up one by one."""
        return self.column_graph if self.large else self.graph

    def triples(self) -> list[Triples]:
        """Return the triples of the files, with their places."""
        return [
            triples_of_rows(self.column_graph, file.path, file.name) if file.is_large else triples_of(file)
            for file in self._files
        ]
