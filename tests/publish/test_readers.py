"""Readers hammer a store during a hundred publications (thirty on servers that take longer): each sees one version."""

from __future__ import annotations

import pytest

from tests.publish.readers import marked, readers
from tests.publish.site import Site
from tests.servers.running import PRODUCTS

_VERSIONS = {
    name: marked(name, {"same": size, "changed": 60 + size, f"only-{name}": 2}) for name, size in (("a", 3), ("b", 9))
}


@pytest.mark.servers
@pytest.mark.parametrize("site", PRODUCTS, indirect=True)
def test_readers_during_many_publications(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    count = 100 if site.server.product == "oxigraph" else 30
    site.publish(_VERSIONS["b"])
    with readers(site, _VERSIONS, threads=2) as reading:
        for number in range(count):
            site.publish(_VERSIONS["ab"[number % 2]], delta=number % 3 == 0, keep=1)
    assert reading.wrong == [] and min(reading.seen["a"], reading.seen["b"]) > 0
    assert site.head().number == count + 1 and site.has(_VERSIONS["b"])
    with capsys.disabled():
        print(f"\n{site.server.product}: {count} publications, {reading.count} readings, each of one version")
