"""Validation of data that change: results are kept by focus node, and only those that a change can affect made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qe_kg.shacl.affected.extent import Delta, Extent, tagged, typed_or_tagged, walk
from qe_kg.shacl.affected.foci import Affected, Analysis
from qe_kg.shacl.affected.live_graph import LiveGraph, Triple
from qe_kg.shacl.components.sparql import SHAPES_GRAPH
from qe_kg.shacl.direct import DirectRun, make_result
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.model import Shape
from qe_kg.shacl.nodes import RDFS_SUBCLASS_OF, Node, is_literal, text_of
from qe_kg.shacl.results import RawResult, in_fixed_order
from qe_kg.store.live_source import LiveSource
from qe_kg.store.sparql_source import altered_by_store

if TYPE_CHECKING:
    import pyoxigraph as ox

_Kept = dict[Node, tuple[RawResult, ...]]


@dataclass(frozen=True)
class Recheck:
    """What was validated again after a change, and what came of it.

    Attributes:
        foci: the focus nodes that were validated again, by shape; with ``every``, those that were reached.
        unbounded: the shapes whose focus nodes were all validated again, and why.
        shapes: number of active shapes with targets.
        found: the results at these focus nodes; with ``every``, all results on nodes that were reached.
        gone: the results that they had before; none where nothing was validated before.
        reached: the nodes that were looked at with every shape, whether one selects them or not.

    """

    foci: dict[Node, frozenset[Node]]
    unbounded: tuple[tuple[Node, str], ...]
    shapes: int
    found: tuple[RawResult, ...]
    gone: tuple[RawResult, ...] = ()
    reached: frozenset[Node] = frozenset()

    @property
    def bounded(self) -> int:
        """Number of shapes of which only the focus nodes were validated that the change can affect."""
        return self.shapes - len(self.unbounded)

    @property
    def nodes(self) -> frozenset[Node]:
        """All focus nodes that were validated again, whatever the shape."""
        return frozenset().union(*self.foci.values())


class Session:
    """Data, their index and their results, which changes are made to.

    Args:
        compiled: the shapes.
        data: the data, ontologies included.

    """

    def __init__(self, compiled: CompiledShapes, data: Iterable[ox.Quad] | LiveGraph) -> None:
        self.compiled, self._shapes = compiled, compiled.shapes
        self.graph = data if isinstance(data, LiveGraph) else LiveGraph(data)
        self._sparql = LiveSource(self.graph.triples, {text_of(SHAPES_GRAPH): compiled.quads})
        self._analysis = Analysis(compiled.shapes)
        self._kept: dict[Node, _Kept] | None = None
        self._is_rewritten = bool(altered_by_store(self.graph.literals()))

    @property
    def results(self) -> tuple[RawResult, ...]:
        """All results, in the order in which the engine gives them; makes them first where there are none."""
        if self._kept is None:
            run = self._run()
            self._kept = {
                shape.node: self._validated(run, shape, run.focus_nodes(shape)) for shape in self._shapes.targeted
            }
            self.warm()
        every = (one for kept in self._kept.values() for results in kept.values() for one in results)
        return in_fixed_order(every)

    def warm(self) -> None:
        """Load what SPARQL constraints need, so that no change has to wait for it."""
        if self._analysis.read_patterns():
            self._sparql.warm()

    @property
    def foci(self) -> dict[Node, list[Node]]:
        """All focus nodes that targets select, by shape."""
        run = self._run()
        return {shape.node: run.focus_nodes(shape) for shape in self._shapes.targeted}

    def apply(
        self, added: Iterable[Triple], removed: Iterable[Triple], *, also: Collection[Node] = (), every: bool = False
    ) -> Recheck:  # fmt: skip
        """Change the data and validate what that can affect.

        Args:
            added: triples that come in addition, as nodes.
            removed: triples that go; one that is added as well stays.
            also: nodes that are validated again in any case, where they are focus nodes.
            every: whether a node that is reached, as a focus node that a target selects or one that ``sh:property``
                leads to, is validated again with every shape, and not only where the change can affect the results.

        Raises:
            ShapesError: a SPARQL constraint reports a failure; the data are as they were.

        """
        wanted = dict.fromkeys(added)
        come = [one for one in wanted if one not in self.graph]
        go = [one for one in dict.fromkeys(removed) if one in self.graph and one not in wanted]
        return self._changed(come, go, set(also), every)

    def _changed(self, come: list[Triple], go: list[Triple], also: set[Node], every: bool) -> Recheck:
        before = self._subclasses([*come, *go])
        self._put(come)
        self._is_rewritten |= bool(altered_by_store(value for _, _, value in come if is_literal(value)))
        doubt = typed_or_tagged if self._is_rewritten else tagged
        delta = Delta(self.graph, [*come, *go], doubt, self._moved(before, go))
        affected = Affected(self._analysis, delta)
        extents = {shape.node: affected.foci(shape) for shape in self._shapes.targeted}
        if every:
            given = {name: list(extent.nodes) for name, extent in extents.items() if extent.everything is None}
            also = also.union(*given.values(), *self._run().reached(given).values())
        self._take(go)
        try:
            return self._recheck(extents, also, every)
        except BaseException:
            self._put(go)
            self._take(come)
            raise

    def _put(self, triples: Sequence[Triple]) -> None:
        for triple in triples:
            self.graph.add(*triple)
        self._sparql.add(triples)

    def _take(self, triples: Sequence[Triple]) -> None:
        for triple in triples:
            self.graph.remove(*triple)
        self._sparql.remove(triples, self.graph.objects)

    def _subclasses(self, triples: Iterable[Triple]) -> dict[Node, set[Node]] | None:
        if all(predicate != RDFS_SUBCLASS_OF for _, predicate, _ in triples):
            return None
        return {one: set(self.graph.subclasses(one)) for one in self._analysis.classes}

    def _moved(self, before: dict[Node, set[Node]] | None, go: Iterable[Triple]) -> dict[Node, set[Node]] | None:
        """Return the classes that come to be below a class, or no longer are."""
        if before is None:
            return None
        # The graph holds what comes and what goes; for a moment it holds what is there after the change.
        leaving = [one for one in go if one[1] == RDFS_SUBCLASS_OF]
        for triple in leaving:
            self.graph.remove(*triple)
        moved = {one: below ^ self.graph.subclasses(one) for one, below in before.items()}
        for triple in leaving:
            self.graph.add(*triple)
        return moved

    def _run(self) -> DirectRun:
        return DirectRun(self._shapes, self.graph, self._sparql)

    def _recheck(self, extents: dict[Node, Extent], also: set[Node], every: bool) -> Recheck:
        run = self._run()
        checked: dict[Node, _Kept] = {}
        touched: dict[Node, set[Node]] = {}
        for shape in self._shapes.targeted:
            extent = extents[shape.node]
            if extent.everything is None:
                touched[shape.node] = extent.nodes | (self._leading_to(shape, also) if every else also)
                nodes = [one for one in sorted(touched[shape.node]) if self._is_target(shape, one)]
            else:
                nodes = run.focus_nodes(shape)
            checked[shape.node] = self._validated(run, shape, nodes)
        found = [
            one
            for name, kept in checked.items()
            for results in kept.values()
            for one in results
            if not every or name not in touched or one.focus in also
        ]
        gone = list(self._replaced(checked, touched))
        return Recheck(
            {
                name: frozenset(kept) & (also if every and name in touched else kept.keys())
                for name, kept in checked.items()
            },
            tuple((name, one.everything) for name, one in extents.items() if one.everything is not None),
            len(checked),
            in_fixed_order(found),
            in_fixed_order(gone),
            frozenset(also),
        )

    def _replaced(self, checked: dict[Node, _Kept], touched: dict[Node, set[Node]]) -> Iterator[RawResult]:
        """Put new results in the place of old ones and yield these."""
        if self._kept is None:
            return
        for name, new in checked.items():
            kept = self._kept[name]
            for node in touched.get(name, list(kept)):
                yield from kept.pop(node, ())
            kept.update((node, results) for node, results in new.items() if results)

    def _leading_to(self, shape: Shape, nodes: set[Node]) -> set[Node]:
        """Return the nodes from which a shape's ``sh:property`` leads to some nodes, these included."""
        found = set(nodes)
        for name in shape.properties:
            before = self._leading_to(self._shapes[name], nodes)
            found |= before if shape.path is None else walk(self.graph, shape.path, before, backwards=True)
        return found

    def _is_target(self, shape: Shape, node: Node) -> bool:
        return any(
            (target.kind == "class" and node in self.graph.instances(target.node))
            or (target.kind == "node" and node == target.node)
            or (target.kind == "subjects" and bool(self.graph.objects(node, target.node)))
            or (target.kind == "objects" and bool(self.graph.subjects(target.node, node)))
            for target in shape.targets
        )

    def _validated(self, run: DirectRun, shape: Shape, nodes: Sequence[Node]) -> _Kept:
        """Return the results that each focus node of a shape gives, those of what ``sh:property`` leads to included."""
        found: dict[Node, list[RawResult]] = {node: [] for node in nodes}
        self._collect(run, shape, {node: Counter((node,)) for node in nodes}, found)
        return {node: tuple(results) for node, results in found.items()}

    def _collect(
        self, run: DirectRun, shape: Shape, ways: dict[Node, Counter[Node]], into: dict[Node, list[RawResult]]
    ) -> None:
        """Add the results of a shape at nodes that are reached from focus nodes, each in a number of ways."""
        if shape.deactivated or not ways:
            return
        for constraint in shape.constraints:
            for node, finding in constraint.check_all(ways, shape, run):
                result = make_result(shape, constraint, node, finding)
                for focus, number in ways[node].items():
                    into[focus] += [result] * number
        if not shape.properties:
            return
        below: dict[Node, Counter[Node]] = {}
        for node, foci in ways.items():
            for value in run.values(shape, node):
                below.setdefault(value, Counter()).update(foci)
        for name in shape.properties:
            self._collect(run, self._shapes[name], below, into)
