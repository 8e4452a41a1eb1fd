"""The names of the participants and items of a large model: kept as arrays, handed out as elements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qe_kg.catalogue import Catalogue, Element
from qe_kg.lineage.kept import Kept
from qe_kg.lineage.texts import Ints, Mask, Texts

#: For more elements than this all of their kinds are read, which is sooner done than asking for each.
_MANY = 5_000
_KINDS = ("participants", "items")
_TEXTS = ("labels", "codes", "types", "zones")
_ARRAYS = ("type_of", "zone_of", "rank")
_FILE = "flow-names.npz"


@dataclass(frozen=True)
class NameTable:
    """The names of things that are numbered in the order of their IRIs.

    Attributes:
        iris: their IRIs.
        labels: their labels; ``codes`` their codes, empty where there is none.
        types: the classes that occur (compact IRIs); ``zones`` likewise, the empty one for none.
        type_of: for each thing the number of its class; ``zone_of`` that of its zone.
        rank: for each thing its place in the order of names, and of IRIs where these are the same.

    """

    iris: Texts
    labels: Texts
    codes: Texts
    types: Texts
    zones: Texts
    type_of: Ints
    zone_of: Ints
    rank: Ints

    @classmethod
    def of(cls, iris: Texts, elements: Sequence[Element]) -> NameTable:
        """Take up elements, in the order of their IRIs."""
        types = sorted({element.type for element in elements})
        zones = sorted({element.zone or "" for element in elements})
        type_number = {one: number for number, one in enumerate(types)}
        zone_number = {one: number for number, one in enumerate(zones)}
        names = [element.name for element in elements]
        rank = np.empty(len(names), np.int64)
        rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        return cls(
            iris, Texts.of(one.label for one in elements), Texts.of(one.code or "" for one in elements),
            Texts.of(types), Texts.of(zones), np.array([type_number[one.type] for one in elements], np.int64),
            np.array([zone_number[one.zone or ""] for one in elements], np.int64), rank,
        )  # fmt: skip

    def elements(self, numbers: Ints) -> list[Element]:
        """Return the elements with these numbers."""
        types, zones = list(self.types), [zone or None for zone in self.zones]
        columns = (
            self.iris.take(numbers), self.codes.take(numbers), self.labels.take(numbers),
            self.type_of[numbers].tolist(), self.zone_of[numbers].tolist(),
        )  # fmt: skip
        return [
            Element(iri, code or None, label, types[of_type], zones[of_zone])
            for iri, code, label, of_type, of_zone in zip(*columns, strict=True)
        ]

    def are_of(self, numbers: Ints, zone: str | None, types: Collection[str] | None) -> Mask:
        """Tell which of these things are in a zone and of one of these classes; None is any."""
        fit = np.ones(len(numbers), np.bool_)
        if zone is not None:
            fit &= np.isin(self.zone_of[numbers], self.zones.numbers([zone]))
        if types is not None:
            fit &= np.isin(self.type_of[numbers], self.types.numbers(types))
        return fit


@dataclass(frozen=True)
class FlowNames:
    """The names of all participants and items that occur in flows."""

    participants: NameTable
    items: NameTable

    @classmethod
    def read(cls, catalogue: Catalogue, participants: Texts, items: Texts) -> FlowNames:
        """Read the names of what an index has numbered."""
        kinds = ("participant", "item")
        are_many = len(participants) + len(items) > _MANY
        known = catalogue.describe_kinds(*kinds) if are_many else {}

        def table(iris: Texts) -> NameTable:
            listed = list(iris)
            named = {**known, **catalogue.describe(iri for iri in listed if iri not in known)}
            return NameTable.of(iris, [named[iri] for iri in listed])

        return cls(table(participants), table(items))

    def write(self, folder: Path) -> None:
        """Keep the names beside a store, for sessions to come."""
        parts = {
            f"{kind}.{name}": getattr(getattr(self, kind), name) for kind in _KINDS for name in (*_TEXTS, *_ARRAYS)
        }
        Kept.write(folder / _FILE, parts)

    @classmethod
    def kept(cls, folder: Path, participants: Texts, items: Texts) -> FlowNames | None:
        """Return the names that are kept beside a store, if any are.

        Raises:
            ReadError: they are damaged.

        """
        kept = Kept.if_any(folder / _FILE)
        if kept is None:
            return None

        def table(kind: str, iris: Texts) -> NameTable:
            labels, codes, types, zones = (kept.texts(f"{kind}.{name}") for name in _TEXTS)
            type_of, zone_of, rank = (kept.array(f"{kind}.{name}") for name in _ARRAYS)
            return NameTable(iris, labels, codes, types, zones, type_of, zone_of, rank)

        return cls(*(table(kind, iris) for kind, iris in zip(_KINDS, (participants, items), strict=True)))

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the names that are kept beside a store."""
        (folder / _FILE).unlink(missing_ok=True)
