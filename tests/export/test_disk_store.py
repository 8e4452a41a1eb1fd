"""Exports of a store on disk: its graphs one by one, and what is inferred only on demand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from qe_kg import CallError
from qe_kg.cli.export import export_command
from qe_kg.opening import load_model

WriteModel = Callable[..., Path]
TEXT = """@prefix t: <https://test.example/id/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
t:A a owl:Class ; rdfs:subClassOf t:B . t:B a owl:Class . t:x a t:A ; t:size 1.50 .
"""


def _export(path: Path, store: Path, *options: str) -> list[str]:
    arguments = ["-o", str(path), "--store", str(store), *options]
    done = CliRunner().invoke(export_command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return path.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def model(write_model: WriteModel) -> Path:
    return write_model({"a.ttl": TEXT}, {"ontology": [], "shapes": [], "data": ["a.ttl"]})


def test_what_was_inferred_is_in_the_store_and_written_only_if_asked_for(model: Path, tmp_path: Path) -> None:
    load_model(model, tmp_path / "kg.db", entail=True)
    without = _export(tmp_path / "a.nq", tmp_path / "kg.db")
    inside = _export(tmp_path / "b.nq", tmp_path / "kg.db", "--with", "inferred")
    added = set(inside) - set(without)
    assert set(without) < set(inside) and not any("graph/entailed" in line for line in without)
    assert added and all(line.endswith("<https://quantumenergy.example/graph/entailed> .") for line in added)
    assert any("/id/x>" in line and "/id/B>" in line for line in added)
    assert any('"1.5"^^' in line for line in without), "the store's form of the literal, as the help says"


def test_what_was_not_inferred_cannot_be_written(model: Path, tmp_path: Path) -> None:
    load_model(model, tmp_path / "kg.db")
    with pytest.raises(CallError, match="was loaded with no OWL closure"):
        _export(tmp_path / "a.nq", tmp_path / "kg.db", "--with", "inferred")


def test_source_order_of_a_store_is_the_same_each_time(model: Path, tmp_path: Path) -> None:
    load_model(model, tmp_path / "kg.db")
    first = _export(tmp_path / "a.ttl", tmp_path / "kg.db", "--order", "source")
    assert first == _export(tmp_path / "b.ttl", tmp_path / "kg.db", "--order", "source")
    assert sorted(_export(tmp_path / "a.nt", tmp_path / "kg.db", "--order", "source")) == sorted(
        _export(tmp_path / "b.nt", tmp_path / "kg.db")
    )
