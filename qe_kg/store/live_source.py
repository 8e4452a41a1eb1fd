"""SPARQL over triples that change, for the SHACL engine; loaded when it is first asked and kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

import pyoxigraph as ox

from qe_kg.store.sparql_source import MemorySource

Triple = tuple[str, str, str]
_AT_ONCE = 50_000  # triples that are text at a time


class LiveSource(MemorySource):
    """Answers SPARQL over the triples as they are at the time.

    Args:
        triples: gives the triples, as nodes; called when a query comes first.
        graphs: quads of further graphs by the graph's IRI; these do not change.

    """

    def __init__(self, triples: Callable[[], Iterable[Triple]], graphs: Mapping[str, Iterable[ox.Quad]]) -> None:
        super().__init__(_Quads(triples), graphs)

    def warm(self) -> None:
        """Load the triples now, so that no later query has to wait for it."""
        self._store = self.store

    def add(self, triples: Iterable[Triple]) -> None:
        """Take note of triples that are there now."""
        if self._store is not None:
            self._store.extend(_quads(triples))

    def remove(self, triples: Iterable[Triple], kept: Callable[[str, str], Iterable[str]]) -> None:
        """Take note of triples that are there no more.

        Args:
            triples: these triples.
            kept: the values that a subject still has of a property: one may be another way to write a literal that
                goes, and then the store, which writes both in one way, has to keep it.

        """
        if self._store is None:
            return
        for triple in list(triples):
            for quad in _quads([triple]):
                self._store.remove(quad)
            if triple[2][0] == '"':
                subject, predicate, _ = triple
                self._store.extend(_quads((subject, predicate, value) for value in kept(subject, predicate)))


class _Quads:
    """Quads that are read anew each time."""

    def __init__(self, triples: Callable[[], Iterable[Triple]]) -> None:
        self._triples = triples

    def __iter__(self) -> Iterator[ox.Quad]:
        return _quads(self._triples())


def _quads(triples: Iterable[Triple]) -> Iterator[ox.Quad]:
    rest = iter(triples)
    while part := list(islice(rest, _AT_ONCE)):
        text = "".join(f"{subject} {predicate} {value} .\n" for subject, predicate, value in part)
        yield from ox.parse(text.encode(), format=ox.RdfFormat.N_TRIPLES)
