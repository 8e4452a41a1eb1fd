"""The focus nodes of each shape that a change can affect: every constraint's paths, walked backwards."""

from __future__ import annotations

from functools import cached_property

from qe_kg.shacl.affected.extent import Delta, Extent, touched, walk
from qe_kg.shacl.affected.patterns import Pattern, Unbounded, read_pattern
from qe_kg.shacl.affected.solutions import affected_foci
from qe_kg.shacl.components.cardinality import MaxCount, MinCount
from qe_kg.shacl.components.custom import Custom
from qe_kg.shacl.components.other import Closed, HasValue, In
from qe_kg.shacl.components.pairs import Disjoint, Equals, LessThan, LessThanOrEquals
from qe_kg.shacl.components.sparql import SparqlConstraint
from qe_kg.shacl.components.strings import LanguageIn, MaxLength, MinLength, UniqueLang
from qe_kg.shacl.components.strings import Pattern as TextPattern
from qe_kg.shacl.components.value_range import MaxExclusive, MaxInclusive, MinExclusive, MinInclusive
from qe_kg.shacl.components.value_type import Class, Datatype, NodeKind
from qe_kg.shacl.model import Constraint, Shape, Shapes
from qe_kg.shacl.nodes import Node

#: Constraints that look at the value nodes and at nothing else in the data.
_OF_VALUES = (
    MinCount, MaxCount, HasValue, In, LanguageIn, MaxLength, MinLength, TextPattern, UniqueLang, MaxExclusive,
    MaxInclusive, MinExclusive, MinInclusive, Datatype, NodeKind,
)  # fmt: skip
_PAIRS = (Disjoint, Equals, LessThan, LessThanOrEquals)


class Analysis:
    """What can be told of shapes before there is a change: the patterns of their queries.

    Args:
        shapes: the shapes.

    """

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self._patterns: dict[str, Pattern | str] = {}

    def pattern(self, constraint: SparqlConstraint | Custom) -> Pattern | str:
        """Return the pattern of a constraint's query, or why it cannot be bounded."""
        text = constraint.query.text
        if text not in self._patterns:
            try:
                self._patterns[text] = read_pattern(text)
            except Unbounded as error:
                self._patterns[text] = str(error)
        return self._patterns[text]

    def read_patterns(self) -> int:
        """Read the patterns of all queries and return how many there are."""
        for shape in self.shapes.by_node.values():
            for one in shape.constraints:
                if isinstance(one, SparqlConstraint | Custom):
                    self.pattern(one)
        return len(self._patterns)

    @cached_property
    def classes(self) -> frozenset[Node]:
        """The classes whose members targets and constraints look at."""
        shapes = self.shapes.by_node.values()
        targets = {target.node for shape in shapes for target in shape.targets if target.kind == "class"}
        asked = {one.of for shape in shapes for one in shape.constraints if isinstance(one, Class)}
        return frozenset(targets | asked)


class Affected:
    """What one change can affect.

    Args:
        analysis: the shapes.
        delta: the change.

    """

    def __init__(self, analysis: Analysis, delta: Delta) -> None:
        self._analysis, self._shapes, self._delta = analysis, analysis.shapes, delta
        self._known: dict[Node, Extent] = {}

    def foci(self, shape: Shape) -> Extent:
        """Return the focus nodes of a shape with targets whose results may change, some of which may be no targets."""
        extent = Extent(self._moved_targets(shape))
        if not shape.deactivated:
            extent.add(self.of_shape(shape))
        return extent

    def of_shape(self, shape: Shape) -> Extent:
        """Return the nodes whose validation against a shape may change."""
        if shape.node not in self._known:
            self._known[shape.node] = self._of_shape(shape)
        return self._known[shape.node]

    def _moved_targets(self, shape: Shape) -> set[Node]:
        found: set[Node] = set()
        for target in shape.targets:
            if target.kind == "class":
                found |= self._delta.members(target.node)
            elif target.kind == "subjects":
                found |= self._delta.subjects(target.node)
            elif target.kind == "objects":
                found |= self._delta.values(target.node)
        return found

    def _of_shape(self, shape: Shape) -> Extent:
        extent = Extent()
        if shape.path is not None:
            extent.nodes |= touched(self._delta, shape.path)
        for constraint in shape.constraints:
            extent.add(self._of_constraint(constraint, shape))
        for name in shape.properties:
            extent.add(self._before(shape, self._of_active(name)))
        return extent

    def _of_active(self, name: Node) -> Extent:
        shape = self._shapes[name]
        return Extent() if shape.deactivated else self.of_shape(shape)

    def _before(self, shape: Shape, values: Extent) -> Extent:
        """Return the focus nodes that have some value nodes, or had them before the change."""
        if shape.path is None:
            return values
        return Extent(walk(self._delta.graph, shape.path, values.nodes, backwards=True), values.everything)

    def _of_constraint(self, constraint: Constraint, shape: Shape) -> Extent:
        if isinstance(constraint, _OF_VALUES):
            return Extent()
        if isinstance(constraint, _PAIRS):
            return Extent(self._delta.subjects(constraint.other))
        if isinstance(constraint, Class):
            return self._before(shape, Extent(self._delta.members(constraint.of)))
        if isinstance(constraint, Closed):
            return self._before(shape, Extent(self._delta.all_subjects()))
        if isinstance(constraint, SparqlConstraint | Custom):
            return self._of_query(constraint, shape)
        if constraint.shapes:
            extent = Extent()
            for name in constraint.shapes:
                extent.add(self._of_active(name))
            return self._before(shape, extent)
        return Extent(everything=f"{constraint.component} is not analysed")

    def _of_query(self, constraint: SparqlConstraint | Custom, shape: Shape) -> Extent:
        if not self._delta.by_predicate:
            return Extent()
        pattern = self._analysis.pattern(constraint)
        if isinstance(pattern, str):
            return Extent(everything=pattern)
        if isinstance(constraint, Custom) and constraint.is_ask:
            return affected_foci(pattern, self._delta, lambda values: self._before(shape, Extent(values)).nodes)
        return affected_foci(pattern, self._delta)
