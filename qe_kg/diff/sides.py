"""The two sides of a comparison: what a name such as ``main``, ``HEAD~1:model`` or ``flows.ttl`` stands for.

============================  ====================================================================
written                       means
============================  ====================================================================
a folder with qe-kg.toml      that model
another folder, or a file     the RDF in it
a store on disk               what was loaded into it
a store's URL, or a profile   what it holds of the model of --model, else of the current folder
a git revision                the model of --model, else of the current folder, at that revision
revision:path                 a model, folder or file at that revision; ./path from the current folder
one…@scenario:NAME            a model as the scenario has it
A..B, A...B                   both sides in one: from A to B; from where they parted to B
============================  ====================================================================

Files win over revisions of the same name; ``refs/heads/main`` names a branch for sure.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg import git
from qe_kg.assets import asset_root
from qe_kg.errors import CallError, ReadError
from qe_kg.manifest import BUILTIN_PATTERNS, MANIFEST_NAME, RDF_ROLES, Manifest, ModelFile, find_model, read_manifest
from qe_kg.namespaces import DEFAULT_BASE, Namespaces
from qe_kg.opening import find_store, open_model
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.files import read_quads
from qe_kg.store.profiles import Profile, is_url
from qe_kg.store.stamp import STORE_INSIDE, Stamp
from qe_kg.store.statements import Content, content

if TYPE_CHECKING:
    import pyoxigraph as ox

    from qe_kg.model import Model

_SCENARIO = "@scenario:"
_SUFFIXES = (".ttl", ".turtle", ".trig", ".nt", ".nq", ".rdf", ".owl", ".jsonld", ".n3")


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: what it is called in the answer.
        files: its RDF files with their roles; the role is "data" where there is no model.
        manifest: the model's manifest, or None where it is no model.
        root: the temporary folder that the files were written to, or None; left out of places that are shown.
        store: what is compared instead of files: the folder of a store on disk, or a model in a store elsewhere.

    """

    name: str
    files: tuple[ModelFile, ...]
    manifest: Manifest | None = None
    root: Path | None = None
    store: Path | Model | None = None

    @property
    def namespaces(self) -> Namespaces:
        """The model's namespaces, or those that everybody uses."""
        return self.manifest.namespaces if self.manifest else Namespaces()

    def content(self, *, builtin: bool) -> Content:
        """Return what the files say; a file of role "removed" takes triples away from all others.

        Args:
            builtin: whether to include what is shipped with the package.

        Raises:
            ParseError, ReadError: a file cannot be read.

        """
        if isinstance(self.store, Path):
            return Content(frozenset(EmbeddedStore(self.store, read_only=True).union()))
        if self.store is not None:
            return Content(frozenset(self.store.files.quads(*RDF_ROLES)))
        files = [file for file in self.files if builtin or not file.builtin]
        removed = {quad.triple for file in files if file.role == "removed" for quad in read_quads(file.path)}
        stated = [file for file in files if file.role in RDF_ROLES]
        if removed:
            return Content(
                frozenset(quad for file in stated for quad in self._read(file) if quad.triple not in removed)
            )
        return content((file.path, self._read(file)) for file in stated)

    def _read(self, file: ModelFile) -> Iterator[ox.Quad]:
        moves = self.namespaces.base != DEFAULT_BASE and file.builtin
        return read_quads(file.path, None, self.namespaces.rebase if moves else None)

    def shown(self, place: str) -> str:
        """Return a place in the side's files without the temporary folder's name."""
        return place.replace(f"{self.root}{os.sep}", "") if self.root else place


def open_sides(old: str | None, new: str | None, *, model: Path | None, scenario: str | None, into: ExitStack) -> tuple[
    Side, Side
]:  # fmt: skip
    """Find out what two names stand for.

    Args:
        old: the first name; None means the last commit, or with a scenario the model as it is.
        new: the second; None means the model as it lies in its folder.
        model: the model that a bare revision is about.
        scenario: the scenario in which the second side, a model, is taken.
        into: closes what was opened for the two, once they are no longer needed.

    Raises:
        CallError: a name stands for nothing; the nearest names are in the message.
        ReadError, ManifestError: what it stands for cannot be read.

    """
    shown: str | None = None
    both = _range(old, model) if new is None and old is not None else None
    if both:
        old, new, shown = both
    if old is None:
        old = str(find_model(model)) if scenario else "HEAD"
    if new is None:
        new = str(find_model(model))
    if scenario:
        if _SCENARIO in new:
            raise CallError(f"{new!r} names a scenario already; leave out --scenario")
        new += f"{_SCENARIO}{scenario}"
    first, second = (_open(name, model, into) for name in (old, new))
    return replace(first, name=shown) if shown else first, second


def _range(text: str, model: Path | None) -> tuple[str, str, str | None] | None:
    """Return the two sides that A..B or A...B names, and what to call the first; None if it is no range."""
    if ".." not in text or Path(text).exists():
        return None
    mark = "..." if "..." in text else ".."
    one, _, other = text.partition(mark)
    repository = git.repository_of(find_model(model))
    if repository is None or "/.." in text:
        return None
    one, other = one or "HEAD", other or "HEAD"
    for name in (one, other):
        if git.commit_of(repository, name) is None:
            return None
    if mark == "..":
        return one, other, None
    parted = git.merge_base(repository, one, other)
    return parted, other, one if parted == git.commit_of(repository, one) else f"{one} at {parted[:10]}"


def _open(name: str, model: Path | None, into: ExitStack) -> Side:
    text, _, scenario = name.partition(_SCENARIO)
    path = Path(text) if text else find_model(model)
    profile = _elsewhere(text, model)
    if profile is not None:
        return Side(text, (), store=open_model(model, store=profile, scenario=scenario or None))
    side = _at_path(path, _shown(path)) if path.exists() else _at_revision(text, model, into)
    if not scenario:
        return side
    if side.manifest is None:
        raise CallError(f"{text} is no model and has no scenarios")
    in_scenario = side.manifest.in_scenario(scenario)
    return replace(side, name=f"{side.name} in scenario {scenario}", manifest=in_scenario, files=in_scenario.files)


def _elsewhere(text: str, model: Path | None) -> Profile | None:
    """Return the store elsewhere that a name stands for, if it is a URL or a profile's name."""
    if not is_url(text) and (Path(text).exists() or text not in read_manifest(find_model(model)).stores):
        return None
    place = find_store(text, model)
    return None if isinstance(place, Path) else place


def _shown(path: Path) -> str:
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def _at_path(path: Path, name: str, root: Path | None = None) -> Side:
    if path.name == MANIFEST_NAME:
        path = path.parent
    if (path / STORE_INSIDE).is_dir():
        Stamp.read(path)
        return Side(name, (), None, root, path)
    if (path / MANIFEST_NAME).is_file():
        manifest = read_manifest(path)
        assets = _assets_in(root)
        manifest = _with_assets(manifest, assets) if assets else manifest
        return Side(name, manifest.files, manifest, root)
    if path.is_dir():
        found = [one for one in sorted(path.rglob("*")) if one.suffix.lower() in _SUFFIXES and one.is_file()]
        if not found:
            raise ReadError(f"{name}: there is no RDF file in this folder, and no {MANIFEST_NAME}")
        return Side(name, tuple(_loose(one, one.relative_to(path).as_posix()) for one in found), None, root)
    return Side(name, (_loose(path, path.name),), None, root)


def _loose(path: Path, name: str) -> ModelFile:
    return ModelFile(path, "data", name, False)


def _assets_in(root: Path | None) -> Path | None:
    return root if root and (root / "ontology" / "qe.ttl").is_file() else None


def _with_assets(manifest: Manifest, assets: Path) -> Manifest:
    """Return a manifest whose "builtin" parts are those of another folder (of another version of the package)."""
    roles = [role for role in BUILTIN_PATTERNS if any(file.builtin for file in manifest.of_role(role))]
    shipped = [
        ModelFile(path, role, path.relative_to(assets).as_posix(), True)
        for role in roles
        for pattern in BUILTIN_PATTERNS[role]
        for path in sorted(assets.glob(pattern))
    ]
    own = [file for file in manifest.files if not file.builtin]
    queries = tuple(
        assets / "queries" if folder == asset_root() / "queries" and (assets / "queries").is_dir() else folder
        for folder in manifest.query_directories
    )
    return replace(manifest, files=(*shipped, *own), query_directories=queries)


def _at_revision(text: str, model: Path | None, into: ExitStack) -> Side:
    """Write what a revision holds of a model, a folder or a file into a temporary folder."""
    revision, colon, inside = text.partition(":")
    if colon:
        repository = git.repository_of(Path.cwd())
        wanted = inside
        if repository and (inside.startswith(("./", "../")) or not inside):
            wanted = os.path.relpath((Path.cwd() / inside).resolve(), repository)
    else:
        directory = find_model(model).resolve()
        repository = git.repository_of(directory)
        wanted = "" if repository is None else os.path.relpath(directory, repository)
    commit = git.commit_of(repository, revision) if repository else None
    if repository is None or commit is None:
        raise _unknown(text, repository)
    wanted = Path(wanted).as_posix().strip("/") or "."
    root = Path(into.enter_context(tempfile.TemporaryDirectory(prefix="qe-kg-diff-"))).resolve()
    assets = ["ontology", "shapes", "queries"] if asset_root() == repository else []
    git.extract(repository, commit, ["."] if wanted == "." else [wanted, *assets], root)
    target = root / wanted
    if (target / MANIFEST_NAME).is_file():
        outside = _outside(target, root)
        if outside and wanted != ".":
            git.extract(repository, commit, outside, root)
    if not target.exists():
        if colon:
            raise ReadError(f"{revision} holds no {wanted}")
        return Side(f"{revision} (no model there yet)", (), None, root)
    return _at_path(target, text, root)


def _outside(model: Path, root: Path) -> list[str]:
    """Return the paths outside of a model's folder that its manifest names, as far as they are no patterns."""
    import tomllib

    try:
        document = tomllib.loads((model / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []  # who reads the manifest tells what is wrong with it
    found = []
    for text in _texts(document):
        if text.startswith("../"):
            fixed = text.split("*", 1)[0]
            path = os.path.normpath(model / (fixed if fixed == text else fixed.rpartition("/")[0]))
            if Path(path).is_relative_to(root) and Path(path) != root:
                found.append(Path(path).relative_to(root).as_posix())
    return sorted(set(found))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _unknown(text: str, repository: Path | None) -> CallError:
    if repository is None:
        return CallError(f"{text!r}: there is no such file or folder, and no git repository in which to look for it")
    here = [one.name for one in Path.cwd().iterdir()]
    near = difflib.get_close_matches(text, sorted({*git.names(repository), *here}), n=3, cutoff=0.5)
    hint = f"; the nearest names are {', '.join(map(repr, near))}" if near else ""
    return CallError(f"{text!r} is no file, no folder and no git revision{hint}")
