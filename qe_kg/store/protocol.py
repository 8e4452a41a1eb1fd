"""What every store gives: SPARQL over the named graphs of a model. One adapter a file: `embedded`, `remote`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qe_kg.terms import Term

if TYPE_CHECKING:
    import pyoxigraph as ox


@dataclass(frozen=True)
class Solutions:
    """The answer of a SELECT: column names, and one tuple a row with None for what is unbound."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


Answer = Solutions | bool | list[tuple[Term, Term, Term]]


class Store(Protocol):
    """SPARQL over named graphs; a query's default graph is the union of the model's.

    An answer is whole or an error: no adapter returns a part of one.
    """

    @property
    def path(self) -> Path | None:
        """The folder of a store on this disk, where an index may be kept beside it; None for any other."""

    @property
    def is_in_memory(self) -> bool:
        """Whether everything is in the memory of this process, so that reading all of it costs little."""

    def __len__(self) -> int:
        """Return the number of triples of the union."""

    def query(self, query: str, prefixes: dict[str, str] | None = None) -> Answer:
        """Answer a SELECT (`Solutions`), an ASK (bool) or a CONSTRUCT or DESCRIBE (triples).

        Args:
            query: SPARQL 1.1.
            prefixes: prefixes that the query may use without declaring them.

        Raises:
            QueryError: the query does not parse.
            StoreError: the store cannot be reached, or does not answer to the end.

        """

    def select(self, query: str) -> Solutions:
        """Answer a SELECT query; errors as for `query`."""

    def ask(self, query: str) -> bool:
        """Answer an ASK query; errors as for `query`."""

    def text_rows(self, query: str) -> bytes:
        """Answer a SELECT query as tab-separated text, terms as in Turtle, the columns' names in the first line.

        For many rows this takes a fraction of the time that terms as Python objects do.
        """

    def graph(self, name: str) -> list[ox.Quad]:
        """Return the quads of a named graph, sorted, with literals as the store has them."""

    def stream(self, name: str) -> Iterable[ox.Quad]:
        """Yield the quads of a named graph in any order, without holding them all; a part of them ends in an error."""

    def load(self, path: Path, graph: str, rename: Callable[[str], str] | None = None) -> set[str]:
        """Load one file; triples without a graph go to ``graph``. Return the IRIs of its triples' graphs."""

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Add quads, each with the IRI of its graph."""

    def update(self, update: str) -> None:
        """Run a SPARQL update of our own making, as it stands."""

    def insert_where(self, graph: str, head: str, where: str) -> None:
        """Add to a named graph (and so to the union) what a template gives for each solution of a pattern."""

    def delete_where(self, graph: str, pattern: str, condition: str) -> None:
        """Take the triples of one pattern that meet a condition out of a named graph (and so out of the union)."""
