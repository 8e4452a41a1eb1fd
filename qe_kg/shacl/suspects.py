"""Which focus nodes may break a shape: found on columns of numbers, before anybody looks at a node.

What is found is never too little: a node that is not suspected conforms. It may be too much, since the evaluators have
the last word. In large data most nodes conform, and all that is left to do is to look at the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from qe_kg.shacl.column_graph import ColumnGraph
from qe_kg.shacl.column_paths import ColumnPaths, Ids, Mask, Pairs, Sets
from qe_kg.shacl.components.cardinality import MaxCount, MinCount
from qe_kg.shacl.components.custom import Custom
from qe_kg.shacl.components.logic import And, Not, Or
from qe_kg.shacl.components.other import Closed, HasValue
from qe_kg.shacl.components.pairs import Disjoint, Equals, LessThan, LessThanOrEquals
from qe_kg.shacl.components.shape_based import NodeShape, QualifiedMaxCount, QualifiedMinCount
from qe_kg.shacl.components.sparql import SparqlConstraint
from qe_kg.shacl.components.strings import UniqueLang
from qe_kg.shacl.components.value_type import Class, Datatype, NodeKind
from qe_kg.shacl.dependence import uses_sparql
from qe_kg.shacl.model import ByShapes, Constraint, Evaluation, Shape, Shapes, Target, ValueConstraint
from qe_kg.shacl.nodes import LANG_STRING, RDF_TYPE, STRING, Node, text_of
from qe_kg.shacl.paths import Predicate
from qe_kg.shacl.query_reads import Reads, read_reads
from qe_kg.store.columns import Columns, Rows

Bytes = npt.NDArray[np.uint8]
_SWEEPS = 6
_TEXTS = frozenset([STRING, LANG_STRING])  # of these each lexical form is well-formed


class Suspects:
    """Finds the nodes that may break shapes.

    Args:
        shapes: the shapes.
        graph: the data.
        run: evaluates single values on the same data.
        doubtful: the properties with literals that a store would rewrite: what a query finds by them is not foreseen.

    Attributes:
        reached: the shapes that some node is a focus node of, be it by a target or by ``sh:property``.
        read: the rows that the queries of the suspected nodes read, by query; None where that is not known.

    """

    def __init__(self, shapes: Shapes, graph: ColumnGraph, run: Evaluation, doubtful: set[Node]) -> None:
        self._shapes, self._graph, self._run, self._doubtful = shapes, graph, run, doubtful
        self._columns: Columns = graph.columns
        self._sets = Sets(len(self._columns.names))
        self._paths = ColumnPaths(self._columns, self._sets)
        self._classes: dict[Node, Ids] = {}
        self._asks = cache(lambda name: uses_sparql(shapes, shapes[name]))
        self._weight = cache(self._count)
        self.reached: set[Node] = set()
        self.read: dict[SparqlConstraint, Rows | None] = {}

    # --- sets ---------------------------------------------------------------------------------------------

    def targets(self, shape: Shape) -> tuple[Ids, list[Node]]:
        """Return the nodes that a shape's targets select: those of the data by number, and the others."""
        found, others = [np.zeros(0, np.int32)], list[Node]()
        for target in shape.targets:
            number = self._columns.number(target.node)
            if target.kind == "node" and number is None:
                others.append(target.node)
            else:
                found.append(self._selected(target, number))
        return self._sets.ordered(np.concatenate(found)), others

    def _selected(self, target: Target, number: int | None) -> Ids:
        if target.kind == "class":
            return self._instances(target.node)
        if target.kind == "node":
            return np.array([number], np.int32)
        rows = self._columns.rows(target.node)
        return self._columns.subjects[rows] if target.kind == "subjects" else self._columns.values[rows]

    def _instances(self, of: Node) -> Ids:
        if of not in self._classes:
            rows = self._columns.rows(RDF_TYPE)
            kinds = self._sets.mask(self._numbers(self._graph.subclasses(of)))
            self._classes[of] = self._sets.ordered(self._columns.subjects[rows[kinds[self._columns.values[rows]]]])
        return self._classes[of]

    def _numbers(self, nodes: Iterable[Node]) -> Ids:
        return np.array([one for one in map(self._columns.number, nodes) if one is not None], np.int32)

    def _rows_of(self, *several: Rows) -> Rows:
        """Return some rows in order, each once."""
        mask = np.zeros(len(self._columns.subjects), dtype=bool)
        for rows in several:
            mask[rows] = True
        return np.flatnonzero(mask)

    # --- shapes -------------------------------------------------------------------------------------------

    def of_targets(self, shape: Shape, foci: Ids) -> Ids:
        """Return those of the nodes that a shape's targets select that may break it, or what it leads to."""
        return self._of_shape(shape, foci, reports=True)

    def conforming(self, shape: Shape, nodes: Ids) -> Ids:
        """Return those of some nodes that surely conform to a shape."""
        return self._sets.without(nodes, self._of_shape(shape, nodes))

    def _of_shape(self, shape: Shape, foci: Ids, *, reports: bool = False, surely: bool = False) -> Ids:
        """Return the nodes that may break a shape; or only some of those that surely do, which `sh:not` asks for."""
        if shape.deactivated or not (len(foci) or self._asks(shape.node)):
            return foci[:0]
        if reports and len(foci):
            self.reached.add(shape.node)
        pairs = (foci, foci) if shape.path is None else self._paths.pairs(shape.path, foci)
        if pairs is None:
            # Nothing is known of the values: what is reached is left to whoever looks at the nodes.
            self._pass_by([shape.node])
            return foci[:0] if surely else foci
        found, left = self._sets.mask(foci[:0]), (foci, pairs)
        for constraint in sorted(shape.constraints, key=self._weight):
            # Once is enough for a node; but of a query it is to be known what it reads for each node.
            some = (foci, pairs) if self._asks_itself(constraint) else left
            found[self._of_constraint(constraint, *some, surely)] = True
            left = self._left(found, *left)
        for name in shape.properties:
            ends = (pairs if reports or self._asks(name) else left[1])[1]
            bad = self._of_shape(self._shapes[name], self._sets.ordered(ends), reports=reports, surely=surely)
            found[_with(pairs, self._sets.mask(bad))] = True
        return foci[found[foci]]

    def _left(self, found: Mask, foci: Ids, pairs: Pairs) -> tuple[Ids, Pairs]:
        """Return the nodes that are not found, with their value nodes, where that is much less than all."""
        fewer = foci[~found[foci]]
        if 2 * len(fewer) > len(foci):
            return foci, pairs
        chosen = self._sets.mask(fewer)[pairs[0]]
        return fewer, (pairs[0][chosen], pairs[1][chosen])

    def _asks_itself(self, constraint: Constraint) -> bool:
        return isinstance(constraint, SparqlConstraint | Custom) or any(map(self._asks, constraint.shapes))

    def _count(self, constraint: Constraint) -> int:
        """Return how many constraints there are to be looked at for one."""
        return 1 + sum(len(self._shapes[name].constraints) for name in self._shapes.closure(constraint.shapes))

    def _of_constraint(self, constraint: Constraint, foci: Ids, pairs: Pairs, surely: bool) -> Ids:
        if isinstance(constraint, MinCount | MaxCount):
            return self._of_numbers(constraint, foci, pairs)
        if isinstance(constraint, HasValue):
            number = self._columns.number(constraint.value)
            return foci if number is None else self._sets.without(foci, pairs[0][pairs[1] == number])
        if isinstance(constraint, Closed):
            return _with(pairs, self._sets.mask(self._open(constraint)))
        if isinstance(constraint, And | Or | NodeShape | Not):
            return _with(pairs, self._sets.mask(self._of_shapes(constraint, self._sets.ordered(pairs[1]), surely)))
        if isinstance(constraint, ValueConstraint) and not isinstance(constraint, ByShapes):
            return _with(pairs, self._sets.mask(self._of_values(constraint, self._sets.ordered(pairs[1]))))
        if isinstance(constraint, QualifiedMinCount | QualifiedMaxCount):
            return self._of_qualified(constraint, foci, pairs, surely)
        if isinstance(constraint, Equals | Disjoint):
            return self._of_pair(constraint, foci, pairs)
        if isinstance(constraint, SparqlConstraint):
            asking = self._of_query(constraint, foci)
            return foci[:0] if surely else asking
        self._pass_by(constraint.shapes)
        if surely:
            return foci[:0]
        if isinstance(constraint, UniqueLang):
            return foci[self._sets.counted(pairs[0], foci) > 1]
        if isinstance(constraint, LessThan | LessThanOrEquals):
            other = self._sets.mask(self._columns.subjects[self._columns.rows(constraint.other)])
            return pairs[0][other[pairs[0]]]
        return foci

    def _of_pair(self, constraint: Equals | Disjoint, foci: Ids, pairs: Pairs) -> Ids:
        others = self._paths.pairs(Predicate(constraint.other), foci)
        assert others is not None
        first, second = self._paths.keys(pairs), self._paths.keys(others)
        bad = np.setxor1d(first, second) if isinstance(constraint, Equals) else np.intersect1d(first, second)
        return self._paths.of_keys(bad)[0]

    def _of_qualified(
        self, constraint: QualifiedMinCount | QualifiedMaxCount, foci: Ids, pairs: Pairs, surely: bool
    ) -> Ids:
        """Count the values that surely count, or all that may; whichever makes the right mistake."""
        counts_all = isinstance(constraint, QualifiedMinCount) is surely
        values = self._sets.ordered(pairs[1])
        counting = self._sets.without(values, self._of_shape(self._shapes[constraint.shape], values, surely=counts_all))
        for sibling in constraint.siblings:  # a value that conforms to a sibling does not count
            failing = self._of_shape(self._shapes[sibling], values, surely=not counts_all)
            counting = self._sets.both(counting, failing)
        starts, ends = self._paths.of_keys(self._paths.keys(pairs))
        numbers = self._sets.counted(starts[self._sets.mask(counting)[ends]], foci)
        wrong = [one for one in np.unique(numbers).tolist() if constraint.is_wrong(one)]
        return foci[np.isin(numbers, wrong)]

    def _of_shapes(self, constraint: And | Or | NodeShape | Not, values: Ids, surely: bool) -> Ids:
        """Return the values that may, or surely do, break a constraint that hangs on other shapes."""
        if isinstance(constraint, Not):
            (name,) = constraint.shapes
            return self._sets.without(values, self._of_shape(self._shapes[name], values, surely=not surely))
        if isinstance(constraint, Or):
            found = values
            for name in constraint.shapes:
                found = self._sets.both(found, self._of_member(name, values, found, surely))
            return found
        found = values[:0]
        for name in constraint.shapes:
            broken = self._of_member(name, values, self._sets.without(values, found), surely)
            found = self._sets.ordered(np.append(found, broken))
        return found

    def _of_member(self, name: Node, values: Ids, left: Ids, surely: bool) -> Ids:
        """Return what breaks a member, of the values that are left; of all where queries read something of each."""
        return self._of_shape(self._shapes[name], values if self._asks(name) else left, surely=surely)

    def _of_numbers(self, constraint: MinCount | MaxCount, foci: Ids, pairs: Pairs) -> Ids:
        """Return the nodes with too few or too many values; a file may have a triple twice."""
        if isinstance(constraint, MinCount) and constraint.least <= 1:
            return foci[self._sets.counted(pairs[0], foci) < constraint.least]
        if isinstance(constraint, MaxCount):
            suspected = foci[self._sets.counted(pairs[0], foci) > constraint.most]
            if not len(suspected):
                return suspected
        numbers = self._sets.counted(self._paths.of_keys(self._paths.keys(pairs))[0], foci)
        return foci[numbers < constraint.least if isinstance(constraint, MinCount) else numbers > constraint.most]

    def _open(self, constraint: Closed) -> Ids:
        """Return the subjects with a property that a closed shape does not list."""
        columns = self._columns
        others = [columns.rows(one) for one in columns.used_properties if one not in constraint.allowed]
        found: Ids = columns.subjects[np.concatenate([np.zeros(0, np.intp), *others])]
        return found

    def _of_values(self, constraint: ValueConstraint, values: Ids) -> Ids:
        """Return the values that break a constraint by themselves."""
        if isinstance(constraint, Class):
            strangers: Ids = values[~self._sets.mask(self._instances(constraint.of))[values]]
            return strangers
        first, last = self._signs
        if isinstance(constraint, NodeKind):
            other: Ids = values[np.isin(first[values], list(constraint.signs.encode()), invert=True)]
            return other
        if isinstance(constraint, Datatype) and text_of(constraint.datatype) in _TEXTS:
            is_plain, is_typed = last[values] == ord('"'), last[values] == ord(">")
            is_right = is_plain if text_of(constraint.datatype) == STRING else ~is_plain & ~is_typed
            found: Ids = values[~(is_right & (first[values] == ord('"')))]
            return found
        holds = (constraint.holds(node, self._run) for node in self._columns.nodes(values.tolist()))
        broken: Ids = values[~np.fromiter(holds, bool, len(values))]
        return broken

    @cached_property
    def _signs(self) -> tuple[Bytes, Bytes]:
        """The first character of each term, and the last of a literal: a quotation mark, ">" or one of a language."""
        first, last = ([name[at] or b" " for name in self._columns.names] for at in (slice(1), slice(-3, -2)))
        return np.frombuffer(b"".join(first), np.uint8), np.frombuffer(b"".join(last), np.uint8)

    # --- queries ------------------------------------------------------------------------------------------

    def _of_query(self, constraint: SparqlConstraint, foci: Ids) -> Ids:
        """Return the nodes that have all that each solution of a query needs."""
        reads = read_reads(constraint.query.text) if constraint.query.is_batchable else None
        if reads is None or not self._doubtful.isdisjoint({*reads.others, *(one.property for one in reads.steps)}):
            self.read[constraint] = None
            return foci
        found, rows = self._solving(reads, foci)
        before = self.read.get(constraint, rows[:0])  # of another shape with targets
        self.read[constraint] = None if before is None else self._rows_of(before, rows)
        return found

    def _pass_by(self, names: Iterable[Node]) -> None:
        """Note that it is not known at which nodes some shapes will be looked at, nor what their queries read there."""
        for name in self._shapes.closure(filter(self._asks, names)):
            self.read |= {one: None for one in self._shapes[name].constraints if isinstance(one, SparqlConstraint)}

    def _solving(self, reads: Reads, foci: Ids) -> tuple[Ids, Rows]:
        """Narrow what the variables of a query can be, triple by triple; return the focus nodes and rows left."""
        columns, domains = self._columns, {"?_this": self._sets.mask(foci)}
        left = {step: columns.rows(step.property) for step in reads.steps}
        for _ in range(_SWEEPS):
            before = sum(map(len, left.values()))
            for step, rows in left.items():
                starts, ends = columns.subjects[rows], columns.values[rows]
                chosen = self._domain(step.subject, domains)[starts] & self._domain(step.value, domains)[ends]
                left[step] = rows = rows[chosen]
                for end, numbers in ((step.subject, starts[chosen]), (step.value, ends[chosen])):
                    if end[0] == "?":
                        domains[end] = self._sets.mask(numbers) & self._domain(end, domains)
            if sum(map(len, left.values())) == before:
                break
        found = foci if all(map(len, left.values())) else foci[:0]
        found = found[domains["?_this"][found]]
        others = [columns.rows(one) for one in reads.others]
        return found, self._rows_of(*left.values(), *others)

    def _domain(self, end: str, domains: dict[str, Mask]) -> Mask:
        if end in domains:
            return domains[end]
        return np.ones(len(self._columns.names), dtype=bool) if end[0] == "?" else self._sets.mask(self._numbers([end]))


def _with(pairs: Pairs, values: Mask) -> Ids:
    return pairs[0][values[pairs[1]]]
