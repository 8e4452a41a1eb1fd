"""Writing pages into a folder, and telling which of them are out of date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qe_kg.errors import ReadError
from qe_kg.reference.pages import MARKER


@dataclass(frozen=True)
class Outdated:
    """What differs between a folder and the pages it should hold: paths under the folder, sorted."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    left_over: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.left_over)


def find_outdated(folder: Path, pages: Mapping[str, str]) -> Outdated:
    """Compare a folder with the pages that it should hold; files that nobody made with this command do not count.

    Raises:
        ReadError: a file stands where a page belongs and was not made with this command, or cannot be read.

    """
    missing, changed = [], []
    for name, text in pages.items():
        path = folder / name
        if not path.exists():
            missing.append(name)
        elif (there := _read(path)) != text:
            if not _is_ours(there):
                raise ReadError(f"{path}: this file was not made by qe-kg reference; move it, or name another folder")
            changed.append(name)
    endings = {Path(name).suffix for name in pages}
    every = (path for path in folder.rglob("*") if path.suffix in endings and path.is_file())
    left = [name for path in every if (name := path.relative_to(folder).as_posix()) not in pages]
    return Outdated(
        tuple(sorted(missing)), tuple(sorted(changed)),
        tuple(sorted(name for name in left if _is_ours(_read(folder / name)))),
    )  # fmt: skip


def write_folder(folder: Path, pages: Mapping[str, str]) -> Outdated:
    """Bring a folder up to date and return what was not; whatever is up to date is not touched.

    Raises:
        ReadError: as `find_outdated`.

    """
    outdated = find_outdated(folder, pages)
    for name in (*outdated.missing, *outdated.changed):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages[name], encoding="utf-8")
    for name in outdated.left_over:
        (folder / name).unlink()
    return outdated


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: cannot be read: {error}") from error


def _is_ours(text: str) -> bool:
    return text.rstrip().endswith(MARKER)
