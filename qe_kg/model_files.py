"""The RDF files of a model as quads, with a change applied; no store is needed to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from qe_kg.change import Change
from qe_kg.manifest import ALIGNMENTS, RDF_ROLES, Manifest, ModelFile
from qe_kg.namespaces import DEFAULT_BASE
from qe_kg.store.files import format_of, read_quads
from qe_kg.store.streams import as_lines

if TYPE_CHECKING:
    import pyoxigraph as ox

    from qe_kg.store.record import Graphs

#: The size (bytes) and the date (ns) of a file.
State = tuple[int, int]
#: Up to this size (bytes) a file that is no N-Triples is sooner parsed than a store asked.
_SMALL = 4_000_000


def state_of(path: Path) -> State | None:
    """Return the state of a file, which is another one after any change; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


@dataclass(frozen=True)
class ModelFiles:
    """What the files of a model say.

    Attributes:
        manifest: what the model consists of.
        change: what it is taken to say beside its files, or not to say.
        held: the store elsewhere that holds the files' graphs, which are then read from there; or None.

    """

    manifest: Manifest
    change: Change = field(default_factory=Change)
    held: Graphs | None = None

    def graph_name(self, file: ModelFile) -> str:
        """Return the IRI of a file's named graph; the same on every machine."""
        base = self.manifest.namespaces.base
        if file.builtin or file.role in ("ontology", ALIGNMENTS):
            return f"{base}graph/{quote(file.name)}"
        return f"{base}graph/model/{quote(file.name)}"

    def stored_name(self, file: ModelFile) -> str:
        """Return the name that a file's graph has in the store that holds it."""
        usual = self.graph_name(file)
        return usual if self.held is None else self.held.name_of(usual)

    def renaming(self, file: ModelFile) -> Callable[[str], str] | None:
        """Return what maps the IRIs of a file to this model's; None where they are as they stand there."""
        if file.role == ALIGNMENTS and file.builtin:
            return self.manifest.align
        namespaces = self.manifest.namespaces
        return namespaces.rebase if file.builtin and namespaces.base != DEFAULT_BASE else None

    def as_written(self, file: ModelFile) -> Iterator[ox.Quad]:
        """Yield the quads of a file as they stand there, with literals as written (or as the store has them)."""
        if self.held is not None:
            return iter(self.held.graph(self.graph_name(file)))
        return read_quads(file.path, self.graph_name(file), self.renaming(file))

    def read(self, file: ModelFile) -> Iterator[ox.Quad]:
        """Yield the quads of a file that the change does not take away."""
        return self.change.left_of(self.as_written(file))

    def added(self) -> list[ox.Quad]:
        """Return what the change adds."""
        return self.change.added_to(f"{self.manifest.namespaces.base}graph/change")

    def in_own_graph(self, name: str) -> Iterator[ox.Quad]:
        """Yield the quads of one of `own_graphs` that the change does not take away."""
        return iter(()) if self.held is None else self.change.left_of(iter(self.held.graph(name)))

    def has_graph_of(self, file: ModelFile) -> bool:
        """Tell whether there is a graph of a file; a store has none where it says nothing outside its own."""
        return self.held is None or self.graph_name(file) in self.held.names()

    def own_graphs(self) -> list[str]:
        """Return the names of the graphs in the store that a file named itself, sorted; of files they are a part."""
        base = self.manifest.namespaces.base
        known = {f"{base}graph/change", f"{base}graph/entailed", *map(self.graph_name, self.manifest.files)}
        return [] if self.held is None else sorted(set(self.held.names()) - known)

    def quads(self, *roles: str) -> Iterator[ox.Quad]:
        """Yield the quads of the files of these roles; what is added counts as data."""
        for file in self.manifest.of_role(*roles):
            yield from self.read(file)
        if "data" in roles:
            for name in self.own_graphs():
                yield from self.in_own_graph(name)
            yield from self.added()

    def unchanged(self) -> Iterator[ox.Quad]:
        """Yield the quads of all files as they stand there, also those that a scenario takes away."""
        return (quad for file in self.manifest.of_role(*RDF_ROLES) for quad in self.as_written(file))

    def texts(self, loaded: Mapping[Path, State | None], entailed: Iterable[ox.Quad]) -> list[Path | bytes] | None:
        """Return all that was loaded as N-Triples, files as they are.

        Args:
            loaded: in what states the files were loaded.
            entailed: what was added to them.

        Returns:
            The texts; None where a file has changed since, or is large and in another form.

        """
        found: list[Path] = []
        parsed: list[bytes] = []
        for file in self.manifest.of_role(*RDF_ROLES):
            state = state_of(file.path)
            if self.held is not None or state is None or state != loaded.get(file.path):
                return None
            if format_of(file.path) == "nt" and not self.change.removed and self.renaming(file) is None:
                found.append(file.path)
            elif state[0] <= _SMALL:
                parsed.append(as_lines(self.read(file)))
            else:
                return None
        # Each was parsed with labels of its own for blank nodes.
        return [*found, b"".join([*parsed, as_lines(self.added()), as_lines(entailed)])]
