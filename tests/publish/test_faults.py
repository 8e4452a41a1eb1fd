"""Whatever happens to a request of a publication: readers see the old or the new version, and a second run ends it.

A fault point is one kind of fault (`tests.publish.proxy.KINDS`) at one request of one publication. ``make test`` takes
a few on Oxigraph, ``make test-servers`` every request of a publication on every server with the kinds taken in turn;
FAULTS=all takes all kinds at all requests, which is some hundred a server. The number of points is printed.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from qe_kg.errors import StoreError
from tests.publish.proxy import KINDS, Proxy, proxied
from tests.publish.readers import Reading, marked, readers
from tests.publish.site import Site
from tests.servers.running import PRODUCTS

OLD = marked("old", {"same": 3, "changed": 40, "gone": 5})
NEW = marked("new", {"same": 4, "changed": 41, "added": 6})
_IMPATIENT: dict[str, Any] = {"retries": 1, "timeout": 3.0}
_PATIENT = 5.0
#: Killing and starting one of these takes seconds, so it is done at every third request only.
_SLOW_TO_START = ("fuseki", "rdf4j", "virtuoso")


def _publish(site: Site, base: str, timeout: float) -> str:
    """Publish the new version through the proxy, and return what was said where it did not work out."""
    try:
        site.publish(NEW, store=site.store(base, **{**_IMPATIENT, "timeout": timeout}), who="Through the proxy")
    except StoreError as error:
        return str(error)
    return ""


def _publish_and_be_killed(site: Site, proxy: Proxy) -> str:
    """Publish from a process of its own, which the proxy kills."""
    process = multiprocessing.get_context("fork").Process(
        target=_publish, args=(site, proxy.base, _IMPATIENT["timeout"])
    )
    proxy.kill = lambda: os.kill(process.pid or 0, signal.SIGKILL)
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return "killed" if process.exitcode else ""


def _requests_of_a_publication(site: Site) -> int:
    with proxied(Proxy(site.server)) as proxy:
        assert _publish(site, proxy.base, 60) == ""
        return len(proxy.requests)


def _points(site: Site, count: int, step: int) -> Iterator[tuple[int, str]]:
    if os.environ.get("FAULTS") == "all":
        yield from ((at, kind) for at in range(count) for kind in KINDS)
        return
    for at in range(0, count, step):
        # Kinds in turn; another order for each product, so that together they meet more of the requests.
        kind = KINDS[(at * 5 + len(site.server.product)) % len(KINDS)]
        is_slow = "server" in kind and site.server.product in _SLOW_TO_START and at % 3
        yield at, "cut after" if is_slow else kind


def _try(site: Site, at: int, kind: str, reading: Reading) -> str:
    with proxied(Proxy(site.server, kind, at)) as proxy:
        if "publisher" in kind:
            outcome = _publish_and_be_killed(site, proxy)
        else:
            outcome = _publish(site, proxy.base, 0.4 if kind == "slow" else _IMPATIENT["timeout"])
        with proxy.restart:  # the server is there again, also where the publisher did not wait for it
            pass
        where = f"{kind} at {proxy.requests[at] if at < len(proxy.requests) else 'the end'} ({at}): {outcome or 'done'}"
        # While the store swaps, what this asks graph by graph may be of both; readers ask for all at once.
        assert kind == "cut at work" or site.has(NEW) or site.has(OLD), where
        assert "\n" not in outcome, where
        assert outcome or kind == "cut at work" or site.has(NEW), where
        _publish_again(site, is_at_work=kind in ("cut at work", "slow"))
        assert site.has(NEW), where
        for late in proxy.late:
            late.join()
        assert site.has(NEW) and site.plan(NEW).is_done, f"{where}; then came what was late"
    assert not reading.wrong, f"{where}: readers saw {reading.wrong[:3]}"
    return "went through" if not outcome else "was told"


def _publish_again(site: Site, *, is_at_work: bool) -> None:
    """Publish once more, which waits for a swap that may be at work for as long as the store has for an answer.

    Where one is, the plan may see it happen, or be one of before: then that is told, and a further run finds all done.
    """
    for run in range(3):
        try:
            site.publish(NEW, keep=2, store=site.store(timeout=_PATIENT))
            return
        except StoreError:
            if run == 2 or not is_at_work:
                raise


@pytest.mark.oxigraph
@pytest.mark.parametrize("site", PRODUCTS[:1], indirect=True)
def test_old_or_new_at_some_requests(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    _go_through(site, capsys, 13)


@pytest.mark.servers
@pytest.mark.parametrize("site", PRODUCTS, indirect=True)
def test_old_or_new_at_every_request(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    _go_through(site, capsys, 1)


@pytest.mark.servers
@pytest.mark.parametrize("site", ["rdf4j"], indirect=True)
@pytest.mark.parametrize("step", [0, 1], ids=["update", "commit"])
def test_a_transaction_that_met_another_one_is_run_again(site: Site, step: int) -> None:
    old = site.publish(OLD)
    steps: list[int] = []
    for kind in ("", "", "500 once"):  # after the first time there is nothing left to stage
        with proxied(Proxy(site.server, kind, steps[step] if kind else 0)) as proxy:
            assert _publish(site, proxy.base, 60) == ""
        assert site.has(NEW)
        undisturbed, steps = (
            len(steps),
            [at for at, request in enumerate(proxy.requests) if re.match(r"PUT .*/transactions/", request)],
        )
        if not kind:
            site.roll_back(str(next(one for one in site.kept() if one.hash == old.hash).number), keep=2)
    assert len(steps) == undisturbed + 1 + step


def _go_through(site: Site, capsys: pytest.CaptureFixture[str], step: int) -> None:
    old = site.publish(OLD)
    before = {name: graph.hash for name, graph in site.live().items()}
    count = _requests_of_a_publication(site)
    outcomes: Counter[str] = Counter()
    with readers(site, {"old": OLD, "new": NEW}, pause=0.01) as reading:
        for at, kind in _points(site, count, step):
            target = next(one for one in site.kept() if one.hash == old.hash)
            site.roll_back(str(target.number), keep=2)
            assert {name: graph.hash for name, graph in site.live().items()} == before
            outcomes[_try(site, at, kind, reading)] += 1
    assert not reading.wrong and reading.seen["old"] and reading.seen["new"]
    with capsys.disabled():
        print(
            f"\n{site.server.product}: {outcomes.total()} fault points in publications of {count} requests "
            f"({dict(outcomes)}); {reading.count} readings, each of one version"
        )
