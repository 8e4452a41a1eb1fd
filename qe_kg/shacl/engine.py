"""The engine: shapes compiled once, data validated as often as wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from qe_kg.shacl.components.sparql import SHAPES_GRAPH
from qe_kg.shacl.direct import DirectRun
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import Shapes
from qe_kg.shacl.nodes import Node, text_of
from qe_kg.shacl.parser import read_shapes
from qe_kg.shacl.results import EngineRun, RawResult
from qe_kg.store.sparql_source import MemorySource

if TYPE_CHECKING:
    import pyoxigraph as ox

NAME = "sparql"


class CompiledShapes:
    """Shapes that are read and checked; make it once and validate many times.

    Args:
        quads: the shapes graph.

    Raises:
        IllFormedShapes: a shape is ill-formed, refers to itself, or uses what is not supported.

    """

    def __init__(self, quads: Sequence[ox.Quad]) -> None:
        self.quads = quads
        self.shapes: Shapes = read_shapes(quads)

    def validate(
        self,
        data: Sequence[ox.Quad],
        *,
        only: Collection[Node] | None = None,
        focus: Collection[Node] | None = None,
    ) -> EngineRun:
        """Validate data.

        Args:
            data: what is validated, ontologies included: targets follow ``rdfs:subClassOf``.
            only: the shapes whose targets count, as nodes (``<iri>``); None for all.
            focus: the focus nodes to look at, as nodes; None for all.

        Raises:
            ShapesError: a SPARQL constraint reports a failure.

        """
        graph = Graph(data)
        run = DirectRun(self.shapes, graph, MemorySource(data, {text_of(SHAPES_GRAPH): self.quads}))
        given: dict[Node, list[Node]] = {}
        for shape in self.shapes.targeted:
            if only is None or shape.node in only:
                nodes = run.focus_nodes(shape)
                given[shape.node] = nodes if focus is None else [node for node in nodes if node in focus]
        results = sorted(run.results(given), key=RawResult.key)
        active = sum(not shape.deactivated for shape in self.shapes.by_node.values())
        return EngineRun(NAME, tuple(results), len({node for nodes in given.values() for node in nodes}), active)
