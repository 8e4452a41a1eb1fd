"""The embedded store: Oxigraph, in this process's memory or in a folder on disk.

It is an index for SPARQL, never the record: Oxigraph rewrites some literals when it loads them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyoxigraph as ox

from qe_kg.errors import QueryError, ReadError
from qe_kg.namespaces import RDF, XSD
from qe_kg.store.files import FORMATS, format_of, read_quads, syntax_error
from qe_kg.store.stamp import STORE_INSIDE
from qe_kg.terms import Term, iri, literal

Answer = TypeVar("Answer")
# Address space, not memory: pages that are not touched cost nothing.
_STACK = 512 * 1024 * 1024
_STACK_LOCK = threading.Lock()
#: From this size on (bytes) a file without blank nodes is read twice rather than copied within the store.
_LARGE = 20_000_000


def is_valid_iri(text: str) -> bool:
    """Tell whether SPARQL takes a text as an IRI (RFC 3987); what only looks like one would not parse."""
    try:
        ox.NamedNode(text)
    except ValueError:  # also where the text has lone surrogates
        return False
    return True


@dataclass(frozen=True)
class Solutions:
    """The answer of a SELECT: column names, and one tuple a row with None for what is unbound."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


class EmbeddedStore:
    """SPARQL over named graphs; a query's default graph is the union of them all.

    Args:
        path: the folder of a store on disk; None keeps everything in memory.
        read_only: open a store on disk that is there, for asking only; several processes may do so at once.

    Raises:
        ReadError: the folder cannot be opened as a store.

    """

    def __init__(self, path: Path | str | None = None, *, read_only: bool = False) -> None:
        self.path = None if path is None else Path(path)
        #: What is still to be written to disk: a store on disk writes a thousand files in the time of ten.
        self._pending: list[ox.Quad] = []
        if self.path is None:
            self._store = ox.Store()
            return
        inside = self.path / STORE_INSIDE
        try:
            if not read_only:
                inside.mkdir(parents=True, exist_ok=True)
            self._store = ox.Store.read_only(str(inside)) if read_only else ox.Store(str(inside))
        except (OSError, RuntimeError) as error:
            raise ReadError(f"{self.path}: cannot be opened as a store: {error}") from error

    def clear(self) -> None:
        """Remove everything."""
        self._store.clear()

    def close(self) -> None:
        """Let go of a store on disk, so that others may write to it; nothing may be asked of it any more."""
        del self._store

    def finish(self) -> None:
        """Bring what was loaded into the form in which it is read fastest, and on to the disk."""
        if self.path is not None:
            self._settled().optimize()
            self._store.flush()

    def __len__(self) -> int:
        return sum(1 for _ in self._settled().quads_for_pattern(None, None, None, ox.DefaultGraph()))

    def load(self, path: Path, graph: str, rename: Callable[[str], str] | None = None) -> set[str]:
        """Load one file; triples without a graph go to ``graph``.

        Returns:
            The IRIs of the graphs that the file's triples are in.

        Raises:
            ParseError: the file does not parse; nothing of it was loaded.
            ReadError: the file cannot be read.

        """
        form = FORMATS[format_of(path)]
        is_large = path.is_file() and path.stat().st_size > _LARGE
        if rename is None and not form.supports_datasets and (self.path is None or is_large):
            try:
                self._store.bulk_load(path=str(path), format=form, to_graph=ox.NamedNode(graph))
            except SyntaxError as error:
                raise syntax_error(path, error) from error
            except OSError as error:
                raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from error
            # The union as a graph of its own: Oxigraph's own union answers once for each graph that holds a triple.
            if form == ox.RdfFormat.N_TRIPLES and is_large and not _has_blank_nodes(path):
                # An update of the store holds all that it changes in memory.
                self._store.bulk_load(path=str(path), format=form)
            else:
                self._store.update(f"ADD <{graph}> TO DEFAULT")
            return {graph}
        quads = list(read_quads(path, graph, rename))
        self.add(quads)
        return {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode)}

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Add quads."""
        both = (one for quad in quads for one in (quad, ox.Quad(quad.subject, quad.predicate, quad.object)))
        if self.path is not None:
            self._pending += both
        else:
            for quad in both:
                self._store.add(quad)

    def _settled(self) -> ox.Store:
        """Return the database with everything in it."""
        if self._pending:
            self._store.bulk_extend(self._pending)
            self._pending = []
        return self._store

    def union(self) -> Iterator[ox.Quad]:
        """Yield the triples of all graphs, each once, with literals as the store has them."""
        return self._store.quads_for_pattern(None, None, None, ox.DefaultGraph())

    def stream(self, name: str) -> Iterator[ox.Quad]:
        """Yield the quads of a named graph in the order in which the store keeps them, without holding them all."""
        return self._settled().quads_for_pattern(None, None, None, ox.NamedNode(name))

    def graph(self, name: str) -> list[ox.Quad]:
        """Return the quads of a named graph, sorted, with literals as the store has them."""
        found = self._settled().quads_for_pattern(None, None, None, ox.NamedNode(name))
        return sorted(found, key=lambda quad: (str(quad.subject), str(quad.predicate), str(quad.object)))

    def update(self, update: str) -> None:
        """Run a SPARQL update of our own making.

        Raises:
            QueryError: it does not parse.

        """
        try:
            _with_room(lambda: self._settled().update(update))
        except SyntaxError as error:
            raise _query_error(error) from error

    def ask(self, query: str) -> bool:
        """Answer an ASK query.

        Raises:
            QueryError: the query does not parse or is no ASK.

        """
        answer = self.query(query)
        if not isinstance(answer, bool):
            raise QueryError("an ASK query was expected")
        return answer

    def select(self, query: str) -> Solutions:
        """Answer a SELECT query.

        Raises:
            QueryError: the query does not parse or is no SELECT.

        """
        answer = self.query(query)
        if not isinstance(answer, Solutions):
            raise QueryError("a SELECT query was expected")
        return answer

    def text_rows(self, query: str) -> bytes:
        """Answer a SELECT query of ours as tab-separated text, terms as in Turtle, the columns' names first.

        For many rows this takes a fraction of the time that terms as Python objects do.
        """
        answer = self._settled().query(query)
        if not isinstance(answer, ox.QuerySolutions):
            raise QueryError("a SELECT query was expected")
        return answer.serialize(format=ox.QueryResultsFormat.TSV) or b""

    def query(
        self, query: str, prefixes: dict[str, str] | None = None
    ) -> Solutions | bool | list[tuple[Term, Term, Term]]:
        """Answer a SELECT (`Solutions`), an ASK (bool) or a CONSTRUCT or DESCRIBE (triples).

        Args:
            query: SPARQL 1.1.
            prefixes: prefixes that the query may use without declaring them.

        Raises:
            QueryError: the query does not parse.

        """
        try:
            return _with_room(lambda: self._answer(query, prefixes))
        except SyntaxError as error:
            raise _query_error(error) from error
        except UnicodeEncodeError as error:
            raise QueryError("the query is not Unicode text: it holds half of a surrogate pair") from error
        except (OSError, RuntimeError) as error:
            raise QueryError(f"the query cannot be answered: {error}") from error

    def _answer(self, query: str, prefixes: dict[str, str] | None) -> Solutions | bool | list[tuple[Term, Term, Term]]:
        answer = self._settled().query(query, prefixes=prefixes)
        if isinstance(answer, ox.QueryBoolean):
            return bool(answer)
        if isinstance(answer, ox.QuerySolutions):
            columns = tuple(variable.value for variable in answer.variables)
            rows = tuple(tuple(None if term is None else _term(term) for term in solution) for solution in answer)
            return Solutions(columns, rows)
        return [(_term(triple.subject), _term(triple.predicate), _term(triple.object)) for triple in answer]


def _has_blank_nodes(path: Path) -> bool:
    """Tell whether an N-Triples file may hold a blank node; read twice, it would become two."""
    blank = re.compile(rb"(^|\s)_:", re.MULTILINE)
    with path.open("rb") as file:
        return any(blank.search(line) for line in file if b"_:" in line)


def _with_room(work: Callable[[], Answer]) -> Answer:
    """Do work in a thread with a stack that no query of the allowed length exhausts; the main thread's is 8 MB."""
    outcome: list[Answer] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)

    with _STACK_LOCK:
        before = threading.stack_size(_STACK)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        threading.stack_size(before)
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _query_error(error: SyntaxError) -> QueryError:
    message = " ".join((error.msg or str(error)).split())
    found = re.match(r"error at (\d+):(\d+): (.*)", message)
    if found is None:
        return QueryError(f"the query does not parse: {message}")
    return QueryError(f"the query does not parse: {found[3]}", int(found[1]), int(found[2]))


def _term(node: object) -> Term:
    if isinstance(node, ox.NamedNode):
        return iri(node.value)
    if isinstance(node, ox.Literal):
        plain = node.datatype.value in (
            f"{XSD}string",
            f"{RDF}langString",
        )
        return literal(node.value, None if plain else node.datatype.value, node.language)
    if isinstance(node, ox.BlankNode):
        return Term("bnode", node.value)
    raise QueryError(f"the answer holds a term that RDF 1.1 lacks: {node}")
