"""After any edits, the findings along paths are those that a search of the whole model finds."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import date

import pyoxigraph as ox
import pytest

from qe_kg.catalogue import Catalogue
from qe_kg.lineage import FlowGraph
from qe_kg.namespaces import COMMON_PREFIXES, Namespaces
from qe_kg.rules.conduits import PATH_RULES, Conduit, find_conduits
from qe_kg.rules.live_conduits import LiveConduits
from qe_kg.shacl.affected.live_graph import LiveGraph, Triple
from qe_kg.store.embedded import EmbeddedStore

RUNS, EDITS = 2 * int(os.environ.get("QE_KG_EDITS", "6")), 12
OWN = "https://test.example/id/"
BASE = "https://quantumenergy.example/"
NAMES = Namespaces(BASE)
DAY = date(2026, 6, 30)
PREFIXES = {
    "qe": f"{BASE}ns/", "qev": f"{BASE}vocab/", "t": OWN, "skos": COMMON_PREFIXES["skos"],
    "dpv": COMMON_PREFIXES["dpv"], "dcterms": COMMON_PREFIXES["dcterms"], "xsd": COMMON_PREFIXES["xsd"],
    "rdf": COMMON_PREFIXES["rdf"],
}  # fmt: skip
PLACES, STAGES, ITEMS = ["R", "S", "U", "X", "N", "M"], ["A", "B"], ["i", "j", "k", "m"]
FLOWS = [f"f{number}" for number in range(12)]
DERIVATIONS, RECORDS = ["d1", "d2", "d3"], ["c1", "c2"]
PURPOSES = ["wide", "narrow", "other"]
ZONES = ["regulated", "shared", "external", "non-regulated"]
MODES = ["aggregated", "customer-specific"]
FUNCTIONS = ["marketing", "rate-case"]
BOOLEANS = ["true", "false"]
CATEGORIES = ["customer-data", "financial-data", "weather-data"]

#: What can be said: subjects, a property, and its values.
SAYINGS: list[tuple[list[str], str, list[str]]] = [
    (FLOWS, "qe:hasSource", [*PLACES, *STAGES]),
    (FLOWS, "qe:hasTarget", [*PLACES, *STAGES]),
    (FLOWS, "qe:carries", ITEMS),
    (FLOWS, "qe:holdsRestrictedPayload", BOOLEANS),
    (FLOWS, "qe:hasDisclosureMode", [f"qev:disclosure-mode-{one}" for one in MODES]),
    (FLOWS, "qe:isCoveredByConsent", RECORDS),
    (FLOWS, "qe:isPermittedBy", ["basis"]),
    (FLOWS, "qe:isAllocatedBy", ["method"]),
    (FLOWS, "qe:hasSegment", ["qev:segment-regulated", "qev:segment-non-regulated"]),
    ([*FLOWS, *RECORDS], "dpv:hasPurpose", PURPOSES),
    (FLOWS, "rdf:type", ["qe:InformationFlow"]),
    ([*PLACES, *STAGES], "qe:inZone", [f"qev:zone-{one}" for one in ZONES]),
    (STAGES, "qe:isStageOf", ["S", "N"]),
    ([*PLACES, *STAGES], "qe:performsFunction", [f"qev:participant-function-{one}" for one in FUNCTIONS]),
    ([*PLACES, *STAGES], "skos:prefLabel", ['"one"@en', '"two"@EN', '"three"']),
    (PLACES, "skos:notation", ['"P-1"', '"P-2"']),
    (ITEMS, "qe:hasDataCategory", [f"qev:data-category-{one}" for one in CATEGORIES]),
    (ITEMS, "qe:isTransmissionInformation", BOOLEANS),
    (DERIVATIONS, "qe:isDerivedAt", ["S", "U", "A", "X"]),
    (DERIVATIONS, "qe:takesInput", ITEMS),
    (DERIVATIONS, "qe:givesOutput", ITEMS),
    (DERIVATIONS, "qe:hasDerivationKind", [f"qev:derivation-kind-{one}" for one in ("allocate", "publish", "combine")]),
    (RECORDS, "rdf:type", ["qe:ConsentRecord"]),
    (RECORDS, "dpv:hasConsentStatus", ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]),
    (RECORDS, "dcterms:date", ['"2026-01-01"^^xsd:date']),
    (RECORDS, "dcterms:valid", ['"2026-12-31"^^xsd:date', '"2026-06-01"^^xsd:date']),
    (["basis"], "rdf:type", ["qe:PermissionBasis"]),
    (["method"], "rdf:type", ["qe:CostAllocationMethod"]),
    (PURPOSES, "skos:broader", PURPOSES),
    ([f"qev:data-category-{one}" for one in CATEGORIES], "qe:isRestricted", ["true"]),
    (["qev:derivation-kind-publish"], "qe:declassifies", ["true"]),
]  # fmt: skip


#: How likely something is said of a subject at first, where that is not one time in five.
LIKELY = {
    **dict.fromkeys(("qe:hasSource", "qe:hasTarget", "qe:carries", "rdf:type", "qe:hasDataCategory"), 1.0),
    **dict.fromkeys(("dcterms:date", "dcterms:valid", "dpv:hasConsentStatus", "qe:isRestricted"), 0.8),
    **dict.fromkeys(("qe:isDerivedAt", "qe:takesInput", "qe:givesOutput"), 0.8),
    **dict.fromkeys(("qe:holdsRestrictedPayload", "qe:hasDisclosureMode", "qe:isCoveredByConsent"), 0.08),
}


def node(text: str) -> str:
    if text in ("true", "false"):
        return f'"{text}"^^<{PREFIXES["xsd"]}boolean>'
    if text.startswith('"'):
        return text.replace("xsd:date", f"<{PREFIXES['xsd']}date>")
    prefix, _, local = text.rpartition(":")
    return f"<{PREFIXES[prefix or 't']}{local}>"


def world(choose: random.Random) -> set[Triple]:
    """Make a model in which much is said, and much of it once."""
    said = set()
    for subjects, name, values in SAYINGS:
        for subject in subjects:
            if choose.random() < LIKELY.get(name, 0.2):
                said.add((node(subject), node(name), node(choose.choice(values))))
    # The places of the first letters lie where paths begin, lead through and end.
    zones = dict(
        zip("RSUXNM", ("regulated", "shared", "shared", "external", "non-regulated", "regulated"), strict=True)
    )
    said -= {one for one in said if one[1] == node("qe:inZone")}
    said |= {(node(place), node("qe:inZone"), node(f"qev:zone-{zone}")) for place, zone in zones.items()}
    # One way through, whatever else there is.
    way = [("f0", "R", "S", "i"), ("f1", "S", "N", "j")]
    ends = ("qe:hasSource", "qe:hasTarget", "qe:carries")
    said -= {one for one in said if one[0] in map(node, ("f0", "f1")) and one[1] != node("rdf:type")}
    said |= {(node(flow), node(end), node(one)) for flow, *ones in way for end, one in zip(ends, ones, strict=True)}
    category = node("qev:data-category-customer-data")
    said |= {(node("i"), node("qe:hasDataCategory"), category), (category, node("qe:isRestricted"), node("true"))}
    return said


def in_full(said: set[Triple]) -> set[Conduit]:
    """Search all of a model: read by queries, and from the start."""
    store = EmbeddedStore()
    text = "".join(f"{' '.join(one)} .\n" for one in sorted(said))
    store.add(list(ox.parse(text.encode(), format=ox.RdfFormat.N_TRIPLES)))
    found = find_conduits(
        lambda: FlowGraph.read(store, Catalogue(store, NAMES), NAMES), store, NAMES, rules(), own_namespace=OWN, at=DAY
    )
    return set(found.findings)


def rules() -> dict[str, str]:
    return {code: f"{OWN}rule-{code.lower()}" for code in PATH_RULES}


def edit(choose: random.Random, said: set[Triple]) -> tuple[list[Triple], list[Triple]]:
    """Make an edit, mostly one statement that comes or goes, or a flow that leads elsewhere."""
    ends = {node(f"qe:has{end}") for end in ("Source", "Target")}
    sayings = choose.choices(SAYINGS, k=choose.choice([1, 1, 1, 2, 5]))
    chosen = [(node(choose.choice(some)), node(name), node(choose.choice(values))) for some, name, values in sayings]
    come, go = ([one for one in dict.fromkeys(chosen) if (one in said) is held] for held in (False, True))
    for new in come:
        if new[1] in ends or choose.random() < 0.5:
            go += sorted(one for one in said if one[:2] == new[:2])
    return come, list(dict.fromkeys(go))


def test_edits() -> None:
    counts = sum(map(follow_edits, range(RUNS)), Counter[str]())
    print(f"\n{dict(counts)}")
    assert counts["with a difference"] > counts["edits"] / 10 and set(counts) >= PATH_RULES


def follow_edits(seed: int) -> Counter[str]:
    """Edit a model and compare after each edit; return how many made a difference, and the findings of each rule."""
    counts, choose = Counter[str](), random.Random(seed)
    said, graph = world(choose), LiveGraph()
    for triple in sorted(said):
        graph.add(*triple)
    live = LiveConduits(graph, NAMES, DAY, rules, OWN)
    for _ in range(EDITS):
        before = set(live)
        come, go = edit(choose, said)
        touched = live.touched((*come, *go))
        for triple in come:
            graph.add(*triple)
        for triple in go:
            graph.remove(*triple)
        gone, found = live.follow(touched | live.touched((*come, *go)))
        said = (said | set(come)) - set(go)
        now = set(live)
        assert now == in_full(said), (seed, come, go)
        assert (before - set(gone)) | set(found) == now and not set(gone) & set(found), (seed, come, go)
        counts.update({"edits": 1, "with a difference": now != before})
        counts.update({one.rule for one in now})
    return counts


FLOW = "f{0} hasSource {1} / f{0} hasTarget {2} / f{0} carries {3} / "
WAY = (
    FLOW.format(0, "R", "S", "i") + FLOW.format(1, "S", "N", "k") + "i hasDataCategory qev:data-category-customer-data"
)
CHAIN = " / d1 isDerivedAt S / d1 takesInput i / d1 givesOutput j / d2 isDerivedAt S / d2 takesInput j"
CONSENT = (
    FLOW.format(0, "R", "S", "i")
    + FLOW.format(1, "S", "U", "i")
    + "f0 isCoveredByConsent c1 / c1 rdf:type qe:ConsentRecord / c1 dpv:hasPurpose wide / "
    + "f1 rdf:type qe:InformationFlow / f1 dpv:hasPurpose narrow"
)


@pytest.mark.parametrize(
    ("said", "edit"),
    [
        (WAY, "f1 hasTarget N"),
        (WAY, "S inZone qev:zone-shared"),
        (WAY, "qev:data-category-customer-data isRestricted true"),
        (WAY.replace("S /", "A /") + " / A isStageOf S", "A isStageOf S"),
        (WAY.replace("S /", "A /") + " / A isStageOf S", "S inZone qev:zone-shared"),
        (WAY + CHAIN, "d2 givesOutput k"),
        (f"{WAY}{CHAIN} / d2 givesOutput k / qev:derivation-kind-publish declassifies true",
         "d2 hasDerivationKind qev:derivation-kind-publish"),
        (f"{WAY} / f1 isCoveredByConsent c1 / c1 rdf:type qe:ConsentRecord / c1 dcterms:date \"2026-01-01\" / "
         "c1 dcterms:valid \"2026-12-31\"", "c1 dpv:hasConsentStatus dpv:ConsentGiven"),
        (WAY, 'S skos:prefLabel "Support"@en'),
        (CONSENT, "narrow skos:broader wide"),
        (CONSENT, "c1 dpv:hasPurpose narrow"),
        (f"{CONSENT} / f1 isPermittedBy basis", "basis rdf:type qe:PermissionBasis"),
    ],
)  # fmt: skip
def test_one_statement_that_makes_a_difference(said: str, edit: str) -> None:
    """Said of a way from R through S to N or U; the statement comes where it is not there, and goes where it is."""
    zones = " / ".join(f"{place} inZone qev:zone-{zone}" for place, zone in (("R", ZONES[0]), ("N", ZONES[3])))
    shared = "" if "S inZone" in said else " / S inZone qev:zone-shared"
    restricted = "qev:data-category-customer-data isRestricted true"
    triples = {
        triple(one) for one in f"{said} / {zones}{shared} / U inZone qev:zone-shared / {restricted}".split(" / ")
    }
    graph, one = LiveGraph(), triple(edit)
    for each in sorted(triples):
        graph.add(*each)
    live = LiveConduits(graph, NAMES, DAY, rules, OWN)
    before = set(live)
    assert before == in_full(triples)
    touched = live.touched([one])
    (graph.remove if one in triples else graph.add)(*one)
    live.follow(touched | live.touched([one]))
    assert set(live) == in_full(triples ^ {one}) != before


def triple(text: str) -> Triple:
    subject, name, value = text.split(" ")
    return node(subject), node(name if ":" in name else f"qe:{name}"), node(value)
