"""Paths from one place to another against a search that simply tries everything, and by hand from the document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from qe_kg import CallError, Model, open_model
from qe_kg.cli import qe_kg
from qe_kg.lineage import Filters, Flow, FlowGraph, Start
from qe_kg.lineage.paths import simple_paths
from tests.lineage.test_certain_walk import brief, filters_of
from tests.lineage.test_walk_against_reference import PARTICIPANTS, Question, element, questions

QUANTUM_ENERGY = Path(__file__).resolve().parents[2] / "data" / "quantum-energy"


@cache
def model() -> Model:
    return open_model(QUANTUM_ENERGY)


# --- against trying everything ----------------------------------------------------------------------------------


def every_simple_path(question: Question, goal: set[str]) -> Iterator[tuple[Flow, ...]]:
    allowed = question.allowed()

    def extended(path: tuple[Flow, ...]) -> Iterator[tuple[Flow, ...]]:
        if path[-1].target in goal:
            yield path
            return
        if not question.may_run_through(path[-1].target):
            return
        met = {path[0].source, *(edge.target for edge in path)}
        for edge in allowed:
            if edge.source == path[-1].target and edge.target not in met:
                yield from extended((*path, edge))

    for edge in allowed:
        if edge.iri in question.start.flows or edge.source in question.start.participants:
            yield from extended((edge,))


def declared(question: Question, path: tuple[Flow, ...]) -> bool:
    if question.item is None:
        return question.is_declared(path)
    only = tuple(replace(edge, items=(question.item,)) for edge in path)
    return question.is_declared(only)


@given(questions(), st.sets(st.sampled_from(PARTICIPANTS), min_size=1, max_size=2), st.integers(1, 5), st.booleans())
@brief
def test_all_simple_paths_shortest_first(question: Question, goal: set[str], max_hops: int, certain: bool) -> None:
    question = replace(question, direction="downstream", depth=None, zone=None)
    expected = [
        (path, declared(question, path))
        for path in every_simple_path(question, goal)
        if len(path) <= max_hops and (declared(question, path) or not certain)
    ]
    expected.sort(key=lambda one: (len(one[0]), [edge.iri for edge in one[0]]))
    filters = filters_of(question, certain=certain)
    found = list(simple_paths(question.graph, question.start, goal, filters, max_hops=max_hops))
    assert [(path, far == len(path)) for path, far in found] == expected
    # So far, and no farther, is it declared.
    for path, far in found:
        assert [declared(question, path[:length]) for length in range(1, len(path) + 1)] == [
            length <= far for length in range(1, len(path) + 1)
        ]


def test_paths_are_found_as_they_are_asked_for() -> None:
    """Of 4 ** 40 paths the first three come at once."""
    edges = tuple(
        Flow(f"f{stage:02}-{i}", f"p{stage:02}", f"p{stage + 1:02}", ("x",), (), "drawn")
        for stage in range(40)
        for i in range(4)
    )
    names = {f"p{stage:02}" for stage in range(41)} | {"x"}
    graph = FlowGraph(edges, frozenset(), {name: element(name) for name in names})
    start = Start((element("p00"),), frozenset(["p00"]), frozenset())
    first = list(islice(simple_paths(graph, start, {"p40"}, Filters(), max_hops=40), 3))
    assert [path[-1].iri for path, _ in first] == ["f39-0", "f39-1", "f39-2"]


def test_where_the_goal_is_out_of_reach_the_search_ends_at_once() -> None:
    """All of twelve participants send to each other; the goal receives from none of them."""
    names = [f"p{n:02}" for n in range(12)]
    edges = tuple(Flow(f"{a}{b}", a, b, ("x",), (), "drawn") for a in names for b in names if a != b)
    graph = FlowGraph(edges, frozenset(), {name: element(name) for name in (*names, "x", "far")})
    start = Start((element("p00"),), frozenset(["p00"]), frozenset())
    assert list(simple_paths(graph, start, {"far"}, Filters(), max_hops=11)) == []


# --- by hand from the document ----------------------------------------------------------------------------------


def lines_of(start: str, goal: str, **options: Any) -> list[list[tuple[int, ...]]]:
    return [[hop.flow.lines for hop in path.hops] for path in model().paths(start, goal, **options).found]


def test_drawn_paths_from_electric_delivery_to_market_operators() -> None:
    """Lines 78 and 93 by way of SMV-03; every other way runs through AOV-05 (74, 79) first."""
    assert lines_of("AOV-04", "Market Operators", basis="drawn", max_hops=3) == [
        [(78,), (93,)],
        [(74,), (79,), (93,)],
    ]


def test_drawn_paths_from_customer_data_to_the_smart_home() -> None:
    """Line 97 brings customer data to ESV-04, 99 analytics to ESV-01, 103 guidance to NCV-01, 104 to AOV-04, whose
    telemetry (78, or 74 and 79) gives rise to commands of SMV-03 to NCV-01 (80)."""
    found = lines_of("RCV-01", "NCV-01", basis="drawn", max_hops=7)
    assert found == [
        [(97, 115), (99, 138), (103, 137)],
        [(97, 115), (99, 138), (104, 137), (78,), (80,)],
        [(97, 115), (99, 138), (104, 137), (74,), (79,), (80,)],
    ]


def test_only_declared_paths() -> None:
    """Bills are made from meter readings (line 122), so readings reach customers for certain."""
    found = model().paths("AMI systems", "Customers", certain=True)
    assert [(path.certainty, [hop.flow.lines for hop in path.hops]) for path in found.found] == [
        ("declared", [(122,), (65, 122)])
    ]


def test_a_hop_tells_what_stands_behind_it() -> None:
    [path] = model().paths("AMI systems", "RCV-03", max_hops=1).found
    [hop] = path.hops
    assert (hop.flow.lines, hop.flow.basis, hop.flow.modalities) == ((122,), "stated", ("qev:modality-asserted",))
    assert [station.label for station in hop.stations] == ["Metering & Measurement"]
    assert hop.crossing is None  # no zone is stated for AMI systems
    [[telemetry]] = [path.hops for path in model().paths("AOV-04", "SMV-03", max_hops=1).found]
    assert telemetry.crossing == ["qev:zone-regulated", "qev:zone-non-regulated"]


def test_limit_and_more() -> None:
    found = model().paths("RCV-01", "NCV-01", limit=2)
    assert len(found.found) == 2 and found.has_more
    everything = model().paths("AOV-04", "AOV-05", max_hops=1, limit=5)
    assert len(everything.found) == 1 and not everything.has_more


@pytest.mark.parametrize("options", [{"max_hops": 0}, {"limit": 0}, {"basis": "painted"}])
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(CallError):
        model().paths("AOV-04", "SMV-03", **options)


def test_only_participants_are_where_a_path_ends() -> None:
    with pytest.raises(CallError, match="AMI Reads"):
        model().paths("AOV-04", "AMI Reads")


def run(*arguments: str) -> str:
    done = CliRunner().invoke(qe_kg, ["paths", *arguments, "--model", str(QUANTUM_ENERGY)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_json_and_rows_are_of_one_answer() -> None:
    arguments = ("RCV-01", "NCV-01", "--max-hops", "4", "--limit", "3")
    document = json.loads(run(*arguments, "--format", "json"))
    assert document == model().paths("RCV-01", "NCV-01", max_hops=4, limit=3).to_dict()
    assert list(document) == ["from", "to", "maxHops", "limit", "tell", "paths", "more"]
    rows = run(*arguments, "--format", "csv").splitlines()[1:]
    assert len(rows) == sum(path["hops"] for path in document["paths"])
    table = run(*arguments, "--format", "table")
    assert table.startswith("3 paths from RCV-01 to NCV-01 of at most 4 hops; there are more")
    assert "There is no path from Customers to Regulators of at most 1 hop." in run(
        "Customers", "Regulators", "--max-hops", "1", "--format", "table"
    )
