"""Sets of statements: what two sets differ in, and blank nodes named by what is said about them.

A blank node has no name that holds beyond its file. Here it gets one made from the statements that it occurs in
(RDFC-1.0 over all blank nodes that hang together), so that equal structures have equal names in two graphs, and a
name in a patch finds the node it was made from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

from qe_kg.errors import ReadError
from qe_kg.namespaces import RDF, XSD
from qe_kg.store.lines import Lines, compare_lines, lines_of
from qe_kg.terms import Term, iri, literal

_PLAIN = (f"{XSD}string", f"{RDF}langString")


class Statement(NamedTuple):
    """A triple in terms of this package, with the IRI of its named graph or None."""

    subject: Term
    predicate: Term
    value: Term
    graph: str | None = None

    def n3(self) -> str:
        """Return the statement as N-Quads write it, without the dot."""
        graph = f" <{self.graph}>" if self.graph else ""
        return f"{self.subject.n3()} {self.predicate.n3()} {self.value.n3()}{graph}"


@dataclass(frozen=True)
class Content:
    """What a side of a comparison says: quads, and lines of N-Quads that nobody has parsed yet.

    Two lines that are the same say the same, so most of a large file need not be parsed to be compared.
    """

    quads: Set[ox.Quad] = frozenset()
    lines: Lines = field(default_factory=Lines)


@dataclass(frozen=True)
class Difference:
    """What two sets of quads differ in; blank nodes have names made from what is said about them.

    Attributes:
        removed: what only the first has, sorted.
        added: what only the second has, sorted.
        unchanged: what both have.
        near: of that, what is about anything that a changed statement names.

    """

    removed: tuple[Statement, ...]
    added: tuple[Statement, ...]
    unchanged: Content
    near: tuple[Statement, ...]

    @cached_property
    def states(self) -> tuple[dict[str, list[Statement]], dict[str, list[Statement]]]:
        """What is said, before and after, about everything that a changed statement names, by subject."""
        return grouped([*self.near, *self.removed]), grouped([*self.near, *self.added])


def content(files: Iterable[tuple[Path, Iterable[ox.Quad]]]) -> Content:
    """Take up files, each with the quads that it parses to; those of a file that goes by its lines are not asked for.

    Raises:
        ParseError, ReadError: a file that is parsed cannot be.

    """
    quads: set[ox.Quad] = set()
    lines = []
    for path, parsed in files:
        found = lines_of(path)
        if found is None:
            quads.update(parsed)
        else:
            lines.append(found)
    return Content(quads, Lines(tuple(lines)))


def as_stored(given: Content) -> Content:
    """Return content as a store would have it: one graph, and literals in the form that the store gives them."""
    store = ox.Store()
    for quads in (given.quads, *map(_parsed, given.lines.blocks())):
        store.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return Content(frozenset(store))


def difference(old: Iterable[ox.Quad] | Content, new: Iterable[ox.Quad] | Content) -> Difference:
    """Compare two sets of quads by their terms as written.

    Args:
        old: the one set.
        new: the other; its blank nodes' names are other than those of ``old`` (`read_quads` sees to that).

    """
    before, after = (one if isinstance(one, Content) else Content(frozenset(one)) for one in (old, new))
    shared, gone, come = compare_lines(before.lines, after.lines)
    # Blank nodes are among what differs, since no two reads give them the same name: only that is looked through.
    both = before.quads & after.quads
    removed = {*name_blank_nodes(before.quads - both), *_parsed(_joined(gone))}
    added = {*name_blank_nodes(after.quads - both), *_parsed(_joined(come))}
    again = removed & added
    unchanged = Content(both | again, shared)
    removed, added = removed - again, added - again
    near = frozenset(_about(unchanged, _named(removed | added)))
    if near & (removed | added):  # the same may be said in a line and in a quad, or in two lines
        removed, added = removed - near, added - near
        names = _named(removed | added)
        near = frozenset(quad for quad in near if _subject(quad) in names)
    return Difference(_sorted(removed), _sorted(added), unchanged, tuple(map(statement, near)))


def _named(quads: Iterable[ox.Quad]) -> set[str]:
    return {name for quad in quads for name in _names(quad)}


def _subject(quad: ox.Quad) -> str | None:
    return None if isinstance(quad.subject, ox.Triple) else quad.subject.value


def _names(quad: ox.Quad) -> Iterator[str]:
    for node in (quad.subject, quad.predicate, quad.object):
        if isinstance(node, ox.NamedNode | ox.BlankNode):
            yield node.value


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"\n".join(lines)


def _parsed(lines: bytes) -> Iterator[ox.Quad]:
    try:
        yield from ox.parse(lines, format=ox.RdfFormat.N_QUADS)
    except SyntaxError as error:
        raise ReadError(f"a line that one of the sides has is no N-Quads: {error.msg}") from error


def _about(known: Content, subjects: set[str]) -> Iterator[ox.Quad]:
    """Yield what is said about some subjects."""
    if not subjects:
        return
    for quad in known.quads:
        if _subject(quad) in subjects:
            yield quad
    yield from _parsed(_joined(known.lines.about(subjects)))


def _sorted(quads: Iterable[ox.Quad]) -> tuple[Statement, ...]:
    return tuple(sorted((statement(quad) for quad in quads), key=Statement.n3))


def described(known: Content, subjects: set[str]) -> dict[str, list[Statement]]:
    """Return the statements about some subjects (IRIs or blank node names), by subject."""
    return grouped(map(statement, _about(known, subjects)))


def grouped(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """Return statements by the name of their subject."""
    found: dict[str, list[Statement]] = {}
    for one in statements:
        found.setdefault(one.subject.value, []).append(one)
    return found


def selected(
    known: Content | Iterable[ox.Quad], predicates: set[str], values: set[str] | None = None
) -> list[Statement]:
    """Return the statements with some predicates, and if given, with some IRIs as values."""
    quads = known.quads if isinstance(known, Content) else known
    named = _parsed(_joined(known.lines.naming(predicates))) if isinstance(known, Content) else ()
    found = [statement(quad) for quad in chain(quads, named) if quad.predicate.value in predicates]
    return [one for one in found if values is None or one.value.value in values]


def statement(quad: ox.Quad) -> Statement:
    """Turn a quad into a statement."""
    graph = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else None
    return Statement(term(quad.subject), iri(quad.predicate.value), term(quad.object), graph)


def quad_of(one: Statement) -> ox.Quad:
    """Turn a statement into a quad."""
    graph = ox.NamedNode(one.graph) if one.graph else ox.DefaultGraph()
    subject = ox.BlankNode(one.subject.value) if one.subject.kind == "bnode" else ox.NamedNode(one.subject.value)
    return ox.Quad(subject, ox.NamedNode(one.predicate.value), _node(one.value), graph)


def _node(value: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if value.kind == "iri":
        return ox.NamedNode(value.value)
    if value.kind == "bnode":
        return ox.BlankNode(value.value)
    if value.language:
        return ox.Literal(value.value, language=value.language)
    return ox.Literal(value.value, datatype=ox.NamedNode(value.datatype) if value.datatype else None)


def term(node: object) -> Term:
    """Turn a node of the store into a term.

    Raises:
        ReadError: it is a triple term, which RDF 1.1 lacks.

    """
    if isinstance(node, ox.NamedNode):
        return iri(node.value)
    if isinstance(node, ox.Literal):
        datatype = node.datatype.value
        return literal(node.value, None if datatype in _PLAIN else datatype, node.language)
    if isinstance(node, ox.BlankNode):
        return Term("bnode", node.value)
    raise ReadError(f"RDF 1.2 triple terms are not supported: {node}")


def parse_line(text: str) -> Statement:
    """Parse one statement in N-Quads.

    Raises:
        ValueError: it is none.

    """
    try:
        (quad,) = ox.parse(text.encode("utf-8"), format=ox.RdfFormat.N_QUADS)
    except (SyntaxError, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from error
    return statement(quad)


def name_blank_nodes(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield quads with each blank node named after the statements that it and its neighbours occur in.

    Equal structures get equal names up to a count of the copies, whatever file and order they come in.
    """
    tangled: list[ox.Quad] = []
    for quad in quads:
        if isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode):
            tangled.append(quad)
        else:
            yield quad
    copies: dict[str, int] = {}
    for component in _components(dict.fromkeys(tangled)):
        dataset = ox.Dataset(component)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        digest = hashlib.sha256("\n".join(sorted(map(str, dataset))).encode("utf-8")).hexdigest()[:20]
        copies[digest] = copies.get(digest, 0) + 1
        copy = f"d{copies[digest]}" if copies[digest] > 1 else ""
        names = {
            node: ox.BlankNode(f"b{digest}{node.value}{copy}")
            for quad in dataset
            for node in (quad.subject, quad.object)
            if isinstance(node, ox.BlankNode)
        }
        for quad in dataset:
            subject = names[quad.subject] if isinstance(quad.subject, ox.BlankNode) else quad.subject
            value = names[quad.object] if isinstance(quad.object, ox.BlankNode) else quad.object
            yield ox.Quad(subject, quad.predicate, value, quad.graph_name)


def _components(quads: Iterable[ox.Quad]) -> list[list[ox.Quad]]:
    """Split quads into sets that share no blank node."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    quads = list(quads)
    for quad in quads:
        ends = [node.value for node in (quad.subject, quad.object) if isinstance(node, ox.BlankNode)]
        parent[root(ends[0])] = root(ends[-1])
    found: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        node = quad.subject if isinstance(quad.subject, ox.BlankNode) else quad.object
        assert isinstance(node, ox.BlankNode)
        found.setdefault(root(node.value), []).append(quad)
    return list(found.values())
