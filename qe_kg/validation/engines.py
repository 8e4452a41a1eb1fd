"""One way to run a SHACL engine, whichever it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from qe_kg.namespaces import RDF, SH
from qe_kg.shacl.components.sparql import SHAPES_GRAPH
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.model import UnsupportedShapes
from qe_kg.shacl.nodes import Node, text_of
from qe_kg.shacl.results import Coverage, EngineRun, RawResult, in_fixed_order
from qe_kg.store.sparql_source import MemorySource
from qe_kg.validation.data import Data

if TYPE_CHECKING:
    import pyoxigraph as ox

__all__ = ["ENGINES", "CompiledShapes", "EngineRun", "RawResult", "run"]

#: What ``--engine`` takes: our own engine with pySHACL for what it does not take on, ours alone, pySHACL alone, and
#: both with a comparison.
ENGINES = ("auto", "sparql", "pyshacl", "both")
#: From so many quads on, it is first looked for what may be wrong, even where they are held as objects.
MANY = 20_000
_TARGETS = frozenset(f"{SH}target{kind}" for kind in ("Class", "Node", "SubjectsOf", "ObjectsOf"))

# Components of SHACL Core that no other shape has a part in: nothing in them can hang on a SPARQL constraint.
_WITHOUT_SHAPES = frozenset(
    f"{SH}{name}ConstraintComponent"
    for name in (
        "Class", "Closed", "Datatype", "Disjoint", "Equals", "HasValue", "In", "LanguageIn", "LessThan",
        "LessThanOrEquals", "MaxCount", "MaxExclusive", "MaxInclusive", "MaxLength", "MinCount", "MinExclusive",
        "MinInclusive", "MinLength", "NodeKind", "Pattern", "UniqueLang",
    )
)  # fmt: skip


def run(engine: str, data: Sequence[ox.Quad] | Data, shapes: Sequence[ox.Quad]) -> EngineRun:
    """Validate data with shapes.

    Args:
        engine: one of `ENGINES`.
        data: what is validated, ontologies included: targets follow ``rdfs:subClassOf``.
        shapes: the shapes; whatever the engine, ours checks first that they are well-formed.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    try:
        compiled = CompiledShapes(shapes)
    except UnsupportedShapes as error:
        if engine in ("sparql", "both") or not error.may_run_elsewhere:  # with both there is nothing to compare
            raise
        ran = _pyshacl(_quads(data), shapes)
        return replace(
            ran, coverage=Coverage(elsewhere=((error.node, f"all shapes ran on pySHACL, since {error.problem}"),))
        )
    if engine == "both":
        return _compared(compiled, _quads(data))
    if engine == "pyshacl":
        return replace(_pyshacl(_quads(data), shapes), coverage=compiled.survey(_quads(data)))
    ran = _ours(compiled, data)
    if engine == "sparql":
        return _told(ran, "judged on literals as a store rewrites them; --engine auto leaves it to pySHACL, since")
    if not ran.coverage.elsewhere:
        return ran
    return _completed(ran, compiled, _quads(data))


def _quads(data: Sequence[ox.Quad] | Data) -> Sequence[ox.Quad]:
    return data.quads if isinstance(data, Data) else data


def _ours(compiled: CompiledShapes, data: Sequence[ox.Quad] | Data) -> EngineRun:
    """Run our engine: of large data only on what may be wrong."""
    if not isinstance(data, Data):
        return compiled.validate(data)
    if not data.large and len(data.quads) < MANY:
        return compiled.validate(data.quads, graph=data.graph)
    from qe_kg.shacl.large import LargeData, validate_large  # most data are small, and numpy takes a while to import

    @cache
    def with_shapes() -> MemorySource:
        data.source.add_graph(text_of(SHAPES_GRAPH), compiled.quads)
        return data.source

    return validate_large(compiled, LargeData(data.columns, data.facts, with_shapes))


def _completed(ran: EngineRun, compiled: CompiledShapes, data: Sequence[ox.Quad]) -> EngineRun:
    """Let pySHACL evaluate what our engine would evaluate on rewritten literals: what hangs on SPARQL constraints."""
    inexact = {name for name, _ in ran.coverage.elsewhere}
    others = [shape.node for shape in compiled.shapes.targeted if shape.node not in inexact]
    exact = compiled.validate(data, only=others).results
    ours = [one for one in compiled.validate(data, only=inexact).results if one.component in _WITHOUT_SHAPES]
    ran_elsewhere = _pyshacl(data, without_targets(compiled.quads, others))
    theirs = [one for one in ran_elsewhere.results if one.component not in _WITHOUT_SHAPES]
    results = in_fixed_order([*exact, *ours, *theirs])
    ran = _told(ran, "ran on pySHACL, since")
    return replace(ran, engine=f"{ran.engine}, {ran_elsewhere.engine}", results=results)


def _told(ran: EngineRun, what: str) -> EngineRun:
    """Return a run that says what was done about the shapes that our engine is not exact about."""
    elsewhere = tuple((shape, f"{what} {why}") for shape, why in ran.coverage.elsewhere)
    return replace(ran, coverage=replace(ran.coverage, elsewhere=elsewhere))


def _compared(compiled: CompiledShapes, data: Sequence[ox.Quad]) -> EngineRun:
    """Run both engines; what only one of them finds is a difference."""
    ours, theirs = compiled.validate(data), _pyshacl(data, compiled.quads)
    first, second = Counter(map(comparable, ours.results)), Counter(map(comparable, theirs.results))
    differences = [("only our engine", one) for one in (first - second).elements()]
    differences += [("only pySHACL", one) for one in (second - first).elements()]
    return replace(
        _told(ours, "judged by pySHACL alone on literals as written, so that a difference is no surprise, since"),
        engine="sparql and pyshacl",
        differences=tuple(sorted(differences, key=lambda pair: (pair[1].key(), pair[0]))),
    )


def comparable(result: RawResult) -> RawResult:
    """Return a result without what engines may word differently: its messages."""
    return result._replace(messages=())


def without_targets(shapes: Sequence[ox.Quad], nodes: Collection[Node]) -> list[ox.Quad]:
    """Return shapes of which some select nothing of their own, be it by a target or by being classes."""

    def is_target(quad: ox.Quad) -> bool:
        predicate = quad.predicate.value
        return predicate in _TARGETS or (predicate == f"{RDF}type" and not str(quad.object).startswith(f"<{SH}"))

    wanted = frozenset(nodes)
    return [quad for quad in shapes if not (str(quad.subject) in wanted and is_target(quad))]


def _pyshacl(data: Sequence[ox.Quad], shapes: Sequence[ox.Quad]) -> EngineRun:
    from qe_kg.validation import pyshacl_engine  # it takes half a second to import

    return pyshacl_engine.validate(data, shapes)
