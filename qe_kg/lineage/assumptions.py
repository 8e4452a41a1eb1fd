"""From what somebody assumes to the change of the model that it amounts to. Nothing is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from qe_kg.catalogue import Catalogue, Element
from qe_kg.change import Change
from qe_kg.errors import AmbiguousNameError, CallError, UnknownNameError
from qe_kg.namespaces import COMMON_PREFIXES, DCTERMS, SKOS, Namespaces
from qe_kg.store.files import read_quads, shown_path
from qe_kg.store.protocol import Store
from qe_kg.terms import literal

_DPV = COMMON_PREFIXES["dpv"]


@dataclass(frozen=True)
class Assumptions:
    """What is assumed.

    Attributes:
        removed: flows that are no more.
        added: files whose triples come in addition.
        moved: participants with the zone (IRI) that they move to.
        withdrawn: consent records that are withdrawn.

    """

    removed: tuple[Element, ...]
    added: tuple[Path, ...]
    moved: tuple[tuple[Element, str], ...]
    withdrawn: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "removed": [element.iri for element in self.removed],
            "added": [shown_path(path) for path in self.added],
            "moved": {element.iri: zone for element, zone in self.moved},
            "withdrawn": list(self.withdrawn),
        }

    def change(self, quads: Iterable[ox.Quad], namespaces: Namespaces) -> Change:
        """Return the change that this amounts to, given the quads of the model's data.

        Raises:
            ParseError, ReadError: a file cannot be read.

        """
        flows = {element.iri for element in self.removed}
        zones = {element.iri: zone for element, zone in self.moved}
        in_zone, status = f"{namespaces.terms}inZone", f"{_DPV}hasConsentStatus"
        gone: list[ox.Quad] = []
        for quad in quads:
            subject, value = _iri(quad.subject), _iri(quad.object)
            predicate = quad.predicate.value
            if (
                subject in flows
                or value in flows
                or (subject in zones and predicate == in_zone)
                or (subject in self.withdrawn and predicate == status)
            ):
                gone.append(quad)
        new = [quad for path in self.added for quad in read_quads(path)]
        new += [_quad(one, in_zone, zone) for one, zone in zones.items()]
        new += [_quad(one, status, f"{_DPV}ConsentWithdrawn") for one in self.withdrawn]
        return Change(tuple(new), tuple(gone))


def _iri(term: object) -> str | None:
    return term.value if isinstance(term, ox.NamedNode) else None


def _quad(subject: str, predicate: str, value: str) -> ox.Quad:
    return ox.Quad(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(value))


def read_assumptions(
    store: Store,
    catalogue: Catalogue,
    namespaces: Namespaces,
    *,
    remove: Iterable[str] = (),
    add: Iterable[Path | str] = (),
    move: Iterable[str] = (),
    withdraw: Iterable[str] = (),
) -> Assumptions:
    """Return what names stand for.

    Args:
        store: the store of the model.
        catalogue: finds its elements.
        namespaces: its namespaces.
        remove: flows by name.
        add: paths of RDF files.
        move: "NAME=ZONE": a participant and its new zone, each by name.
        withdraw: consent records by identifier, label, CURIE or IRI.

    Raises:
        UnknownNameError, AmbiguousNameError: a name means nothing, or several things.
        CallError: nothing is assumed, or a move is not NAME=ZONE.

    """
    moved: list[tuple[Element, str]] = []
    for one in move:
        name, is_given, zone = one.rpartition("=")
        if not is_given:
            raise CallError(f"a move is written NAME=ZONE, as in ESV-04=regulated, not {one!r}")
        moved.append((catalogue.resolve(name, "participant"), catalogue.resolve(zone, "zone").iri))
    assumed = Assumptions(
        tuple(dict.fromkeys(catalogue.resolve(name, "flow") for name in remove)),
        tuple(Path(path) for path in add),
        tuple(dict(moved).items()),
        tuple(dict.fromkeys(_consent(name, store, namespaces) for name in withdraw)),
    )
    if assumed == Assumptions((), (), (), ()):
        raise CallError("say what to assume: a flow removed, a file added, a participant moved, a consent withdrawn")
    return assumed


def _consent(name: str, store: Store, namespaces: Namespaces) -> str:
    """Return the IRI of the consent record that has a name."""
    known: dict[str, set[str]] = {}
    for record, text in store.select(
        f"SELECT ?c ?n WHERE {{ ?c a <{namespaces.terms}ConsentRecord> "
        f"OPTIONAL {{ VALUES ?p {{ <{DCTERMS}identifier> <{SKOS}prefLabel> }} ?c ?p ?n }} }}"
    ).rows:
        assert record
        for text_or_iri in (record.value, namespaces.compact(record.value), *([text.value] if text else [])):
            known.setdefault(text_or_iri, set()).add(record.value)
    found = sorted(known.get(name.strip(), ()))
    if len(found) == 1:
        return found[0]
    if found:
        candidates = tuple(namespaces.compact(one) for one in found)
        raise AmbiguousNameError(f"{literal(name).n3()} is ambiguous: {', '.join(candidates)}", candidates)
    near = tuple(difflib.get_close_matches(name, known, n=4, cutoff=0.4))
    hint = f"; the nearest names are {', '.join(map(repr, near))}" if near else ""
    raise UnknownNameError(f"there is no consent record {name!r}{hint}", near)
