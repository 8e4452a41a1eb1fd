"""Who to tell: the stakeholders, the regulators and the owners of what an answer reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qe_kg.catalogue import Catalogue, Element
from qe_kg.lineage.answer import Lineage, Reached
from qe_kg.lineage.flows import chunks
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store


@dataclass(frozen=True)
class Owner:
    """A business unit, and what of the answer it answers for."""

    unit: Element
    owned: tuple[Element, ...]


@dataclass(frozen=True)
class Tell:
    """Whom a change concerns.

    Attributes:
        stakeholders: reached stakeholders but regulators, nearest first.
        regulators: reached participants that regulate, nearest first.
        owners: business units that own what was asked about or is reached, a flow on a path shown, or the stream of a
            stage (``qe:isOwnedBy``), by name.
        unowned: how many participants reached have no owner.

    """

    stakeholders: tuple[Reached, ...]
    regulators: tuple[Reached, ...]
    owners: tuple[Owner, ...]
    unowned: int

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""

        def of(reached: Iterable[Reached]) -> list[dict[str, Any]]:
            return [
                {"id": one.element.iri, "label": one.element.label, "hops": one.hops, "certainty": one.certainty}
                for one in reached
            ]

        return {
            "stakeholders": of(self.stakeholders),
            "regulators": of(self.regulators),
            "owners": [
                {"id": one.unit.iri, "label": one.unit.label, "owns": [owned.iri for owned in one.owned]}
                for one in self.owners
            ],
            "unowned": self.unowned,
        }

    def lines(self) -> Iterator[str]:
        """Yield what a person reads: a line each for stakeholders, regulators and owners, where there are any."""
        for title, reached in (("stakeholders", self.stakeholders), ("regulators", self.regulators)):
            if reached:
                yield f"{title}: " + ", ".join(
                    f"{one.element.name} ({one.hops} hop{'s' if one.hops > 1 else ''}"
                    f"{', possibly' if one.certainty == 'possible' else ''})"
                    for one in reached
                )
        if self.owners:
            yield "owners: " + ", ".join(f"{one.unit.name} (of {_first_names(one.owned)})" for one in self.owners)


def _first_names(elements: tuple[Element, ...]) -> str:
    """Name the first elements that are no flows, and count the rest."""
    named = [one.name for one in elements if not one.type.endswith(":InformationFlow")]
    flows = len(elements) - len(named)
    parts = named[:3]
    if len(named) > 3:
        parts.append(f"{len(named) - 3} more")
    if flows:
        parts.append(f"{flows} flow{'s' if flows > 1 else ''}")
    return " and ".join([*[", ".join(parts[:-1])], parts[-1]] if len(parts) > 1 else parts)


def who_to_tell(lineage: Lineage, store: Store, catalogue: Catalogue, namespaces: Namespaces) -> Tell:
    """Return whom to tell of what an impact or trace shows."""
    reached = {one.element.iri: one for one in lineage.reached}
    regulators = _regulators(store, namespaces)
    kinds = {namespaces.compact(one) for one in catalogue.subclasses("Stakeholder")}
    on_paths = {flow for one in lineage.reached for flow in one.path}
    asked = [element.iri for element in lineage.start]
    owners = _owners([*asked, *reached, *on_paths], store, namespaces)
    owned_by: dict[str, set[str]] = {}
    for element, owning in owners.items():
        for unit in owning:
            owned_by.setdefault(unit, set()).add(element)
    named = catalogue.describe(one for owned in owned_by.values() for one in owned)
    units = catalogue.describe(owned_by)
    return Tell(
        tuple(one for one in lineage.reached if one.element.type in kinds and one.element.iri not in regulators),
        tuple(one for one in lineage.reached if one.element.iri in regulators),
        tuple(
            Owner(units[unit], tuple(sorted((named[one] for one in owned_by[unit]), key=_by_kind_and_name)))
            for unit in sorted(owned_by, key=lambda unit: (units[unit].name, unit))
        ),
        sum(iri not in owners for iri in reached),
    )


def _by_kind_and_name(element: Element) -> tuple[bool, str, str]:
    return element.code is None, element.name, element.iri


def _regulators(store: Store, namespaces: Namespaces) -> set[str]:
    """Return the participants that regulate."""
    rows = store.select(
        f"SELECT ?p WHERE {{ ?p <{namespaces.terms}performsFunction> "
        f"<{namespaces.lists}participant-function-regulation> }}"
    ).rows
    return {row[0].value for row in rows if row[0]}


def _owners(iris: Iterable[str], store: Store, namespaces: Namespaces) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for values in chunks(iris):
        for element, unit in store.select(
            f"PREFIX qe: <{namespaces.terms}>\nSELECT ?e ?u WHERE {{ VALUES ?e {{ {values} }} "
            "{ ?e qe:isOwnedBy ?u } UNION { ?e qe:isStageOf/qe:isOwnedBy ?u } FILTER(isIRI(?u)) }"
        ).rows:
            assert element and unit
            found.setdefault(element.value, set()).add(unit.value)
    return found
