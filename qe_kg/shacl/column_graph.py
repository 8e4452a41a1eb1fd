"""A graph over columns of numbers: what `qe_kg.shacl.graph` tells, looked up when it is asked for.

Some microseconds a look-up, and next to no memory: for the few nodes of large data that need a closer look. A property
that turns out to be asked for of many nodes is put into a dictionary, which takes as much room as its triples do in a
graph of their own and answers in a fraction of the time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property

import numpy as np

from qe_kg.shacl.graph import Graph, Instances
from qe_kg.shacl.nodes import Node
from qe_kg.store.columns import Columns, Numbers

#: A property is put into a dictionary when it was asked for more than so many times, and once for so many triples.
OFTEN, _ONE_IN = 1000, 10


class _Pairs:
    """Pairs of numbers, to be found by the first of each."""

    def __init__(self, keys: Numbers, others: Numbers) -> None:
        order = np.argsort(keys, kind="stable")
        # A look-up in numpy's arrays takes several times as long as in these.
        self._keys, self._others = keys[order].data, others[order].data

    def of(self, number: int) -> list[int]:
        """Return what stands with a number, in the order of the rows."""
        first = bisect_left(self._keys, number)
        found: list[int] = self._others[first : bisect_right(self._keys, number, first)].tolist()
        return found

    def columns(self) -> tuple[list[int], list[int]]:
        """Return the first of all pairs, and the second."""
        return self._keys.tolist(), self._others.tolist()


class _Index:
    """What stands in one column of a property's rows, by what stands in another."""

    def __init__(self, columns: Columns, keys: Numbers, others: Numbers) -> None:
        self._columns, self._count = columns, len(keys)
        self._pairs = _Pairs(keys, others)
        self._asked = 0
        self._known: dict[Node, list[Node]] | None = None

    def of(self, node: Node) -> list[Node]:
        """Return the others of a node, each once."""
        if self._known is not None:
            return self._known.get(node, [])
        self._asked += 1
        if self._asked > OFTEN and self._asked * _ONE_IN > self._count:
            self._known = self._all()
            return self.of(node)
        number = self._columns.number(node)
        if number is None:
            return []
        return self._columns.nodes(dict.fromkeys(self._pairs.of(number)))

    def _all(self) -> dict[Node, list[Node]]:
        keys, values = self._pairs.columns()
        numbers: dict[int, dict[int, None]] = {}
        for key, value in zip(keys, values, strict=True):
            numbers.setdefault(key, {})[value] = None
        nodes = dict(zip(found := set(keys) | set(values), self._columns.nodes(found), strict=True))
        return {nodes[key]: [nodes[one] for one in others] for key, others in numbers.items()}


class _ByValue(Mapping[Node, list[Node]]):
    """The subjects of each value of a property."""

    def __init__(self, graph: ColumnGraph, predicate: Node) -> None:
        self._graph, self._predicate = graph, predicate

    def __getitem__(self, value: Node) -> list[Node]:
        found = self._graph.subjects(self._predicate, value)
        if not found:
            raise KeyError(value)
        return found

    def __iter__(self) -> Iterator[Node]:
        columns = self._graph.columns
        return iter(columns.nodes(np.unique(columns.values[columns.rows(self._predicate)]).tolist()))

    def __len__(self) -> int:
        columns = self._graph.columns
        return len(np.unique(columns.values[columns.rows(self._predicate)]))


class ColumnGraph(Graph):
    """The triples of columns; they cannot be changed."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._by_subject: dict[Node, _Index] = {}
        self._by_object: dict[Node, _Index] = {}
        self._members: dict[Node, Instances] = {}

    def add(self, subject: Node, predicate: Node, value: Node) -> None:
        """Refuse a triple."""
        raise TypeError("a graph over columns cannot be changed")

    def __len__(self) -> int:
        columns = self.columns
        triples = np.stack((columns.subjects, columns.properties, columns.values))
        return int(np.unique(triples, axis=1).shape[1])

    def __contains__(self, triple: tuple[Node, Node, Node]) -> bool:
        return triple[2] in self.objects(triple[0], triple[1])

    def triples(self) -> Iterator[tuple[Node, Node, Node]]:
        """Yield all triples."""
        for predicate in self.predicates():
            for value, subjects in self.by_value(predicate).items():
                yield from ((subject, predicate, value) for subject in subjects)

    @cached_property
    def _rows_by_subject(self) -> _Pairs:
        return _Pairs(self.columns.subjects, np.arange(len(self.columns.subjects), dtype=np.int32))

    @cached_property
    def _rows_by_value(self) -> _Pairs:
        return _Pairs(self.columns.values, np.arange(len(self.columns.values), dtype=np.int32))

    def properties(self, subject: Node) -> dict[Node, list[Node]]:
        """Return the values of each property of a subject."""
        found = dict[Node, dict[Node, None]]()
        for row in self.rows_of_subject(subject):
            name = self.columns.node(int(self.columns.properties[row]))
            found.setdefault(name, {})[self.columns.node(int(self.columns.values[row]))] = None
        return {name: list(values) for name, values in found.items()}

    def objects(self, subject: Node, predicate: Node) -> list[Node]:
        """Return the values of a property."""
        if predicate not in self._by_subject:
            one, rows = self.columns, self.columns.rows(predicate)
            self._by_subject[predicate] = _Index(one, one.subjects[rows], one.values[rows])
        return self._by_subject[predicate].of(subject)

    def subjects(self, predicate: Node, value: Node) -> list[Node]:
        """Return what has a value of a property."""
        if predicate not in self._by_object:
            one, rows = self.columns, self.columns.rows(predicate)
            self._by_object[predicate] = _Index(one, one.values[rows], one.subjects[rows])
        return self._by_object[predicate].of(value)

    def by_value(self, predicate: Node) -> Mapping[Node, list[Node]]:
        """Return, for each value of a property, its subjects."""
        return _ByValue(self, predicate)

    def subjects_of(self, predicate: Node) -> list[Node]:
        """Return all distinct subjects that have a property."""
        columns = self.columns
        return columns.nodes(np.unique(columns.subjects[columns.rows(predicate)]).tolist())

    def predicates(self) -> list[Node]:
        """Return all properties that are used."""
        return self.columns.used_properties

    def literals(self) -> Iterator[Node]:
        """Yield the literals."""
        used = np.unique(self.columns.values).tolist()
        return (node for node in self.columns.nodes(used) if node[0] == '"')

    def nodes(self) -> set[Node]:
        """Return all subjects and objects."""
        return set(self.columns.nodes(np.union1d(self.columns.subjects, self.columns.values).tolist()))

    def rows_of_subject(self, node: Node) -> list[int]:
        """Return the rows of a subject."""
        number = self.columns.number(node)
        return [] if number is None else self._rows_by_subject.of(number)

    def rows_of_value(self, node: Node) -> list[int]:
        """Return the rows with a value."""
        number = self.columns.number(node)
        return [] if number is None else self._rows_by_value.of(number)

    def instances(self, of: Node) -> AbstractSet[Node]:
        """Return the SHACL instances of a class."""
        if of not in self._members:
            self._members[of] = Instances(self, of)
        return self._members[of]
