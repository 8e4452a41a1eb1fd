"""Impact and trace on the Quantum Energy model against answers worked out by hand from its source document."""

from __future__ import annotations

import itertools
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from qe_kg import Lineage, Model, open_model

TABLE = tomllib.loads((Path(__file__).resolve().parent / "answers.toml").read_text(encoding="utf-8"))
QUESTIONS: list[dict[str, Any]] = TABLE["question"]
KEYS = {"ask", "command", "names", "options", "inferences", "reached", "flows", "derived"}
LAST_LINE_OF_DIAGRAM = 107
FLOW = "https://quantumenergy.example/id/flow-"
QUANTUM_ENERGY = Path(__file__).resolve().parents[2] / "data" / "quantum-energy"

every_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["ask"])


@cache
def model(include_inferences: bool) -> Model:
    return open_model(QUANTUM_ENERGY, include_inferences=include_inferences)


@cache
def answer_to(ask: str) -> Lineage:
    question = next(one for one in QUESTIONS if one["ask"] == ask)
    asked = model(question.get("inferences", True))
    command = asked.impact if question["command"] == "impact" else asked.trace
    return command(*question["names"], **question["options"])


def flow_iri(key: str) -> str:
    return f"{FLOW}{TABLE['flows'][key][0]}"


def flow_facts(key: str) -> tuple[tuple[int, ...], str]:
    """The lines that state a flow, and its basis."""
    lines = sorted([int(key.partition(":")[0]), *TABLE["flows"][key][1:]])
    is_drawn, is_stated = lines[0] <= LAST_LINE_OF_DIAGRAM, lines[-1] > LAST_LINE_OF_DIAGRAM
    return tuple(lines), "both" if is_drawn and is_stated else "drawn" if is_drawn else "stated"


def paths(spelled: str) -> set[tuple[str, ...]]:
    """All paths that an entry allows: "|" between paths, "/" between flows in one place."""
    return {
        tuple(flow_iri(key) for key in path)
        for alternative in spelled.split("|")
        for path in itertools.product(*(place.split("/") for place in alternative.split()))
    }


@every_question
def test_reached_participants_hops_certainty_and_order(question: dict[str, Any]) -> None:
    answer = answer_to(question["ask"])
    found = [[one.hops, one.code or one.element.label, one.certainty] for one in answer.reached]
    assert found == [row[:3] for row in question["reached"]]


@every_question
def test_path_is_a_shortest_one_of_the_document(question: dict[str, Any]) -> None:
    answer = answer_to(question["ask"])
    for one, (hops, name, _, spelled) in zip(answer.reached, question["reached"], strict=True):
        assert one.path in paths(spelled), name
        assert len(one.path) == hops, name


@pytest.mark.parametrize("question", [one for one in QUESTIONS if "flows" in one], ids=lambda question: question["ask"])
def test_edge_set_is_whole(question: dict[str, Any]) -> None:
    answer = answer_to(question["ask"])
    on_paths = {flow for one in answer.reached for flow in one.path}
    found = [flow.iri for flow in answer.flows]
    assert sorted(found) == sorted({flow_iri(key) for key in question["flows"].split()} | on_paths)


@every_question
def test_flows_tell_their_lines_and_basis(question: dict[str, Any]) -> None:
    known = {flow_iri(key): flow_facts(key) for key in TABLE["flows"]}
    for flow in answer_to(question["ask"]).flows:
        if "flows" in question or flow.iri in known:
            assert (flow.lines, flow.basis) == known[flow.iri], flow.iri


@every_question
def test_question_is_complete(question: dict[str, Any]) -> None:
    assert set(question) <= KEYS
    assert question["derived"].endswith(".")
    assert all(length == row[0] for row in question["reached"] for length in map(len, paths(row[3])))


def test_drawn_flows_are_all_in_the_table() -> None:
    drawn = {edge.iri: (edge.lines, edge.basis) for edge in model(True).flow_graph.edges if edge.basis != "stated"}
    table = {flow_iri(key): flow_facts(key) for key in TABLE["flows"] if key.isdigit()}
    assert drawn == table
    assert len(table) == 37


def test_a_start_named_twice_is_one_start() -> None:
    twice = model(True).impact("AOV-04", "Electric Energy Delivery", depth=1)
    assert twice.to_dict() == model(True).impact("AOV-04", depth=1).to_dict()


def test_entailment_changes_no_answer() -> None:
    entailed = open_model(QUANTUM_ENERGY, entail=True)
    for question in QUESTIONS[:6]:
        if question.get("inferences", True):
            command = entailed.impact if question["command"] == "impact" else entailed.trace
            assert command(*question["names"], **question["options"]) == answer_to(question["ask"])
