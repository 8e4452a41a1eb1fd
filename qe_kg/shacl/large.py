"""Validation of large data: columns of numbers say which nodes to look at, and only these are looked at.

1. Of each shape the focus nodes that may break it are found (`qe_kg.shacl.suspects`); as a rule they are few.
2. These are evaluated term by term, on literals as written. What their SPARQL constraints read is put into a store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from qe_kg.shacl.column_graph import ColumnGraph
from qe_kg.shacl.column_paths import Ids
from qe_kg.shacl.components.custom import Custom
from qe_kg.shacl.components.logic import Not
from qe_kg.shacl.components.sparql import SparqlConstraint
from qe_kg.shacl.direct import DirectRun
from qe_kg.shacl.engine import NAME, Altered, CompiledShapes
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import Shape
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.results import EngineRun, RawResult, in_fixed_order
from qe_kg.shacl.sparql_source import SparqlSource
from qe_kg.shacl.suspects import Suspects
from qe_kg.store.columns import Columns, Rows
from qe_kg.store.sparql_source import MemorySource

#: Of more suspects than this it is tried to prove what they do without looking at each.
MANY = 1000


@dataclass(frozen=True)
class LargeData:
    """Data in the forms that they are asked in.

    Attributes:
        columns: the triples.
        graph: the same as a graph.
        all: gives a store with all of them, and the shapes in a graph of their own.

    """

    columns: Columns
    graph: Graph
    all: Callable[[], SparqlSource]


def validate_large(compiled: CompiledShapes, data: LargeData) -> EngineRun:
    """Validate large data; the report is that of `CompiledShapes.validate`.

    Raises:
        ShapesError: a SPARQL constraint reports a failure.

    """
    return _Run(compiled, data).result()


class _Run:
    def __init__(self, compiled: CompiledShapes, data: LargeData) -> None:
        self._compiled, self._shapes, self._data = compiled, compiled.shapes, data
        self._altered = Altered(data.columns.altered)
        self._node = cache(data.columns.node)
        graph = data.graph if isinstance(data.graph, ColumnGraph) else ColumnGraph(data.columns)
        values = DirectRun(self._shapes, data.graph, MemorySource(()))  # a value by itself needs no query
        self._suspects = Suspects(self._shapes, graph, values, self._altered.predicates)

    def result(self) -> EngineRun:
        given: dict[Node, list[Node]] = {}
        many: list[tuple[Shape, Ids]] = []
        counts: dict[Node, int] = {}
        every = np.zeros(len(self._data.columns.names), dtype=bool)
        nowhere: set[Node] = set()
        for shape in self._shapes.targeted:
            foci, others = self._suspects.targets(shape)
            counts[shape.node] = len(foci) + len(others)
            every[foci] = True
            nowhere.update(others)
            suspected = self._suspects.of_targets(shape, foci)
            given[shape.node] = [*self._nodes(suspected), *others]
            if len(suspected) > MANY:
                many.append((shape, suspected))
        results, reached = self._looked_at(given, many)
        return EngineRun(
            NAME,
            in_fixed_order(results),
            int(every.sum()) + len(nowhere),
            len(self._compiled.active),
            self._compiled.coverage_on(counts, self._suspects.reached | reached, self._altered),
        )

    def _looked_at(
        self, given: dict[Node, list[Node]], many: list[tuple[Shape, Ids]]
    ) -> tuple[list[RawResult], set[Node]]:
        """Look at suspects; return the results, and the shapes with a focus node."""
        direct = DirectRun(self._shapes, self._data.graph, self._source(given))
        for shape, suspected in many:
            self._assume(direct, shape, suspected)
        reached = direct.reached(given)
        return list(direct.results(reached)), {name for name, nodes in reached.items() if nodes}

    def _assume(self, run: DirectRun, shape: Shape, suspected: Ids) -> None:
        """Tell a run which suspects do what they must not, where the columns prove it of many at once."""
        for constraint in shape.constraints if shape.path is None else ():
            for name in constraint.shapes if isinstance(constraint, Not) else ():
                proven = self._suspects.conforming(self._shapes[name], suspected)
                run.assume(self._nodes(proven), name)

    def _nodes(self, numbers: Ids) -> list[Node]:
        """Return the nodes of some numbers, the same objects for all shapes: there are many of them."""
        return [self._node(one) for one in numbers.tolist()]

    def _source(self, names: Iterable[Node]) -> SparqlSource:
        """Return what answers the SPARQL constraints of some shapes: with what they read, or with everything."""
        rows = self._rows(names)
        if rows is None:
            return self._data.all()
        return MemorySource((), texts=self._data.columns.statements(rows))

    def _rows(self, names: Iterable[Node]) -> Rows | None:
        """Return the rows that the queries of some shapes read; None if that is not known."""
        found = [np.zeros(0, np.intp)]
        for name in self._shapes.closure(names):
            for constraint in self._shapes[name].constraints:
                if isinstance(constraint, Custom):
                    return None
                if isinstance(constraint, SparqlConstraint):
                    rows = self._suspects.read.get(constraint)
                    if rows is None:
                        return None
                    found.append(rows)
        return np.unique(np.concatenate(found))
