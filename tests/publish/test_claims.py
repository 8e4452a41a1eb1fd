"""Publishers that are gone in the middle of a swap, on stores that do not keep two swaps apart."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from qe_kg import StoreError
from qe_kg.namespaces import DCTERMS, PROV
from qe_kg.publish.claims import claims_graph
from qe_kg.publish.swap import swap
from qe_kg.publish.versions import FOAF, read_heads
from tests.publish.proxy import Proxy, proxied
from tests.publish.readers import marked, readers
from tests.publish.site import Site, versions
from tests.servers.running import PRODUCTS

claiming = pytest.mark.parametrize("site", [one for one in PRODUCTS if one.values[0] in ("oxigraph", "virtuoso")],
                                   indirect=True)  # fmt: skip


def _claim(site: Site, version: str, process: str) -> None:
    said = {f"{FOAF}name": "Ada", f"{DCTERMS}source": process, f"{PROV}startedAtTime": datetime.now(UTC).isoformat()}
    lines = "".join(f'<{version}> <{predicate}> "{value}" .\n' for predicate, value in said.items())
    site.store().post_graph(claims_graph(site.record), lines.encode())


def _process_that_is_gone() -> str:
    with subprocess.Popen([sys.executable, "-c", ""]) as one:
        pass
    return f"{socket.gethostname()}:{one.pid}"


@pytest.mark.oxigraph
@claiming
def test_a_publisher_that_is_gone_is_given_the_time_that_its_swap_may_take(site: Site) -> None:
    first, second = versions(2)
    site.publish(first)
    _claim(site, f"{site.record}/version/2-0000dead", _process_that_is_gone())
    started = time.monotonic()
    site.publish(second, store=site.store(timeout=1.5))
    assert time.monotonic() - started >= 1.5
    assert site.has(second) and site.store().size(claims_graph(site.record)) == 0


@pytest.mark.oxigraph
@claiming
def test_nobody_waits_for_a_swap_that_is_seen_to_be_over(site: Site) -> None:
    first, second = versions(2)
    _claim(site, site.publish(first).iri, _process_that_is_gone())
    started = time.monotonic()
    site.publish(second, store=site.store(timeout=55))
    assert time.monotonic() - started < 50
    assert site.has(second) and site.store().size(claims_graph(site.record)) == 0


@pytest.mark.oxigraph
@claiming
def test_a_publisher_that_is_there_or_elsewhere_is_named(site: Site) -> None:
    first, second = versions(2)
    site.publish(first)
    _claim(site, f"{site.record}/version/2-00000001", "another.example:1")
    with pytest.raises(StoreError, match=r"being published to by Ada \(another.example:1, since "):
        site.publish(second)
    assert site.has(first)


@pytest.mark.servers
@pytest.mark.parametrize("site", PRODUCTS[:1], indirect=True)  # where a pointer is swapped, nothing is copied
def test_a_swap_that_is_still_at_work_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first publisher loses the store while it copies; the second comes at once, with another version."""
    known = {name: marked(name, {"large": size, "small": 2}) for name, size in (("a", 1), ("b", 30_000), ("c", 2))}
    monkeypatch.setattr("tests.publish.site.PIECE", 10_000)
    site.publish(known["a"])
    plan = site.plan(known["c"])
    with readers(site, known, pause=0.3) as reading, proxied(Proxy(site.server, "cut at work", 0)) as proxy:
        cut_off = site.store(proxy.base, retries=0)
        with monkeypatch.context() as patched:
            patched.setattr("qe_kg.publish.publisher.swap", lambda _, *arguments: swap(cut_off, *arguments))
            with pytest.raises(StoreError, match="broke the connection"):
                site.publish(known["b"])
        with pytest.raises(StoreError, match="somebody else meanwhile: version 2"):
            site.publish(known["c"], plan=plan, who="Bob")
        for late in proxy.late:
            late.join()
        assert site.has(known["b"])
        site.publish(known["c"])
        assert site.has(known["c"]) and len(read_heads(site.store(), site.record)) == 1
    assert reading.wrong == []
