"""Validation of what changed, from the command line and in Python, says what full validation says about it."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome

from qe_kg import open_model
from qe_kg.change import Change
from qe_kg.cli import qe_kg as qe_kg_command
from qe_kg.errors import QeKgError
from qe_kg.manifest import RDF_ROLES
from qe_kg.model import Model
from qe_kg.rules.conduit_reads import properties_read
from qe_kg.shacl.nodes import text_of
from qe_kg.sparql_text import tokens
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.validation import Result
from qe_kg.validation.preparation import read_day
from qe_kg.validation.since import Since

ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-06-30"
EDITS = int(os.environ.get("QE_KG_EDITS", "6")) // 6
pytestmark = pytest.mark.xdist_group("since")


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(ROOT / "data" / "quantum-energy")


def qe(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"https://quantumenergy.example/ns/{name}")


def key(one: Result) -> tuple[object, ...]:
    return one.rule, one.shape, one.component, one.focus, one.path, one.value, one.severity, one.message, one.status


def some_change(model: Model, choose: random.Random) -> Change:
    """Take a triple away, point it elsewhere, or add one like another: of the data, the rules or the waivers."""
    quads = sorted(model.quads("data", "baseline", "inference"), key=str)
    one, other = choose.choice(quads), choose.choice(quads)
    alike = [quad for quad in quads if quad.predicate == one.predicate]
    new = ox.Quad(one.subject, one.predicate, choose.choice(alike).object)
    added = choose.choice([(), (new,), (ox.Quad(other.subject, one.predicate, one.object),)])
    removed = choose.choice([(), (one,), (one, other)])
    gone = {quad.triple for quad in removed}
    return Change(tuple(quad for quad in added if quad.triple not in gone), removed)


@pytest.fixture(scope="module")
def before(model: Model) -> Counter[tuple[object, ...]]:
    return Counter(key(one) for one in model.validate(at=DAY).results)


@pytest.mark.parametrize("seed", range(EDITS))
def test_the_report_is_the_full_one_on_what_was_checked(
    model: Model, before: Counter[tuple[object, ...]], seed: int
) -> None:
    change = some_change(model, random.Random(seed))
    after = model.changed(change)
    full = after.validate(at=DAY)
    part = after.validate(at=DAY, since=Since(change))
    assert part.changed is not None
    if part.changed["whole"]:
        assert [key(one) for one in part.results] == [key(one) for one in full.results]
        return
    of_shapes = [one for one in part.results if not one.shape.startswith("qe-kg:")]
    checked = set(part.changed["focusNodes"])
    in_full = {one["shape"] for one in part.changed["unbounded"]}
    expected = Counter(key(one) for one in full.results if one.focus in checked and not one.shape.startswith("qe-kg:"))
    assert not expected - Counter(map(key, of_shapes)), change
    assert in_full or expected == Counter(map(key, of_shapes)), change
    # Nothing that is new or has another status is missing, be it a shape's, a waiver's or a faulty reference.
    new = Counter(map(key, full.results)) - before
    assert not new - Counter(map(key, part.results)), change
    assert not Counter(map(key, part.results)) - Counter(map(key, full.results)), change


def test_a_session_follows_the_model(model: Model) -> None:
    choose = random.Random(7)
    validator, total = model.validator(at=DAY), Change()
    for _ in range(EDITS):
        current = model.changed(total) if total else model
        change = some_change(current, choose)
        before = Counter(map(key, validator.results))
        answer = validator.apply(change)
        total = total.then(change)
        full = model.changed(total).validate(at=DAY, engine="sparql").results
        expected = Counter(key(one) for one in full if not one.rule.startswith(("NAME-", "SHAPE-", "FILE-")))
        now = Counter(map(key, validator.results))
        assert now == expected, change
        assert 0 < answer.bounded <= answer.shapes or answer.whole
        changed = (now - before) + (before - now)
        about_shapes = {one for one in changed if not str(one[1]).startswith("qe-kg:")}
        assert about_shapes <= set(map(key, answer.found)) | set(map(key, answer.gone)), change


# --- the command line ---------------------------------------------------------------------------------------


def run(*arguments: str) -> Outcome:
    return CliRunner().invoke(qe_kg_command, ["validate", "--at", DAY, *arguments], catch_exceptions=False)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """A model of one's own under git, with one flow that breaks a rule since the last commit."""
    folder = tmp_path / "clinic"
    subprocess.run(["cp", "-r", str(ROOT / "examples" / "riverside-clinic"), str(folder)], check=True)
    git = ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "As it was"]):
        subprocess.run([*git, *command], check=True)
    return folder


def break_a_flow(folder: Path) -> tuple[str, str]:
    """Take the source away from a flow; return the flow and the patch that says so."""
    for file in sorted(folder.rglob("*.ttl")):
        quads = list(ox.parse(path=file, format=ox.RdfFormat.TURTLE))
        found = [quad for quad in quads if quad.predicate == qe("hasSource")]
        if found:
            (gone,) = found[:1]
            line = next(one for one in file.read_text(encoding="utf-8").splitlines() if "qe:hasSource" in one)
            file.write_text(file.read_text(encoding="utf-8").replace(f"{line}\n", "", 1), encoding="utf-8")
            return text_of(str(gone.subject)), f"TX .\nD {gone.triple} .\nTC .\n"
    raise AssertionError("no flow has a source")


def test_since_a_revision(clinic: Path) -> None:
    nothing = json.loads(run("--model", str(clinic), "--since", "HEAD", "--format", "json").output)
    assert nothing["results"] == [] and nothing["changed"]["focusNodes"] == [] and nothing["conforms"]
    flow, _ = break_a_flow(clinic)
    outcome = run("--model", str(clinic), "--since", "HEAD", "--format", "json")
    report = json.loads(outcome.output)
    assert outcome.exit_code == 1
    assert flow in report["changed"]["focusNodes"] and report["changed"]["removed"] == 1
    assert any(one["focus"] == flow and one["path"] == "qe:hasSource" for one in report["results"])
    changed = report["changed"]
    assert changed["bounded"] == changed["shapes"] > 200 and len(report["results"]) == 1


def test_a_patch_is_applied_unless_it_is_already(clinic: Path, tmp_path: Path) -> None:
    untouched = tmp_path / "untouched"
    subprocess.run(["cp", "-r", str(clinic), str(untouched)], check=True)
    _, patch = break_a_flow(clinic)
    file = tmp_path / "change.rdfp"
    file.write_text(patch, encoding="utf-8")
    answers = [
        json.loads(run("--model", str(folder), "--changed", str(file), "--format", "json").output)
        for folder in (clinic, untouched)
    ]
    assert answers[0]["changed"] == answers[1]["changed"]
    shown = [[(one["rule"], one["focus"], one["path"]) for one in answer["results"]] for answer in answers]
    assert shown[0] == shown[1] and any(path == "qe:hasSource" for _, _, path in shown[0])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--changed", "a.rdfp", "--since", "HEAD"], "leave out one of them"),
        (["--changed", "nowhere.rdfp"], "nowhere.rdfp: No such file"),
        (["--since", "no-such-branch"], "no git revision"),
        (["--since", "HEAD", "x.ttl"], "--changed and --since are about a model's own data"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    clinic: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], problem: str
) -> None:
    (clinic / "x.ttl").write_text("", encoding="utf-8")
    monkeypatch.chdir(clinic)
    with pytest.raises(QeKgError, match=problem):
        run(*arguments)


def test_a_change_of_the_rules_checks_everything(model: Model, tmp_path: Path) -> None:
    (quad,) = [
        one for one in model.quads("shapes") if one.predicate.value.endswith("core#notation") and "SEP-02" in str(one)
    ]
    file = tmp_path / "change.rdfp"
    file.write_text(f"D {quad.triple} .\n", encoding="utf-8")
    outcome = run("--model", str(ROOT / "data" / "quantum-energy"), "--changed", str(file), "--format", "json")
    report = json.loads(outcome.output)
    assert report["changed"]["whole"] == "the change is about the shapes or the rules"
    assert len(report["results"]) > 100


def test_what_findings_along_paths_read_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of a property that no query of theirs names leaves them as they are, so the list must be whole."""
    asked: list[str] = []
    for name in ("select", "ask", "text_rows", "query"):
        method = getattr(EmbeddedStore, name)

        def noting(self: EmbeddedStore, query: str, *more: object, _method: Callable[..., object] = method) -> object:
            asked.append(query)
            return _method(self, query, *more)

        monkeypatch.setattr(EmbeddedStore, name, noting)
    fresh = open_model(ROOT / "data" / "quantum-energy")
    used = {quad.predicate.value for quad in fresh.quads(*RDF_ROLES)}
    profiles = [one.notation for one in fresh.rules.jurisdictions]
    asked.clear()  # which rules there are, and where they apply, is asked by now
    assert len(fresh.conduits(read_day(DAY), profiles)) > 0
    named = {iri for query in set(asked) for iri in named_in(query)} & used
    assert len(named) > 20 and named <= properties_read(fresh.namespaces)
    # Where a variable stands in the place of a property, the query lists what it can be.
    patterns = {re.sub(r"(SELECT|ORDER BY)[^{}]*", "", query) for query in asked}
    assert all("VALUES ?" in one for one in patterns if re.search(r"\?\w+ \?\w+ \?\w+", one))


def named_in(query: str) -> Iterator[str]:
    prefixes = dict(re.findall(r"PREFIX (\S+:) <([^>]*)>", query))
    for token in tokens(query):
        if token.kind == "iri":
            yield token.text[1:-1]
        elif token.kind == "name":
            prefix, colon, local = token.text.partition(":")
            yield prefixes.get(prefix + colon, "") + local
