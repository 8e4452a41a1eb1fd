"""The findings along paths of a graph that changes: only those are made anew that a change can make, end or alter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date

from qe_kg.namespaces import Namespaces
from qe_kg.rules.conduit_facts import Grants
from qe_kg.rules.conduits import PATH_RULES, Conduit, Describe, terrains
from qe_kg.rules.live_facts import LiveFacts, Touched, Triple
from qe_kg.rules.paths import Edge, Path
from qe_kg.rules.search import Difference, Search
from qe_kg.shacl.graph import Graph

_Key = tuple[str, str, str]


class LiveConduits:
    """Findings along paths, brought up to date after each change of a graph.

    Args:
        graph: the graph; `follow` has to be told of each change of it.
        names: its namespaces.
        at: the day on which consents stand or not.
        read_rules: gives IRIs of the rules that are in force, by code.
        own_namespace: where findings get their IRIs.

    """

    def __init__(
        self, graph: Graph, names: Namespaces, at: date, read_rules: Callable[[], Mapping[str, str]], own_namespace: str
    ) -> None:
        self._graph, self._names, self._at = graph, names, at
        self._read_rules, self._own = read_rules, own_namespace
        self._by_key: dict[_Key, Conduit] = {}
        self._by_flow: dict[str, set[_Key]] = {}
        self._search()

    def _search(self) -> None:
        """Search from the start."""
        rules = {code: iri for code, iri in self._read_rules().items() if code in PATH_RULES}
        self._live = LiveFacts(self._graph, self._names, self._at)
        self._describe = Describe(rules, self._ends, self._live.name, self._own)
        self._by_key.clear()
        self._by_flow.clear()
        self._searches: dict[tuple[str, Grants], Search] = {}
        for code in sorted(rules):
            for grants, terrain in terrains(code, self._live.facts).items():
                search = self._searches[code, grants] = Search(terrain)
                for path in search.answer.paths:
                    self._put(code, path)

    def __iter__(self) -> Iterator[Conduit]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def touched(self, triples: Iterable[Triple]) -> Touched:
        """Tell what triples concern that come or go, as the graph is now; it has to be asked before and after."""
        return self._live.touched(triples)

    def follow(self, touched: Touched) -> tuple[list[Conduit], list[Conduit]]:
        """Bring the findings up to date after the graph has changed.

        Args:
            touched: what the triples concern that have come and gone, before and after.

        Returns:
            The findings that are no more, and those that are now; one that has changed is in both.

        """
        before: dict[_Key, Conduit] = {}
        if touched.whole:
            before = dict(self._by_key)
            self._search()
            keys = before.keys() | self._by_key.keys()
        else:
            keys = self._update(touched, before)
        pairs = [(before.get(key), self._by_key.get(key)) for key in sorted(keys)]
        differing = [(old, new) for old, new in pairs if old != new]
        return [old for old, _ in differing if old], [new for _, new in differing if new]

    def _update(self, touched: Touched, before: dict[_Key, Conduit]) -> set[_Key]:
        """Search again where it can make a difference; return what may differ, and note how it was."""
        named = touched.flows | {flow for one in touched.names for flow in self._live.at(one)}
        keys = {key for flow in named for key in self._by_flow.get(flow, ())}
        before.update((key, self._by_key[key]) for key in keys)
        old = self._edges(touched.flows)
        self._live.refresh(touched)
        edges = [*old, *self._edges(touched.flows)]
        # A flow may pass from one search to another, so what is gone goes before anything comes.
        differences = [(code, one) for code in sorted(self._describe.rules) for one in self._searched(code, edges)]
        for code, difference in differences:
            for path in difference.gone:
                self._take(code, path, keys, before)
        for code, difference in differences:
            keys |= {self._put(code, path) for path in difference.come}
        for key in keys:
            if key in self._by_key:  # what it is called may have changed, though its path has not
                self._put(key[0], self._by_key[key].hops)
        return keys

    def _searched(self, code: str, edges: Collection[Edge]) -> Iterator[Difference]:
        """Bring the searches for a rule up to date, start those that are needed now and drop the others."""
        lands = terrains(code, self._live.facts)
        for grants in [one for of, one in self._searches if of == code and one not in lands]:
            yield Difference(gone=self._searches.pop((code, grants)).answer.paths)
        for grants, terrain in lands.items():
            search = self._searches.get((code, grants))
            if search is None:
                search = self._searches[code, grants] = Search(terrain)
                yield Difference(come=search.answer.paths)
            else:
                yield search.update(edges)

    def _edges(self, flows: Iterable[str]) -> list[Edge]:
        found = (self._live.facts.flows.get(flow) for flow in flows)
        return [edge for edge in found if edge is not None]

    def _ends(self, flow: str) -> tuple[str, str]:
        ends = self._live.ends(flow)
        assert ends is not None
        return ends

    def _put(self, code: str, path: Path) -> _Key:
        key = (code, path[0].flow, path[-1].flow)
        self._by_key[key] = self._describe(code, path)
        for hop in path:
            self._by_flow.setdefault(hop.flow, set()).add(key)
        return key

    def _take(self, code: str, path: Path, keys: set[_Key], before: dict[_Key, Conduit]) -> None:
        key = (code, path[0].flow, path[-1].flow)
        keys.add(key)
        if key in self._by_key:
            before.setdefault(key, self._by_key.pop(key))
        for hop in path:
            self._by_flow.get(hop.flow, set()).discard(key)
