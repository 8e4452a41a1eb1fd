"""Who owns what in a large model, kept beside the store: whom to tell is then told without asking for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from qe_kg.lineage.kept import Kept
from qe_kg.lineage.texts import Ints, Texts, numbered, two_columns
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

_FILE = "flow-owners.npz"


@dataclass(frozen=True)
class Owners:
    """What is owned, and by whom; a stage is owned by who owns its value stream too.

    Attributes:
        elements: the IRIs of what is owned, sorted; ``units`` those of the owners.
        pairs: rows of (element, unit), as numbers.

    """

    elements: Texts
    units: Texts
    pairs: Ints

    @classmethod
    def read(cls, store: Store, namespaces: Namespaces) -> Owners:
        """Read them all from a store."""
        owned, stage = f"<{namespaces.terms}isOwnedBy>", f"<{namespaces.terms}isStageOf>"
        paths = (f"?e {owned} ?u", f"?e {stage} ?s . ?s {owned} ?u")
        answers = [two_columns(store.text_rows(f"SELECT ?e ?u WHERE {{ {path} }}")) for path in paths]
        elements, of = numbered(*(one for one, _ in answers))
        units, by = numbered(*(unit for _, unit in answers))
        pairs = np.stack((np.concatenate(of), np.concatenate(by)), axis=1)
        return cls(elements, units, np.unique(pairs, axis=0))

    def write(self, folder: Path) -> None:
        """Keep them beside a store, for sessions to come."""
        Kept.write(folder / _FILE, {"elements": self.elements, "units": self.units, "pairs": self.pairs})

    @classmethod
    def kept(cls, folder: Path) -> Owners | None:
        """Return those that are kept beside a store, if any are.

        Raises:
            ReadError: they are damaged.

        """
        kept = Kept.if_any(folder / _FILE)
        if kept is None:
            return None
        return cls(kept.texts("elements"), kept.texts("units"), kept.array("pairs"))

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove those that are kept beside a store."""
        (folder / _FILE).unlink(missing_ok=True)

    @cached_property
    def _by_element(self) -> dict[str, set[str]]:
        elements, units = self.elements[:], self.units[:]
        found: dict[str, set[str]] = {}
        for element, unit in self.pairs.tolist():
            found.setdefault(elements[element], set()).add(units[unit])
        return found

    def of(self, elements: Iterable[str]) -> Mapping[str, set[str]]:
        """Return the owners of those of these elements that have some."""
        known = self._by_element
        return {one: known[one] for one in elements if one in known}
