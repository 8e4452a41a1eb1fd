"""The wheel: built once, installed outside the checkout, and as good as the checkout."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from qe_kg import __version__

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel in ``dist`` and, in ``environment``, what installing it gives; one for all workers."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "packaging"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            _run([sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", ROOT], folder)
            (wheel,) = (folder / "dist").glob("*.whl")
            venv.create(folder / "environment")
            install: list[str | Path] = ["install", "--no-compile", "--disable-pip-version-check", wheel]
            _run([sys.executable, "-m", "pip", "--python", folder / "environment", *install], folder)
            (folder / "done").touch()
    return folder


@pytest.fixture
def wheel(built: Path) -> Path:
    return next((built / "dist").glob("*.whl"))


@pytest.fixture
def installed(built: Path) -> Path:
    """The ``qe-kg`` of an environment that holds the wheel and what it needs."""
    return built / "environment" / "bin" / "qe-kg"


def _run(command: list[str | Path], cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def _checkout(*arguments: str | Path, cwd: Path) -> str:
    command = [sys.executable, "-m", "qe_kg", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=True).stdout


def _report(text: str) -> dict[str, Any]:
    """Return a validation report without what differs from place to place and time to time."""
    report: dict[str, Any] = json.loads(text)
    del report["summary"]["seconds"]
    for result in report["results"]:
        hops = [place for hop in result.get("hops", ()) for place in (hop["source"], *hop["places"])]
        for place in (result["source"], *result["places"], *result["related"], *hops):
            place["file"] = re.split(r"/(?=data/|shapes/|ontology/)", place["file"])[-1]
    return report


def test_it_holds_what_is_shipped_and_nothing_else(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    shipped = {
        f"qe_kg/_assets/{path.relative_to(ROOT).as_posix()}"
        for folder in ("ontology", "shapes", "queries", "data")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    code = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "qe_kg").rglob("*")
        if path.is_file() and (path.suffix in (".py", ".typed") or "templates" in path.parts)
    }
    metadata = {name for name in names if re.match(r"quantum_energy_kg-[\d.]+\.dist-info/", name)}
    assert names - metadata == shipped | code
    assert any(name.endswith("/licenses/LICENSE") for name in metadata)
    assert "qe_kg/py.typed" in names, "the package says that it is typed"


def test_it_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    assert _run([installed, "--version"], tmp_path) == f"qe-kg, version {__version__}\n"


def test_it_answers_what_the_checkout_answers(installed: Path, tmp_path: Path) -> None:
    for arguments in (
        ("impact", "AOV-04", "--format", "json"),
        ("queries", "--format", "json"),
        ("export", "--to", "nt"),
    ):
        assert _run([installed, *arguments], tmp_path) == _checkout(*arguments, cwd=tmp_path)
    validate = ("validate", "--format", "json")
    assert _report(_run([installed, *validate], tmp_path)) == _report(_checkout(*validate, cwd=tmp_path))


def test_it_makes_a_model_and_knows_its_migrations(installed: Path, tmp_path: Path) -> None:
    _run([installed, "init", "model"], tmp_path)
    assert json.loads(_run([installed, "validate", "model"], tmp_path))["results"] == []
    assert json.loads(_run([installed, "migrate", "--check", "--model", "model"], tmp_path))["files"] == []
