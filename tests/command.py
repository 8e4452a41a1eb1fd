"""Runs ``qe-kg`` as a process of its own, without the imports that each new interpreter would make again.

One server a test process has imported all of the package and has done nothing else; each run is a fork of it, with its
own folder, environment and standard streams. What depends on how an interpreter starts (``PYTHON…``, the locale) gets
an interpreter of its own.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

import qe_kg
import qe_kg.cli

ROOT = Path(__file__).resolve().parents[1]
_AT_START = ("PYTHON", "LANG", "LC_", "COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR")
_LOADED_WHEN_NEEDED = ("pyshacl", "rdflib", "rich.console", "rich.markup", "rich.table", "yaml")
_NO_MODULES = ("qe_kg.__main__", "qe_kg._assets")


def run(
    arguments: Sequence[str | Path | bytes], *, stdin: str, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Return what ``qe-kg`` with these arguments left and wrote; TimeoutExpired after so many seconds."""
    words = [os.fsdecode(argument) for argument in arguments]
    if any(name.startswith(_AT_START) for name in env):
        return _interpreter(words, stdin=stdin, cwd=cwd, env=env, timeout=timeout)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode("utf-8"))
        given.seek(0)
        code = _forked(words, (given, out, err), cwd, {**os.environ, "PYTHONPATH": str(ROOT), **env}, timeout)
        return subprocess.CompletedProcess(words, code, _written(out), _written(err))


def _interpreter(
    words: Sequence[str], *, stdin: str, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qe_kg", *words],
        input=stdin,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def _forked(
    words: Sequence[str], streams: tuple[BinaryIO, ...], cwd: Path, env: Mapping[str, str], timeout: float
) -> int:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    files = [f"/proc/{os.getpid()}/fd/{stream.fileno()}" for stream in streams]
    process = context.Process(target=_command, args=(words, files, str(cwd), dict(env)))
    process.start()
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise subprocess.TimeoutExpired(list(words), timeout)
    return process.exitcode


def _written(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8").replace("\r\n", "\n")


def _command(words: Sequence[str], files: Sequence[str], cwd: str, env: Mapping[str, str]) -> NoReturn:
    for descriptor, file in enumerate(files):
        os.dup2(os.open(file, os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_APPEND), descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - they live as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["qe-kg", *words]
    code = 1
    try:
        qe_kg.cli.main()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _load() -> None:
    for module in pkgutil.walk_packages(qe_kg.__path__, "qe_kg."):
        if not module.name.startswith(_NO_MODULES):
            importlib.import_module(module.name)
    for name in _LOADED_WHEN_NEEDED:
        importlib.import_module(name)


# The server of forks is the only process that imports this module without being a test's: it has no pytest.
if "pytest" not in sys.modules:
    _load()
