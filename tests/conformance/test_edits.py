"""Validation of what changed gives what a full run gives, after any edits.

``make edits`` makes many more of them than ``make test`` and prints how many.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qe_kg.shacl.affected.session import Recheck, Session
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.results import RawResult
from tests.conformance.made_queries import DECLARATIONS, OWN, constraints
from tests.conformance.made_shapes import NODES, ODD, PLAIN, PREDICATES, data_graphs, parse, paths, shapes_graphs

EXAMPLES = int(os.environ.get("QE_KG_EDITS", "6"))
_literals = st.sampled_from(PLAIN + ODD)
_counted: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def tell() -> Iterator[None]:
    """Print how many edits there were, which ``make edits`` shows."""
    yield
    print(f"\n{_counted['edits']:,} edits, {_counted['bounded']:,} of {_counted['shapes']:,} shapes bounded")


def examples(number: int) -> settings:
    return settings(
        max_examples=number, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip


def triples_of(text: str) -> list[tuple[str, str, str]]:
    return [(str(one.subject), str(one.predicate), str(one.object)) for one in parse(text)]


_nodes = st.sampled_from([*NODES, "_:b0", "_:b1"])
_statements = st.one_of(
    st.tuples(_nodes, st.sampled_from(PREDICATES), st.one_of(_nodes, _literals)),
    st.tuples(_nodes, st.just("a"), st.sampled_from(["ex:C", "ex:D", "ex:E"])),
    st.tuples(
        st.sampled_from(["ex:D", "ex:E", "ex:C"]), st.just("rdfs:subClassOf"), st.sampled_from(["ex:C", "ex:D", "ex:E"])
    ),
).map(lambda three: f"{' '.join(three)} .")


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, list[int]]:
    """Make one edit: statements to add, and numbers that say which of those that are there are to go."""
    added = draw(st.lists(_statements, max_size=2))
    gone = draw(st.lists(st.integers(0, 200), max_size=2))
    return "\n".join(added), gone


def check(session: Session, compiled: CompiledShapes, made: list[tuple[str, list[int]]], say: str) -> None:
    before, there = Counter(session.results), set(session.graph.triples())
    cold = Session(compiled, quads_of(there))
    for added, numbers in made:
        listed = sorted(there)
        gone = [listed[number % len(listed)] for number in numbers if listed]
        answer = session.apply(triples_of(added), gone)
        there = (there - set(gone)) | set(triples_of(added))
        _counted["edits"] += 1
        _counted["bounded"] += answer.bounded
        _counted["shapes"] += answer.shapes
        now = Counter(session.results)
        full = Counter(compiled.validate(quads_of(there)).results)
        explained = f"{say}\nadded {added}\ngone {gone}\n{sorted(there)}"
        assert now == full, f"only full: {full - now}\nonly changed: {now - full}\n{explained}"
        assert before - Counter(answer.gone) + Counter(answer.found) == now, explained
        check_cold(cold.apply(triples_of(added), gone, every=True), full, before, explained)
        before = now


def check_cold(answer: Recheck, full: Counter[RawResult], before: Counter[RawResult], explained: str) -> None:
    """Without earlier results: all results on the nodes that are reached, none on others; nothing new is missing."""
    found = Counter(answer.found)
    on_reached = Counter({one: number for one, number in full.items() if one.focus in answer.reached})
    assert not on_reached - found and not found - full, explained
    assert answer.unbounded or found == on_reached, explained
    assert not (full - before) - found, explained


def quads_of(triples: Iterable[tuple[str, str, str]]) -> list[ox.Quad]:
    text = "".join(f"{' '.join(one)} .\n" for one in sorted(triples))
    return list(ox.parse(text.encode(), format=ox.RdfFormat.N_TRIPLES))


@given(shapes=shapes_graphs(_literals), data=data_graphs(_literals), made=st.lists(edits(), min_size=3, max_size=8))
@examples(EXAMPLES // 2)
def test_edits_under_core_shapes(shapes: str, data: str, made: list[tuple[str, list[int]]]) -> None:
    compiled = CompiledShapes(parse(shapes))
    session = Session(compiled, parse(data))
    check(session, compiled, made, f"{shapes}\n{data}")


#: Looks at the ends of a path in as many ways as there are.
_ENDS = [
    "sh:maxCount 0", "sh:minCount 3", "sh:class ex:C", "sh:equals ex:r", "sh:hasValue ex:n1", "sh:node ex:Closed",
    "sh:qualifiedValueShape [ sh:class ex:D ] ; sh:qualifiedMaxCount 0", "sh:nodeKind sh:Literal",
    "sh:property [ sh:path ex:q ; sh:maxCount 0 ]", "sh:sparql [ sh:prefixes ex:names ; sh:select "
    '"SELECT $this ?value WHERE { $this $PATH ?value . FILTER NOT EXISTS { ?value ex:r/ex:p* ex:n2 } }" ]',
]  # fmt: skip


@given(
    chosen=st.lists(st.tuples(paths(), st.sampled_from(_ENDS)), min_size=6, max_size=10),
    lines=st.lists(_statements, min_size=3, max_size=9), made=st.lists(edits(), min_size=3, max_size=8),
)  # fmt: skip
@examples(5 * EXAMPLES)
def test_edits_along_paths(chosen: list[tuple[str, str]], lines: list[str], made: list[tuple[str, list[int]]]) -> None:
    """Few triples and every node a focus: whatever is not found is seen."""
    nodes = " , ".join([*NODES, "ex:nowhere"])
    shapes = [
        f"ex:S{number} a sh:PropertyShape ; sh:targetNode {nodes} ; sh:path {path} ; {ends} ."
        for number, (path, ends) in enumerate(chosen)
    ]
    closed = "ex:Closed a sh:NodeShape ; sh:closed true ; sh:ignoredProperties ( ex:p rdf:type ) ."
    text = "\n".join([DECLARATIONS, closed, *shapes])
    compiled, data = CompiledShapes(parse(text)), "\n".join(lines)
    check(Session(compiled, parse(data)), compiled, made, f"{text}\n{data}")


_WRITTEN_TWICE = ["1.50", "1.5", "01", "1", '"TRUE"^^xsd:boolean', "true", '"a"@en-GB', '"a"@en-gb', '"1"']
_alike = st.tuples(st.sampled_from(NODES[:3]), st.sampled_from(PREDICATES[:2]), st.sampled_from(_WRITTEN_TWICE)).map(
    lambda three: f"{' '.join(three)} ."
)


@given(
    lines=st.lists(_alike, min_size=3, max_size=9),
    made=st.lists(st.tuples(_alike, st.lists(st.integers(0, 200), min_size=1, max_size=2)), min_size=4, max_size=8),
)
@examples(3 * EXAMPLES)
def test_edits_of_literals_that_a_store_writes_in_one_way(lines: list[str], made: list[tuple[str, list[int]]]) -> None:
    queries = [
        "SELECT $this ?value WHERE { $this ex:p ?value . ?other ex:q ?value }",
        "SELECT $this ?value WHERE { $this ex:p ?value . FILTER NOT EXISTS { $this ex:q ?value } }",
        "SELECT $this ?value WHERE { $this ex:p/^ex:q ?value }",
    ]
    shapes = [
        f"ex:S{number} a sh:NodeShape ; sh:targetNode ex:n0 , ex:n1 , ex:n2 ; "
        f'sh:sparql [ sh:prefixes ex:names ; sh:select "{query}" ] .'
        for number, query in enumerate(queries)
    ]
    text, data = "\n".join([DECLARATIONS, *shapes]), "\n".join(lines)
    compiled = CompiledShapes(parse(text))
    check(Session(compiled, parse(data)), compiled, made, f"{text}\n{data}")


@st.composite
def sparql_shapes(draw: st.DrawFn) -> str:
    lines = [DECLARATIONS]
    for number in range(draw(st.integers(2, 4))):
        body = draw(st.one_of(constraints(_literals), constraints(_literals), st.sampled_from(OWN)))
        path = draw(
            st.sampled_from(["", "sh:path ex:p ; ", "sh:path ( ex:q ex:p ) ; ", "sh:path [ sh:inversePath ex:q ] ; "])
        )
        target = draw(
            st.sampled_from(["sh:targetClass ex:C", "sh:targetNode ex:n0 , ex:n9", "sh:targetSubjectsOf ex:p"])
        )
        inside = draw(st.sampled_from(["{}", "{}", "sh:node [ {} ]", "sh:not [ {} ]"]))
        kind = "Property" if path and "[" not in inside else "Node"
        text = inside.format(f"{path}{body}" if "[" in inside else body)
        own = path if "[" not in inside else ""
        lines.append(f"ex:S{number} a sh:{kind}Shape ; {target} ; {own}{text} .")
    return "\n".join(lines)


@given(shapes=sparql_shapes(), data=data_graphs(_literals), made=st.lists(edits(), min_size=3, max_size=8))
@examples(EXAMPLES)
def test_edits_under_sparql_constraints(shapes: str, data: str, made: list[tuple[str, list[int]]]) -> None:
    compiled = CompiledShapes(parse(shapes))
    session = Session(compiled, parse(data))
    check(session, compiled, made, f"{shapes}\n{data}")
