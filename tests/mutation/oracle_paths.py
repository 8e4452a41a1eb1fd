"""What the path rules say, in plain Python: one walk over (flow, item) from each flow that can begin a path.

Slow and plain on purpose: every step is decided anew from the triples. The product goes over states in one pass.
A finding is the pair of the flow that begins a path and the flow that ends it, and whether a path of declared steps
alone leads from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.mutation.facts import FALSE, TRUE, Facts
from tests.mutation.oracle_consent import stands

Finding = tuple[str, str, str, bool]  # rule, first flow, last flow, whether declared
MARKETING = {"qev:participant-function-marketing", "qev:participant-function-market-participation"}
OPEN = {"qev:disclosure-mode-aggregated", "qev:disclosure-mode-anonymized", "qev:disclosure-mode-public"}


class World:
    """The flows between participants, a stage counted as its value stream unless it is in another zone."""

    def __init__(self, facts: Facts, day: str) -> None:
        self.facts = facts
        self.flows = sorted(facts.instances("qe:InformationFlow"))
        self.source = {flow: self.home(one) for flow in self.flows for one in facts.names(flow, "qe:hasSource")}
        self.target = {flow: self.home(one) for flow in self.flows for one in facts.names(flow, "qe:hasTarget")}
        self.flows = [flow for flow in self.flows if flow in self.source and flow in self.target]
        self.items = {flow: facts.names(flow, "qe:carries") for flow in self.flows}
        self.out: dict[str, list[str]] = {}
        for flow in self.flows:
            self.out.setdefault(self.source[flow], []).append(flow)
        #: (participant, input, output) → the kinds of each derivation that says so
        self.derived: dict[tuple[str, str, str], list[frozenset[str]]] = {}
        for one in facts.subjects("qe:isDerivedAt"):
            for at in facts.names(one, "qe:isDerivedAt"):
                for before in facts.names(one, "qe:takesInput"):
                    for after in facts.names(one, "qe:givesOutput"):
                        kinds = facts.names(one, "qe:hasDerivationKind")
                        self.derived.setdefault((self.home(at), before, after), []).append(kinds)
        self.free = {
            flow
            for flow in self.flows
            if FALSE in facts.values(flow, "qe:holdsRestrictedPayload")
            or OPEN & facts.names(flow, "qe:hasDisclosureMode")
        }
        self.consented = {
            flow
            for flow in self.flows
            if facts.values(flow, "qe:isCoveredByConsent")
            and all(
                "qe:ConsentRecord" in facts.names(str(record), "rdf:type") and stands(facts, str(record), day)
                for record in facts.values(flow, "qe:isCoveredByConsent")
            )
        }

    def home(self, participant: str) -> str:
        for stream in self.facts.names(participant, "qe:isStageOf"):
            own = self.facts.names(participant, "qe:inZone")
            if not own or own == self.facts.names(stream, "qe:inZone"):
                return stream
        return participant

    def zone(self, participant: str) -> str:
        return "".join(self.facts.names(participant, "qe:inZone")).removeprefix("qev:zone-")

    def performs(self, participant: str, functions: set[str]) -> bool:
        parts = {participant} | {
            one for one in self.facts.holders("qe:isStageOf", participant) if self.home(one) == participant
        }
        return any(functions & self.facts.names(part, "qe:performsFunction") for part in parts)

    def declassifies(self, kinds: frozenset[str]) -> bool:
        return bool(kinds) and all(TRUE in self.facts.values(kind, "qe:declassifies") for kind in kinds)


@dataclass
class Walk:
    """What a path may do."""

    world: World
    begins: Callable[[str], Iterable[str]]  # flow → the items that count, none if it begins no path
    ends: Callable[[str], bool]
    through: Callable[[str], bool]
    stops: Callable[[frozenset[str]], bool]  # whether a derivation of these kinds ends a path
    shut: Callable[[str], bool]  # flows that no path uses
    only_first: Callable[[str], bool] = lambda flow: False
    least: int = 2

    def step(self, at: str, before: str, after: str) -> str:
        if before == after:
            return "declared"
        kinds = self.world.derived.get((at, before, after), [])
        if kinds:
            return "ended" if all(self.stops(one) for one in kinds) else "declared"
        return "nothing" if self.world.zone(at) == "external" else "possible"

    def reach(self, first: str, items: Iterable[str], allowed: set[str]) -> set[str]:
        """The flows at which a path from the first one ends."""
        world = self.world
        left = [(first, item) for item in items]
        seen, ends = set(left), set()
        while left:
            flow, item = left.pop()
            at = world.target[flow]
            if not self.through(at):
                continue
            for after in world.out.get(at, []):
                if self.shut(after) or self.only_first(after):
                    continue
                for carried in world.items[after]:
                    if self.step(at, item, carried) not in allowed:
                        continue
                    if self.ends(after):
                        ends.add(after)
                    elif (after, carried) not in seen:
                        seen.add((after, carried))
                        left.append((after, carried))
        return ends - {first}

    def findings(self, rule: str) -> set[Finding]:
        found: set[Finding] = set()
        for first in self.world.flows:
            items = [] if self.shut(first) else sorted(self.begins(first))
            if not items:
                continue
            if self.ends(first):
                found |= {(rule, first, first, True)} if self.least == 1 else set()
                continue
            declared = self.reach(first, items, {"declared"})
            every = self.reach(first, items, {"declared", "possible"})
            found |= {(rule, first, last, last in declared) for last in every}
        return found


def sep_03(world: World) -> set[Finding]:
    facts, between = world.facts, {"shared", "external"}

    def begins(flow: str) -> Iterable[str]:
        if world.zone(world.source[flow]) != "regulated" or world.zone(world.target[flow]) not in between:
            return ()
        if TRUE in facts.values(flow, "qe:holdsRestrictedPayload"):
            return world.items[flow]
        return [one for one in world.items[flow] if TRUE in facts.values(one, "qe:hasDataCategory", "qe:isRestricted")]

    return Walk(
        world,
        begins,
        ends=lambda flow: (
            world.zone(world.source[flow]) in between and world.zone(world.target[flow]) == "non-regulated"
        ),
        through=lambda at: world.zone(at) in between,
        stops=world.declassifies,
        shut=lambda flow: flow in world.free or flow in world.consented,
    ).findings("SEP-03")


def sep_04(world: World) -> set[Finding]:
    facts = world.facts

    def begins(flow: str) -> Iterable[str]:
        if world.performs(world.source[flow], MARKETING):
            return ()
        return [one for one in world.items[flow] if TRUE in facts.values(one, "qe:isTransmissionInformation")]

    return Walk(
        world,
        begins,
        ends=lambda flow: world.performs(world.target[flow], MARKETING),
        through=lambda at: not world.performs(at, MARKETING),
        stops=world.declassifies,
        shut=lambda flow: flow in world.free or flow in world.consented,
        least=1,
    ).findings("SEP-04")


def fin_04(world: World) -> set[Finding]:
    facts, rate_case = world.facts, {"qev:participant-function-rate-case"}

    def begins(flow: str) -> Iterable[str]:
        source, target = (world.zone(end[flow]) for end in (world.source, world.target))
        if source != "non-regulated" or target == "non-regulated":
            return ()
        if "qev:segment-non-regulated" in facts.names(flow, "qe:hasSegment"):
            return world.items[flow]
        money = "qev:data-category-financial-data"
        return [one for one in world.items[flow] if money in facts.names(one, "qe:hasDataCategory")]

    def shut(flow: str) -> bool:
        methods = facts.names(flow, "qe:isAllocatedBy")
        return (
            any("qe:CostAllocationMethod" in facts.names(one, "rdf:type") for one in methods)
            or FALSE in facts.values(flow, "qe:holdsRestrictedPayload")
            or "qev:segment-regulated" in facts.names(flow, "qe:hasSegment")
        )

    return Walk(
        world,
        begins,
        ends=lambda flow: world.performs(world.target[flow], rate_case),
        through=lambda at: world.zone(at) != "non-regulated" and not world.performs(at, rate_case),
        stops=lambda kinds: "qev:derivation-kind-allocate" in kinds,
        shut=shut,
        least=1,
    ).findings("FIN-04")


def con_07(world: World) -> set[Finding]:
    facts = world.facts
    relying = {flow for flow in world.flows if facts.values(flow, "qe:isCoveredByConsent")}
    permitted = {
        flow
        for flow in world.flows
        if any("qe:PermissionBasis" in facts.names(one, "rdf:type") for one in facts.names(flow, "qe:isPermittedBy"))
    }
    found: set[Finding] = set()
    for first in relying:
        records = facts.names(first, "qe:isCoveredByConsent")

        def is_within(flow: str, records: frozenset[str] = records) -> bool:
            purposes = facts.names(flow, "dpv:hasPurpose")
            return bool(purposes) and all(
                facts.broader(purpose) & facts.names(record, "dpv:hasPurpose")
                for purpose in purposes
                for record in records
            )

        def begins(flow: str, first: str = first) -> Iterable[str]:
            return world.items[flow] if flow == first else ()

        def breaks(flow: str, is_within: Callable[[str], bool] = is_within) -> bool:
            return flow not in relying and not is_within(flow)

        found |= Walk(
            world,
            begins,
            breaks,
            through=lambda at: world.zone(at) != "external",
            stops=world.declassifies,
            shut=lambda flow: flow in world.free,
            only_first=lambda flow: flow in permitted or flow in relying,
        ).findings("CON-07")
    return found


def findings(facts: Facts, day: str) -> set[Finding]:
    world = World(facts, day)
    return sep_03(world) | sep_04(world) | fin_04(world) | con_07(world)
