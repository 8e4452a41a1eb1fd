"""The engine: shapes compiled once, data validated as often as wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from qe_kg.shacl.components.custom import without_validator
from qe_kg.shacl.components.sparql import SHAPES_GRAPH
from qe_kg.shacl.dependence import Dependence, uses_sparql
from qe_kg.shacl.direct import DirectRun
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.lint import Suspicion, lint
from qe_kg.shacl.model import Shape, Shapes
from qe_kg.shacl.nodes import Node, is_literal, text_of
from qe_kg.shacl.parser import read_shapes
from qe_kg.shacl.results import Coverage, EngineRun, in_fixed_order
from qe_kg.store.sparql_source import MemorySource, altered_by_store

if TYPE_CHECKING:
    import pyoxigraph as ox

NAME = "sparql"


@dataclass(frozen=True)
class Altered:
    """The literals of data that the store would rewrite: how many each property has."""

    numbers: dict[Node, int]

    @property
    def predicates(self) -> set[Node]:
        """The properties."""
        return set(self.numbers)


class CompiledShapes:
    """Shapes that are read and checked; make it once and validate many times.

    Args:
        quads: the shapes graph.

    Raises:
        IllFormedShapes: a shape is ill-formed, refers to itself, or uses what is not supported.

    """

    def __init__(self, quads: Sequence[ox.Quad]) -> None:
        self.quads = quads
        self.graph = Graph(quads)
        self.shapes: Shapes = read_shapes(self.graph)

    @property
    def active(self) -> list[Shape]:
        """The shapes that are not deactivated."""
        return [shape for shape in self.shapes.by_node.values() if not shape.deactivated]

    @cached_property
    def altered_literals(self) -> set[Node]:
        """The literals of the shapes graph that the store would rewrite."""
        return altered_by_store(node for _, _, node in self.graph.triples() if is_literal(node))

    @cached_property
    def suspicious(self) -> tuple[Suspicion, ...]:
        """What is most likely a mistake."""
        return tuple(lint(self.graph, self.shapes))

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """What the shapes say and no engine evaluates."""
        return tuple(without_validator(self.graph, self.shapes))

    def validate(
        self,
        data: Sequence[ox.Quad],
        *,
        only: Collection[Node] | None = None,
        focus: Collection[Node] | None = None,
        graph: Graph | None = None,
    ) -> EngineRun:
        """Validate data, term by term.

        Args:
            data: what is validated, ontologies included: targets follow ``rdfs:subClassOf``.
            only: the shapes whose targets count, as nodes (``<iri>``); None for all.
            focus: the focus nodes to look at, as nodes; None for all.
            graph: the data as a graph, where there is one already.

        Returns:
            The results of all shapes. Those whose SPARQL constraints depend on a literal that the store rewrites are
            among ``coverage.elsewhere``; who needs them exact evaluates these shapes with another engine.

        Raises:
            ShapesError: a SPARQL constraint reports a failure.

        """
        graph = Graph(data) if graph is None else graph
        run = DirectRun(self.shapes, graph, MemorySource(data, {text_of(SHAPES_GRAPH): self.quads}))
        given = self._given(run, only, focus)
        reached = run.reached(given)
        return EngineRun(
            NAME,
            in_fixed_order(run.results(reached)),
            len({node for nodes in given.values() for node in nodes}),
            len(self.active),
            self.coverage_on(given, {name for name, nodes in reached.items() if nodes}, altered_in(graph)),
        )

    def survey(self, data: Sequence[ox.Quad]) -> Coverage:
        """Tell what a run of any engine looks at, without running one."""
        graph = Graph(data)
        run = DirectRun(self.shapes, graph, MemorySource(()))
        given = self._given(run, None, None)
        with_focus = {name for name, nodes in run.reached(given).items() if nodes}
        return replace(self.coverage_on(given, with_focus, altered_in(graph)), elsewhere=())

    def _given(
        self, run: DirectRun, only: Collection[Node] | None, focus: Collection[Node] | None
    ) -> dict[Node, list[Node]]:
        given: dict[Node, list[Node]] = {}
        for shape in self.shapes.targeted:
            if only is None or shape.node in only:
                nodes = run.focus_nodes(shape)
                given[shape.node] = nodes if focus is None else [node for node in nodes if node in focus]
        return given

    def coverage_of(self, counts: Mapping[Node, int], with_focus: set[Node]) -> Coverage:
        """Tell what was looked at, given the number of focus nodes of each shape with targets.

        A shape that ``sh:property`` leads to counts as evaluated where the one with the target was.
        """
        return replace(self.coverage_on(counts, with_focus, Altered({})), elsewhere=())

    def inexact(self, altered: Altered) -> list[Node]:
        """Return the shapes with targets whose SPARQL constraints depend on a literal that the store rewrites."""
        if not altered.numbers and not self.altered_literals:
            return []
        dependence = Dependence(self.shapes, altered.predicates, self.altered_literals)
        return [
            shape.node
            for shape in self.shapes.targeted
            if uses_sparql(self.shapes, shape) and dependence.of_shape(shape)
        ]

    def coverage_on(self, given: Mapping[Node, object], with_focus: set[Node], altered: Altered) -> Coverage:
        """Tell what was looked at; as `coverage_of`, and of the literals that a store would rewrite."""
        needed = self.shapes.closure(with_focus)
        led_to = self.shapes.closure({shape.node for shape in self.shapes.targeted})
        why = "its SPARQL constraint looks at literals that the store rewrites"
        return Coverage(
            constraints=sum(len(shape.constraints) for shape in self.active),
            evaluated=sum(len(shape.constraints) for shape in self.active if shape.node in needed),
            without_focus=tuple(name for name, nodes in given.items() if not nodes),
            unused=tuple(
                one.node for one in self.active if one.node not in led_to and (one.constraints or one.properties)
            ),
            elsewhere=tuple((name, why) for name in self.inexact(altered)),
            altered=tuple(sorted(altered.numbers.items())),
            left_out=self.left_out,
            suspicious=self.suspicious,
        )


def altered_in(graph: Graph) -> Altered:
    """Find the literals of a graph that the store would rewrite."""
    rewritten = altered_by_store(graph.literals())
    numbers: dict[Node, int] = {}
    for predicate in graph.predicates() if rewritten else ():
        number = sum(len(subjects) for value, subjects in graph.by_value(predicate).items() if value in rewritten)
        if number:
            numbers[predicate] = number
    return Altered(numbers)
