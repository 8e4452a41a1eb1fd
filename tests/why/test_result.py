"""Why a result is there: by hand, and by taking out each triple that is said to be behind it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import open_model
from qe_kg.change import Change
from qe_kg.drawing import draw
from qe_kg.errors import UnknownNameError
from qe_kg.model import Model
from qe_kg.why import Reason, diagram_of_reason, why_result

pytestmark = pytest.mark.xdist_group("why-result")
Run = Callable[..., "subprocess.CompletedProcess[str]"]
DATA = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .

t:grid a qe:ValueStream ;
    skos:notation "GRID-01" ;
    skos:prefLabel "Grid"@en ;
    qe:inZone qev:zone-regulated .

t:shop a qe:ValueStream ;
    skos:notation "SHOP-01" ;
    skos:prefLabel "Shop"@en ;
    qe:inZone qev:zone-non-regulated .

t:reads a qe:InformationItem ;
    skos:prefLabel "Reads"@en .

t:flow a qe:InformationFlow ;
    skos:prefLabel "Reads: Grid → Shop"@en ;
    qe:hasSource t:grid ;
    qe:hasTarget t:shop ;
    qe:carries t:reads .

t:bare a qe:InformationItem .
"""
ROLES = {"ontology": ["builtin"], "shapes": ["builtin"], "data": ["data.ttl"], "queries": ["builtin"]}
FLOW = "https://test.example/id/flow"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("why")
    lists = "".join(f"{role} = {json.dumps(names)}\n" for role, names in ROLES.items())
    manifest = f'[model]\nname = "t"\nnamespace = "https://test.example/id/"\nprefix = "t"\n[files]\n{lists}'
    (folder / "qe-kg.toml").write_text(manifest, encoding="utf-8")
    (folder / "data.ttl").write_text(DATA, encoding="utf-8")
    return open_model(folder)


def _told(reason: Reason, kind: str) -> list[tuple[str, str]]:
    """The reasons of a kind: text, and line and column in the data."""
    return [
        (one.text, f"{one.place.line}:{one.place.column}" if one.place and one.place.file.endswith("data.ttl") else "")
        for one in reason.walk()
        if one.kind == kind
    ]


def test_which_triples_met_and_which_was_missing(model: Model) -> None:
    reason = why_result(model, "Reads: Grid → Shop", "SEP-02")
    assert reason is not None
    assert reason.text == "SEP-02 at Reads: Grid → Shop" and reason.note == "Violation, open"
    assert _told(reason, "triple") == [
        ("t:flow a qe:InformationFlow", "19:10"),
        ("t:flow qe:hasSource t:grid", "21:18"),
        ("t:grid qe:inZone qev:zone-regulated", "9:15"),
        ("t:flow qe:hasTarget t:shop", "22:18"),
        ("t:shop qe:inZone qev:zone-non-regulated", "14:15"),
    ]
    assert _told(reason, "missing") == [("missing: qe:isPermittedBy", "23:23")]
    (shape,) = (one for one in reason.walk() if one.kind == "shape")
    assert shape.text == "said by qesh:SEP-02" and shape.place is not None
    assert shape.place.file.endswith("shapes/policy/separation.ttl") and shape.place.line


def test_without_any_of_the_triples_that_met_the_result_is_gone(model: Model) -> None:
    reason = why_result(model, FLOW, "SEP-02")
    assert reason is not None
    lines = DATA.splitlines()
    places = [one.place for one in reason.walk() if one.kind == "triple"]
    assert len(places) == 5
    quads = list(model.quads("data"))
    for place in places:
        assert place is not None and place.column and place.end_column
        name = lines[(place.line or 0) - 1][place.column - 1 : place.end_column - 1]
        value = model.namespaces.expand(name)
        behind = [quad for quad in quads if getattr(quad.object, "value", "") == value]
        assert behind, name
        changed = model.changed(Change((), tuple(behind)))
        assert not any((one.rule, one.focus) == ("SEP-02", FLOW) for one in changed.validate().results), name


def test_a_result_of_a_shape_that_is_of_no_rule(model: Model) -> None:
    reason = why_result(model, "t:bare", "CORE-02")
    assert reason is not None
    assert _told(reason, "missing") == [("missing: skos:prefLabel", "25:28")]
    (shape,) = (one for one in reason.walk() if one.kind == "shape")
    assert shape.text == "said by qesh:ArchitectureElementShape-prefLabel" and shape.note == "sh:qualifiedMinCount"
    assert why_result(model, "t:bare", "qesh:ArchitectureElementShape-prefLabel") == reason
    assert why_result(model, "t:reads", "SEP-02") is None
    with pytest.raises(UnknownNameError, match="SEP-02"):
        why_result(model, "t:reads", "SEP-2")
    with pytest.raises(UnknownNameError):
        why_result(model, "t:nobody", "SEP-02")


def test_a_finding_along_a_path_tells_its_flows(qe_kg: Run) -> None:
    focus = "qed:conduit-sep-03-from-rcv-01-esv-04-customer-data-to-esv-01-ncv-01-strategic-guidance"
    reason = json.loads(qe_kg("why", "--result", focus, "SEP-03", "--format", "json").stdout)
    (applies,) = (one for one in reason["because"] if one["kind"] == "applies")
    assert [one["text"] for one in applies["because"]] == [
        "Customer Data: RCV-01 → ESV-04", "Analytics: ESV-04 → ESV-01", "Strategic Guidance: ESV-01 → NCV-01",
    ]  # fmt: skip
    assert all(one["place"]["line"] for one in applies["because"])


def test_the_formats_show_the_same_tree(model: Model, qe_kg: Run) -> None:
    folder: Path = model.manifest.directory
    call = ("why", "--result", "t:flow", "SEP-02", "--model", folder, "--format")
    reason = why_result(model, FLOW, "SEP-02")
    assert reason is not None
    boxes = list(reason.walk())
    document = reason.to_dict()
    assert document["kind"] == "result" and len(document["because"]) == len(reason.below)
    mermaid = draw(diagram_of_reason(reason, "Why?", "legend"), "mermaid")
    assert mermaid.count("-->") == len(boxes) - 1
    table = qe_kg(*call, "table").stdout
    assert len(table.splitlines()) == len(boxes) and "missing: qe:isPermittedBy" in table
    wrong = qe_kg("why", "--result", "t:reads", "--model", folder)
    assert wrong.returncode == 2 and "FOCUS RULE" in wrong.stderr and wrong.stdout == ""
