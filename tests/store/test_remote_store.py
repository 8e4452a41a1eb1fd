"""The remote store: what it answers, on the Oxigraph server, and that it never takes a part for the whole."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pyoxigraph as ox
import pytest

from qe_kg import QeKgError, QueryError, StoreError
from qe_kg.namespaces import XSD
from qe_kg.store.answers import form_of
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.profiles import Profile, profile_of_url
from qe_kg.store.remote import RemoteStore
from qe_kg.store.select_text import with_dataset, with_prefixes
from qe_kg.terms import Term, iri, literal
from tests.servers.fake import Request, Response, fake_server, rows
from tests.servers.running import Server, free_port

E = "http://e/"
ONE = (
    b"<http://e/a> <http://e/p> <http://e/b> .\n"
    b'<http://e/a> <http://e/n> "5"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
)
TWO = b'<http://e/b> <http://e/p> "x\\ty"@en .\n'


def _named(server: Server) -> str:
    return f"{server.product}+{server.url}"


def _profile(url: str, **more: object) -> Profile:
    return Profile("here", f"{url}/query", f"{url}/update", f"{url}/store", backoff=0.001, **more)  # type: ignore[arg-type]


@pytest.mark.oxigraph
def test_the_union_of_the_graphs_that_are_named_and_no_other(oxigraph: Server) -> None:
    everything = RemoteStore(profile_of_url(_named(oxigraph)), [f"{E}1", f"{E}2"])
    everything.put_graph(f"{E}1", ONE)
    everything.put_graph(f"{E}2", TWO)
    everything.put_graph(f"{E}3", b"<http://e/z> <http://e/p> <http://e/z> .\n")
    here = EmbeddedStore()
    for name, data in (("1", ONE), ("2", TWO)):
        parsed = ox.parse(data, format=ox.RdfFormat.N_TRIPLES)
        here.add(ox.Quad(one.subject, one.predicate, one.object, ox.NamedNode(E + name)) for one in parsed)
    assert len(everything) == len(here) == 3
    for query in (
        "SELECT ?s ?o WHERE { ?s <http://e/p> ?o } ORDER BY ?s",
        "SELECT ?g ?s WHERE { GRAPH ?g { ?s <http://e/p> ?o } } ORDER BY ?g",
        "ASK { <http://e/z> ?p ?o }",
        "SELECT ?o WHERE { <http://e/a> e:p/e:p ?o }",
        "CONSTRUCT { ?o e:q ?s } WHERE { ?s e:p ?o FILTER(isIRI(?o)) }",
        "SELECT ?s FROM <http://e/2> WHERE { ?s e:p ?o }",
    ):
        assert everything.query(query, {"e": E}) == here.query(query, {"e": E}), query
    text = "SELECT ?s ?o WHERE { ?s <http://e/p>|<http://e/n> ?o } ORDER BY ?s ?o"
    assert everything.text_rows(text) == here.text_rows(text)
    assert [str(one) for one in everything.graph(f"{E}1")] == [str(one) for one in here.graph(f"{E}1")]
    assert everything.select("SELECT ?o WHERE { <http://e/b> <http://e/p> ?o }").rows == (
        (literal("x\ty", None, "en"),),
    )


@pytest.mark.oxigraph
def test_graphs_are_added_to_replaced_and_removed(oxigraph: Server) -> None:
    store = RemoteStore(profile_of_url(_named(oxigraph)), [f"{E}1"])
    store.put_graph(f"{E}1", lambda: iter([ONE[:20], ONE[20:]]))  # in parts
    store.post_graph(f"{E}1", TWO)
    assert (store.size(f"{E}1"), store.size(f"{E}2")) == (3, 0)
    store.put_graph(f"{E}1", TWO)
    assert store.size(f"{E}1") == 1
    store.insert_where(f"{E}inferred", "?o <http://e/of> ?s", "?s <http://e/p> ?o FILTER(isLiteral(?o) || true)")
    store.insert_where(f"{E}inferred", "?s <http://e/q> ?o", "?s <http://e/p> ?o")
    assert store.select("SELECT ?p WHERE { ?s ?p ?o } ORDER BY ?p").rows == ((iri(f"{E}p"),), (iri(f"{E}q"),))
    store.delete_where(f"{E}inferred", "?s ?p ?o", "?p = <http://e/q>")
    assert store.size(f"{E}inferred") == 0 and len(store) == 1
    store.delete_graph(f"{E}1")
    store.delete_graph(f"{E}1")
    assert store.graph(f"{E}1") == [] and len(store) == 0


@pytest.mark.oxigraph
@pytest.mark.parametrize("page", [0, 1, 2, 7, 100])
def test_page_by_page_as_at_once(oxigraph: Server, page: int) -> None:
    profile = profile_of_url(_named(oxigraph), {"QE_KG_STORE_PAGE": str(page)})
    store = RemoteStore(profile, [f"{E}1"])
    store.put_graph(f"{E}1", b"".join(b'<http://e/s> <http://e/p%d> "%d" .\n' % (n % 3, n) for n in range(7)))
    for query in (
        "SELECT ?p ?o WHERE { ?s ?p ?o } ORDER BY ?p ?o",
        "SELECT ?p ?o WHERE { ?s ?p ?o } ORDER BY DESC(?p) # a comment",
        "PREFIX e: <http://e/> SELECT ?s ?p WHERE { ?s ?p ?o }",
        "SELECT ?p (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?p",
        "SELECT ?p FROM <http://e/1> WHERE { ?s ?p ?o }",
        "SELECT ?p WHERE { ?s ?p ?none }" if page else "SELECT ?p WHERE { ?s ?p ?o }",
        "SELECT ?p WHERE { ?s ?p 'none' }",
    ):
        at_once = RemoteStore(profile_of_url(_named(oxigraph)), [f"{E}1"]).select(query)
        found = store.select(query)
        assert sorted(map(str, found.rows)) == sorted(map(str, at_once.rows)) and found.columns == at_once.columns
        if "DESC" in query:
            assert [row[0] for row in found.rows] == [row[0] for row in at_once.rows]
        assert sorted(store.text_rows(query).splitlines()) == sorted(
            RemoteStore(profile_of_url(_named(oxigraph)), [f"{E}1"]).text_rows(query).splitlines()
        )


def _capped(limit: int, total: int, **headers: str) -> Callable[[Request], Response]:
    """Answer as a store that has rows and leaves every answer at a limit, without saying so but by the headers."""
    everything = [f"{number:04}" for number in range(total)]

    def answer(request: Request) -> Response:
        query = request.query
        if "COUNT" in query:
            return rows(str(total))
        offset = int(query.rpartition("OFFSET ")[2]) if "OFFSET" in query else 0
        size = int(query.rpartition("LIMIT ")[2].split()[0]) if "LIMIT" in query else total
        found = everything[offset : offset + min(size, limit)]
        return rows(*found, **(headers if len(found) == limit else {}))

    return answer


@pytest.mark.parametrize("header", [{}, {"X_SPARQL_MaxRows": "600"}])
@pytest.mark.parametrize("total", [599, 600, 601, 1500])
def test_what_a_store_leaves_out_is_asked_for(header: dict[str, str], total: int) -> None:
    with fake_server(_capped(600, total, **header)) as (url, _):
        store = RemoteStore(_profile(url))
        assert len(store.select("SELECT ?x WHERE { ?x ?p ?o }").rows) == total
        assert store.text_rows("SELECT ?x WHERE { ?x ?p ?o }").count(b"\n") == total + 1
        if total > 600:
            with pytest.raises(QueryError, match="an order and a LIMIT of its own"):
                store.select("SELECT ?x WHERE { ?x ?p ?o } ORDER BY ?x LIMIT 5000")


def test_a_store_that_has_fewer_rows_than_it_says_is_not_believed() -> None:
    def answer(request: Request) -> Response:
        return (
            rows("900") if "COUNT" in request.query else rows() if "OFFSET 6" in request.query else rows(*["x"] * 600)
        )

    with fake_server(answer) as (url, _), pytest.raises(StoreError, match="gave 600 of the 900 rows"):
        RemoteStore(_profile(url)).select("SELECT ?x WHERE { ?x ?p ?o }")


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (Response(rows("1", "2").body[:-1]), "broke off in the middle of an answer"),
        (Response(rows("1", "2").body[:-30]), "broke off in the middle of an answer"),
        (Response(rows("1", "2").body, cut=3), "broke off in the middle of an answer"),
        (Response(b""), "broke off in the middle"),
        (Response(b'{"error": "no"}'), "is no SPARQL result"),
        (Response(b'{"boolean": true}'), "SELECT query was expected"),
        (
            Response(b"<html><title>Sign in</title></html>", headers={"Content-Type": "text/html"}),
            "answers with text/html instead of .*a web page with the title 'Sign in'",
        ),
        (Response(b"x\n1\n", headers={"Content-Type": "text/csv"}), "answers with text/csv instead"),
        (Response(b"Query  timed\nout", 500), "answers 500 Internal Server Error: Query timed out"),
        (Response(b"", 401, {"WWW-Authenticate": 'Digest realm="x"'}), "wants you to sign in .401.; it takes Digest"),
        (Response(b"not yours", 403), "does not allow that .403.: not yours"),
        (Response(b"", 404), "has nothing at /query .404."),
        (
            Response(b"", 302, {"Location": "https://u:secret@other.example/x?t=1"}),
            "moved to https://.*other.example/x .302",
        ),
        (Response(b"", 503), "answers 503 Service Unavailable"),
        (None, "broke the connection"),
    ],
    ids=str,
)
def test_a_part_of_an_answer_is_an_error(response: Response | None, words: str) -> None:
    with fake_server(lambda _: response) as (url, seen):
        store = RemoteStore(_profile(url, retries=2))
        for ask in (store.query, store.select, store.text_rows):
            with pytest.raises((StoreError, QueryError), match=words) as caught:
                ask("SELECT ?x WHERE { ?x ?p ?o }")
            assert "\n" not in str(caught.value) and caught.value.exit_code == 3
    again = response is None or response.status == 503
    assert len(seen) == (9 if again else 3)


@pytest.mark.parametrize("status", [409, 429, 503, 0])
def test_what_is_busy_is_tried_again_if_twice_is_as_once(status: int) -> None:
    left = [2]

    def answer(_: Request) -> Response | None:
        left[0] -= 1
        if left[0] >= 0:
            return Response(status=status, headers={"Retry-After": "0"}) if status else None
        return Response(b"", 204)

    with fake_server(answer) as (url, seen):
        store = RemoteStore(_profile(url))
        store.put_graph("http://e/g", lambda: iter([ONE, TWO]))
        assert [one.body for one in seen] == [ONE + TWO] * 3
        assert {(one.method, one.path) for one in seen} == {("PUT", "/store?graph=http%3A%2F%2Fe%2Fg")}
        changes: list[Callable[[], None]] = [
            lambda: store.post_graph("http://e/g", ONE),
            lambda: store.update("CLEAR GRAPH <http://e/g>"),
        ]
        for change in changes:
            left[0], before = 2, len(seen)
            with pytest.raises(StoreError) as caught:
                change()
            assert len(seen) == before + 1
            assert caught.value.status == (status or None) and caught.value.may_have_happened == (not status)


def test_nothing_is_written_without_a_graph() -> None:
    store = RemoteStore(_profile("http://127.0.0.1:9"))
    for write in (store.put_graph, store.post_graph):
        with pytest.raises(QeKgError, match="a graph has a name"):
            write("", ONE)
    with pytest.raises(QeKgError, match="has no graph-store URL"):
        RemoteStore(Profile("here", "http://127.0.0.1:9")).put_graph("http://e/g", ONE)
    with pytest.raises(QeKgError, match="has no URL for updates"):
        RemoteStore(Profile("here", "http://127.0.0.1:9")).update("CLEAR ALL")


def test_a_store_that_is_not_there() -> None:
    port = free_port()
    with pytest.raises(StoreError, match=f"cannot be reached: nothing answers at 127.0.0.1:{port}"):
        RemoteStore(_profile(f"http://127.0.0.1:{port}")).ask("ASK {}")
    with pytest.raises(StoreError, match=r"no host of the name in nowhere\.invalid"):
        RemoteStore(_profile("http://nowhere.invalid")).ask("ASK {}")


def test_a_store_that_takes_too_long() -> None:
    def slow(_: Request) -> Response:
        time.sleep(0.4)
        return rows("1")

    with fake_server(slow) as (url, seen):
        with pytest.raises(StoreError, match=r"did not answer within 0\.1 seconds") as caught:
            RemoteStore(_profile(url, timeout=0.1)).ask("ASK {}")
        assert caught.value.may_have_happened and len(seen) == 1


@pytest.mark.parametrize("text", ["SELECT * { SERVICE <http://127.0.0.1:9/> {} }", "LOAD <http://127.0.0.1:9/>"])
def test_nothing_is_fetched_by_the_store(text: str) -> None:
    with fake_server(lambda _: rows()) as (url, seen):
        store = RemoteStore(_profile(url))
        for ask in (store.query, store.update):
            with pytest.raises(QueryError, match="not allowed"):
                ask(text)
    assert not seen


def test_an_error_in_a_query_has_its_place_and_costs_no_request() -> None:
    with fake_server(lambda _: rows()) as (url, seen):
        with pytest.raises(QueryError, match="does not parse") as caught:
            RemoteStore(_profile(url)).query("SELECT ?x WHERE {\n ?x ?y }")
        assert caught.value.line == 2 and not seen


def test_virtuosos_own_answer_to_ask() -> None:
    for values in ((), ("1",)):
        bindings = [
            {"__ASK_RETVAL": {"type": "typed-literal", "datatype": f"{XSD}integer", "value": one}} for one in values
        ]
        body = json.dumps({"head": {"link": [], "vars": ["__ASK_RETVAL"]}, "results": {"bindings": bindings}}).encode()
        with fake_server(lambda _, body=body: Response(body)) as (url, _):  # type: ignore[misc]
            assert RemoteStore(_profile(url)).ask("ASK { ?s ?p ?o }") == bool(values)


def test_virtuosos_own_blank_nodes() -> None:
    cells = [{"type": "bnode", "value": "nodeID://b1"}, {"type": "literal", "value": "nodeID://b1"}]
    bindings = [{"x": one} for one in cells]
    body = json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": bindings}}).encode()
    with fake_server(lambda _: Response(body)) as (url, _):
        found = RemoteStore(_profile(url, product="virtuoso")).select("SELECT ?x { ?x ?p ?o }")
    assert found.rows == ((Term("bnode", "b1"),), (literal("nodeID://b1"),))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "SELECT (COUNT(*) AS ?n) WHERE { ?x e:p ?y { ?y e:q ?z } }",
            "SELECT (COUNT(*) AS ?n) D WHERE { ?x e:p ?y { ?y e:q ?z } }",
        ),
        ("PREFIX e: <http://w/> ASK { ?s ?p ?o }", "PREFIX e: <http://w/> ASK D { ?s ?p ?o }"),
        ("CONSTRUCT { ?s ?p [] . } WHERE { ?s ?p ?o }", "CONSTRUCT { ?s ?p [] . } D WHERE { ?s ?p ?o }"),
        ("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "CONSTRUCT { ?s ?p ?o } D { ?s ?p ?o }"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "CONSTRUCT D WHERE { ?s ?p ?o }"),
        ("DESCRIBE <http://e/x>", "DESCRIBE <http://e/x> D"),
    ],
)
def test_graphs_in_the_query_where_a_product_needs_them_there(query: str, expected: str) -> None:
    text = " ".join(with_dataset(query, ["g:1"], ["g:2"]).split())
    assert text == expected.replace(" D", " FROM <g:1> FROM NAMED <g:2>")
    assert form_of(text, {"e": E}).kind == form_of(query, {"e": E}).kind


def test_a_prefix_is_declared_once_and_only_if_it_is_used() -> None:
    prefixes = {"e": E, "f": "http://f/"}
    assert with_prefixes("SELECT ?s { ?s e:p e:o }", prefixes) == "PREFIX e: <http://e/> SELECT ?s { ?s e:p e:o }"
    declared = "PREFIX e: <http://other/> SELECT ?s { ?s e:p 'f:x' }"
    assert with_prefixes(declared, prefixes) == declared
