"""SPARQL over quads in memory, for the SHACL engine: terms come and go as text (see `qe_kg.shacl.nodes`)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyoxigraph as ox

from qe_kg.errors import QueryError, ReadError
from qe_kg.store.files import syntax_error

_SETS, _HAS = ox.NamedNode("urn:qe-kg:sets"), ox.NamedNode("urn:qe-kg:has")


def columns_of(query: str) -> tuple[str, ...] | None:
    """Parse a query and return the variables that a SELECT projects; None for an ASK.

    Raises:
        QueryError: it does not parse, or is of another form.

    """
    answer = _run(ox.Store(), query)
    if isinstance(answer, ox.QueryBoolean):
        return None
    if isinstance(answer, ox.QuerySolutions):
        return tuple(variable.value for variable in answer.variables)
    raise QueryError("the query is neither a SELECT nor an ASK")


def _run(store: ox.Store, query: str) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    try:
        return store.query(query)
    except SyntaxError as error:
        raise QueryError(" ".join((error.msg or str(error)).split())) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise QueryError(str(error)) from error


def _term(node: str) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if node[0] == "<":
        return ox.NamedNode(node[1:-1])
    if node[0] == "_":
        return ox.BlankNode(node[2:])
    (quad,) = ox.parse(f"<urn:x> <urn:x> {node} .".encode(), format=ox.RdfFormat.N_TRIPLES)
    value = quad.object
    assert isinstance(value, ox.Literal)
    return value


_KEPT = re.compile(
    # What the store keeps as it is, told by its form; all other XSD literals are tried out.
    r'"(?:(?:-?(?:0|[1-9][0-9]{0,17})"\^\^<http://www\.w3\.org/2001/XMLSchema#integer>)'
    r'|(?:[0-9]{4}-[0-9]{2}-[0-9]{2}"\^\^<http://www\.w3\.org/2001/XMLSchema#date>)'
    r'|(?:(?:true|false)"\^\^<http://www\.w3\.org/2001/XMLSchema#boolean>))'
)


def altered_by_store(literals: Iterable[str]) -> set[str]:
    """Return those of some literals that an Oxigraph store would rewrite (``"1.50"^^xsd:decimal`` to ``1.5``)."""
    doubtful = sorted(
        {one for one in literals if "^^<http://www.w3.org/2001/XMLSchema#" in one and not _KEPT.match(one)}
    )
    if not doubtful:
        return set()
    text = "".join(f"<urn:n:{number}> <urn:p> {one} .\n" for number, one in enumerate(doubtful))
    store = ox.Store()
    store.load(text.encode(), format=ox.RdfFormat.N_TRIPLES)
    kept = {(str(quad.subject), str(quad.object)) for quad in store.quads_for_pattern(None, None, None)}
    return {one for number, one in enumerate(doubtful) if (f"<urn:n:{number}>", one) not in kept}


def _load(store: ox.Store, path: Path) -> None:
    try:
        store.bulk_load(path=str(path), format=ox.RdfFormat.N_TRIPLES)
    except SyntaxError as error:
        raise syntax_error(path, error) from error
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from error


class MemorySource:
    """Answers SPARQL over quads in memory; loads them when it is first asked.

    Args:
        quads: the data.
        graphs: quads of further graphs by the graph's IRI.
        files: N-Triples files that belong to the data too; they are read without making an object of each triple.
        without: a subject and a property of which the files' values do not count.
        texts: N-Triples that belong to the data too.

    """

    def __init__(
        self,
        quads: Iterable[ox.Quad],
        graphs: Mapping[str, Iterable[ox.Quad]] | None = None,
        files: Sequence[Path] = (),
        without: tuple[str, str] | None = None,
        texts: Sequence[bytes] = (),
    ) -> None:
        self._quads, self._graphs, self._files, self._without = quads, graphs or {}, files, without
        self._texts = texts
        self._store: ox.Store | None = None
        self._sets = itertools.count(1)  # several threads ask at once

    @property
    def store(self) -> ox.Store:
        """The store with everything in it; errors as for `load`."""
        return self.load() if self._store is None else self._store

    def load(self) -> ox.Store:
        """Fill the store.

        Raises:
            ParseError, ReadError: a file cannot be read.

        """
        self._store = ox.Store()
        for path in self._files:
            _load(self._store, path)
        for text in self._texts:
            if b"_:" in text:  # loading would give blank nodes other labels
                self._store.bulk_extend(ox.parse(text, format=ox.RdfFormat.N_TRIPLES))
            else:
                self._store.bulk_load(text, format=ox.RdfFormat.N_TRIPLES)
        if self._without:
            subject, predicate = map(_term, self._without)
            for quad in list(self._store.quads_for_pattern(subject, predicate, None)):  # type: ignore[arg-type]
                self._store.remove(quad)
        self._store.bulk_extend(ox.Quad(one.subject, one.predicate, one.object) for one in self._quads)
        for name, quads in self._graphs.items():
            self.add_graph(name, quads)
        return self._store

    def add_graph(self, name: str, quads: Iterable[ox.Quad]) -> None:
        """Add a graph with a name, beside the data."""
        graph = ox.NamedNode(name)
        self.store.extend(ox.Quad(one.subject, one.predicate, one.object, graph) for one in quads)

    def select(self, query: str) -> Iterator[tuple[str | None, ...]]:
        """Answer a SELECT."""
        answer = _run(self.store, query)
        if not isinstance(answer, ox.QuerySolutions):
            raise QueryError("the query is no SELECT")
        for row in answer:
            yield tuple(None if term is None else str(term) for term in row)

    def ask(self, query: str) -> bool:
        """Answer an ASK."""
        answer = _run(self.store, query)
        if not isinstance(answer, ox.QueryBoolean):
            raise QueryError("the query is no ASK")
        return bool(answer)

    def binding(self, name: str, nodes: Sequence[str]) -> str:
        """Return a graph pattern that binds a variable to each of some nodes, blank nodes included."""
        if not any(node[0] == "_" for node in nodes):
            return f"VALUES ?{name} {{ {' '.join(nodes)} }}"
        # SPARQL has no way to name a blank node. So the nodes become the members of a set in a graph of its own.
        members = ox.NamedNode(f"urn:qe-kg:set:{next(self._sets)}")
        self.store.extend(ox.Quad(members, _HAS, _term(node), _SETS) for node in nodes)
        return f"GRAPH {_SETS} {{ {members} {_HAS} ?{name} }}"
