"""What is to be published: the graphs of a model's files, or of a version that the store keeps; and who publishes."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import qe_kg
from qe_kg import git
from qe_kg.errors import CallError, ReadError
from qe_kg.manifest import RDF_ROLES
from qe_kg.publish.plan import Wanted
from qe_kg.publish.publisher import Author
from qe_kg.publish.reading import read_version_graph
from qe_kg.store.canonical import CanonicalGraph, canonical, canonical_text
from qe_kg.store.rewriting import Foretold

if TYPE_CHECKING:
    from pathlib import Path

    import pyoxigraph as ox

    from qe_kg.model_files import ModelFiles
    from qe_kg.publish.versions import Version
    from qe_kg.store.remote import RemoteStore


def graphs_of(files: ModelFiles) -> Mapping[str, CanonicalGraph]:
    """Return the graphs of a model's files in canonical form, by name.

    Raises:
        ParseError, ReadError: a file cannot be read.

    """
    found: dict[str, CanonicalGraph] = {}
    quads: dict[str, list[ox.Quad]] = {}
    listed = files.manifest.of_role(*RDF_ROLES)
    uses = Counter(files.graph_name(file) for file in listed)
    for file in listed:
        name = files.graph_name(file)
        is_alone = file.path.suffix == ".nt" and uses[name] == 1
        if is_alone and files.renaming(file) is None and not (files.change.removed or files.change.added):
            found[name] = _read(file.path)
            continue
        for quad in files.read(file):
            quads.setdefault(getattr(quad.graph_name, "value", name), []).append(quad)
    for quad in files.added():
        quads.setdefault(getattr(quad.graph_name, "value", ""), []).append(quad)
    return {**found, **{name: canonical(several) for name, several in quads.items()}}


def _read(path: Path) -> CanonicalGraph:
    try:
        return canonical_text(path.read_bytes())
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from error


def wanted_from_files(files: ModelFiles, product: str) -> list[Wanted]:
    """Return the graphs of a model's files as they shall be in a store of some product."""
    return [Wanted.of(name, graph, product) for name, graph in graphs_of(files).items()]


def wanted_from_version(store: RemoteStore, version: Version) -> list[Wanted]:
    """Return the graphs of a kept version, as the store gave them back then.

    Raises:
        StoreError: it does not keep them.

    """
    return [
        Wanted(name, graph.hash, Foretold(read_version_graph(store, version, name)))
        for name, graph in version.graphs.items()
    ]


def find_version(kept: list[Version], wanted: str | None) -> Version:
    """Return the version to go back to.

    Args:
        kept: the current version and those before it, newest first.
        wanted: the beginning of a version's hash, or its number; None is the one before the current.

    Raises:
        CallError: there is none, or several.

    """
    listed = "; ".join(f"{one.number} {one.hash[:12]} {one.began}" for one in kept) or "none"
    if wanted is None:
        if len(kept) < 2:
            raise CallError(f"no version before the current one is kept; kept are: {listed}")
        return kept[1]
    found = [one for one in kept if str(one.number) == wanted]
    found = found or [one for one in kept if len(wanted) >= 4 and one.hash.startswith(wanted.lower())]
    if not found or len({one.hash for one in found}) > 1:
        raise CallError(f"{'no' if not found else 'more than one'} kept version is {wanted!r}; kept are: {listed}")
    return found[0]


def author_of(directory: Path) -> Author:
    """Return who publishes a model: who git says commits, else the user of this machine."""
    repository = None
    try:
        repository = git.repository_of(directory)
    except ReadError:  # no git here, which is no reason not to publish
        repository = None
    commit = git.commit_of(repository, "HEAD") if repository else None
    name = git.committer(repository) if repository else ""
    return Author(name or getpass.getuser(), qe_kg.__version__, commit)
