"""What has to be known to look for paths that break rules, read from a graph a flow or a participant at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from qe_kg.lineage.flows import chained
from qe_kg.namespaces import SKOS, Namespaces
from qe_kg.rules.conduit_facts import MARKETING, PURPOSE, RATE_CASE, Facts, grants_of
from qe_kg.rules.paths import Edge, Step
from qe_kg.rules.payload import OPEN_MODES
from qe_kg.rules.records import record_of, record_properties
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_SUBCLASS_OF, Node, iri, is_iri, is_literal, literal_parts, text_of

Triple = tuple[Node, Node, Node]
_TRUE, _FALSE = frozenset(("true", "1")), frozenset(("false", "0"))
_LABEL, _NOTATION, _BROADER = (iri(f"{SKOS}{name}") for name in ("prefLabel", "notation", "broader"))
_OF_FLOWS = (
    "hasSource", "hasTarget", "carries", "holdsRestrictedPayload", "hasDisclosureMode", "isPermittedBy",
    "isCoveredByConsent", "hasSegment", "isAllocatedBy",
)  # fmt: skip
_OF_ITEMS = ("hasDataCategory", "isTransmissionInformation")
_OF_PARTICIPANTS = ("inZone", "isStageOf", "performsFunction")
_OF_DERIVATIONS = ("isDerivedAt", "takesInput", "givesOutput", "hasDerivationKind")
#: What is described once and for all: categories, kinds of derivations, the order of purposes, rules.
_OF_ALL = ("isRestricted", "declassifies", "appliesIn")
#: What is described by its type: the flows that point to it, and how.
_TYPED = ("isPermittedBy", "isCoveredByConsent", "isAllocatedBy")
#: Classes whose instances matter to all flows.
_KINDS_OF_ALL = ("Rule", "Jurisdiction")


@dataclass
class Touched:
    """What a change concerns, by IRI.

    Attributes:
        flows: flows of which something may have changed, and flows at participants of which something has.
        items: items that may be classified differently.
        places: participants that may be in another zone, do other things, or make other things of what they get.
        names: what may be called differently.
        whole: whether it concerns anything at all.

    """

    flows: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    whole: bool = False

    def __or__(self, other: Touched) -> Touched:
        return Touched.all((self, other))

    @classmethod
    def all(cls, several: Iterable[Touched]) -> Touched:
        """Return what any of several concerns."""
        listed = list(several)
        return cls(
            set().union(*(one.flows for one in listed)),
            set().union(*(one.items for one in listed)),
            set().union(*(one.places for one in listed)),
            set().union(*(one.names for one in listed)),
            any(one.whole for one in listed),
        )


class LiveFacts:
    """The facts of a graph that changes.

    Args:
        graph: the graph.
        names: its namespaces.
        at: the day on which consents stand or not.

    """

    def __init__(self, graph: Graph, names: Namespaces, at: date) -> None:
        self._graph, self._names, self._day = graph, names, at
        self._terms: dict[str, Node] = {}
        self._records = {iri(name): key for name, key in record_properties(names).items()}
        self._kinds = self._index()
        self.facts = self._all()

    def _qe(self, name: str) -> Node:
        if name not in self._terms:
            self._terms[name] = iri(f"{self._names.terms}{name}")
        return self._terms[name]

    def _index(self) -> dict[Node, Callable[[Triple], Touched]]:
        """Return what tells, for each property that is read, what a triple with it concerns."""
        found: dict[Node, Callable[[Triple], Touched]] = {RDF_TYPE: self._type, iri(PURPOSE): self._purpose}
        found |= {self._qe(name): lambda triple: Touched(flows=_named(triple[0])) for name in _OF_FLOWS}
        found |= {self._qe(name): self._item for name in _OF_ITEMS}
        found |= {self._qe(name): self._participant for name in _OF_PARTICIPANTS}
        found |= {self._qe(name): self._derivation for name in _OF_DERIVATIONS}
        found |= {name: self._purpose for name in self._records if name not in found}
        found |= {one: lambda _: Touched(whole=True) for one in (_BROADER, RDFS_SUBCLASS_OF, *map(self._qe, _OF_ALL))}
        found |= dict.fromkeys((_LABEL, _NOTATION), self._called)
        return found

    # --- what a change concerns -------------------------------------------------------------------------

    def touched(self, triples: Iterable[Triple]) -> Touched:
        """Tell what triples concern that come or go, as the graph is now; it has to be asked before and after."""
        tellers = ((self._kinds.get(triple[1]), triple) for triple in triples)
        return Touched.all(tell(triple) for tell, triple in tellers if tell is not None)

    def _type(self, triple: Triple) -> Touched:
        subject, _, kind = triple
        if kind in map(self._qe, _KINDS_OF_ALL):
            return Touched(whole=True)
        pointing = (one for name in _TYPED for one in self._graph.subjects(self._qe(name), subject))
        return Touched(flows=_named(subject, *pointing))

    def _called(self, triple: Triple) -> Touched:
        is_of_rules = any(triple[0] in self._graph.instances(self._qe(kind)) for kind in _KINDS_OF_ALL)
        return Touched(names=_named(triple[0]), whole=is_of_rules)

    def _purpose(self, triple: Triple) -> Touched:
        return Touched(flows=_named(triple[0], *self._graph.subjects(self._qe("isCoveredByConsent"), triple[0])))

    def _item(self, triple: Triple) -> Touched:
        item = triple[0]
        return Touched(flows=_named(*self._graph.subjects(self._qe("carries"), item)), items=_named(item))

    def _participant(self, triple: Triple) -> Touched:
        # Whose stage it is before or after the change is told by what it counts as then.
        return self._at(_named(triple[0]) | {self._home(one) for one in _named(triple[0])})

    def _derivation(self, triple: Triple) -> Touched:
        return self._at({self._home(one) for one in self._iris(triple[0], "isDerivedAt")})

    def _at(self, places: set[str]) -> Touched:
        members = {one for place in places for one in self._members(place)} | places
        ends = (self._qe("hasSource"), self._qe("hasTarget"))
        flows = (flow for one in members for end in ends for flow in self._graph.subjects(end, iri(one)))
        return Touched(flows=_named(*flows), places=members)

    # --- reading ------------------------------------------------------------------------------------------

    def _all(self) -> Facts:
        facts = self.facts = Facts(self._names.lists)
        graph, qe = self._graph, self._qe
        for one in graph.by_value(_BROADER):
            for purpose in graph.subjects(_BROADER, one):
                if is_iri(purpose):
                    facts.wider[text_of(purpose)] = self._wider(purpose)
        flows = _named(*graph.subjects_of(qe("hasSource")))
        ends = {one for end in ("hasSource", "hasTarget") for one in graph.by_value(qe(end))}
        places = _named(*ends, *(one for name in _OF_PARTICIPANTS for one in graph.subjects_of(qe(name))))
        places |= _named(*graph.by_value(qe("isDerivedAt")))
        items = _named(*(one for name in _OF_ITEMS for one in graph.subjects_of(qe(name))))
        self.refresh(Touched(flows, items, places | {self._home(one) for one in places}))
        return facts

    def refresh(self, touched: Touched) -> None:
        """Read again what was touched."""
        facts, lists = self.facts, self._names.lists
        money = iri(f"{lists}data-category-financial-data")
        for item in touched.items:
            node = iri(item)
            categories = self._graph.objects(node, self._qe("hasDataCategory"))
            _put(facts.restricted, item, any(self._is(one, "isRestricted", _TRUE) for one in categories))
            _put(facts.transmission, item, self._is(node, "isTransmissionInformation", _TRUE))
            _put(facts.money, item, money in categories)
        for place in touched.places:
            self._read_place(place)
        for flow in touched.flows:
            self._read_flow(flow)

    def _read_place(self, place: str) -> None:
        facts, zone = self.facts, self._zone(place)
        if zone is None:
            facts.zones.pop(place, None)
        else:
            facts.zones[place] = zone
        members = self._members(place)
        for some, functions in ((facts.marketing, MARKETING), (facts.rate_case, RATE_CASE)):
            wanted = {iri(f"{self._names.lists}participant-function-{one}") for one in functions}
            done = (self._graph.objects(iri(one), self._qe("performsFunction")) for one in members)
            _put(some, place, any(not wanted.isdisjoint(one) for one in done))
        self._read_steps(place, members)

    def _read_steps(self, place: str, members: Collection[str]) -> None:
        every, kept, allocated, other = set[Step](), set[Step](), set[Step](), set[Step]()
        allocate = iri(f"{self._names.lists}derivation-kind-allocate")
        for member in members:
            all_here, keeping_here = set[Step](), set[Step]()
            for derivation in self._graph.subjects(self._qe("isDerivedAt"), iri(member)):
                steps = {
                    (place, made_from, made)
                    for made_from in self._iris(derivation, "takesInput")
                    for made in self._iris(derivation, "givesOutput")
                }
                all_here |= steps
                kinds = self._graph.objects(derivation, self._qe("hasDerivationKind"))
                says = [
                    text_of(one) in _TRUE
                    for kind in kinds
                    for one in self._graph.objects(kind, self._qe("declassifies"))
                ]
                if not says or not all(says):
                    keeping_here |= steps
                if is_iri(derivation):
                    (allocated if allocate in kinds else other).update(steps)
            # What several steps in a row make is told for each stage by itself.
            all_here, keeping_here = chained(all_here), chained(keeping_here)
            every |= all_here
            kept |= keeping_here
        self.facts.steps.replace(place, every, every - kept)
        self.facts.allocation.replace(place, allocated | other, allocated - other)

    def _read_flow(self, flow: str) -> None:
        facts, node, lists = self.facts, iri(flow), self._names.lists
        facts.flows.take(flow)
        ends = self.ends(flow)
        if ends is not None:
            items = tuple(sorted(set(self._iris(node, "carries"))))
            facts.flows.put(Edge(flow, self._home(ends[0]), self._home(ends[1]), items))
        is_free = self._is(node, "holdsRestrictedPayload", _FALSE)
        segments = self._graph.objects(node, self._qe("hasSegment"))
        modes = self._graph.objects(node, self._qe("hasDisclosureMode"))
        _put(facts.holding, flow, self._is(node, "holdsRestrictedPayload", _TRUE))
        _put(facts.free, flow, is_free or any(iri(f"{lists}disclosure-mode-{one}") in modes for one in OPEN_MODES))
        _put(facts.permitted, flow, self._points_to(node, "isPermittedBy", "PermissionBasis"))
        _put(facts.booked, flow, iri(f"{lists}segment-non-regulated") in segments)
        _put(
            facts.settled, flow, is_free or iri(f"{lists}segment-regulated") in segments
            or self._points_to(node, "isAllocatedBy", "CostAllocationMethod"),
        )  # fmt: skip
        self._read_consent(flow, node)

    def _read_consent(self, flow: str, node: Node) -> None:
        facts, record_type = self.facts, self._qe("ConsentRecord")
        records = self._iris(node, "isCoveredByConsent")
        known = [one for one in records if record_type in self._graph.objects(iri(one), RDF_TYPE)]
        facts.grants.pop(flow, None)
        if records:
            facts.grants[flow] = grants_of(self._purposes(iri(one)) if one in known else () for one in records)
        _put(facts.consented, flow, bool(records) and len(known) == len(records) and all(map(self._stands, known)))
        facts.purposes.pop(flow, None)
        if self._qe("InformationFlow") in self._graph.objects(node, RDF_TYPE) and (stated := self._purposes(node)):
            facts.purposes[flow] = stated

    def _stands(self, record: str) -> bool:
        values: dict[str, set[str]] = {}
        for name, key in self._records.items():
            for one in self._graph.objects(iri(record), name):
                values.setdefault(key, set()).add(text_of(one))
        return not record_of(record, values).lapses(self._day)

    def _purposes(self, node: Node) -> set[str]:
        return _named(*self._graph.objects(node, iri(PURPOSE)))

    def _wider(self, purpose: Node) -> set[str]:
        found, waiting = set[Node](), [purpose]
        while waiting:
            new = set(self._graph.objects(waiting.pop(), _BROADER)) - found
            found |= new
            waiting += new
        return _named(*found)

    # --- looking up ---------------------------------------------------------------------------------------

    def ends(self, flow: str) -> tuple[str, str] | None:
        """Return the source and the target of a flow, stages as such; None for what is no flow."""
        sources, targets = self._iris(iri(flow), "hasSource"), self._iris(iri(flow), "hasTarget")
        return (min(sources), min(targets)) if sources and targets else None

    def name(self, participant: str) -> str:
        """Return what a participant is called: its code, else its label, as `qe_kg.catalogue` does."""
        node = iri(participant)
        code = min((text_of(one) for one in self._graph.objects(node, _NOTATION) if not _is_english(one)), default="")
        labels = self._graph.objects(node, _LABEL)
        english = [one for one in labels if _is_english(one)]
        label = min((text_of(one) for one in english or labels), default="")
        return code or label or participant.rstrip("/#").rpartition("/")[2]

    def at(self, participant: str) -> Iterator[str]:
        """Yield the flows out of a participant and into it."""
        for end in ("hasSource", "hasTarget"):
            yield from map(text_of, self._graph.subjects(self._qe(end), iri(participant)))

    def _iris(self, node: Node, name: str) -> list[str]:
        return [text_of(one) for one in self._graph.objects(node, self._qe(name)) if is_iri(one)]

    def _is(self, node: Node, name: str, values: Collection[str]) -> bool:
        return any(
            is_literal(one) and (parts := literal_parts(one)).lexical in values and parts.datatype.endswith("#boolean")
            for one in self._graph.objects(node, self._qe(name))
        )

    def _points_to(self, node: Node, name: str, kind: str) -> bool:
        return any(
            self._qe(kind) in self._graph.objects(one, RDF_TYPE) for one in self._graph.objects(node, self._qe(name))
        )

    def _zone(self, participant: str) -> str | None:
        return max(self._iris(iri(participant), "inZone"), default=None)

    def _home(self, participant: str) -> str:
        """Return what a participant counts as: a stage as its value stream, unless it states another zone."""
        own = self._zone(participant)
        streams = self._iris(iri(participant), "isStageOf")
        return max((one for one in streams if own is None or own == self._zone(one)), default=participant)

    def _members(self, home: str) -> list[str]:
        """Return what counts as a participant: itself, and its stages."""
        stages = map(text_of, filter(is_iri, self._graph.subjects(self._qe("isStageOf"), iri(home))))
        return [one for one in dict.fromkeys((home, *stages)) if self._home(one) == home]


def _named(*nodes: Node) -> set[str]:
    return {text_of(one) for one in nodes if is_iri(one)}


def _put(some: set[str], one: str, is_among: bool) -> None:
    (some.add if is_among else some.discard)(one)


def _is_english(node: Node) -> bool:
    return node[0] == '"' and node.lower().endswith('"@en')
