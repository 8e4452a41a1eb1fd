"""Comparing two sides, whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qe_kg.collection import without_collection
from qe_kg.diff.elements import ElementDiff, diff_elements
from qe_kg.diff.meaning import Meaning, find_meaning
from qe_kg.diff.sides import Side
from qe_kg.diff.versions import VersionNeed, find_versions
from qe_kg.namespaces import Namespaces
from qe_kg.store.statements import Difference, as_stored, difference


@dataclass(frozen=True)
class Comparison:
    """The difference of two sides.

    Attributes:
        old: name of the first side.
        new: name of the second.
        triples: the difference as statements.
        elements: the difference by element.
        namespaces: for compact names.
        versions: what the headers of changed ontologies must say.
        meaning: what it means for others; None where that was not asked, or a side is no model.

    """

    old: str
    new: str
    triples: Difference
    elements: ElementDiff
    namespaces: Namespaces
    versions: tuple[VersionNeed, ...] = ()
    meaning: Meaning | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "old": self.old,
            "new": self.new,
            "triples": {"added": len(self.triples.added), "removed": len(self.triples.removed)},
            "followingReferences": self.elements.following,
            "elements": [one.to_dict() for one in self.elements.elements],
            "versions": [one.to_dict() for one in self.versions],
            "meaning": self.meaning.to_dict() if self.meaning else None,
        }


def compare(
    old: Side, new: Side, *, meaning: bool = False, model: Path | None = None, profiles: Iterable[str] = (),
    at: str | None = None,
) -> Comparison:  # fmt: skip
    """Compare two sides.

    Args:
        old: the one side.
        new: the other.
        meaning: whether to tell what the difference means: both sides are validated, walked and asked.
        profiles: the jurisdictions whose rules are checked; by default each model's own.
        at: the day with which dates are compared; by default today.
        model: for that, the model whose ontology, shapes and queries are taken for files that belong to no model.

    Raises:
        ParseError, ReadError: a file of a side cannot be read.
        ShapesError, ManifestError: a side cannot be validated or asked.

    """
    with_store = bool(old.store or new.store)  # in which what is shipped is no longer apart
    builtin = with_store or _assets(old) != _assets(new)
    namespaces = new.namespaces if new.manifest or not old.manifest else old.namespaces
    with without_collection():
        contents = [side.content(builtin=builtin) for side in (old, new)]
        if with_store:
            contents = [as_stored(one) for one in contents]
        triples = difference(*contents)
        del contents
        elements = diff_elements(triples, namespaces)
        versions = find_versions(triples, namespaces)
    found = None
    if meaning:
        differs = bool(triples.added or triples.removed)
        found = find_meaning((old, new), elements, model, anything_differs=differs, profiles=tuple(profiles), at=at)
    return Comparison(old.name, new.name, triples, elements, namespaces, versions, found)


def _assets(side: Side) -> frozenset[Path]:
    """Return the folders out of which a side has what is shipped with the package.

    It is compared where it comes out of different versions of the package, or where one side uses more of it.
    """
    return frozenset(file.path.parents[file.name.count("/")] for file in side.files if file.builtin)
