"""Every capability gives the same answer whatever store has the model: in memory, on disk, or elsewhere."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qe_kg import Model, open_model
from qe_kg.cli import qe_kg as command_line
from qe_kg.opening import find_store, load_model
from tests.servers.running import PRODUCTS, SERVERS, Server

pytestmark = pytest.mark.xdist_group("store_contract")  # one model and one server for all

CONSTRUCT = "CONSTRUCT { ?t qe:isAbout ?s } WHERE { ?f qe:hasSource ?s ; qe:hasTarget ?t }"
COUNT = "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?subjects) WHERE { ?s ?p ?o }"


def _export(model: Model) -> bytes:
    found = io.BytesIO()
    model.export(found, "nt")
    return found.getvalue()


def _validated(model: Model) -> object:
    """Return a report without its places, which a store does not know, and without the time it took."""
    report = model.validate(at="2026-06-30", profiles=["us-mi", "eu"]).to_dict()
    report["summary"].pop("seconds")
    report["coverage"].pop("altered", None)
    return _without_places(report)


def _without_places(found: Any) -> Any:
    if isinstance(found, dict):
        places = ("source", "places", "belongs")
        return {key: _without_places(value) for key, value in found.items() if key not in places}
    if isinstance(found, list):
        of_shapes = [one for one in found if not (isinstance(one, dict) and one.get("what", "").endswith(" here"))]
        return [_without_places(one) for one in of_shapes]
    return found


ASKED: dict[str, Callable[[Model], Any]] = {
    "impact": lambda model: model.impact("AOV-04").to_dict(),
    "impact of an item": lambda model: model.impact("Grid Telemetry", basis="drawn", depth=2).to_dict(),
    "trace": lambda model: model.trace("REV-01", certain=True).to_dict(),
    "change": lambda model: model.change_impact("stop", "AOV-04").to_dict(),
    "paths": lambda model: model.paths("AOV-04", "REV-01").to_dict(),
    "structure": lambda model: model.structure().to_dict(),
    "what if": lambda model: model.in_memory().what_if(move=["AOV-04=regulated"]).to_dict(),
    "query": lambda model: model.query("impact/list-direct-recipients", {"participant": "AOV-04"}).to_dict(),
    "query of many joins": lambda model: model.query("information/map-concepts-to-participants").to_dict(),
    "query of graphs": lambda model: model.query("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g "
                                                 "ORDER BY ?g").to_dict(),
    "query that counts": lambda model: model.query(COUNT).to_dict(),
    "query that constructs": lambda model: model.query(CONSTRUCT).rows,
    "query that asks": lambda model: model.query("ASK { ?x a qe:Rule }").to_dict(),
    "why": lambda model: model.reasons.why("AOV-04", "a", "qe:Participant").to_dict(),  # type: ignore[union-attr]
    "validate": _validated,
    "export": _export,
}  # fmt: skip


@pytest.fixture(scope="module")
def here() -> Model:
    return open_model()


@contextmanager
def server_with_model(product: str, folder: Path, **options: Any) -> Iterator[tuple[Server, Model]]:
    """Start a server and load the shipped model into it."""
    server = SERVERS[product](folder / product).start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            if server.user and server.password:
                patch.setenv("QE_KG_STORE_USER", server.user)
                patch.setenv("QE_KG_STORE_PASSWORD", server.password)
            yield server, load_model(None, find_store(place_of(server)), **options)
    finally:
        server.stop()


def place_of(server: Server) -> str:
    """Return what --store takes for a server."""
    base = server.query_url.removesuffix("/query").removesuffix("/sparql")
    return f"{server.product}+{base}"


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(None, tmp_path_factory.mktemp("disk") / "kg.db")


@pytest.fixture(scope="module", params=PRODUCTS)
def elsewhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with server_with_model(request.param, tmp_path_factory.mktemp("server")) as (_, model):
        yield model


@pytest.mark.parametrize("name", sorted({*ASKED} - {"validate", "what if", "why"}))  # these read the files
def test_on_disk_as_in_memory(name: str, here: Model, on_disk: Model) -> None:
    assert ASKED[name](on_disk) == ASKED[name](here)


@pytest.mark.oxigraph
@pytest.mark.parametrize("name", sorted(ASKED))
def test_elsewhere_as_in_memory(name: str, here: Model, elsewhere: Model) -> None:
    found, expected = ASKED[name](elsewhere), ASKED[name](here)
    assert found == expected


@pytest.mark.oxigraph
def test_each_command_takes_a_store(elsewhere: Model, tmp_path: Path) -> None:
    store = elsewhere.store.profile.name  # type: ignore[attr-defined]
    calls: dict[tuple[str, ...], int] = {
        ("impact", "AOV-04", "--depth", "1", "--format", "csv"): 0,
        ("structure", "--format", "json"): 0,
        ("export", "--to", "nq", "-o", str(tmp_path / "out.nq")): 0,
        ("query", "ASK { ?x a qe:Nothing }", "--format", "json"): 0,
        ("impact", "AOV-99"): 2,
    }
    for call, code in calls.items():
        done = CliRunner().invoke(command_line, [*call, "--store", store])
        assert getattr(done.exception, "exit_code", done.exit_code) == code, (call, done.output, done.exception)
    assert (tmp_path / "out.nq").stat().st_size > 100_000


@pytest.mark.oxigraph
def test_a_store_is_a_side_of_a_comparison(elsewhere: Model, tmp_path: Path) -> None:
    store = elsewhere.store.profile.name  # type: ignore[attr-defined]
    done = CliRunner().invoke(command_line, ["diff", str(elsewhere.manifest.directory), store, "--format", "json"])
    assert done.exit_code == 0, (done.output, done.exception)
    found = json.loads(done.stdout)
    assert not found["triples"]["added"] and not found["triples"]["removed"]
