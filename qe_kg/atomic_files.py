"""Files and folders that are replaced only when the new one is whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from qe_kg.errors import CallError, ReadError


@contextmanager
def atomic_output(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that replaces an old one only when it is whole.

    What is written goes to a temporary file in the same folder; after an error or an interruption the old file is
    as it was and the temporary one is gone.

    Raises:
        ReadError: the folder is not there or cannot be written to.

    """
    path = path.resolve()  # of a link, the file behind it is replaced and not the link
    if path.exists() and not path.is_file():
        # A pipe or a device (/dev/stdout, /dev/null) cannot be replaced; it is written to.
        try:
            with path.open("wb") as file:
                yield file
        except OSError as error:
            raise ReadError(f"{path}: cannot be written: {error.strerror or error}") from error
        return
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent or Path())
    except OSError as error:
        raise ReadError(f"{path}: cannot be written: {error.strerror or error}") from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode_of(path))
        temporary.replace(path)
    except OSError as error:
        raise ReadError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _mode_of(path: Path) -> int:
    """Return the mode that the file has, or that a new one would get."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


@contextmanager
def atomic_folder(path: Path, mark: str) -> Iterator[Path]:
    """Make a folder that takes its place only when it is whole.

    It is filled beside that place; after an error or an interruption the old one is as it was.

    Args:
        path: where it belongs. An old folder there is replaced if it is empty or was made in this way.
        mark: the name of a file that only such a folder has.

    Raises:
        CallError: there is something else at that place.
        ReadError: it cannot be written.

    """
    path = path.resolve()
    if path.exists() and not path.is_dir():
        raise CallError(f"{path} is a file; name a folder")
    if path.is_dir() and any(path.iterdir()) and not (path / mark).is_file():
        raise CallError(f"{path} is not empty, and no earlier export: it has no {mark}; name a new folder")
    try:
        fresh = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise ReadError(f"{path}: cannot be written: {error.strerror or error}") from error
    inside, old = fresh / "new", fresh / "old"
    try:
        inside.mkdir()
        yield inside
        if path.exists():
            path.rename(old)
        try:
            inside.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
    except OSError as error:
        raise ReadError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
