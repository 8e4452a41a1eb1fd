"""Consent records as a model holds them, and whether one stands on a day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from qe_kg.namespaces import COMMON_PREFIXES, DCTERMS, Namespaces
from qe_kg.store.protocol import Store

DPV = COMMON_PREFIXES["dpv"]
#: Statuses with which data may be used (Data Privacy Vocabulary 2.3, ConsentStatusValidForProcessing).
STANDING = frozenset({f"{DPV}ConsentGiven", f"{DPV}RenewedConsentGiven"})
EXPLICIT = f"{DPV}ExplicitlyExpressedConsent"

#: Why a record does not stand on a day, whatever the flow.
Lapse = Literal["not-given", "withdrawn", "expired", "not-yet-valid", "no-dates", "unreadable"]

_WITHDRAWN = frozenset({f"{DPV}ConsentWithdrawn", f"{DPV}ConsentRevoked", f"{DPV}ConsentInvalidated"})
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=\Z|T|Z|[+-])")
_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<D>\d+)D)?"
    r"(?:T(?=.)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?\Z"
)
_SECONDS = {"Y": 12 * 30 * 86_400, "M": 30 * 86_400, "D": 86_400, "h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True)
class ConsentRecord:
    """One consent record.

    Attributes:
        iri: its IRI.
        statuses: IRIs of its statuses; more than one is a fault of its own, and all must stand.
        legal_bases: IRIs.
        recipients: IRIs of the participants that may receive the data.
        purposes: IRIs of what was consented to.
        given: when its status was reached, as written (``dcterms:date``): a record needs it, and counts from then on.
        valid: until when it is valid, as written (``dcterms:valid``): a record needs it.
        valid_from: further days from which it counts (``qe:validFrom``): the last of all counts.
        valid_until: further days until which it counts (``qe:validUntil``): the first of all counts.
        data: IRIs of the items, concepts or categories that it names.
        granularity: the finest step granted, as written ("PT15M"); None where it grants none.

    """

    iri: str
    statuses: tuple[str, ...] = ()
    legal_bases: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    valid: tuple[str, ...] = ()
    valid_from: tuple[str, ...] = ()
    valid_until: tuple[str, ...] = ()
    granularity: str | None = None

    def lapses(self, at: date) -> tuple[Lapse, ...]:
        """Return why the record does not stand on a day, the gravest first; nothing where it stands."""
        found: list[Lapse] = []
        if _WITHDRAWN & set(self.statuses):
            found.append("withdrawn")
        elif f"{DPV}ConsentExpired" in self.statuses:
            found.append("expired")
        elif not self.statuses or not set(self.statuses) <= STANDING:
            found.append("not-given")
        begins, ends = read_days((*self.given, *self.valid_from)), read_days((*self.valid, *self.valid_until))
        if begins is None or ends is None:
            found.append("unreadable")
        elif not self.given or not self.valid:
            found.append("no-dates")
        if begins and max(begins) > at:
            found.append("not-yet-valid")
        if ends and min(ends) < at and "expired" not in found:
            found.append("expired")
        return tuple(found)


def read_days(values: Iterable[str]) -> list[date] | None:
    """Read the day of dates or moments as XML Schema writes them; None where one of them is none."""
    days = []
    for value in values:
        match = _DAY.match(value)
        try:
            days.append(date.fromisoformat(match[0] if match else ""))
        except ValueError:
            return None
    return days


def seconds_of(duration: str) -> Fraction | None:
    """Return the length of an ``xsd:duration`` with months of 30 days and years of twelve of them; None if it is none.

    Durations with months are in no order with others by themselves; a rule that compares them has to fix one.
    """
    match = _DURATION.match(duration)
    parts = {name: value for name, value in match.groupdict().items() if value} if match else {}
    sign = -1 if parts.pop("sign", None) else 1
    if not parts:
        return None
    return sign * sum((Fraction(value) * _SECONDS[name] for name, value in parts.items()), Fraction(0))


def read_records(store: Store, namespaces: Namespaces) -> dict[str, ConsentRecord]:
    """Read all consent records of a model, by IRI."""
    fields = record_properties(namespaces)
    properties = " ".join(f"<{name}>" for name in fields)
    found: dict[str, dict[str, set[str]]] = {}
    for record, name, value in store.select(
        f"SELECT ?r ?p ?o WHERE {{ ?r a <{namespaces.terms}ConsentRecord> FILTER(isIRI(?r)) "
        f"OPTIONAL {{ VALUES ?p {{ {properties} }} ?r ?p ?o }} }}"
    ).rows:
        assert record
        values = found.setdefault(record.value, {})
        if name and value:
            values.setdefault(fields[name.value], set()).add(value.value)
    return {iri: record_of(iri, values) for iri, values in sorted(found.items())}


def record_properties(namespaces: Namespaces) -> dict[str, str]:
    """Return the IRIs of the properties that a record is read from, and the attribute that each gives."""
    qe = namespaces.terms
    return {
        f"{DPV}hasConsentStatus": "statuses",
        f"{DPV}hasLegalBasis": "legal_bases",
        f"{DPV}hasRecipient": "recipients",
        f"{DPV}hasPurpose": "purposes",
        f"{DPV}hasPersonalData": "data",
        f"{DCTERMS}date": "given",
        f"{DCTERMS}valid": "valid",
        f"{qe}validFrom": "valid_from",
        f"{qe}validUntil": "valid_until",
        f"{qe}grantedGranularity": "granularity",
    }


def record_of(iri: str, values: dict[str, set[str]]) -> ConsentRecord:
    """Make a record of its values, by attribute."""
    granularity = max(values.pop("granularity", ()), default=None)
    return ConsentRecord(iri, granularity=granularity, **{name: tuple(sorted(some)) for name, some in values.items()})


def read_coverage(store: Store, namespaces: Namespaces) -> dict[str, tuple[str, ...]]:
    """For each flow, the IRIs of what the model says to be its consent records."""
    rows = store.select(
        f"SELECT ?f ?r WHERE {{ ?f <{namespaces.terms}isCoveredByConsent> ?r FILTER(isIRI(?f) && isIRI(?r)) }} "
        "ORDER BY ?f ?r"
    ).rows
    found: dict[str, tuple[str, ...]] = {}
    for flow, record in rows:
        assert flow and record
        found[flow.value] = (*found.get(flow.value, ()), record.value)
    return found
