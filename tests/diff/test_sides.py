"""What the names of the two sides stand for: files, folders, models, git revisions, scenarios."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from qe_kg.diff import Comparison, compare
from qe_kg.diff.sides import open_sides
from qe_kg.errors import CallError, QeKgError, ReadError
from qe_kg.opening import load_model
from tests.diff.conftest import HEAD, STREAMS, Git


def run(
    old: str | None = None, new: str | None = None, *, model: Path | None = None, scenario: str | None = None
) -> Comparison:
    with ExitStack() as stack:
        return compare(*open_sides(old, new, model=model, scenario=scenario, into=stack))


def told(found: Comparison) -> list[tuple[str, str]]:
    return [(one.kind, one.label) for one in found.elements.elements]


def rename_stream(model: Path, label: str) -> None:
    path = model / "streams.ttl"
    path.write_text(path.read_text(encoding="utf-8").replace("Bake Bread", label), encoding="utf-8")


def test_the_working_copy_against_the_last_commit(bakery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bakery)
    assert told(run()) == []
    rename_stream(bakery, "Bake Rolls")
    found = run()
    assert (found.old, found.new) == ("HEAD", ".")
    assert told(found) == [("changed", "Bake Rolls")]
    (change,) = found.elements.elements[0].properties
    assert (change.property, change.before[0].text, change.after[0].text) == (
        "skos:prefLabel", '"Bake Bread"@en', '"Bake Rolls"@en',
    )  # fmt: skip


def test_revisions_are_read_without_a_checkout(bakery: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bakery.parent)
    git(bakery, "switch", "--quiet", "-c", "feature")
    rename_stream(bakery, "Bake Rolls")
    git(bakery, "commit", "--quiet", "-am", "rolls")
    git(bakery, "switch", "--quiet", "main")
    (bakery / "more.ttl").write_text(f"{HEAD}b:x a qe:Stakeholder .\n", encoding="utf-8")
    git(bakery, "add", ".")
    git(bakery, "commit", "--quiet", "-m", "more")
    before = git(bakery, "status", "--short", "--branch")
    expected = {
        ("main", "feature"): [("removed", "x"), ("changed", "Bake Rolls")],
        ("main..feature", None): [("removed", "x"), ("changed", "Bake Rolls")],
        ("main...feature", None): [("changed", "Bake Rolls")],  # what main did meanwhile is no part of it
        ("feature:models/the bakery", "HEAD:models/the bakery"): [("added", "x"), ("changed", "Bake Bread")],
        ("feature:./the bakery/streams.ttl", "the bakery/streams.ttl"): [("changed", "Bake Bread")],
        ("feature:./the bakery/streams.ttl", "feature:models/the bakery/streams.ttl"): [],
    }
    for (old, new), elements in expected.items():
        assert told(run(old, new, model=Path("the bakery"))) == elements, (old, new)
    assert git(bakery, "status", "--short", "--branch") == before
    parted = git(bakery, "merge-base", "main", "feature").strip()
    assert run("main...feature", model=Path("the bakery")).old == f"main at {parted[:10]}"
    assert run("main...main", model=Path("the bakery")).old == "main"


def test_a_model_s_files_outside_of_its_folder_come_along(bakery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bakery)
    rules = bakery.parent / "rules" / "rules.ttl"
    rules.write_text(rules.read_text(encoding="utf-8").replace("b:rule", "b:zzz"), encoding="utf-8")
    assert told(run("HEAD")) in ([("renamed", "zzz")], [("added", "zzz"), ("removed", "rule")])


def test_a_model_that_is_new_is_added_whole(bakery: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    second = bakery.parent / "second"
    shutil.copytree(bakery, second)
    monkeypatch.chdir(second)
    found = run("HEAD")
    assert found.old == "HEAD (no model there yet)"
    assert [kind for kind, _ in told(found)] == ["added"] * 5


def test_files_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.ttl").write_text(STREAMS, encoding="utf-8")
    (tmp_path / "new.nt").write_text("<a:s> <a:p> <a:o> .\n", encoding="utf-8")
    assert [kind for kind, _ in told(run("old", "new.nt"))] == ["added", "removed", "removed"]
    assert told(run("old", "old/a.ttl")) == []


def test_a_scenario_against_the_model_as_it_is(bakery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bakery)
    for found in (run(scenario="online"), run(".", "@scenario:online"), run("HEAD", ".@scenario:online")):
        assert told(found) == [("added", "Sell Online")]
    assert told(run(".@scenario:online", "HEAD@scenario:online")) == []


def test_a_store_on_disk(bakery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bakery)
    flows = bakery / "flows.ttl"
    # The store writes this literal as 1.5; that is no difference.
    number = '    qe:size "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> ;\n    qe:carries'
    flows.write_text(flows.read_text(encoding="utf-8").replace("    qe:carries", number), encoding="utf-8")
    load_model(bakery, tmp_path / "kg.db")
    assert told(run(str(tmp_path / "kg.db"), ".")) == []
    rename_stream(bakery, "Bake Rolls")
    assert told(run(str(tmp_path / "kg.db"), ".")) == [("changed", "Bake Rolls")]
    assert told(run(".", str(tmp_path / "kg.db"))) == [("changed", "Bake Bread")]
    assert told(run(str(tmp_path / "kg.db"), str(tmp_path / "kg.db"))) == []


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ("mian", None, CallError, "'mian' is no file, no folder and no git revision; the nearest names are 'main'"),
        ("main", "stream.ttl", CallError, "the nearest names are 'streams.ttl'"),
        ("main:models/nothing", None, ReadError, "main holds no models/nothing"),
        ("main@scenario:onlin", None, CallError, "the nearest names are online"),
        ("streams.ttl@scenario:online", None, CallError, "is no model and has no scenarios"),
        ("main...other", None, CallError, "'main...other' is no file"),
        ("--upload-pack=x", None, CallError, "is no file"),
        ("online", "../../../repository/.git", ReadError, "no RDF file in this folder"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(
    bakery: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str | None, error: type[QeKgError], message: str
) -> None:
    monkeypatch.chdir(bakery)
    with pytest.raises(error, match=message):
        run(old, new)


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "qe-kg.toml").write_text('[model]\nname="x"\n[files]\n', encoding="utf-8")
    with pytest.raises(CallError, match="no git repository in which to look for it"):
        run("main")
