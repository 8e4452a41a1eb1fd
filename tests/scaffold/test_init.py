"""A new model is valid at once, formatted, and its pipelines do what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from qe_kg import open_model
from qe_kg.competency import answer, read_questions
from qe_kg.diff.text import MARKER
from qe_kg.errors import CallError
from qe_kg.scaffold import FILES, create_model
from tests.diff.conftest import Git
from tests.diff.conftest import git as git

Run = Callable[..., subprocess.CompletedProcess[str]]
SCRIPTS = Path(sys.executable).parent


@pytest.mark.parametrize(
    ("folder", "options"),
    [
        ("bakery", {}),
        ("x", {"name": 'Bread "&" \\ Salz – 1', "namespace": "https://salz.example/kg#", "prefix": "Salz-1"}),
        ("42", {}),
        ("ü", {}),
    ],
)
def test_a_new_model_is_valid_at_once(tmp_path: Path, folder: str, options: dict[str, str]) -> None:
    written = create_model(tmp_path / folder, **options)
    assert [path.relative_to(tmp_path / folder).as_posix() for path in written] == list(FILES)
    model = open_model(tmp_path / folder)
    report = model.validate(fail_on="Info")
    assert [str(result) for result in report.results] == [] and report.conforms
    assert report.summary.focus_nodes > 20
    if options:
        assert (model.name, model.manifest.own_namespace) == (options["name"], options["namespace"])
    (question,) = read_questions(model.manifest)
    assert answer(model, question) == (question.columns, question.rows)
    turtle = [str(path) for path in written if path.suffix == ".ttl"]
    assert subprocess.run([SCRIPTS / "turtlefmt", "--check", *turtle], check=False).returncode == 0
    assert not any("@@" in path.read_text(encoding="utf-8") for path in written)


def test_names_are_made_of_the_folder_s(tmp_path: Path) -> None:
    create_model(tmp_path / "grid-company_north")
    manifest = tomllib.loads((tmp_path / "grid-company_north" / "qe-kg.toml").read_text(encoding="utf-8"))["model"]
    assert (manifest["name"], manifest["namespace"], manifest["prefix"]) == (
        "Grid Company North", "https://grid-company-north.example/id/", "gcn",
    )  # fmt: skip


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / "other.txt").write_text("mine too", encoding="utf-8")
    with pytest.raises(CallError, match=r"holds README\.md already; nothing was written"):
        create_model(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "other.txt"]
    (tmp_path / "README.md").unlink()
    create_model(tmp_path)
    assert (tmp_path / "other.txt").read_text(encoding="utf-8") == "mine too"
    with pytest.raises(CallError, match="is a file"):
        create_model(tmp_path / "other.txt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "two\nlines"}, "--name must be one line"),
        ({"name": " "}, "--name must be one line"),
        ({"namespace": "https://x.example/id"}, "--namespace must be an IRI that ends with / or #"),
        ({"prefix": "qe"}, "--prefix must be a name like 'rc' that is not in use"),
        ({"prefix": "a b"}, "--prefix must be a name like"),
    ],
)
def test_a_value_that_cannot_be_used_is_told(tmp_path: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(CallError, match=message):
        create_model(tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


def test_the_command(qe_kg: Run, tmp_path: Path) -> None:
    done = qe_kg("init", tmp_path / "new")
    assert done.returncode == 0 and str(tmp_path / "new" / "qe-kg.toml") in done.stdout.splitlines()
    done = qe_kg("init", tmp_path / "new")
    assert done.returncode == 2 and "nothing was written" in done.stderr and "Traceback" not in done.stderr


@pytest.fixture
def pull_request(tmp_path: Path, git: Git) -> Path:
    """A clone of a repository with a new model, on a branch that adds a flow which breaks a rule."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    create_model(origin, name="Bakery", namespace="https://bakery.example/id/", prefix="bak")
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", ".")
    git(origin, "commit", "--quiet", "-m", "new")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    git(clone, "switch", "--quiet", "-c", "feature")
    flows = clone / "model" / "flows.ttl"
    text = flows.read_text(encoding="utf-8")
    flows.write_text(text + "\nbak:flow-x a qe:InformationFlow ;\n    qe:hasSource bak:value-stream-ful-01 .\n")
    git(clone, "commit", "--quiet", "-am", "a flow to nowhere")
    return clone


def shell(command: str, folder: Path, **environment: str) -> tuple[int, str]:
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", command], cwd=folder, env=os.environ | {"PATH": path} | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_pipeline_of_github_runs_and_stops_the_change(pull_request: Path, tmp_path: Path) -> None:
    workflow = yaml.safe_load((pull_request / ".github" / "workflows" / "qe-kg.yml").read_text(encoding="utf-8"))
    steps = [step for step in workflow["jobs"]["model"]["steps"] if "qe-kg" in step.get("run", "")]
    steps = [step for step in steps if "gh api" not in step["run"] and "pip install" not in step["run"]]
    summary = tmp_path / "summary.md"
    codes = []
    for step in steps:
        code, said = shell(step["run"], pull_request, BASE="main", GITHUB_STEP_SUMMARY=str(summary))
        assert code in (0, 1), said
        codes.append(code)
    assert codes == [1, 0, 1], "the check fails, the change is told, the gate fails"
    assert (pull_request / "check.md").read_text(encoding="utf-8").startswith("## qe-kg check: does not pass")
    text = summary.read_text(encoding="utf-8")
    assert text.startswith(MARKER) and "1 added" in text


#: Stands for GitHub's program: comments are kept in a file, and what the step may ask for is done, and nothing else.
GH = """\
#!{python}
import json, os, re, sys
from pathlib import Path
kept = Path(os.environ["COMMENTS"])
comments = json.loads(kept.read_text())
match sys.argv[1:]:
    case ["api", "repos/o/r/issues/7/comments", "--paginate", "--jq", program]:
        begin = re.fullmatch(r'\\.\\[\\] \\| select\\(\\.body \\| startswith\\("(.*)"\\)\\) \\| \\.id', program)[1]
        print(*[number for number, text in comments.items() if text.startswith(begin)], sep="\\n")
    case ["api", "--method", "PATCH", path, "-F", body] if path.startswith("repos/o/r/issues/comments/"):
        number = path.rpartition("/")[2]
        comments[number]
        comments[number] = Path(body.removeprefix("body=@")).read_text()
    case ["api", "--method", "POST", "repos/o/r/issues/7/comments", "-F", body]:
        comments[str(len(comments))] = Path(body.removeprefix("body=@")).read_text()
    case _:
        raise SystemExit(f"gh takes no such call: {{sys.argv}}")
kept.write_text(json.dumps(comments))
"""


def test_a_pull_request_has_one_comment_however_often_it_is_pushed(pull_request: Path, tmp_path: Path) -> None:
    workflow = yaml.safe_load((pull_request / ".github" / "workflows" / "qe-kg.yml").read_text(encoding="utf-8"))
    (sticky,) = (step for step in workflow["jobs"]["model"]["steps"] if "gh api" in step.get("run", ""))
    assert set(sticky["env"]) == {"GH_TOKEN", "REPOSITORY", "NUMBER"}
    gh, kept = tmp_path / "bin" / "gh", tmp_path / "comments.json"
    gh.parent.mkdir()
    gh.write_text(GH.format(python=sys.executable), encoding="utf-8")
    gh.chmod(0o755)
    kept.write_text(json.dumps({"0": "Looks good.", "1": f"Somebody quotes {MARKER}"}), encoding="utf-8")
    env = {"PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}", "COMMENTS": str(kept)}
    for push in ("first", "second"):
        (pull_request / "change.md").write_text(f"{MARKER}\n{push} push\n", encoding="utf-8")
        done = subprocess.run(
            ["bash", "-e", "-c", sticky["run"]], cwd=pull_request, capture_output=True, text=True, check=False,
            env=os.environ | env | {"REPOSITORY": "o/r", "NUMBER": "7", "GH_TOKEN": "none"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        comments = json.loads(kept.read_text(encoding="utf-8"))
        assert comments == {
            "0": "Looks good.", "1": f"Somebody quotes {MARKER}", "2": f"{MARKER}\n{push} push\n",
        }  # fmt: skip


def test_the_pipeline_of_gitlab_runs_and_stops_the_change(pull_request: Path, git: Git) -> None:
    job = yaml.safe_load((pull_request / ".gitlab-ci.yml").read_text(encoding="utf-8"))["model"]
    script = [line for line in job["script"] if "pip install" not in line]
    base = git(pull_request, "merge-base", "origin/main", "HEAD").strip()
    assert shell(script[0], pull_request)[0] == 1
    code, said = shell(script[1], pull_request, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert code == 1 and "not allowed: new-violation" in said
    assert "<html" in (pull_request / "change.html").read_text(encoding="utf-8")
    assert job["artifacts"]["paths"] == ["change.html"]
    quality = json.loads((pull_request / job["artifacts"]["reports"]["codequality"]).read_text(encoding="utf-8"))
    assert {one["location"]["path"] for one in quality} == {"model/flows.ttl"}
    git(pull_request, "switch", "--quiet", "main")
    assert shell("\n".join(script), pull_request)[0] == 0, "without a merge request there is nothing to compare"


def test_the_hook_and_the_merge_driver_are_set_up(
    pull_request: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = yaml.safe_load((pull_request / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (hook,) = config["repos"][0]["hooks"]
    assert shell(hook["entry"], pull_request)[0] == 1
    assert "merge: qe-kg" in git(pull_request, "check-attr", "merge", "model/flows.ttl")
    # The command that README and .gitattributes tell makes git call the driver.
    readme = (pull_request / "README.md").read_text(encoding="utf-8")
    command = next(line for line in readme.splitlines() if line.startswith("git config"))
    assert shell(command, pull_request)[0] == 0
    git(pull_request, "switch", "--quiet", "-c", "other", "main")
    flows = pull_request / "model" / "flows.ttl"
    text = flows.read_text(encoding="utf-8")
    flows.write_text(text + "\nbak:flow-y a qe:InformationFlow .\n", encoding="utf-8")
    git(pull_request, "commit", "--quiet", "-am", "another flow at the same place")
    monkeypatch.setenv("PATH", f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}")
    git(pull_request, "merge", "--quiet", "feature")
    merged = flows.read_text(encoding="utf-8")
    assert "bak:flow-x a" in merged and "bak:flow-y a" in merged and "<<<<" not in merged
