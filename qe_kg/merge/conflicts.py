"""What two sides of a merge changed differently."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from qe_kg.turtle_text.document import Triple

_LANGUAGE = re.compile(r'"@([A-Za-z][A-Za-z0-9-]*)\Z')


@dataclass(frozen=True)
class Slot:
    """Where a value stands: subject, predicate, and for texts with a language that language; None is any."""

    subject: str
    predicate: str
    language: str | None


@dataclass(frozen=True)
class Conflict:
    """One element that both sides changed differently.

    Attributes:
        subject: the element's key, ``<iri>``.
        slots: the properties in dispute; empty where one side took the whole element away.
        deleted_by: the side that took the element away while the other changed it, or None.

    """

    subject: str
    slots: frozenset[Slot]
    deleted_by: Literal["ours", "theirs"] | None = None


def find_conflicts(
    base: Collection[Triple], ours: Collection[Triple], theirs: Collection[Triple], single: frozenset[str]
) -> tuple[Conflict, ...]:
    """Return the conflicts of a merge, sorted by element.

    An element is in conflict where one side took it away and the other changed it. A property of an element is in
    conflict where both sides took the same value away and put different ones, or one and none, in its place; and
    where both sides together would give a property two values that has one at most.

    Args:
        base: what both sides come from.
        ours: one side.
        theirs: the other.
        single: properties that have one value at most, one a language for texts.

    """
    by_subject = [_by_subject(side) for side in (base, ours, theirs)]
    found = []
    for subject in sorted(set().union(*by_subject)):
        old, our, their = (side.get(subject, frozenset()) for side in by_subject)
        if old in (our, their) or our == their:
            continue
        if old and not (our and their):
            found.append(Conflict(subject, frozenset(), "theirs" if our else "ours"))
            continue
        slots = frozenset(_slots(old, our, their, single))
        if slots:
            found.append(Conflict(subject, slots))
    return tuple(found)


def slot_of(triple: Triple, slots: Collection[Slot]) -> Iterable[Slot]:
    """Return the slots that a statement stands in: of its property, and of its property in its language."""
    return (slot for slot in _both(triple) if slot in slots)


def _both(triple: Triple) -> tuple[Slot, Slot]:
    return Slot(triple.subject, triple.predicate, None), Slot(triple.subject, triple.predicate, _language(triple))


def _slots(
    old: frozenset[Triple], our: frozenset[Triple], their: frozenset[Triple], single: frozenset[str]
) -> Iterator[Slot]:
    by_slot: dict[Slot, list[frozenset[Triple]]] = {}
    for side in (old, our, their):
        for triple in side:
            for slot in _candidates(triple, single):
                by_slot.setdefault(slot, [])
    for slot, sides in by_slot.items():
        sides += [frozenset(t for t in side if slot in _candidates(t, single)) for side in (old, our, their)]
        was, we, they = sides
        gone = (was - we) & (was - they)
        we_added, they_added = we - was, they - was
        differ_on_the_same = bool(gone) and we_added != they_added
        merged = (we | they_added) - (was - they)
        too_many = slot.predicate in single and len(merged) > 1 and len(we) < 2 and len(they) < 2
        if differ_on_the_same or too_many:
            yield slot


def _candidates(triple: Triple, single: frozenset[str]) -> tuple[Slot, ...]:
    # Of a property with one value at most, two languages are two values that do not get in each other's way.
    if triple.predicate in single and _language(triple):
        return (Slot(triple.subject, triple.predicate, _language(triple)),)
    return (Slot(triple.subject, triple.predicate, None),)


def _language(triple: Triple) -> str:
    found = _LANGUAGE.search(triple.value)
    return found[1].lower() if found else ""


def _by_subject(triples: Iterable[Triple]) -> dict[str, frozenset[Triple]]:
    found: dict[str, set[Triple]] = defaultdict(set)
    for triple in triples:
        found[triple.subject].add(triple)
    return {subject: frozenset(about) for subject, about in found.items()}
