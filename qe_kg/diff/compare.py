"""Comparing two sides, whole."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from qe_kg.diff.elements import ElementDiff, diff_elements
from qe_kg.diff.sides import Side
from qe_kg.namespaces import Namespaces
from qe_kg.store.statements import Difference, difference


@dataclass(frozen=True)
class Comparison:
    """The difference of two sides.

    Attributes:
        old: name of the first side.
        new: name of the second.
        triples: the difference as statements.
        elements: the difference by element.
        namespaces: for compact names.

    """

    old: str
    new: str
    triples: Difference
    elements: ElementDiff
    namespaces: Namespaces

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "old": self.old,
            "new": self.new,
            "triples": {"added": len(self.triples.added), "removed": len(self.triples.removed)},
            "followingReferences": self.elements.following,
            "elements": [one.to_dict() for one in self.elements.elements],
        }


def compare(old: Side, new: Side) -> Comparison:
    """Compare two sides.

    Raises:
        ParseError, ReadError: a file of a side cannot be read.

    """
    # What is shipped with the package is the same on both sides unless one comes out of another version of it.
    roots = {
        file.path.parents[len(file.name.split("/")) - 1] for side in (old, new) for file in side.files if file.builtin
    }
    builtin = len(roots) > 1
    namespaces = new.namespaces if new.manifest or not old.manifest else old.namespaces
    with _without_collection():
        triples = difference(old.quads(builtin=builtin), new.quads(builtin=builtin))
        elements = diff_elements(triples, namespaces)
    return Comparison(old.name, new.name, triples, elements, namespaces)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep Python's cyclic collector from walking a million quads, which hold no cycles, again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
