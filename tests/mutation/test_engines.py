"""Three SHACL engines give the same results, one by one: ours, pySHACL, and shifty, which is written in Rust.

On the target state with a batch of changes at once; the two fast ones also on the model as it is and on the target
state.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import shifty
from rdflib import SH, Graph
from rdflib.term import Node

from qe_kg.shacl.nodes import text_of
from qe_kg.shacl.results import RawResult
from qe_kg.validation.engines import run
from tests.mutation.bench import ROOT, Bench
from tests.mutation.mutants import by_hand, distinct, from_shapes

pytestmark = pytest.mark.xdist_group("three-engines")
#: focus, value, severity, component, shape; paths are compared by the test suite of SHACL
Key = tuple[str, ...]
WRONG = "qed:information-item-products"


def shapes() -> list[ox.Quad]:
    files: list[Path] = sorted((ROOT / "shapes").rglob("*.ttl"))
    return [one for file in files for one in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE)]


def graph(quads: list[ox.Quad]) -> Graph:
    rdflib.NORMALIZE_LITERALS = False
    text = ox.serialize([one.triple for one in quads], format=ox.RdfFormat.N_TRIPLES)
    return Graph().parse(data=text, format="nt")


def plain(node: Node | None) -> str:
    return "" if node is None else str(node)


def of_raw(result: RawResult) -> Key:
    value = "" if result.value is None else text_of(result.value)
    return text_of(result.focus), value, result.severity, result.component, text_of(result.shape)


def by_shifty(data: list[ox.Quad], with_shapes: list[ox.Quad]) -> Counter[Key]:
    _, report, _ = shifty.validate(
        graph(data), graph(with_shapes), graph_mode="data", infer=False, on_unsupported="error"
    )
    parts = (SH.focusNode, SH.value, SH.resultSeverity, SH.sourceConstraintComponent, SH.sourceShape)
    return Counter(tuple(plain(report.value(one, part)) for part in parts) for one in report.objects(None, SH.result))


def as_is() -> list[ox.Quad]:
    bench = Bench()
    return [*bench.whole, *bench.with_findings(bench.whole)[1]]


def target() -> list[ox.Quad]:
    bench = Bench("compliant")
    return [*bench.whole, *bench.with_findings(bench.whole)[1]]


def changed_at_once() -> list[ox.Quad]:
    """Every fortieth mutant of the target state, all in one graph."""
    bench = Bench("compliant")
    mutants = distinct([*from_shapes(bench.shapes, bench.facts, bench.applicable, WRONG), *by_hand(bench.facts)])
    quads = bench.read_by_rules
    for mutant in mutants[::40]:
        removed, added = (bench.quads_of(triples) for triples in mutant.change)
        quads = [*(one for one in quads if one not in set(removed)), *added]
    return [*quads, *bench.with_findings(quads)[1]]


@pytest.mark.parametrize("data", [as_is, target, changed_at_once], ids=lambda data: str(data.__name__))
def test_three_engines_give_the_same_results(data: object) -> None:
    assert callable(data)
    quads, with_shapes = data(), shapes()
    ours = Counter(of_raw(one) for one in run("sparql", quads, with_shapes).results)
    assert ours == by_shifty(quads, with_shapes)
    if data is changed_at_once:  # pySHACL needs ten seconds for each
        assert ours == Counter(of_raw(one) for one in run("pyshacl", quads, with_shapes).results)
    assert bool(ours) == (data is not target)
