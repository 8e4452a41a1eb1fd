"""Arrays and texts that are kept in a file beside a store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from qe_kg.errors import ReadError
from qe_kg.lineage.texts import Ints, Texts


class Kept:
    """What a file holds, by name.

    Args:
        path: the file, which `write` has written.

    Raises:
        FileNotFoundError: there is none.
        ReadError: it is damaged.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with np.load(path, allow_pickle=False) as found:
                self._found: dict[str, Ints] = dict(found)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise self._damaged(error) from error

    @classmethod
    def if_any(cls, path: Path) -> Kept | None:
        """Return what a file holds; None where there is no file.

        Raises:
            ReadError: it is damaged.

        """
        try:
            return cls(path)
        except FileNotFoundError:
            return None

    def array(self, name: str) -> Ints:
        """Return an array."""
        try:
            return self._found[name]
        except KeyError as error:
            raise self._damaged(error) from error

    def texts(self, name: str) -> Texts:
        """Return texts."""
        return Texts(self.array(name).view(np.uint8), self.array(f"{name}.start"), self.array(f"{name}.end"))

    def _damaged(self, error: Exception) -> ReadError:
        return ReadError(f"{self._path}: cannot be read: {error}; load the model anew")

    @staticmethod
    def write(path: Path, parts: Mapping[str, Ints | Texts]) -> None:
        """Write arrays and texts."""
        texts = {name: part for name, part in parts.items() if isinstance(part, Texts)}
        arrays = {name: part for name, part in parts.items() if not isinstance(part, Texts)}
        blocks = {name: part.block for name, part in texts.items()}
        bounds = {f"{name}.start": part.start for name, part in texts.items()}
        bounds |= {f"{name}.end": part.end for name, part in texts.items()}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays, **blocks, **bounds)
