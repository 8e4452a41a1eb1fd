"""How far the nodes of a graph are from some of them, kept up to date as the graph changes.

After a change the distance of those nodes alone is made anew whose distance differs, in the order of distance, from
the nodes at which links have come or gone (Ramalingam and Reps, "An incremental algorithm for a generalization of the
shortest-path problem", J. Algorithms 21, 1996).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Iterable, Iterator

from qe_kg.rules.paths import Link, Node

Links = Callable[[Node], Iterator[Link]]
_GREATEST_WEIGHT = 2


class Distances:
    """Distances from the roots along links, in either direction; no link weighs more than 2.

    Args:
        is_root: tells whether a node is a root.
        toward: gives the links by which a node is reached from others.
        onward: gives the links by which others are reached from a node.

    """

    def __init__(self, is_root: Callable[[Node], bool], toward: Links, onward: Links) -> None:
        self._is_root, self._toward, self._onward = is_root, toward, onward
        self._far: dict[Node, int] = {}
        self._choices: dict[Node, Link | None] = {}

    def __contains__(self, node: object) -> bool:
        return node in self._far

    def __getitem__(self, node: Node) -> int:
        return self._far[node]

    def __iter__(self) -> Iterator[Node]:
        return iter(self._far)

    def fill(self, roots: Iterable[Node]) -> None:
        """Measure all distances, from all roots."""
        far, known = 0, self._far
        waiting: list[list[Node]] = [list(roots), *([] for _ in range(_GREATEST_WEIGHT))]
        while any(waiting):
            for node in waiting[0]:
                if node not in known:
                    known[node] = far
                    for _, _, other, weight in self._onward(node):
                        if other not in known:
                            waiting[weight].append(other)
            waiting = [*waiting[1:], []]
            far += 1

    def update(self, nodes: Collection[Node]) -> set[Node]:
        """Measure again after a change.

        Args:
            nodes: all nodes at which links have come or gone, at either end, or that have come to be roots or no longer
                are.

        Returns:
            The nodes at which a shortest way may go another way than before, these included.

        """
        wanted: dict[Node, float] = {}
        queue: list[tuple[float, Node]] = []

        def look(node: Node) -> None:
            known = self._far.get(node, math.inf)
            should = self._should_be(node)
            if should == known:
                wanted.pop(node, None)
            else:
                wanted[node] = should
                heapq.heappush(queue, (min(should, known), node))

        touched = set(nodes)
        for node in nodes:
            look(node)
        while queue:
            at, node = heapq.heappop(queue)
            should = wanted.get(node)
            if should is None or at != min(should, known := self._far.get(node, math.inf)):
                continue  # another entry of the queue has come before
            del wanted[node]
            if should < known:
                self._far[node] = int(should)
            else:
                del self._far[node]
                look(node)
            touched.add(node)
            for link in self._onward(node):
                touched.add(link.node)
                look(link.node)
        for node in touched:
            self._choices.pop(node, None)
        return touched

    def _should_be(self, node: Node) -> float:
        if self._is_root(node):
            return 0
        far = self._far
        return min(
            (far[other] + weight for _, _, other, weight in self._toward(node) if other in far), default=math.inf
        )

    def choice(self, node: Node) -> Link | None:
        """Return the link by which a shortest way reaches a node, the same one whatever came first; None at a root."""
        if node not in self._choices:
            far = self._far[node]
            self._choices[node] = min(
                (link for link in self._toward(node) if self._far.get(link.node) == far - link.weight), default=None
            )
        return self._choices[node]

    def below(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """Yield the nodes whose shortest way goes through one of these, these included where they are reached."""
        waiting = [node for node in nodes if node in self._far]
        seen = set(waiting)
        while waiting:
            node = waiting.pop()
            yield node
            for link in self._onward(node):
                other = link.node
                if other in seen or self._far.get(other) != self._far[node] + link.weight:
                    continue
                chosen = self.choice(other)
                if chosen is not None and chosen.node == node:
                    seen.add(other)
                    waiting.append(other)
