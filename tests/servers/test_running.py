"""Each server starts, keeps what it was given through a kill, and ends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.servers.running import PRODUCTS, SERVERS, Server

_QUERY = "SELECT ?s { GRAPH <https://test.example/g> { ?s ?p 1 } }"


def _put(server: Server) -> None:
    url = f"{server.graph_store_url}?{urllib.parse.urlencode({'graph': 'https://test.example/g'})}"
    one = b'"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    text = b"<https://test.example/a> <https://test.example/p> %s .\n" % one
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if server.user and server.password:
        passwords.add_password(None, server.url, server.user, server.password)
    opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords))
    with opener.open(urllib.request.Request(url, text, {"Content-Type": "application/n-triples"}, method="PUT")):
        pass


def _holds(server: Server) -> bool:
    request = urllib.request.Request(
        f"{server.query_url}?{urllib.parse.urlencode({'query': _QUERY})}",
        headers={"Accept": "application/sparql-results+json"},
    )
    with urllib.request.urlopen(request) as answer:
        return bool(json.load(answer)["results"]["bindings"])


@pytest.mark.parametrize("product", PRODUCTS)
def test_server_keeps_what_it_confirmed(product: str, tmp_path: Path) -> None:
    server = SERVERS[product](tmp_path / product).start()
    try:
        assert not _holds(server)
        _put(server)
        assert _holds(server)
        server.kill()
        with pytest.raises(urllib.error.URLError):
            _holds(server)
        server.start()
        assert _holds(server)
    finally:
        server.stop()


_STARTS_ONE = """
import sys, time
from pathlib import Path
from tests.servers.running import SERVERS
print(SERVERS["oxigraph"](Path(sys.argv[1])).start().query_url, flush=True)
time.sleep(60)
"""


@pytest.mark.oxigraph
def test_server_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _STARTS_ONE, str(tmp_path / "server")]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        url = f"{starter.stdout.readline().decode().strip()}?query=ASK%7B%7D"
        with urllib.request.urlopen(url):
            pass
        starter.kill()
    deadline = time.monotonic() + 20
    while _answers(url):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url):
            return True
    except OSError:
        return False
