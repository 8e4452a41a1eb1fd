"""The graph pattern of a query, as far as it is needed to tell what a change can do to its solutions.

rdflib parses the query and translates it to SPARQL's algebra (https://www.w3.org/TR/sparql11-query/#sparqlAlgebra).
What is not of a kind that is listed here makes the query one that cannot be bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, Repeated, Sequence

if TYPE_CHECKING:
    from rdflib.plugins.sparql.parserutils import CompValue

#: A node (see `qe_kg.shacl.nodes`), or a variable: "?" and its name.
Name = str


class Unbounded(Exception):
    """A query of which one cannot tell which focus nodes a change affects; the message says why."""


@dataclass(frozen=True)
class Leaf:
    """One triple pattern; its property may be a path."""

    subject: Name
    path: Path
    value: Name

    @property
    def variables(self) -> frozenset[Name]:
        """The variables at its ends."""
        return frozenset(one for one in (self.subject, self.value) if one[0] == "?")


@dataclass(frozen=True)
class Basic:
    """Triple patterns that must all match."""

    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Join:
    """Two patterns that must both match."""

    first: Pattern
    second: Pattern


@dataclass(frozen=True)
class Optional:
    """A pattern (``left``) that another one extends where it can, or takes away from (MINUS)."""

    left: Pattern
    right: Pattern
    exist: tuple[Pattern, ...] = ()


@dataclass(frozen=True)
class Union:
    """Two patterns of which one must match."""

    first: Pattern
    second: Pattern


@dataclass(frozen=True)
class Tested:
    """A pattern whose solutions depend on whether others match: FILTER and BIND with (NOT) EXISTS."""

    inner: Pattern
    exist: tuple[Pattern, ...]


Pattern = Basic | Join | Optional | Union | Tested


def read_pattern(query: str) -> Pattern:
    """Return the pattern of a SELECT or an ASK.

    Raises:
        Unbounded: it has a sub-select, GRAPH, VALUES, an aggregate, a variable in the place of a property or whatever
            else is not looked into.

    """
    from rdflib.plugins.sparql.algebra import translateQuery
    from rdflib.plugins.sparql.parser import parseQuery

    try:
        algebra = translateQuery(parseQuery(query)).algebra
    except Exception as error:
        raise Unbounded("rdflib does not parse the query") from error
    if algebra.get("datasetClause"):
        raise Unbounded("the query names its own data")
    inner = algebra.p
    while inner.name in ("Distinct", "Reduced", "Project", "OrderBy"):
        inner = inner.p
    return _pattern(inner)


_WHAT = {
    "ToMultiSet": "a sub-select or VALUES", "Graph": "GRAPH", "Group": "an aggregate", "Slice": "LIMIT or OFFSET",
    "AggregateJoin": "an aggregate", "ServiceGraphPattern": "SERVICE",
}  # fmt: skip


def _pattern(node: CompValue) -> Pattern:
    name = node.name
    if name == "GroupGraphPatternSub":  # what EXISTS holds; rdflib leaves it as it is
        from rdflib.plugins.sparql.algebra import translateGroupGraphPattern

        return _pattern(translateGroupGraphPattern(node))
    if name == "BGP":
        return Basic(tuple(_leaf(*triple) for triple in node.triples))
    if name == "Join":
        return Join(_pattern(node.p1), _pattern(node.p2))
    if name == "LeftJoin":
        return Optional(_pattern(node.p1), _pattern(node.p2), tuple(_exist(node.expr)))
    if name == "Minus":
        return Optional(_pattern(node.p1), _pattern(node.p2))
    if name == "Union":
        return Union(_pattern(node.p1), _pattern(node.p2))
    if name in ("Filter", "Extend"):
        exist = tuple(_exist(node.expr))
        inner = _pattern(node.p)
        return Tested(inner, exist) if exist else inner
    raise Unbounded(f"the query has {_WHAT.get(name, name)}")


def _exist(expression: Any) -> Iterator[Pattern]:  # noqa: ANN401
    """Yield the patterns that an expression asks for, at any depth."""
    name = getattr(expression, "name", None)
    if name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
        yield _pattern(expression.graph)
    elif name is not None and str(name).startswith("Aggregate"):
        raise Unbounded("the query has an aggregate")
    elif isinstance(expression, dict):
        for one in expression.values():
            yield from _exist(one)
    elif isinstance(expression, list | tuple):
        for one in expression:
            yield from _exist(one)


def _leaf(subject: Any, predicate: Any, value: Any) -> Leaf:  # noqa: ANN401
    return Leaf(_name(subject), _path(predicate), _name(value))


def _name(term: Any) -> Name:  # noqa: ANN401
    from rdflib import BNode, Literal, URIRef, Variable

    if isinstance(term, Variable):
        return f"?{term}"
    if isinstance(term, BNode):
        return f"?_:{term}"
    if isinstance(term, URIRef):
        return f"<{term}>"
    if isinstance(term, Literal):
        return '"'  # any literal: a store may write it in another way
    raise Unbounded(f"the query has {type(term).__name__} in a triple pattern")


def _path(path: Any) -> Path:  # noqa: ANN401
    from rdflib import URIRef
    from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath

    if isinstance(path, URIRef):
        return Predicate(f"<{path}>")
    if isinstance(path, InvPath):
        return Inverse(_path(path.arg))
    if isinstance(path, SequencePath):
        return Sequence(tuple(_path(one) for one in path.args))
    if isinstance(path, AlternativePath):
        return Alternative(tuple(_path(one) for one in path.args))
    if isinstance(path, MulPath):
        return Repeated(_path(path.path), path.mod)
    raise Unbounded("the query may look at any property")


def leaves(pattern: Pattern) -> Iterator[Leaf]:
    """Yield the triple patterns that match in every solution of a pattern."""
    if isinstance(pattern, Basic):
        yield from pattern.leaves
    elif isinstance(pattern, Join):
        yield from leaves(pattern.first)
        yield from leaves(pattern.second)
    elif isinstance(pattern, Optional):
        yield from leaves(pattern.left)
    elif isinstance(pattern, Tested):
        yield from leaves(pattern.inner)
