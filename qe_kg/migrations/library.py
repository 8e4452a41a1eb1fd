"""Migrations as data: a folder a migration, under the release that needs it (see ontology/migrations/README.md)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from qe_kg.assets import asset_root
from qe_kg.errors import ReadError
from qe_kg.namespaces import Namespaces
from qe_kg.sparql_text import tokens

_RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_KEYS = {"title", "why", "terms"}
_FETCHING = {"LOAD", "SERVICE"}


@dataclass(frozen=True)
class Migration:
    """One migration.

    Attributes:
        release: the release that needs it.
        name: its folder's name.
        title: what it does.
        why: why the release needs it.
        terms: IRIs that only became others, old → new.
        detect: a SELECT with a row for each place that is to be mended.
        mend: a SPARQL update that mends them.
        folder: where it is.

    """

    release: str
    name: str
    title: str
    why: str
    terms: dict[str, str]
    detect: str
    mend: str
    folder: Path


def read_migrations(folder: Path | None = None) -> tuple[Migration, ...]:
    """Return the migrations of a folder, by release and name; those that are shipped if none is given.

    Raises:
        ReadError: the folder is not there, or a migration in it lacks something.

    """
    root = asset_root() / "ontology" / "migrations" if folder is None else folder
    if not root.is_dir():
        raise ReadError(f"{root}: there is no such folder of migrations")
    releases = []
    for path in root.iterdir():
        found = _RELEASE.fullmatch(path.name)
        if found and path.is_dir():
            releases.append((tuple(map(int, found.groups())), path))
        elif path.is_dir():
            raise ReadError(f"{path}: a folder of migrations is named after a release such as 0.2.0")
    return tuple(
        _read(release, one)
        for _, release in sorted(releases)
        for one in sorted(release.iterdir())
        if one.is_dir()
    )  # fmt: skip


def _read(release: Path, folder: Path) -> Migration:
    texts = {}
    for name in ("migration.toml", "detect.rq", "mend.ru"):
        try:
            texts[name] = (folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ReadError(f"{folder / name}: cannot be read: {error}") from error
    try:
        fields = tomllib.loads(texts["migration.toml"])
    except tomllib.TOMLDecodeError as error:
        raise ReadError(f"{folder / 'migration.toml'}: {error}") from error
    if set(fields) - _KEYS or not isinstance(fields.get("title"), str) or not isinstance(fields.get("terms", {}), dict):
        raise ReadError(f"{folder / 'migration.toml'}: must have a title, and may have why and a table [terms]")
    for name in ("detect.rq", "mend.ru"):
        words = {token.text.upper() for token in tokens(texts[name]) if token.kind == "word"}
        if words & _FETCHING:
            raise ReadError(f"{folder / name}: a migration fetches nothing: {' and '.join(sorted(words & _FETCHING))}")
    terms = {_iri(folder, old): _iri(folder, new) for old, new in fields.get("terms", {}).items()}
    return Migration(
        release.name, folder.name, fields["title"], str(fields.get("why", "")), terms,
        texts["detect.rq"], texts["mend.ru"], folder,
    )  # fmt: skip


def _iri(folder: Path, name: object) -> str:
    iri = Namespaces().expand(name) if isinstance(name, str) else None
    if iri is None:
        raise ReadError(f"{folder / 'migration.toml'}: [terms] {name!r} is no IRI and has no known prefix")
    return iri
