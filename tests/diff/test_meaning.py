"""What a change means, worked out by hand on a small bakery."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from qe_kg import open_model
from qe_kg.diff import Comparison, compare
from qe_kg.diff.limits import KINDS, check_kinds, not_allowed
from qe_kg.diff.meaning import Meaning
from qe_kg.diff.sides import open_sides
from qe_kg.errors import CallError

HEAD = """@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix t: <https://test.example/id/> .
"""
PEOPLE = (
    HEAD
    + "".join(
        f't:{code.lower()} a qe:ValueStream ; skos:notation "{code}" ; skos:prefLabel "Stream {code}"@en ; '
        f"qe:inZone qev:zone-{zone} .\n"
        for code, zone in (("A", "regulated"), ("B", "regulated"), ("C", "shared"), ("D", "non-regulated"))
    )
    + 't:guests a qe:Stakeholder ; skos:prefLabel "Guests"@en ; qe:inZone qev:zone-external .\n'
    + 't:x a qe:InformationItem ; skos:prefLabel "X"@en .\nt:y a qe:InformationItem ; skos:prefLabel "Y"@en .\n'
)
SHAPES = (
    HEAD
    + """t:FlowShape a sh:NodeShape ; sh:targetClass qe:InformationFlow ; dcterms:identifier "T-01" ;
    sh:property t:FlowShape-note .
t:FlowShape-note a sh:PropertyShape ; sh:path skos:note ; sh:minCount 1 ; sh:message "A flow needs a note." .
"""
)
QUERY = """#+ question: Which flows are there?
#+ columns: [f]
PREFIX qe: <https://quantumenergy.example/ns/>
SELECT ?f WHERE { ?f a qe:InformationFlow } ORDER BY ?f
"""
QUESTION = 'question = "Which flows are there?"\nquery = "ask/flows"\ncolumns = ["f"]\nrows = []\n'
ROLES = {
    "shapes": ["shapes.ttl"], "data": ["people.ttl", "flows.ttl"], "baseline": ["baseline.ttl"],
    "queries": ["queries"], "questions": ["questions/*.toml"],
}  # fmt: skip


def flow(name: str, source: str, target: str, item: str = "x", note: str = ' ; skos:note "n"') -> str:
    return (
        f't:{name} a qe:InformationFlow ; skos:prefLabel "Flow {name}"@en ; qe:hasSource t:{source} ; '
        f"qe:hasTarget t:{target} ; qe:carries t:{item}{note} .\n"
    )


def entry(focus: str) -> str:
    return (
        f't:entry-{focus} a qe:BaselineEntry ; skos:prefLabel "Known: {focus}"@en ; qe:ofRule "T-01" ; '
        f"qe:atFocus t:{focus} .\n"
    )


@pytest.fixture
def comparing(write_model: Callable[..., Path], tmp_path: Path) -> Callable[..., Comparison]:
    """Return a function that compares two states, each of flows and of a baseline."""

    def run(old: str, new: str, baselines: tuple[str, str] = ("", "")) -> Comparison:
        paths = []
        for name, flows, baseline in (("old", old, baselines[0]), ("new", new, baselines[1])):
            files = {
                "people.ttl": PEOPLE, "flows.ttl": HEAD + flows, "shapes.ttl": SHAPES, "baseline.ttl": HEAD + baseline,
                "queries/ask/flows.rq": QUERY, "questions/flows.toml": QUESTION,
            }  # fmt: skip
            paths.append(str(write_model(files, ROLES, name=name)))
        with ExitStack() as stack:
            sides = open_sides(*paths, model=None, scenario=None, into=stack)
            return compare(*sides, meaning=True)

    return run


def meant(found: Comparison) -> Meaning:
    assert found.meaning
    return found.meaning


def received(found: Comparison) -> dict[str, tuple[list[str], list[str]]]:
    return {
        one.element.name: ([str(s) for s in one.gained], [str(s) for s in one.lost])
        for one in meant(found).reach.affected
    }


def test_the_same_twice_means_nothing(comparing: Callable[..., Comparison]) -> None:
    state = flow("ab", "a", "b", note="")
    found = comparing(state, state)
    assert meant(found) == Meaning((), (), (), (), meant(found).reach)
    assert not meant(found).reach.affected and not meant(found).reach.crossings_gained
    assert not_allowed(found, KINDS) == {}


def test_a_new_flow_across_a_boundary(comparing: Callable[..., Comparison]) -> None:
    old = flow("ab", "a", "b") + flow("dg", "d", "guests")
    found = comparing(old, old + flow("bd", "b", "d", note=""))
    assert [str(one) for one in meant(found).reach.crossings_gained] == ["regulated → non-regulated: Flow bd"]
    assert meant(found).reach.crossings_lost == ()
    # X goes on as X, so every step is declared; the stakeholder comes first; B and A stay as they were.
    assert received(found) == {"Guests": (["A", "B"], []), "D": (["A", "B"], [])}
    assert [one.is_stakeholder for one in meant(found).reach.affected] == [True, False]
    assert [(r.kind, r.result.rule, r.result.focus_label) for r in meant(found).results] == [("new", "T-01", "Flow bd")]
    (answer,) = meant(found).answers
    assert (answer.gained, answer.lost, answer.question) == ((("t:bd",),), (), "Which flows are there?")
    kinds = not_allowed(found, KINDS)
    assert {kind: kinds[kind] for kind in kinds if kind != "any"} == {
        "added-element": 1, "added-flow": 1, "new-violation": 1, "new-result": 1, "answer-changed": 1,
        "crossing-gained": 1, "newly-affected": 2,
    }  # fmt: skip


def test_the_reverse_takes_it_away_again(comparing: Callable[..., Comparison]) -> None:
    old = flow("ab", "a", "b") + flow("dg", "d", "guests")
    found = comparing(old + flow("bd", "b", "d", note=""), old)
    assert received(found) == {"Guests": ([], ["A", "B"]), "D": ([], ["A", "B"])}
    assert [r.kind for r in meant(found).results] == ["mended"]
    assert set(not_allowed(found, KINDS)) == {
        "any", "removed-element", "removed-flow", "answer-changed", "crossing-lost", "no-longer-affected",
    }  # fmt: skip


def test_a_step_that_becomes_declared_is_told(comparing: Callable[..., Comparison]) -> None:
    old = flow("ab", "a", "b") + flow("bc", "b", "c", "y")
    made = "t:made a qe:Derivation ; qe:isDerivedAt t:b ; qe:takesInput t:x ; qe:givesOutput t:y .\n"
    found = comparing(old, old + made)
    assert received(found) == {"C": (["A"], [])}
    assert received(comparing(old, old.replace("Flow bc", "Flow new"))) == {"C": ([], [])}, "downstream, else the same"


def test_everything_that_can_happen_to_a_finding(comparing: Callable[..., Comparison]) -> None:
    bad = "".join(flow(name, "a", "b", note="") for name in ("kept", "mended", "accepted", "reopened"))
    good = flow("mended", "a", "b")
    found = comparing(
        bad,
        bad.replace(flow("mended", "a", "b", note=""), good) + flow("new", "a", "b", note=""),
        (entry("reopened") + entry("kept"), entry("accepted") + entry("kept")),
    )
    told = [(one.kind, one.result.focus_label, one.result.status) for one in meant(found).results]
    assert told == [
        ("new", "Flow new", "open"),
        ("reopened", "Flow reopened", "open"),
        ("accepted", "Flow accepted", "baseline"),
        ("mended", "Flow mended", "open"),
    ]
    assert {(one.kind, one.label) for one in meant(found).baseline} in (
        {("added", "Known: accepted"), ("removed", "Known: reopened")},
        {("renamed", "Known: accepted")},
    )
    assert not_allowed(found, ["new-violation", "baseline-touched", "waiver-touched"])["new-violation"] == 2


def test_a_renaming_means_nothing_else(comparing: Callable[..., Comparison]) -> None:
    old = flow("ab", "a", "b", note="") + flow("bd", "b", "d")
    found = comparing(old, old.replace("t:ab ", "t:a-to-b "))
    assert [one.kind for one in found.elements.elements] == ["renamed"]
    assert meant(found).results == () and meant(found).answers == () and received(found) == {}
    assert meant(found).reach.crossings_gained == meant(found).reach.crossings_lost == ()
    assert not_allowed(found, ["removed-flow"]) == {}


def test_a_flow_that_ends_elsewhere_under_a_new_name_counts_as_removed(comparing: Callable[..., Comparison]) -> None:
    found = comparing(flow("ab", "a", "b"), flow("ac", "a", "c"))
    assert not_allowed(found, ["removed-flow"]) == {"removed-flow": 1}


def test_what_is_reached_is_what_impact_says(comparing: Callable[..., Comparison], tmp_path: Path) -> None:
    flows = (
        flow("ab", "a", "b") + flow("bc", "b", "c", "y") + flow("cg", "c", "guests", "y") + flow("ga", "guests", "d")
    )
    found = comparing("", flows)
    model = open_model(tmp_path / "new")
    expected: dict[str, list[str]] = {}
    for start in ("A", "B", "C", "Guests"):
        for one in model.impact(start).reached:
            suffix = "" if one.certainty == "declared" else " (possibly)"
            expected.setdefault(one.element.name, []).append(start + suffix)
    assert {name: gained for name, (gained, _) in received(found).items()} == expected


def test_a_model_that_is_new_or_gone(comparing: Callable[..., Comparison], tmp_path: Path) -> None:
    comparing("", flow("ab", "a", "b", note=""))
    (tmp_path / "old" / "qe-kg.toml").unlink()
    for file in (tmp_path / "old").iterdir():
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    (tmp_path / "old" / "empty.ttl").write_text("")
    with ExitStack() as stack:
        sides = open_sides(str(tmp_path / "old"), str(tmp_path / "new"), model=None, scenario=None, into=stack)
        assert compare(*sides, meaning=True).meaning is None, "a folder is no model"
        found = compare(*sides, meaning=True, model=tmp_path / "new")
    assert [one.kind for one in meant(found).results if one.result.rule == "T-01"] == ["new"]


def test_the_day_and_the_profiles_are_the_validation_s(comparing: Callable[..., Comparison], tmp_path: Path) -> None:
    comparing(flow("ab", "a", "b"), flow("ab", "a", "b", note=""))
    with ExitStack() as stack:
        sides = open_sides(str(tmp_path / "old"), str(tmp_path / "new"), model=None, scenario=None, into=stack)
        assert len(meant(compare(*sides, meaning=True, at="2026-06-30")).results) == 1
        with pytest.raises(CallError, match="soon"):
            compare(*sides, meaning=True, at="soon")
        with pytest.raises(CallError, match="us-xx"):
            compare(*sides, meaning=True, profiles=["us-xx"])


def test_unknown_kinds_are_refused() -> None:
    assert check_kinds(["any,new-violation", "any"], with_meaning=True) == ("any", "new-violation")
    with pytest.raises(CallError, match="knows no 'new-violations'; the nearest are new-violation"):
        check_kinds(["new-violations"], with_meaning=True)
    with pytest.raises(CallError, match="crossing-gained needs what --no-meaning leaves out"):
        check_kinds(["crossing-gained"], with_meaning=False)
    assert check_kinds(["version"], with_meaning=False) == ("version",)
