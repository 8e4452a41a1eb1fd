"""A store on disk answers as the model in memory does, and says when the model has changed since it was loaded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qe_kg import CallError, Model, ReadError, UnknownNameError, open_model
from qe_kg.cli import qe_kg
from qe_kg.generate import Enterprise, write_model
from qe_kg.opening import load_model

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = {"quantum-energy": ROOT / "data" / "quantum-energy", "clinic": ROOT / "examples" / "riverside-clinic"}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Model, Model]]:
    folder = tmp_path_factory.mktemp("stores")

    @cache
    def both(name: str) -> tuple[Model, Model]:
        if name == "enterprise":
            directory = folder / "enterprise-model"
            write_model(Enterprise(400, seed=4), directory)
        else:
            directory = SHIPPED[name]
        load_model(directory, folder / name)
        return open_model(directory), open_model(store=folder / name)

    return both


@pytest.mark.xdist_group("stores-on-disk")
@pytest.mark.parametrize("name", ["quantum-energy", "enterprise"])
@pytest.mark.parametrize("depth", [None, 2])
def test_on_disk_and_in_memory_give_equal_answers(
    stores: Callable[[str], tuple[Model, Model]], name: str, depth: int | None
) -> None:
    memory, disk = stores(name)
    edges = memory.flow_graph.edges
    starts = sorted({edge.source for edge in edges} | {edge.target for edge in edges})
    starts += [edges[0].iri, *sorted({item for edge in edges for item in edge.items})[:3]]
    for start in starts[:: max(1, len(starts) // 3)]:
        for options in ({}, {"certain": True}, {"basis": "stated", "through_external": True}):
            asked: dict[str, Any] = {"depth": depth, **options}
            assert disk.impact(start, **asked).to_dict() == memory.impact(start, **asked).to_dict()
            assert disk.trace(start, **asked).to_dict() == memory.trace(start, **asked).to_dict()


@pytest.mark.xdist_group("stores-on-disk")
def test_a_query_gives_equal_answers(stores: Callable[[str], tuple[Model, Model]]) -> None:
    memory, disk = stores("quantum-energy")
    for query in ("separation/count-flows-by-zone-pair", "provenance/list-inferences"):
        assert disk.query(query) == memory.query(query)
    assert disk.query("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }") == memory.query(
        "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"
    )


@pytest.mark.xdist_group("stores-on-disk")
def test_unknown_names_are_told_with_the_nearest(stores: Callable[[str], tuple[Model, Model]]) -> None:
    with pytest.raises(UnknownNameError, match="AOV-04"):
        stores("quantum-energy")[1].impact("AOV-4", depth=1)


def test_large_files_are_read_twice_and_hold_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "model"
    write_model(Enterprise(60), directory)
    manifest = directory / "qe-kg.toml"
    manifest.write_text(manifest.read_text().replace('["builtin"]', "[]"))
    usual = load_model(directory, tmp_path / "usual").query("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
    monkeypatch.setattr("qe_kg.store.embedded._LARGE", 100)
    twice = load_model(directory, tmp_path / "twice").query("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
    assert twice == usual


TINY = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix t: <https://test.example/id/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
t:a a qe:ValueStream ; skos:notation "A-1" .
t:b a qe:ValueStream ; skos:notation "B-1" .
t:f a qe:InformationFlow ; qe:hasSource t:a ; qe:hasTarget t:b .
"""
ROLES = {"ontology": ["terms.ttl"], "data": ["data.ttl"], "shapes": [], "queries": []}
TERMS = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
qe:ValueStream a owl:Class ; rdfs:subClassOf qe:Participant .
"""


@pytest.fixture
def model_directory(tmp_path: Path, write_model: Callable[..., Path]) -> Path:
    directory = write_model({"data.ttl": TINY, "terms.ttl": TERMS}, ROLES)
    load_model(directory, tmp_path / "kg.db")
    return directory


def stale(directory: Path) -> list[str]:
    return [Path(one).name for one in open_model(store=directory.parent / "kg.db").stale]


def test_a_store_tells_which_files_changed_since(model_directory: Path) -> None:
    data, manifest = model_directory / "data.ttl", model_directory / "qe-kg.toml"
    assert stale(model_directory) == []
    os.utime(data, (1, 1))
    assert stale(model_directory) == []  # only touched
    data.write_text(TINY.replace("B-1", "B-2"))
    assert stale(model_directory) == ["data.ttl"]  # of the same size
    data.write_text(TINY + "# longer")
    assert stale(model_directory) == ["data.ttl"]
    data.write_text(TINY)
    assert stale(model_directory) == []
    (model_directory / "more.ttl").write_text("")
    manifest.write_text(manifest.read_text().replace('["data.ttl"]', '["data.ttl", "more.ttl"]'))
    assert stale(model_directory) == ["more.ttl"]


def test_the_command_warns_of_an_old_store(model_directory: Path) -> None:
    (model_directory / "data.ttl").write_text(TINY + "# changed")
    store = str(model_directory.parent / "kg.db")
    asked = CliRunner().invoke(qe_kg, ["impact", "A-1", "--store", store, "--format", "json"], catch_exceptions=False)
    assert "data.ttl changed since it was loaded" in asked.stderr
    assert [one["code"] for one in json.loads(asked.stdout)["reached"]] == ["B-1"]


def test_the_command_loads(model_directory: Path) -> None:
    store = model_directory.parent / "new.db"
    done = CliRunner().invoke(qe_kg, ["load", str(model_directory), "--store", str(store)], catch_exceptions=False)
    assert done.exit_code == 0 and "loaded into" in done.stderr
    assert open_model(store=store).impact("A-1").reached


def test_loading_again_replaces_what_was_there(model_directory: Path, write_model: Callable[..., Path]) -> None:
    store = model_directory.parent / "kg.db"
    other = write_model({"data.ttl": TINY.replace("A-1", "C-1"), "terms.ttl": TERMS}, ROLES, name="other")
    load_model(other, store)
    model = open_model(store=store)
    assert model.impact("C-1", depth=1).reached and model.impact("C-1").reached
    with pytest.raises(UnknownNameError):
        model.impact("A-1")


def test_several_may_ask_at_once(model_directory: Path) -> None:
    store = model_directory.parent / "kg.db"
    first, second = open_model(store=store), open_model(store=store)
    assert first.impact("A-1", depth=1) == second.impact("A-1", depth=1)


def test_a_question_about_something_else_is_refused(model_directory: Path) -> None:
    store = model_directory.parent / "kg.db"
    with pytest.raises(CallError, match="with inferences"):
        open_model(store=store, include_inferences=False)
    with pytest.raises(CallError, match="no OWL closure"):
        open_model(store=store, entail=True)
    with pytest.raises(CallError, match="another model"):
        open_model(SHIPPED["quantum-energy"], store=store)


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "nowhere", tmp_path, tmp_path / "file"):
        with pytest.raises(ReadError, match="qe-kg load"):
            open_model(store=folder)
    with pytest.raises(CallError, match="not empty"):
        load_model(SHIPPED["clinic"], tmp_path)


def test_a_load_that_stopped_half_way_leaves_no_store(model_directory: Path) -> None:
    (model_directory / "data.ttl").write_text("this is no Turtle")
    with pytest.raises(ReadError):
        load_model(model_directory, model_directory.parent / "kg.db")
    with pytest.raises(ReadError, match="no loaded model"):
        open_model(store=model_directory.parent / "kg.db")


@pytest.mark.parametrize("damage", ["not json", '{"form": 99}', '{"form": 1}', "[]"])
def test_a_damaged_stamp_is_told(tmp_path: Path, damage: str) -> None:
    (tmp_path / "qe-kg-store.json").write_text(damage)
    with pytest.raises(ReadError, match="load a model into it"):
        open_model(store=tmp_path)
