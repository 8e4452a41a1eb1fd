"""The constraint components, one family a file; each links to the specification's definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qe_kg.shacl.components import (
    cardinality,
    logic,
    other,
    pairs,
    shape_based,
    sparql,
    strings,
    value_range,
    value_type,
)
from qe_kg.shacl.model import Constraint
from qe_kg.shacl.parameters import Parameters

#: Reads the constraints of each family of SHACL Core.
READERS: tuple[Callable[[Parameters], Iterator[Constraint]], ...] = (
    value_type.read,
    cardinality.read,
    value_range.read,
    strings.read,
    pairs.read,
    logic.read,
    shape_based.read,
    other.read,
    sparql.read,
)
