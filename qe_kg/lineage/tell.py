"""Who to tell: the stakeholders, the regulators and the owners of what an answer reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qe_kg.catalogue import Catalogue, Element
from qe_kg.lineage.answer import Lineage, Owner, Reached, Tell
from qe_kg.lineage.flows import chunks
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

#: For more elements than this all owners are read, which is sooner done than asking for each.
_MANY = 5_000


class Teller:
    """Finds out whom the answers of one model concern."""

    def __init__(self, store: Store, catalogue: Catalogue, namespaces: Namespaces) -> None:
        self._store, self._catalogue, self._namespaces = store, catalogue, namespaces

    def of(self, lineage: Lineage) -> Tell:
        """Return whom to tell of what an impact or trace shows."""
        on_paths = {flow for one in lineage.reached for flow in one.path}
        return self.whom(lineage.reached, [*(element.iri for element in lineage.start), *on_paths])

    def whom(self, reached: Iterable[Reached], others: Iterable[str] = ()) -> Tell:
        """Return whom to tell of participants that are concerned.

        Args:
            reached: the participants, in the order in which they are to be told.
            others: IRIs of further elements whose owners are told.

        """
        concerned = {one.element.iri: one for one in reached}
        regulators = self._regulators()
        kinds = {self._namespaces.compact(one) for one in self._catalogue.subclasses("Stakeholder")}
        owners = self._owners({*others, *concerned})
        owned_by: dict[str, set[str]] = {}
        for element, owning in owners.items():
            for unit in owning:
                owned_by.setdefault(unit, set()).add(element)
        named = self._catalogue.describe(one for owned in owned_by.values() for one in owned)
        units = self._catalogue.describe(owned_by)
        every = concerned.values()
        return Tell(
            tuple(one for one in every if one.element.type in kinds and one.element.iri not in regulators),
            tuple(one for one in every if one.element.iri in regulators),
            tuple(
                Owner(units[unit], tuple(sorted((named[one] for one in owned_by[unit]), key=_by_kind_and_name)))
                for unit in sorted(owned_by, key=lambda unit: (units[unit].name, unit))
            ),
            sum(iri not in owners for iri in concerned),
        )

    def _regulators(self) -> set[str]:
        """Return the participants that regulate."""
        rows = self._store.select(
            f"SELECT ?p WHERE {{ ?p <{self._namespaces.terms}performsFunction> "
            f"<{self._namespaces.lists}participant-function-regulation> }}"
        ).rows
        return {row[0].value for row in rows if row[0]}

    def _owners(self, iris: set[str]) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        blocks = [""] if len(iris) > _MANY else [f"VALUES ?e {{ {values} }}" for values in chunks(iris)]
        for block in blocks:
            for element, unit in self._store.select(
                f"PREFIX qe: <{self._namespaces.terms}>\nSELECT ?e ?u WHERE {{ {block} "
                "{ ?e qe:isOwnedBy ?u } UNION { ?e qe:isStageOf/qe:isOwnedBy ?u } FILTER(isIRI(?u)) }"
            ).rows:
                assert element and unit
                if element.value in iris:
                    found.setdefault(element.value, set()).add(unit.value)
        return found


def _by_kind_and_name(element: Element) -> tuple[bool, str, str]:
    return element.code is None, element.name, element.iri
