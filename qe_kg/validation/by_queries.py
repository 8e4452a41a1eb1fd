"""One run of the SHACL engine in which every constraint is a query, so that the data stay where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qe_kg.errors import QueryError, ShapesError
from qe_kg.shacl.direct import make_result
from qe_kg.shacl.engine import NAME, CompiledShapes
from qe_kg.shacl.model import UnsupportedShapes
from qe_kg.shacl.nodes import Node
from qe_kg.shacl.results import EngineRun, RawResult, in_fixed_order
from qe_kg.shacl.selects import NotSetwise
from qe_kg.shacl.setwise import SetwiseRun
from qe_kg.shacl.sparql_source import SparqlSource

if TYPE_CHECKING:
    import pyoxigraph as ox


class NotInStoreError(ShapesError):
    """The shapes can be evaluated, but not within the store that has the data."""


class NotByQueries(UnsupportedShapes):
    """A shape that can be evaluated, but not by queries."""


def run_by_queries(shapes: Sequence[ox.Quad], source: SparqlSource) -> EngineRun:
    """Validate what answers SPARQL, by the literals that it has.

    Raises:
        IllFormedShapes: the shapes cannot be evaluated at all.
        NotByQueries: a shape cannot be put into queries.
        StoreError: the data cannot be asked.

    """
    compiled = CompiledShapes(shapes)
    run = SetwiseRun(compiled.shapes, source)
    raw: list[RawResult] = []
    counts: dict[Node, int] = {}
    for shape in compiled.shapes.targeted:
        counts[shape.node] = run.count_focus_nodes([shape])
        if not counts[shape.node]:
            continue
        try:
            raw += run.results(shape, make_result)
        except (NotSetwise, QueryError) as error:
            raise NotByQueries(f"it cannot be evaluated by queries: {error}", shape.node) from error
    with_focus = {name for name, number in counts.items() if number}
    every = run.count_focus_nodes([compiled.shapes[name] for name in with_focus])
    coverage = compiled.coverage_of(counts, with_focus)
    return EngineRun(NAME, in_fixed_order(raw), every, len(compiled.active), coverage)
