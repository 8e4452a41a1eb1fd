"""What the W3C's shapes for shapes graphs find ill-formed is refused before anything runs, and named.

Each parameter of SHACL Core gets values of every kind, on a node shape and on a property shape. The specification's
own shapes (https://www.w3.org/TR/shacl/#shacl-shacl) say which of these are ill-formed.
"""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest

from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.model import IllFormedShapes
from tests.conformance.made_shapes import parse

VALUES = ('"text"', "ex:iri", "[]", "-1", "2", "true", '"de"@de', "( ex:iri )", "( 1 )", "()")
PARAMETERS = (
    "class", "datatype", "nodeKind", "minCount", "maxCount", "minInclusive", "maxExclusive", "minLength", "maxLength",
    "pattern", "languageIn", "uniqueLang", "equals", "disjoint", "lessThan", "lessThanOrEquals", "not", "and", "or",
    "xone", "node", "property", "qualifiedValueShape", "closed", "ignoredProperties", "in", "hasValue", "severity",
    "deactivated", "targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "message", "path", "flags",
)  # fmt: skip
SINGLE = ("nodeKind", "minCount", "maxLength", "pattern", "uniqueLang", "closed", "in", "severity", "deactivated")
NEVER = ("not", "node", "hasValue")  # anything may stand there


@cache
def of_shacl() -> CompiledShapes:
    path = Path(pyshacl.__file__).parent / "assets" / "shacl-shacl.ttl"
    return CompiledShapes(list(ox.parse(path=str(path))))


def texts(parameter: str) -> list[str]:
    both = [f"{one} , {other}" for one, other in itertools.pairwise(VALUES)] if parameter in SINGLE else []
    shapes = []
    for value in (*VALUES, *both):
        shapes.append(f"ex:S a sh:NodeShape ; sh:{parameter} {value} .")
        path = "" if parameter == "path" else "sh:path ex:p ; "
        shapes.append(f"ex:S a sh:NodeShape ; sh:property ex:P . ex:P {path}sh:{parameter} {value} .")
    return shapes


@pytest.mark.xdist_group("shapes-of-shacl")
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_what_is_ill_formed_is_refused(parameter: str) -> None:
    ill_formed = [text for text in texts(parameter) if of_shacl().validate(parse(text)).results]
    assert ill_formed or parameter in NEVER
    passed = []
    for text in ill_formed:
        try:
            CompiledShapes(parse(text))
        except IllFormedShapes:
            continue
        passed.append(text)
    assert passed == []
