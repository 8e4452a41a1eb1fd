"""Our two evaluators and pySHACL give the same results on shapes and data that hypothesis makes.

Each example validates some 8 nodes with some 5 nested shapes. ``QE_KG_EXAMPLES=5000`` makes more of them.
Where the engines differ, the specification decided, and the case is in ``NAMED``.
"""

from __future__ import annotations

import os
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qe_kg.shacl.direct import make_result
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.paths import path_text
from qe_kg.shacl.results import RawResult
from qe_kg.shacl.setwise import SetwiseRun
from qe_kg.store.sparql_source import MemorySource
from qe_kg.validation.engines import run
from tests.conformance.made_shapes import ODD, PLAIN, data_graphs, parse, shapes_graphs

EXAMPLES = int(os.environ.get("QE_KG_EXAMPLES", "150"))
_plain = st.sampled_from(PLAIN)
_any = st.sampled_from(PLAIN + ODD)
of_examples = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


def keys(results: list[RawResult] | tuple[RawResult, ...]) -> Counter[tuple[str, ...]]:
    return Counter(
        (one.focus, path_text(one.path) if one.path else "", one.value or "", one.component, one.shape)
        for one in results
    )


def difference(shapes: str, data: str, first: str, second: str) -> str:
    shapes_quads, data_quads = parse(shapes), parse(data)
    results = {}
    for name in (first, second):
        if name == "queries":
            compiled = CompiledShapes(shapes_quads)
            queries = SetwiseRun(compiled.shapes, MemorySource(data_quads))
            results[name] = keys(
                [one for shape in compiled.shapes.targeted for one in queries.results(shape, make_result)]
            )
        else:
            results[name] = keys(run(name, data_quads, shapes_quads).results)
    one, two = results[first], results[second]
    return "" if one == two else f"only {first}: {one - two}\nonly {second}: {two - one}\n{shapes}\n{data}"


@given(shapes=shapes_graphs(_any), data=data_graphs(_any))
@of_examples
def test_our_engine_and_pyshacl(shapes: str, data: str) -> None:
    assert not difference(shapes, data, "sparql", "pyshacl")


@given(shapes=shapes_graphs(_plain), data=data_graphs(_plain))
@of_examples
def test_term_by_term_and_by_queries(shapes: str, data: str) -> None:
    assert not difference(shapes, data, "sparql", "queries")
