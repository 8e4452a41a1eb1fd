"""One publisher at a time, on stores that do not see to it that two updates at once come one after the other.

Oxigraph runs updates side by side, each on what was there when it began, and keeps what both write; Virtuoso locks row
by row. There the right to swap is claimed first: a publisher writes its claim, then reads all claims, and goes on only
where there is no other. Of two that claim at once at least one sees the other's claim, because each wrote before it
read; both may then step back, and try again after waits of different lengths.

A claim names machine and process. One whose process is gone, or that gave up, may have a swap at work in the store all
the same. So it counts until its version is the current one, or until the store has had as long for it as it has for
any answer (the profile's ``timeout``): the next publisher waits for the one or the other. A publisher withdraws its
claim only where the store said what became of the swap.
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from qe_kg.errors import StoreError
from qe_kg.namespaces import DCTERMS, PROV, XSD
from qe_kg.publish.versions import FOAF, as_n_triples, read_heads
from qe_kg.store.remote import RemoteStore
from qe_kg.terms import iri, literal

_TRIES = 8
_OLDEST = timedelta(minutes=10)
#: Who answers with these is not the store, and does not know what it does.
_OF_GATEWAYS = (502, 504)
#: The versions that this process holds a claim for; one that it failed to withdraw is no longer among them.
_HELD: set[str] = set()


@dataclass(frozen=True)
class Claim:
    """Who wants to swap: the version, the publisher, the process, and since when."""

    version: str
    publisher: str
    process: str
    since: str

    def is_old(self) -> bool:
        """Tell whether the claim is older than any swap."""
        try:
            return datetime.now(UTC) - datetime.fromisoformat(self.since) > _OLDEST
        except ValueError:
            return True

    def is_held(self) -> bool:
        """Tell whether somebody is there who withdraws it; of another machine's processes nobody knows."""
        try:
            host, _, number = self.process.rpartition(":")
            if host != socket.gethostname():
                return True
            if int(number) == os.getpid():
                return self.version in _HELD
            os.kill(int(number), 0)
        except (ValueError, ProcessLookupError):
            return False
        except PermissionError:
            return True
        return True


def claims_graph(record: str) -> str:
    """Return the IRI of the graph of claims."""
    return f"{record}/claims"


@contextmanager
def claimed(store: RemoteStore, record: str, version: str, publisher: str) -> Iterator[None]:
    """Hold the right to swap while the block runs, which is the swap and nothing else.

    Raises:
        StoreError: somebody else holds it, or the store cannot be asked.

    """
    mine = Claim(version, publisher, f"{socket.gethostname()}:{os.getpid()}", datetime.now(UTC).isoformat())
    _HELD.add(version)
    is_at_work = False
    try:
        _claim(store, record, mine)
        is_at_work = True
        try:
            yield
        except StoreError as error:
            is_at_work = error.status is None or error.status in _OF_GATEWAYS
            raise
        is_at_work = False
    finally:
        _HELD.discard(version)
        if not is_at_work:
            with suppress(StoreError):  # the store is gone; whoever comes next finds that this swap is over
                _withdraw(store, record, version)


def _claim(store: RemoteStore, record: str, mine: Claim) -> None:
    for attempt in range(_TRIES):
        me = iri(mine.version)
        said = [
            (me, iri(f"{FOAF}name"), literal(mine.publisher)),
            (me, iri(f"{DCTERMS}source"), literal(mine.process)),
            (me, iri(f"{PROV}startedAtTime"), literal(mine.since, f"{XSD}string")),
        ]
        store.post_graph(claims_graph(record), as_n_triples(said), idempotent=True)
        others = [one for one in _claims(store, record) if one.version != mine.version]
        held = [one for one in others if one.is_held() and not one.is_old()]
        if not held:
            # Others who come now see this claim, and step back.
            _wait_for(store, record, [one for one in others if not one.is_old()])
            for one in others:
                _withdraw(store, record, one.version)
            return
        _withdraw(store, record, mine.version)
        time.sleep(random.uniform(0.05, 0.2) * (attempt + 1))
    raise StoreError(
        f"the store {store.profile.name} is being published to by {held[0].publisher} ({held[0].process}, since "
        f"{held[0].since}). Nothing of yours was published; publish again when that is over"
    )


def _wait_for(store: RemoteStore, record: str, left: list[Claim]) -> None:
    """Wait until no swap of a publisher that is gone can be at work any more."""
    until, versions = time.monotonic() + store.profile.timeout, [one.version for one in left]
    while left and time.monotonic() < until and read_heads(store, record) != versions:
        time.sleep(min(0.2, store.profile.timeout / 10))


def _claims(store: RemoteStore, record: str) -> list[Claim]:
    rows = store.select(f"SELECT ?v ?p ?o WHERE {{ GRAPH <{claims_graph(record)}> {{ ?v ?p ?o }} }}").rows
    said: dict[str, dict[str, str]] = {}
    for version, predicate, value in rows:
        if version and predicate and value:
            said.setdefault(version.value, {})[predicate.value] = value.value
    return [
        Claim(version, about.get(f"{FOAF}name", ""), about.get(f"{DCTERMS}source", ""),
              about.get(f"{PROV}startedAtTime", ""))
        for version, about in said.items()
    ]  # fmt: skip


def _withdraw(store: RemoteStore, record: str, version: str) -> None:
    graph = claims_graph(record)
    store.update(
        f"DELETE {{ GRAPH <{graph}> {{ <{version}> ?p ?o }} }} WHERE {{ GRAPH <{graph}> {{ <{version}> ?p ?o }} }}",
        idempotent=True,
    )
