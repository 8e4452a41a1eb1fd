"""``qe-kg publish``, ``status`` and ``rollback`` as a person or a pipeline calls them."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qe_kg.cli import qe_kg
from qe_kg.errors import QeKgError
from tests.servers.fake import JSON, Request, Response, fake_server
from tests.servers.running import Server, free_port

BEGIN = "@prefix t: <https://test.example/id/> .\n@prefix dcterms: <http://purl.org/dc/terms/> .\n"
SECRET = "correct-horse-battery"


def _call(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(qe_kg, arguments, env=environment)


def _failure(result: Result) -> tuple[int, str]:
    """Return exit code and message, as `main` would give them."""
    if isinstance(result.exception, QeKgError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, result.stderr.strip()


@pytest.fixture
def model(write_model: Callable[..., Path]) -> Path:
    return write_model({"one.ttl": f'{BEGIN}t:a dcterms:title "first" .', "two.ttl": f'{BEGIN}t:b dcterms:title "b" .'})


@pytest.mark.oxigraph
def test_publish_ask_change_and_go_back(oxigraph: Server, model: Path) -> None:
    store = ("--store", f"oxigraph+{oxigraph.url}", "--model", str(model))
    query = "SELECT ?o { <https://test.example/id/a> <http://purl.org/dc/terms/title> ?o }"
    dry = _call("publish", *store, "--dry-run", "--no-gate", "--format", "json")
    assert (dry.exit_code, json.loads(dry.stdout)["outcome"]) == (0, "dry run")
    assert json.loads(dry.stdout)["published"] is None

    done = _call("publish", *store, "--no-gate", "--format", "json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["outcome"], said["swap"]) == (0, "published", "update")
    assert {one["state"] for one in said["graphs"]} == {"new"}
    assert "first" in _call("query", query, *store).stdout

    (model / "one.ttl").write_text(f'{BEGIN}t:a dcterms:title "second" .')
    code, message = _failure(_call("publish", *store, "--no-gate", "--max-removed", "0"))
    assert code == 2 and message.startswith("1 of ") and "--max-removed" in message
    status = _call("status", *store, "--format", "json")
    changed = [one for one in json.loads(status.stdout)["graphs"] if one["state"] != "same"]
    assert status.exit_code == 1
    assert [(one["graph"], one["added"], one["removed"]) for one in changed] == [
        ("https://quantumenergy.example/graph/model/one.ttl", 1, 1)
    ]
    assert _call("publish", *store, "--no-gate", "--delta").exit_code == 0
    assert _call("status", *store, "--read-back").exit_code == 0
    back = json.loads(_call("rollback", *store, "--format", "json").stdout)
    assert back["outcome"] == "rolled back"
    assert "first" in _call("query", query, *store).stdout


@pytest.mark.oxigraph
def test_nothing_is_published_that_the_gate_finds_fault_with(oxigraph: Server, model: Path) -> None:
    (model / "one.ttl").write_text(
        f"{BEGIN}@prefix qe: <https://quantumenergy.example/ontology/> .\nt:a a qe:Nothing ."
    )
    result = _call("publish", "--store", f"oxigraph+{oxigraph.url}", "--model", str(model))
    assert (result.exit_code, "nothing was published" in result.stderr) == (1, True)
    with urllib.request.urlopen(
        f"{oxigraph.query_url}?query=ASK%7BGRAPH%20%3Fg%20%7B%3Fs%20%3Fp%20%3Fo%7D%7D"
    ) as answer:
        assert b"false" in answer.read()


def _answer(status: int, body: bytes, content_type: str) -> Callable[[Request], Response]:
    return lambda _request: Response(body, status, {"Content-Type": content_type})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_answer(401, b"who are you?", "text/plain"), "401"),
        (_answer(403, b"no", "text/plain"), "403"),
        (_answer(404, b"<html><h1>Not Found</h1></html>", "text/html"), "404"),
        (_answer(200, b"<html><body>Welcome to nginx!</body></html>", "text/html"), "text/html"),
        (_answer(200, b"<?xml version='1.0'?><sparql/>", "application/sparql-results+xml"), "sparql-results+xml"),
        (_answer(200, b'{"head":{"vars":["p"]},"results":{"bindings":[', JSON), "broke off"),
        (_answer(500, f"java.lang.Error at {SECRET}".encode(), "text/plain"), "500"),
    ],
    ids=["wrong password", "not allowed", "wrong URL", "HTML page", "wrong content type", "half an answer", "error"],
)  # fmt: skip
def test_a_bad_store_is_one_line_and_no_secret(
    model: Path, answer: Callable[[Request], Response], expected: str
) -> None:
    with fake_server(answer) as (url, requests):
        # The first reads all files of the model, which takes most of the time.
        for command in (("publish", "--no-gate"), ("rollback",))[expected != "401" :]:
            result = _call(
                *command, "--store", f"fuseki+{url}", "--model", str(model),
                QE_KG_STORE_USER="ada", QE_KG_STORE_PASSWORD=SECRET,
            )  # fmt: skip
            code, message = _failure(result)
            assert code == 3 and expected in message and "\n" not in message, message
            assert SECRET not in message + result.output
        assert all(b"update=" not in one.body and "/data" not in one.path for one in requests)


def test_a_store_that_cannot_be_written_to_is_refused_before_anything(model: Path) -> None:
    for store, refused, expected in (
        (f"http://127.0.0.1:{free_port()}/query", 3, "no update URL"),
        (str(model), 2, f"is a folder: that is a store for this machine alone, which qe-kg load --store {model} makes"),
        ("prod", 2, "prod is no profile of qe-kg.toml and no URL, so it is a folder: "),
        ("ftp://x.example/", 3, "ftp"),
    ):
        code, message = _failure(_call("publish", "--no-gate", "--store", store, "--model", str(model)))
        assert code == refused and expected in message and "\n" not in message, message
    code, message = _failure(_call("publish", "--no-gate", "--model", str(model)))
    assert code == 2 and "--store" in message
    code, message = _failure(
        _call("publish", "--no-gate", "--store", f"fuseki+http://127.0.0.1:{free_port()}/kg", "--model", str(model))
    )
    assert code == 3 and "nothing answers" in message


def test_the_only_profile_of_the_model_is_the_store(model: Path) -> None:
    port = free_port()
    with (model / "qe-kg.toml").open("a") as file:
        file.write(f'\n[stores.prod]\nproduct = "fuseki"\nbase = "http://127.0.0.1:{port}/kg"\n')
    code, message = _failure(_call("status", "--model", str(model)))
    assert code == 3 and message.startswith("the store prod cannot be reached") and os.linesep not in message
