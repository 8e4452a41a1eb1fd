"""What is to hand for CI, used as it would be: the action, the GitLab template, the hooks, and our own use of them.

The package is really installed, from this checkout, into an environment of its own. Its dependencies are those of the
environment that runs the tests, and so is what builds it: they are put on the path and not downloaded again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

# One worker makes what several tests share.
pytestmark = pytest.mark.xdist_group("ci")
ROOT = Path(__file__).resolve().parents[2]
DATA = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .

t:a a qe:Stakeholder ;
    skos:prefLabel "A"@en ;
    skos:related t:b .
"""
ONLY = "--only syntax,format,references"


def _env(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GIT_", "PIP_"))}
    path = f"{kept['PATH']}{os.pathsep}{sysconfig.get_path('scripts')}"
    ours = {
        "PATH": path,
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
    }
    return kept | ours | more


def _bash(script: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env=dict(env), capture_output=True, text=True, check=False,
    )  # fmt: skip


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the action's step that installs; return what is RUNNER_TEMP for the steps behind it."""
    temp = tmp_path_factory.mktemp("runner")
    step = _yaml(ROOT / "action.yml")["runs"]["steps"][0]
    context = {"inputs.package": "", "inputs.python": sys.executable, "github.action_path": str(_copy(temp / "action"))}
    done = _bash(step["run"], temp, _env(RUNNER_TEMP=str(temp), **_resolved(step["env"], context)))
    assert done.returncode == 0, done.stderr
    return temp


def _copy(folder: Path) -> Path:
    """Copy what a checkout of this repository has and the package is built from, as a Git repository."""
    left_out = shutil.ignore_patterns("__pycache__", "*.pyc")
    folder.mkdir()
    for name in ("qe_kg", "ontology", "shapes", "queries", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE", "action.yml", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def _resolved(env: Mapping[str, str], context: Mapping[str, str]) -> dict[str, str]:
    return {name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: context[found[1]], value) for name, value in env.items()}


@pytest.fixture
def model(write_model: Callable[..., Path]) -> Path:
    return write_model({"data.ttl": DATA}, {"data": ["data.ttl"], "shapes": [], "ontology": ["builtin"]})


def _run_action(
    installed: Path, folder: Path, **inputs: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    action = _yaml(ROOT / "action.yml")
    step = action["runs"]["steps"][1]
    context = {f"inputs.{name}": given["default"] for name, given in action["inputs"].items()}
    context |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
    output, summary = folder / "output.txt", folder / "summary.md"
    output.touch()
    summary.write_text("before\n", encoding="utf-8")
    env = _env(
        RUNNER_TEMP=str(installed), GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(summary),
        **_resolved(step["env"], context),
    )  # fmt: skip
    done = _bash(step["run"], folder, env)
    outputs = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
    assert set(outputs) == set(action["outputs"])
    return done, outputs | {"summary": summary.read_text(encoding="utf-8")}


def test_the_action_annotates_and_fails(installed: Path, model: Path) -> None:
    done, outputs = _run_action(installed, model, arguments=ONLY)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=data.ttl,line=7,endLine=7,col=18,endColumn=21,title=NAME-02%3A t%3Aa::")
    sarif = json.loads((model / outputs["sarif"]).read_text(encoding="utf-8"))
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["NAME-02"]
    assert ET.parse(model / outputs["junit"]).getroot().get("failures") == "1"
    assert outputs["summary"].startswith("before\n## qe-kg check: does not pass\n")


def test_the_action_passes_what_is_sound_and_takes_no_commands_from_its_inputs(installed: Path, model: Path) -> None:
    (model / "data.ttl").write_text(DATA.replace("t:b", "t:a"), encoding="utf-8")
    done, outputs = _run_action(installed, model, arguments=ONLY, reports="$(touch hacked)/`touch hacked`")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert not (model / "hacked").exists() and (model / outputs["sarif"]).is_file()
    wrong, _ = _run_action(installed, model, arguments="--only polcy")
    assert wrong.returncode == 2 and "did you mean policy?" in wrong.stderr
    unreadable, _ = _run_action(installed, model, model="nowhere")
    assert unreadable.returncode == 3


def test_the_gitlab_template_writes_the_reports_that_it_names(installed: Path, model: Path) -> None:
    template = _yaml(ROOT / ".ci" / "gitlab-template.yml")
    job = template["qe-kg"]
    assert [line.split()[0] for line in job["before_script"]] == ["python3", ".qe-kg/bin/python"]
    (model / ".qe-kg").symlink_to(installed / "qe-kg")  # what before_script makes: the action's test has installed it
    env = _env(**(template["variables"] | {"QE_KG_ARGUMENTS": ONLY}))
    done = _bash("\n".join(job["script"]), model, env)
    assert done.returncode == 1 and "data.ttl:7:18: error NAME-02" in done.stdout, done.stderr
    reports = job["artifacts"]["reports"]
    (entry,) = json.loads((model / reports["codequality"]).read_text(encoding="utf-8"))
    assert entry["location"] == {"path": "data.ttl", "lines": {"begin": 7, "end": 7}}
    assert ET.parse(model / reports["junit"]).getroot().get("failures") == "1"
    assert all((model / path).is_file() for path in job["artifacts"]["paths"])


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, env=_env(), check=True, capture_output=True,
    )  # fmt: skip


def test_the_hooks_format_and_check_a_repository(model: Path, tmp_path: Path) -> None:
    source = _copy(tmp_path / "source")
    for folder in (source, model):
        _git(folder, "init")
    _git(source, "add", ".")
    _git(source, "commit", "-m", "x")
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=source, capture_output=True, text=True, check=True
    ).stdout.strip()
    hooks = [{"id": "qe-kg-fmt"}, {"id": "qe-kg-check", "args": ONLY.split()}]
    config = {"repos": [{"repo": str(source), "rev": commit, "hooks": hooks}]}
    (model / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (model / "data.ttl").write_text(DATA.replace("t:a a", "t:a  a"), encoding="utf-8")
    _git(model, "add", ".")

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--all-files"],
            cwd=model, env=_env(PRE_COMMIT_HOME=str(tmp_path / "home")), capture_output=True, text=True, check=False,
        )  # fmt: skip

    first = run()
    assert first.returncode == 1, first.stderr
    assert "files were modified by this hook" in first.stdout and "formatted data.ttl" in first.stdout
    assert "data.ttl:7:18: error NAME-02" in first.stdout
    assert (model / "data.ttl").read_text(encoding="utf-8") == DATA
    (model / "data.ttl").write_text(DATA.replace("t:b", "t:a"), encoding="utf-8")
    second = run()
    assert second.returncode == 0, second.stdout
    assert re.findall(r"\.{3,}(\w+)$", second.stdout, re.MULTILINE) == ["Passed", "Passed"]


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", ".github/workflows/check.yml"),
        ("vendor.gitlab-ci", ".ci/gitlab-template.yml"),
    ],
)
def test_the_files_are_valid_by_their_schemas(schema: str, file: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, ROOT / file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("command", "file"),
    [("validate-manifest", ".pre-commit-hooks.yaml"), ("validate-config", ".pre-commit-config.yaml")],
)
def test_pre_commit_takes_the_hooks_and_our_own_use_of_them(command: str, file: str) -> None:
    subprocess.run([sys.executable, "-m", "pre_commit", command, ROOT / file], env=_env(), check=True)


def test_we_use_what_we_offer() -> None:
    steps = _yaml(ROOT / ".github" / "workflows" / "check.yml")["jobs"]["model"]["steps"]
    assert {"model", "arguments"} <= set(next(step for step in steps if step.get("uses") == "./")["with"])
    offered = {hook["id"] for hook in _yaml(ROOT / ".pre-commit-hooks.yaml")}
    used = {hook["id"] for repo in _yaml(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]}
    assert offered <= used
    assert "qe-kg check --model data/quantum-energy" in (ROOT / "Makefile").read_text(encoding="utf-8")
