"""A place to publish to: one server, and names that no other test uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from qe_kg.publish.plan import Plan, Wanted, make_plan, published
from qe_kg.publish.publisher import Author, Publisher
from qe_kg.publish.reading import read_graph
from qe_kg.publish.sources import find_version, wanted_from_version
from qe_kg.publish.versions import Version, history
from qe_kg.store.canonical import CanonicalGraph, canonical_text
from qe_kg.store.profiles import Profile, profile_of_url
from qe_kg.store.remote import RemoteStore
from tests.servers.running import Server

Graphs = Mapping[str, str]
#: Graphs of more triples are staged in pieces.
PIECE = 30


def profile_of(server: Server, base: str | None = None) -> Profile:
    """Return the profile of a server, reached at its own address or at another one (a proxy's)."""
    environment = {"QE_KG_STORE_USER": server.user or "", "QE_KG_STORE_PASSWORD": server.password or ""}
    given = {name: value for name, value in environment.items() if value}
    return replace(profile_of_url(f"{server.product}+{base or server.base}", given), backoff=0.01)


@dataclass
class Site:
    """Publishes small graphs, given as N-Triples by short names.

    Attributes:
        server: the server.
        base: what all names begin with.

    """

    server: Server
    base: str

    @property
    def record(self) -> str:
        return f"{self.base}graph/record"

    def store(self, base: str | None = None, **changes: Any) -> RemoteStore:
        return RemoteStore(replace(profile_of(self.server, base), **changes))

    def name(self, short: str) -> str:
        return f"{self.base}graph/model/{short}"

    def wanted(self, graphs: Graphs) -> list[Wanted]:
        return [
            Wanted.of(self.name(name), canonical_text(text.encode()), self.server.product)
            for name, text in graphs.items()
        ]

    def plan(self, graphs: Graphs, store: RemoteStore | None = None, *, read_back: bool = False) -> Plan:
        used = self.store() if store is None else store
        return make_plan(used, self.record, self.wanted(graphs), "Test", read_back=read_back)

    def publish(
        self, graphs: Graphs, *, store: RemoteStore | None = None, plan: Plan | None = None, who: str = "Ada",
        **options: Any,
    ) -> Version:  # fmt: skip
        used = self.store() if store is None else store
        publisher = Publisher(used, self.record, Author(who, "test"), piece=PIECE)
        return publisher.publish(plan or self.plan(graphs, used), **options)

    def roll_back(self, to: str | None = None, **options: Any) -> Version:
        store = self.store()
        version = find_version(self.kept(), to)
        plan = make_plan(store, self.record, wanted_from_version(store, version), "Test")
        return Publisher(store, self.record, Author("Bob", "test"), piece=PIECE).publish(plan, **options)

    def head(self) -> Version:
        return published(self.store(), self.record, ())[0]

    def kept(self) -> list[Version]:
        return history(self.store(), self.record, self.head(), 100)

    def live(self) -> dict[str, CanonicalGraph]:
        """Return what readers find, by short name: every graph that the current version names."""
        store, (_, places) = self.store(), published(self.store(), self.record, ())
        return {name.removeprefix(self.name("")): read_graph(store, place) for name, place in places.items()}

    def has(self, graphs: Graphs) -> bool:
        """Tell whether readers find these graphs, as the product should give them back, and no others."""
        live = self.live()
        shall = {one.name.removeprefix(self.name("")): one for one in self.wanted(graphs) if len(one.foretold.graph)}
        return live.keys() == shall.keys() and all(one.foretold.fits(live[name]) for name, one in shall.items())

    def graphs_in_store(self) -> set[str]:
        """Return the names of all graphs of this site."""
        rows = self.store().select(
            f'SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), "{self.base}")) }}'
        ).rows  # fmt: skip
        return {row[0].value for row in rows if row[0]}


def triples(name: str, numbers: range) -> str:
    """Make up a graph of a few triples."""
    return "".join(f'<https://x.example/{name}/{n}> <https://x.example/value> "{name} {n}" .\n' for n in numbers)


def versions(count: int) -> Iterator[Graphs]:
    """Make up versions of which each differs from the one before in one graph changed, one gone and one new."""
    for number in range(count):
        yield {
            "same.ttl": triples("same", range(5)),
            "changed.ttl": triples("changed", range(number, number + 10)),
            f"number-{number}.ttl": triples("number", range(number + 1)),
        }
