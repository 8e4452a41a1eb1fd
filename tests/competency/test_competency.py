"""Competency questions: every query of the library answers questions whose rows were worked out by hand.

One TOML file a question. Rows are compared in order; IRIs are CURIEs, literals their lexical form, an unbound
variable is the empty string.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from qe_kg import Model, Term, open_model

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QUESTIONS = sorted(HERE.glob("*/*.toml"))
MODELS = {
    "quantum-energy": ROOT / "data" / "quantum-energy",
    "riverside-clinic": ROOT / "examples" / "riverside-clinic",
}
KEYS = {"question", "query", "params", "model", "include_inferences", "columns", "rows", "derived"}


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(HERE).with_suffix("").as_posix()


@cache
def model_named(name: str, include_inferences: bool) -> Model:
    return open_model(MODELS[name], include_inferences=include_inferences)


def cell(model: Model, term: Term | None) -> str:
    if term is None:
        return ""
    return model.compact(term.value) if term.kind == "iri" else term.value


@pytest.mark.parametrize("path", QUESTIONS, ids=name_of)
def test_question_has_the_rows_worked_out_by_hand(path: Path) -> None:
    question = read(path)
    model = model_named(question["model"], question.get("include_inferences", True))
    result = model.query(question["query"], question["params"])
    assert list(result.columns) == question["columns"]
    assert [[cell(model, term) for term in row] for row in result.rows] == question["rows"]


@pytest.mark.parametrize("path", QUESTIONS, ids=name_of)
def test_question_is_complete(path: Path) -> None:
    question = read(path)
    assert set(question) <= KEYS
    assert KEYS - {"include_inferences"} <= set(question)
    assert question["question"].endswith("?")
    assert question["derived"].endswith(".")
    assert question["query"].startswith(f"{path.parent.name}/"), "the folder is the area of the query"
    assert all(len(row) == len(question["columns"]) for row in question["rows"])
    rows = [tuple(row) for row in question["rows"]]
    assert len(rows) == len(set(rows)), "a row is listed twice"


def test_there_are_many_questions() -> None:
    assert len(QUESTIONS) >= 40


def test_no_two_questions_are_the_same() -> None:
    asked = [
        (q["model"], q["query"], tuple(sorted(q["params"].items())), q.get("include_inferences", True))
        for q in map(read, QUESTIONS)
    ]
    assert len(asked) == len(set(asked))


def test_a_waiver_has_run_out_from_the_day_after_its_last() -> None:
    """Neither model has a waiver, so two are added: the empty answers of the questions are not enough."""
    qe, data, xsd = (
        "https://quantumenergy.example/ns/",
        "https://quantumenergy.example/id/",
        "http://www.w3.org/2001/XMLSchema#",
    )
    flow = f"{data}flow-aov-04-smv-03-grid-telemetry"
    model = open_model(MODELS["quantum-energy"])
    graph, kind = ox.NamedNode(f"{data}graph-of-this-test"), "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    for name, day in (("old", "2025-12-31"), ("new", "2026-01-01")):
        waiver = ox.NamedNode(f"{data}waiver-{name}")
        values: dict[str, ox.NamedNode | ox.Literal] = {
            kind: ox.NamedNode(f"{qe}Waiver"),
            f"{qe}ofRule": ox.Literal("SEP-02"),
            f"{qe}atFocus": ox.NamedNode(flow),
            f"{qe}validUntil": ox.Literal(day, datatype=ox.NamedNode(f"{xsd}date")),
        }
        model.store.add([ox.Quad(waiver, ox.NamedNode(p), value, graph) for p, value in values.items()])
    result = model.query("separation/list-expired-waivers", {"day": "2026-01-01"})
    assert [[cell(model, term) for term in row] for row in result.rows] == [
        ["qed:waiver-old", "SEP-02", "qed:flow-aov-04-smv-03-grid-telemetry", "2025-12-31"]
    ]
