"""Conduits: paths on which information gets to where a rule does not let it go.

A search over the payload of flows (see `qe_kg.rules.search`) gives one finding for each pair of a flow that begins such
a path and a flow that ends it; where that is more than can be read, or than can be looked for in a moment, one for each
flow that ends a path, and one for each that begins one. A stage counts as its value stream: what enters a stream at one
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
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from qe_kg.lineage import FlowGraph
from qe_kg.namespaces import Namespaces
from qe_kg.rules.conduit_facts import Facts, Grants, read_facts
from qe_kg.rules.paths import Path, Terrain, Those
from qe_kg.rules.search import Search
from qe_kg.store.protocol import Store


@dataclass(frozen=True)
class Conduit:
    """One finding: the rule (code and IRI), the path in order, and the finding's own IRI and label."""

    rule: str
    rule_iri: str
    hops: Path
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
    wanted = sorted(PATH_RULES & rules.keys())
    if not wanted:
        return Conduits()
    graph = read_flows()
    facts = read_facts(graph, store, namespaces, at)
    ends = {edge.iri: (edge.source, edge.target) for edge in graph.edges}
    describe = Describe(rules, ends.__getitem__, lambda one: graph.elements[one].name, own_namespace)
    found: list[Conduit] = []
    shortened: list[str] = []
    for code in wanted:
        answers = [Search(terrain).answer for terrain in terrains(code, facts).values()]
        shortened += [] if all(answer.is_whole for answer in answers) else [code]
        found += (describe(code, path) for answer in answers for path in answer.paths)
    return Conduits(tuple(sorted(found, key=lambda one: (one.rule, one.first, one.last))), tuple(shortened))


@dataclass(frozen=True)
class Describe:
    """Makes findings of paths.

    Attributes:
        rules: IRIs of the rules by code.
        ends: gives the source and the target of a flow, stages as such.
        name: gives the name of a participant.
        own_namespace: where findings get their IRIs.

    """

    rules: Mapping[str, str]
    ends: Callable[[str], tuple[str, str]]
    name: Callable[[str], str]
    own_namespace: str

    def __call__(self, code: str, path: Path) -> Conduit:
        """Return the finding of a rule that a path is."""
        places = [self.ends(path[0].flow)[0], *(self.ends(hop.flow)[1] for hop in path)]
        first, last = (_local(hop.flow, self.own_namespace) for hop in (path[0], path[-1]))
        iri = f"{self.own_namespace}conduit-{code.lower()}-from-{first}-to-{last}"
        return Conduit(code, self.rules[code], path, iri, f"{code}: {' → '.join(map(self.name, places))}")


def _local(flow: str, own_namespace: str) -> str:
    """Return what names a flow within an IRI: its own local name, with a digest where that is not enough."""
    name = flow.removeprefix(own_namespace)
    if name != flow and not set("/#?") & set(name):
        return name.removeprefix("flow-")
    short = "".join(one if one.isalnum() else "-" for one in flow.rstrip("/#").replace("#", "/").rpartition("/")[2])
    return f"{short}-{hashlib.sha256(flow.encode()).hexdigest()[:8]}"


# --- the rules ----------------------------------------------------------------------------------------------
# What a terrain asks for is looked up in the facts at the time, so that these can change.


def _in_zone(facts: Facts, *zones: str) -> Container[str]:
    wanted = {f"{facts.lists}zone-{zone}" for zone in zones}
    return Those(lambda one: facts.zones.get(one) in wanted)


def _no_conduit(facts: Facts) -> Terrain:
    regulated, through = _in_zone(facts, "regulated"), _in_zone(facts, "shared", "external")
    target, flows = _in_zone(facts, "non-regulated"), facts.flows

    def starts(flow: str) -> Container[str]:
        edge = flows[flow]
        if edge.source not in regulated or edge.target not in through:
            return ()
        return edge.items if flow in facts.holding else facts.restricted

    return Terrain(
        flows, through, starts,
        ends=Those(lambda flow: flows[flow].target in target and flows[flow].source in through),
        outside=_in_zone(facts, "external"),
        closed=Those(lambda flow: flow in facts.free or flow in facts.consented),
        steps=facts.steps,
    )  # fmt: skip


def _transmission(facts: Facts) -> Terrain:
    flows, marketing = facts.flows, facts.marketing
    return Terrain(
        flows,
        Those(lambda one: one not in marketing),
        lambda flow: () if flows[flow].source in marketing else facts.transmission,
        ends=Those(lambda flow: flows[flow].target in marketing),
        outside=_in_zone(facts, "external"),
        closed=Those(lambda flow: flow in facts.free or flow in facts.consented),
        steps=facts.steps,
        least=1,
    )


def _unallocated(facts: Facts) -> Terrain:
    flows, origin = facts.flows, _in_zone(facts, "non-regulated")

    def starts(flow: str) -> Container[str]:
        edge = flows[flow]
        if edge.source not in origin or edge.target in origin:
            return ()
        return edge.items if flow in facts.booked else facts.money

    return Terrain(
        flows,
        Those(lambda one: one not in origin and one not in facts.rate_case),
        starts,
        ends=Those(lambda flow: flows[flow].target in facts.rate_case),
        outside=_in_zone(facts, "external"),
        closed=facts.settled,
        steps=facts.allocation,
        least=1,
    )


def _secondary_use(facts: Facts, allowed: Grants) -> Terrain:
    flows, external = facts.flows, _in_zone(facts, "external")

    def is_beyond(flow: str) -> bool:
        """Tell whether a flow uses information for a purpose that some consent does not allow."""
        if flow in facts.grants:
            return False
        purposes = facts.purposes.get(flow, ())
        return not purposes or not all(
            {purpose, *facts.wider.get(purpose, ())} & set(some) for purpose in purposes for some in allowed
        )

    return Terrain(
        flows,
        Those(lambda one: one not in external),
        lambda flow: flows[flow].items if facts.grants.get(flow) == allowed else (),
        ends=Those(is_beyond),
        outside=external,
        closed=facts.free,
        # A flow with a permission, or with consent records of its own, is judged by itself.
        only_first=Those(lambda flow: flow in facts.permitted or flow in facts.grants),
        steps=facts.steps,
    )


_QUESTIONS: dict[str, Callable[[Facts], Terrain]] = {
    "SEP-03": _no_conduit,
    "SEP-04": _transmission,
    "FIN-04": _unallocated,
}
_CONSENT = "CON-07"
#: Codes of the rules about paths.
PATH_RULES = frozenset((*_QUESTIONS, _CONSENT))


def terrains(code: str, facts: Facts) -> dict[Grants, Terrain]:
    """Return what paths of a rule run over: one terrain, or for CON-07 one for each grant that flows are covered by."""
    if code != _CONSENT:
        return {(): _QUESTIONS[code](facts)}
    grants = {grant for flow, grant in facts.grants.items() if facts.flows.get(flow) is not None}
    return {grant: _secondary_use(facts, grant) for grant in sorted(grants)}
