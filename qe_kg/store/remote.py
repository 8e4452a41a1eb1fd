"""The remote store: SPARQL 1.1 over HTTP (query, update, graph store protocol).

An answer is whole or an error. Stores cut answers off in four ways: they break off with status 200 when time is up
(the answer then does not parse), they close the connection, they say in a header how many rows they left it at, or they
say nothing; so the rows of a long answer are counted by the store itself, and asked for page by page where some are
missing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar, cast
from urllib.parse import quote, urlencode

import pyoxigraph as ox

from qe_kg.errors import CallError, ProfileError, QueryError, StoreError
from qe_kg.sparql_text import refuse_network
from qe_kg.store.answers import answer_of, form_of, term_of
from qe_kg.store.connection import Body, Connection, Reply, told
from qe_kg.store.files import read_quads
from qe_kg.store.profiles import Profile
from qe_kg.store.protocol import Answer, Solutions
from qe_kg.store.select_text import SelectText, names_graphs, with_dataset, with_prefixes
from qe_kg.terms import Term

_ROWS, _TRIPLES = "application/sparql-results+json", "application/n-triples"
_READABLE = {_ROWS: {_ROWS, "application/json"}, _TRIPLES: {_TRIPLES, "text/plain"}}
#: An answer of fewer rows is not counted: no store is set to leave it at so few.
_COUNTED_FROM = 500

#: Virtuoso 7 answers an ASK with this column, and with a row for "yes".
_VIRTUOSO_ASKED = "__ASK_RETVAL"
Found = TypeVar("Found")
#: Reads the rows of an answer, and counts them.
Reader = Callable[[ox.QuerySolutions], tuple[Found, int]]


class RemoteStore:
    """SPARQL over some named graphs of a store elsewhere; a query's default graph is their union.

    Args:
        connection: to the store, or its profile.
        graphs: IRIs of the graphs; None asks what the store takes as its default graph.
        named: IRIs of the graphs that GRAPH finds; None means the same.

    """

    #: Nothing can be kept beside it.
    path: Path | None = None
    is_in_memory = False

    def __init__(
        self,
        connection: Connection | Profile,
        graphs: Sequence[str] | None = None,
        *,
        named: Sequence[str] | None = None,
    ) -> None:
        self.connection = Connection(connection) if isinstance(connection, Profile) else connection
        self.profile = self.connection.profile
        self.graphs = None if graphs is None else tuple(graphs)
        self._named = None if named is None else tuple(named)

    # --- asking -----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._count("SELECT * WHERE { ?s ?p ?o }")

    def query(self, query: str, prefixes: dict[str, str] | None = None) -> Answer:
        """Answer a SELECT (`Solutions`), an ASK (bool) or a CONSTRUCT or DESCRIBE (triples).

        Args:
            query: SPARQL 1.1 without SERVICE; where it names graphs (FROM), these are asked.
            prefixes: prefixes that the query may use without declaring them.

        Raises:
            QueryError: the query does not parse, or would fetch from the network.
            StoreError: the store cannot be reached, or does not answer to the end.

        """
        refuse_network(query)
        form = form_of(query, prefixes).kind  # an error then has its line and column, and costs no request
        text = with_prefixes(query, prefixes or {})
        if form == "graph":
            return list(self._triples(text))
        return self._select(text) if form == "select" else self.ask(text)

    def ask(self, query: str) -> bool:
        """Answer an ASK query; errors as for `query`."""
        found, _ = self._answer(query, answer_of)
        if isinstance(found, Solutions) and found.columns == (_VIRTUOSO_ASKED,):
            return bool(found.rows)
        if not isinstance(found, bool):
            raise QueryError("an ASK query was expected")
        return found

    def select(self, query: str) -> Solutions:
        """Answer a SELECT query; errors as for `query`."""
        return self._select(query)

    def text_rows(self, query: str) -> bytes:
        """Answer a SELECT query as tab-separated text, terms as in Turtle, the columns' names in the first line."""
        parts = list(self._parts(query, _as_text))
        return parts[0] + b"".join(part.partition(b"\n")[2] for part in parts[1:])

    def node_rows(self, query: str) -> Iterator[tuple[str | None, ...]]:
        """Answer a SELECT query with terms as N-Triples write them."""
        refuse_network(query)
        for part in list(self._parts(query, _as_nodes)):
            yield from part

    def _select(self, query: str) -> Solutions:
        parts = list(self._parts(query, _as_rows))
        return Solutions(parts[0].columns, tuple(row for part in parts for row in part.rows))

    def pages(self, query: str, size: int) -> Iterator[Solutions]:
        """Answer a SELECT query page by page, in the order of its columns; by count, nothing is missing.

        Args:
            query: SPARQL; where it has no order of its own, rows come in the order of their columns.
            size: rows of a page.

        Raises:
            StoreError: as for `query`, or the store's data changed meanwhile.

        """
        return self._paged(query, size, _as_rows)

    def _parts(self, query: str, read: Reader[Found]) -> Iterator[Found]:
        """Yield the whole answer at once, or page by page where the profile says so or the store cuts it off."""
        if self.profile.page:
            yield from self._paged(query, self.profile.page, read)
            return
        (found, rows), limit = self._rows(query, read)
        is_cut = limit is not None and rows >= limit
        if not is_cut and self.profile.quirks.may_cut_rows and rows >= _COUNTED_FROM:
            is_cut = self._count(query) != rows
        if is_cut:
            yield from self._paged(query, rows, read)
        else:
            yield found

    def _paged(self, query: str, size: int, read: Reader[Found]) -> Iterator[Found]:
        text = SelectText.read(query)
        columns = form_of(query).columns
        expected, offset = self._count(query), 0
        while True:
            (found, rows), _ = self._rows(text.page(columns, size, offset), read)
            yield found
            offset += rows
            if offset >= expected or not rows:
                break
        if offset != expected:
            raise self.connection.error(f"gave {offset:,} of the {expected:,} rows that it says there are")

    def _count(self, query: str) -> int:
        (found, _), _ = self._rows(SelectText.read(query).counted(), _as_rows)
        (cell,) = found.rows[0]
        return int(cell.value) if cell else 0

    def _rows(self, query: str, read: Reader[Found]) -> tuple[tuple[Found, int], int | None]:
        return self._answer(query, lambda found: read(_solutions(found)))

    def _answer(
        self, query: str, read: Callable[[ox.QuerySolutions | ox.QueryBoolean], Found]
    ) -> tuple[Found, int | None]:
        """Send a SELECT or ASK; return what is read of the answer, and at how many rows the store left it."""
        with self._send_query(query, _ROWS) as reply:
            self._check_type(reply, _ROWS)
            try:
                found = read(ox.parse_query_results(self._mended(reply), format=ox.QueryResultsFormat.JSON))
            except StoreError as error:
                raise error.with_traceback(None) from None  # as below
            except (SyntaxError, ValueError) as error:
                # Its frames hold the answer, which no other thread may let go of, were it to collect garbage.
                error.__traceback__ = None
                raise self.connection.error(
                    "broke off in the middle of an answer, or it is no SPARQL result; nothing of it was used. "
                    "Give the store more time for a query, or ask for less"
                ) from error
            limit = reply.headers.get(self.profile.quirks.rows_header or "X-SPARQL-MaxRows", "")
            return found, int(limit) if limit.isdigit() else None

    def _mended(self, reply: Reply) -> IO[bytes]:
        """Return the answer as the specification has it."""
        prefix = self.profile.quirks.blank_prefix
        if not prefix:
            return cast(IO[bytes], reply)
        blank = rb'("type":\s*"bnode",\s*"value":\s*")' + re.escape(prefix.encode())
        return io.BytesIO(re.sub(blank, rb"\1", reply.read()))

    def _triples(self, query: str) -> Iterator[tuple[Term, Term, Term]]:
        with self._send_query(query, _TRIPLES) as reply:
            self._check_type(reply, _TRIPLES)
            if reply.headers.get(self.profile.quirks.rows_header or "X-SPARQL-MaxRows"):
                raise self.connection.error("left the answer before its end, and there is no way to ask for the rest")
            for quad in self._parsed(reply):
                yield term_of(quad.subject), term_of(quad.predicate), term_of(quad.object)

    def _send_query(self, query: str, accept: str) -> Reply:
        fields = [("query", query)]
        if self.graphs is not None and not names_graphs(query):
            named = self._named or self.graphs
            if self.profile.quirks.dataset_in_query:
                fields = [("query", with_dataset(query, self.graphs, named))]
            else:
                fields += [("default-graph-uri", graph) for graph in self.graphs]
                fields += [("named-graph-uri", graph) for graph in named]
        return self.connection.send(
            "POST", self.profile.query, body=urlencode(fields).encode(), idempotent=True,
            headers={"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip

    def _check_type(self, reply: Reply, expected: str) -> None:
        if reply.content_type not in _READABLE[expected]:
            what = told(reply.read(4096))
            raise self.connection.error(
                f"answers with {reply.content_type or 'something'} instead of {expected}: {what or 'nothing'}; "
                "is the URL that of its endpoint?"
            )

    def _parsed(self, reply: Reply) -> Iterator[ox.Quad]:
        try:
            yield from ox.parse(cast(IO[bytes], reply), format=ox.RdfFormat.N_TRIPLES)
        except (SyntaxError, ValueError) as error:
            raise self.connection.error("broke off in the middle of a graph, or it is no N-Triples") from error

    # --- graphs -----------------------------------------------------------------------------------------------

    def graph(self, name: str) -> list[ox.Quad]:
        """Return the quads of a named graph, sorted; their number is what the store says that it is.

        Raises:
            StoreError: as for `query`.

        """
        found = self.stream(name)
        return sorted(set(found), key=lambda quad: (str(quad.subject), str(quad.predicate), str(quad.object)))

    def stream(self, name: str) -> Iterator[ox.Quad]:
        """Yield the quads of a named graph as they come in.

        Raises:
            StoreError: as for `query`; at the end too, where their number is not what the store says that it is.

        """
        count, graph = 0, ox.NamedNode(name)
        with self.open_graph(name) as reply:
            for one in self._parsed(reply):
                count += 1
                yield ox.Quad(one.subject, one.predicate, one.object, graph)
        expected = self.size(name)
        if count != expected:
            raise self.connection.error(f"gave {count:,} triples of a graph that has {expected:,}: {name}")

    def size(self, graph: str) -> int:
        """Return the number of triples of a named graph, 0 where there is none of the name."""
        return self._number(f"GRAPH <{graph}> {{ ?s ?p ?o }}")

    def shared(self, graph: str, other: str) -> int:
        """Return how many triples of a named graph another one has too; each is looked up there."""
        return self._number(f"GRAPH <{graph}> {{ ?s ?p ?o }} FILTER EXISTS {{ GRAPH <{other}> {{ ?s ?p ?o }} }}")

    def _number(self, pattern: str) -> int:
        (cell,) = RemoteStore(self.connection).select(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}").rows[0]
        return int(cell.value) if cell else 0

    @contextmanager
    def open_graph(self, name: str) -> Iterator[Reply]:
        """Give a named graph as N-Triples, to be read as it comes; one that is not there is empty.

        Whoever reads has to check that it is whole (`size`): a cut at the end of a line cannot be seen.
        """
        if not self.profile.graph_store:
            query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}"
            with RemoteStore(self.connection)._send_query(query, _TRIPLES) as reply:
                self._check_type(reply, _TRIPLES)
                yield reply
            return
        with self._graph_request("GET", name, allowed=(404,), headers={"Accept": _TRIPLES}) as reply:
            if reply.status == 404:
                reply.read()
            else:
                self._check_type(reply, _TRIPLES)
            yield reply

    def put_graph(self, name: str, triples: Body, *, is_unread: bool = False) -> None:
        """Replace a named graph by N-Triples; may be done again after any failure.

        ``is_unread``: nobody reads the graph before it was read back, so a failure may leave a part of it.

        Raises:
            ProfileError: the profile has no URL of a graph store.
            StoreError: it did not work out.

        """
        self._graph_write("PUT", name, triples, idempotent=True, is_unread=is_unread)

    def post_graph(self, name: str, triples: Body, *, idempotent: bool = False) -> None:
        """Add N-Triples to a named graph; ``idempotent`` where they have no blank node. Errors as for `put_graph`."""
        self._graph_write("POST", name, triples, idempotent=idempotent)

    def delete_graph(self, name: str) -> None:
        """Remove a named graph, if there is one of the name. Errors as for `put_graph`."""
        with self._graph_request("DELETE", name, allowed=(404,)) as reply:
            reply.read()

    def _graph_write(self, method: str, name: str, triples: Body, *, idempotent: bool, is_unread: bool = False) -> None:
        if callable(triples) and not self.profile.quirks.chunked:
            triples = b"".join(triples())
        option = self.profile.quirks.unread_option if is_unread else ""
        with self._graph_request(
            method, name, headers={"Content-Type": _TRIPLES}, body=triples, idempotent=idempotent, option=option
        ) as reply:  # fmt: skip
            reply.read()

    def _graph_request(
        self, method: str, name: str, *, headers: dict[str, str] | None = None, body: Body | None = None,
        idempotent: bool = True, allowed: tuple[int, ...] = (), option: str = "",
    ) -> Reply:  # fmt: skip
        # Always with a graph: without one, a PUT replaces everything that some stores hold.
        if not name:
            raise CallError("a graph has a name")
        if not self.profile.graph_store:
            raise ProfileError(f"the store {self.profile.name} has no graph-store URL: add graph-store = … or base = …")
        url = f"{self.profile.graph_store}?graph={quote(name, safe='')}" + (f"&{option}" if option else "")
        return self.connection.send(method, url, headers=headers, body=body, idempotent=idempotent, allowed=allowed)

    def load(self, path: Path, graph: str, rename: Callable[[str], str] | None = None) -> set[str]:
        """Load one file, in place of what its graphs hold; triples without a graph go to ``graph``."""
        by_graph: dict[str, set[ox.Quad]] = {}
        for quad in read_quads(path, graph, rename):
            by_graph.setdefault(cast(ox.NamedNode, quad.graph_name).value, set()).add(quad)
        for name, quads in by_graph.items():
            self.put_graph(name, n_triples(quads))
            self._count_in(name)
        return set(by_graph)

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Add quads, each to its graph."""
        by_graph: dict[str, list[ox.Quad]] = {}
        for quad in quads:
            by_graph.setdefault(cast(ox.NamedNode, quad.graph_name).value, []).append(quad)
        for name, found in by_graph.items():
            self.post_graph(name, n_triples(found))
            self._count_in(name)

    def _count_in(self, graph: str) -> None:
        if self.graphs is not None and graph not in self.graphs:
            self.graphs = (*self.graphs, graph)

    @contextmanager
    def copied(self, graph: str) -> Iterator[RemoteStore]:
        """Give this store with a copy of the union as its default graph, which is there for as long as it is used.

        The store makes the copy itself, in one update. Queries of many joins run much faster on one graph than on a
        union of many, and nobody changes it.

        Args:
            graph: IRI of a graph that is not there; the copy.

        Raises:
            ProfileError: the profile has no URL for updates.
            StoreError: the store does not allow it.

        """
        using = "".join(f"USING <{one}> " for one in self.graphs or ())
        try:
            self.update(
                f"INSERT {{ GRAPH <{graph}> {{ ?s ?p ?o }} }} {using}WHERE {{ ?s ?p ?o }}", idempotent=True
            )  # fmt: skip
            yield RemoteStore(self.connection, (graph,), named=self.graphs)
        finally:
            self.update(f"DROP SILENT GRAPH <{graph}>", idempotent=True)

    # --- changing ---------------------------------------------------------------------------------------------

    def update(self, update: str, *, idempotent: bool = False, again_if_busy: bool = False) -> None:
        """Run a SPARQL update of our own making, as it stands.

        Args:
            update: with each graph named; LOAD and SERVICE are refused.
            idempotent: whether it may be tried again where nobody knows whether it was done.
            again_if_busy: whether it may be tried again where the store says that it did not begin.

        Raises:
            ProfileError: the profile has no URL for updates.
            StoreError: it did not work out.

        """
        refuse_network(update)
        if not self.profile.update:
            raise ProfileError(f"the store {self.profile.name} has no URL for updates: add update = … or base = …")
        with self.connection.send(
            "POST", self.profile.update, body=urlencode([("update", update)]).encode(), idempotent=idempotent,
            again_if_busy=again_if_busy, headers={"Content-Type": "application/x-www-form-urlencoded"},
        ) as reply:  # fmt: skip
            reply.read()

    def insert_data(self, graph: str, triples: Sequence[ox.Quad]) -> None:
        """Add triples without blank nodes to a named graph by updates, so many at a time as the product takes."""
        size = self.profile.quirks.insert_limit or len(triples) or 1
        for start in range(0, len(triples), size):
            listed = n_triples(triples[start : start + size]).decode()
            self.update(f"INSERT DATA {{ GRAPH <{graph}> {{ {listed} }} }}", idempotent=True)

    def insert_where(self, graph: str, head: str, where: str) -> None:
        """Add what a template gives for each solution of a pattern to a named graph, which counts from then on."""
        self._count_in(graph)
        using = "".join(f"USING <{one}> USING NAMED <{one}> " for one in self.graphs or ())
        self.update(f"INSERT {{ GRAPH <{graph}> {{ {head} }} }} {using}WHERE {{ {where} }}", idempotent=True)

    def delete_where(self, graph: str, pattern: str, condition: str) -> None:
        """Take the triples of one pattern that meet a condition out of a named graph."""
        self.update(
            f"DELETE {{ GRAPH <{graph}> {{ {pattern} }} }} "
            f"WHERE {{ GRAPH <{graph}> {{ {pattern} }} FILTER({condition}) }}",
            idempotent=True,
        )


def n_triples(quads: Iterable[ox.Quad]) -> bytes:
    """Return quads as N-Triples, sorted, without their graph."""
    return b"".join(sorted(f"{one.subject} {one.predicate} {one.object} .\n".encode() for one in quads))


def _solutions(found: ox.QuerySolutions | ox.QueryBoolean) -> ox.QuerySolutions:
    if not isinstance(found, ox.QuerySolutions):
        raise QueryError("a SELECT query was expected")
    return found


def _as_rows(found: ox.QuerySolutions) -> tuple[Solutions, int]:
    answer = cast(Solutions, answer_of(found))
    return answer, len(answer.rows)


def _as_text(found: ox.QuerySolutions) -> tuple[bytes, int]:
    text = found.serialize(format=ox.QueryResultsFormat.TSV) or b""
    return text, text.count(b"\n") - 1


def _as_nodes(found: ox.QuerySolutions) -> tuple[list[tuple[str | None, ...]], int]:
    rows = [tuple(None if term is None else str(term) for term in row) for row in found]
    return rows, len(rows)
