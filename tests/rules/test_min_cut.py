"""All minimum cuts against trying out every set of labels, over small random networks.

The examples are the same in every run; to search further, raise `max_examples` or set `derandomize=False`.
"""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.rules.min_cut import COUNTED, Arc, minimum_cuts

thorough = settings(derandomize=True, max_examples=200, deadline=None)
NODES = 6


def connected(arcs: list[Arc], without: frozenset[str]) -> bool:
    reached = {0}
    while True:
        more = {arc.head for arc in arcs if arc.tail in reached and arc.label not in without} - reached
        if not more:
            return 1 in reached
        reached |= more


def by_trying(arcs: list[Arc]) -> set[tuple[str, ...]]:
    """Return every smallest set of labels without which the sink is not reached; nothing where none is needed."""
    labels = sorted({arc.label for arc in arcs if arc.label is not None})
    if not connected(arcs, frozenset()):
        return set()
    for size in range(1, len(labels) + 1):
        found = {tried for tried in combinations(labels, size) if not connected(arcs, frozenset(tried))}
        if found:
            return found
    raise AssertionError("arcs without a label connect")


@st.composite
def networks(draw: st.DrawFn, shared: bool) -> list[Arc]:
    """Draw arcs among six nodes from 0 to 1: parallel ones, circles and, if shared, labels on several arcs."""
    ends = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1))
    pairs = draw(st.lists(ends, min_size=3, max_size=13))
    bare = draw(st.lists(st.tuples(st.integers(2, NODES - 1), st.integers(2, NODES - 1)), max_size=3))
    names = st.integers(0, 6) if shared else None
    arcs = [Arc(a, b, f"f{number if names is None else draw(names):02}") for number, (a, b) in enumerate(pairs)]
    return arcs + [Arc(a, b, None) for a, b in bare]


def check(arcs: list[Arc]) -> None:
    expected = by_trying(arcs)
    found = minimum_cuts(arcs, 0, 1, limit=10_000)
    assert set(found.sets) == expected
    assert len(found.sets) == found.count == len(expected) and found.is_complete
    assert found.size == (len(next(iter(expected))) if expected else 0)


@given(networks(shared=False))
@thorough
def test_each_label_on_one_arc(arcs: list[Arc]) -> None:
    check(arcs)
    found = minimum_cuts(arcs, 0, 1, limit=1)
    # The proof that no smaller cut exists: disjoint ways, each of them a way through the network.
    assert len(found.disjoint) == found.size
    used = [label for way in found.disjoint for label in way]
    assert len(used) == len(set(used))
    by_label = {arc.label: arc for arc in arcs}
    bare = [arc for arc in arcs if arc.label is None]
    for way in found.disjoint:
        assert connected([*bare, *(by_label[label] for label in way)], frozenset())


@given(networks(shared=True))
@thorough
def test_labels_on_several_arcs(arcs: list[Arc]) -> None:
    check(arcs)


def ladder(rungs: int) -> list[Arc]:
    """Pairs of ways of two labels each, so that there are 2 to the power of the number of pairs minimum cuts."""
    return [arc for rung in range(rungs) for arc in (Arc(0, rung + 2, f"a{rung:02}"), Arc(rung + 2, 1, f"b{rung:02}"))]


def test_a_limit_cuts_the_list_and_not_the_count() -> None:
    found = minimum_cuts(ladder(5), 0, 1, limit=3)
    assert len(found.sets) == 3 and (found.size, found.count, found.is_complete) == (5, 32, True)


def test_beyond_what_is_counted_the_count_is_a_lower_bound() -> None:
    found = minimum_cuts(ladder(40), 0, 1, limit=3)
    assert len(found.sets) == 3 and (found.size, found.count, found.is_complete) == (40, COUNTED, False)


def test_cuts_nearest_to_the_source_come_first() -> None:
    chain = [Arc(0, 2, "a"), Arc(2, 3, "b"), Arc(3, 1, "c")]
    assert minimum_cuts(chain, 0, 1, limit=9).sets == (("a",), ("b",), ("c",))


def test_what_cannot_be_cut_is_an_error() -> None:
    with pytest.raises(ValueError, match="without a label"):
        minimum_cuts([Arc(0, 2, "a"), Arc(2, 1, "b"), Arc(0, 1, None)], 0, 1, limit=1)
    with pytest.raises(ValueError, match="without a label"):
        minimum_cuts([Arc(0, 2, "a"), Arc(0, 1, "a"), Arc(0, 1, None)], 0, 1, limit=1)
    with pytest.raises(ValueError, match="same node"):
        minimum_cuts([], 0, 0, limit=1)
