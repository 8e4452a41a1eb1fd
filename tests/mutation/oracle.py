"""What the rules of separation, finance and reporting say, in plain Python.

Written from the statements of the rules and not from their shapes, so that both can be wrong in different ways only.
Each function gives the places at which its rule is broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.mutation.facts import FALSE, INSIDE, TRUE, ZONES, Facts

Oracle = Callable[[Facts], set[str]]
UTILITY = {"regulated", "shared"}
MARKETING = {"marketing", "market-participation"}


def flows(facts: Facts) -> set[str]:
    return facts.instances("qe:InformationFlow")


def crosses(facts: Facts, flow: str) -> bool:
    """The flow leads from a zone to another; where an end has no zone, nobody can tell."""
    there = facts.enters(flow)
    return facts.is_known(flow, "qe:hasTarget", ZONES) and any(zone not in there for zone in facts.leaves(flow))


def to_affiliate(facts: Facts, flow: str) -> bool:
    """From the utility or what it shares to its non-regulated side."""
    return bool(facts.leaves(flow) & UTILITY) and "non-regulated" in facts.enters(flow)


def sep_01(facts: Facts) -> set[str]:
    zoneless = {
        one
        for one in facts.instances("qe:Participant")
        if facts.holders("qe:hasSource", one) | facts.holders("qe:hasTarget", one)
        if len({zone for part in facts.with_stream(one) for zone in facts.values(part, "qe:inZone")}) != 1
    }
    return zoneless | {one for one in facts.instances("qe:ValueStream") if len(facts.values(one, "qe:isOwnedBy")) != 1}


def sep_02(facts: Facts) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if "regulated" in facts.leaves(flow) and "non-regulated" in facts.enters(flow)
        if not facts.are(facts.values(flow, "qe:isPermittedBy"), "qe:PermissionBasis")
    }


def sep_05(facts: Facts) -> set[str]:
    def is_shown(flow: str) -> bool:
        statements = facts.values(flow, "qe:hasAccessStatement") | facts.end(
            flow, "qe:hasTarget", "qe:hasAccessStatement"
        )
        said = {v for one in statements if isinstance(one, str) for v in facts.values(one, "qe:grantsPrivilegedAccess")}
        return facts.are(statements, "qe:AccessStatement") and said == {FALSE}

    return {
        flow
        for flow in flows(facts)
        if "regulated" in facts.leaves(flow) and facts.functions(flow, "qe:hasTarget") & MARKETING
        if not is_shown(flow)
    }


def sep_06(facts: Facts) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if to_affiliate(facts, flow) and facts.categories(flow) & {"grid-operations-data", "market-data"}
        if not (
            facts.are(facts.values(flow, "qe:isPostedAs"), "qe:EqualAccessPosting")
            and facts.values(flow, "qe:isPostedAs", "qe:postedOn")
            and facts.values(flow, "qe:isPostedAs", "qe:location")
        )
    }


def sep_07(facts: Facts) -> set[str]:
    def served(hub: str) -> set[str]:
        parts = {hub, *facts.holders("qe:isStageOf", hub)}
        return {zone for part in parts for flow in facts.holders("qe:hasTarget", part) for zone in facts.leaves(flow)}

    systems = facts.instances("qe:InformationSystem")
    return {
        hub
        for hub in facts.instances("qe:Participant")
        if hub in systems or "qev:participant-function-analytics" in facts.values(hub, "qe:performsFunction")
        if {"regulated", "non-regulated"} <= served(hub)
        if not facts.are(facts.values(hub, "qe:hasSharedServiceBasis"), "qe:PermissionBasis")
        or TRUE not in facts.values(hub, "qe:isPartitioned")
    }


def sep_08(facts: Facts) -> set[str]:
    broken = set()
    for flow in flows(facts):
        said = facts.values(flow, "qe:holdsRestrictedPayload")
        if "shared" in facts.leaves(flow) and not said:
            broken.add(flow)
        allowed = facts.are(facts.values(flow, "qe:isPermittedBy"), "qe:PermissionBasis") or facts.are(
            facts.values(flow, "qe:isCoveredByConsent"), "qe:ConsentRecord"
        )
        if "shared" in facts.leaves(flow) and "non-regulated" in facts.enters(flow) and TRUE in said and not allowed:
            broken.add(flow)
    return broken


def sep_09(facts: Facts) -> set[str]:
    def serves_something_else(flow: str) -> bool:
        purposes = facts.names(flow, "dpv:hasPurpose")
        return bool(purposes) and not any("dpv:Marketing" in facts.broader(one) for one in purposes)

    return {
        flow
        for flow in flows(facts)
        if to_affiliate(facts, flow) and facts.is_personal(flow) and not facts.hides_customers(flow)
        if not facts.are(facts.values(flow, "qe:isCoveredByConsent"), "qe:ConsentRecord")
        and not serves_something_else(flow)
    }


def sep_10(facts: Facts) -> set[str]:
    agreed = {"qev:agreement-kind-interconnection", "qev:agreement-kind-demand-response"}
    return {
        flow
        for flow in flows(facts)
        if "non-regulated" in facts.leaves(flow) and "regulated" in facts.enters(flow)
        if "control-command" in facts.categories(flow)
        if not agreed & facts.names(flow, "qe:isGovernedBy", "qe:hasAgreementKind")
    }


def sep_11(facts: Facts) -> set[str]:
    written = {"qev:channel-paper", "qev:channel-web", "qev:channel-app"}

    def rests_on_consent(flow: str) -> bool:
        kinds = facts.values(flow, "qe:isPermittedBy", "qe:hasPermissionKind")
        return bool(facts.values(flow, "qe:isCoveredByConsent")) or "qev:permission-kind-customer-consent" in kinds

    def is_in_order(flow: str) -> bool:
        channels = facts.values(flow, "qe:isCoveredByConsent", "qe:hasGivingChannel")
        return (
            bool(channels)
            and channels <= written
            and facts.are(facts.values(flow, "qe:isPostedAs"), "qe:EqualAccessPosting")
            and TRUE in facts.values(flow, "qe:isPostedAs", "qe:statesNoPreference")
        )

    return {
        flow
        for flow in flows(facts)
        if "regulated" in facts.leaves(flow)
        if TRUE in facts.values(flow, "qe:carries", "qe:isTransmissionInformation")
        if rests_on_consent(flow) and not is_in_order(flow)
    }


def sep_12(facts: Facts) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if crosses(facts, flow)
        if not facts.are(facts.values(flow, "qe:carries", "qe:hasDataCategory"), "qe:DataCategory")
    }


def into_the_books(facts: Facts) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if facts.leaves(flow) & {"regulated", "non-regulated"}
        if "financial-reporting" in facts.functions(flow, "qe:hasTarget") and "financial-data" in facts.categories(flow)
    }


def fin_01(facts: Facts) -> set[str]:
    return {
        flow
        for flow in into_the_books(facts)
        if not facts.are(facts.values(flow, "qe:hasSegment"), "qe:Segment")
        or not facts.values(flow, "qe:ledgerAccount")
    }


def fin_02(facts: Facts) -> set[str]:
    fields = ("qe:citation", "qe:allocationDriver", "qe:documentVersion")
    return {
        flow
        for flow in into_the_books(facts)
        if not facts.are(facts.values(flow, "qe:isAllocatedBy"), "qe:CostAllocationMethod")
        or not all(facts.values(flow, "qe:isAllocatedBy", field) for field in fields)
    }


def fin_03(facts: Facts) -> set[str]:
    def is_allocated(flow: str) -> bool:
        makers = {m for item in facts.names(flow, "qe:carries") for m in facts.holders("qe:givesOutput", item)}
        allocated = any("qev:derivation-kind-allocate" in facts.values(m, "qe:hasDerivationKind") for m in makers)
        return allocated or bool(facts.values(flow, "qe:isAllocatedBy"))

    def inbound(case: str) -> set[str]:
        parts = {case, *facts.holders("qe:isStageOf", case)}
        return {flow for part in parts for flow in facts.holders("qe:hasTarget", part)}

    return {
        case
        for case in facts.instances("qe:Participant")
        if "qev:participant-function-rate-case" in facts.values(case, "qe:performsFunction")
        if not any(
            "financial-reporting" in facts.functions(flow, "qe:hasSource") and is_allocated(flow)
            for flow in inbound(case)
        )
    }


def is_three_years(text: str) -> bool:
    years = re.match(r"P(\d+)Y", text)
    months = re.match(r"P(\d+)M", text)
    days = re.match(r"P(\d+)D", text)
    return bool((years and int(years[1]) >= 3) or (months and int(months[1]) >= 36) or (days and int(days[1]) >= 1096))


def fin_05(facts: Facts) -> set[str]:
    def is_recorded(flow: str) -> bool:
        fields = ("qe:transactionDate", "qe:namesAffiliate", "qe:responsibleEmployee", "dcterms:description")
        kept = facts.values(flow, "qe:isRecordedIn", "qe:retentionPeriod")
        return (
            facts.are(facts.values(flow, "qe:isRecordedIn"), "qe:TransactionRecord")
            and all(facts.values(flow, "qe:isRecordedIn", field) for field in fields)
            and bool(kept)
            and all(is_three_years(one if isinstance(one, str) else one.text) for one in kept)
        )

    return {
        flow
        for flow in flows(facts)
        if to_affiliate(facts, flow) or ("non-regulated" in facts.leaves(flow) and "regulated" in facts.enters(flow))
        if not is_recorded(flow)
    }


def rep_01(facts: Facts) -> set[str]:
    def is_fed(flow: str) -> bool:
        reporters = {part for one in facts.names(flow, "qe:hasSource") for part in facts.with_stream(one)}
        parts = reporters | {stage for one in reporters for stage in facts.holders("qe:isStageOf", one)}
        return any(facts.leaves(inbound) & INSIDE for part in parts for inbound in facts.holders("qe:hasTarget", part))

    return {
        flow
        for flow in flows(facts)
        if facts.comes_from_inside(flow)
        if "regulation" in facts.functions(flow, "qe:hasTarget") and not is_fed(flow)
    }


def rep_02(facts: Facts) -> set[str]:
    def reached(flow: str) -> set[str]:
        items, left = set(facts.names(flow, "qe:carries")), list(facts.names(flow, "qe:carries"))
        while left:
            makers = facts.holders("qe:takesInput", left.pop())
            new = {made for maker in makers for made in facts.names(maker, "qe:givesOutput")} - items
            items |= new
            left += new
        carriers = {carrier for item in items for carrier in facts.holders("qe:carries", item)}
        return {target for carrier in carriers for target in facts.names(carrier, "qe:hasTarget")}

    def is_inside(participant: str) -> bool:
        zones = {z for part in facts.with_stream(participant) for z in facts.values(part, "qe:inZone")}
        return bool(zones) and {str(z).removeprefix("qev:zone-") for z in zones} <= INSIDE

    def policies(flow: str) -> set[str]:
        governed = {flow, *facts.names(flow, "qe:carries")}
        return {policy for one in governed for policy in facts.holders("qe:governs", one)}

    return {
        flow
        for flow in flows(facts)
        if "regulation" in facts.functions(flow, "qe:hasSource")
        if facts.goes_inside(flow)
        if sum(is_inside(one) for one in reached(flow)) < 2 and not facts.are(policies(flow), "qe:Policy")
    }


def rep_03(facts: Facts) -> set[str]:
    return {
        flow
        for flow in flows(facts)
        if facts.comes_from_inside(flow) and facts.goes_inside(flow)
        if crosses(facts, flow)
        if not facts.are(facts.values(flow, "qe:isOwnedBy"), "qe:BusinessUnit")
        or not facts.values(flow, "dcterms:description")
        or not facts.are(facts.values(flow, "qe:isAllocatedBy"), "qe:CostAllocationMethod")
    }


ORACLES: dict[str, Oracle] = {
    "SEP-01": sep_01,
    "SEP-02": sep_02,
    "SEP-05": sep_05,
    "SEP-06": sep_06,
    "SEP-07": sep_07,
    "SEP-08": sep_08,
    "SEP-09": sep_09,
    "SEP-10": sep_10,
    "SEP-11": sep_11,
    "SEP-12": sep_12,
    "FIN-01": fin_01,
    "FIN-02": fin_02,
    "FIN-03": fin_03,
    "FIN-05": fin_05,
    "REP-01": rep_01,
    "REP-02": rep_02,
    "REP-03": rep_03,
}
