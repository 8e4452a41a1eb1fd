"""SPARQL as text: tokens, what is refused, and parameters that can never become query text."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg import ParameterError, QueryError, Term, open_model
from qe_kg.sparql_text import MAX_DEPTH, MAX_LENGTH, bind, check_allowed, refuse_graphs, tokens, variables
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.terms import iri, literal

#: Text that looks like SPARQL, so that its tokens are met more often than in arbitrary text.
_PIECES = st.sampled_from(
    ["?x", "$y", "<http://e/a#b>", "<", ">", '"', "'", '"""', "'''", "\\", "#", "\n", " ", "{", "}", "(", ")", "[", "]",
     "SELECT", "SERVICE", "ex:a.b", ":", "_:b", ".", ";", "@en-GB", "^^", "1.5e3", "é", "\u2028", "%41", "&&"]
)  # fmt: skip
SPARQL_LIKE = st.one_of(st.text(), st.lists(_PIECES).map("".join))


@given(SPARQL_LIKE)
def test_the_tokens_of_any_text_joined_are_the_text(text: str) -> None:
    found = list(tokens(text))
    assert "".join(token.text for token in found) == text
    position = 0
    for token in found:
        assert token.start == position and token.text
        position += len(token.text)


@given(SPARQL_LIKE)
def test_a_guarded_text_is_refused_or_passed_but_never_a_crash(text: str) -> None:
    try:
        check_allowed(text)
    except QueryError:
        return
    assert len(text) <= MAX_LENGTH


def _kinds(query: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(query) if token.kind != "space"]


def test_tokens_have_their_kinds() -> None:
    assert _kinds("SELECT ?x $y WHERE { <a:b> ex:c.d 'e' } # f") == [
        ("word", "SELECT"), ("variable", "?x"), ("variable", "$y"), ("word", "WHERE"), ("open", "{"), ("iri", "<a:b>"),
        ("name", "ex:c.d"), ("string", "'e'"), ("close", "}"), ("comment", "# f"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hiding",
    [
        '"{}"',
        "'{}'",
        '"""{}"""',
        "'''{}'''",
        '"""a "quoted" {}"""',
        '"escaped \\" {}"',
        "<http://e/{}>",
        "# {}\n",
        "ex:{}",
    ],
)
def test_strings_comments_and_iris_hide_keywords_and_variables(hiding: str) -> None:
    check_allowed("ASK { ?s ?p " + hiding.format("SERVICE") + " }")
    if "ex:" not in hiding:
        assert variables("ASK { ?s ?p " + hiding.format("?hidden") + " }") == {"s", "p"}


def test_a_variable_in_a_string_comment_or_iri_is_not_bound() -> None:
    query = "SELECT ?o WHERE { ?s <http://e/?s> '?s' , ?o # ?s\n . FILTER(?s != \"?s\") }"
    bound = bind(query, {"s": iri("http://e/x")})
    assert bound == "SELECT ?o WHERE { <http://e/x> <http://e/?s> '?s' , ?o # ?s\n . FILTER(<http://e/x> != \"?s\") }"


def test_both_signs_of_a_variable_are_bound_and_longer_names_are_not() -> None:
    assert bind("ASK { ?a $a ?ab }", {"a": iri("x:y")}) == "ASK { <x:y> <x:y> ?ab }"


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        (
            "SELECT ?o { { { ?s ?p ?o } UNION { ?o ?p ?s } } }",
            "SELECT ?o { { { <x:y> ?p ?o } UNION { ?o ?p <x:y> } } }",
        ),
        ("SELECT ?o { { SELECT ?o { ?s ?p ?o } } }", "SELECT ?o { { SELECT ?o { <x:y> ?p ?o } } }"),
        (
            "SELECT ?o { ?o ?p ?q FILTER NOT EXISTS { ?q ?r ?s } }",
            "SELECT ?o { ?o ?p ?q FILTER NOT EXISTS { ?q ?r <x:y> } }",
        ),
        (
            "SELECT ?o { OPTIONAL { ?s ?p ?o } MINUS { ?s ?q ?o } }",
            "SELECT ?o { OPTIONAL { <x:y> ?p ?o } MINUS { <x:y> ?q ?o } }",
        ),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "CONSTRUCT { <x:y> ?p ?o } WHERE { <x:y> ?p ?o }"),
        (
            "SELECT ?o { ?o ?p ?q BIND(IF(?q = ?s, 1, 2) AS ?z) }",
            "SELECT ?o { ?o ?p ?q BIND(IF(?q = <x:y>, 1, 2) AS ?z) }",
        ),
        ("DESCRIBE ?s", "DESCRIBE <x:y>"),
    ],
)
def test_a_parameter_reaches_nested_groups_and_subselects(query: str, bound: str) -> None:
    assert bind(query, {"s": iri("x:y")}) == bound
    EmbeddedStore().query(bound)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s WHERE { ?s ?p ?o }",
        "SELECT (COUNT(?s) AS ?n) WHERE { ?s ?p ?o }",
        "SELECT ?o WHERE { ?s ?p ?o } ORDER BY ?s",
        "SELECT ?o WHERE { ?s ?p ?o } GROUP BY ?o ?s",
        "SELECT ?o WHERE { { SELECT ?s ?o WHERE { ?s ?p ?o } } }",
        "SELECT ?o WHERE { { SELECT ?o (MIN(?s) AS ?least) WHERE { ?s ?p ?o } GROUP BY ?o } }",
        "SELECT ?o WHERE { ?o ?p ?q BIND(?q AS ?s) }",
        "SELECT ?o WHERE { ?o ?p ?q FILTER(BOUND(?s)) }",
        "SELECT ?o WHERE { VALUES ?s { 1 } ?s ?p ?o }",
        "SELECT ?o WHERE { VALUES (?s ?q) { (1 2) } ?s ?p ?o }",
    ],
)
def test_a_parameter_where_only_a_variable_may_stand_is_refused(query: str) -> None:
    with pytest.raises(ParameterError, match=r"\?s cannot be a parameter"):
        bind(query, {"s": iri("x:y")})


def test_a_parameter_that_the_query_does_not_have_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"no variable \?nothing"):
        bind("ASK { ?s ?p '?nothing' }", {"nothing": iri("x:y")})


_STORE = EmbeddedStore()


@given(st.text())
@settings(max_examples=300)
def test_any_text_comes_back_as_the_literal_that_it_was(text: str) -> None:
    query = bind("SELECT ?one ?two { BIND(?value AS ?one) { BIND(?value AS ?two) } }", {"value": literal(text)})
    check_allowed(bind("ASK { FILTER(?value = ?value) }", {"value": literal(text[:1000])}))
    assert _STORE.select(query).rows == ((Term("literal", text), Term("literal", text)),)


@pytest.mark.parametrize(
    "text",
    [
        '" . } #', "' } #", '\\" } INSERT DATA { <a:a> <a:b> <a:c> } #', "\\", "\\\\", "a\nb\r\nc\td", "> . } #", '"""',
        "\\u0022 . } #", "\\U00000022", "?s", "$s", "<http://e/>", "SERVICE",
        "{" * 500, "\x00", "\ufffe", "\U0010ffff", "", " ",
    ],
)  # fmt: skip
def test_hostile_text_stays_a_literal(text: str) -> None:
    query = bind("SELECT ?o { { BIND(?value AS ?o) } }", {"value": literal(text)})
    check_allowed(query)
    assert _STORE.select(query).rows == ((Term("literal", text),),)


def test_hostile_text_stays_a_literal_for_the_model_too() -> None:
    model = open_model()
    for text in ('" . } #', "> . } #", "\\", "a\nb"):
        answer = model.query("SELECT ?o { { BIND(?value AS ?o) } }", {"value": text})
        assert answer.rows == ((Term("literal", text),),)


# --- what is refused -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[str, list[str]]]:
    """A server that notes who calls it."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_error(500)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", calls
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <%s> { ?s ?p ?o } }",
        "SELECT * { service silent <%s> { ?s ?p ?o } }",
        "SELECT * { OPTIONAL{}SERVICE<%s>{ ?s ?p ?o } }",
        "SELECT * { SERVICESILENT<%s> { ?s ?p ?o } }",
        "PREFIX : <%s> SELECT * { SERVICE:ep { ?s ?p ?o } }",
        "PREFIX SERVICE: <%s> SELECT * { SERVICE:ep { ?s ?p ?o } }",
        "SELECT * { ?s ?p trueSERVICE <%s> { ?s ?p ?o } }",
        "SELECT * { ?s ?p 1e5SERVICE <%s> { ?s ?p ?o } }",
        "SELECT * { FILTER(1<2&&EXISTS{SERVICE<%s>{?s ?p ?o}}) }",
        "SELECT * { VALUES ?e { <%s> } SERVICE ?e { ?s ?p ?o } }",
        "SELECT * { { SELECT * { # comment\nSERVICE\n<%s> { ?s ?p ?o } } } }",
        # As a store reads it that puts \\uXXXX right before it parses, which the specification asks for.
        "SELECT * { \\u0053ERVICE <%s> { ?s ?p ?o } }",
        'SELECT * { ?s ?p "x\\u0022 . SERVICE <%s> { ?s ?p ?o } . ?s ?p \\U00000022" }',
        'SELECT * { ?s ?p "x\\\\\\u0022 . SERVICE <%s> { ?s ?p ?o } . ?s ?p \\u0022" }',
    ],
)
def test_a_call_to_another_endpoint_is_refused_however_it_is_written(
    query: str, endpoint: tuple[str, list[str]]
) -> None:
    address, calls = endpoint
    calls.clear()
    with pytest.raises(QueryError, match="SERVICE is not allowed"):
        open_model().query(query % address)
    assert calls == []


@pytest.mark.parametrize("query", ["SELECT * FROM <%s> { ?s ?p ?o }", "SELECT * { GRAPH <%s> { ?s ?p ?o } }"])
def test_naming_a_graph_fetches_nothing(query: str, endpoint: tuple[str, list[str]]) -> None:
    address, calls = endpoint
    assert len(open_model().query(query % address)) == 0
    assert calls == []


def test_a_graph_is_not_named_however_it_is_written() -> None:
    for query in (
        "SELECT * FROM <http://e/> {}",
        "ASK \\u0046ROM <http://e/> {}",
        'ASK { ?s ?p "\\u0022 } FROM ' + '<e:e>" }',
    ):
        with pytest.raises(QueryError, match="FROM is not allowed"):
            refuse_graphs(query)
    for query in ('ASK { ?s ?p "FROM" }', 'ASK { ?s ?p "\\\\u0022 FROM \\\\u0022" }', "ASK { ?from ?p 1 }"):
        refuse_graphs(query)


@pytest.mark.parametrize("pair", ["()", "{}", "[]"])
def test_ten_thousand_nested_brackets_are_refused(pair: str) -> None:
    with pytest.raises(QueryError, match=f"more than {MAX_DEPTH} levels"):
        check_allowed("ASK { FILTER" + pair[0] * 10_000 + "1" + pair[1] * 10_000 + " }")


def test_brackets_that_look_like_a_part_of_an_iri_are_counted() -> None:
    with pytest.raises(QueryError, match="levels"):
        check_allowed("ASK { FILTER(?a<" + "(" * 10_000 + "1" + ")" * 10_000 + ">0) }")


@pytest.mark.parametrize("operator", ["!", "-", "+ ", "^", "! #\n"])
def test_ten_thousand_operators_are_refused(operator: str) -> None:
    with pytest.raises(QueryError, match="levels"):
        check_allowed("ASK { FILTER(" + operator * 10_000 + "1) }")


def test_a_query_that_is_too_long_is_refused() -> None:
    check_allowed("ASK {}" + " " * (MAX_LENGTH - 6))
    with pytest.raises(QueryError, match="65,537 characters; 65,536 are allowed"):
        check_allowed("ASK {}" + " " * (MAX_LENGTH - 5))


@pytest.mark.parametrize("piece", ["a-", "a.", "<a", "'a", '"""a', "\\", "?", "%4", "_:", "é-", "((("])
def test_the_time_to_read_a_text_grows_with_its_length(piece: str) -> None:
    text = (piece * MAX_LENGTH)[:MAX_LENGTH]
    started = time.process_time()
    list(tokens(text))
    assert time.process_time() - started < 3  # quadratic time would be minutes


@pytest.mark.parametrize("clause", ["FROM <http://127.0.0.1:9/g>", "FROM NAMED <http://127.0.0.1:9/g>"])
def test_a_query_that_the_user_did_not_write_names_no_graphs(clause: str, write_model: Callable[..., Path]) -> None:
    text = f"SELECT ?s {clause} WHERE {{ ?s ?p ?o }}"
    model = open_model(
        write_model({"d.ttl": "", "queries/theirs.rq": text}, {"data": ["d.ttl"], "queries": ["queries"]})
    )
    with pytest.raises(QueryError, match="FROM is not allowed"):
        model.query("theirs")
    assert model.query(text).rows == ()  # in one's own query it names a graph of the store
