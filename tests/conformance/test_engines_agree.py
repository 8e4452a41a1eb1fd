"""Our two evaluators and pySHACL give the same results on shapes and data that hypothesis makes.

Each example validates some 8 nodes with some 5 nested shapes. ``QE_KG_EXAMPLES=5000`` makes more of them.
Where the engines differ, the specification decided, and the case is in ``NAMED``.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from qe_kg.errors import ShapesError
from qe_kg.shacl.affected.session import Session
from qe_kg.shacl.column_graph import ColumnGraph
from qe_kg.shacl.components.sparql import SHAPES_GRAPH
from qe_kg.shacl.direct import make_result
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.large import LargeData, validate_large
from qe_kg.shacl.nodes import text_of
from qe_kg.shacl.paths import path_text
from qe_kg.shacl.results import EngineRun, RawResult
from qe_kg.shacl.setwise import SetwiseRun
from qe_kg.store.columns import Columns
from qe_kg.store.sparql_source import MemorySource
from qe_kg.validation.engines import run
from tests.conformance.made_queries import DECLARATIONS, OWN, constraints
from tests.conformance.made_shapes import ODD, PAIRS, PLAIN, RANGES, data_graphs, parse, shapes_graphs

EXAMPLES = int(os.environ.get("QE_KG_EXAMPLES", "25"))
_plain = st.sampled_from(PLAIN)
_any = st.sampled_from(PLAIN + ODD)


def examples(number: int) -> settings:
    """Make the same examples each time; a failing one is shown as it is, for making it smaller takes minutes."""
    return settings(
        max_examples=number, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip


def keys(results: Sequence[RawResult]) -> Counter[tuple[str, ...]]:
    found = Counter(
        (one.focus, path_text(one.path) if one.path else "", one.value or "", one.component, one.shape)
        for one in results
    )
    # Whether a value that cannot be compared with several others is one result or several, engines do not agree.
    return Counter({key: 1 if "LessThan" in key[3] else number for key, number in found.items()})


@pytest.fixture(autouse=True, scope="module")
def _what_is_done_where_many_nodes_are_suspected() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qe_kg.shacl.large.MANY", 0)
        patch.setattr("qe_kg.shacl.column_graph.OFTEN", 1)
        yield


def by_columns(compiled: CompiledShapes, data: Sequence[ox.Quad]) -> EngineRun:
    """Validate data as if they were large."""
    columns = Columns()
    columns.add_quads(data)
    graph = ColumnGraph(columns)
    shapes = {text_of(SHAPES_GRAPH): compiled.quads}
    return validate_large(compiled, LargeData(columns, graph, lambda: MemorySource(data, shapes)))


def results_of(engine: str, shapes_quads: list[ox.Quad], data_quads: list[ox.Quad]) -> Sequence[RawResult]:
    """Validate with an engine, or with one of our evaluators: "queries" or "columns"."""
    if engine == "queries":
        compiled = CompiledShapes(shapes_quads)
        source = MemorySource(data_quads, {text_of(SHAPES_GRAPH): shapes_quads})
        queries = SetwiseRun(compiled.shapes, source)
        return [one for shape in compiled.shapes.targeted for one in queries.results(shape, make_result)]
    if engine == "columns":
        return by_columns(CompiledShapes(shapes_quads), data_quads).results
    return run(engine, data_quads, shapes_quads).results


def found_by(engine: str, shapes: str, data: str) -> list[str]:
    """Return the local name of each result's focus node, with its value."""
    return sorted(
        f"{text_of(one.focus).rpartition('/')[2]}:{text_of(one.value or one.focus).rpartition('/')[2]}"
        for one in results_of(engine, parse(shapes), parse(data))
    )


def difference(shapes: str, data: str, first: str, second: str) -> str:
    quads = parse(shapes), parse(data)  # once: blank nodes are told by their labels
    one, two = (keys(results_of(name, *quads)) for name in (first, second))
    return "" if one == two else f"only {first}: {one - two}\nonly {second}: {two - one}\n{shapes}\n{data}"


#: pySHACL walks the steps of such a path in the wrong order; see ``NAMED``.
INVERSE_OF_SEVERAL = re.compile(r"sh:inversePath (?:\[ sh:\w+ )*\( ")


# pySHACL orders IRIs, and literals of different datatypes; so comparisons are left to the evaluators of our own.
@given(shapes=shapes_graphs(_any, without=RANGES | PAIRS), data=data_graphs(_any))
@examples(EXAMPLES)
def test_our_engine_and_pyshacl(shapes: str, data: str) -> None:
    assume(not INVERSE_OF_SEVERAL.search(shapes))
    assert not difference(shapes, data, "sparql", "pyshacl")


#: How several shapes have one shape as a part.
SHARING = [
    "sh:node ex:Shared", "sh:not ex:Shared", "sh:xone ( ex:Shared [ sh:class ex:D ] )",
    "sh:or ( [ sh:not ex:Shared ] [ {} ] )",
    "sh:property [ sh:path ex:q ; sh:qualifiedValueShape ex:Shared ; sh:qualifiedMaxCount 0 ]",
    "sh:property [ sh:path ( [ sh:zeroOrMorePath ex:p ] [ sh:inversePath ex:q ] ) ; sh:node ex:Shared ]",
]  # fmt: skip


@st.composite
def with_queries(draw: st.DrawFn) -> str:
    """Make shapes with constraints in SPARQL, on their own and within others."""
    lines = [DECLARATIONS, f"ex:Shared a sh:NodeShape ; {draw(st.one_of(constraints(_any), st.sampled_from(OWN)))} ."]
    for number in range(draw(st.integers(1, 3))):
        constraint = draw(st.one_of(constraints(_any), constraints(_any), st.sampled_from(OWN)))
        inner = draw(
            st.sampled_from(
                ["{}", "{}", "sh:node [ {} ]", "sh:or ( [ {} ] [ sh:class ex:D ] )", "sh:not [ {} ]", *SHARING]
            )
        )
        target = draw(
            st.sampled_from(["sh:targetClass ex:C", "sh:targetSubjectsOf ex:p", "sh:targetNode ex:n1 , ex:n9"])
        )
        lines.append(f"ex:S{number} a sh:NodeShape ; {target} ; {inner.format(constraint)} .")
    return "\n".join(lines)


@given(shapes=st.one_of(shapes_graphs(_any), with_queries()), data=data_graphs(_any))
@examples(EXAMPLES)
def test_term_by_term_and_only_what_is_suspected(shapes: str, data: str) -> None:
    assert not difference(shapes, data, "sparql", "columns")


@given(shapes=shapes_graphs(_plain), data=data_graphs(_plain))
@examples(EXAMPLES)
def test_term_by_term_and_by_queries(shapes: str, data: str) -> None:
    assert not difference(shapes, data, "sparql", "queries")


_S = "ex:S a sh:NodeShape ; sh:targetNode ex:n0 ; sh:property [ sh:path ex:p ; {} ] ."
#: What the engines differed about: shapes, data, the results that the specification asks for (value and component of
#: each), the results of pySHACL (None: it refuses the shapes), and why.
NAMED = {
    "4.4.1 minLength: a blank node has no string, so that it breaks even a least length of 0": (
        _S.format("sh:minLength 0"), "ex:n0 ex:p [] .", [("[]", "MinLength")], [],
    ),
    "4.3 ranges: a literal of another datatype cannot be compared, which is a result": (
        _S.format('sh:minInclusive "2020-06-01"^^xsd:date'), "ex:n0 ex:p 2.5 .", [("2.5", "MinInclusive")], [],
    ),
    "4.3 ranges: true is no number": (
        _S.format("sh:maxExclusive 3"), "ex:n0 ex:p true .", [("true", "MaxExclusive")], [],
    ),
    "4.5.4 lessThanOrEquals: IRIs have no order in SPARQL": (
        _S.format("sh:lessThanOrEquals ex:q"), "ex:n0 ex:p ex:n1 ; ex:q ex:n2 .",
        [("http://e/n1", "LessThanOrEquals")], [],
    ),
    "4.5.3 lessThan: what cannot be compared is a result, a blank node too": (
        _S.format("sh:lessThan ex:q"), "ex:n0 ex:p [] ; ex:q 1 .", [("[]", "LessThan")], None,
    ),
    "4.4.5 uniqueLang: only the literal true switches it on": (
        _S.format('sh:uniqueLang "1"^^xsd:boolean'), 'ex:n0 ex:p "a"@en , "b"@en .', [], [("", "UniqueLang")],
    ),
    "4.1.2 datatype: a dateTime without a time is ill-formed": (
        _S.format("sh:datatype xsd:dateTime"), 'ex:n0 ex:p "2020-01-01"^^xsd:dateTime .',
        [("2020-01-01", "Datatype")], [],
    ),
    "2.3.1.4 inverse paths: ^(p/q) leads from the end of q to the beginning of p, so it walks ^q first": (
        "ex:S sh:targetNode ex:n2 ; sh:property [ sh:path [ sh:inversePath ( ex:p ex:q ) ] ; sh:maxCount 0 ] .",
        "ex:n0 ex:p ex:n1 . ex:n1 ex:q ex:n2 .", [("", "MaxCount")], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_what_the_engines_differed_about(name: str) -> None:
    shapes, data, right, theirs = NAMED[name]

    def found(engine: str) -> list[tuple[str, str]]:
        return sorted(
            ("" if one.value is None else "[]" if one.value[0] == "_" else text_of(one.value),
             one.component.rpartition("#")[2].removesuffix("ConstraintComponent"))
            for one in run(engine, parse(data), parse(shapes)).results
        )  # fmt: skip

    assert found("sparql") == right
    assert not difference(shapes, data, "sparql", "queries")
    if theirs is None:
        with pytest.raises(ShapesError, match="Cannot use sh:lessThan to compare a BlankNode"):
            found("pyshacl")
    else:
        assert found("pyshacl") == theirs


def test_a_path_of_no_step_starts_at_a_node_that_the_data_lack() -> None:
    """SPARQL knows such a path for nodes of the graph only; SHACL's value nodes include the focus node."""
    shapes = (
        "ex:S a sh:PropertyShape ; sh:targetNode ex:nowhere ; sh:path [ sh:zeroOrOnePath ( ex:p ex:p ) ] ; "
        "sh:class ex:C ; sh:minCount 2 ; sh:hasValue ex:nowhere ; sh:equals ex:q ."
    )
    for other in ("queries", "pyshacl"):
        assert not difference(shapes, "ex:a ex:b ex:c .", "sparql", other)


#: A shape with a query that is a part of others, at nodes for which the query reads other triples; and data.
SHARED = """
ex:names sh:declare [ sh:prefix "ex" ; sh:namespace "http://e/"^^xsd:anyURI ] .
ex:Q sh:prefixes ex:names ; sh:select "SELECT $this ?value WHERE { $this ex:p ?value . ?value ex:q ex:bad }" .
ex:In a sh:NodeShape ; sh:sparql ex:Q .
"""
ASKED = "ex:c1 a ex:C ; ex:p ex:v1 . ex:v1 ex:q ex:ok . ex:d1 a ex:D ; ex:p ex:v2 . ex:v2 ex:q ex:bad ."


@pytest.mark.parametrize(
    ("shapes", "data"),
    [
        ("ex:In sh:targetClass ex:C . ex:Out a sh:NodeShape ; sh:targetClass ex:D ; sh:not ex:In .", ASKED),
        ("ex:Of a sh:NodeShape ; sh:targetClass ex:C ; sh:node ex:In . "
         "ex:Out a sh:NodeShape ; sh:targetClass ex:D ; sh:not ex:In .", ASKED),
        ("ex:In sh:targetClass ex:C . "
         "ex:Out a sh:NodeShape ; sh:targetClass ex:D ; sh:xone ( ex:In [ sh:class ex:Z ] ) .", ASKED),
        ("ex:In sh:targetClass ex:C . ex:Out a sh:NodeShape ; sh:targetClass ex:D ; "
         "sh:not [ sh:xone ( ex:In [ sh:class ex:Z ] ) ] .", f"{ASKED} ex:d1 a ex:Z ."),
        ("ex:In sh:targetClass ex:C . ex:Out a sh:PropertyShape ; sh:targetClass ex:T ; sh:path ex:d ; "
         "sh:qualifiedValueShape ex:In ; sh:qualifiedMaxCount 0 .", f"{ASKED} ex:t a ex:T ; ex:d ex:d1 ."),
        ("ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:d ; sh:qualifiedMinCount 1 ; "
         "sh:qualifiedValueShapesDisjoint true ; sh:qualifiedValueShape ex:In ] , [ sh:path ex:e ; "
         "sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 ; sh:qualifiedValueShape [ sh:class ex:K ] ] .",
         f"{ASKED} ex:t a ex:T ; ex:d ex:c1 ; ex:e ex:d1 . ex:d1 a ex:K ."),
        ("ex:A a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:self ; sh:node ex:In ] . "
         "ex:B a sh:NodeShape ; sh:targetClass ex:D ; sh:property [ sh:node ex:In ; sh:path "
         "( [ sh:zeroOrMorePath ex:l ] [ sh:zeroOrMorePath [ sh:inversePath ex:l ] ] [ sh:zeroOrMorePath ex:l ] ) ] .",
         f"{ASKED} ex:c1 ex:self ex:c1 . ex:n3 ex:p ex:v2 . "
         + " ".join(f"ex:n{n} a ex:D ; ex:p ex:v1 ; ex:l ex:n{n + 1} ." for n in range(60))),
    ],
)  # fmt: skip
def test_a_query_is_asked_with_all_that_it_reads_at_any_node(shapes: str, data: str) -> None:
    assert not difference(f"{SHARED}{shapes}", data, "sparql", "columns")


def test_a_focus_that_a_store_writes_in_another_way_has_its_results() -> None:
    shapes = SHARED.replace("$this ex:p ?value . ?value ex:q ex:bad", "?value ex:p $this") + (
        "ex:S a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; "
        "sh:property [ sh:path [ sh:zeroOrOnePath ex:none ] ; sh:sparql ex:Q ] ."
    )
    for data in ("ex:a ex:p 01 .", "ex:a ex:p 01 . ex:b ex:p 01 .", "ex:a ex:p 01 , 'x'@EN-gb . ex:b ex:p 1 ."):
        literals = {str(quad.object) for quad in parse(data)}
        warm = Session(CompiledShapes(parse(shapes)), parse(data)).results
        for found in (
            results_of("sparql", *(quads := (parse(shapes), parse(data)))),
            results_of("columns", *quads),
            warm,
        ):
            assert {one.focus for one in found} == literals and len(found) >= len(parse(data))
