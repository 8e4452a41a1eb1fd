"""Validation within a store: the same shapes as queries on an Oxigraph server find what they find in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from qe_kg import CallError, ProfileError, QeKgError, ShapesError, StoreError, ValidationReport
from qe_kg.cli import qe_kg as command_line
from qe_kg.loose_files import validate_files, validate_store
from qe_kg.opening import find_store, load_model, open_model
from qe_kg.store.profiles import Profile, profile_of_url
from qe_kg.store.remote import RemoteStore, n_triples
from qe_kg.store.remote_source import RemoteSource
from qe_kg.store.sparql_source import altered_by_store
from qe_kg.validation.by_queries import NotByQueries, run_by_queries
from qe_kg.validation.engines import run
from tests.conformance import w3c_suite
from tests.conformance.made_shapes import PREFIXES, parse
from tests.servers.fake import Response, fake_server, rows
from tests.servers.running import Server

pytestmark = [pytest.mark.oxigraph, pytest.mark.xdist_group("w3c")]  # the worker that has the suite, and one server

GRAPH = "http://e/graph"
DATA = """
ex:a a ex:C ; ex:p 1 , 2 ; ex:q ex:b . ex:b a ex:D ; ex:p "x"@en , "y"@en . ex:D rdfs:subClassOf ex:C .
ex:c a ex:C ; ex:p "2020-02-30"^^xsd:date ; ex:r [ ex:p 3 ] .
"""
SHAPES = """
ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P , ex:Q , ex:R ; sh:sparql ex:X ; sh:not ex:N .
ex:P a sh:PropertyShape ; sh:path ex:p ; sh:maxCount 1 ; sh:uniqueLang true ; sh:datatype xsd:date .
ex:Q a sh:PropertyShape ; sh:path ex:q ; sh:minCount 1 ; sh:class ex:C .
ex:R a sh:PropertyShape ; sh:path ( ex:r ex:p ) ; sh:in ( 1 2 ) .
ex:N a sh:NodeShape ; sh:sparql ex:X .
ex:X sh:message "Found {?value}." ;
  sh:select "SELECT $this ?value WHERE { $this <http://e/p> ?value FILTER(?value > 1) }" .
"""


@pytest.fixture
def store(oxigraph: Server) -> RemoteStore:
    store = RemoteStore(profile_of_url(f"oxigraph+{oxigraph.url}"), [GRAPH])
    store.put_graph(GRAPH, n_triples(parse(DATA)))
    return store


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES, encoding="utf-8")
    return tmp_path / "shapes.ttl"


def test_in_the_store_as_in_memory(store: RemoteStore, shapes: Path, tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(PREFIXES + DATA, encoding="utf-8")
    here, there = validate_files([tmp_path / "data.ttl"], [shapes]), validate_store(store.profile, [GRAPH], [shapes])

    def told(report: ValidationReport) -> Counter[tuple[object, ...]]:
        found = report.results
        return Counter((one.rule, one.focus, one.path, one.value, one.severity, one.message) for one in found)

    assert sum(told(here).values()) >= 10 and told(there) == told(here)
    assert (there.conforms, there.summary.focus_nodes) == (False, here.summary.focus_nodes) == (False, 3)
    assert there.coverage == here.coverage
    assert all(one.source is None and one.shape_source for one in there.results)
    assert any("look at the form of literals" in note and "http://e/S" in note for note in there.notes)


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_page_by_page(store: RemoteStore, page: int) -> None:
    profile = profile_of_url(store.profile.name, {"QE_KG_STORE_PAGE": str(page)})
    paged = run_by_queries(parse(SHAPES), RemoteSource(RemoteStore(profile, [GRAPH])))
    expected = run("auto", parse(DATA), parse(SHAPES))
    assert Counter(one.key() for one in paged.results) == Counter(one.key() for one in expected.results)


def test_the_w3c_suite_in_the_store(store: RemoteStore) -> None:
    """Each case whose literals the store keeps, and whose shapes can be queries, gives the suite's own report."""
    wrong, left_out = {}, Counter[str]()
    for case in w3c_suite.cases():
        literals = {str(quad.object) for quad in (*case.data, *case.shapes) if str(quad.object)[0] == '"'}
        if altered_by_store(literals):
            left_out["literals"] += 1
            continue
        store.put_graph(GRAPH, n_triples(case.data))
        try:
            found = w3c_suite.keys(list(run_by_queries(case.shapes, RemoteSource(store)).results))
        except NotByQueries:
            left_out["queries"] += 1
        except ShapesError:
            if case.expected is not None:
                wrong[case.name] = "fails"
        else:
            if case.expected is None or w3c_suite.without_blank_nodes(found) != w3c_suite.without_blank_nodes(
                case.expected
            ):
                wrong[case.name] = "differs"
    assert (wrong, left_out) == ({}, {"literals": 6, "queries": 1})  # $shapesGraph: the shapes are not in the store


def test_the_clinic_in_the_store(oxigraph: Server) -> None:
    model = load_model("examples/riverside-clinic", find_store(f"oxigraph+{oxigraph.url}"))
    here = open_model("examples/riverside-clinic")
    there, expected = (one.validate(at="2027-01-01", profiles=["us-mi"]) for one in (model, here))

    def told(report: ValidationReport) -> list[tuple[object, ...]]:
        results = report.results
        return [(one.rule, one.shape, one.focus, one.focus_label, one.path, one.value, one.status) for one in results]

    assert told(there) == told(expected) and there.results
    left = RemoteStore(model.store.profile).select(  # type: ignore[attr-defined]
        'SELECT ?g { GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?g), "evaluation")) }'
    )
    assert left.rows == ()  # the copy is gone


# --- what cannot be done there -------------------------------------------------------------------------------------


def test_a_model_in_a_store_that_takes_no_updates_is_read_and_validated_here(
    oxigraph: Server, write_model: Callable[..., Path]
) -> None:
    data = (
        "@prefix t: <https://test.example/id/> .\n@prefix qe: <https://quantumenergy.example/ns/> .\nt:a a qe:Nothing ."
    )
    model = write_model({"d.ttl": data})
    load_model(model, find_store(f"oxigraph+{oxigraph.url}"))
    asked = open_model(model, store=f"{oxigraph.url}/query")
    report, expected = asked.validate(), open_model(model).validate()
    assert [one.rule for one in report.results] == [one.rule for one in expected.results] and report.open
    assert any("read from the store and validated in memory" in note for note in report.notes)
    with pytest.raises(ShapesError, match="no URL for updates"):
        asked.validate(engine="sparql")
    with pytest.raises(ProfileError, match="has no graph-store URL"):
        load_model(model, find_store(f"{oxigraph.url}/query"))


def test_reasoning_in_the_store(oxigraph: Server, write_model: Callable[..., Path]) -> None:
    prefixes = "@prefix t: <https://test.example/id/> . @prefix qe: <https://quantumenergy.example/ns/> .\n"
    model, place = (
        write_model({"d.ttl": f"{prefixes}t:s a qe:ValueStreamStage ; qe:isStageOf t:v ."}),
        f"oxigraph+{oxigraph.url}",
    )
    loaded, here = load_model(model, find_store(place), entail=True), open_model(model, entail=True)
    graph = f"{here.namespaces.base}graph/entailed"
    entailed = {str(one) for one in loaded.store.graph(graph)}
    assert entailed == {str(one) for one in here.quads("entailed")} and any("id/v" in one for one in entailed)
    assert len(loaded.store) == len(here.store) == len(open_model(model, store=place).store) + len(entailed)
    load_model(model, find_store(place))
    with pytest.raises(CallError, match="holds no OWL closure"):
        open_model(model, store=place, entail=True)


def test_what_queries_cannot_say_is_refused_with_its_place(store: RemoteStore, tmp_path: Path) -> None:
    (tmp_path / "s.ttl").write_text(
        PREFIXES + "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql ex:X .\n"
        'ex:X sh:select "SELECT $this WHERE { $this ?p ?o GRAPH $shapesGraph { ?s ?p ?o } }" .',
        encoding="utf-8",
    )
    with pytest.raises(ShapesError, match=r"s\.ttl:6:1: http://e/S: it cannot be evaluated by queries"):
        validate_store(store.profile, [GRAPH], [tmp_path / "s.ttl"])


def test_a_default_graph_that_is_empty_conforms_to_nothing(store: RemoteStore, shapes: Path) -> None:
    with pytest.raises(StoreError, match="its default graph is empty; name graphs with --graph"):
        validate_store(store.profile, [], [shapes])
    done = CliRunner().invoke(
        command_line,
        ["validate", "--store", store.profile.name, "--shapes", str(shapes), "--graph", GRAPH, "--format", "json"],
    )
    assert done.exit_code == 1 and not json.loads(done.stdout)["conforms"]


@pytest.mark.parametrize("response", [Response(rows("1", "2").body[:-9]), Response(b"", 503)], ids=["cut", "busy"])
def test_a_part_of_an_answer_is_an_error_and_no_verdict(response: Response, shapes: Path) -> None:
    with fake_server(lambda _: response) as (url, _), pytest.raises(StoreError, match=r"broke off|503"):
        validate_store(Profile("here", f"{url}/q", retries=0), [GRAPH], [shapes])


@pytest.mark.parametrize("clause", ["FROM <http://127.0.0.1:9/>", "SERVICE"])
def test_shapes_fetch_nothing(store: RemoteStore, tmp_path: Path, clause: str) -> None:
    where = f"{clause} WHERE {{ $this ?p ?o }}" if clause != "SERVICE" else "WHERE { SERVICE <http://127.0.0.1:9/> {} }"
    (tmp_path / "s.ttl").write_text(
        f'{PREFIXES}ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql [ sh:select "SELECT $this {where}" ] .',
        encoding="utf-8",
    )
    with pytest.raises(ShapesError, match=r"s\.ttl:6.* is not allowed"):
        validate_store(store.profile, [GRAPH], [tmp_path / "s.ttl"])
    with pytest.raises(ShapesError, match=r"s\.ttl:6.* is not allowed"):
        validate_files([tmp_path / "s.ttl"], [tmp_path / "s.ttl"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("data.ttl", "--store", "http://127.0.0.1:9/"),
        ("--store", "folder", "--shapes", "s.ttl"),
        ("--store", "http://127.0.0.1:9/", "--shapes", "s.ttl", "--engine", "pyshacl"),
        ("--store", "http://127.0.0.1:9/", "--shapes", "s.ttl", "--at", "2026-01-01"),
        ("--graph", "http://e/g"),
    ],
)
def test_calls_that_make_no_sense(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(command_line, ["validate", *arguments])
    assert isinstance(done.exception, QeKgError) and done.exception.exit_code == CallError.exit_code and not done.stdout
