"""One way to run a SHACL engine, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qe_kg.shacl.results import EngineRun, RawResult

if TYPE_CHECKING:
    import pyoxigraph as ox

__all__ = ["ENGINES", "EngineRun", "RawResult", "run"]

#: What ``--engine`` takes.
ENGINES = ("auto", "pyshacl")


def run(engine: str, data: Sequence[ox.Quad], shapes: Sequence[ox.Quad]) -> EngineRun:
    """Validate data with shapes.

    Args:
        engine: one of `ENGINES`.
        data: what is validated, ontologies included: targets follow ``rdfs:subClassOf``.
        shapes: the shapes.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    from qe_kg.validation import pyshacl_engine

    return pyshacl_engine.validate(data, shapes)
