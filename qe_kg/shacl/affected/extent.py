"""Sets of nodes that a change reaches, and the paths that are walked to find them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_SUBCLASS_OF, Node
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, Repeated, Sequence

Triple = tuple[Node, Node, Node]
#: Tells of a node whether it is a literal that may be another one in a store.
Doubt = Callable[[Node], bool]


def tagged(node: Node) -> bool:
    """Tell whether a node is a literal with a language tag, which a store may write in small letters."""
    return node[0] == '"' and node[-1] not in '">'


def typed_or_tagged(node: Node) -> bool:
    """Tell whether a node is a literal with a datatype or a language tag, which a store may write in another way."""
    return node[0] == '"' and node[-1] != '"'


class DoubtfulStep(Exception):
    """A step from a literal that a store may write in another way, so that one cannot tell what it meets there."""


@dataclass
class Extent:
    """The focus nodes that a change can affect.

    Attributes:
        nodes: these nodes.
        everything: why it may be any node; None where ``nodes`` are all of them.

    """

    nodes: set[Node] = field(default_factory=set)
    everything: str | None = None

    def add(self, other: Extent) -> None:
        """Add what another one reaches."""
        self.nodes |= other.nodes
        self.everything = self.everything or other.everything


class Delta:
    """The triples that a change adds and takes away, in a graph that holds both.

    Args:
        graph: the old and the new triples together: what a removed triple led to matters as well.
        triples: the triples that are in only one of the old and the new data.
        doubt: tells which literals may be others in a store.
        moved: the classes that are below a class before the change or after it, but not both times, by that class;
            None where no ``rdfs:subClassOf`` changes.

    """

    def __init__(
        self, graph: Graph, triples: Iterable[Triple], doubt: Doubt = typed_or_tagged,
        moved: dict[Node, set[Node]] | None = None,
    ) -> None:  # fmt: skip
        self.graph, self.doubt, self._moved = graph, doubt, moved
        self.by_predicate: dict[Node, list[tuple[Node, Node]]] = {}
        for subject, predicate, value in triples:
            self.by_predicate.setdefault(predicate, []).append((subject, value))
        self.nodes = {node for pairs in self.by_predicate.values() for pair in pairs for node in pair}

    def subjects(self, predicate: Node) -> set[Node]:
        """Return the subjects of the changed triples of a property."""
        return {subject for subject, _ in self.by_predicate.get(predicate, ())}

    def values(self, predicate: Node) -> set[Node]:
        """Return the objects of the changed triples of a property."""
        return {value for _, value in self.by_predicate.get(predicate, ())}

    def all_subjects(self) -> set[Node]:
        """Return the subjects of all changed triples."""
        return {subject for pairs in self.by_predicate.values() for subject, _ in pairs}

    def members(self, of: Node) -> set[Node]:
        """Return the nodes that may be instances of a class before the change and not after it, or the reverse."""
        changed = self.by_predicate.get(RDF_TYPE, ())
        if not changed and RDFS_SUBCLASS_OF not in self.by_predicate:
            return set()
        below = self.graph.subclasses(of)
        found = {subject for subject, kind in changed if kind in below}
        types = self.graph.by_value(RDF_TYPE)
        for kind in (self._moved or {}).get(of, ()):
            found.update(types.get(kind, ()))
        return found


def walk(
    graph: Graph, path: Path, nodes: Collection[Node], *, backwards: bool = False, doubt: Doubt | None = None
) -> set[Node]:
    """Return the ends of a path from some nodes, or its beginnings if it is walked backwards.

    Args:
        graph: the data.
        path: the path.
        nodes: where to begin.
        backwards: whether ``nodes`` are the ends and the beginnings are wanted.
        doubt: tells which literals may be others where the path is walked in earnest; None where none is.

    Raises:
        DoubtfulStep: a step leads on from a literal, and it is not certain that a store writes it as it is here.

    """
    if isinstance(path, Predicate):
        if doubt is not None and any(map(doubt, nodes)):
            raise DoubtfulStep
        if backwards:
            return {one for node in nodes for one in graph.subjects(path.node, node)}
        return {one for node in nodes for one in graph.objects(node, path.node)}
    if isinstance(path, Inverse):
        return walk(graph, path.path, nodes, backwards=not backwards, doubt=doubt)
    if isinstance(path, Sequence):
        found = set(nodes)
        for step in reversed(path.paths) if backwards else path.paths:
            found = walk(graph, step, found, backwards=backwards, doubt=doubt)
        return found
    if isinstance(path, Alternative):
        several = (walk(graph, one, nodes, backwards=backwards, doubt=doubt) for one in path.paths)
        return set().union(*several)
    found = walk(graph, path.path, nodes, backwards=backwards, doubt=doubt)
    new = found if path.times != "?" else set()
    while new:
        new = walk(graph, path.path, new, backwards=backwards, doubt=doubt) - found
        found |= new
    return found if path.times == "+" else found | set(nodes)


def touched(delta: Delta, path: Path, *, backwards: bool = False, doubt: Doubt | None = None) -> set[Node]:
    """Return the nodes from which a path can lead over a changed triple: each position of the path is looked at.

    Args:
        delta: the change.
        path: the path.
        backwards: whether the nodes at its end are wanted.
        doubt: as for `walk`.

    Raises:
        DoubtfulStep: as for `walk`.

    """
    if isinstance(path, Predicate):
        return delta.values(path.node) if backwards else delta.subjects(path.node)
    if isinstance(path, Inverse):
        return touched(delta, path.path, backwards=not backwards, doubt=doubt)
    if isinstance(path, Alternative):
        return set().union(*(touched(delta, one, backwards=backwards, doubt=doubt) for one in path.paths))
    if isinstance(path, Sequence):
        found: set[Node] = set()
        for step in path.paths if backwards else reversed(path.paths):
            found = walk(delta.graph, step, found, backwards=not backwards, doubt=doubt)
            found |= touched(delta, step, backwards=backwards, doubt=doubt)
        return found
    found = touched(delta, path.path, backwards=backwards, doubt=doubt)
    if path.times == "?" or not found:
        return found
    return walk(delta.graph, Repeated(path.path, "*"), found, backwards=not backwards, doubt=doubt)
