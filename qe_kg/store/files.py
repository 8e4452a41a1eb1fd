"""RDF files: reading them with the place of every syntax error, and writing them.

Reading never alters a literal: ``pyoxigraph.parse`` keeps ``"1.50"^^xsd:decimal`` as it is written, while an
Oxigraph *store* would keep ``1.5``. What must be exact (export, validation) therefore starts here, not at a store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pyoxigraph as ox

from qe_kg.errors import ParseError, ReadError

FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "n3": ox.RdfFormat.N3,
}
_SUFFIXES = {
    ".ttl": "ttl", ".turtle": "ttl", ".trig": "trig", ".nt": "nt", ".nq": "nq",
    ".rdf": "rdfxml", ".owl": "rdfxml", ".xml": "rdfxml", ".jsonld": "jsonld", ".json": "jsonld", ".n3": "n3",
}  # fmt: skip

_PLACE = re.compile(r"^(Parser )?error (at|between) (line )?\d+[^:]*: ?")
# What a Turtle author can do about the parser's commonest complaints.
_HINTS = (
    (re.compile(r"is not a valid RDF object"), "expected an IRI, a prefixed name, a literal, '[' or '('"),
    (
        re.compile(r"is not a valid predicate|expecting a predicate"),
        "expected an IRI, a prefixed name or 'a'",
    ),
    (
        re.compile(r"prefix (\S*:) has not been declared"),
        "expected a declared prefix: add an @prefix line for it",
    ),
    (re.compile(r"(?i)unexpected end of file"), "expected the closing quote of the string that begins here"),
    (re.compile(r"(?i)unexpected end"), "expected '.' at the end of the last statement"),
    (re.compile(r"Invalid IRI"), "expected an IRI; write such a character percent-encoded"),
    (re.compile(r"No scheme found"), "expected an absolute IRI, or an @base line before it"),
    (re.compile(r"Invalid UTF-8"), "expected text in UTF-8: save the file in that encoding"),
    (
        re.compile(r"is not a valid subject|beginning of a prefix name"),
        "expected a statement: an IRI, a prefixed name, '[', '(' or a directive such as @prefix",
    ),
)
_ANY_URI = "http://www.w3.org/2001/XMLSchema#anyURI"


def format_of(path: Path) -> str:
    """Return the RDF format that a file's name stands for: a key of `FORMATS`.

    Raises:
        ReadError: the name tells no RDF format.

    """
    try:
        return _SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = " ".join(sorted(_SUFFIXES))
        raise ReadError(f"{path}: its name does not tell an RDF format; known endings: {known}") from None


def read_quads(
    path: Path, graph: str | None = None, rename: Callable[[str], str] | None = None, *, base: str | None = None
) -> Iterator[ox.Quad]:
    """Yield the quads of a file with their literals as written.

    Args:
        path: the file; its ending tells the format.
        graph: IRI of the graph that triples without one go to; None for the default graph.
        rename: maps every IRI (see `Namespaces.rebase`), and every ``xsd:anyURI``; None leaves them.
        base: what relative IRIs are relative to; without one they are errors.

    Raises:
        ParseError: the file does not parse.
        ReadError: the file cannot be opened, or its name tells no format.

    """
    name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    try:
        with path.open("rb") as file:
            # Two files may use one label for two blank nodes.
            quads = ox.parse(file, format=FORMATS[format_of(path)], base_iri=base, rename_blank_nodes=True)
            if graph is None and rename is None:
                yield from quads
                return
            for quad in quads:
                renamed = quad if rename is None else _rename(quad, rename)
                in_default = isinstance(renamed.graph_name, ox.DefaultGraph)
                yield (ox.Quad(renamed.subject, renamed.predicate, renamed.object, name) if in_default else renamed)
    except SyntaxError as error:
        raise syntax_error(path, error) from error
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from error


def with_labels(quads: Iterable[ox.Quad], prefix: str) -> Iterator[ox.Quad]:
    """Yield quads with their blank nodes labelled by number, in the order in which they come: the same each time."""
    labels: dict[str, str] = {}
    return relabelled(quads, lambda label: labels.setdefault(label, f"{prefix}{len(labels) + 1}"))


def relabelled(quads: Iterable[ox.Quad], label: Callable[[str], str]) -> Iterator[ox.Quad]:
    """Yield quads with other labels for the blank nodes in them; a subject's is asked for before the object's."""
    for quad in quads:
        subject, value = quad.subject, quad.object
        if isinstance(subject, ox.BlankNode) or isinstance(value, ox.BlankNode):
            subject = ox.BlankNode(label(subject.value)) if isinstance(subject, ox.BlankNode) else subject
            value = ox.BlankNode(label(value.value)) if isinstance(value, ox.BlankNode) else value
            quad = ox.Quad(subject, quad.predicate, value, quad.graph_name)
        yield quad


def text_of(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str | None:
    """Return an IRI, or a literal's lexical form; None for a blank node, whose label is nobody's."""
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else None


def graph_of(quad: ox.Quad) -> str:
    """Return the IRI (or label) of a quad's graph; "" for the default graph."""
    return "" if isinstance(quad.graph_name, ox.DefaultGraph) else quad.graph_name.value


def parse_quads(text: str, form: str = "nt") -> list[ox.Quad]:
    """Parse RDF that a program wrote; blank nodes keep their labels.

    Raises:
        ParseError: it does not parse.

    """
    try:
        return list(ox.parse(text, format=FORMATS[form]))
    except SyntaxError as error:
        raise syntax_error(Path("text"), error) from error


def syntax_error(path: Path, error: SyntaxError) -> ParseError:
    """Turn the parser's error into one that tells place and expectation."""
    problem = " ".join(_PLACE.sub("", error.msg or str(error)).split())
    for pattern, hint in _HINTS:
        if pattern.search(problem):
            problem = f"{problem}; {hint}"
            break
    return ParseError(path, error.lineno, error.offset, problem)


def canonical(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """Return quads in one fixed order with canonical blank node labels (RDFC-1.0).

    Sorted by graph, subject, predicate (``rdf:type`` first) and object, so that equal data give equal bytes.
    """
    dataset = ox.Dataset(quads)
    if any(isinstance(term, ox.BlankNode) for quad in dataset for term in (quad.subject, quad.object, quad.graph_name)):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    rdf_type = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"

    def key(quad: ox.Quad) -> tuple[str, str, str, str]:
        predicate = str(quad.predicate)
        return (
            str(quad.graph_name), str(quad.subject), "" if predicate == rdf_type else predicate, str(quad.object),
        )  # fmt: skip

    return sorted(dataset, key=key)


def shown_path(path: Path) -> str:
    """Return a path as a person in the current folder would name it."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def same_in_order(one: Sequence[ox.Quad], other: Sequence[ox.Quad]) -> bool:
    """Tell whether two lists hold the same quads in the same order, up to the labels of blank nodes.

    Stricter than isomorphism and linear; literals count as written.
    """
    there: dict[ox.BlankNode, ox.BlankNode] = {}
    back: dict[ox.BlankNode, ox.BlankNode] = {}

    def same(left: object, right: object) -> bool:
        if isinstance(left, ox.BlankNode) and isinstance(right, ox.BlankNode):
            return there.setdefault(left, right) == right and back.setdefault(right, left) == left
        return left == right

    return len(one) == len(other) and all(
        same(left.subject, right.subject)
        and left.predicate == right.predicate
        and same(left.object, right.object)
        and same(left.graph_name, right.graph_name)
        for left, right in zip(one, other, strict=True)
    )


def literals_as_written(quads: Iterable[ox.Quad], source: Callable[[], Iterable[ox.Quad]]) -> list[ox.Quad]:
    """Return quads of a store with each literal as the source has it: the subject's own where it has one.

    Args:
        quads: what a store gave, whose literals it may have rewritten.
        source: gives the quads that were loaded; only asked where a literal may have been rewritten.

    """
    quads = list(quads)
    if not any(_may_be_rewritten(quad.object) for quad in quads):
        return quads
    written: dict[object, ox.Literal] = {}
    scratch = ox.Store()
    name = ox.NamedNode("urn:qe-kg:scratch")
    for quad in source():
        if _may_be_rewritten(quad.object) and isinstance(quad.object, ox.Literal):
            scratch.clear()
            scratch.add(ox.Quad(name, name, quad.object))
            kept = next(iter(scratch)).object
            written.setdefault((quad.subject, kept), quad.object)
            written.setdefault(kept, quad.object)
    found = [written.get((quad.subject, quad.object), written.get(quad.object, quad.object)) for quad in quads]
    return [
        ox.Quad(quad.subject, quad.predicate, term, quad.graph_name) for quad, term in zip(quads, found, strict=True)
    ]


def _may_be_rewritten(node: object) -> bool:
    return isinstance(node, ox.Literal) and (node.language is not None or not node.datatype.value.endswith("#string"))


def rename_quads(quads: Iterable[ox.Quad], rename: Callable[[str], str]) -> Iterator[ox.Quad]:
    """Yield quads with every IRI mapped, and every ``xsd:anyURI``."""
    return (_rename(quad, rename) for quad in quads)


def _rename(quad: ox.Quad, rename: Callable[[str], str]) -> ox.Quad:
    def term(node: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | ox.DefaultGraph) -> object:
        if isinstance(node, ox.NamedNode):
            return ox.NamedNode(rename(node.value))
        if isinstance(node, ox.Literal) and node.datatype.value == _ANY_URI:
            # sh:namespace says by a literal what prefixes in the text of a constraint stand for.
            return ox.Literal(rename(node.value), datatype=node.datatype)
        if isinstance(node, ox.Literal) and node.datatype.value != rename(node.datatype.value):
            return ox.Literal(node.value, datatype=ox.NamedNode(rename(node.datatype.value)))
        return node

    return ox.Quad(term(quad.subject), term(quad.predicate), term(quad.object), term(quad.graph_name))  # type: ignore[arg-type]
