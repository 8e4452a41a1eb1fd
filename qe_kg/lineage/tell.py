"""Who to tell: the stakeholders, the regulators and the owners of what an answer reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from qe_kg.catalogue import Catalogue, Element
from qe_kg.lineage.answer import Lineage, Owner, Reached, Tell
from qe_kg.lineage.flows import chunks, value_rows
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

if TYPE_CHECKING:
    from qe_kg.lineage.owners import Owners

#: For more elements than this all owners are read, which is sooner done than asking for each.
_MANY = 5_000


class Teller:
    """Finds out whom the answers of one model concern.

    Args:
        store: the store that it is loaded into.
        catalogue: names its elements.
        namespaces: its namespaces.
        all_owners: gives all owners where they are known, else None.

    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        namespaces: Namespaces,
        all_owners: Callable[[], Owners | None] = lambda: None,
    ) -> None:
        self._store, self._catalogue, self._namespaces = store, catalogue, namespaces
        self._all_owners = all_owners
        self._units: dict[str, Element] = {}
        self._known: dict[str, set[str]] = {}

    def prepare(self) -> None:
        """Take up what answers about a large model have in common."""
        known = self._all_owners()
        if known is not None and len(known.units) <= _MANY:
            known.of(())
            self._units |= self._catalogue.describe(known.units)
        self.whom(())

    def of(self, lineage: Lineage) -> Tell:
        """Return whom to tell of what an impact or trace shows."""
        on_paths = {flow for one in lineage.reached for flow in one.path}
        return self.whom(lineage.reached, [element.iri for element in lineage.start], on_paths)

    def whom(self, reached: Iterable[Reached], others: Iterable[str] = (), flows: Iterable[str] = ()) -> Tell:
        """Return whom to tell of participants that are concerned.

        Args:
            reached: the participants, in the order in which they are to be told.
            others: IRIs of further elements whose owners are told.
            flows: IRIs of flows, likewise; no flow is a stage of anything.

        """
        concerned = {one.element.iri: one for one in reached}
        regulators = self._regulators
        kinds = {self._namespaces.compact(one) for one in self._catalogue.subclasses("Stakeholder")}
        owners = self._owners({*others, *concerned}, {*flows})
        owned_by: dict[str, set[str]] = {}
        for element, owning in owners.items():
            for unit in owning:
                owned_by.setdefault(unit, set()).add(element)
        named = {iri: one.element for iri, one in concerned.items()}
        named |= self._catalogue.describe(one for one in owners if one not in named)
        self._units |= self._catalogue.describe(unit for unit in owned_by if unit not in self._units)
        units = self._units
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

    @cached_property
    def _regulators(self) -> set[str]:
        """The participants that regulate."""
        query = (
            f"SELECT ?p WHERE {{ ?p <{self._namespaces.terms}performsFunction> "
            f"<{self._namespaces.lists}participant-function-regulation> }}"
        )
        return {participant for (participant,) in value_rows(self._store, query)}

    def _owners(self, elements: set[str], flows: set[str]) -> Mapping[str, set[str]]:
        """Return the owners of those that have some; what was asked for before is remembered."""
        wanted = elements | flows
        known = self._all_owners()
        if known is not None:
            return known.of(wanted)
        unknown = wanted - self._known.keys()
        query = "PREFIX qe: <{}>\nSELECT ?e ?u WHERE {{ {} ?e {} ?u FILTER(isIRI(?u)) }}"
        for path, asked in (
            ("qe:isOwnedBy", unknown),
            ("qe:isStageOf/qe:isOwnedBy", unknown & elements),
        ):
            blocks = [""] if len(asked) > _MANY else [f"VALUES ?e {{ {values} }}" for values in chunks(asked)]
            for block in blocks:
                for element, unit in value_rows(self._store, query.format(self._namespaces.terms, block, path)):
                    if element in unknown:
                        self._known.setdefault(element, set()).add(unit)
        self._known.update((one, set()) for one in unknown - self._known.keys())
        return {one: self._known[one] for one in wanted if self._known[one]}


def _by_kind_and_name(element: Element) -> tuple[bool, str, str]:
    return element.code is None, element.name, element.iri
