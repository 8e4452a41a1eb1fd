"""What a change of triples can do to the solutions of a query: the nodes that ``$this`` is in those that change.

A solution that is there only before or only after the change uses a changed triple in some triple pattern. That fixes
what stands at the pattern's ends; the other triple patterns that match in every solution (not those of OPTIONAL, UNION
or NOT EXISTS) lead from there to ``$this``. They are followed in the old and the new triples together, so nothing that
matched before or matches now is missed. Each variable has a set of nodes of its own: more than the solutions hold, and
never less.

* A pattern within OPTIONAL, MINUS or (NOT) EXISTS changes the solution that it extends or tests. Of what it fixes, only
  the variables that every such solution binds are kept.
* Where nothing leads to ``$this``, or only a literal that a store may write in another way, every focus node counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from qe_kg.shacl.affected.extent import Delta, DoubtfulStep, Extent, touched, walk
from qe_kg.shacl.affected.patterns import Basic, Join, Leaf, Name, Optional, Pattern, Tested, leaves
from qe_kg.shacl.nodes import Node, is_iri
from qe_kg.shacl.paths import may_be_empty

THIS, VALUE = "?this", "?value"
NOT_LED_TO = "a changed triple matches a pattern that does not lead to $this"


@dataclass(frozen=True)
class Changed:
    """Solutions that change: what some variables can be in them, and triple patterns that match in all of them.

    ``still`` are the ends of a path that matches with no step, where that is what changes: because the node that they
    are comes into the data or leaves them.
    """

    bound: dict[Name, set[Node]]
    leaves: tuple[Leaf, ...]
    still: frozenset[Name] = frozenset()

    def within(self, more: Iterable[Leaf]) -> Iterator[Changed]:
        """Yield the same with further triple patterns that match.

        Nothing, where one of them has such an end: its own match tells that the node was there before and still is, or
        is a change of its own.
        """
        more = tuple(more)
        if not any(self.still & leaf.variables for leaf in more if not may_be_empty(leaf.path)):
            yield Changed(self.bound, (*self.leaves, *more), self.still)


def affected_foci(
    pattern: Pattern, delta: Delta, focus_of: Callable[[set[Node]], set[Node]] | None = None
) -> Extent:  # fmt: skip
    """Return what ``$this`` can be in the solutions of a query that a change adds, takes away or alters.

    Args:
        pattern: the pattern of the query.
        delta: the change.
        focus_of: where ``$value`` is bound beforehand too, the focus nodes that have some value nodes.

    """
    extent = Extent()
    beforehand = frozenset([THIS] if focus_of is None else [THIS, VALUE])
    for one in _Analysis(delta, beforehand).changed(pattern):
        try:
            found = _led_to(one, beforehand, delta)
        except DoubtfulStep:
            found = None
        if found is None:
            return Extent(everything=NOT_LED_TO)
        if THIS in found:
            extent.nodes |= found[THIS]
        elif focus_of is not None:
            extent.nodes |= focus_of(found[VALUE])
    return extent


@dataclass(frozen=True)
class _Analysis:
    """The analysis of one query for one change; ``beforehand`` are the variables that are bound in every group."""

    delta: Delta
    beforehand: frozenset[Name]

    def changed(self, pattern: Pattern) -> Iterator[Changed]:
        """Yield the solutions of a pattern that the change adds, takes away or alters."""
        if isinstance(pattern, Basic):
            for leaf in pattern.leaves:
                for bound, still in _matches(leaf, self.delta):
                    yield from Changed(bound, (), still).within(pattern.leaves)
        elif isinstance(pattern, Join):
            for one, other in ((pattern.first, pattern.second), (pattern.second, pattern.first)):
                around = tuple(leaves(other))
                for found in self.changed(one):
                    yield from found.within(around)
        elif isinstance(pattern, Optional):
            yield from self.changed(pattern.left)
            yield from self._extending(pattern.left, self.changed(pattern.right))
            both = tuple(leaves(pattern.right))
            for one in pattern.exist:
                together = (more for found in self.changed(one) for more in found.within(both))
                yield from self._extending(pattern.left, together)
        elif isinstance(pattern, Tested):
            yield from self.changed(pattern.inner)
            for one in pattern.exist:
                yield from self._extending(pattern.inner, self.changed(one))
        else:
            yield from self.changed(pattern.first)
            yield from self.changed(pattern.second)

    def _extending(self, base: Pattern, changed: Iterable[Changed]) -> Iterator[Changed]:
        """Yield the solutions of a pattern that the solutions which change extend or test."""
        certain = tuple(leaves(base))
        shared = self.beforehand.union(*(leaf.variables for leaf in certain))
        for one in changed:
            try:
                found = _led_to(one, shared, self.delta)
            except DoubtfulStep:
                found = None
            # Where nothing is known of the solutions that are extended, it may be any.
            yield from Changed(found or {}, (), one.still).within(certain)


_Match = tuple[dict[Name, set[Node]], frozenset[Name]]


def _matches(leaf: Leaf, delta: Delta) -> Iterator[_Match]:
    """Yield what a triple pattern's ends can be where it matches with a changed triple, or with no step any more."""
    try:
        starts = touched(delta, leaf.path, doubt=delta.doubt)
        ends = touched(delta, leaf.path, backwards=True, doubt=delta.doubt) if starts else set()
    except DoubtfulStep:
        yield {}, frozenset()
        return
    if starts:
        yield from ((bound, frozenset()) for bound in _bound(leaf, starts, ends))
    if may_be_empty(leaf.path):  # a path of no step leads from each node of the data to itself
        yield from ((bound, leaf.variables) for bound in _bound(leaf, delta.nodes, delta.nodes))


def _bound(leaf: Leaf, starts: set[Node], ends: set[Node]) -> Iterator[dict[Name, set[Node]]]:
    if any(is_iri(end) and end not in nodes for end, nodes in ((leaf.subject, starts), (leaf.value, ends))):
        return
    yield {end: nodes for end, nodes in ((leaf.value, ends), (leaf.subject, starts)) if end[0] == "?"}


def _led_to(changed: Changed, wanted: Collection[Name], delta: Delta) -> dict[Name, set[Node]] | None:
    """Return what is known of wanted variables; None if nothing is.

    Raises:
        DoubtfulStep: it hangs on how a store writes a literal.

    """
    known = {name: nodes for name, nodes in changed.bound.items() if name in wanted}
    if known:
        return known
    way = _way(changed, wanted)
    if way is None:
        return None
    name, steps = way
    nodes = changed.bound[name]
    for leaf, forwards in steps:
        nodes = walk(delta.graph, leaf.path, nodes, backwards=not forwards, doubt=delta.doubt)
        name = leaf.value if forwards else leaf.subject
    return {name: nodes}


_Steps = tuple[tuple[Leaf, bool], ...]


def _way(changed: Changed, wanted: Collection[Name]) -> tuple[Name, _Steps] | None:
    """Return the shortest way over triple patterns from a variable that is known to one that is wanted."""
    ways: dict[Name, tuple[Name, _Steps]] = {name: (name, ()) for name in changed.bound}
    waiting = list(ways)
    for name in waiting:  # grows as it is gone through: breadth first
        start, steps = ways[name]
        for leaf in changed.leaves:
            for here, there, forwards in ((leaf.subject, leaf.value, True), (leaf.value, leaf.subject, False)):
                if here == name and there[0] == "?" and there not in ways:
                    ways[there] = (start, (*steps, (leaf, forwards)))
                    if there in wanted:
                        return ways[there]
                    waiting.append(there)
    return None
