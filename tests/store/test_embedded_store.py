"""The embedded store: answers, errors, and queries that are meant to bring it down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qe_kg import ParseError, QueryError, ReadError, Term
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.protocol import Solutions

DATA = """@prefix ex: <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:a ex:p ex:b , "x" , "x"@en , "1"^^xsd:integer , [] .
"""


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    path = tmp_path / "data.ttl"
    path.write_text(DATA, encoding="utf-8")
    store = EmbeddedStore()
    assert store.load(path, "http://e/g1") == {"http://e/g1"}
    store.load(path, "http://e/g2")
    return store


def test_every_kind_of_term_and_an_unbound_variable(store: EmbeddedStore) -> None:
    answer = store.select(
        "SELECT ?o ?none WHERE { GRAPH <http://e/g1> { ?s ?p ?o } OPTIONAL { ?o <http://e/q> ?none } }"
    )
    assert answer.columns == ("o", "none")
    terms = [row[0] for row in answer.rows if row[0] is not None]
    assert all(row[1] is None for row in answer.rows)
    assert sorted(term.kind for term in terms) == ["bnode", "iri", "literal", "literal", "literal"]
    assert Term("literal", "x") in terms and Term("literal", "x", None, "en") in terms
    assert Term("literal", "1", "http://www.w3.org/2001/XMLSchema#integer") in terms


def test_the_default_graph_is_the_union_of_all(store: EmbeddedStore) -> None:
    assert store.query("ASK { <http://e/a> <http://e/p> <http://e/b> }") is True
    answer = store.select("SELECT ?o WHERE { <http://e/a> <http://e/p> ?o FILTER(isIRI(?o)) }")
    assert len(answer.rows) == 1, "a triple of two graphs is one triple of their union"


def test_triples_are_an_answer(store: EmbeddedStore) -> None:
    answer = store.query("CONSTRUCT { ?o <http://e/of> ?s } WHERE { ?s ?p ?o FILTER(isIRI(?o)) }")
    assert answer == [(Term("iri", "http://e/b"), Term("iri", "http://e/of"), Term("iri", "http://e/a"))]
    with pytest.raises(QueryError, match="SELECT query was expected"):
        store.select("ASK {}")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "SELECT ?s WHERE { ?s a }",
        "INSERT DATA { <a:a> <a:b> <a:c> }",
        "DROP ALL",
        "SELECT ?s {} \0",
        "\ud800",
    ],
)
def test_what_is_no_query_is_a_query_error(store: EmbeddedStore, query: str) -> None:
    before = len(store)
    with pytest.raises(QueryError):
        store.query(query)
    assert len(store) == before


def test_a_file_that_does_not_parse_loads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bad.ttl"
    path.write_text(DATA + "ex:a ex:b", encoding="utf-8")
    store = EmbeddedStore()
    with pytest.raises(ParseError):
        store.load(path, "http://e/g")
    with pytest.raises(ReadError):
        store.load(tmp_path / "missing.ttl", "http://e/g")
    assert len(store) == 0


#: Text of the length that is allowed, which nests without a bracket for each level.
_DEEP = {
    "alternatives of a path": "SELECT * WHERE { ?s " + "<a:>|" * 12800 + "<a:> ?o }",
    "MINUS": "SELECT * WHERE { " + "MINUS{}" * 4000 + " }",
    "quoted triples": "SELECT * WHERE { " + "<<" * 13000 + " }",
    "brackets that look like an IRI": "SELECT * WHERE { FILTER(?a<" + "(" * 8000 + "1" + ")" * 8000 + ">0) }",
}


@pytest.mark.parametrize("case", _DEEP)
def test_a_query_that_nests_deeply_does_not_kill_the_process(case: str) -> None:
    code = (
        "import sys; from qe_kg.errors import QueryError; from qe_kg.sparql_text import check_allowed\n"
        "from qe_kg.store.embedded import EmbeddedStore\n"
        "query = sys.stdin.read()\n"
        "try:\n    check_allowed(query); EmbeddedStore().query(query)\n"
        "except QueryError:\n    pass\n"
        "print('alive')\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=_DEEP[case],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=root,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


def test_solutions_are_values() -> None:
    assert Solutions(("a",), ((None,),)) == Solutions(("a",), ((None,),))
