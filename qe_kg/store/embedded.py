"""The embedded store: Oxigraph, in this process's memory or in a folder on disk.

It is an index for SPARQL, never the record: Oxigraph rewrites some literals when it loads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox

from qe_kg.errors import QueryError, ReadError
from qe_kg.store.answers import answer_of, asked
from qe_kg.store.files import FORMATS, format_of, read_quads, syntax_error
from qe_kg.store.protocol import Answer, Solutions
from qe_kg.store.stamp import STORE_INSIDE

#: From this size on (bytes) a file without blank nodes is read twice rather than copied within the store.
_LARGE = 20_000_000


def is_valid_iri(text: str) -> bool:
    """Tell whether SPARQL takes a text as an IRI (RFC 3987); what only looks like one would not parse."""
    try:
        ox.NamedNode(text)
    except ValueError:  # also where the text has lone surrogates
        return False
    return True


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

    @property
    def is_in_memory(self) -> bool:
        """Whether nothing of it is on disk."""
        return self.path is None

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

    def graph_names(self) -> list[str]:
        """Return the IRIs of all named graphs, sorted."""
        return sorted(one.value for one in self._settled().named_graphs() if isinstance(one, ox.NamedNode))

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
        asked(lambda: self._settled().update(update))

    def insert_where(self, graph: str, head: str, where: str) -> None:
        """Add what a template gives for each solution of a pattern to a named graph and to the union."""
        self.update(f"INSERT {{ {head} . GRAPH <{graph}> {{ {head} }} }} WHERE {{ {where} }}")

    def delete_where(self, graph: str, pattern: str, condition: str) -> None:
        """Take the triples of one pattern that meet a condition out of a named graph and out of the union."""
        self.update(
            f"DELETE {{ {pattern} . GRAPH <{graph}> {{ {pattern} }} }} "
            f"WHERE {{ GRAPH <{graph}> {{ {pattern} }} FILTER({condition}) }}"
        )

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

    def query(self, query: str, prefixes: dict[str, str] | None = None) -> Answer:
        """Answer a SELECT (`Solutions`), an ASK (bool) or a CONSTRUCT or DESCRIBE (triples).

        Args:
            query: SPARQL 1.1.
            prefixes: prefixes that the query may use without declaring them.

        Raises:
            QueryError: the query does not parse.

        """
        return asked(lambda: answer_of(self._settled().query(query, prefixes=prefixes)))


def _has_blank_nodes(path: Path) -> bool:
    """Tell whether an N-Triples file may hold a blank node; read twice, it would become two."""
    blank = re.compile(rb"(^|\s)_:", re.MULTILINE)
    with path.open("rb") as file:
        return any(blank.search(line) for line in file if b"_:" in line)
