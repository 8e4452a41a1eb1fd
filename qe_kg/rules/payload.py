"""What the flows of a model can hold: restricted information, and which flows are free of it or allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qe_kg.namespaces import Namespaces
from qe_kg.rules.records import read_coverage, read_records
from qe_kg.store.protocol import Store

#: Modes in which nothing restricted leaves.
OPEN_MODES = ("aggregated", "anonymized", "public")


@dataclass(frozen=True)
class Payloads:
    """What is known of the restricted payload of flows.

    Attributes:
        restricted: items of a category that is restricted.
        unclassified: items of no category: nobody says what they can hold.
        holding: flows in which restricted information was found to be left.
        free: flows that were found to be free of it, or that leave in a mode that no longer shows it.
        permitted: flows with a permission basis.
        consented: flows with consent records, each of which stands on the day.

    """

    restricted: frozenset[str]
    unclassified: frozenset[str]
    holding: frozenset[str]
    free: frozenset[str]
    permitted: frozenset[str]
    consented: frozenset[str]

    @classmethod
    def read(cls, store: Store, namespaces: Namespaces, at: date) -> Payloads:
        """Read them from a store, with consents as they stand on a day."""
        qe, lists = f"PREFIX qe: <{namespaces.terms}>\n", namespaces.lists

        def values(pattern: str) -> frozenset[str]:
            rows = store.select(f"{qe}SELECT DISTINCT ?x WHERE {{ {pattern} FILTER(isIRI(?x)) }}").rows
            return frozenset(row[0].value for row in rows if row[0])

        modes = " ".join(f"<{lists}disclosure-mode-{mode}>" for mode in OPEN_MODES)
        records, coverage = read_records(store, namespaces), read_coverage(store, namespaces)
        standing = {iri for iri, record in records.items() if not record.lapses(at)}
        return cls(
            restricted=values("?x qe:hasDataCategory/qe:isRestricted true"),
            unclassified=values("?f qe:carries ?x FILTER NOT EXISTS { ?x qe:hasDataCategory ?category }"),
            holding=values("?x qe:holdsRestrictedPayload true"),
            free=values(f"{{ ?x qe:holdsRestrictedPayload false }} UNION {{ VALUES ?mode {{ {modes} }} "
                        "?x qe:hasDisclosureMode ?mode }"),
            permitted=values("?x qe:isPermittedBy ?basis . ?basis a qe:PermissionBasis"),
            consented=frozenset(flow for flow, covering in coverage.items() if set(covering) <= standing),
        )  # fmt: skip
