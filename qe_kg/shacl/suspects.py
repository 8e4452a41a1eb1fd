"""Which focus nodes may break a shape: found on columns of numbers, before anybody looks at a node.

What is found is never too little: a node that is not suspected conforms. It may be too much, since the evaluators have
the last word. In large data most nodes conform, and all that is left to do is to look at the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from qe_kg.shacl.column_graph import ColumnGraph
from qe_kg.shacl.components.cardinality import MaxCount, MinCount
from qe_kg.shacl.components.logic import And, Not, Or
from qe_kg.shacl.components.other import Closed, HasValue
from qe_kg.shacl.components.pairs import Disjoint, Equals, LessThan, LessThanOrEquals
from qe_kg.shacl.components.shape_based import NodeShape, QualifiedMaxCount, QualifiedMinCount
from qe_kg.shacl.components.sparql import SparqlConstraint
from qe_kg.shacl.components.strings import UniqueLang
from qe_kg.shacl.components.value_type import Class, Datatype, NodeKind
from qe_kg.shacl.model import ByShapes, Constraint, Evaluation, Shape, Shapes, Target, ValueConstraint
from qe_kg.shacl.nodes import LANG_STRING, RDF_TYPE, STRING, Node, text_of
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, Repeated, reversed_path
from qe_kg.shacl.paths import Sequence as SequencePath
from qe_kg.shacl.query_reads import Reads, read_reads
from qe_kg.store.columns import Columns, Rows

Ids = npt.NDArray[np.int32]
Keys = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
_Pairs = tuple[Ids, Ids]
_SWEEPS = 6
_FEW = 100  # one of so many nodes
_GROWTH = 4  # so many times as many pairs as triples, a path may lead to; more are not looked at
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
        self._classes: dict[Node, Ids] = {}
        self._walks = _Walks(self._most)
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
        return self._set(np.concatenate(found)), others

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
            kinds = self._mask(self._numbers(self._graph.subclasses(of)))
            self._classes[of] = self._set(self._columns.subjects[rows[kinds[self._columns.values[rows]]]])
        return self._classes[of]

    def _numbers(self, nodes: Iterable[Node]) -> Ids:
        return np.array([one for one in map(self._columns.number, nodes) if one is not None], np.int32)

    def _mask(self, numbers: Ids) -> Mask:
        mask = np.zeros(len(self._columns.names), dtype=bool)
        mask[numbers] = True
        return mask

    def _set(self, numbers: Ids) -> Ids:
        """Return some numbers in order, each once."""
        if self._are_few(numbers):
            return np.unique(numbers)
        found: Ids = np.flatnonzero(self._mask(numbers)).astype(np.int32)
        return found

    def _are_few(self, numbers: Ids) -> bool:
        """Tell whether to order or look up numbers costs less than to go through all that there are."""
        return len(numbers) * _FEW < len(self._columns.names)

    def _without(self, numbers: Ids, others: Ids) -> Ids:
        return numbers[~self._mask(others)[numbers]]

    def _in_both(self, numbers: Ids, others: Ids) -> Ids:
        return numbers[self._mask(others)[numbers]]

    def _rows_of(self, *several: Rows) -> Rows:
        """Return some rows in order, each once."""
        mask = np.zeros(len(self._columns.subjects), dtype=bool)
        for rows in several:
            mask[rows] = True
        return np.flatnonzero(mask)

    def _pairs(self, path: Path, foci: Ids) -> _Pairs | None:
        """Return each focus node with each value node, some more than once; None where there are too many."""
        if isinstance(path, Inverse) and not isinstance(path.path, Predicate):
            return self._pairs(reversed_path(path.path), foci)
        if isinstance(path, SequencePath):
            return self._walks.find((path, _digest(foci)), lambda: self._walk(path.paths, foci))
        if isinstance(path, Alternative):
            several = [self._pairs(one, foci) for one in path.paths]
            return None if None in several else _together(*(one for one in several if one is not None))
        if isinstance(path, Repeated):
            return self._repeated(path, foci)
        predicate, is_inverse = (path.path, True) if isinstance(path, Inverse) else (path, False)
        assert isinstance(predicate, Predicate)
        rows = self._columns.rows(predicate.node)
        starts, ends = self._columns.subjects[rows], self._columns.values[rows]
        if is_inverse:
            starts, ends = ends, starts
        chosen = self._mask(foci)[starts]
        return starts[chosen], ends[chosen]

    def _walk(self, paths: Sequence[Path], foci: Ids) -> _Pairs | None:
        pairs = self._pairs(paths[0], foci)
        for one in paths[1:]:
            step = None if pairs is None else self._pairs(one, self._set(pairs[1]))
            if pairs is None or step is None:
                return None
            pairs = self._joined(pairs, step)
        return pairs

    def _repeated(self, path: Repeated, foci: Ids) -> _Pairs | None:
        start = (foci, foci)
        if path.times == "?":
            once = self._pairs(path.path, foci)
            return None if once is None else _together(start, once)
        found, new = self._keys((foci[:0], foci[:0])), start
        while len(new[0]):
            step = self._pairs(path.path, self._set(new[1]))
            more = None if step is None else self._joined(new, step)
            if more is None or len(found) > self._most:
                return None
            keys = np.setdiff1d(self._keys(more), found)
            found, new = np.union1d(found, keys), self._of_keys(keys)
        return self._of_keys(found) if path.times == "+" else _together(start, self._of_keys(found))

    @property
    def _most(self) -> int:
        return _GROWTH * (len(self._columns.subjects) + 1)

    def _joined(self, first: _Pairs, second: _Pairs) -> _Pairs | None:
        """Join pairs on what the first end in and the second begin with; None where that gives too many."""
        order = np.argsort(second[0], kind="stable")
        keys, ends = second[0][order], second[1][order]
        if self._are_few(first[1]):
            low = np.searchsorted(keys, first[1])
            numbers = np.searchsorted(keys, first[1], side="right") - low
        else:
            counts = np.bincount(keys, minlength=len(self._columns.names))
            low, numbers = (np.cumsum(counts) - counts)[first[1]], counts[first[1]]
        if numbers.sum() > self._most:
            return None
        starts = np.repeat(first[0], numbers)
        offsets = np.arange(len(starts)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        return starts, ends[np.repeat(low, numbers) + offsets]

    def _keys(self, pairs: _Pairs) -> Keys:
        """Return pairs as one number each, each once."""
        keys = pairs[0].astype(np.int64) * len(self._columns.names) + pairs[1]
        keys.sort()  # faster than what numpy offers for it
        distinct: Keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
        return distinct

    def _of_keys(self, keys: Keys) -> _Pairs:
        starts, ends = np.divmod(keys, len(self._columns.names))
        return starts.astype(np.int32), ends.astype(np.int32)

    # --- shapes -------------------------------------------------------------------------------------------

    def of_targets(self, shape: Shape, foci: Ids) -> Ids:
        """Return those of the nodes that a shape's targets select that may break it, or what it leads to."""
        return self._of_shape(shape, foci, reports=True)

    def conforming(self, shape: Shape, nodes: Ids) -> Ids:
        """Return those of some nodes that surely conform to a shape."""
        return self._without(nodes, self._of_shape(shape, nodes))

    def _of_shape(self, shape: Shape, foci: Ids, *, reports: bool = False, surely: bool = False) -> Ids:
        """Return the nodes that may break a shape; or only some of those that surely do, which `sh:not` asks for."""
        if shape.deactivated:
            return foci[:0]
        if reports and len(foci):
            self.reached.add(shape.node)
        pairs = (foci, foci) if shape.path is None else self._pairs(shape.path, foci)
        if pairs is None:
            # Nothing is known of the values: what is reached is left to whoever looks at the nodes.
            return foci[:0] if surely else foci
        found = self._mask(foci[:0])
        for constraint in shape.constraints:
            found[self._of_constraint(constraint, foci, pairs, surely)] = True
        for name in shape.properties:
            bad = self._of_shape(self._shapes[name], self._set(pairs[1]), reports=reports, surely=surely)
            found[_with(pairs, self._mask(bad))] = True
        return foci[found[foci]]

    def _of_constraint(self, constraint: Constraint, foci: Ids, pairs: _Pairs, surely: bool) -> Ids:
        if isinstance(constraint, MinCount | MaxCount):
            return self._of_numbers(constraint, foci, pairs)
        if isinstance(constraint, HasValue):
            number = self._columns.number(constraint.value)
            return foci if number is None else self._without(foci, pairs[0][pairs[1] == number])
        if isinstance(constraint, Closed):
            return _with(pairs, self._mask(self._open(constraint)))
        if isinstance(constraint, And | Or | NodeShape | Not):
            return _with(pairs, self._mask(self._of_shapes(constraint, self._set(pairs[1]), surely)))
        if isinstance(constraint, ValueConstraint) and not isinstance(constraint, ByShapes):
            return _with(pairs, self._mask(self._of_values(constraint, self._set(pairs[1]))))
        if isinstance(constraint, QualifiedMinCount | QualifiedMaxCount):
            return self._of_qualified(constraint, foci, pairs, surely)
        if isinstance(constraint, Equals | Disjoint):
            return self._of_pair(constraint, foci, pairs)
        if surely:
            return foci[:0]
        if isinstance(constraint, SparqlConstraint):
            return self._of_query(constraint, foci)
        if isinstance(constraint, UniqueLang):
            return foci[self._counted(pairs[0], foci) > 1]
        if isinstance(constraint, LessThan | LessThanOrEquals):
            other = self._mask(self._columns.subjects[self._columns.rows(constraint.other)])
            return pairs[0][other[pairs[0]]]
        return foci

    def _of_pair(self, constraint: Equals | Disjoint, foci: Ids, pairs: _Pairs) -> Ids:
        others = self._pairs(Predicate(constraint.other), foci)
        assert others is not None
        first, second = self._keys(pairs), self._keys(others)
        bad = np.setxor1d(first, second) if isinstance(constraint, Equals) else np.intersect1d(first, second)
        return self._of_keys(bad)[0]

    def _of_qualified(
        self, constraint: QualifiedMinCount | QualifiedMaxCount, foci: Ids, pairs: _Pairs, surely: bool
    ) -> Ids:
        """Count the values that surely count, or all that may; whichever makes the right mistake."""
        counts_all = isinstance(constraint, QualifiedMinCount) is surely
        values = self._set(pairs[1])
        counting = self._without(values, self._of_shape(self._shapes[constraint.shape], values, surely=counts_all))
        for sibling in constraint.siblings:  # a value that conforms to a sibling does not count
            failing = self._of_shape(self._shapes[sibling], values, surely=not counts_all)
            counting = self._in_both(counting, failing)
        starts, ends = self._of_keys(self._keys(pairs))
        numbers = self._counted(starts[self._mask(counting)[ends]], foci)
        wrong = [one for one in np.unique(numbers).tolist() if constraint.is_wrong(one)]
        return foci[np.isin(numbers, wrong)]

    def _of_shapes(self, constraint: And | Or | NodeShape | Not, values: Ids, surely: bool) -> Ids:
        """Return the values that may, or surely do, break a constraint that hangs on other shapes."""
        if isinstance(constraint, Not):
            (name,) = constraint.shapes
            return self._without(values, self._of_shape(self._shapes[name], values, surely=not surely))
        found = values if isinstance(constraint, Or) else values[:0]
        for name in constraint.shapes:
            one = self._of_shape(self._shapes[name], values, surely=surely)
            found = self._in_both(found, one) if isinstance(constraint, Or) else self._set(np.append(found, one))
        return found

    def _of_numbers(self, constraint: MinCount | MaxCount, foci: Ids, pairs: _Pairs) -> Ids:
        """Return the nodes with too few or too many values; a file may have a triple twice."""
        if isinstance(constraint, MinCount) and constraint.least <= 1:
            return foci[self._counted(pairs[0], foci) < constraint.least]
        if isinstance(constraint, MaxCount):
            suspected = foci[self._counted(pairs[0], foci) > constraint.most]
            if not len(suspected):
                return suspected
        numbers = self._counted(self._of_keys(self._keys(pairs))[0], foci)
        return foci[numbers < constraint.least if isinstance(constraint, MinCount) else numbers > constraint.most]

    def _counted(self, starts: npt.NDArray[np.integer], foci: Ids) -> npt.NDArray[np.intp]:
        """Return how often each node is a start."""
        return np.bincount(starts, minlength=len(self._columns.names))[foci]

    def _open(self, constraint: Closed) -> Ids:
        """Return the subjects with a property that a closed shape does not list."""
        columns = self._columns
        others = [columns.rows(one) for one in columns.used_properties if one not in constraint.allowed]
        found: Ids = columns.subjects[np.concatenate([np.zeros(0, np.intp), *others])]
        return found

    def _of_values(self, constraint: ValueConstraint, values: Ids) -> Ids:
        """Return the values that break a constraint by themselves."""
        if isinstance(constraint, Class):
            strangers: Ids = values[~self._mask(self._instances(constraint.of))[values]]
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

    def _solving(self, reads: Reads, foci: Ids) -> tuple[Ids, Rows]:
        """Narrow what the variables of a query can be, triple by triple; return the focus nodes and rows left."""
        columns, domains = self._columns, {"?_this": self._mask(foci)}
        left = {step: columns.rows(step.property) for step in reads.steps}
        for _ in range(_SWEEPS):
            before = sum(map(len, left.values()))
            for step, rows in left.items():
                starts, ends = columns.subjects[rows], columns.values[rows]
                chosen = self._domain(step.subject, domains)[starts] & self._domain(step.value, domains)[ends]
                left[step] = rows = rows[chosen]
                for end, numbers in ((step.subject, starts[chosen]), (step.value, ends[chosen])):
                    if end[0] == "?":
                        domains[end] = self._mask(numbers) & self._domain(end, domains)
            if sum(map(len, left.values())) == before:
                break
        found = foci if all(map(len, left.values())) else foci[:0]
        found = found[domains["?_this"][found]]
        others = [columns.rows(one) for one in reads.others]
        return found, self._rows_of(*left.values(), *others)

    def _domain(self, end: str, domains: dict[str, Mask]) -> Mask:
        if end in domains:
            return domains[end]
        return np.ones(len(self._columns.names), dtype=bool) if end[0] == "?" else self._mask(self._numbers([end]))


class _Walks:
    """The last walks, since many shapes go the same way from the same nodes.

    Args:
        most: how many pairs are kept.

    """

    def __init__(self, most: int) -> None:
        self._most, self._number = most, 0
        self._known: dict[tuple[Path, bytes], _Pairs | None] = {}

    def find(self, key: tuple[Path, bytes], walk: Callable[[], _Pairs | None]) -> _Pairs | None:
        """Return what is known of a walk, else walk and keep that; what was asked for longest ago goes first."""
        if key in self._known:
            self._known[key] = found = self._known.pop(key)
            return found
        self._known[key] = found = walk()
        self._number += _size(found)
        while self._number > self._most:
            self._number -= _size(self._known.pop(next(iter(self._known))))
        return found


def _size(pairs: _Pairs | None) -> int:
    return 0 if pairs is None else len(pairs[0])


def _digest(numbers: Ids) -> bytes:
    return blake2b(numbers.data, digest_size=16).digest()


def _together(*several: _Pairs) -> _Pairs:
    return np.concatenate([one[0] for one in several]), np.concatenate([one[1] for one in several])


def _with(pairs: _Pairs, values: Mask) -> Ids:
    return pairs[0][values[pairs[1]]]
