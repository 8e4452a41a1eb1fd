"""A change of a model: triples that come in addition, and triples that are taken away. Nothing is written.

A scenario of a manifest and a what-if question are changes alike: the model is opened as if its files said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from qe_kg.errors import ChangeError, ManifestError
from qe_kg.manifest import Manifest, ModelFile
from qe_kg.store.files import read_quads, shown_path


@dataclass(frozen=True)
class Change:
    """What is added to a model and what is taken away from it.

    Attributes:
        added: quads that come in addition; one without a graph goes to the graph ``…graph/change``.
        removed: quads whose triples are taken away from every file of the model that holds them; their graphs do
            not count. Literals are compared as they are written.

    """

    added: tuple[ox.Quad, ...] = ()
    removed: tuple[ox.Quad, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    @cached_property
    def removed_triples(self) -> frozenset[ox.Triple]:
        """The triples that are taken away."""
        return frozenset(quad.triple for quad in self.removed)

    def then(self, later: Change) -> Change:
        """Return this change with another made after it."""
        kept = (quad for quad in self.added if quad.triple not in later.removed_triples)
        return Change(
            tuple(dict.fromkeys((*kept, *later.added))), tuple(dict.fromkeys((*self.removed, *later.removed)))
        )

    def left_of(self, quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        """Yield the quads that the change does not take away."""
        return (quad for quad in quads if quad.triple not in self.removed_triples) if self.removed else iter(quads)

    def added_to(self, graph: str) -> list[ox.Quad]:
        """Return what is added, with this graph for what has none."""
        return [
            ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(graph))
            if isinstance(quad.graph_name, ox.DefaultGraph)
            else quad
            for quad in self.added
        ]

    def check(self, quads: Iterable[ox.Quad]) -> None:
        """Check that everything that is taken away is there.

        Args:
            quads: what the model holds before the change.

        Raises:
            ChangeError: a triple that is taken away is not among them; a blank node never is.

        """
        if not self.removed:
            return
        missing = set(self.removed_triples)
        for quad in quads:
            missing.discard(quad.triple)
        if missing:
            listed = tuple(sorted(f"{triple} ." for triple in missing))
            more = f" and {len(listed) - 1} more" if len(listed) > 1 else ""
            raise ChangeError(f"the change takes away what the model does not hold: {listed[0]}{more}", listed)


def read_removals(manifest: Manifest) -> Change:
    """Return what a manifest's scenario takes away; what it adds is among the manifest's files.

    Raises:
        ParseError, ReadError: a file cannot be read.

    """
    return Change(removed=tuple(quad for file in manifest.of_role("removed") for quad in read_quads(file.path)))


def missing_from_scenario(manifest: Manifest, missing: Sequence[str]) -> ManifestError:
    """Make the error for triples of a scenario's files to remove that the model does not hold: where they stand."""
    assert manifest.scenario is not None
    found: list[str] = []
    for file in manifest.of_role("removed"):
        for quad in read_quads(file.path):
            if f"{quad.triple} ." in missing:
                found.append(f"{_place(file, quad, manifest)}: {_written(quad, manifest)}")
    return ManifestError(
        f"the scenario {manifest.scenario.name} takes away what the model does not hold:\n" + "\n".join(found)
    )


def _place(file: ModelFile, quad: ox.Quad, manifest: Manifest) -> str:
    from qe_kg.positions import locate  # with rdflib, which takes time to load

    value = getattr(quad.object, "value", None)
    place = locate(file.path, manifest.namespaces, getattr(quad.subject, "value", ""), quad.predicate.value, value)
    return shown_path(file.path) + (f":{place.line}:{place.column}" if place else "")


def _written(quad: ox.Quad, manifest: Manifest) -> str:
    names = manifest.namespaces
    nodes = (str(node) for node in (quad.subject, quad.predicate, quad.object))
    return " ".join(names.compact(node[1:-1]) if node.startswith("<") else node for node in nodes) + " ."
