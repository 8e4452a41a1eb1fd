"""The JSON form of an answer: exactly the documented keys, the documented values, nothing else."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qe_kg import Lineage, Model, open_model
from qe_kg.catalogue import Element
from qe_kg.cli import qe_kg
from qe_kg.lineage import Flow

ROOT = Path(__file__).resolve().parents[2]
MODELS = {
    "quantum-energy": ROOT / "data" / "quantum-energy",
    "riverside-clinic": ROOT / "examples" / "riverside-clinic",
}

ANSWER_KEYS = ["start", "direction", "depth", "basis", "tell", "reached", "flows"]
REACHED_KEYS = ["id", "code", "label", "type", "zone", "hops", "certainty", "path"]
FLOW_KEYS = ["id", "source", "target", "item", "lines", "basis", "modalities", "crossing", "through"]

every_model = pytest.mark.parametrize("name", MODELS)


@cache
def model_named(name: str) -> Model:
    return open_model(MODELS[name])


@cache
def answers(name: str) -> list[dict[str, Any]]:
    """Every impact and trace of one participant, and of one flow of each participant."""
    model = model_named(name)
    edges = model.flow_graph.edges
    starts = sorted({edge.source for edge in edges} | {edge.target for edge in edges})
    starts += [edge.iri for edge in edges[:10]]
    return [ask(start).to_dict() for start in starts for ask in (model.impact, model.trace)]


def is_iri(value: object) -> bool:
    return isinstance(value, str) and value.startswith("https://")


@every_model
def test_answer_has_exactly_the_documented_keys(name: str) -> None:
    for answer in answers(name):
        assert list(answer) == ANSWER_KEYS
        assert all(is_iri(one) for one in answer["start"])
        assert answer["direction"] in ("downstream", "upstream")
        assert answer["depth"] is None
        assert answer["basis"] == "all"


@every_model
def test_reached_has_exactly_the_documented_keys(name: str) -> None:
    every = [one for answer in answers(name) for one in answer["reached"]]
    assert every
    for one in every:
        assert list(one) == REACHED_KEYS
        assert is_iri(one["id"])
        assert one["code"] is None or isinstance(one["code"], str)
        assert isinstance(one["label"], str) and one["label"]
        assert one["type"].startswith("qe:")
        assert one["zone"] is None or one["zone"].startswith("qev:zone-")
        assert type(one["hops"]) is int and one["hops"] >= 1
        assert one["certainty"] in ("declared", "possible")
        assert len(one["path"]) == one["hops"] and all(is_iri(flow) for flow in one["path"])


@every_model
def test_flow_has_exactly_the_documented_keys(name: str) -> None:
    every = [flow for answer in answers(name) for flow in answer["flows"]]
    assert every
    for flow in every:
        assert list(flow) == FLOW_KEYS
        assert is_iri(flow["id"]) and is_iri(flow["source"]) and is_iri(flow["target"])
        assert flow["item"] is None or is_iri(flow["item"])
        assert all(type(line) is int for line in flow["lines"])
        assert flow["lines"] == sorted(set(flow["lines"]))
        assert flow["basis"] in ("drawn", "stated", "both", "none")
        assert all(one.startswith("qev:modality-") for one in flow["modalities"])
        assert bool(flow["modalities"]) == (flow["basis"] != "none")  # every statement has a modality
        assert flow["crossing"] is None or len(set(flow["crossing"])) == 2
        assert all(is_iri(one) for one in flow["through"])


@every_model
def test_the_zones_of_a_crossing_are_those_of_the_ends(name: str) -> None:
    elements = model_named(name).flow_graph.elements
    crossings = 0
    for flow in (flow for answer in answers(name) for flow in answer["flows"]):
        zones = [elements[flow[end]].zone for end in ("source", "target")]
        assert flow["crossing"] == (zones if None not in zones and zones[0] != zones[1] else None)
        crossings += flow["crossing"] is not None
    assert crossings


@every_model
def test_every_flow_of_a_path_is_in_the_edge_set_and_the_path_hangs_together(name: str) -> None:
    for answer in answers(name):
        flows = {flow["id"]: flow for flow in answer["flows"]}
        leaves, arrives = ("source", "target") if answer["direction"] == "downstream" else ("target", "source")
        for one in answer["reached"]:
            path = [flows[iri] for iri in one["path"]]
            assert path[-1][arrives] == one["id"]
            assert all(before[arrives] == after[leaves] for before, after in itertools.pairwise(path))
            begins = path[0][leaves]
            stream = re.sub(r"/value-stream-stage-(.*)-\d+$", r"/value-stream-\1", begins)  # a stage starts with it
            assert {path[0]["id"], begins, stream} & set(answer["start"])


def test_flow_with_several_items_names_the_first_and_lists_all() -> None:
    flow = Flow("f", "a", "b", ("x", "y"), (3, 5), "drawn").to_dict()
    assert flow == {
        "id": "f", "source": "a", "target": "b", "item": "x", "items": ["x", "y"], "lines": [3, 5], "basis": "drawn"
    }  # fmt: skip


def test_flow_without_item_has_null() -> None:
    flow = Flow("f", "a", "b", (), (), "none").to_dict()
    assert flow == {"id": "f", "source": "a", "target": "b", "item": None, "lines": [], "basis": "none"}


def test_options_are_told_back() -> None:
    answer = model_named("quantum-energy").trace("REV-01", "REV-02", depth=2, basis="drawn").to_dict()
    assert (answer["direction"], answer["depth"], answer["basis"]) == ("upstream", 2, "drawn")
    base = "https://quantumenergy.example/id/"
    assert answer["start"] == [f"{base}value-stream-rev-01", f"{base}value-stream-rev-02"]


def test_start_is_the_order_of_the_call() -> None:
    answer = model_named("quantum-energy").impact("SMV-03", "AOV-04", depth=0)
    assert [element.code for element in answer.start] == ["SMV-03", "AOV-04"]


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["impact", "AOV-04", "--basis", "drawn", "--depth", "2"], {"basis": "drawn", "depth": 2}),
        (["impact", "REV-01", "--through-external", "--depth", "3"], {"through_external": True, "depth": 3}),
        (["trace", "SMV-03", "--item", "Grid Telemetry"], {"item": "Grid Telemetry"}),
        (["trace", "REV-01"], {}),
    ],
)  # fmt: skip
def test_command_line_and_python_give_the_same_json(arguments: list[str], options: dict[str, Any]) -> None:
    result = CliRunner().invoke(
        qe_kg, [*arguments, "--format", "json", "--model", str(MODELS["quantum-energy"])], catch_exceptions=False
    )
    model = model_named("quantum-energy")
    ask = model.impact if arguments[0] == "impact" else model.trace
    assert json.loads(result.stdout) == ask(arguments[1], **options).to_dict()


def test_an_answer_is_frozen() -> None:
    answer = model_named("quantum-energy").impact("AOV-04")
    for thing, attribute in ((answer, "depth"), (answer.reached[0], "hops"), (answer.flows[0], "basis")):
        with pytest.raises(AttributeError):
            setattr(thing, attribute, 0)


def test_names_and_lineage_are_what_the_package_exports() -> None:
    answer = model_named("quantum-energy").impact("AOV-04")
    assert isinstance(answer, Lineage)
    assert all(isinstance(element, Element) for element in answer.elements.values())
