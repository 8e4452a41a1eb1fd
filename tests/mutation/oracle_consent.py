"""What the rules of consent say, in plain Python. See `tests.mutation.oracle`."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.mutation.facts import TRUE, Facts, Value
from tests.mutation.oracle import flows, to_affiliate

CONSUMPTION = {"usage-data", "granular-device-data"}
WITHOUT_CONSENT = {
    f"qev:permission-kind-{kind}"
    for kind in (
        "tariffed-service operation-and-maintenance core-utility-function legal-order commission-proceeding "
        "emergency commission-approval"
    ).split()
}
WRITTEN = {f"qev:channel-{channel}" for channel in ("paper", "web", "app")}


def text(value: object) -> str:
    return value.text if isinstance(value, Value) else str(value)


def stands(facts: Facts, record: str, day: str) -> bool:
    """The consent was given and not taken back, and the day is within its period."""
    statuses = facts.values(record, "dpv:hasConsentStatus")
    given, valid = facts.values(record, "dcterms:date"), facts.values(record, "dcterms:valid")
    starts = [text(one)[:10] for one in given | facts.values(record, "qe:validFrom")]
    ends = [text(one)[:10] for one in valid | facts.values(record, "qe:validUntil")]
    return (
        bool(statuses)
        and statuses <= {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"}
        and bool(given)
        and bool(valid)
        and all(one <= day for one in starts)
        and all(day <= one for one in ends)
    )


def records_of(facts: Facts, flow: str) -> set[str]:
    return {text(one) for one in facts.values(flow, "qe:isCoveredByConsent")}


def relying(facts: Facts) -> set[str]:
    return facts.subjects("qe:isCoveredByConsent")


def is_permitted_without(facts: Facts, flow: str) -> bool:
    def is_of_the_list(basis: str) -> bool:
        kinds = facts.values(basis, "qe:hasPermissionKind")
        return facts.are([basis], "qe:PermissionBasis") and bool(kinds) and kinds <= WITHOUT_CONSENT

    return any(is_of_the_list(basis) for basis in facts.names(flow, "qe:isPermittedBy"))


def is_written(facts: Facts, flow: str) -> bool:
    """There is a record, and each was given in writing."""
    records = records_of(facts, flow)
    return bool(records) and all(
        facts.are([one], "qe:ConsentRecord") and facts.names(one, "qe:hasGivingChannel") & WRITTEN for one in records
    )


def con_01(facts: Facts, day: str) -> set[str]:
    def is_explicit(flow: str) -> bool:
        records = records_of(facts, flow)
        return bool(records) and all(
            facts.are([one], "qe:ConsentRecord")
            and "dpv:ExplicitlyExpressedConsent" in facts.values(one, "dpv:hasLegalBasis")
            for one in records
        )

    return {
        flow
        for flow in flows(facts)
        if "granular-device-data" in facts.categories(flow) and not facts.hides_customers(flow)
        if facts.functions(flow, "qe:hasTarget") & {"analytics", "der-aggregation"}
        if not is_explicit(flow)
    }


def con_02(facts: Facts, day: str) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if to_affiliate(facts, flow) and facts.categories(flow) & {*CONSUMPTION, "billing-data"}
        if not facts.hides_customers(flow) and not is_written(facts, flow)
    }


def is_monthly(value: str) -> bool:
    """The first part of a duration that is not zero is of years, of months, or of 28 days or more."""
    match = re.match(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?", value)
    years, months, days = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return years >= 1 or months >= 1 or days >= 28


def con_03(facts: Facts, day: str) -> set[str]:
    inside = {"regulated", "non-regulated", "shared"}

    def is_coarse(flow: str) -> bool:
        stated = facts.values(flow, "qe:granularity")
        return bool(stated) and all(is_monthly(text(one)) for one in stated)

    return {
        flow
        for flow in flows(facts)
        if facts.leaves(flow) and facts.leaves(flow) <= inside and facts.categories(flow) & CONSUMPTION
        if not facts.hides_customers(flow) and not is_coarse(flow) and not is_permitted_without(facts, flow)
        if not is_written(facts, flow)
    }


def con_04(facts: Facts, day: str) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if facts.is_personal(flow) and facts.leaves(flow) & {"regulated", "shared"} and not facts.hides_customers(flow)
        if not facts.are(facts.values(flow, "qe:isCoveredByConsent"), "qe:ConsentRecord")
        if not is_permitted_without(facts, flow)
    }


FIELDS = (
    "dcterms:conformsTo dcterms:identifier dpv:hasDataSubject dpv:hasNotice dcterms:language dpv:hasPurpose "
    "dpv:hasPersonalData dpv:hasDataController dpv:hasStorageCondition qe:retentionPeriod dpv:hasJurisdiction "
    "dpv:hasRecipient dpv:hasConsentControl dcterms:date dcterms:valid dpv:isImplementedByEntity dpv:hasLegalBasis "
    "dpv:hasConsentStatus"
).split()


def con_05(facts: Facts, day: str) -> set[str]:
    def is_typed(data: str) -> bool:
        return any("qe:DataCategory" in facts.names(one, "rdf:type") for one in {data, *facts.names(data, "qe:hasDataCategory")})

    def is_party(party: str) -> bool:
        fields = ("skos:prefLabel", "dcterms:identifier", "dpv:hasAddress", "dpv:hasContact")
        return facts.are([party], "dpv:DataController") and all(facts.values(party, field) for field in fields)

    return {
        record
        for record in facts.instances("qe:ConsentRecord")
        if not all(facts.values(record, field) for field in FIELDS)
        or not all(is_typed(text(one)) for one in facts.values(record, "dpv:hasPersonalData"))
        or not all(is_party(text(one)) for one in facts.values(record, "dpv:hasDataController"))
    }


def con_06(facts: Facts, day: str) -> set[str]:
    def is_named(flow: str, record: str) -> bool:
        recipients = {part for one in facts.names(flow, "qe:hasTarget") for part in facts.with_stream(one)}
        return bool(recipients & facts.names(record, "dpv:hasRecipient"))

    def covers(record: str, item: str) -> bool:
        names = {item, *facts.names(item, "qe:hasDataCategory"), *facts.names(item, "qe:isAbout")}
        return bool(names & facts.names(record, "dpv:hasPersonalData"))

    return {
        flow
        for flow in relying(facts)
        for record in records_of(facts, flow)
        if not is_named(flow, record)
        or any(
            TRUE in facts.values(item, "qe:hasDataCategory", "qe:isPersonal") and not covers(record, item)
            for item in facts.names(flow, "qe:carries")
        )
    }


def seconds(value: str) -> float | None:
    pattern = r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?"
    match = re.fullmatch(pattern, value)
    if not match:
        return None
    sizes = (360 * 86400, 30 * 86400, 86400, 3600, 60, 1)
    return sum(float(part or 0) * size for part, size in zip(match.groups(), sizes, strict=True))


def con_07(facts: Facts, day: str) -> set[str]:
    def is_within(flow: str, record: str) -> bool:
        agreed = facts.names(record, "dpv:hasPurpose")
        purposes = {text(one) for one in facts.values(flow, "dpv:hasPurpose")}
        return bool(purposes) and all(facts.broader(one) & agreed for one in purposes)

    def is_coarse_enough(flow: str, record: str) -> bool:
        for granted in facts.values(record, "qe:grantedGranularity"):
            least = seconds(text(granted))
            stated = [seconds(text(one)) for one in facts.values(flow, "qe:granularity")]
            if not stated or least is None or any(one is None or one < least for one in stated):
                return False
        return True

    return {
        flow
        for flow in relying(facts)
        for record in records_of(facts, flow)
        if not is_within(flow, record) or not is_coarse_enough(flow, record)
    }


def con_08(facts: Facts, day: str) -> set[str]:
    return {flow for flow in relying(facts) for record in records_of(facts, flow) if not stands(facts, record, day)}


CONSENT_ORACLES: dict[str, Callable[[Facts, str], set[str]]] = {
    "CON-01": con_01,
    "CON-02": con_02,
    "CON-03": con_03,
    "CON-04": con_04,
    "CON-05": con_05,
    "CON-06": con_06,
    "CON-07": con_07,
    "CON-08": con_08,
}
