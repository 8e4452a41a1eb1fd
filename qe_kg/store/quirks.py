"""What stores do differently, by product: one documented line each, shown in docs/how-to/stores.md.

A product that is not here, or of which nobody knows anything, is ``generic``: nothing beyond SPARQL 1.1 is expected of
it, and each answer is checked.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirks:
    """How one product differs from what the specifications leave open.

    Attributes:
        query: path of the query endpoint below the base URL, "" where it is the base; ``update`` and ``graph_store``
            likewise, None where the product has no usual one.
        default_graph: what a query sees that names no graph: "union" of all named graphs, or the "unnamed" one only.
            Nothing here relies on it: each query names the graphs that it asks.
        may_cut_rows: whether an answer of many rows may be cut off without an error; it is then counted.
        dataset_in_query: whether the graphs that are asked stand in the query rather than beside it.
        open_paths: whether a path such as ``rdfs:subClassOf*`` may have a variable at both ends.
        runs_rules: whether the rules of OWL 2 RL run there; their queries are long.
        blank_prefix: what stands before a blank node's label in answers, though it may not.
        rows_header: a header that tells the number of rows at which an answer was cut off.
        union_repeats: whether a triple of two graphs comes twice in their union.
        auth: how the product expects a password.
        atomic_update: whether an update of several operations happens as a whole or not at all.
        serial_updates: whether of two updates at once one waits for the other, or fails.
        chunked: whether a body may come in parts of which nobody tells the number before.
        unread_option: what the graph store's URL may get for a graph that nobody reads yet: it loads faster, and what a
            failure leaves behind may be a part.
        transactions: the transaction protocol over HTTP that a publication goes by, or "".
        insert_limit: how many triples one INSERT DATA may have; 0 is any number.
        busy: status codes that mean "try again", beside 409, 429 and 503.
        tested: the version that the tests run with, or "" where the product was not at hand.

    """

    query: str = ""
    update: str | None = None
    graph_store: str | None = None
    default_graph: str = "unnamed"
    may_cut_rows: bool = True
    dataset_in_query: bool = False
    open_paths: bool = True
    runs_rules: bool = True
    blank_prefix: str = ""
    rows_header: str = ""
    union_repeats: bool = False
    auth: str = "basic"
    atomic_update: bool = False
    serial_updates: bool = False
    chunked: bool = True
    unread_option: str = ""
    transactions: str = ""
    insert_limit: int = 1000
    busy: tuple[int, ...] = ()
    tested: str = ""


#: By name, as profiles have it.
PRODUCTS: dict[str, Quirks] = {
    "generic": Quirks(),
    "oxigraph": Quirks(
        query="/query", update="/update", graph_store="/store", may_cut_rows=False, union_repeats=True, auth="none",
        unread_option="no_transaction",
        atomic_update=True, insert_limit=0, tested="0.5.13",
    ),
    "fuseki": Quirks(
        query="/query", update="/update", graph_store="/data", may_cut_rows=False, atomic_update=True,
        serial_updates=True, insert_limit=0, tested="5.6.0",
    ),
    "rdf4j": Quirks(
        query="", update="/statements", graph_store="/rdf-graphs/service", default_graph="union", may_cut_rows=False,
        union_repeats=True, atomic_update=True, serial_updates=True, transactions="rdf4j", insert_limit=0,
        tested="4.1.3",
        busy=(500,),  # so it answers where two transactions meet, too
    ),
    "graphdb": Quirks(
        query="", update="/statements", graph_store="/rdf-graphs/service", default_graph="union", union_repeats=True,
        atomic_update=True, serial_updates=True, transactions="rdf4j", insert_limit=0,
    ),
    "virtuoso": Quirks(
        query="/sparql", update="/sparql-auth", graph_store="/sparql-graph-crud-auth", default_graph="union",
        rows_header="X-SPARQL-MaxRows", auth="digest", insert_limit=500,
        tested="7.2.5",
        blank_prefix="nodeID://", open_paths=False, runs_rules=False,
        dataset_in_query=True,  # it answers with a header for each graph beside it, and HTTP clients take only so many
        chunked=False,  # with Digest it confirms such a body and keeps nothing of it
    ),
    "stardog": Quirks(
        query="/query", update="/update", graph_store="", atomic_update=True,
    ),
    "neptune": Quirks(
        query="/sparql", update="/sparql", graph_store="/sparql/gsp/", default_graph="union", auth="aws",
        atomic_update=True, busy=(500,),
    ),
}  # fmt: skip
