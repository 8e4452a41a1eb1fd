"""What the flows of a model can hold: restricted information, and where it comes to an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qe_kg.namespaces import Namespaces
from qe_kg.rules.records import read_coverage, read_records
from qe_kg.store.embedded import EmbeddedStore

#: Modes in which nothing restricted leaves.
_OPEN_MODES = ("aggregated", "anonymized", "public")


@dataclass(frozen=True)
class Payloads:
    """What is known of the restricted payload of flows.

    Attributes:
        restricted: items of a category that is restricted.
        unclassified: items of no category: nobody says what they can hold.
        holding: flows in which restricted information was found to be left.
        free: flows that were found to be free of it, or that leave in a mode that no longer shows it.
        permitted: flows with a permission basis.
        consented: flows that a consent record covers which stands on the day.
        kept: (participant, input, output) of derivations that leave the restriction in place.
        ended: (participant, input, output) where every derivation declassifies.

    """

    restricted: frozenset[str]
    unclassified: frozenset[str]
    holding: frozenset[str]
    free: frozenset[str]
    permitted: frozenset[str]
    consented: frozenset[str]
    kept: frozenset[tuple[str, str, str]]
    ended: frozenset[tuple[str, str, str]]

    @classmethod
    def read(cls, store: EmbeddedStore, namespaces: Namespaces, at: date) -> Payloads:
        """Read them from a store, with consents as they stand on a day."""
        qe, lists = f"PREFIX qe: <{namespaces.terms}>\n", namespaces.lists

        def values(pattern: str) -> frozenset[str]:
            rows = store.select(f"{qe}SELECT DISTINCT ?x WHERE {{ {pattern} FILTER(isIRI(?x)) }}").rows
            return frozenset(row[0].value for row in rows if row[0])

        modes = " ".join(f"<{lists}disclosure-mode-{mode}>" for mode in _OPEN_MODES)
        records, coverage = read_records(store, namespaces), read_coverage(store, namespaces)
        standing = {iri for iri, record in records.items() if not record.lapses(at)}
        kept, ended = _derivations(store, qe)
        return cls(
            restricted=values("?x qe:hasDataCategory/qe:isRestricted true"),
            unclassified=values("?f qe:carries ?x FILTER NOT EXISTS { ?x qe:hasDataCategory ?category }"),
            holding=values("?x qe:holdsRestrictedPayload true"),
            free=values(f"{{ ?x qe:holdsRestrictedPayload false }} UNION {{ VALUES ?mode {{ {modes} }} "
                        "?x qe:hasDisclosureMode ?mode }"),
            permitted=values("?x qe:isPermittedBy ?basis . ?basis a qe:PermissionBasis"),
            consented=frozenset(flow for flow, covering in coverage.items() if standing & set(covering)),
            kept=kept,
            ended=ended,
        )  # fmt: skip


def _derivations(
    store: EmbeddedStore, qe: str
) -> tuple[frozenset[tuple[str, str, str]], frozenset[tuple[str, str, str]]]:
    rows = store.select(
        f"{qe}SELECT ?at ?in ?out ?ends WHERE {{ ?d qe:isDerivedAt ?at ; qe:takesInput ?in ; qe:givesOutput ?out "
        "BIND(EXISTS { ?d qe:hasDerivationKind/qe:declassifies true } AS ?ends) "
        "FILTER(isIRI(?at) && isIRI(?in) && isIRI(?out)) }"
    ).rows
    found: dict[bool, set[tuple[str, str, str]]] = {False: set(), True: set()}
    for at, made_from, made, ends in rows:
        assert at and made_from and made and ends
        found[ends.value == "true"].add((at.value, made_from.value, made.value))
    return frozenset(found[False]), frozenset(found[True] - found[False])
