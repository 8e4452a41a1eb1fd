"""Conduits: paths on which information gets to where a rule does not let it go.

Passes over the payload of flows (see `qe_kg.rules.paths`) give one finding for each pair of a flow that begins such a
path and a flow that ends it; where there are more than a thousand pairs, one for each flow that ends a path, and one
for each that begins one. A stage counts as its value stream: what enters a stream at one
stage can leave it at another.

==========  =====================================  ========================  ===========================================
rule        a path begins with a flow that         it runs through           it ends with a flow into
==========  =====================================  ========================  ===========================================
SEP-03      takes restricted information out of    shared and external       the non-regulated zone
            the regulated zone
SEP-04      carries transmission information       all that do not market    a participant that markets
FIN-04      takes financial data out of the        all of other zones        a participant that prepares the rate case
            non-regulated zone
CON-07      a consent record covers                all that are not external  anyone, for a purpose not consented to
==========  =====================================  ========================  ===========================================

Through an external participant only declared steps count. Paths of SEP-03, SEP-04 and CON-07 end without a finding
where information is declassified, and before a flow that holds nothing restricted or leaves in a mode that no longer
shows it; those of SEP-03 and SEP-04 also before a flow that a standing consent covers (18 CFR 358.7 allows it, and
SEP-11 says how it is given); those of CON-07 before a flow with consent records or a permission of its own. Paths of
FIN-04 end where amounts are allocated, and before a flow that is allocated, is of the regulated segment, or was found
to hold nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from qe_kg.lineage import Flow, FlowGraph
from qe_kg.namespaces import COMMON_PREFIXES, SKOS, Namespaces
from qe_kg.rules.paths import Answer, Edge, Hop, Network, Step, Terrain
from qe_kg.rules.payload import Payloads
from qe_kg.store.protocol import Store

_PURPOSE = f"{COMMON_PREFIXES['dpv']}hasPurpose"
_MARKETING = ("marketing", "market-participation")


@dataclass(frozen=True)
class Conduit:
    """One finding: the rule (code and IRI), the path in order, and the finding's own IRI and label."""

    rule: str
    rule_iri: str
    hops: tuple[Hop, ...]
    iri: str
    label: str

    @property
    def first(self) -> str:
        """IRI of the flow that begins the path."""
        return self.hops[0].flow

    @property
    def last(self) -> str:
        """IRI of the flow that ends it."""
        return self.hops[-1].flow

    @property
    def is_declared(self) -> bool:
        """Whether every step is declared."""
        return all(hop.is_declared for hop in self.hops)


@dataclass(frozen=True)
class Conduits:
    """All findings, in the order of rule, first and last flow; and the rules of which not every pair is listed."""

    findings: tuple[Conduit, ...] = ()
    shortened: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Conduit]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know, one sentence for each rule that is shortened."""
        return tuple(
            f"{code}: more pairs of flows begin and end such a path than can be read; each of these flows is on one "
            "path that is listed, and not each pair"
            for code in self.shortened
        )


class _Facts:
    """What the questions need to know of a model, by IRI; stages are replaced by their value streams."""

    def __init__(self, graph: FlowGraph, store: Store, names: Namespaces, at: date) -> None:
        self._store, self.names = store, names
        zones = dict(self.pairs("?x qe:inZone ?y"))
        # A stage that states another zone than its stream's stands for itself.
        self._home = {
            stage: stream
            for stage, stream in self.pairs("?x qe:isStageOf ?y")
            if zones.get(stage) in (None, zones.get(stream))
        }
        self.edges = [Edge(one.iri, self.home(one.source), self.home(one.target), one.items) for one in graph.edges]
        self.participants = {end for edge in self.edges for end in (edge.source, edge.target)}
        self._zones = {one: zones.get(one) for one in self.participants}
        self.payloads = Payloads.read(store, names, at)
        self.derived = self._at_home(graph.derivations)
        self.ended = self._at_home(graph.declassifying) - self._at_home(graph.derivations - graph.declassifying)

    def home(self, participant: str) -> str:
        """Return what a participant counts as: a stage as its value stream."""
        return self._home.get(participant, participant)

    def _at_home(self, steps: Collection[Step]) -> frozenset[Step]:
        return frozenset((self.home(at), made_from, made) for at, made_from, made in steps)

    def pairs(self, pattern: str) -> list[tuple[str, str]]:
        rows = self._store.select(
            f"PREFIX qe: <{self.names.terms}> PREFIX skos: <{SKOS}>\n"
            f"SELECT DISTINCT ?x ?y WHERE {{ {pattern} FILTER(isIRI(?x) && isIRI(?y)) }} ORDER BY ?x ?y"
        ).rows
        return [(x.value, y.value) for x, y in rows if x and y]

    def values(self, pattern: str) -> frozenset[str]:
        return frozenset(x for x, _ in self.pairs(f"{pattern} BIND(?x AS ?y)"))

    def terrain(self, through: Collection[str], *, closed: Collection[str]) -> Terrain:
        """Return the flows, to be run through some participants; derivations that declassify end a path."""
        return Terrain(
            self.edges, through, outside=self.in_zone("external"), closed=closed, derived=self.derived, ended=self.ended
        )

    def in_zone(self, *zones: str) -> set[str]:
        wanted = {f"{self.names.lists}zone-{zone}" for zone in zones}
        return {one for one in self.participants if self._zones[one] in wanted}

    def performing(self, *functions: str) -> set[str]:
        listed = " ".join(f"<{self.names.lists}participant-function-{one}>" for one in functions)
        found = self.values(f"VALUES ?function {{ {listed} }} ?x qe:performsFunction ?function")
        return {self.home(one) for one in found} & self.participants

    def of_category(self, category: str) -> frozenset[str]:
        return self.values(f"?x qe:hasDataCategory <{self.names.lists}data-category-{category}>")

    def steps_by_kind(self, kind: str) -> tuple[frozenset[Step], frozenset[Step]]:
        """Return the steps that derivations of a kind declare, and those that derivations of no such kind do."""
        of_kind = self.values(f"?x qe:hasDerivationKind <{self.names.lists}derivation-kind-{kind}>")
        outputs = _collected(self.pairs("?x qe:givesOutput ?y"))
        inputs = _collected(self.pairs("?x qe:takesInput ?y"))
        found: dict[bool, set[Step]] = {True: set(), False: set()}
        for derivation, at in self.pairs("?x qe:isDerivedAt ?y"):
            found[derivation in of_kind] |= {
                (self.home(at), made_from, made)
                for made_from in inputs.get(derivation, ())
                for made in outputs.get(derivation, ())
            }
        return frozenset(found[True]), frozenset(found[False])


def find_conduits(
    read_flows: Callable[[], FlowGraph], store: Store, namespaces: Namespaces, rules: Mapping[str, str], *,
    own_namespace: str, at: date,
) -> Conduits:  # fmt: skip
    """Find the paths that break path rules.

    Args:
        read_flows: reads the flows of the model; called only where there is a rule to look for.
        store: the store that it is loaded into.
        namespaces: its namespaces.
        rules: IRIs of the rules to look for, by code; codes that are none of the path rules' are passed over.
        own_namespace: where findings get their IRIs.
        at: the day on which consents stand or not.

    """
    wanted = {code: ask for code, ask in _QUESTIONS.items() if code in rules}
    if not wanted:
        return Conduits()
    graph = read_flows()
    facts = _Facts(graph, store, namespaces, at)
    flows = {edge.iri: edge for edge in graph.edges}
    found: list[Conduit] = []
    shortened: list[str] = []
    for code, ask in sorted(wanted.items()):
        answers = list(ask(facts))
        shortened += [] if all(answer.is_whole for answer in answers) else [code]
        found += (
            _conduit(code, rules[code], [flows[hop.flow] for hop in hops], hops, graph, own_namespace)
            for answer in answers
            for hops in answer.paths
        )
    return Conduits(tuple(sorted(found, key=lambda one: (one.rule, one.first, one.last))), tuple(shortened))


def _conduit(
    code: str, rule: str, flows: list[Flow], hops: tuple[Hop, ...], graph: FlowGraph, own_namespace: str
) -> Conduit:
    names = [graph.elements[one].name for one in (flows[0].source, *(flow.target for flow in flows))]
    first, last = (_local(flow.iri, own_namespace) for flow in (flows[0], flows[-1]))
    iri = f"{own_namespace}conduit-{code.lower()}-from-{first}-to-{last}"
    return Conduit(code, rule, hops, iri, f"{code}: {' → '.join(names)}")


def _local(flow: str, own_namespace: str) -> str:
    """Return what names a flow within an IRI: its own local name, with a digest where that is not enough."""
    name = flow.removeprefix(own_namespace)
    if name != flow and not set("/#?") & set(name):
        return name.removeprefix("flow-")
    short = "".join(one if one.isalnum() else "-" for one in flow.rstrip("/#").replace("#", "/").rpartition("/")[2])
    return f"{short}-{hashlib.sha256(flow.encode()).hexdigest()[:8]}"


# --- the rules ----------------------------------------------------------------------------------------------


def _no_conduit(facts: _Facts) -> Iterator[Answer]:
    known = facts.payloads
    regulated, through = facts.in_zone("regulated"), facts.in_zone("shared", "external")
    target = facts.in_zone("non-regulated")
    network = Network(facts.terrain(through, closed=known.free | known.consented))
    yield network.paths(
        starts={
            edge.flow: edge.items if edge.flow in known.holding else known.restricted & set(edge.items)
            for edge in facts.edges
            if edge.source in regulated and edge.target in through
        },
        ends={edge.flow for edge in facts.edges if edge.source in through and edge.target in target},
    )


def _transmission(facts: _Facts) -> Iterator[Answer]:
    items, marketing = facts.values("?x qe:isTransmissionInformation true"), facts.performing(*_MARKETING)
    network = Network(
        facts.terrain(facts.participants - marketing, closed=facts.payloads.free | facts.payloads.consented)
    )
    yield network.paths(
        starts={edge.flow: items & set(edge.items) for edge in facts.edges if edge.source not in marketing},
        ends={edge.flow for edge in facts.edges if edge.target in marketing},
        least=1,
    )


def _unallocated(facts: _Facts) -> Iterator[Answer]:
    origin, rate_case = facts.in_zone("non-regulated"), facts.performing("rate-case")
    money = facts.of_category("financial-data")
    allocated, other = facts.steps_by_kind("allocate")
    segment = f"{facts.names.lists}segment-"
    booked = facts.values(f"?x qe:hasSegment <{segment}non-regulated>")
    closed = facts.values(
        "{ ?x qe:isAllocatedBy/a qe:CostAllocationMethod } UNION { ?x qe:holdsRestrictedPayload false } UNION "
        f"{{ ?x qe:hasSegment <{segment}regulated> }}"
    )
    terrain = facts.terrain(facts.participants - origin - rate_case, closed=closed)
    network = Network(replace(terrain, derived=allocated | other, ended=allocated - other))
    yield network.paths(
        starts={
            edge.flow: edge.items if edge.flow in booked else money & set(edge.items)
            for edge in facts.edges
            if edge.source in origin and edge.target not in origin
        },
        ends={edge.flow for edge in facts.edges if edge.target in rate_case},
        least=1,
    )


def _secondary_use(facts: _Facts) -> Iterator[Answer]:
    known = facts.payloads
    records: dict[str, set[str]] = _collected(facts.pairs("?x qe:isCoveredByConsent ?y"))
    granted = _collected(facts.pairs(f"?r a qe:ConsentRecord . ?r <{_PURPOSE}> ?y BIND(?r AS ?x)"))
    terrain = facts.terrain(facts.participants - facts.in_zone("external"), closed=known.free)
    # A flow with a permission, or with consent records of its own, is judged by itself.
    network = Network(replace(terrain, only_first=known.permitted | records.keys()))
    purposes = _Purposes(
        _collected(facts.pairs(f"?x a qe:InformationFlow ; <{_PURPOSE}> ?y")),
        _collected(facts.pairs("?x skos:broader+ ?y")),
        records.keys(),
    )
    by_grant: dict[tuple[tuple[str, ...], ...], dict[str, tuple[str, ...]]] = {}
    for edge in facts.edges:
        if edge.flow in records:
            grants = {tuple(sorted(granted.get(record, ()))) for record in records[edge.flow]}
            by_grant.setdefault(tuple(sorted(grants)), {})[edge.flow] = edge.items
    for allowed, starts in sorted(by_grant.items()):
        yield network.paths(starts, replace(purposes, allowed=allowed))


@dataclass(frozen=True)
class _Purposes:
    """The flows that use information for a purpose that some consent does not allow.

    Attributes:
        stated: the purposes of each flow.
        within: for each purpose, the wider ones that it falls under.
        judged: flows with consent records of their own, which are judged by themselves.
        allowed: the purposes of each record that must allow a use.

    """

    stated: Mapping[str, Collection[str]]
    within: Mapping[str, Collection[str]]
    judged: Collection[str]
    allowed: tuple[tuple[str, ...], ...] = ()

    def __contains__(self, flow: object) -> bool:
        if not isinstance(flow, str) or flow in self.judged:
            return False
        purposes = self.stated.get(flow, ())
        return not purposes or not all(
            {purpose, *self.within.get(purpose, ())} & set(some) for purpose in purposes for some in self.allowed
        )


def _collected(pairs: list[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
    return found


_QUESTIONS: dict[str, Callable[[_Facts], Iterator[Answer]]] = {
    "SEP-03": _no_conduit,
    "SEP-04": _transmission,
    "FIN-04": _unallocated,
    "CON-07": _secondary_use,
}
