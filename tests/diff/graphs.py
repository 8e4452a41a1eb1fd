"""Random small graphs for property tests: names, literals of all kinds, structures and lists of blank nodes."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
from hypothesis import strategies as st

NAMES = [f"https://test.example/id/{name}" for name in "abcdef"]
PREDICATES = [f"https://test.example/ns/{name}" for name in "pqr"]
LITERALS = [
    '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>',
    '"1.5"^^<http://www.w3.org/2001/XMLSchema#decimal>',
    '"01"^^<http://www.w3.org/2001/XMLSchema#integer>',
    '"x"@en-GB',
    '"x"@en',
    '"x"',
    '"two\\nlines \\"and\\" \\\\ quotes"',
]


def canonical(quads: Iterable[ox.Quad]) -> list[str]:
    """Return quads in a form that is equal for isomorphic sets: RDFC-1.0 over the whole."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


def iri(value: str) -> str:
    return f"<{value}>"


nodes = st.sampled_from([iri(one) for one in NAMES])
blanks = st.sampled_from([f"_:n{number}" for number in range(4)])
predicates = st.sampled_from([iri(one) for one in PREDICATES])
literals = st.sampled_from(LITERALS)
named_triples = st.tuples(nodes, predicates, nodes | literals)
triples = st.tuples(nodes | blanks, predicates, nodes | blanks | literals)


def document(rows: list[tuple[str, str, str]]) -> str:
    return "".join(f"{' '.join(row)} .\n" for row in rows)


named_graphs = st.lists(named_triples, max_size=12).map(document)
graphs = st.lists(triples, max_size=10).map(document)
