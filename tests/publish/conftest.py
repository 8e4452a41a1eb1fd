"""A server of each product for the tests of publishing; each test publishes under names of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.publish.site import Site
from tests.servers.running import SERVERS, Server


@pytest.fixture(scope="session")
def _servers() -> Iterator[dict[str, Server]]:
    started: dict[str, Server] = {}
    yield started
    for server in started.values():
        server.stop()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _servers: dict[str, Server]) -> Site:
    """Return a place to publish to on a running server of the product that the test is parametrised with."""
    product: str = request.param
    if product not in _servers:
        _servers[product] = SERVERS[product](tmp_path_factory.mktemp(product) / "server").start()
    process = _servers[product].process
    if process is None or process.poll() is not None:  # a test that failed left it so
        _servers[product].start()
    return Site(_servers[product], f"https://test.example/{uuid.uuid4().hex}/")
