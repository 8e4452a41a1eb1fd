"""One way to run a SHACL engine, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.model import UnsupportedShapes
from qe_kg.shacl.results import EngineRun, RawResult

if TYPE_CHECKING:
    import pyoxigraph as ox

__all__ = ["ENGINES", "CompiledShapes", "EngineRun", "RawResult", "run"]

#: What ``--engine`` takes: our own engine with pySHACL for what it does not take on, ours alone, pySHACL alone.
ENGINES = ("auto", "sparql", "pyshacl")


def run(engine: str, data: Sequence[ox.Quad], shapes: Sequence[ox.Quad]) -> EngineRun:
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
        if engine == "sparql" or not error.may_run_elsewhere:
            raise
        ran = _pyshacl(data, shapes)
        note = f"all shapes ran on pySHACL: {error.problem} ({error.node})"
        return ran if engine == "pyshacl" else replace(ran, notes=(note,))
    if engine == "pyshacl":
        return _pyshacl(data, shapes)
    return compiled.validate(data)


def _pyshacl(data: Sequence[ox.Quad], shapes: Sequence[ox.Quad]) -> EngineRun:
    from qe_kg.validation import pyshacl_engine  # it takes half a second to import

    return pyshacl_engine.validate(data, shapes)
