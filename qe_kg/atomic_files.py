"""Files that are replaced only when the new one is whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from qe_kg.errors import ReadError


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
