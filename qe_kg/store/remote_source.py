"""A store elsewhere as the SHACL engine asks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qe_kg.errors import QueryError
from qe_kg.store.remote import RemoteStore

#: What the SHACL engine calls the graph of the shapes.
_SHAPES = "<urn:qe-kg:shapes>"


class RemoteSource:
    """A remote store as the SHACL engine asks it: terms come and go as text (see `qe_kg.shacl.nodes`).

    Args:
        store: the store.

    """

    def __init__(self, store: RemoteStore) -> None:
        self._store = store

    def select(self, query: str) -> Iterator[tuple[str | None, ...]]:
        """Answer a SELECT, whole or not at all.

        Raises:
            QueryError: it asks for the shapes, which are not in the store.
            StoreError: as for `RemoteStore.select`.

        """
        if _SHAPES in query:
            raise QueryError("it asks for the shapes graph, which is not in the store")
        return self._store.node_rows(query)

    def ask(self, query: str) -> bool:
        """Answer an ASK."""
        return self._store.ask(query)

    def binding(self, name: str, nodes: Sequence[str]) -> str:
        """Return a graph pattern that binds a variable to each of some nodes.

        Raises:
            QueryError: one is a blank node, which has no name outside of its store.

        """
        if any(node[0] == "_" for node in nodes):
            raise QueryError("a blank node has no name outside of its store")
        return f"VALUES ?{name} {{ {' '.join(nodes)} }}"
