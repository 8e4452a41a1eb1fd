"""A graph that changes: what `qe_kg.shacl.graph` has, with removal, and classes that are looked up and not listed."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from qe_kg.errors import ReadError
from qe_kg.shacl.graph import Graph, Instances
from qe_kg.shacl.nodes import RDFS_SUBCLASS_OF, Node

if TYPE_CHECKING:
    import pyoxigraph as ox

Triple = tuple[Node, Node, Node]


class LiveGraph(Graph):
    """A graph to which triples are added and from which they are taken away, at the cost of each triple alone.

    It holds each name once and no set of the triples: less than half of what `Graph` takes.
    """

    def __init__(self, quads: Iterable[ox.Quad] = ()) -> None:
        self._below: dict[Node, set[Node]] = {}
        self._names: dict[Node, Node] = {}
        self._size = 0
        super().__init__(quads)

    def add(self, subject: Node, predicate: Node, value: Node) -> None:
        """Add a triple.

        Raises:
            ReadError: it holds a triple term of RDF 1.2.

        """
        triple = subject, predicate, value
        if triple in self:
            return
        if value.startswith("<<"):
            raise ReadError(f"RDF 1.2 triple terms are not supported: {value}")
        subject, predicate, value = (self._names.setdefault(one, one) for one in triple)
        self._size += 1
        self._forward.setdefault(subject, {}).setdefault(predicate, []).append(value)
        self._backward.setdefault(predicate, {}).setdefault(value, []).append(subject)
        if predicate == RDFS_SUBCLASS_OF:
            self._below.clear()

    def __len__(self) -> int:
        return self._size

    def __contains__(self, triple: tuple[Node, Node, Node]) -> bool:
        subject, predicate, value = triple
        values, subjects = self.objects(subject, predicate), self.subjects(predicate, value)
        return value in values if len(values) < len(subjects) else subject in subjects

    def remove(self, subject: Node, predicate: Node, value: Node) -> None:
        """Take a triple away, if it is there."""
        if (subject, predicate, value) not in self:
            return
        self._size -= 1
        for index, (first, second, third) in (
            (self._forward, (subject, predicate, value)),
            (self._backward, (predicate, value, subject)),
        ):
            index[first][second].remove(third)
            if not index[first][second]:
                del index[first][second]
            if not index[first]:
                del index[first]
        if predicate == RDFS_SUBCLASS_OF:
            self._below.clear()

    def subclasses(self, of: Node) -> set[Node]:
        """Return a class and all classes below it."""
        if of not in self._below:
            self._below[of] = super().subclasses(of)
        return self._below[of]

    def instances(self, of: Node) -> AbstractSet[Node]:
        """Return the SHACL instances of a class."""
        return Instances(self, of)
