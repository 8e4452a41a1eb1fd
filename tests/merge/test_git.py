"""The merge driver as git calls it, on branches made by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg.merge import merge_files
from tests.diff.conftest import Git
from tests.diff.conftest import git as git

ROOT = Path(__file__).resolve().parents[2]
HEAD = "@prefix t: <https://test.example/id/> .\n@prefix qe: <https://quantumenergy.example/ns/> .\n"
BASE = f"""{HEAD}@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

# What we do
t:a a qe:ValueStream ;
    skos:prefLabel "Make"@en ;
    qe:inZone t:zone-one .

t:b a qe:ValueStream ;
    skos:prefLabel "Sell"@en .
"""


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    driver = f"PYTHONPATH={ROOT} {sys.executable} -m qe_kg merge-driver --marker-size %L %O %A %B %P"
    git(folder, "config", "merge.qe-kg.driver", driver)
    (folder / ".gitattributes").write_text("*.ttl merge=qe-kg\n", encoding="utf-8")
    return folder


def branches(folder: Path, git: Git, base: str, ours: str, theirs: str) -> Path:
    """Commit a base, and one change on each of two branches; end on the branch of ours."""
    file = folder / "model" / "the streams.ttl"
    file.parent.mkdir()
    file.write_text(base, encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "base")
    for branch, text in (("theirs", theirs), ("ours", ours)):
        git(folder, "switch", "--quiet", "-c", branch, "main")
        file.write_text(text, encoding="utf-8")
        git(folder, "commit", "--quiet", "-am", branch)
    return file


def test_what_git_alone_calls_a_conflict_is_merged_by_statement(repository: Path, git: Git) -> None:
    # Neighbouring lines: by line this is a conflict.
    ours = BASE.replace("qe:inZone t:zone-one .", "qe:inZone t:zone-one ;\n    qe:owner t:me .")
    theirs = BASE.replace('"Make"@en', '"Make things"@en').replace("qe:inZone t:zone-one", "qe:inZone t:zone-two")
    file = branches(repository, git, BASE, ours, theirs)
    git(repository, "merge", "--quiet", "theirs")
    assert file.read_text(encoding="utf-8") == ours.replace('"Make"@en', '"Make things"@en').replace(
        "t:zone-one", "t:zone-two"
    )
    assert git(repository, "status", "--short") == ""
    git(repository, "reset", "--quiet", "--hard", "HEAD~1")
    git(repository, "config", "--unset", "merge.qe-kg.driver")
    assert "CONFLICT" in git(repository, "merge", "theirs", check=False)


def test_a_conflict_is_shown_by_element_and_can_be_resolved(repository: Path, git: Git) -> None:
    ours = BASE.replace('"Sell"@en', '"Sell goods"@en').replace("# What we do", "# What we do well")
    theirs = BASE.replace('"Sell"@en', '"Trade"@en').replace("t:zone-one", "t:zone-two")
    file = branches(repository, git, BASE, ours, theirs)
    said = git(repository, "merge", "theirs", check=False)
    assert "conflict: model/the streams.ttl: <https://test.example/id/b>: both changed skos:prefLabel" in said
    assert git(repository, "status", "--short") == 'UU "model/the streams.ttl"\n'
    text = file.read_text(encoding="utf-8")
    assert text == ours.replace("t:zone-one", "t:zone-two").replace(
        't:b a qe:ValueStream ;\n    skos:prefLabel "Sell goods"@en .\n',
        "<<<<<<< ours\n"
        't:b a qe:ValueStream ;\n    skos:prefLabel "Sell goods"@en .\n'
        "=======\n"
        't:b a qe:ValueStream ;\n    skos:prefLabel "Trade"@en .\n'
        ">>>>>>> theirs\n",
    )
    git(repository, "checkout", "--quiet", "--theirs", ".")
    git(repository, "commit", "--quiet", "-am", "theirs it is")


def test_a_file_that_both_added_is_merged_too(repository: Path, git: Git) -> None:
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "base")
    for branch, name in (("theirs", "x"), ("ours", "y")):
        git(repository, "switch", "--quiet", "-c", branch, "main")
        (repository / "new.ttl").write_text(f"{HEAD}\nt:{name} a qe:ValueStream .\n", encoding="utf-8")
        git(repository, "add", ".")
        git(repository, "commit", "--quiet", "-m", branch)
    git(repository, "merge", "--quiet", "theirs")
    text = (repository / "new.ttl").read_text(encoding="utf-8")
    assert text == f"{HEAD}\nt:y a qe:ValueStream .\n\nt:x a qe:ValueStream .\n"


def files(tmp_path: Path, *texts: str) -> list[Path]:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text.encode("utf-8"))
    return paths


def test_what_is_no_turtle_is_merged_by_line(tmp_path: Path) -> None:
    broken = BASE.replace('"Sell"@en .', '"Sell"@en ')
    base, ours, theirs = files(tmp_path, broken, broken.replace("Make", "Do"), broken.replace("Sell", "Trade"))
    outcome = merge_files(base, ours, theirs, name="x.ttl")
    assert outcome.by_line and outcome.by_line.startswith("x.ttl is merged by line: ")
    assert ours.read_text(encoding="utf-8") == broken.replace("Make", "Do").replace("Sell", "Trade")
    base, ours, theirs = files(tmp_path, broken, broken.replace("Sell", "Do"), broken.replace("Sell", "Trade"))
    outcome = merge_files(base, ours, theirs, name="x.ttl", marker_size=9)
    assert outcome.conflicts == ("x.ttl: 1 conflict, marked by line",)
    assert "<<<<<<<<< ours\n" in ours.read_text(encoding="utf-8")


def test_line_ends_stay_as_ours_has_them(tmp_path: Path) -> None:
    windows = BASE.replace("\n", "\r\n")
    base, ours, theirs = files(tmp_path, BASE, windows, BASE.replace("Sell", "Trade"))
    assert merge_files(base, ours, theirs, name="x.ttl").by_line is None
    assert ours.read_bytes().decode() == windows.replace("Sell", "Trade")


def test_functional_properties_of_the_ontology_have_one_value(tmp_path: Path) -> None:
    text = BASE + "\nt:f a qe:InformationFlow .\n"
    sides = [text.replace("qe:InformationFlow .", f"qe:InformationFlow ;\n    qe:hasSource t:{one} .") for one in "ab"]
    base, ours, theirs = files(tmp_path, text, *sides)
    (conflict,) = merge_files(base, ours, theirs, name="x.ttl").conflicts
    assert conflict.endswith("both changed qe:hasSource")


def test_the_command_tells_what_it_cannot_read(qe_kg: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = qe_kg("merge-driver", "no-base", "no-ours", "no-theirs", "x.ttl")
    assert done.returncode == 3 and "no-base: cannot be read" in done.stderr and "Traceback" not in done.stderr
