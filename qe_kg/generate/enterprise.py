"""A made-up utility group of any size: divisions with value streams, stages, capabilities, systems and flows.

Most flows stay within a stream, most of the others within a division, so that a question about one part does not
drag in the whole. The zones, the categories of data and the evidence follow the part of the business that a stream
belongs to. Everything is drawn from one seeded source of chance, one element after the other: the same arguments
give the same triples in the same order, and memory does not grow with the number of flows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

NAMESPACE = "https://large-enterprise.example/id/"
PREFIX = "le"
#: One element: its name, and (property, object) pairs. Names are CURIEs, literals are written as in N-Triples, with
#: a CURIE for the datatype.
Node = tuple[str, list[tuple[str, str]]]

STAGES = 5
_STREAMS_A_DIVISION = 20
_FLOWS_A_STREAM = 50
_STAGE_NAMES = ("Receive Request", "Assess", "Plan", "Deliver", "Settle and Close")
_CONTROLLED = ("accuracy", "completeness", "consistency", "timeliness")
_TECHNOLOGIES = ("api", "etl", "message-queue", "file-transfer")
_LATENCIES = ("real-time", "near-real-time", "batch", "batch", "on-demand")


class _Business(NamedTuple):
    """A part of the business that value streams belong to."""

    code: str
    zone: str
    names: tuple[str, ...]
    subjects: tuple[str, ...]
    categories: tuple[str, ...]


_BUSINESSES = {
    "regulated": _Business(
        "REG", "regulated",
        ("Electric Delivery", "Gas Delivery", "Customer Service", "Billing", "Outage Restoration", "Meter Operations"),
        ("Meter Reading", "Outage Event", "Customer Account", "Grid State", "Work Order", "Service Request"),
        ("usage-data", "grid-operations-data", "customer-data", "grid-operations-data", "billing-data", "usage-data"),
    ),
    "non-regulated": _Business(
        "NRG", "non-regulated",
        ("Smart Home Delivery", "EV Charging Deployment", "Storage Leasing", "DER Aggregation", "Energy Advice"),
        ("Smart Device Data", "Offer", "Installation", "Market Bid", "Product Usage", "Sales Lead"),
        ("granular-device-data", "product-data", "product-data", "market-data", "product-data", "market-data"),
    ),
    "shared": _Business(
        "SHR", "shared",
        ("Financial Reporting", "Analytics Platform", "Workforce Management", "Procurement", "Strategic Planning"),
        ("Financial Transaction", "Insight", "Staff Record", "Purchase Order", "Strategic Objective", "Forecast"),
        ("financial-data", "strategy-data", "strategy-data", "financial-data", "strategy-data", "strategy-data"),
    ),
}  # fmt: skip
_ORDER = ("regulated", "non-regulated", "shared", "regulated", "regulated", "shared", "non-regulated")
_KINDS = ("transform", "generate", "combine", "analyse", "allocate", "transform", "generate", "aggregate", "anonymise")
_OUTSIDE = (
    ("customers", "Customers", None), ("regulators", "Regulators", "regulatory-reporting"),
    ("market-operators", "Market Operators", "market-participation"),
    ("technology-partners", "Technology Partners", "technology-partner"),
    ("suppliers", "Suppliers", None), ("emergency-services", "Emergency Services", None),
)  # fmt: skip
_PERMISSIONS = ("tariffed-service", "core-utility-function", "commission-approval", "equal-access", "legal-order")


class Defect(NamedTuple):
    """One fault that was built in on purpose: what kind, at which element, and the rule that should find it."""

    kind: str
    element: str
    rule: str


class _Stream(NamedTuple):
    number: int
    business: _Business
    name: str
    function: str | None

    @property
    def code(self) -> str:
        return f"{self.business.code}-{self.number:05}"

    @property
    def iri(self) -> str:
        return f"{PREFIX}:value-stream-{self.code.lower()}"

    def stage(self, number: int) -> str:
        return f"{PREFIX}:value-stream-stage-{self.code.lower()}-{number}"


def _label(text: str) -> tuple[str, str]:
    return ("skos:prefLabel", f'"{text}"@en')


@dataclass
class Enterprise:
    """A made-up enterprise.

    Attributes:
        flows: how many information flows it has; everything else follows from it.
        seed: the same seed gives the same enterprise.
        defect_rate: the share of the places where a fault is possible that get one.
        evidence: whether flows have control records, and statements of a source document behind them.
        defects: the faults built in so far; complete once `nodes` has been read to its end.

    """

    flows: int
    seed: int = 1
    defect_rate: float = 0.02
    evidence: bool = True
    defects: list[Defect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.streams = max(7, self.flows // _FLOWS_A_STREAM)
        self.divisions = max(1, self.streams // _STREAMS_A_DIVISION)
        self.systems = max(3, self.flows // 400)
        self.capabilities = max(12, self.flows // 200)

    # --- the parts ------------------------------------------------------------------------------------------

    def stream(self, number: int) -> _Stream:
        """Return the stream with a number, without reading others: all about it follows from its number."""
        business = _BUSINESSES[_ORDER[number % len(_ORDER)]]
        name = business.names[(number // len(_ORDER)) % len(business.names)]
        functions = {
            "Analytics Platform": "analytics", "Financial Reporting": "financial-reporting",
            "DER Aggregation": "der-aggregation", "Electric Delivery": "system-operations",
        }  # fmt: skip
        return _Stream(number, business, name, functions.get(name))

    def item(self, stream: _Stream, which: int) -> tuple[str, str, str]:
        """Return (name, label, category) of an item of a stream; a stream has as many as its business has subjects."""
        subject, category = stream.business.subjects[which], stream.business.categories[which]
        name = f"{PREFIX}:information-item-{stream.code.lower()}-{which + 1}"
        return name, f"{subject} of {stream.code}", category

    def nodes(self) -> Iterator[Node]:
        """Yield all elements."""
        self.defects.clear()
        chance = Random(self.seed)
        yield from self._frame()
        yield from self._capabilities(chance)
        for number in range(self.streams):
            yield from self._stream_nodes(self.stream(number), chance)
        yield from self._flow_nodes(chance)

    def _defective(self, chance: Random, kind: str, element: str, rule: str) -> bool:
        if chance.random() >= self.defect_rate:
            return False
        self.defects.append(Defect(kind, element, rule))
        return True

    def _frame(self) -> Iterator[Node]:
        """Yield what everything else refers to: units, stakeholders, concepts, permissions, the document."""
        yield f"{PREFIX}:business-unit-group", [("a", "qe:BusinessUnit"), _label("Group Management")]
        for number in range(self.divisions):
            yield self._division(number), [
                ("a", "qe:BusinessUnit"), _label(f"Division {number}"),
                ("qe:isUnitOf", f"{PREFIX}:business-unit-group"),
            ]  # fmt: skip
        for name, label, function in _OUTSIDE:
            yield f"{PREFIX}:stakeholder-{name}", [
                ("a", "qe:Stakeholder"), _label(label),
                ("qe:hasStakeholderScope", "qev:stakeholder-scope-external"), ("qe:inZone", "qev:zone-external"),
                *([("qe:performsFunction", f"qev:participant-function-{function}")] if function else []),
            ]  # fmt: skip
        for business in _BUSINESSES.values():
            yield f"{PREFIX}:information-domain-{business.zone}", [
                ("a", "qe:InformationDomain"), _label(f"{business.zone.capitalize()} information"),
            ]  # fmt: skip
            for subject in business.subjects:
                yield self._concept(subject), [
                    ("a", "qe:InformationConcept"), _label(subject),
                    ("qe:isInDomain", f"{PREFIX}:information-domain-{business.zone}"),
                ]  # fmt: skip
        for kind in _PERMISSIONS:
            yield f"{PREFIX}:permission-basis-{kind}", [
                ("a", "qe:PermissionBasis"), _label(f"Permission {kind}"),
                ("qe:hasPermissionKind", f"qev:permission-kind-{kind}"), ("qe:citation", f'"Invented order, {kind}"'),
            ]  # fmt: skip
        yield f"{PREFIX}:agent-group", [("a", "prov:Agent"), ("a", "dpv:DataController"), _label("The group")]
        yield f"{PREFIX}:source-document-1", [
            ("a", "qe:SourceDocument"), _label("Invented description of flows"),
            ("dcterms:title", '"Invented description of flows"@en'),
        ]  # fmt: skip

    def _capabilities(self, chance: Random) -> Iterator[Node]:
        """Yield a tree of three levels and the systems that support its leaves."""
        for number in range(self.systems):
            yield self._system(number), [
                ("a", "qe:InformationSystem"), _label(f"System {number}"), ("qe:inZone", "qev:zone-shared"),
            ]  # fmt: skip
        tops, middles = 4, max(8, self.capabilities // 8)
        for level, number, above in (
            *((1, number, None) for number in range(tops)),
            *((2, number, f"1-{number % tops}") for number in range(middles)),
            *((3, number, f"2-{number % middles}") for number in range(self.capabilities)),
        ):
            more = [("qe:hasParentCapability", f"{PREFIX}:capability-{above}")] if above else []
            if level == 3:
                more.append(("qe:isSupportedBy", self._system(chance.randrange(self.systems))))
            yield f"{PREFIX}:capability-{level}-{number}", [
                ("a", "qe:Capability"), _label(f"Capability {level}.{number}"), ("qe:inZone", "qev:zone-shared"),
                ("qe:isAtLevel", f"qev:capability-level-l{level}"), *more,
            ]  # fmt: skip

    def _stream_nodes(self, stream: _Stream, chance: Random) -> Iterator[Node]:
        owner = ("qe:isOwnedBy", self._division(stream.number // _STREAMS_A_DIVISION % self.divisions))
        is_lost = self._defective(chance, "stream without owner", stream.iri, "SEP-01")
        yield stream.iri, [
            ("a", "qe:ValueStream"), _label(f"{stream.name} {stream.number}"), ("skos:notation", f'"{stream.code}"'),
            ("qe:inZone", f"qev:zone-{stream.business.zone}"), *([] if is_lost else [owner]),
            *([("qe:performsFunction", f"qev:participant-function-{stream.function}")] if stream.function else []),
        ]  # fmt: skip
        for number in range(1, STAGES + 1):
            yield stream.stage(number), [
                ("a", "qe:ValueStreamStage"), _label(f"{_STAGE_NAMES[number - 1]}, {stream.code}"),
                ("skos:notation", f'"{stream.code}.{number}"'), ("qe:isStageOf", stream.iri),
                ("qe:stageOrder", f'"{number}"^^xsd:integer'), ("qe:entryCriterion", '"The stage before has ended."'),
                ("qe:exitCriterion", '"The result is handed over."'),
                ("qe:isEnabledBy", f"{PREFIX}:capability-3-{chance.randrange(self.capabilities)}"),
            ]  # fmt: skip
        items = [self.item(stream, which) for which in range(len(stream.business.subjects))]
        for which, (name, label, category) in enumerate(items):
            yield name, [
                ("a", "qe:InformationItem"), _label(label),
                ("qe:isAbout", self._concept(stream.business.subjects[which])),
                ("qe:hasDataCategory", f"qev:data-category-{category}"),
            ]  # fmt: skip
        for number in range(1, STAGES + 1):
            if chance.random() < 0.6:
                made_from, made = chance.sample(items, 2)
                yield f"{PREFIX}:derivation-{stream.code.lower()}-{number}", [
                    ("a", "qe:Derivation"), _label(f"Derivation at {stream.code}.{number}"),
                    ("qe:isDerivedAt", stream.stage(number)), ("qe:takesInput", made_from[0]),
                    ("qe:givesOutput", made[0]),
                    ("qe:hasDerivationKind", f"qev:derivation-kind-{chance.choice(_KINDS)}"),
                ]  # fmt: skip

    # --- the flows ------------------------------------------------------------------------------------------

    def _flow_nodes(self, chance: Random) -> Iterator[Node]:
        told: list[str] = []
        for number in range(self.flows):
            stream = self.stream(number * self.streams // self.flows)
            source, target, zone, function = self._ends(stream, number, chance)
            name = f"{PREFIX}:flow-{number}"
            items = [self.item(stream, chance.randrange(len(stream.business.subjects)))]
            if chance.random() < 0.1:
                items.append(self.item(stream, chance.randrange(len(stream.business.subjects))))
            items = list(dict.fromkeys(items))
            about: list[tuple[str, str]] = [
                ("a", "qe:InformationFlow"), _label(f"{items[0][1]}, flow {number}"),
                ("qe:hasSource", source), ("qe:hasTarget", target), *(("qe:carries", one[0]) for one in items),
            ]  # fmt: skip
            if self.evidence:
                record, consent = self._record(name, stream, zone, target, items, function, chance)
                about += record
                yield from consent
                told.append(name)
                if len(told) == 10 or number + 1 == self.flows:
                    yield self._statement(number // 10 + 1, told, chance)
                    told = []
            yield name, about

    def _ends(self, stream: _Stream, number: int, chance: Random) -> tuple[str, str, str, str | None]:
        """Draw the source, the target, and the zone and the function of the target of a flow of a stream."""
        at = number % STAGES + 1
        source, roll = stream.stage(at), chance.random()
        zone, function = stream.business.zone, stream.function
        if roll < 0.55:  # on to the next stage; from the last one back to the start now and then
            onward = at % STAGES + 1 if at < STAGES or roll < 0.1 else chance.randrange(1, STAGES)
            return source, stream.stage(onward), zone, function
        if roll < 0.88:
            division = stream.number // _STREAMS_A_DIVISION
            if roll < 0.83:
                low = division * _STREAMS_A_DIVISION
                other = self.stream(low + chance.randrange(min(_STREAMS_A_DIVISION, self.streams - low)))
            else:
                other = self.stream(chance.randrange(self.streams))
            if other.number == stream.number:
                other = self.stream((stream.number + 1) % self.streams)
            return source, other.stage(chance.randrange(1, STAGES + 1)), other.business.zone, other.function
        if roll < 0.96:
            inside = self._system(chance.randrange(self.systems)) if roll < 0.92 else (
                f"{PREFIX}:capability-3-{chance.randrange(self.capabilities)}"
            )  # fmt: skip
            if chance.random() < 0.5:
                return source, inside, "shared", None
            return inside, source, zone, function
        outside = f"{PREFIX}:stakeholder-{_OUTSIDE[chance.randrange(len(_OUTSIDE))][0]}"
        return (source, outside, "external", None) if roll < 0.98 else (outside, source, zone, function)

    def _record(
        self, name: str, stream: _Stream, zone: str, target: str, items: list[tuple[str, str, str]],
        function: str | None, chance: Random,
    ) -> tuple[list[tuple[str, str]], list[Node]]:  # fmt: skip
        """Return the control record of a flow, and the consent record that it needs."""
        record = [
            ("qe:usesTechnology", f"qev:integration-technology-{chance.choice(_TECHNOLOGIES)}"),
            ("qe:assuresQuality", f"qev:quality-dimension-{chance.choice(_CONTROLLED)}"),
            ("qe:hasDisclosureMode", f"qev:disclosure-mode-{_mode(stream.business.zone, zone)}"),
            ("qe:isOwnedBy", self._division(stream.number // _STREAMS_A_DIVISION % self.divisions)),
        ]
        if not self._defective(chance, "flow without latency class", name, "DQ-01"):
            record.append(("qe:hasLatencyClass", f"qev:latency-class-{chance.choice(_LATENCIES)}"))
            record.append(("qe:greatestLatency", '"PT1H"^^xsd:duration'))
        crosses = stream.business.zone == "regulated" and zone == "non-regulated"
        if crosses and not self._defective(chance, "crossing without permission", name, "SEP-02"):
            record.append(("qe:isPermittedBy", f"{PREFIX}:permission-basis-{chance.choice(_PERMISSIONS)}"))
        granular = [one for one in items if one[2] == "granular-device-data"]
        if not granular or function not in ("analytics", "der-aggregation"):
            return record, []
        if self._defective(chance, "device data without consent", name, "CON-01"):
            return record, []
        consent = f"{PREFIX}:consent-record-{name.rpartition('-')[2]}"
        is_withdrawn = self._defective(chance, "device data after consent was withdrawn", name, "CON-08")
        status = "ConsentWithdrawn" if is_withdrawn else "ConsentGiven"
        record.append(("qe:isCoveredByConsent", consent))
        return record, [(consent, _consent(consent, granular[0][0], target, status))]

    def _statement(self, line: int, told: list[str], chance: Random) -> Node:
        return f"{PREFIX}:flow-statement-{line}", [
            ("a", "qe:FlowStatement"), _label(f"Statement at line {line}"),
            ("qe:isInDocument", f"{PREFIX}:source-document-1"), ("qe:atLine", f'"{line}"^^xsd:integer'),
            ("qe:wording", f'"Invented sentence {line}."'),
            ("qe:medium", f"qev:medium-{'diagram' if chance.random() < 0.4 else 'prose'}"),
            ("qe:modality", "qev:modality-asserted"), *(("qe:statesFlow", one) for one in told),
        ]  # fmt: skip

    # --- names ----------------------------------------------------------------------------------------------

    @staticmethod
    def _division(number: int) -> str:
        return f"{PREFIX}:business-unit-division-{number}"

    @staticmethod
    def _system(number: int) -> str:
        return f"{PREFIX}:information-system-{number}"

    @staticmethod
    def _concept(subject: str) -> str:
        return f"{PREFIX}:information-concept-{subject.lower().replace(' ', '-')}"


def _mode(source: str, target: str) -> str:
    if source == "shared" and target == "non-regulated":
        return "aggregated"
    return "customer-specific" if source != "shared" else "aggregated" if target == "external" else "customer-specific"


def _consent(name: str, item: str, recipient: str, status: str) -> list[tuple[str, str]]:
    number = name.rpartition("-")[2]
    return [
        ("a", "qe:ConsentRecord"), _label(f"Consent {number}"), ("dcterms:identifier", f'"LE-{number}"'),
        ("dcterms:conformsTo", "<https://w3id.org/dpv/schema/dpv-27560#record>"), ("dcterms:language", '"en"'),
        ("dcterms:date", '"2026-01-15"^^xsd:date'), ("dcterms:valid", '"2035-12-31"^^xsd:date'),
        ("qe:validFrom", '"2026-01-15"^^xsd:date'), ("qe:validUntil", '"2035-12-31"^^xsd:date'),
        ("dpv:hasDataSubject", f"{PREFIX}:stakeholder-customers"), ("dpv:hasNotice", f"{PREFIX}:source-document-1"),
        ("dpv:hasPurpose", "dpv:ServicePersonalisation"), ("dpv:hasPersonalData", item),
        ("dpv:hasDataController", f"{PREFIX}:agent-group"),
        ("dpv:hasStorageCondition", f"{PREFIX}:source-document-1"), ("dpv:hasJurisdiction", "qev:jurisdiction-generic"),
        ("dpv:hasRecipient", recipient), ("dpv:hasConsentControl", "dpv:WithdrawConsent"),
        ("dpv:hasConsentStatus", f"dpv:{status}"), ("dpv:hasLegalBasis", "dpv:ExplicitlyExpressedConsent"),
        ("qe:isFreelyGiven", '"true"^^xsd:boolean'), ("qe:isConditionOfService", '"false"^^xsd:boolean'),
        ("qe:hasGivingChannel", "qev:channel-app"), ("qe:hasWithdrawalChannel", "qev:channel-app"),
    ]  # fmt: skip
