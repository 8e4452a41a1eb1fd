"""A graph in memory, indexed both ways, its literals as written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from qe_kg.errors import ReadError
from qe_kg.shacl.nodes import RDF_FIRST, RDF_NIL, RDF_REST, RDF_TYPE, RDFS_SUBCLASS_OF, Node

if TYPE_CHECKING:
    import pyoxigraph as ox

_NONE: dict[Node, list[Node]] = {}


class Graph:
    """The triples of some quads, whatever graphs they are in; iteration keeps the order in which they came."""

    def __init__(self, quads: Iterable[ox.Quad] = ()) -> None:
        self._forward: dict[Node, dict[Node, list[Node]]] = {}
        self._backward: dict[Node, dict[Node, list[Node]]] = {}
        self._seen: set[tuple[Node, Node, Node]] = set()
        self._instances: dict[Node, frozenset[Node]] = {}
        for quad in quads:
            self.add(str(quad.subject), str(quad.predicate), str(quad.object))

    def add(self, subject: Node, predicate: Node, value: Node) -> None:
        """Add a triple.

        Raises:
            ReadError: it holds a triple term of RDF 1.2.

        """
        if (subject, predicate, value) in self._seen:
            return
        if value.startswith("<<"):
            raise ReadError(f"RDF 1.2 triple terms are not supported: {value}")
        self._seen.add((subject, predicate, value))
        self._instances.clear()
        self._forward.setdefault(subject, {}).setdefault(predicate, []).append(value)
        self._backward.setdefault(predicate, {}).setdefault(value, []).append(subject)

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, triple: tuple[Node, Node, Node]) -> bool:
        return triple in self._seen

    def triples(self) -> Iterator[tuple[Node, Node, Node]]:
        """Yield all triples."""
        for subject, properties in self._forward.items():
            for predicate, values in properties.items():
                for value in values:
                    yield subject, predicate, value

    def properties(self, subject: Node) -> dict[Node, list[Node]]:
        """Return the values of each property of a subject."""
        return self._forward.get(subject, _NONE)

    def objects(self, subject: Node, predicate: Node) -> list[Node]:
        """Return the values of a property."""
        return self._forward.get(subject, _NONE).get(predicate, [])

    def value(self, subject: Node, predicate: Node) -> Node | None:
        """Return the first value of a property, or None."""
        return next(iter(self.objects(subject, predicate)), None)

    def subjects(self, predicate: Node, value: Node) -> list[Node]:
        """Return what has a value of a property."""
        return self._backward.get(predicate, _NONE).get(value, [])

    def by_value(self, predicate: Node) -> Mapping[Node, list[Node]]:
        """Return, for each value of a property, its subjects."""
        return self._backward.get(predicate, _NONE)

    def subjects_of(self, predicate: Node) -> list[Node]:
        """Return all distinct subjects that have a property."""
        return list(dict.fromkeys(one for subjects in self.by_value(predicate).values() for one in subjects))

    def predicates(self) -> list[Node]:
        """Return all properties that are used."""
        return list(self._backward)

    def literals(self) -> Iterator[Node]:
        """Yield the literals, each once a property."""
        for values in self._backward.values():
            yield from (value for value in values if value[0] == '"')

    def nodes(self) -> set[Node]:
        """Return all subjects and objects."""
        return {*self._forward, *(value for values in self._backward.values() for value in values)}

    def items(self, head: Node) -> list[Node] | None:
        """Return the members of an RDF list; None if it is not one, or never ends."""
        members: list[Node] = []
        seen: set[Node] = set()
        while head != RDF_NIL:
            first, rest = self.objects(head, RDF_FIRST), self.objects(head, RDF_REST)
            if head in seen or len(first) != 1 or len(rest) != 1:
                return None
            seen.add(head)
            members.append(first[0])
            head = rest[0]
        return members

    def subclasses(self, of: Node) -> set[Node]:
        """Return a class and all classes below it."""
        found, waiting = {of}, [of]
        below = self.by_value(RDFS_SUBCLASS_OF)
        while waiting:
            for one in below.get(waiting.pop(), ()):
                if one not in found:
                    found.add(one)
                    waiting.append(one)
        return found

    def instances(self, of: Node) -> AbstractSet[Node]:
        """Return the SHACL instances of a class: what has it, or a class below it, as ``rdf:type``."""
        if of not in self._instances:
            types = self.by_value(RDF_TYPE)
            self._instances[of] = frozenset(one for kind in self.subclasses(of) for one in types.get(kind, ()))
        return self._instances[of]


class Instances(AbstractSet[Node]):
    """The SHACL instances of a class, found in the graph as they are asked for."""

    def __init__(self, graph: Graph, of: Node) -> None:
        self._graph, self._classes = graph, graph.subclasses(of)

    def __contains__(self, node: object) -> bool:
        return isinstance(node, str) and not self._classes.isdisjoint(self._graph.objects(node, RDF_TYPE))

    def __iter__(self) -> Iterator[Node]:
        types = self._graph.by_value(RDF_TYPE)
        yield from dict.fromkeys(one for kind in self._classes for one in types.get(kind, ()))

    def __len__(self) -> int:
        return sum(1 for _ in self)
