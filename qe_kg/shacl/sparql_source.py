"""What the engine needs of something that answers SPARQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from qe_kg.shacl.nodes import Node

Row = tuple[Node | None, ...]


class SparqlSource(Protocol):
    """Data that can be asked in SPARQL 1.1; terms come and go as nodes (see `qe_kg.shacl.nodes`)."""

    def select(self, query: str) -> Iterable[Row]:
        """Answer a SELECT."""

    def ask(self, query: str) -> bool:
        """Answer an ASK."""

    def binding(self, name: str, nodes: Sequence[Node]) -> str:
        """Return a graph pattern that binds a variable to each of some nodes.

        Raises:
            QueryError: there is no such pattern, as for blank nodes in a store elsewhere.

        """
