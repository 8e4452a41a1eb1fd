"""Bounded questions to a store that is not in memory: asked level by level, with the answer of the whole graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg import Model, open_model
from qe_kg.catalogue import Catalogue
from qe_kg.generate import Enterprise, write_model
from qe_kg.lineage import Filters, FlowGraph
from qe_kg.lineage.changes import NEAR, ChangeAnswer, change_impact
from qe_kg.lineage.records import FlowRecords
from qe_kg.lineage.region import Region
from qe_kg.opening import load_model
from qe_kg.store.profiles import profile_of_url
from qe_kg.store.protocol import Solutions
from qe_kg.store.remote import RemoteStore
from tests.lineage.test_engines_agree import NAMES, T, asked, loaded, start_of
from tests.lineage.test_walk_against_reference import Question
from tests.servers.running import Server

SAID = ("hasLatencyClass latency-class-batch", "hasLatencyClass latency-class-real-time",
        "hasDisclosureMode disclosure-mode-aggregated", "")  # fmt: skip


def told(answer: ChangeAnswer) -> tuple[object, ...]:
    return answer.to_dict(), answer.effects, dict(answer.lineage.elements)


@given(asked(), st.sampled_from(NEAR), st.integers(0, 3), st.lists(st.sampled_from(SAID), min_size=9, max_size=9))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_what_is_near_decides(case: tuple[Question, Filters], kind: Any, depth: int, said: list[str]) -> None:
    question, filters = case
    filters, store, start = replace(filters, depth=depth), loaded(question), start_of(question)
    for edge, words in zip(question.graph.edges, said, strict=False):
        if words:
            name, value = words.split()
            store.update(f"INSERT DATA {{ <{T}{edge.iri}> <{NAMES.terms}{name}> <{NAMES.lists}{value}> }}")
    catalogue = Catalogue(store, NAMES)
    whole = FlowGraph.read(store, catalogue, NAMES)
    part = Region(store, catalogue, NAMES, filters).read(start, wherever=kind == "redefine")
    assert set(part.edges) <= set(whole.edges)
    records = FlowRecords.read(store, NAMES, [flow.iri for flow in part.edges])
    expected = change_impact(whole, FlowRecords.read(store, NAMES), kind, start, filters)
    assert told(change_impact(part, records, kind, start, filters)) == told(expected)
    assert all(one.hops <= depth for one in expected.lineage.reached)


# --- a store elsewhere -------------------------------------------------------------------------------------------


class Counted:
    """How many requests a store elsewhere got, and how many rows it gave."""

    def __init__(self, store: RemoteStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests = self.rows = 0
        send, select, text_rows = store.connection.send, store.select, store.text_rows

        def counted_send(*arguments: Any, **options: Any) -> Any:
            self.requests += 1
            return send(*arguments, **options)

        def counted_select(query: str) -> Solutions:
            found = select(query)
            self.rows += len(found.rows)
            return found

        def counted_text(query: str) -> bytes:
            found = text_rows(query)
            self.rows += found.count(b"\n") - 1
            return found

        monkeypatch.setattr(store.connection, "send", counted_send)
        monkeypatch.setattr(store, "select", counted_select)
        monkeypatch.setattr(store, "text_rows", counted_text)


QUESTIONS: dict[str, Callable[[Model], dict[str, Any]]] = {
    "impact": lambda model: model.impact("REG-00000.1", depth=2).to_dict(),
    "trace": lambda model: model.trace("REG-00000.4", depth=2, certain=True).to_dict(),
    "delay": lambda model: model.change_impact("delay", "REG-00000.1", depth=2).to_dict(),
    "reclassify": lambda model: model.change_impact("reclassify", "REG-00000.2", depth=2).to_dict(),
}


@pytest.mark.oxigraph
def test_a_store_elsewhere_is_asked_level_by_level(
    oxigraph: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    for flows in (150, 900):
        directory = tmp_path / str(flows)
        write_model(Enterprise(flows, seed=3, evidence=False), directory)
        here = open_model(directory)
        place = profile_of_url(f"{oxigraph.product}+{oxigraph.url}")
        load_model(directory, place)
        for name, ask in QUESTIONS.items():
            there = open_model(directory, store=place)
            assert isinstance(there.store, RemoteStore)
            counted = Counted(there.store, monkeypatch)
            answer = ask(there)
            assert answer == ask(here)
            assert counted.requests < 40, name
            given.append(counted.rows / len(answer["flows"]))
            # All flows with their ends and items would be three rows each.
            assert flows == 150 or counted.rows < flows, name
        assert isinstance(there.store, RemoteStore)
        for graph in (f"{there.namespaces.base}graph/record", *(there.store.graphs or ())):
            there.store.delete_graph(graph)
    for few, many in zip(given[:4], given[4:], strict=True):
        assert many < 1.5 * few  # rows for each flow of the answer, whatever the size of the model
