"""What a store on disk was loaded from: enough to open it without its files, and to tell when they have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from qe_kg.errors import CallError, ReadError

_NAME = "qe-kg-store.json"
#: Where in the folder of a store the database lies.
STORE_INSIDE = "oxigraph"
_FORM = 1


@dataclass(frozen=True)
class StampedFile:
    """One file that was loaded: its path, its size in bytes, when it was last modified (ns), and a hash of it."""

    path: str
    size: int
    modified: int
    digest: str

    @classmethod
    def of(cls, path: Path) -> StampedFile:
        """Describe a file as it is now.

        Raises:
            ReadError: it cannot be read.

        """
        try:
            found = path.stat()
            return cls(str(path.resolve()), found.st_size, found.st_mtime_ns, _digest(path))
        except OSError as error:
            raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from error

    def is_changed(self) -> bool:
        """Tell whether the file is another one now, or gone; its content is read only where its date differs."""
        path = Path(self.path)
        try:
            found = path.stat()
            if found.st_size != self.size:
                return True
            return found.st_mtime_ns != self.modified and _digest(path) != self.digest
        except OSError:
            return True


@dataclass(frozen=True)
class Stamp:
    """What a store was loaded from.

    Attributes:
        model: the model directory.
        files: its files.
        include_inferences: whether inferences were loaded.
        scenario: the scenario that was loaded, or None.
        entailed: whether the OWL 2 RL closure was added.

    """

    model: str
    files: tuple[StampedFile, ...]
    include_inferences: bool = True
    scenario: str | None = None
    entailed: bool = False

    def write(self, folder: Path) -> None:
        """Write the stamp into a store's folder; a store without one counts as not loaded."""
        (folder / _NAME).write_text(json.dumps({"form": _FORM, **asdict(self)}, indent=1), encoding="utf-8")

    @staticmethod
    def check_free(folder: Path) -> None:
        """Refuse a folder that holds something else than a store.

        Raises:
            CallError: it does.

        """
        is_store = (folder / _NAME).exists() or (folder / STORE_INSIDE).exists()
        is_new = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
        if not is_store and not is_new:
            raise CallError(f"{folder} is not empty and no store; name a new folder")

    @staticmethod
    def remove(folder: Path) -> None:
        """Take the stamp away before something is loaded, so that a load that stops half way leaves none."""
        (folder / _NAME).unlink(missing_ok=True)

    @classmethod
    def read(cls, folder: Path) -> Stamp:
        """Read the stamp of a store.

        Raises:
            ReadError: the folder is no store that was loaded to its end by this version.

        """
        path = folder / _NAME
        advice = "load a model into it with qe-kg load DIR --store " + str(folder)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document.pop("form") != _FORM:
                raise ReadError(f"{folder}: the store was made by another version; {advice}")
            files = tuple(StampedFile(**one) for one in document.pop("files"))
            return cls(files=files, **document)
        except FileNotFoundError as error:
            what = (
                "it holds no loaded model"
                if folder.is_dir()
                else "there is no such folder, and no profile of the name in qe-kg.toml"
            )
            raise ReadError(f"{folder} is no store: {what}; {advice}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReadError(f"{path}: cannot be read: {error}; {advice}") from error

    def changed(self, now: Iterable[Path]) -> Sequence[str]:
        """Return the paths of files that have changed, gone or come since the load, given those there should be."""
        current = {str(path.resolve()) for path in now}
        stamped = {one.path for one in self.files}
        return sorted((current ^ stamped) | {one.path for one in self.files if one.is_changed()})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def check_asked_for(
    stamp: Stamp, folder: Path, *, model: Path | None, scenario: str | None, include_inferences: bool, entail: bool
) -> None:
    """Refuse a question about something else than was loaded.

    Raises:
        CallError: the store holds another model, scenario or selection than the call asks for.

    """
    differing = [
        what
        for what, differs in (
            (f"another model ({stamp.model})", model is not None and model.resolve() != Path(stamp.model)),
            (f"the scenario {stamp.scenario}" if stamp.scenario else "no scenario", scenario != stamp.scenario),
            ("inferences" if stamp.include_inferences else "no inferences",
             include_inferences != stamp.include_inferences),
            ("the OWL closure" if stamp.entailed else "no OWL closure", entail != stamp.entailed),
        )
        if differs
    ]  # fmt: skip
    if differing:
        raise CallError(f"{folder} was loaded with {' and '.join(differing)}: ask it so, or load it anew")
