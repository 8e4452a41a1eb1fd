"""What an export consists of: one part a source, each of which can be read any number of times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.errors import CallError
from qe_kg.manifest import ALIGNMENTS, RDF_ROLES, Manifest
from qe_kg.model_files import ModelFiles
from qe_kg.store.files import format_of, graph_of, rename_quads
from qe_kg.store.streams import is_dataset

if TYPE_CHECKING:
    import pyoxigraph as ox

    from qe_kg.store.record import Graphs

#: What an export holds unless it is told otherwise.
DEFAULT_ROLES = ("ontology", "data", "inference")
#: The part that holds what follows from the ontology.
INFERRED = "entailed"
ROLES = (*RDF_ROLES, ALIGNMENTS, INFERRED)


@dataclass(frozen=True)
class Part:
    """One source of statements.

    Attributes:
        name: what it is called, such as the file's name within the model.
        graph: IRI of the named graph of the statements for which it names none.
        read: gives its quads, with literals as written.
        size: bytes of the source, or 0 where nobody knows.
        lines: an N-Triples file that says just this, or None.
        has_graphs: whether the source may name graphs of its own.

    """

    name: str
    graph: str
    read: Callable[[], Iterable[ox.Quad]]
    size: int = 0
    lines: Path | None = None
    has_graphs: bool = False

    def only(self, keeps: Callable[[ox.Quad], bool]) -> Part:
        """Return the part with the statements that a function keeps."""
        return replace(self, read=lambda: filter(keeps, self.read()), lines=None)

    def renamed(self, move: Callable[[str], str]) -> Part:
        """Return the part with every IRI mapped."""
        return replace(self, graph=move(self.graph), read=lambda: rename_quads(self.read(), move), lines=None)


def check_roles(roles: Sequence[str]) -> None:
    """Refuse roles that are none.

    Raises:
        CallError: one is unknown.

    """
    if unknown := sorted(set(roles) - set(ROLES)):
        raise CallError(f"unknown part {unknown[0]!r}; known are {', '.join(sorted(ROLES))}")


def parts_of_files(files: ModelFiles, roles: Sequence[str], inferred: Sequence[ox.Quad] = ()) -> tuple[Part, ...]:
    """Return the parts of a model's files of some roles, in the manifest's order.

    Args:
        files: the model's files.
        roles: any of `ROLES`.
        inferred: what follows from the ontology, of which role `INFERRED` is made.

    Raises:
        CallError: a role is unknown.

    """
    check_roles(roles)
    found = []
    for file in files.manifest.of_role(*roles):
        plain = format_of(file.path) == "nt" and files.renaming(file) is None and not files.change.removed
        size = file.path.stat().st_size
        lines = file.path if plain else None
        read, has_graphs = partial(files.read, file), is_dataset(format_of(file.path))
        found.append(Part(file.name, files.graph_name(file), read, size, lines, has_graphs))
    base = files.manifest.namespaces.base
    if "data" in roles and (added := files.added()):
        found.append(Part("change", f"{base}graph/change", partial(_again, added)))
    if INFERRED in roles:
        found.append(Part(INFERRED, f"{base}graph/entailed", partial(_again, inferred)))
    return tuple(found)


def _again(quads: Sequence[ox.Quad]) -> Sequence[ox.Quad]:
    return quads


def parts_of_store(held: Graphs, manifest: Manifest, roles: Sequence[str]) -> tuple[Part, ...]:
    """Return the parts of a store into which a model was loaded, with literals as the store has them.

    A graph that a file named itself is a part of its own, and counts as data.

    Raises:
        CallError: a role is unknown.

    """
    check_roles(roles)
    files = ModelFiles(manifest, held=held)
    names = [(file.name, files.graph_name(file)) for file in manifest.of_role(*roles)]
    if "data" in roles:
        names.append(("change", f"{manifest.namespaces.base}graph/change"))
        names += [(f"graph-{number}", name) for number, name in enumerate(files.own_graphs(), 1)]
    if INFERRED in roles:
        names.append((INFERRED, f"{manifest.namespaces.base}graph/entailed"))
    return tuple(Part(name, graph, partial(held.stream, graph)) for name, graph in names)


def by_graph(part: Part) -> Iterator[Part]:
    """Yield a part for each named graph of one."""
    if not part.has_graphs:
        yield part
        return
    names = sorted({graph_of(quad) for quad in part.read()})
    for number, name in enumerate(names, 1):

        def is_in(quad: ox.Quad, name: str = name) -> bool:
            return graph_of(quad) == name

        stem, dot, ending = part.name.rpartition(".")
        title = part.name if name == part.graph else f"{stem}-{number}{dot}{ending}"
        yield replace(part.only(is_in), name=title, graph=name, has_graphs=False)


def quads_of(parts: Iterable[Part]) -> Iterator[ox.Quad]:
    """Yield the quads of parts, one after the other."""
    for part in parts:
        yield from part.read()
