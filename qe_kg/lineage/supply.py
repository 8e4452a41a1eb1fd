"""Who still gets what when something stops.

A participant can hand over an item if it makes the item itself (nothing brings it there and nothing is said to make
it there), if another flow still brings it, or if a derivation there still has all its inputs. What nothing outside a
loop brings into it counts as made in the loop.
"""

from __future__ import annotations

from collections.abc import Iterable

from qe_kg.lineage.flows import Flow, Step
from qe_kg.lineage.walk import State

_Place = tuple[str, str]  # (participant, item)


class Supply:
    """What the flows and derivations of a model bring to each participant."""

    def __init__(self, flows: Iterable[Flow], derivations: Iterable[Step]) -> None:
        self._flows = list(flows)
        self._brought: dict[_Place, list[Flow]] = {}
        for flow in self._flows:
            for item in flow.items:
                self._brought.setdefault((flow.target, item), []).append(flow)
        self._items_brought: dict[str, set[str]] = {}
        for participant, item in self._brought:
            self._items_brought.setdefault(participant, set()).add(item)
        self._made_from: dict[_Place, set[str]] = {}
        for at, made_from, made in derivations:
            self._made_from.setdefault((at, made), set()).add(made_from)

    def has_support(self, at: str, item: str | None) -> bool:
        """Tell whether something brings an item to a participant or is said to make it there."""
        return item is not None and ((at, item) in self._brought or (at, item) in self._made_from)

    def still_bring(self, at: str, item: str, lost: Iterable[State]) -> list[Flow]:
        """Return the flows that bring an item to a participant although these states are lost."""
        gone = set(lost)
        return [flow for flow in self._brought.get((at, item), ()) if State(flow.iri, item) not in gone]

    def lost(self, stopped: set[State], *, is_sure: bool) -> set[State]:
        """Return all items on flows that fall away when these do.

        Args:
            stopped: what stops by itself.
            is_sure: whether to leave out what a participant that goes without something may no longer hand over,
                though nothing says of what it is made.

        """
        outside = self._available(set())
        lost = set(stopped)
        while True:
            available = self._available(lost) | (self._supported() - outside)
            more = {
                state
                for flow in self._flows
                for item in flow.items
                if (state := State(flow.iri, item)) not in lost
                and self._falls_away(flow, item, lost, available, is_sure)
            }
            if not more:
                return lost
            lost |= more

    def _falls_away(self, flow: Flow, item: str, lost: set[State], available: set[_Place], is_sure: bool) -> bool:
        at = flow.source
        if self.has_support(at, item):
            return (at, item) not in available or self._is_starved(at, item, lost)
        return not is_sure and any(self._is_starved(at, brought, lost) for brought in self._items_brought.get(at, ()))

    def _is_starved(self, at: str, item: str, lost: set[State]) -> bool:
        """Tell whether all that brought an item to a participant is lost, and nothing makes it there."""
        bringing = self._brought.get((at, item), ())
        gone = bool(bringing) and all(State(flow.iri, item) in lost for flow in bringing)
        return gone and (at, item) not in self._made_from

    def _supported(self) -> set[_Place]:
        return {place for place in (*self._brought, *self._made_from) if self.has_support(*place)}

    def _available(self, lost: set[State]) -> set[_Place]:
        """Return where items are to be had that have a source outside of loops."""
        available: set[_Place] = set()
        changed = True
        while changed:
            changed = False
            for place in self._supported() - available:
                if self._is_brought(place, lost, available) or self._is_made(place, available):
                    available.add(place)
                    changed = True
        return available

    def _is_brought(self, place: _Place, lost: set[State], available: set[_Place]) -> bool:
        return any(
            State(flow.iri, place[1]) not in lost
            and ((flow.source, place[1]) in available or not self.has_support(flow.source, place[1]))
            for flow in self._brought.get(place, ())
        )

    def _is_made(self, place: _Place, available: set[_Place]) -> bool:
        """Tell whether a participant has all that it makes an item of; what nothing brings is at hand."""
        inputs = self._made_from.get(place)
        return inputs is not None and all(
            (place[0], item) in available or not self.has_support(place[0], item) for item in inputs
        )
