"""Scenarios and changes: the model as it would be, with nothing written; and every way in which one can be wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pyoxigraph as ox
import pytest

from qe_kg import Change, ChangeError, ManifestError, UnknownNameError, cli, open_model
from qe_kg.assets import packaged_model

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix qe: <https://quantumenergy.example/ns/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .
"""
BASE = PREFIXES + """t:a a qe:Stakeholder ; skos:prefLabel "A"@en .
t:b a qe:Stakeholder ; skos:prefLabel "B"@en .
t:c a qe:Stakeholder ; skos:prefLabel "C"@en .
t:i a qe:InformationItem ; skos:prefLabel "I"@en .
t:ab a qe:InformationFlow ; skos:prefLabel "A to B"@en ; qe:hasSource t:a ; qe:hasTarget t:b ; qe:carries t:i .
"""  # fmt: skip
ADDED = PREFIXES + """t:bc a qe:InformationFlow ; skos:prefLabel "B to C"@en ;
    qe:hasSource t:b ; qe:hasTarget t:c ; qe:carries t:i .
t:ab qe:hasTarget t:c .
"""  # fmt: skip
REMOVED = PREFIXES + "\nt:ab\n    qe:hasTarget t:b .\n"
KNOWN = PREFIXES + """t:k a qe:BaselineEntry ; skos:prefLabel "K"@en ; qe:ofRule "X-01" ; qe:atFocus t:ab ;
    qe:since "2025-01-01"^^<http://www.w3.org/2001/XMLSchema#date> ; qe:reason "r" .
"""  # fmt: skip
MANIFEST = """[model]
name = "Test"
namespace = "https://test.example/id/"
prefix = "t"
[files]
data = ["**/*.ttl"]
shapes = []
{roles}
[scenarios.else]
title = "were it else"
add = ["else/*.ttl"]
remove = ["else/removed.ttl"]
"""


@pytest.fixture
def model(write_model: WriteModel) -> Path:
    files = {"data.ttl": BASE, "known.ttl": KNOWN, "else/more.ttl": ADDED, "else/removed.ttl": REMOVED}
    return write_model(files, manifest=MANIFEST.format(roles='baseline = ["known.ttl"]'))


def _edges(path: Path, scenario: str | None = None) -> set[tuple[str, str]]:
    edges = open_model(path, scenario=scenario).flow_graph.edges
    return {(edge.source[-1], edge.target[-1]) for edge in edges}


def test_a_scenario_adds_and_takes_away_and_leaves_the_model_alone(model: Path) -> None:
    assert _edges(model) == {("a", "b")}, "a pattern of the model does not find the scenario's files"
    assert _edges(model, "else") == {("a", "c"), ("b", "c")}


def test_an_export_of_a_scenario_is_its_triples_and_no_others(model: Path, tmp_path: Path) -> None:
    opened = open_model(model, scenario="else")
    opened.export(tmp_path / "out.nt", "nt", roles=["data"])
    lines = set((tmp_path / "out.nt").read_text(encoding="utf-8").splitlines())
    base, more, gone = (
        {f"{quad.triple} ." for quad in ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)}
        for text in (BASE, ADDED, REMOVED)
    )
    assert lines == (base | more) - gone and gone


def test_the_baseline_of_the_model_is_not_that_of_a_scenario(model: Path) -> None:
    def rules(scenario: str | None) -> list[str]:
        return [result.rule for result in open_model(model, scenario=scenario).validate().results]

    assert rules(None) == ["BASE-01"], "the entry answers to nothing and is stale"
    assert rules("else") == []


def test_a_scenario_may_name_a_baseline_of_its_own(write_model: WriteModel) -> None:
    files = {"data.ttl": BASE, "else/more.ttl": ADDED, "else/removed.ttl": REMOVED, "else/known.ttl": KNOWN}
    text = MANIFEST.format(roles="") + 'baseline = ["else/known.ttl"]\n'
    opened = open_model(write_model(files, manifest=text), scenario="else")
    assert [result.rule for result in opened.validate().results] == ["BASE-01"]
    assert [file.name for file in opened.manifest.of_role("baseline")] == ["else/known.ttl"]
    assert [file.name for file in opened.manifest.of_role("data")] == ["data.ttl", "else/more.ttl"]


def test_what_a_scenario_takes_away_must_be_there(write_model: WriteModel) -> None:
    files = {"data.ttl": BASE, "else/more.ttl": ADDED, "else/removed.ttl": REMOVED + "t:ab qe:hasTarget t:d .\n"}
    directory = write_model(files, manifest=MANIFEST.format(roles=""))
    with pytest.raises(
        ManifestError, match=r"(?s)scenario else takes away.*removed\.ttl:7:19: t:ab qe:hasTarget t:d \."
    ):
        open_model(directory, scenario="else")
    assert open_model(directory).flow_graph.edges, "the model itself is sound"


def test_an_unknown_scenario_has_its_nearest_names(model: Path, write_model: WriteModel) -> None:
    with pytest.raises(UnknownNameError, match="no scenario 'els'; the nearest names are else") as caught:
        open_model(model, scenario="els")
    assert caught.value.candidates == ("else",)
    with pytest.raises(UnknownNameError, match="no scenario 'x': the model Test has none"):
        open_model(write_model({"data.ttl": BASE}, name="other"), scenario="x")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[scenarios]\nx = "folder"\n', r"\[scenarios.x\] must be a table"),
        ("[scenarios.x]\n", r"\[scenarios.x\] names no file"),
        ('[scenarios.x]\nadd = "a.ttl"\n', r"\[scenarios.x\] add must be a list of paths"),
        ('[scenarios.x]\nadd = ["a.ttl"]\n', r"\[scenarios.x\] add names 'a.ttl', but there is no such file"),
        ('[scenarios.x]\nadds = ["a.ttl"]\n', r"\[scenarios.x\] has an unknown key 'adds'; known are add, baseline"),
        ('[scenarios.x]\ntitle = 1\nadd = ["data.ttl"]\n', r"\[scenarios.x\] title must be a text"),
        ("scenarios = 1\n", r"the table \[scenarios\] is missing"),
        ("[validation]\nprofiles = 'eu'\n", r"\[validation\] profiles must be a list of names"),
        ("[validation]\nprofile = ['eu']\n", r"\[validation\] has an unknown key 'profile'"),
    ],
)
def test_a_wrong_table_is_an_error_that_says_where(text: str, problem: str, write_model: WriteModel) -> None:
    top = text if text.startswith("scenarios") else ""
    manifest = f'{top}[model]\nname = "Test"\n[files]\ndata = ["data.ttl"]\n{"" if top else text}'
    with pytest.raises(ManifestError, match=problem):
        open_model(write_model({"data.ttl": BASE}, manifest=manifest))


def _quads(text: str) -> tuple[ox.Quad, ...]:
    return tuple(ox.parse((PREFIXES + text).encode(), format=ox.RdfFormat.TURTLE))


def test_a_model_can_be_changed_and_changed_back(model: Path) -> None:
    opened = open_model(model)
    add, drop = (
        _quads("t:bc a qe:InformationFlow ; qe:hasSource t:b ; qe:hasTarget t:c ."),
        _quads("t:ab qe:carries t:i ."),
    )
    changed = opened.changed(Change(add, drop))
    assert {edge.iri[-2:] for edge in changed.flow_graph.edges} == {"ab", "bc"}
    assert all(edge.items == () for edge in changed.flow_graph.edges)
    assert [edge.items for edge in opened.flow_graph.edges] == [("https://test.example/id/i",)], "left as it was"
    back = changed.changed(Change(drop, add))
    assert set(back.store.select("SELECT ?s ?p ?o WHERE { ?s ?p ?o }").rows) == set(
        opened.store.select("SELECT ?s ?p ?o WHERE { ?s ?p ?o }").rows
    )
    assert {quad.triple for quad in back.quads("data")} == {quad.triple for quad in opened.quads("data")}


def test_a_change_takes_away_only_what_is_there(model: Path) -> None:
    with pytest.raises(ChangeError, match=r"takes away what the model does not hold: <.*hasTarget") as caught:
        open_model(model).changed(Change(removed=_quads("t:ab qe:hasTarget t:c .")))
    assert len(caught.value.missing) == 1 and caught.value.exit_code == 2


def test_literals_are_compared_as_they_are_written(write_model: WriteModel) -> None:
    """The store would take "01" and "1" for one number; the files do not."""
    opened = open_model(write_model({"data.ttl": BASE + "t:h qe:hopNumber 1 .\n"}))
    with pytest.raises(ChangeError):
        opened.changed(Change(removed=_quads('t:h qe:hopNumber "01"^^<http://www.w3.org/2001/XMLSchema#integer> .')))
    assert opened.changed(Change(removed=_quads("t:h qe:hopNumber 1 .")))


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "--format", "json"),
        ("impact", "t:a", "--format", "json"),
        ("trace", "t:c", "--format", "json"),
        ("query", "SELECT ?f WHERE { ?f a qe:InformationFlow }", "--format", "csv"),
        ("export", "--to", "nt"),
        ("map", "--basis", "all"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_every_command_that_opens_a_model_takes_a_scenario(arguments: tuple[str, ...], model: Path, qe_kg: Run) -> None:
    plain = qe_kg(*arguments, "--model", model)
    other = qe_kg(*arguments, "--model", model, "--scenario", "else")
    assert plain.returncode == other.returncode == 0, other.stderr
    assert "scenario else: were it else" in other.stderr and "scenario" not in plain.stderr
    assert plain.stdout != other.stdout
    wrong = qe_kg(*arguments, "--model", model, "--scenario", "elso")
    assert (wrong.returncode, wrong.stdout) == (2, "") and "nearest names are else" in wrong.stderr


def test_no_command_that_opens_a_model_forgets_the_option() -> None:
    group, context = cli.qe_kg, click.Context(cli.qe_kg)
    options = {
        name: {one for parameter in command.params for one in parameter.opts}
        for name in group.list_commands(context)
        if (command := group.get_command(context, name)) is not None
    }
    without = {name for name, known in options.items() if "--model" in known and "--scenario" not in known}
    # These read the library of queries, look at files and rewrite them, tell about the words of a model, or go back to
    # what a store has; none asks what would be.
    assert without <= {"queries", "migrate", "fmt", "check", "coverage", "reference", "rollback"}, without
    assert len(options) > len(without)


def test_names_of_scenarios_are_completed(model: Path, qe_kg: Run) -> None:
    words = f"qe-kg validate --model {model} --scenario e"
    done = qe_kg(env={"_QE_KG_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "5"})
    assert done.stdout.split() == ["plain,else"]


def test_a_scenario_is_not_for_other_data(model: Path, qe_kg: Run) -> None:
    for extra in ((), ("--shapes", model / "data.ttl")):
        done = qe_kg("validate", model / "data.ttl", *extra, "--scenario", "else")
        assert done.returncode == 2 and "--scenario" in done.stderr


def test_results_point_to_the_files_of_the_scenario(model: Path, qe_kg: Run) -> None:
    more = model / "else" / "more.ttl"
    more.write_text(ADDED + "t:bc qe:carries t:nothing .\n", encoding="utf-8")
    done = qe_kg("validate", "--model", model, "--scenario", "else", "--format", "json")
    (result,) = json.loads(done.stdout)["results"]
    assert (result["rule"], result["source"]) == ("NAME-02", {"file": str(more), "line": 7})


def test_the_packaged_model_has_its_target_state() -> None:
    names = [scenario.name for scenario in open_model(packaged_model()).manifest.scenarios]
    assert names == ["compliant"]
    assert open_model(packaged_model(), scenario="compliant").manifest.of_role("baseline") == ()
