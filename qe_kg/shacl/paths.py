"""Property paths: https://www.w3.org/TR/shacl/#property-paths ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qe_kg.errors import ShapesError
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_FIRST, RDF_REST, Node, is_blank, is_iri, sh


@dataclass(frozen=True)
class Predicate:
    """A path of one step along a property (a node)."""

    node: Node


@dataclass(frozen=True)
class Inverse:
    """A path walked backwards."""

    path: Path


@dataclass(frozen=True)
class Sequence:
    """Paths walked one after the other; at least two."""

    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Alternative:
    """Any one of several paths; at least two."""

    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Repeated:
    """A path walked zero or more ("*"), one or more ("+"), or at most one time ("?")."""

    path: Path
    times: Literal["*", "+", "?"]


Path = Predicate | Inverse | Sequence | Alternative | Repeated

_FORMS: dict[Node, Callable[[Path], Path]] = {
    sh("inversePath"): Inverse,
    sh("zeroOrMorePath"): lambda path: Repeated(path, "*"),
    sh("oneOrMorePath"): lambda path: Repeated(path, "+"),
    sh("zeroOrOnePath"): lambda path: Repeated(path, "?"),
}
_ALTERNATIVE = sh("alternativePath")


def read_path(graph: Graph, node: Node, _inside: frozenset[Node] = frozenset()) -> Path:
    """Read a well-formed property path.

    Raises:
        ShapesError: it is not well-formed, or refers to itself.

    """
    if is_iri(node):
        return Predicate(node)
    if not is_blank(node):
        raise ShapesError(f"{node} is no property path: it is a literal")
    if node in _inside:
        raise ShapesError("a property path refers to itself")
    inside = _inside | {node}
    properties = graph.properties(node)
    if RDF_FIRST in properties or RDF_REST in properties:
        return Sequence(_members(graph, node, inside, "a sequence path"))
    used = [name for name in (*_FORMS, _ALTERNATIVE) if name in properties]
    if len(used) != 1 or len(properties[used[0]]) != 1:
        raise ShapesError(
            "a property path is an IRI, a list of paths, or a blank node with exactly one of sh:inversePath, "
            "sh:alternativePath, sh:zeroOrMorePath, sh:oneOrMorePath and sh:zeroOrOnePath"
        )
    inner = properties[used[0]][0]
    if used[0] == _ALTERNATIVE:
        return Alternative(_members(graph, inner, inside, "sh:alternativePath"))
    return _FORMS[used[0]](read_path(graph, inner, inside))


def _members(graph: Graph, head: Node, inside: frozenset[Node], what: str) -> tuple[Path, ...]:
    members = graph.items(head)
    if members is None or len(members) < 2:
        raise ShapesError(f"{what} needs a well-formed list of at least two paths")
    return tuple(read_path(graph, member, inside) for member in members)


def path_text(path: Path, show: Callable[[Node], str] = str) -> str:
    """Write a path as SPARQL does; ``show`` writes its IRIs."""
    if isinstance(path, Predicate):
        return show(path.node)
    if isinstance(path, Sequence):
        return "/".join(path_text(one, show) for one in path.paths)
    if isinstance(path, Alternative):
        return "(" + "|".join(path_text(one, show) for one in path.paths) + ")"
    inner = path_text(path.path, show)
    inner = inner if isinstance(path.path, Predicate) else f"({inner})"
    return f"^{inner}" if isinstance(path, Inverse) else f"{inner}{path.times}"


def may_be_empty(path: Path) -> bool:
    """Tell whether a path may lead from a node to itself without a step."""
    if isinstance(path, Repeated):
        return path.times != "+" or may_be_empty(path.path)
    if isinstance(path, Sequence):
        return all(may_be_empty(one) for one in path.paths)
    if isinstance(path, Alternative):
        return any(may_be_empty(one) for one in path.paths)
    return isinstance(path, Inverse) and may_be_empty(path.path)


def reversed_path(path: Path) -> Path:
    """Return the path from the ends of another one to its beginnings."""
    if isinstance(path, Predicate):
        return Inverse(path)
    if isinstance(path, Inverse):
        return path.path
    if isinstance(path, Sequence):
        return Sequence(tuple(reversed_path(one) for one in reversed(path.paths)))
    if isinstance(path, Alternative):
        return Alternative(tuple(reversed_path(one) for one in path.paths))
    return Repeated(reversed_path(path.path), path.times)
