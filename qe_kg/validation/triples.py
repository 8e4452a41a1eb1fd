"""The triples of files, found by subject and by value, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qe_kg.positions import FilePlaces, Kind, Place, place_in_line, places_of, subject_place
from qe_kg.shacl.nodes import Node
from qe_kg.store.files import parse_quads
from qe_kg.validation.report import SourcePlace

if TYPE_CHECKING:
    import pyoxigraph as ox

    from qe_kg.shacl.column_graph import ColumnGraph


class Triples(Protocol):
    """The triples of one file, by number."""

    def of(self, subject: Node) -> Sequence[int]:
        """Return the triples of a subject, in the order of the file."""

    def to(self, value: Node) -> Sequence[int]:
        """Return the triples with a value, in the order of the file."""

    def subject(self, number: int) -> Node:
        """Return a triple's subject."""

    def predicate(self, number: int) -> Node:
        """Return a triple's predicate."""

    def value(self, number: int) -> Node:
        """Return a triple's object."""

    def quad(self, number: int) -> ox.Quad:
        """Return a triple as the parser yields it."""

    def place(self, number: int, kind: Kind) -> SourcePlace:
        """Return the place of a triple's object, subject or description, or the empty place at that one's end."""


class File(Protocol):
    """What is needed of a file: see `qe_kg.validation.data.InputFile`."""

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def quads(self) -> list[ox.Quad]: ...  # noqa: D102


def triples_of(file: File) -> Triples:
    """Return the triples of a file that is held as quads."""
    return _OfQuads(file)


def triples_of_rows(graph: ColumnGraph, path: Path, name: str) -> Triples:
    """Return the triples of a large N-Triples file; their numbers are those of rows.

    Args:
        graph: the data of all files.
        path: the file.
        name: the name to report it under.

    """
    return _OfRows(graph, path, name)


class _OfQuads:
    def __init__(self, file: File) -> None:
        self._file = file

    @cached_property
    def _by_subject(self) -> dict[Node, list[int]]:
        return self._by(lambda quad: str(quad.subject))

    @cached_property
    def _by_value(self) -> dict[Node, list[int]]:
        return self._by(lambda quad: str(quad.object))

    def _by(self, key: Callable[[ox.Quad], Node]) -> dict[Node, list[int]]:
        found: dict[Node, list[int]] = {}
        for number, quad in enumerate(self._file.quads):
            found.setdefault(key(quad), []).append(number)
        return found

    @cached_property
    def _places(self) -> FilePlaces | None:
        return places_of(self._file.path, len(self._file.quads))

    def of(self, subject: Node) -> Sequence[int]:
        return self._by_subject.get(subject, ())

    def to(self, value: Node) -> Sequence[int]:
        return self._by_value.get(value, ())

    def subject(self, number: int) -> Node:
        return str(self.quad(number).subject)

    def predicate(self, number: int) -> Node:
        return str(self.quad(number).predicate)

    def value(self, number: int) -> Node:
        return str(self.quad(number).object)

    def quad(self, number: int) -> ox.Quad:
        return self._file.quads[number]

    def place(self, number: int, kind: Kind) -> SourcePlace:
        found: Place | None
        if self._places is None:
            subject = self.subject(number)
            found = subject_place(self._file.path, subject[1:-1]) if subject.startswith("<") else None
        else:
            found = getattr(self._places, kind)(number)
        return SourcePlace(self._file.name, *(found or (None,)))


class _OfRows:
    def __init__(self, graph: ColumnGraph, path: Path, name: str) -> None:
        self._graph, self._rows, self._name = graph, graph.columns.file_rows(path), name
        self.subject, self.predicate, self.value = self._rows.subject, self._rows.predicate, self._rows.value

    def of(self, subject: Node) -> Sequence[int]:
        return self._rows.among(self._graph.rows_of_subject(subject))

    def to(self, value: Node) -> Sequence[int]:
        return self._rows.among(self._graph.rows_of_value(value))

    def quad(self, number: int) -> ox.Quad:
        (quad,) = parse_quads(f"{self.subject(number)} {self.predicate(number)} {self.value(number)} .")
        return quad

    def place(self, number: int, kind: Kind) -> SourcePlace:
        line, text = self._rows.line(number)
        return SourcePlace(self._name, *place_in_line(text, line, kind))
