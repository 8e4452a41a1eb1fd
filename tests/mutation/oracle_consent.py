"""What the rules of consent say, in plain Python. See `tests.mutation.oracle`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from tests.mutation.facts import FALSE, TRUE, Facts, Value
from tests.mutation.oracle import flows, to_affiliate

CONSUMPTION = {"usage-data", "granular-device-data"}
WITHOUT_CONSENT = {
    "qev:permission-kind-tariffed-service",
    "qev:permission-kind-operation-and-maintenance",
    "qev:permission-kind-core-utility-function",
    "qev:permission-kind-legal-order",
    "qev:permission-kind-commission-proceeding",
    "qev:permission-kind-emergency",
    "qev:permission-kind-commission-approval",
}
WRITTEN = {f"qev:channel-{channel}" for channel in ("paper", "web", "app")}


def text(value: object) -> str:
    return value.text if isinstance(value, Value) else str(value)


def stands(facts: Facts, record: str, day: str) -> bool:
    """The consent was given and not taken back, and the day is within its period."""
    statuses = facts.values(record, "dpv:hasConsentStatus")
    given, valid = facts.values(record, "dcterms:date"), facts.values(record, "dcterms:valid")
    starts = [day_of(text(one)) for one in given | facts.values(record, "qe:validFrom")]
    ends = [day_of(text(one)) for one in valid | facts.values(record, "qe:validUntil")]
    return (
        bool(statuses)
        and statuses <= {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"}
        and bool(given)
        and bool(valid)
        and all(one is not None and one <= date.fromisoformat(day) for one in starts)
        and all(one is not None and date.fromisoformat(day) <= one for one in ends)
    )


def day_of(value: str) -> date | None:
    """The day of a date or a moment; what is no date shows nothing."""
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


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
    def is_coarse(flow: str) -> bool:
        stated = facts.values(flow, "qe:granularity")
        return bool(stated) and all(is_monthly(text(one)) for one in stated)

    return {
        flow
        for flow in flows(facts)
        if facts.comes_from_inside(flow) and facts.categories(flow) & CONSUMPTION
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
    *("dcterms:conformsTo", "dcterms:identifier", "dpv:hasDataSubject", "dpv:hasNotice", "dcterms:language"),
    *("dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasDataController", "dpv:hasStorageCondition"),
    *("qe:retentionPeriod", "dpv:hasJurisdiction", "dpv:hasRecipient", "dpv:hasConsentControl", "dcterms:date"),
    *("dcterms:valid", "dpv:isImplementedByEntity", "dpv:hasLegalBasis", "dpv:hasConsentStatus"),
)


def con_05(facts: Facts, day: str) -> set[str]:
    def is_typed(data: str) -> bool:
        return any(
            "qe:DataCategory" in facts.names(one, "rdf:type")
            for one in {data, *facts.names(data, "qe:hasDataCategory")}
        )

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


def relied_on(facts: Facts) -> set[str]:
    return {one for one in facts.instances("qe:ConsentRecord") if facts.holders("qe:isCoveredByConsent", one)}


def con_09(facts: Facts, day: str) -> set[str]:
    return {
        record
        for record in relied_on(facts)
        if not facts.values(record, "qe:hasGivingChannel") & facts.values(record, "qe:hasWithdrawalChannel")
    }


def con_10(facts: Facts, day: str) -> set[str]:
    return {
        record
        for record in relied_on(facts)
        if TRUE not in facts.values(record, "qe:isFreelyGiven")
        or FALSE not in facts.values(record, "qe:isConditionOfService")
    }


def con_11(facts: Facts, day: str) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if facts.categories(flow) & CONSUMPTION
        if "external" in facts.enters(flow)
        or "technology-partner" in facts.functions(flow, "qe:hasSource")
        or to_affiliate(facts, flow)
        if "qev:consideration-none" not in facts.values(flow, "qe:hasConsideration")
    }


def con_12(facts: Facts, day: str) -> set[str]:
    def is_bound(flow: str) -> bool:
        return any(
            facts.are([one], "qe:Agreement") and TRUE in facts.values(one, "qe:hasSecondaryUseClause")
            for one in facts.names(flow, "qe:isGovernedBy")
        )

    return {
        flow
        for flow in flows(facts)
        if facts.is_personal(flow) and not facts.hides_customers(flow)
        if "technology-partner" in facts.functions(flow, "qe:hasTarget")
        if not is_bound(flow) or not facts.are(facts.values(flow, "qe:isCoveredByConsent"), "qe:ConsentRecord")
    }


def con_13(facts: Facts, day: str) -> set[str]:
    def is_long(value: str) -> bool:
        match = re.match(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?", value)
        years, months, days = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
        return years >= 1 or months >= 6 or (months == 0 and days >= 180)

    return {
        record
        for record in facts.instances("qe:ConsentRecord")
        if not facts.values(record, "qe:retentionAfterExpiry")
        or not all(is_long(text(one)) for one in facts.values(record, "qe:retentionAfterExpiry"))
    }


#: Article 6 as the Data Privacy Vocabulary has it, in general terms and in those of its extension for the regulation.
LEGAL_BASES = {
    *("dpv:Consent", "dpv:InformedConsent", "dpv:ExpressedConsent", "dpv:ExplicitlyExpressedConsent", "dpv:Contract"),
    *("dpv:ContractPerformance", "dpv:EnterIntoContract", "dpv:LegalObligation", "dpv:VitalInterest"),
    *("dpv:VitalInterestOfDataSubject", "dpv:VitalInterestOfNaturalPerson", "dpv:PublicInterest"),
    *("dpv:OfficialAuthorityOfController", "dpv:LegitimateInterest", "dpv:LegitimateInterestOfController"),
    "dpv:LegitimateInterestOfThirdParty",
}
ARTICLE_6 = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-"


def con_14(facts: Facts, day: str) -> set[str]:
    def is_based(flow: str) -> bool:
        bases = {text(one) for one in facts.values(flow, "dpv:hasLegalBasis")}
        return bool(bases) and all(one in LEGAL_BASES or one.startswith(ARTICLE_6) for one in bases)

    return {
        flow
        for flow in flows(facts)
        if facts.is_personal(flow) and not facts.hides_customers(flow) and not is_based(flow)
    }


def con_15(facts: Facts, day: str) -> set[str]:
    def may_be_personal(item: str) -> bool:
        return facts.values(item, "qe:hasDataCategory", "qe:isPersonal") != {FALSE}

    def numbers(flow: str, predicate: str) -> list[float | None]:
        return [number(text(one)) for one in facts.values(flow, predicate)]

    def is_grouped(flow: str) -> bool:
        modes = facts.values(flow, "qe:hasDisclosureMode")
        groups, shares = numbers(flow, "qe:smallestGroup"), numbers(flow, "qe:largestShare")
        return (
            bool(modes)
            and modes <= {"qev:disclosure-mode-aggregated", "qev:disclosure-mode-anonymized"}
            and bool(groups)
            and all(one is not None and one >= 15 for one in groups)
            and bool(shares)
            and all(one is not None and one <= 0.15 for one in shares)
        )

    return {
        flow
        for flow in flows(facts)
        if "analytics" in facts.functions(flow, "qe:hasSource") and "non-regulated" in facts.enters(flow)
        if any(may_be_personal(item) for item in facts.names(flow, "qe:carries"))
        if "qev:disclosure-mode-public" not in facts.values(flow, "qe:hasDisclosureMode") and not is_grouped(flow)
    }


def number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def con_16(facts: Facts, day: str) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if "granular-device-data" in facts.categories(flow) and not facts.hides_customers(flow)
        if not facts.are(facts.values(flow, "dpv:hasAssessment"), "qe:Assessment")
    }


def dq_01(facts: Facts, day: str) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if not facts.values(flow, "qe:hasLatencyClass") or not facts.values(flow, "qe:greatestLatency")
    }


def dq_02(facts: Facts, day: str) -> set[str]:
    asked = {f"qev:quality-dimension-{one}" for one in ("accuracy", "completeness", "consistency")}
    return {flow for flow in flows(facts) if not asked <= facts.values(flow, "qe:assuresQuality")}


def dq_03(facts: Facts, day: str) -> set[str]:
    technology = "qe:IntegrationTechnology"
    return {flow for flow in flows(facts) if not facts.are(facts.values(flow, "qe:usesTechnology"), technology)}


def dq_04(facts: Facts, day: str) -> set[str]:
    def is_used(concept: str) -> bool:
        return any(facts.holders("qe:carries", item) for item in facts.holders("qe:isAbout", concept))

    return {
        concept
        for concept in facts.instances("qe:InformationConcept")
        if TRUE in facts.values(concept, "qe:isMasterData")
        if len(facts.values(concept, "qe:hasSystemOfRecord")) != 1 or not is_used(concept)
    }


def dq_05(facts: Facts, day: str) -> set[str]:
    return {
        item
        for item in facts.instances("qe:InformationItem")
        if len(facts.holders("qe:carries", item)) > 1 and not facts.values(item, "qe:discriminator")
    }


CONSENT_ORACLES: dict[str, Callable[[Facts, str], set[str]]] = {
    "CON-01": con_01,
    "CON-02": con_02,
    "CON-03": con_03,
    "CON-04": con_04,
    "CON-05": con_05,
    "CON-06": con_06,
    "CON-07": con_07,
    "CON-08": con_08,
    "CON-09": con_09,
    "CON-10": con_10,
    "CON-11": con_11,
    "CON-12": con_12,
    "CON-13": con_13,
    "CON-14": con_14,
    "CON-15": con_15,
    "CON-16": con_16,
    "DQ-01": dq_01,
    "DQ-02": dq_02,
    "DQ-03": dq_03,
    "DQ-04": dq_04,
    "DQ-05": dq_05,
}
