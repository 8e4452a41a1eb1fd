"""Reading back what a store holds of a graph, whole or not at all, and what a version held of it."""

from __future__ import annotations

from collections.abc import Iterator

from qe_kg.errors import ReadError, StoreError
from qe_kg.publish.versions import Version, patch_names, piece_names
from qe_kg.store.canonical import CanonicalGraph, canonical_text
from qe_kg.store.connection import Reply
from qe_kg.store.remote import RemoteStore

_BLOCK = 1 << 20
#: So many lines that are not among those expected tell that the others need not be looked at.
_OTHERS = 1000


def read_graph(store: RemoteStore, name: str, expected: CanonicalGraph | None = None) -> CanonicalGraph:
    """Read a named graph in canonical form; one that is not there is empty.

    A store that cuts an answer at the end of a line gives fewer triples than it says that it has. It is not asked for
    their number where what it gave is what was expected. That is found out line by line while the answer comes in; only
    where the lines are others (blank nodes with other labels, another way of writing) is the text parsed.

    Raises:
        StoreError: it does not come, or not whole.

    """
    parts: list[bytes] = []
    with store.open_graph(name) as reply:
        if expected is not None and _are_the_lines(expected.lines, _parts(reply, parts)):
            return expected
        parts.append(reply.read())
    try:
        found = canonical_text(b"".join(parts))
    except ReadError as error:
        raise store.connection.error(f"broke off in the middle of a graph, or it is no N-Triples: {name}") from error
    if expected is not None and found.hash == expected.hash:
        return found
    size = store.size(name)
    if len(found) != size:
        may_cut = store.profile.quirks.may_cut_rows
        hint = "; let it give more rows (Virtuoso: ResultSetMaxRows), or divide the file" if may_cut else ""
        raise store.connection.error(f"gave {len(found):,} triples of a graph that has {size:,}: {name}{hint}")
    return found


def _parts(reply: Reply, kept: list[bytes]) -> Iterator[bytes]:
    """Yield an answer in parts, which are kept as well."""
    while part := reply.read(_BLOCK):
        kept.append(part)
        yield part


def _are_the_lines(lines: tuple[bytes, ...], text: Iterator[bytes]) -> bool:
    """Tell whether a text, to its end, has these lines, each once, and no others."""
    missing, count, rest = set(lines), 0, b""
    for part in text:
        *whole, rest = (rest + part).split(b"\n")
        missing.difference_update(whole)
        count += len(whole)
        if count - (len(lines) - len(missing)) > _OTHERS:
            return False
    return not missing and not rest and count == len(lines)


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
    lines = {line for piece in piece_names(content) for line in read_graph(store, piece).lines}
    for later in reversed(patches):
        removed, added = patch_names(later, version.derived[later])
        lines -= set(read_graph(store, removed).lines)
        lines |= set(read_graph(store, added).lines)
    found = canonical_text(b"\n".join(sorted(lines)) + b"\n")
    if found.hash != graph.stored:
        raise StoreError(f"the store {store.profile.name} no longer holds {name} as it was in {version.told()}")
    return found
