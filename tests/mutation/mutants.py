"""Single changes of a model that take away or spoil what a rule asks for.

Most are made from the shapes: for each named property shape that a rule's evidence consists of, and each focus to
which the rule applies, the triples at the end of the property's path are taken away in one mutant and
spoiled in another.
The shapes say only *what to change*; what then has to fire is said by the oracles, which do not know them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from rdflib import RDF, RDFS, SH, Graph, URIRef
from rdflib.collection import Collection as RdfList
from rdflib.term import Node

from tests.mutation.facts import FALSE, TRUE, Facts, Term, Triple, Value, short

STRING = "http://www.w3.org/2001/XMLSchema#string"


@dataclass(frozen=True)
class Mutant:
    """A change of one thing, and in words what it is."""

    what: str
    removed: frozenset[Triple] = frozenset()
    added: frozenset[Triple] = frozenset()

    @property
    def change(self) -> tuple[frozenset[Triple], frozenset[Triple]]:
        return self.removed, self.added

    @property
    def touched(self) -> frozenset[str]:
        return frozenset(subject for subject, _, _ in self.removed | self.added)


def at_once(mutants: Collection[Mutant]) -> Mutant:
    removed = frozenset(triple for one in mutants for triple in one.removed)
    added = frozenset(triple for one in mutants for triple in one.added)
    return Mutant("; ".join(one.what for one in mutants), removed, added)


def apart(mutants: Iterable[Mutant], most: int) -> list[list[Mutant]]:
    """Groups of at most so many mutants, of which no two touch the same thing."""
    groups: list[tuple[list[Mutant], set[str]]] = []
    for mutant in mutants:
        for group, touched in groups:
            if len(group) < most and not touched & mutant.touched:
                break
        else:
            group, touched = [], set()
            groups.append((group, touched))
        group.append(mutant)
        touched |= mutant.touched
    return [group for group, _ in groups]


# Evidence, read off the shapes


@dataclass(frozen=True)
class Evidence:
    """One property shape of the evidence that a reporting shape asks for."""

    reporting: URIRef
    prop: URIRef
    path: Node
    applies: URIRef | None
    below: tuple[Node, ...] = field(default=())  # paths of the shapes that hold it, from the focus


def reporting_shapes(shapes: Graph) -> list[URIRef]:
    rules = set(shapes.subjects(RDF.type, URIRef("https://quantumenergy.example/ns/Rule")))
    found = {
        URIRef(str(shape))
        for rule in rules
        for shape in shapes.subjects(RDFS.seeAlso, rule)
        if any((shape, target, None) in shapes for target in (SH.targetClass, SH.targetSubjectsOf))
    }
    return sorted(found)


def evidence(shapes: Graph) -> list[Evidence]:
    found: dict[tuple[URIRef, URIRef, tuple[Node, ...]], Evidence] = {}
    for shape in reporting_shapes(shapes):
        applies: URIRef | None = None
        tops: list[Node] = list(shapes.objects(shape, SH.property))
        for breach in shapes.objects(shape, SH["not"]):
            applies = next((URIRef(str(one)) for one in shapes.objects(breach, SH.node)), None)
            tops += list(shapes.objects(breach, SH["not"]))
        for prop, below in parts(shapes, tops, ()):
            path = shapes.value(prop, SH.path)
            assert path is not None
            found.setdefault((shape, prop, below), Evidence(shape, prop, path, applies, below))
    return list(found.values())


def parts(shapes: Graph, tops: Iterable[Node], below: tuple[Node, ...]) -> Iterator[tuple[URIRef, tuple[Node, ...]]]:
    """The property shapes that a shape consists of, with the paths that lead to where each is applied."""
    for top in tops:
        deeper = below
        path = shapes.value(top, SH.path)
        if path is not None:
            yield URIRef(str(top)), below
            deeper = (*below, path)
        for parameter in (SH.property, SH.node, SH.qualifiedValueShape):
            yield from parts(shapes, shapes.objects(top, parameter), deeper)
        for parameter in (SH["or"], SH["and"]):
            for members in shapes.objects(top, parameter):
                yield from parts(shapes, RdfList(shapes, members), deeper)


# Paths


def last_triples(shapes: Graph, path: Node, start: str, facts: Facts) -> set[Triple]:
    """The triples that a path from a node ends with."""
    return _walk(shapes, path, {start}, facts)[1]


def reached(shapes: Graph, path: Node, start: str, facts: Facts) -> set[Term]:
    return _walk(shapes, path, {start}, facts)[0]


def _walk(shapes: Graph, path: Node, starts: Iterable[Term], facts: Facts) -> tuple[set[Term], set[Triple]]:
    """Where a path leads, and the triples of its last step."""
    names = [one for one in starts if isinstance(one, str)]
    if isinstance(path, URIRef):
        steps = {(one, short(path), value) for one in names for value in facts.values(one, short(path))}
        return {value for _, _, value in steps}, set(steps)
    if (path, RDF.first, None) in shapes:
        here: set[Term] = set(names)
        last: set[Triple] = set()
        for step in RdfList(shapes, path):
            here, last = _walk(shapes, step, here, facts)
        return here, last
    inner = shapes.value(path, SH.inversePath)
    if isinstance(inner, URIRef):
        back = {(holder, short(inner), one) for one in starts for holder in facts.holders(short(inner), one)}
        return {holder for holder, _, _ in back}, set(back)
    options = shapes.value(path, SH.alternativePath)
    if options is not None:
        both = [_walk(shapes, one, names, facts) for one in RdfList(shapes, options)]
        return set().union(*(one for one, _ in both)), set().union(*(one for _, one in both))
    once = shapes.value(path, SH.zeroOrOnePath)
    if once is not None:
        here, last = _walk(shapes, once, names, facts)
        return {*names, *here}, last
    often = shapes.value(path, SH.zeroOrMorePath)
    assert often is not None, path
    here = set(names)
    last = set()
    left: set[Term] = set(names)
    while left:
        there, steps = _walk(shapes, often, left, facts)
        left = there - here
        here, last = here | there, last | steps
    return here, last


# Mutants


def spoiled(value: Term, wrong: str) -> Term:
    """A value of the same property that is not what it was: the other truth, another kind of thing, other words."""
    if value == TRUE:
        return FALSE
    if value == FALSE:
        return TRUE
    return Value("spoiled", STRING) if isinstance(value, Value) else wrong


def from_shapes(shapes: Graph, facts: Facts, applicable: dict[URIRef, set[str]], wrong: str) -> Iterator[Mutant]:
    """For each piece of evidence at each focus, one mutant without it and one with something else in its place.

    Args:
        shapes: the rules' shapes.
        facts: the model.
        applicable: for each reporting shape the nodes to which its rule applies.
        wrong: a thing that is evidence of nothing.

    """
    for one in evidence(shapes):
        for focus in sorted(applicable[one.reporting]):
            nodes: set[Term] = {focus}
            for path in one.below:
                nodes = {
                    value for node in nodes if isinstance(node, str) for value in reached(shapes, path, node, facts)
                }
            triples = {t for n in nodes if isinstance(n, str) for t in last_triples(shapes, one.path, n, facts)}
            for key in sorted({(subject, predicate) for subject, predicate, _ in triples}):
                gone = frozenset(t for t in triples if t[:2] == key)
                name = f"{short(one.prop)} at {focus}: {key[0]} {key[1]}"
                yield Mutant(f"{name} removed", gone)
                yield Mutant(f"{name} spoiled", gone, frozenset((s, p, spoiled(o, wrong)) for s, p, o in gone))


def by_hand(facts: Facts) -> Iterator[Mutant]:
    """What no shape names as evidence, and yet decides whether a rule is kept."""
    zones = ["regulated", "non-regulated", "shared", "external"]
    for participant in sorted(facts.subjects("qe:inZone")):
        before = frozenset((participant, "qe:inZone", value) for value in facts.values(participant, "qe:inZone"))
        for zone in zones:
            after = frozenset({(participant, "qe:inZone", f"qev:zone-{zone}")})
            if after != before:
                yield Mutant(f"{participant} moved to {zone}", before, after)
    for item in sorted(facts.instances("qe:InformationItem")):
        before = frozenset((item, "qe:hasDataCategory", value) for value in facts.values(item, "qe:hasDataCategory"))
        for category in ("grid-operations-data", "granular-device-data", "financial-data", "control-command"):
            after = frozenset({(item, "qe:hasDataCategory", f"qev:data-category-{category}")})
            if after != before:
                yield Mutant(f"{item} is {category}", before, after)
        yield Mutant(
            f"{item} is transmission information", added=frozenset({(item, "qe:isTransmissionInformation", TRUE)})
        )
    for derivation in sorted(facts.instances("qe:Derivation")):
        kinds = frozenset(
            (derivation, "qe:hasDerivationKind", v) for v in facts.values(derivation, "qe:hasDerivationKind")
        )
        combined = frozenset({(derivation, "qe:hasDerivationKind", "qev:derivation-kind-combine")})
        if combined != kinds:
            yield Mutant(f"{derivation} no longer declassifies or allocates", kinds, combined)
        yield Mutant(
            f"{derivation} is not declared",
            frozenset((derivation, "qe:isDerivedAt", v) for v in facts.values(derivation, "qe:isDerivedAt")),
        )
    for flow in sorted(facts.instances("qe:InformationFlow")):
        modes = frozenset((flow, "qe:hasDisclosureMode", value) for value in facts.values(flow, "qe:hasDisclosureMode"))
        specific = frozenset({(flow, "qe:hasDisclosureMode", "qev:disclosure-mode-customer-specific")})
        if modes and modes != specific:
            yield Mutant(f"{flow} shows the customers", modes, specific)
        if (flow, "qe:holdsRestrictedPayload", FALSE) in facts:
            yield Mutant(
                f"{flow} holds restricted information",
                frozenset({(flow, "qe:holdsRestrictedPayload", FALSE)}),
                frozenset({(flow, "qe:holdsRestrictedPayload", TRUE)}),
            )
        if facts.values(flow, "dpv:hasPurpose"):
            purposes = frozenset((flow, "dpv:hasPurpose", value) for value in facts.values(flow, "dpv:hasPurpose"))
            yield Mutant(
                f"{flow} serves marketing", purposes, frozenset({(flow, "dpv:hasPurpose", "dpv:DirectMarketing")})
            )
    for participant in sorted(facts.subjects("qe:performsFunction") | facts.instances("qe:ValueStream")):
        for value in sorted(facts.names(participant, "qe:performsFunction")):
            yield Mutant(f"{participant} without {value}", frozenset({(participant, "qe:performsFunction", value)}))
        yield Mutant(
            f"{participant} sells",
            added=frozenset({(participant, "qe:performsFunction", "qev:participant-function-marketing")}),
        )
    yield from of_consents(facts)


def of_consents(facts: Facts) -> Iterator[Mutant]:
    date, duration = "http://www.w3.org/2001/XMLSchema#date", "http://www.w3.org/2001/XMLSchema#duration"

    def instead(record: str, predicate: str, value: Term) -> Mutant:
        before = frozenset((record, predicate, one) for one in facts.values(record, predicate))
        return Mutant(f"{record}: {predicate} {value}", before, frozenset({(record, predicate, value)}))

    for record in sorted(facts.instances("qe:ConsentRecord")):
        for status in ("ConsentWithdrawn", "ConsentExpired", "ConsentRefused", "ConsentRequested", "ConsentRevoked"):
            yield instead(record, "dpv:hasConsentStatus", f"dpv:{status}")
        yield instead(record, "dcterms:valid", Value("2020-01-01", date))
        yield instead(record, "dcterms:date", Value("2099-01-01", date))
        yield instead(record, "qe:validUntil", Value("2020-01-01", date))
        yield instead(record, "qe:validFrom", Value("2099-01-01", date))
        yield instead(record, "dpv:hasRecipient", "qed:stakeholder-regulators")
        yield instead(record, "dpv:hasPurpose", "dpv:ServiceRegistration")
        yield instead(record, "dpv:hasPersonalData", "qed:information-item-rate-case-filing")
        yield instead(record, "dpv:hasLegalBasis", "dpv:LegitimateInterest")
        yield instead(record, "qe:grantedGranularity", Value("P1Y", duration))
        yield instead(record, "qe:hasGivingChannel", "qev:channel-phone")
        yield instead(record, "qe:hasWithdrawalChannel", "qev:channel-paper")
        yield instead(record, "qe:isFreelyGiven", FALSE)
        yield instead(record, "qe:isConditionOfService", TRUE)
        yield instead(record, "qe:retentionAfterExpiry", Value("P1D", duration))


def distinct(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Each change once: several rules may ask for the same evidence."""
    by_change: dict[tuple[frozenset[Triple], frozenset[Triple]], Mutant] = {}
    for one in mutants:
        if one.removed != one.added:
            by_change.setdefault(one.change, one)
    return list(by_change.values())


def a_few(mutants: Iterable[Mutant], each: int) -> list[Mutant]:
    """Some of each kind, where a kind is what is done to which piece of evidence, at different places."""
    by_kind: dict[tuple[str, str], list[Mutant]] = {}
    for one in mutants:
        words = one.what.split()
        kind = (words[0], words[-1]) if " at " in one.what else (words[1], words[-1])
        by_kind.setdefault(kind, []).append(one)
    chosen = []
    for number, group in enumerate(by_kind.values()):
        start = number % len(group)
        chosen += (group[start:] + group[:start])[:: max(1, len(group) // each)][:each]
    return chosen
