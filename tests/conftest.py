"""What several test folders need: models written into a temporary folder, and the real command line."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests import command
from tests.servers import running

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file on one worker, unless they name their group: what a file makes once is made once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a model: file name → content, and role → file names (all are data without it)."""

    def write(
        files: Mapping[str, str | bytes],
        roles: Mapping[str, Sequence[str]] | None = None,
        *,
        manifest: str | bytes | None = None,
        name: str = "model",
        more: str = "",
    ) -> Path:
        directory = tmp_path / name
        directory.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            path = directory / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        if manifest is None:
            entries = {"data": sorted(files)} if roles is None else roles
            lines = [f"{role} = {json.dumps(list(names))}" for role, names in entries.items()]
            model = ['name = "Test"', 'namespace = "https://test.example/id/"', 'prefix = "t"', more]
            manifest = "\n".join(["[model]", *model, "[files]", *lines])
        (directory / "qe-kg.toml").write_bytes(manifest if isinstance(manifest, bytes) else manifest.encode("utf-8"))
        return directory

    return write


@pytest.fixture
def qe_kg(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs ``qe-kg`` of this checkout as a process of its own, in an empty folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    def run(
        *arguments: str | Path | bytes,
        stdin: str = "",
        cwd: Path = folder,
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        return command.run(arguments, stdin=stdin, cwd=cwd, env=env or {}, timeout=timeout)

    return run


@pytest.fixture(scope="session")
def _oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Server]:
    server = running.oxigraph(tmp_path_factory.mktemp("oxigraph")).start()
    yield server
    server.stop()


@pytest.fixture
def oxigraph(_oxigraph: running.Server) -> running.Server:
    """Return an Oxigraph server that holds nothing; one process for all tests of a worker."""
    headers = {"Content-Type": "application/sparql-update"}
    urllib.request.urlopen(urllib.request.Request(_oxigraph.update_url, b"CLEAR ALL", headers)).close()
    return _oxigraph
