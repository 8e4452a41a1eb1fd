"""The shape of flows: against counting by trying everything, and by hand from the diagram."""

from __future__ import annotations

import json
from functools import cache
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

from qe_kg import CallError, Model, open_model
from qe_kg.cli import qe_kg
from qe_kg.lineage import FlowGraph
from qe_kg.lineage.structure import structure_of
from tests.lineage.test_walk_against_reference import EXTERNAL, Question, questions

brief = settings(derandomize=True, max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUANTUM_ENERGY = Path(__file__).resolve().parents[2] / "data" / "quantum-energy"


# --- against trying everything ----------------------------------------------------------------------------------


def pairs_of(graph: FlowGraph) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in graph.edges}


def reaches(
    pairs: set[tuple[str, str]], start: str, without: str = "", stops: frozenset[str] = frozenset()
) -> set[str]:
    """Everything that a start reaches in one step or more, without a participant, and not through some."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for source, target in pairs:
            if source == here and target not in found and without not in (source, target):
                found.add(target)
                if target not in stops:
                    waiting.append(target)
    return found


def outside(graph: FlowGraph) -> frozenset[str]:
    return frozenset(iri for iri, element in graph.elements.items() if element.zone == EXTERNAL)


@given(questions())
@brief
def test_points_of_failure_are_counted_by_removing_each(question: Question) -> None:
    graph = question.graph
    pairs, stops = pairs_of(graph), outside(graph)
    names = {end for pair in pairs for end in pair}
    expected: dict[str, int] = {}
    for start, end in permutations(sorted(names), 2):
        if start in stops or end not in reaches(pairs, start, stops=stops):
            continue
        for other in names - {start, end}:
            if end not in reaches(pairs, start, without=other, stops=stops):
                expected[other] = expected.get(other, 0) + 1
    found = structure_of(graph, ()).points_of_failure
    assert {one.element.iri: one.pairs for one in found} == expected
    assert [one.pairs for one in found] == sorted(expected.values(), reverse=True)


@given(questions())
@brief
def test_bridges_are_the_links_whose_removal_leaves_more_parts(question: Question) -> None:
    graph = question.graph
    links = {frozenset(pair) for pair in pairs_of(graph) if pair[0] != pair[1]}
    names = {end for pair in pairs_of(graph) for end in pair}

    def part(of: str, known: set[frozenset[str]]) -> set[str]:
        return {of} | reaches({(a, b) for link in known for a, b in permutations(link)}, of)

    expected: dict[frozenset[str], int] = {}
    for link in links:
        one, other = sorted(link)
        sides = part(one, links - {link}), part(other, links - {link})
        if other not in sides[0]:
            expected[link] = min(map(len, sides))
    found = structure_of(graph, ())
    assert {frozenset((one.flows[0].source.iri, one.flows[0].target.iri)): one.cuts_off for one in found.bridges} == (
        expected
    )
    assert {frozenset(element.iri for element in island) for island in found.islands} == {
        frozenset(part(name, links)) for name in names
    }


@given(questions())
@brief
def test_loops_sinks_sources_and_meeting_points(question: Question) -> None:
    graph = question.graph
    pairs, stops = pairs_of(graph), outside(graph)
    names = {end for pair in pairs for end in pair}

    def all_from(name: str) -> set[str]:
        return set() if name in stops else reaches(pairs, name, stops=stops)

    loops = {
        frozenset(other for other in names if other in all_from(name) and name in all_from(other)) | {name}
        for name in names
    }
    found = structure_of(graph, ())
    assert {frozenset(element.iri for element in loop) for loop in found.loops} == {
        loop for loop in loops if len(loop) > 1
    }
    assert {one.iri for one in found.sinks} == {b for _, b in pairs} - {a for a, _ in pairs}
    assert {one.iri for one in found.sources} == {a for a, _ in pairs} - {b for _, b in pairs}


# --- by hand from the diagram -----------------------------------------------------------------------------------


@cache
def model() -> Model:
    return open_model(QUANTUM_ENERGY)


def test_drawn_flows_in_one_piece_with_their_bridges() -> None:
    """Line by line, who is drawn with one other only: REV-01 and REV-02 with regulators (87-90), market operators with
    SMV-03 (93, 94), technology partners with NCV-01 (105, 106). Regulators hang together with those two alone."""
    found = model().structure(basis="drawn")
    assert [len(island) for island in found.islands] == [14, 3]
    links = [{one.flows[0].source.name, one.flows[0].target.name} for one in found.bridges]
    assert len(links) == 4
    for link in (
        {"SMV-03", "Market Operators"}, {"NCV-01", "Technology Partners"},
        {"REV-01", "Regulators"}, {"REV-02", "Regulators"},
    ):  # fmt: skip
        assert link in links
    assert [one.cuts_off for one in found.bridges] == [1, 1, 1, 1]


def test_both_sides_meet_where_the_diagram_draws_it() -> None:
    """ESV-03: 100 from RCV-03, 101 from NCV-01. ESV-04: 97 and 98. SMV-03: 78 and 79, 82 and 83. Customers: 65 and 67
    from regulated streams, 69 and 71 from the others."""
    found = model().structure(basis="drawn").commingling
    assert [(one.element.name, one.regulated, one.non_regulated) for one in found] == [
        ("ESV-03", 1, 1), ("ESV-04", 1, 1), ("SMV-03", 2, 2), ("Customers", 2, 2),
    ]  # fmt: skip


def test_the_shortest_exposures() -> None:
    """SMV-03 bids in markets: grid telemetry gets there in one hop (78), to market operators in two (93)."""
    found = {one.target.name: one for one in model().structure(basis="drawn").exposures}
    assert [hop.flow.lines for hop in found["SMV-03"].path] in ([(78,)], [(79,)])
    assert len(found["Market Operators"].path) == 2 and found["Market Operators"].certainty == "possible"
    assert "Regulators" not in found


def test_sinks_and_sources_of_the_diagram() -> None:
    """ESV-03 stands right of arrows only (100, 101); everybody who stands left of one stands right of another too."""
    found = model().structure(basis="drawn")
    assert [one.name for one in found.sinks] == ["ESV-03"]
    assert [one.name for one in found.sources] == []


def test_the_command_in_all_formats() -> None:
    def run(form: str) -> str:
        arguments = ["structure", "--format", form, "--model", str(QUANTUM_ENERGY)]
        done = CliRunner().invoke(qe_kg, arguments, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    document = json.loads(run("json"))
    assert document == model().structure().to_dict()
    assert list(document) == [
        "tell", "bridges", "pointsOfFailure", "commingling", "loops", "islands", "sinks", "sources", "exposures",
    ]  # fmt: skip
    exposed = [one["id"] for one in document["exposures"]]
    told = [one["id"] for kind in ("stakeholders", "regulators") for one in document["tell"][kind]]
    stakeholders = {one for one in exposed if "/stakeholder-" in one}
    assert set(told) == stakeholders and len(told) == len(stakeholders)
    assert run("md").startswith("- tell stakeholders: ")
    rows = run("csv").splitlines()[1:]
    del document["tell"]
    counted = sum(len(document[key]) for key in document if key != "islands" or len(document[key]) > 1)
    assert len(rows) == counted
    assert "point of failure" in run("table")


def test_unknown_basis_is_refused() -> None:
    with pytest.raises(CallError):
        model().structure(basis="painted")
