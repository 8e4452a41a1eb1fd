"""What a store elsewhere holds of a model: its record, a small graph that says which graphs are the model's.

::

    <BASE graph/record>  dcterms:title  "Quantum Energy" ;
                         dcterms:subject  "target" ;               # the scenario, if it is one
                         prov:hadMember  <BASE graph/model/flows.ttl> , <BASE graph/model/flows.ttl?v=…> .
    <BASE graph/model/flows.ttl?v=…>  prov:specializationOf  <BASE graph/model/flows.ttl> .

Or the record names the version that counts (``dcat:hasCurrentVersion``), and this is said of the version, in the
graph of its name: that is how `qe_kg.publish` does it.

A member is the graph of a file by its usual name, or a version of that graph which has a name of its own. Whoever
publishes puts more into the record; who reads needs no more than this. What has no record is read by the usual names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyoxigraph as ox

from qe_kg.errors import CallError
from qe_kg.namespaces import DCTERMS, PROV, Namespaces
from qe_kg.store.connection import Connection
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.protocol import Store
from qe_kg.store.remote import RemoteStore

#: From the record to the version that counts.
CURRENT = "http://www.w3.org/ns/dcat#hasCurrentVersion"


def record_graph(namespaces: Namespaces) -> str:
    """Return the IRI of the graph with the record of the model of some base."""
    return f"{namespaces.base}graph/record"


def entailed_graph(namespaces: Namespaces) -> str:
    """Return the IRI of the graph with what was entailed."""
    return f"{namespaces.base}graph/entailed"


@dataclass(frozen=True)
class Record:
    """Which graphs are a model's.

    Attributes:
        name: the model's name; "" where nobody wrote a record.
        graphs: the usual name of each graph, and the name that it has in the store.
        scenario: the scenario that it is, or None.

    """

    name: str
    graphs: Mapping[str, str] = field(default_factory=dict)
    scenario: str | None = None

    @classmethod
    def read(cls, connection: Connection, graph: str) -> Record | None:
        """Read the record; None where there is none.

        Raises:
            StoreError: the store cannot be asked.

        """
        # One question, so that what comes is of one version.
        said_in = "{{ ?x ?p ?o OPTIONAL {{ ?o <{usual}> ?usual }} }}".format(usual=f"{PROV}specializationOf")
        rows = RemoteStore(connection).select(
            f"SELECT DISTINCT ?p ?o ?usual WHERE {{ {{ GRAPH <{graph}> {said_in} FILTER(?x = <{graph}>) }} UNION "
            f"{{ GRAPH <{graph}> {{ <{graph}> <{CURRENT}> ?x }} GRAPH ?x {said_in} }} }}"
        )
        if rows.rows and rows.columns != ("p", "o", "usual"):
            raise connection.error("answers with other columns than were asked for; is that its endpoint for queries?")
        said: dict[str, list[str]] = {}
        graphs = {}
        for predicate, value, usual in rows.rows:
            if predicate and value and predicate.value == f"{PROV}hadMember":
                graphs[usual.value if usual else value.value] = value.value
            elif predicate and value:
                said.setdefault(predicate.value, []).append(value.value)
        if not graphs:
            return None
        scenario = said.get(f"{DCTERMS}subject", [None])[0]
        return cls(said.get(f"{DCTERMS}title", [""])[0], dict(sorted(graphs.items())), scenario)

    @classmethod
    def by_usual_names(cls, connection: Connection, names: Iterable[str]) -> Record:
        """Find those of some graphs that are in the store.

        Raises:
            StoreError: the store cannot be asked.

        """
        listed = " ".join(f"<{name}>" for name in names)
        rows = RemoteStore(connection).select(
            f"SELECT ?g WHERE {{ VALUES ?g {{ {listed} }} FILTER EXISTS {{ GRAPH ?g {{ ?s ?p ?o }} }} }} ORDER BY ?g"
        )
        found = [row[0].value for row in rows.rows if row[0]]
        return cls("", {name: name for name in found})

    def quads(self, graph: str) -> list[ox.Quad]:
        """Return the record as quads, to be written into its graph."""
        subject, name = ox.NamedNode(graph), ox.NamedNode(graph)
        said = [(f"{DCTERMS}title", ox.Literal(self.name))]
        if self.scenario:
            said.append((f"{DCTERMS}subject", ox.Literal(self.scenario)))
        quads = [ox.Quad(subject, ox.NamedNode(predicate), value, name) for predicate, value in said]
        for usual, actual in self.graphs.items():
            quads.append(ox.Quad(subject, ox.NamedNode(f"{PROV}hadMember"), ox.NamedNode(actual), name))
            if actual != usual:
                version = ox.NamedNode(f"{PROV}specializationOf")
                quads.append(ox.Quad(ox.NamedNode(actual), version, ox.NamedNode(usual), name))
        return quads

    def check(self, where: str, name: str, scenario: str | None) -> None:
        """Refuse a question about another model or scenario than the store holds.

        Raises:
            CallError: it is about another one.

        """
        if self.name and self.name != name:
            raise CallError(f"the store {where} holds the model {self.name!r} and not {name!r}; name it with --model")
        if self.name and self.scenario != scenario:
            held = f"the scenario {self.scenario}" if self.scenario else "no scenario"
            raise CallError(f"the store {where} holds {held}; ask it so, or publish the other")


class Graphs(Protocol):
    """Graphs that are read by their usual names."""

    def graph(self, usual: str) -> list[ox.Quad]:
        """Return the quads of a graph under its usual name; none where there is none."""

    def stream(self, usual: str) -> Iterator[ox.Quad]:
        """Yield the quads of a graph as they come in."""

    def name_of(self, usual: str) -> str:
        """Return the name that a graph has in its store."""

    def names(self) -> tuple[str, ...]:
        """Return the usual names of all graphs of the model, also of those that a file names itself."""


@dataclass(frozen=True)
class HeldGraphs:
    """The graphs of a model in a store.

    Attributes:
        store: the store, asked for the model's graphs.
        record: which graphs these are.

    """

    store: Store
    record: Record

    def graph(self, usual: str) -> list[ox.Quad]:
        """Return the quads of a graph under its usual name, sorted; none where the store lacks it."""
        return sorted(set(self.stream(usual)), key=str)

    def stream(self, usual: str) -> Iterator[ox.Quad]:
        """Yield the quads of a graph as they come in."""
        name = ox.NamedNode(usual)
        actual = self.record.graphs.get(usual)
        for one in () if actual is None else self.store.stream(actual):
            yield ox.Quad(one.subject, one.predicate, one.object, name)

    def name_of(self, usual: str) -> str:
        """Return the name that a graph has in its store."""
        return self.record.graphs.get(usual, usual)

    def names(self) -> tuple[str, ...]:
        """Return the usual names of all graphs of the model."""
        return tuple(self.record.graphs)

    @classmethod
    def of_folder(cls, store: EmbeddedStore) -> HeldGraphs:
        """Return all graphs of a store on disk, which holds one model under the usual names."""
        return cls(store, Record("", {name: name for name in store.graph_names()}))


@dataclass(frozen=True)
class KeptGraphs:
    """Graphs that are read from a store once, and kept.

    Attributes:
        held: where they are.

    """

    held: Graphs
    _read: dict[str, list[ox.Quad]] = field(default_factory=dict)

    def graph(self, usual: str) -> list[ox.Quad]:
        """Return the quads of a graph under its usual name."""
        if usual not in self._read:
            self._read[usual] = self.held.graph(usual)
        return self._read[usual]

    def stream(self, usual: str) -> Iterator[ox.Quad]:
        """Yield the quads of a graph."""
        return iter(self.graph(usual))

    def name_of(self, usual: str) -> str:
        """Return the usual name: who keeps graphs gives them their usual names."""
        return usual

    def names(self) -> tuple[str, ...]:
        """Return the usual names of all graphs of the model."""
        return self.held.names()
