"""One question asked of the graph in memory, of a store level by level, and of the arrays: one answer.

The walk in memory is what tests/lineage/test_walk_against_reference.py compares with a reference.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qe_kg.catalogue import Catalogue
from qe_kg.lineage import Direction, Filters, FlowGraph, Lineage, Start, walk
from qe_kg.lineage.index import FlowIndex
from qe_kg.lineage.levels import StoreFlows
from qe_kg.lineage.warm import WarmFlows
from qe_kg.namespaces import Namespaces
from qe_kg.store.embedded import EmbeddedStore
from tests.lineage.test_certain_walk import with_stations
from tests.lineage.test_walk_against_reference import EXTERNAL, Question, element

thorough = settings(derandomize=True, max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
T = "https://t.example/"
NAMES = Namespaces()


def triples(question: Question) -> str:
    """The graph of a question as N-Triples."""
    lines: list[str] = []

    def say(subject: str, name: str, value: str) -> None:
        known = f"<{NAMES.expand(value)}>" if ":" in value and not value.startswith(T) else f"<{value}>"
        lines.append(f"<{T}{subject}> <{NAMES.terms}{name}> {known} .")

    for edge in question.graph.edges:
        say(edge.iri, "hasSource", T + edge.source)
        say(edge.iri, "hasTarget", T + edge.target)
        for item in edge.items:
            say(edge.iri, "carries", T + item)
        for station in edge.stations:
            say(edge.iri, "passesThrough", T + station)
        for basis, medium in (("drawn", "diagram"), ("stated", "prose")):
            if edge.basis in (basis, "both"):
                say(f"{edge.iri}-{basis}", "statesFlow", T + edge.iri)
                say(f"{edge.iri}-{basis}", "medium", f"qev:medium-{medium}")
    for number, (at, made_from, made) in enumerate(sorted(question.graph.derivations)):
        say(f"d{number}", "isDerivedAt", T + at)
        say(f"d{number}", "takesInput", T + made_from)
        say(f"d{number}", "givesOutput", T + made)
    for one, known in question.graph.elements.items():
        if known.zone:
            say(one, "inZone", known.zone)
    return "\n".join(lines)


def loaded(question: Question) -> EmbeddedStore:
    store = EmbeddedStore()
    store.add(ox.parse(triples(question), format=ox.RdfFormat.N_TRIPLES))
    return store


def start_of(question: Question) -> Start:
    start = question.start
    payloads = {T + flow: frozenset(T + item for item in items) for flow, items in start.payloads.items()}
    elements = tuple(replace(one, iri=T + one.iri) for one in start.elements)
    return Start(
        elements, frozenset(T + one for one in start.participants), frozenset(T + one for one in start.flows), payloads
    )


@st.composite
def asked(draw: st.DrawFn) -> tuple[Question, Filters]:
    question = draw(with_stations())
    begun = {edge.iri: edge for edge in question.graph.edges if edge.iri in question.start.flows and edge.items}
    is_narrow: bool = draw(st.booleans())
    if begun and is_narrow:  # as an item starts: of some flows only one item is followed
        payloads: dict[str, frozenset[str]] = {}
        for iri, edge in begun.items():
            payloads[iri] = frozenset([draw(st.sampled_from(edge.items))])
        question = replace(question, start=replace(question.start, payloads=payloads))
    filters = Filters(
        question.depth, question.basis, question.through_external,
        None if question.item is None else frozenset([T + question.item, T + draw(st.sampled_from("xyz"))]),
        draw(st.booleans()), question.zone, external_zone=EXTERNAL,
    )  # fmt: skip
    return question, filters


def shown(answer: Lineage) -> tuple[object, ...]:
    return (answer.to_dict(), dict(answer.elements), [(flow.modalities, flow.is_expansion) for flow in answer.flows])


@given(asked())
@thorough
def test_three_engines_one_answer(case: tuple[Question, Filters]) -> None:
    question, filters = case
    store, start = loaded(question), start_of(question)
    catalogue = Catalogue(store, NAMES)
    graph = FlowGraph.read(store, catalogue, NAMES)
    plain = walk(graph, start, question.direction, filters)
    levels = walk(StoreFlows(store, catalogue, NAMES), start, question.direction, filters)
    warm = WarmFlows(store, catalogue, NAMES).walk(start, question.direction, filters)
    assert shown(levels) == shown(plain)
    assert shown(warm) == shown(plain)
    assert [warm.reached[at] for at in range(-len(plain.reached), len(plain.reached))] == [*plain.reached] * 2


@given(asked())
@settings(thorough, max_examples=40)
def test_stations_level_by_level(case: tuple[Question, Filters]) -> None:
    question, filters = case
    store, start, filters = loaded(question), start_of(question), replace(filters, stations=True)
    catalogue = Catalogue(store, NAMES)
    plain = walk(FlowGraph.read(store, catalogue, NAMES), start, question.direction, filters)
    assert shown(walk(StoreFlows(store, catalogue, NAMES), start, question.direction, filters)) == shown(plain)


def test_an_index_that_was_kept_is_the_index(tmp_path: Path) -> None:
    store = EmbeddedStore()
    lines = [
        f"<{T}f1> <{NAMES.terms}hasSource> <{T}a> . <{T}f1> <{NAMES.terms}hasTarget> <{T}b> .",
        f"<{T}f1> <{NAMES.terms}carries> <{T}x> . <{T}f0> <{NAMES.terms}hasSource> <{T}b> .",
        f"<{T}f0> <{NAMES.terms}hasTarget> <{T}ü> . <{T}f1> <{NAMES.terms}carries> <{T}w> .",
    ]
    store.add(ox.parse("\n".join(lines), format=ox.RdfFormat.TURTLE))
    built = FlowIndex.read(store, NAMES)
    built.write(tmp_path)
    kept = FlowIndex.kept(tmp_path)
    assert kept is not None
    assert [list(texts) for texts in (kept.iris, kept.participants, kept.items)] == [
        [f"{T}f0", f"{T}f1"], [f"{T}a", f"{T}b", f"{T}ü"], [f"{T}w", f"{T}x"],
    ]  # fmt: skip
    both = np.arange(2)
    assert kept.flows(both) == built.flows(both)
    assert [flow.items for flow in kept.flows(both)] == [(), (f"{T}w", f"{T}x")]
    FlowIndex.forget(tmp_path)
    assert FlowIndex.kept(tmp_path) is None


def test_a_model_without_flows_has_an_index() -> None:
    store = EmbeddedStore()
    warm = WarmFlows(store, Catalogue(store, NAMES), NAMES)
    nothing = Start((element(f"{T}a"),), frozenset([f"{T}a"]), frozenset())
    for direction in ("downstream", "upstream"):
        assert warm.walk(nothing, direction, Filters()).reached == ()


@pytest.mark.parametrize("direction", ["downstream", "upstream"])
def test_a_long_chain_as_arrays(direction: Direction) -> None:
    length = 1500
    lines = [
        f"<{T}f{n:04}> <{NAMES.terms}{name}> <{T}{value}> ."
        for n in range(length)
        for name, value in (("hasSource", f"p{n:04}"), ("hasTarget", f"p{n + 1:04}"), ("carries", "x"))
    ]
    store = EmbeddedStore()
    store.add(ox.parse("\n".join(lines), format=ox.RdfFormat.N_TRIPLES))
    first = "p0000" if direction == "downstream" else f"p{length:04}"
    start = Start((element(T + first),), frozenset([T + first]), frozenset())
    warm = WarmFlows(store, Catalogue(store, NAMES), NAMES)
    for certain in (False, True):
        answer = warm.walk(start, direction, Filters(certain=certain))
        assert [one.hops for one in answer.reached] == list(range(1, length + 1))
        assert len(answer.reached[-1].path) == length and answer.reached[-1].certainty == "declared"
