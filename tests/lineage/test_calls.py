"""Wrong calls, and models whose flows are at fault: what a person is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qe_kg import (
    AmbiguousNameError,
    CallError,
    ManifestError,
    Model,
    QueryError,
    ReadError,
    UnknownNameError,
    open_model,
)
from qe_kg.cli import main, qe_kg

QUANTUM_ENERGY = Path(__file__).resolve().parents[2] / "data" / "quantum-energy"

MANIFEST = """\
[model]
name = "Small"
namespace = "https://small.example/id/"
prefix = "s"

[files]
shapes = []
queries = []
data = ["data.ttl"]
"""
DATA = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix s: <https://small.example/id/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

s:a a qe:ValueStream ; skos:notation "A-1" ; skos:prefLabel "Alpha"@en .
s:b a qe:ValueStream ; skos:notation "B-1" ; skos:prefLabel "Beta"@en .
s:c a qe:ValueStream ; skos:notation "C-1" ; skos:prefLabel "Gamma"@en .
s:i a qe:InformationItem ; skos:prefLabel "Item"@en .
s:f a qe:InformationFlow ; qe:hasSource s:a ; qe:hasTarget s:b ; qe:carries s:i .
"""


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(QUANTUM_ENERGY)


def small_model(directory: Path, more: str = "") -> Model:
    (directory / "qe-kg.toml").write_text(MANIFEST, encoding="utf-8")
    (directory / "data.ttl").write_text(DATA + more, encoding="utf-8")
    return open_model(directory)


# --- wrong calls --------------------------------------------------------------------------------------------


def test_no_name_is_refused(model: Model) -> None:
    with pytest.raises(CallError, match="at least one"):
        model.impact()


@pytest.mark.parametrize("options", [{"basis": "painted"}, {"depth": -1}])
def test_wrong_option_is_refused(model: Model, options: dict[str, Any]) -> None:
    with pytest.raises(CallError):
        model.trace("AOV-04", **options)


def test_unknown_zone_tells_the_nearest(model: Model) -> None:
    with pytest.raises(UnknownNameError, match="zone") as caught:
        model.impact("AOV-04", zone="non regulated")
    assert any("on-regulated" in candidate for candidate in caught.value.candidates)


@pytest.mark.parametrize("zone", ["non-regulated", "Non-regulated", "qev:zone-non-regulated", "NON-REGULATED"])
def test_zone_is_named_by_notation_label_or_curie(model: Model, zone: str) -> None:
    codes = {one.code for one in model.impact("AOV-04", basis="drawn", zone=zone).reached}
    assert codes == {"NCV-01", "NCV-02", "SMV-03"}


def test_item_filter_takes_items_only(model: Model) -> None:
    with pytest.raises(UnknownNameError):
        model.impact("AOV-04", item="Meter Reading")


def test_a_zone_or_a_section_is_no_start(model: Model) -> None:
    for name in ("qev:zone-regulated", "qed:document-section-line-030"):
        with pytest.raises(UnknownNameError):
            model.impact(name)


def test_one_unknown_name_among_several_refuses_all(model: Model) -> None:
    with pytest.raises(UnknownNameError, match="AOV-99"):
        model.impact("AOV-04", "AOV-99")


def test_ambiguous_name_lists_candidates(model: Model) -> None:
    with pytest.raises(AmbiguousNameError) as caught:
        model.impact("Smart Device Data")
    assert caught.value.candidates == (
        "qed:information-concept-smart-device-data",
        "qed:information-item-smart-device-data",
    )
    for candidate in caught.value.candidates:
        assert model.impact(candidate).reached


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["impact", "AOV-4"], 2),
        (["impact"], 2),
        (["impact", "AOV-04", "--depth", "-1"], 2),
        (["impact", "AOV-04", "--zone", "nowhere"], 2),
        (["trace", "Smart Device Data"], 2),
        (["impact", "AOV-04", "--model", "no/such/folder"], 3),
        (["impact", "AMI systems", "--depth", "0"], 0),
    ],
)
def test_exit_code(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["qe-kg", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == code
    captured = capsys.readouterr()
    assert bool(captured.out) == (code == 0)
    assert "Traceback" not in captured.err


def test_unknown_participant_is_told_with_the_nearest_name() -> None:
    error = CliRunner().invoke(qe_kg, ["impact", "AOV-4"]).exception
    assert isinstance(error, UnknownNameError)
    assert "AOV-04" in error.candidates and "'AOV-04'" in str(error)


# --- flows as a model may have them --------------------------------------------------------------------------


def test_flow_without_item_is_walked(tmp_path: Path) -> None:
    more = "s:g a qe:InformationFlow ; qe:hasSource s:b ; qe:hasTarget s:c .\n"
    answer = small_model(tmp_path, more).impact("A-1")
    assert [(one.code, one.hops, one.certainty) for one in answer.reached] == [
        ("B-1", 1, "declared"),
        ("C-1", 2, "possible"),
    ]


def test_flow_without_a_statement_has_basis_none_and_is_walked_only_by_all(tmp_path: Path) -> None:
    model = small_model(tmp_path)
    assert [flow.basis for flow in model.impact("A-1").flows] == ["none"]
    assert not model.impact("A-1", basis="drawn").reached
    assert not model.impact("A-1", basis="stated").reached


def test_flow_with_several_items_is_one_flow(tmp_path: Path) -> None:
    more = 's:f qe:carries s:j . s:j a qe:InformationItem ; skos:prefLabel "Other"@en .\n'
    answer = small_model(tmp_path, more).impact("A-1").to_dict()
    assert [(flow["item"], flow["items"]) for flow in answer["flows"]] == [
        ("https://small.example/id/i", ["https://small.example/id/i", "https://small.example/id/j"])
    ]


def test_participant_without_name_gets_the_end_of_its_iri(tmp_path: Path) -> None:
    more = "s:g a qe:InformationFlow ; qe:hasSource s:b ; qe:hasTarget s:unnamed-thing .\n"
    reached = small_model(tmp_path, more).impact("B-1").reached
    assert [(one.code, one.element.label) for one in reached] == [(None, "unnamed-thing")]


def test_external_zone_stops_a_path_also_where_its_namespace_has_two_prefixes(tmp_path: Path) -> None:
    """A manifest may name the namespace of the lists as the model's own, and give it a prefix."""
    more = (
        "s:b qe:inZone qev:zone-external .\n"
        "s:g a qe:InformationFlow ; qe:hasSource s:b ; qe:hasTarget s:c ; qe:carries s:i .\n"
    )
    small_model(tmp_path, more)
    manifest = MANIFEST.replace("https://small.example/id/", "https://quantumenergy.example/vocab/")
    (tmp_path / "qe-kg.toml").write_text(manifest, encoding="utf-8")
    try:
        model = open_model(tmp_path)
    except ManifestError:
        return  # refusing such a manifest is as good
    assert [one.code for one in model.impact("A-1").reached] == ["B-1"]
    assert [one.element.zone for one in model.impact("A-1", zone="external").reached] == ["qev:zone-external"]


FAULTS = {
    "a text as target": 's:g a qe:InformationFlow ; qe:hasSource s:a ; qe:hasTarget "B-1" ; qe:carries s:i .',
    "a text as source": 's:g a qe:InformationFlow ; qe:hasSource "A-1" ; qe:hasTarget s:b ; qe:carries s:i .',
    "a text as item": 's:g a qe:InformationFlow ; qe:hasSource s:a ; qe:hasTarget s:b ; qe:carries "Item" .',
    "a nameless node as target": "s:g a qe:InformationFlow ; qe:hasSource s:a ; qe:hasTarget [ a qe:ValueStream ] .",
    "a line that is no number": (
        's:st a qe:FlowStatement ; qe:statesFlow s:f ; qe:medium qev:medium-prose ; qe:atLine "twelve" .'
    ),
    "a line that is no whole number": (
        "s:st a qe:FlowStatement ; qe:statesFlow s:f ; qe:medium qev:medium-prose ; qe:atLine 12.5 ."
    ),
    "a derivation of a text": (
        's:d a qe:Derivation ; qe:isDerivedAt s:b ; qe:takesInput "Item" ; qe:givesOutput s:i .'
    ),
    "a flow with a source only": "s:g a qe:InformationFlow ; qe:hasSource s:a .",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_in_the_data_does_not_look_like_a_fault_of_the_tool(tmp_path: Path, fault: str) -> None:
    """Such data are what `validate` is for. Impact either answers from the rest or says what it cannot read."""
    model = small_model(tmp_path, FAULTS[fault])
    try:
        answer = model.impact("A-1")
    except QueryError as error:
        pytest.fail(f"a query of the tool itself failed: {error}")
    except ReadError:
        return
    assert "B-1" in [one.code for one in answer.reached]
    assert model.lineage_diagram(answer).nodes
