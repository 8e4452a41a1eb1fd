"""Validation of what changed gives what a full run gives, after any edits.

``make edits`` makes many more of them than ``make test`` and prints how many.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pyoxigraph as ox
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qe_kg.shacl.affected.session import Session
from qe_kg.shacl.engine import CompiledShapes
from tests.conformance.made_queries import DECLARATIONS, OWN, constraints
from tests.conformance.made_shapes import NODES, ODD, PLAIN, PREDICATES, data_graphs, parse, shapes_graphs

EXAMPLES = int(os.environ.get("QE_KG_EDITS", "20"))
_literals = st.sampled_from(PLAIN + ODD)
_counted: Counter[str] = Counter()


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
    before = Counter(session.results)
    for added, numbers in made:
        there = sorted(session.graph.triples())
        gone = [there[number % len(there)] for number in numbers if there]
        answer = session.apply(triples_of(added), gone)
        _counted["edits"] += 1
        _counted["bounded"] += answer.bounded
        _counted["shapes"] += answer.shapes
        now = Counter(session.results)
        full = Counter(compiled.validate(list(_quads(session))).results)
        explained = f"{say}\nadded {added}\ngone {gone}\n{sorted(session.graph.triples())}"
        assert now == full, f"only full: {full - now}\nonly changed: {now - full}\n{explained}"
        assert before - Counter(answer.gone) + Counter(answer.found) == now, explained
        before = now


def _quads(session: Session) -> Iterator[ox.Quad]:
    text = "".join(f"{' '.join(one)} .\n" for one in session.graph.triples())
    return ox.parse(text.encode(), format=ox.RdfFormat.N_TRIPLES)


@given(shapes=shapes_graphs(_literals), data=data_graphs(_literals), made=st.lists(edits(), min_size=3, max_size=8))
@examples(EXAMPLES)
def test_edits_under_core_shapes(shapes: str, data: str, made: list[tuple[str, list[int]]]) -> None:
    compiled = CompiledShapes(parse(shapes))
    session = Session(compiled, parse(data))
    check(session, compiled, made, f"{shapes}\n{data}")


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
@examples(2 * EXAMPLES)
def test_edits_under_sparql_constraints(shapes: str, data: str, made: list[tuple[str, list[int]]]) -> None:
    compiled = CompiledShapes(parse(shapes))
    session = Session(compiled, parse(data))
    check(session, compiled, made, f"{shapes}\n{data}")


def test_the_edits_were_many_and_most_were_bounded() -> None:
    print(f"\n{_counted['edits']:,} edits, {_counted['bounded']:,} of {_counted['shapes']:,} shapes bounded")
