"""What has to be known of a model to look for paths that break rules; read from a store at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from qe_kg.lineage import FlowGraph
from qe_kg.namespaces import COMMON_PREFIXES, SKOS, Namespaces
from qe_kg.rules.paths import Edge, Flows, Step, Steps
from qe_kg.rules.payload import Payloads
from qe_kg.store.protocol import Store

PURPOSE = f"{COMMON_PREFIXES['dpv']}hasPurpose"
MARKETING, RATE_CASE = ("marketing", "market-participation"), ("rate-case",)
#: The purposes that each consent record of a flow allows, sorted.
Grants = tuple[tuple[str, ...], ...]


@dataclass
class Facts:
    """What the questions need to know, by IRI; stages are replaced by their value streams.

    Attributes:
        lists: the namespace of controlled lists.
        flows: all flows.
        zones: the zone of each participant.
        restricted: items of a category that is restricted; so ``transmission`` and ``money`` for what they say.
        holding: flows in which restricted information was found to be left.
        free: flows that hold nothing restricted, or leave in a mode that no longer shows it.
        permitted: flows with a permission basis.
        consented: flows with consent records, all of which stand.
        booked: flows of the non-regulated segment.
        settled: flows that are allocated, of the regulated segment, or hold nothing.
        marketing: participants that market; so ``rate_case``.
        grants: what is granted by the consent records of a flow that has some.
        purposes: the purposes that a flow states.
        wider: for each purpose, the wider ones that it falls under.
        steps: what derivations say of steps; those at which information is declassified end a path.
        allocation: the same, where those end a path at which amounts are allocated.

    """

    lists: str
    flows: Flows = field(default_factory=Flows)
    zones: dict[str, str] = field(default_factory=dict)
    restricted: set[str] = field(default_factory=set)
    transmission: set[str] = field(default_factory=set)
    money: set[str] = field(default_factory=set)
    holding: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    permitted: set[str] = field(default_factory=set)
    consented: set[str] = field(default_factory=set)
    booked: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    marketing: set[str] = field(default_factory=set)
    rate_case: set[str] = field(default_factory=set)
    grants: dict[str, Grants] = field(default_factory=dict)
    purposes: dict[str, set[str]] = field(default_factory=dict)
    wider: dict[str, set[str]] = field(default_factory=dict)
    steps: Steps = field(default_factory=Steps)
    allocation: Steps = field(default_factory=Steps)


def read_facts(graph: FlowGraph, store: Store, names: Namespaces, at: date) -> Facts:
    """Read what has to be known from a store.

    Args:
        graph: the flows of the model.
        store: the store that it is loaded into.
        names: its namespaces.
        at: the day on which consents stand or not.

    """
    reader = _Reader(store, names)
    payloads, lists = Payloads.read(store, names, at), names.lists
    zones = dict(reader.pairs("?x qe:inZone ?y"))
    # A stage that states another zone than its stream's stands for itself.
    home = {
        stage: stream
        for stage, stream in reader.pairs("?x qe:isStageOf ?y")
        if zones.get(stage) in (None, zones.get(stream))
    }

    def at_home(steps: Collection[Step]) -> frozenset[Step]:
        return frozenset((home.get(at, at), made_from, made) for at, made_from, made in steps)

    def performing(functions: Iterable[str]) -> set[str]:
        listed = " ".join(f"<{lists}participant-function-{one}>" for one in functions)
        found = reader.values(f"VALUES ?function {{ {listed} }} ?x qe:performsFunction ?function")
        return {home.get(one, one) for one in found}

    allocated, other = (at_home(steps) for steps in reader.steps_by_kind("allocate"))
    granted = _collected(reader.pairs(f"?r a qe:ConsentRecord . ?r <{PURPOSE}> ?y BIND(?r AS ?x)"))
    records = _collected(reader.pairs("?x qe:isCoveredByConsent ?y"))
    return Facts(
        lists,
        Flows(
            Edge(one.iri, home.get(one.source, one.source), home.get(one.target, one.target), one.items)
            for one in graph.edges
        ),
        zones,
        set(payloads.restricted),
        reader.values("?x qe:isTransmissionInformation true"),
        reader.values(f"?x qe:hasDataCategory <{lists}data-category-financial-data>"),
        set(payloads.holding),
        set(payloads.free),
        set(payloads.permitted),
        set(payloads.consented),
        reader.values(f"?x qe:hasSegment <{lists}segment-non-regulated>"),
        reader.values(
            "{ ?x qe:isAllocatedBy/a qe:CostAllocationMethod } UNION { ?x qe:holdsRestrictedPayload false } UNION "
            f"{{ ?x qe:hasSegment <{lists}segment-regulated> }}"
        ),
        performing(MARKETING),
        performing(RATE_CASE),
        {flow: grants_of(granted.get(one, ()) for one in some) for flow, some in records.items()},
        _collected(reader.pairs(f"?x a qe:InformationFlow ; <{PURPOSE}> ?y")),
        _collected(reader.pairs("?x skos:broader+ ?y")),
        Steps(
            at_home(graph.derivations), at_home(graph.declassifying) - at_home(graph.derivations - graph.declassifying)
        ),
        Steps(allocated | other, allocated - other),
    )


def grants_of(purposes: Iterable[Iterable[str]]) -> Grants:
    """Return what the records of a flow grant, given the purposes of each."""
    return tuple(sorted({tuple(sorted(some)) for some in purposes}))


class _Reader:
    def __init__(self, store: Store, names: Namespaces) -> None:
        self._store = store
        self._prefixes = f"PREFIX qe: <{names.terms}> PREFIX skos: <{SKOS}>\n"
        self._lists = names.lists

    def pairs(self, pattern: str) -> list[tuple[str, str]]:
        rows = self._store.select(
            f"{self._prefixes}SELECT DISTINCT ?x ?y WHERE {{ {pattern} FILTER(isIRI(?x) && isIRI(?y)) }} ORDER BY ?x ?y"
        ).rows
        return [(x.value, y.value) for x, y in rows if x and y]

    def values(self, pattern: str) -> set[str]:
        return {x for x, _ in self.pairs(f"{pattern} BIND(?x AS ?y)")}

    def steps_by_kind(self, kind: str) -> tuple[set[Step], set[Step]]:
        """Return the steps that derivations of a kind declare, and those that derivations of no such kind do."""
        of_kind = self.values(f"?x qe:hasDerivationKind <{self._lists}derivation-kind-{kind}>")
        outputs = _collected(self.pairs("?x qe:givesOutput ?y"))
        inputs = _collected(self.pairs("?x qe:takesInput ?y"))
        found: dict[bool, set[Step]] = {True: set(), False: set()}
        for derivation, at in self.pairs("?x qe:isDerivedAt ?y"):
            found[derivation in of_kind] |= {
                (at, made_from, made)
                for made_from in inputs.get(derivation, ())
                for made in outputs.get(derivation, ())
            }
        return found[True], found[False]


def _collected(pairs: list[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
    return found
