"""The public profile: what stays behind, and that nothing that is written points there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from qe_kg import open_model
from qe_kg.cli.export import export_command
from qe_kg.export.public import find_left_out
from qe_kg.namespaces import Namespaces
from qe_kg.store.files import parse_quads, read_quads

PREFIXES = """@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qed: <https://quantumenergy.example/id/> .
@prefix dpv: <https://w3id.org/dpv#> .
"""
ID = "https://quantumenergy.example/id/"
#: What a model says → what of it is not public, worked out by hand from docs/how-to/export.md.
CASES = {
    "an item of a restricted category": (
        "qed:c qe:isRestricted true . qed:i a qe:InformationItem ; qe:hasDataCategory qed:c . qed:f qe:carries qed:i .",
        {"i", "f"},
    ),
    "an item of a personal category, which may have an open one too": (
        "qed:c qe:isPersonal true ; qe:isRestricted false . qed:d qe:isPersonal false . "
        "qed:i qe:hasDataCategory qed:d , qed:c .",
        {"i"},
    ),
    "an item of an open category or of none": (
        "qed:c qe:isPersonal false ; qe:isRestricted false . qed:i qe:hasDataCategory qed:c . qed:f qe:carries qed:j .",
        set(),
    ),
    "transmission information": (
        "qed:i qe:isTransmissionInformation true . qed:j qe:isTransmissionInformation false .",
        {"i"},
    ),
    "a flow found to hold restricted payload, and not its item": (
        "qed:f qe:holdsRestrictedPayload true ; qe:carries qed:i . "
        "qed:g qe:carries qed:i ; qe:holdsRestrictedPayload false .",
        {"f"},
    ),
    "a flow that carries an open item too": (
        "qed:i qe:isTransmissionInformation true . qed:f qe:carries qed:i , qed:j .",
        {"i", "f"},
    ),
    "what speaks of a flow, at any remove": (
        "qed:f qe:holdsRestrictedPayload true . qed:s qe:statesFlow qed:f , qed:g . qed:n qe:infersFrom qed:s . "
        "qed:x qe:expandsTo qed:f . qed:b qe:atFocus qed:n . qed:find qe:beginsWith qed:f . "
        "qed:hop qe:isHopOf qed:find . qed:r qe:isAssignedFor qed:f . qed:t qe:statesElement qed:p .",
        {"f", "s", "n", "x", "b", "find", "hop", "r"},
    ),
    "a derivation of or from such an item, with its statements": (
        "qed:i qe:isTransmissionInformation true . qed:d qe:takesInput qed:i ; qe:givesOutput qed:j . "
        "qed:e qe:takesInput qed:j . qed:s qe:statesDerivation qed:d .",
        {"i", "d", "s"},
    ),
    "a consent that such a flow relies on, also where others do": (
        "qed:f qe:holdsRestrictedPayload true ; qe:isCoveredByConsent qed:c . "
        "qed:g qe:isCoveredByConsent qed:c , qed:d .",
        {"f", "c"},
    ),
    "evidence for such flows only": (
        "qed:f qe:holdsRestrictedPayload true ; qe:isPermittedBy qed:p , qed:law ; qe:isGovernedBy qed:a ; "
        "dpv:hasAssessment qed:dpia . qed:g qe:isPermittedBy qed:law .",
        {"f", "p", "a", "dpia"},
    ),
    "not what such a flow connects": (
        "qed:f qe:holdsRestrictedPayload true ; qe:hasSource qed:a ; qe:hasTarget qed:b . qed:k qe:concerns qed:f .",
        {"f"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_stays_behind(case: str) -> None:
    text, expected = CASES[case]
    left_out = find_left_out(parse_quads(PREFIXES + text, "ttl"), Namespaces())
    assert left_out.names == {ID + name for name in expected}


def _export(path: Path, *arguments: str) -> tuple[list[ox.Quad], str]:
    done = CliRunner().invoke(export_command, ["-o", str(path), *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return list(read_quads(path)), done.stderr


@pytest.mark.parametrize("options", [(), ("--no-inferences",), ("--only", "data", "--only", "baseline")])
def test_of_the_packaged_model_nothing_that_is_not_public_is_named(options: tuple[str, ...], tmp_path: Path) -> None:
    model = open_model()
    closed = {
        row[0].value
        for row in model.store.select(
            "PREFIX qe: <https://quantumenergy.example/ns/> SELECT DISTINCT ?x WHERE { "
            "{ ?x qe:hasDataCategory/(qe:isRestricted|qe:isPersonal) true } UNION "
            "{ ?x qe:carries/qe:hasDataCategory/(qe:isRestricted|qe:isPersonal) true } }"
        ).rows
        if row[0]
    }
    assert len(closed) > 20
    public, told = _export(tmp_path / "public.nq", "--profile", "public", *options)
    whole, _ = _export(tmp_path / "whole.nq", *options)
    assert "left out as not public: " in told and "qe:InformationFlow" in told
    written = (tmp_path / "public.nq").read_text(encoding="utf-8")
    assert not any(f"<{one}>" in written for one in closed)
    assert set(public) < set(whole)
    subjects, before = {quad.subject for quad in public}, {quad.subject for quad in whole}
    assert {quad.object for quad in public} & before <= subjects, "no reference leads to what was left out"
    # Whatever is missing is missing for its subject or its value: what is left is left whole.
    gone = before - subjects
    assert {quad for quad in whole if quad.subject not in gone and quad.object not in gone} == set(public)


def test_a_store_on_disk_leaves_out_the_same(write_model: Callable[..., Path], tmp_path: Path) -> None:
    from qe_kg.opening import load_model

    text = PREFIXES + CASES["an item of a restricted category"][0] + "qed:g qe:carries qed:j ."
    directory = write_model({"a.ttl": text}, {"ontology": [], "shapes": [], "data": ["a.ttl"]})
    load_model(directory, tmp_path / "kg.db")
    from_files, told = _export(tmp_path / "a.nt", "--profile", "public", "--model", str(directory))
    from_store, again = _export(tmp_path / "b.nt", "--profile", "public", "--store", str(tmp_path / "kg.db"))
    assert from_files == from_store and len(from_files) == 2
    said = "left out as not public: 2 elements (1 qe:InformationItem)"
    assert said in told.splitlines() and said in again.splitlines()
