"""A file is replaced when the new one is whole, and otherwise stays what it was."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from qe_kg import ReadError, open_model
from qe_kg.atomic_files import atomic_output

ROOT = Path(__file__).resolve().parents[2]
WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def model(write_model: WriteModel) -> Path:
    return write_model({"a.ttl": "<http://e/s> <http://e/p> 1 ."}, {"ontology": [], "shapes": [], "data": ["a.ttl"]})


def _names(path: Path) -> list[str]:
    """Names of all files, hidden ones too, beside one."""
    return sorted(one.name for one in path.parent.iterdir())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of old content in a folder of its own."""
    path = tmp_path / "output" / "model.ttl"
    path.parent.mkdir()
    path.write_text("old", encoding="utf-8")
    return path


def test_a_new_and_an_old_file_are_written_whole(model: Path, old: Path) -> None:
    for path in (old, old.with_name("new.ttl")):
        assert open_model(model).export(path) == 1
        assert path.read_text(encoding="utf-8").endswith("<http://e/s> <http://e/p> 1 .\n")
    assert _names(old) == ["model.ttl", "new.ttl"]


@pytest.mark.parametrize("error", [RuntimeError, OSError, KeyboardInterrupt])
def test_an_error_in_the_middle_leaves_the_old_file_and_nothing_else(
    error: type[BaseException], model: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import qe_kg.export.writing

    def fail(quads: object, output: object, *_: object) -> NoReturn:
        output.write(b"half of it")  # type: ignore[attr-defined]
        raise error("in the middle")

    monkeypatch.setattr(qe_kg.export.writing, "write_as_read", fail)
    with pytest.raises(ReadError if error is OSError else error, match="in the middle"):
        open_model(model).export(old)
    assert old.read_text(encoding="utf-8") == "old"
    assert _names(old) == ["model.ttl"]


def test_a_source_that_breaks_while_it_is_read_leaves_the_old_file(model: Path, old: Path) -> None:
    one = open_model(model)
    (model / "a.ttl").write_text("<http://e/s> <http://e/p> 1 . <http://e/s>", encoding="utf-8")
    with pytest.raises(ReadError, match=r"a\.ttl:1:"):
        one.export(old)
    assert old.read_text(encoding="utf-8") == "old"
    assert _names(old) == ["model.ttl"]


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_killed_while_writing_leaves_the_old_file(deadly: int, model: Path, old: Path) -> None:
    code = (
        "import sys, time, qe_kg.export.writing\n"
        "from qe_kg import open_model\n"
        "def slow(quads, output, *rest):\n"
        "    output.write(b'half of it'); output.flush(); print('writing', flush=True); time.sleep(60)\n"
        "qe_kg.export.writing.write_as_read = slow\n"
        "open_model(sys.argv[1]).export(sys.argv[2])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(model), str(old)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "writing\n"
        process.send_signal(deadly)
        process.wait(10)
    assert process.returncode == -deadly
    assert old.read_text(encoding="utf-8") == "old"


def test_an_interrupted_process_leaves_no_temporary_file(model: Path, old: Path) -> None:
    code = (
        "import sys, time, qe_kg.export.writing\n"
        "def slow(*rest):\n    print('writing', file=sys.stderr, flush=True); time.sleep(60)\n"
        "qe_kg.export.writing.write_as_read = slow\n"
        "from qe_kg.cli import main\n"
        "sys.argv = ['qe-kg', 'export', '--model', sys.argv[1], '-o', sys.argv[2]]\n"
        "main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(model), str(old)], stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None and process.stderr.readline() == "writing\n"
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        process.wait(10)
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert old.read_text(encoding="utf-8") == "old"
    assert _names(old) == ["model.ttl"]


def test_the_mode_of_the_old_file_stays_and_a_new_one_gets_the_usual(old: Path) -> None:
    old.chmod(0o640)
    previous = os.umask(0o027)
    try:
        for path in (old, old.with_name("new")):
            with atomic_output(path) as file:
                file.write(b"new")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(old.with_name("new").stat().st_mode) == 0o640


def test_a_link_stays_a_link(old: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ttl"
    link.symlink_to(old)
    with atomic_output(link) as file:
        file.write(b"new")
    assert link.is_symlink() and old.read_text(encoding="utf-8") == "new"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with atomic_output(pipe) as file:
        file.write(b"new")
    reader.join(5)
    assert read == [b"new"]
    assert stat.S_ISFIFO(pipe.stat().st_mode), "-o /dev/stdout must not replace the device"


def test_two_writers_at_once_leave_one_whole_file(old: Path) -> None:
    def write(letter: bytes) -> None:
        with atomic_output(old) as file:
            for _ in range(20):
                file.write(letter * 1000)
                time.sleep(0.001)

    writers = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert old.read_bytes() in (b"a" * 20_000, b"b" * 20_000)
    assert _names(old) == ["model.ttl"]


@pytest.mark.parametrize("place", ["nowhere/model.ttl", "file/model.ttl"])
def test_a_folder_that_is_not_there_is_an_error(place: str, model: Path, tmp_path: Path, qe_kg: Run) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReadError, match=r"model\.ttl: cannot be written: "):
        open_model(model).export(tmp_path / place)
    for command in (
        ("export", "--model", model),
        ("query", "ASK {}", "--model", model),
        ("validate", "--model", model),
    ):
        done = qe_kg(*command, "-o", tmp_path / place)
        assert (done.returncode, done.stdout) == (3, ""), command
        assert "cannot be written: " in done.stderr and "Traceback" not in done.stderr


def test_a_folder_that_may_not_be_written_to_is_an_error(
    model: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not by permissions: they do not bind root, who runs this in containers.
    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(ReadError, match=r"model\.ttl: cannot be written: Permission denied"):
        open_model(model).export(old)
    assert old.read_text(encoding="utf-8") == "old"


def test_a_folder_is_no_output(model: Path, tmp_path: Path, qe_kg: Run) -> None:
    with pytest.raises(ReadError, match="cannot be written"):
        open_model(model).export(tmp_path)
    assert qe_kg("export", "--model", model, "-o", tmp_path).returncode == 2
