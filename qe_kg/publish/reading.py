"""Reading back what a store holds of a graph, whole or not at all, and what a version held of it."""

from __future__ import annotations

from qe_kg.errors import ReadError, StoreError
from qe_kg.publish.versions import Version
from qe_kg.store.canonical import CanonicalGraph, canonical_text
from qe_kg.store.remote import RemoteStore


def read_graph(store: RemoteStore, name: str, expected_hash: str | None = None) -> CanonicalGraph:
    """Read a named graph in canonical form; one that is not there is empty.

    A store that cuts an answer at the end of a line gives fewer triples than it says that it has. It is not asked for
    their number where what it gave is what was expected.

    Raises:
        StoreError: it does not come, or not whole.

    """
    with store.open_graph(name) as reply:
        text = reply.read()
    try:
        found = canonical_text(text)
    except ReadError as error:
        raise store.connection.error(f"broke off in the middle of a graph, or it is no N-Triples: {name}") from error
    if found.hash == expected_hash:
        return found
    expected = store.size(name)
    if len(found) != expected:
        raise store.connection.error(f"gave {len(found):,} triples of a graph that has {expected:,}: {name}")
    return found


def patch_names(content: str, base: str) -> tuple[str, str]:
    """Return the names of the graphs with what is removed from and what is added to one content to get another."""
    part = f"{content}&since={base.rpartition('=')[2]}"
    return f"{part}&part=removed", f"{part}&part=added"


def read_version_graph(store: RemoteStore, version: Version, name: str) -> CanonicalGraph:
    """Return what a version held of a graph, from what the store keeps of it.

    Raises:
        StoreError: the store does not keep it, or not as it was.

    """
    graph = version.graphs[name]
    content, patches = graph.content, list[str]()
    while (base := version.derived.get(content)) is not None:
        patches.append(content)
        content = base
    lines = set(read_graph(store, content).lines)
    for later in reversed(patches):
        removed, added = patch_names(later, version.derived[later])
        lines -= set(read_graph(store, removed).lines)
        lines |= set(read_graph(store, added).lines)
    found = canonical_text(b"\n".join(sorted(lines)) + b"\n")
    if found.hash != graph.stored:
        raise StoreError(f"the store {store.profile.name} no longer holds {name} as it was in {version.told()}")
    return found
