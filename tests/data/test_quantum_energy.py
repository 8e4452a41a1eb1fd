"""The model of Quantum Energy against its source document.

The Turtle is read with the parser alone, so that nothing of the package's own reading can hide a fault.
`source_table.toml` was transcribed from the document and not from the Turtle: where they differ, one errs.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "data" / "quantum-energy"
DOCUMENT = MODEL / "source" / "value-stream-information-flows.md"
BASE = "https://quantumenergy.example/"
PREFIXES = {
    f"{BASE}ns/": "qe:",
    f"{BASE}id/": "qed:",
    f"{BASE}vocab/": "qev:",
    "http://www.w3.org/2004/02/skos/core#": "skos:",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf:",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs:",
    "http://www.w3.org/ns/prov#": "prov:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://www.w3.org/2001/XMLSchema#": "xsd:",
}
STATING = ("qe:statesElement", "qe:statesFlow", "qe:expandsTo", "qe:statesDerivation")
ARCHITECTURE_CLASSES = {
    "qe:Stakeholder",
    "qe:ValueStream",
    "qe:Capability",
    "qe:InformationSystem",
    "qe:InformationConcept",
    "qe:InformationItem",
    "qe:InformationFlow",
    "qe:FlowPattern",
    "qe:FlowPatternGroup",
    "qe:DesignConsideration",
    "qe:Derivation",
}
OTHER_CLASSES = {
    "qe:ValueStreamCategory",
    "qe:SourceDocument",
    "qe:DocumentSection",
    "qe:DocumentRevision",
    "qe:UnresolvedReference",
    "qe:SourceStatement",
    "qe:FlowStatement",
    "prov:Agent",
}
# Class of an element → how its IRI begins. Each ends with the code or label in kebab case.
IRI_BY_LABEL = {
    "qe:Stakeholder": "stakeholder",
    "qe:ValueStream": "value-stream",
    "qe:ValueStreamCategory": "value-stream-category",
    "qe:Capability": "capability",
    "qe:InformationSystem": "information-system",
    "qe:InformationConcept": "information-concept",
    "qe:InformationItem": "information-item",
    "qe:FlowPattern": "flow-pattern",
    "qe:FlowPatternGroup": "flow-pattern-group",
    "qe:DesignConsideration": "design-consideration",
    "qe:DocumentRevision": "document-revision",
    "prov:Agent": "agent",
}


def curie(iri: str) -> str:
    for namespace, prefix in PREFIXES.items():
        if iri.startswith(namespace):
            return prefix + iri.removeprefix(namespace)
    return iri


def kebab(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.replace("&", "and").lower()).strip("-")


@dataclass(frozen=True)
class Text:
    """A literal; two are the same only if datatype and language agree too."""

    value: str
    datatype: str
    language: str | None


Node = str | Text


def term(node: object) -> Node:
    if isinstance(node, ox.NamedNode):
        return curie(node.value)
    if isinstance(node, ox.Literal):
        return Text(node.value, curie(node.datatype.value), node.language)
    raise AssertionError(f"neither an IRI nor a literal: {node}")


@dataclass
class Graph:
    triples: set[tuple[str, str, Node]] = field(default_factory=set)
    forward: dict[tuple[str, str], set[Node]] = field(default_factory=lambda: defaultdict(set))
    backward: dict[tuple[str, Node], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, subject: str, predicate: str, value: Node) -> None:
        self.triples.add((subject, predicate, value))
        self.forward[subject, predicate].add(value)
        self.backward[predicate, value].add(subject)

    def iris(self, subject: str, predicate: str) -> set[str]:
        found = self.forward.get((subject, predicate), set())
        assert all(isinstance(value, str) for value in found), (subject, predicate)
        return {value for value in found if isinstance(value, str)}

    def texts(self, subject: str, predicate: str) -> set[str]:
        found = self.forward.get((subject, predicate), set())
        assert all(isinstance(value, Text) for value in found), (subject, predicate)
        return {value.value for value in found if isinstance(value, Text)}

    def iri(self, subject: str, predicate: str) -> str:
        (value,) = self.iris(subject, predicate)
        return value

    def text(self, subject: str, predicate: str) -> str:
        (value,) = self.texts(subject, predicate)
        return value

    def line(self, subject: str) -> int:
        return int(self.text(subject, "qe:atLine"))

    def subjects(self, predicate: str, value: Node) -> set[str]:
        return self.backward.get((predicate, value), set())

    def instances(self, *classes: str) -> set[str]:
        return set().union(*(self.subjects("rdf:type", name) for name in classes))

    def label(self, subject: str) -> str:
        return self.text(subject, "skos:prefLabel")

    def labels(self, class_name: str) -> Counter[str]:
        return Counter(self.label(one) for one in self.instances(class_name))


@cache
def manifest() -> dict[str, Any]:
    return tomllib.loads((MODEL / "qe-kg.toml").read_text(encoding="utf-8"))


@cache
def read(*parts: str) -> Graph:
    """Read the files that the manifest lists under these keys."""
    graph = Graph()
    for part in parts:
        for name in manifest()["files"][part]:
            for quad in ox.parse(path=MODEL / name, format=ox.RdfFormat.TURTLE):
                subject, predicate = term(quad.subject), term(quad.predicate)
                assert isinstance(subject, str)
                assert isinstance(predicate, str)
                graph.add(subject, predicate, term(quad.object))
    return graph


TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "source_table.toml").read_text(encoding="utf-8"))
COUNTS: dict[str, Any] = TABLE["counts"]
NODES: list[dict[str, Any]] = TABLE["diagram"]["nodes"]
EDGES: list[dict[str, Any]] = TABLE["diagram"]["edges"]
SUBGRAPHS: list[dict[str, Any]] = TABLE["diagram"]["subgraphs"]
PROSE: dict[str, Any] = TABLE["prose"]
STATEMENTS: list[dict[str, Any]] = PROSE["statements"]
LINES = DOCUMENT.read_text(encoding="utf-8").split("\n")

# Name (code, or label where there is no code) → IRI, made by the naming rule and not looked up in the data.
PARTICIPANTS = (
    {
        node["code"] or node["name"]: f"qed:value-stream-{kebab(node['code'])}"
        if node["code"]
        else f"qed:stakeholder-{kebab(node['name'])}"
        for node in NODES
    }
    | {row["label"]: f"qed:capability-{kebab(row['label'])}" for row in PROSE["capabilities"]}
    | {row["label"]: f"qed:information-system-{kebab(row['label'])}" for row in PROSE["systems"]}
)
MERMAID = {node["id"]: node["code"] or node["name"] for node in NODES}
EDGE_AT = {edge["line"]: edge for edge in EDGES}


def line_text(number: int) -> str:
    return LINES[number - 1]


def item_iri(label: str) -> str:
    return f"qed:information-item-{kebab(label)}"


def flow_iri(source: str, item: str, target: str) -> str:
    return f"qed:flow-{kebab(source)}-{kebab(target)}-{kebab(item)}"


def edge_flow(edge: dict[str, Any]) -> str:
    return flow_iri(MERMAID[edge["from"]], edge["label"], MERMAID[edge["to"]])


def covered_flows(row: dict[str, Any]) -> set[str]:
    """The flows that one statement of the text covers."""
    drawn = {(MERMAID[e["from"]], MERMAID[e["to"]]): e for e in (EDGE_AT[n] for n in row.get("edges", []))}
    pairs = [(s, t) for s in row["sources"] for t in row["targets"] if s != t]
    assert set(drawn) <= set(pairs), row["id"]
    return {edge_flow(drawn[p]) if p in drawn else flow_iri(p[0], row["item"], p[1]) for p in pairs}


def statement_iri(identifier: str) -> str:
    return f"qed:flow-statement-{identifier.lower()}"


def stated_by(graph: Graph, element: str) -> set[str]:
    return set().union(*(graph.subjects(predicate, element) for predicate in STATING))


@pytest.fixture(scope="module")
def facts() -> Graph:
    return read("data")


@pytest.fixture(scope="module")
def inferences() -> Graph:
    return read("inference")


@pytest.fixture(scope="module")
def baseline() -> Graph:
    return read("baseline")


@pytest.fixture(scope="module")
def everything() -> Graph:
    return read("data", "inference", "baseline")


# ---------------------------------------------------------------- the table itself


def test_document_is_the_one_the_table_was_made_from() -> None:
    content = DOCUMENT.read_bytes()
    assert hashlib.sha256(content).hexdigest() == TABLE["document"]["sha256"]
    assert len(content.decode().splitlines()) == TABLE["document"]["lines"]


def test_table_has_every_node_and_edge_of_the_mermaid_text() -> None:
    nodes, edges, subgraphs = [], [], []
    stack: list[str] = []
    fence = [number for number, text in enumerate(LINES, 1) if text.startswith("```")]
    for number in range(fence[0] + 1, fence[1]):
        text = line_text(number).strip()
        if match := re.fullmatch(r"subgraph (.+)", text):
            stack.append(match[1])
            subgraphs.append((number, match[1]))
        elif text == "end":
            stack.pop()
        elif match := re.fullmatch(r"(\w+)\[(?:([A-Z]{3}-\d{2}) )?(.+)\]", text):
            nodes.append((number, match[1], match[2] or "", match[3], stack[-1]))
        elif match := re.fullmatch(r'(\w+) -- "(.+)" --> (\w+)', text):
            edges.append((number, match[1], match[2], match[3]))
        else:
            assert not text or text == "graph LR" or text.startswith("%% "), (number, text)
    assert stack == []
    assert nodes == [(n["line"], n["id"], n["code"], n["name"], n["group"]) for n in NODES]
    assert edges == [(e["line"], e["from"], e["label"], e["to"]) for e in EDGES]
    assert subgraphs == [(s["line"], s["name"]) for s in SUBGRAPHS]


def test_table_has_every_heading_comment_and_subgraph() -> None:
    found = {n for n, text in enumerate(LINES, 1) if re.match(r"#+ |\s+%% |\s+subgraph ", text)}
    assert found == {line for line, _ in TABLE["document"]["sections"]}


def test_table_has_every_bullet_of_chapters_3_and_4() -> None:
    bullets = {
        number: match[1]
        for number, text in enumerate(LINES, 1)
        if number > 110 and (match := re.match(r"\*   \*\*(.+?):\*\* ", text))
    }
    assert bullets == {row["line"]: row["label"] for row in PROSE["patterns"] + PROSE["considerations"]}
    for row in PROSE["groups"]:
        assert re.sub(r"^### [\d.]+ ", "", line_text(row["line"])) == row["label"]


@pytest.mark.parametrize("kind", ["concepts", "capabilities", "systems", "items", "aliases"])
def test_table_quotes_the_document(kind: str) -> None:
    for row in PROSE[kind]:
        if kind in ("concepts", "capabilities", "systems"):
            assert row["label"].casefold() in line_text(row["line"]).casefold(), row
        assert row.get("wording", "") in line_text(row["line"]), row
    for row in PROSE["capabilities"]:
        assert f"{row['label']} {row['wording']}".strip() in line_text(row["line"])


def test_table_agrees_with_itself() -> None:
    assert len(EDGES) == COUNTS["drawn_flows"] == COUNTS["diagram_flow_statements"]
    assert len(NODES) == COUNTS["drawn_participants"]
    assert len(STATEMENTS) == COUNTS["prose_flow_statements"]
    assert [row["id"] for row in STATEMENTS] == [f"T{n:02d}" for n in range(1, 33)]
    assert Counter(row["modality"] for row in STATEMENTS) == COUNTS["modalities"]
    assert Counter(row["quantifier"] for row in STATEMENTS if "quantifier" in row) == COUNTS["quantifiers"]
    assert sum(row.get("open", False) for row in STATEMENTS) == COUNTS["open_questions"]
    levels = Counter(row["level"] or "none" for row in PROSE["capabilities"])
    assert levels == COUNTS["capability_levels"]
    for key in ("patterns", "considerations", "derivations"):
        assert len(PROSE[key]) == COUNTS[key]
    assert len({row["label"] for row in PROSE["concepts"]}) == COUNTS["concepts"]
    assert sum(row.get("master", False) for row in PROSE["concepts"]) == COUNTS["master_concepts"]
    assert len({edge["label"] for edge in EDGES}) == COUNTS["drawn_items"]
    assert len(PROSE["items"]) == COUNTS["prose_items"]
    drawn = {edge_flow(edge) for edge in EDGES}
    direct = set().union(*(covered_flows(row) for row in STATEMENTS if row["modality"] != "universal"))
    universal = set().union(*(covered_flows(row) for row in STATEMENTS if row["modality"] == "universal"))
    assert len(drawn) == COUNTS["drawn_flows"]
    assert len(direct - drawn) == COUNTS["stated_directly_only"]
    assert len(universal - direct - drawn) == COUNTS["expanded_only"]
    assert len((direct | universal) - drawn) == COUNTS["prose_only_flows"]
    assert len((direct | universal) & drawn) == COUNTS["drawn_and_stated"]
    assert len(drawn | direct | universal) == COUNTS["flows"]


# ---------------------------------------------------------------- counts


@pytest.mark.parametrize(
    ("classes", "key"),
    [
        (("qe:Stakeholder",), "stakeholders"),
        (("qe:ValueStream",), "value_streams"),
        (("qe:Stakeholder", "qe:ValueStream"), "drawn_participants"),
        (("qe:Capability",), "capabilities"),
        (("qe:InformationSystem",), "information_systems"),
        (("qe:Stakeholder", "qe:ValueStream", "qe:Capability", "qe:InformationSystem"), "participants"),
        (("qe:ValueStreamCategory",), "value_stream_categories"),
        (("qe:InformationFlow",), "flows"),
        (("qe:InformationConcept",), "concepts"),
        (("qe:InformationItem",), "items"),
        (("qe:FlowPatternGroup",), "pattern_groups"),
        (("qe:FlowPattern",), "patterns"),
        (("qe:DesignConsideration",), "considerations"),
        (("qe:Derivation",), "derivations"),
        (("qe:FlowStatement",), "flow_statements"),
        (("qe:SourceStatement", "qe:FlowStatement"), "statements"),
        (("qe:DocumentSection",), "sections"),
        (("prov:Agent",), "agents"),
        (("qe:DocumentRevision",), "revisions"),
        (("qe:UnresolvedReference",), "unresolved"),
    ],
)
def test_instances(facts: Graph, everything: Graph, classes: tuple[str, ...], key: str) -> None:
    assert len(facts.instances(*classes)) == COUNTS[key]
    assert everything.instances(*classes) == facts.instances(*classes), "only the facts define these"


def test_statements_by_medium(facts: Graph) -> None:
    for medium in ("diagram", "prose"):
        found = facts.subjects("qe:medium", f"qev:medium-{medium}")
        assert len(found) == COUNTS[f"{medium}_statements"]
        assert len(found & facts.instances("qe:FlowStatement")) == COUNTS[f"{medium}_flow_statements"]


def test_drawn_and_stated_flows(facts: Graph) -> None:
    by_medium: dict[str, set[str]] = defaultdict(set)
    direct: set[str] = set()
    for flow in facts.instances("qe:InformationFlow"):
        for statement in stated_by(facts, flow):
            medium = facts.iri(statement, "qe:medium")
            by_medium[medium].add(flow)
            if medium == "qev:medium-prose" and flow in facts.iris(statement, "qe:statesFlow"):
                direct.add(flow)
    drawn, stated = by_medium["qev:medium-diagram"], by_medium["qev:medium-prose"]
    assert len(drawn) == COUNTS["drawn_flows"]
    assert len(stated - drawn) == COUNTS["prose_only_flows"]
    assert len(direct - drawn) == COUNTS["stated_directly_only"]
    assert len(stated - drawn - direct) == COUNTS["expanded_only"]
    assert len(drawn & stated) == COUNTS["drawn_and_stated"]
    assert drawn | stated == facts.instances("qe:InformationFlow")


@pytest.mark.parametrize("name", ["flows-drawn", "flows-stated", "flows-expanded"])
def test_flow_files_hold_what_their_names_say(name: str) -> None:
    key = {
        "flows-drawn": "drawn_flows",
        "flows-stated": "stated_directly_only",
        "flows-expanded": "expanded_only",
    }
    quads = ox.parse(path=MODEL / f"{name}.ttl", format=ox.RdfFormat.TURTLE)
    assert len({quad.subject for quad in quads}) == COUNTS[key[name]]


def test_zones_with_and_without_inferences(facts: Graph, everything: Graph) -> None:
    for zone in ("regulated", "non-regulated", "external"):
        members = facts.subjects("qe:inZone", f"qev:zone-{zone}")
        group = next(row["name"] for row in SUBGRAPHS if row["zone"] == zone)
        assert members == {PARTICIPANTS[n["code"] or n["name"]] for n in NODES if n["group"] == group}
        assert len(members) == COUNTS[f"zone_{zone.replace('-', '_')}"]
        assert everything.subjects("qe:inZone", f"qev:zone-{zone}") == members
    assert facts.subjects("qe:inZone", "qev:zone-shared") == set()
    shared = everything.subjects("qe:inZone", "qev:zone-shared")
    assert shared == {PARTICIPANTS[n["code"]] for n in NODES if n["group"] == "Enterprise Support"}
    assert len(shared) == COUNTS["zone_shared_inferred"]


# ---------------------------------------------------------------- the document as data


def test_control_data(facts: Graph) -> None:
    want = TABLE["document"]
    (document,) = facts.instances("qe:SourceDocument")
    assert document == f"qed:source-document-{DOCUMENT.stem}"
    assert facts.text(document, "dcterms:title") == want["title"]
    assert facts.text(document, "dcterms:description") == want["scope"]
    assert facts.text(document, "qe:documentVersion") == want["version"]
    assert facts.text(document, "qe:framework") == want["framework"]
    assert facts.text(document, "qe:nextReview") == want["next_review"]
    assert facts.forward[document, "dcterms:issued"] == {Text(want["date"].isoformat(), "xsd:date", None)}
    for predicate, names in (
        ("qe:hasAuthor", [want["author"]]),
        ("qe:hasReviewer", want["reviewers"]),
        ("qe:hasApprover", want["approvers"]),
    ):
        assert {facts.label(agent) for agent in facts.iris(document, predicate)} == set(names)
    assert len(want["reviewers"]) == COUNTS["reviewers"]
    assert len(want["approvers"]) == COUNTS["approvers"]
    for text in (want["scope"], want["author"], ", ".join(want["reviewers"]), ", ".join(want["approvers"])):
        assert text in "\n".join(LINES)


def test_unresolved_references(facts: Graph) -> None:
    found = {
        (facts.line(one), facts.text(one, "qe:referencePath"), facts.label(one))
        for one in facts.instances("qe:UnresolvedReference")
    }
    assert found == {(row["line"], row["path"], row["label"]) for row in TABLE["document"]["unresolved"]}
    for line, path, label in found:
        assert f"[{label}]({path})" in line_text(line)


def test_parts_belong_to_the_document(facts: Graph) -> None:
    (document,) = facts.instances("qe:SourceDocument")
    for class_name, predicate in (
        ("qe:UnresolvedReference", "qe:isReferenceIn"),
        ("qe:DocumentRevision", "qe:isRevisionOf"),
        ("qe:DocumentSection", "qe:isSectionOf"),
    ):
        assert facts.subjects(predicate, document) == facts.instances(class_name)


def test_categories_point_to_the_statement_of_their_subgraph(facts: Graph) -> None:
    found = {facts.label(one): facts.iri(one, "dcterms:source") for one in facts.instances("qe:ValueStreamCategory")}
    lines = {row["name"]: row["line"] for row in SUBGRAPHS if row["line"] > 37}
    assert {name: facts.line(statement) for name, statement in found.items()} == lines
    assert set(found.values()) <= facts.instances("qe:SourceStatement")


def test_revisions(facts: Graph) -> None:
    found = {
        (
            facts.line(one),
            facts.text(one, "qe:documentVersion"),
            facts.text(one, "dcterms:issued"),
            facts.text(one, "dcterms:description"),
        )
        for one in facts.instances("qe:DocumentRevision")
    }
    rows = TABLE["document"]["revisions"]
    assert found == {(row["line"], row["version"], row["date"].isoformat(), row["text"]) for row in rows}
    for line, version, date, text in found:
        assert line_text(line) == f"- v{version} ({date}): {text}"


def test_sections(facts: Graph) -> None:
    found = {}
    for section in facts.instances("qe:DocumentSection"):
        line = facts.line(section)
        parents = facts.iris(section, "qe:isSubsectionOf")
        found[line] = facts.line(parents.pop()) if parents else 0
        assert section == f"qed:document-section-line-{line:03d}"
        assert re.sub(r"^(#+|\s+%%|\s+subgraph) ", "", line_text(line)) == facts.label(section)
    assert found == dict(TABLE["document"]["sections"])


# ---------------------------------------------------------------- participants, information, patterns


@pytest.mark.parametrize("node", NODES, ids=lambda node: node["id"])
def test_node(facts: Graph, node: dict[str, Any]) -> None:
    participant = PARTICIPANTS[node["code"] or node["name"]]
    assert facts.iri(participant, "rdf:type") == ("qe:ValueStream" if node["code"] else "qe:Stakeholder")
    assert facts.label(participant) == node["name"]
    assert facts.texts(participant, "skos:notation") == ({node["code"]} if node["code"] else set())
    at_line = {one for one in stated_by(facts, participant) if facts.line(one) == node["line"]}
    assert {facts.text(one, "qe:wording") for one in at_line} == {line_text(node["line"]).strip()}
    group_line = next(row["line"] for row in SUBGRAPHS if row["name"] == node["group"])
    assert group_line in {facts.line(one) for one in stated_by(facts, participant)}
    if node["code"]:
        assert facts.label(facts.iri(participant, "qe:hasCategory")) == node["group"]
    else:
        scopes = facts.iris(participant, "qe:hasStakeholderScope")
        assert scopes == {"qev:stakeholder-scope-external"}


def test_capabilities_and_systems(facts: Graph) -> None:
    assert facts.labels("qe:Capability") == Counter(row["label"] for row in PROSE["capabilities"])
    assert facts.labels("qe:InformationSystem") == Counter(row["label"] for row in PROSE["systems"])
    for row in PROSE["capabilities"]:
        levels = facts.iris(PARTICIPANTS[row["label"]], "qe:isAtLevel")
        assert levels == ({f"qev:capability-level-{row['level'].lower()}"} if row["level"] else set())
    for row in PROSE["capabilities"] + PROSE["systems"]:
        lines = {facts.line(one) for one in stated_by(facts, PARTICIPANTS[row["label"]])}
        assert row["line"] in lines


def test_functions_are_those_the_text_gives(facts: Graph) -> None:
    found = {(s, o) for s, p, o in facts.triples if p == "qe:performsFunction"}
    assert found == {
        (PARTICIPANTS["ESV-04"], "qev:participant-function-analytics"),
        (PARTICIPANTS["SMV-03"], "qev:participant-function-der-aggregation"),
        (PARTICIPANTS["SMV-03"], "qev:participant-function-market-participation"),  # lines 93 and 94
        (PARTICIPANTS["System Operations & Grid Control"], "qev:participant-function-system-operations"),
        (PARTICIPANTS["Regulators"], "qev:participant-function-regulation"),
        (PARTICIPANTS["Technology Partners"], "qev:participant-function-technology-partner"),
        (PARTICIPANTS["REV-01"], "qev:participant-function-rate-case"),
        (PARTICIPANTS["REV-02"], "qev:participant-function-regulatory-reporting"),
        (PARTICIPANTS["ESV-03"], "qev:participant-function-financial-reporting"),
    }


def test_concepts(facts: Graph) -> None:
    assert set(facts.labels("qe:InformationConcept")) == {row["label"] for row in PROSE["concepts"]}
    for row in PROSE["concepts"]:
        concept = f"qed:information-concept-{kebab(row['label'])}"
        assert facts.label(concept) == row["label"]
        assert row["line"] in {facts.line(one) for one in stated_by(facts, concept)}
        assert facts.texts(concept, "qe:isMasterData") == ({"true"} if row.get("master") else set())


def test_items(facts: Graph) -> None:
    drawn = {edge["label"] for edge in EDGES}
    prose = {row["label"] for row in PROSE["items"]}
    assert set(facts.labels("qe:InformationItem")) == drawn | prose
    assert not drawn & prose
    for row in PROSE["items"]:
        assert (row["label"].casefold() == row["wording"].casefold()) != row.get("coined", False)
        assert row["line"] in {facts.line(one) for one in stated_by(facts, item_iri(row["label"]))}


def test_items_are_about_what_the_text_ties_to_them(facts: Graph, everything: Graph) -> None:
    def pairs(graph: Graph, predicate: str) -> set[tuple[str, str]]:
        return {
            (s.removeprefix("qed:information-item-"), re.sub(r"^qed:information-concept-|^qev:", "", str(o)))
            for s, p, o in graph.triples
            if p == predicate
        }

    stated = {
        ("unified-customer-profile", "customer-profile"),
        ("unified-customer-profile", "customer-account"),
        ("real-time-operational-data", "grid-state"),
        ("real-time-operational-data", "asset-performance"),
        ("meter-readings", "meter-reading"),
        ("outage-info", "outage-event"),
        ("smart-device-data", "smart-device-data"),
        ("financial-data", "financial-transaction"),
        ("allocated-financial-data", "financial-transaction"),
    }
    inferred = {
        ("ami-reads", "meter-reading"),
        ("customer-data", "customer-profile"),
        ("customer-data", "customer-account"),
        ("non-reg-customer-data", "customer-profile"),
        ("account-info", "customer-account"),
        ("grid-telemetry", "grid-state"),
    }
    assert pairs(facts, "qe:isAbout") == stated
    assert pairs(everything, "qe:isAbout") == stated | inferred
    granular = "data-category-granular-device-data"
    assert pairs(facts, "qe:hasDataCategory") == {("smart-device-data", granular)}
    plain = {
        "customer-data": (
            "service-request support-request interest-in-smart-home ev-charging-request resolution solution-data "
            "charging-data customer-communication account-info customer-data non-reg-customer-data device-data "
            "unified-customer-profile"
        ),
        "billing-data": "billing-inquiry bill-data",
        "usage-data": "ami-reads meter-readings",
        "grid-operations-data": (
            "grid-data operational-data grid-telemetry pipeline-telemetry outage-info real-time-operational-data"
        ),
        "financial-data": "financial-data sales-data operational-and-financial-data allocated-financial-data",
        "market-data": "market-bids-offers market-prices-signals",
        "regulatory-data": (
            "rate-case-filing compliance-report regulatory-orders compliance-mandates external-reporting"
        ),
        "strategy-data": "strategic-guidance",
        "product-data": "product-performance products",
        "control-command": "der-dispatch-commands",
    }
    assert pairs(everything, "qe:hasDataCategory") == {
        ("smart-device-data", granular),
        ("ev-charging-status", granular),
        ("non-reg-customer-data", granular),
        *((item, f"data-category-{category}") for category, items in plain.items() for item in items.split()),
    }
    silent = {"analytics", "insights", "market-insights", "der-status", "product-telemetry"}
    every = {item.removeprefix("qed:information-item-") for item in facts.instances("qe:InformationItem")}
    assert every - {item for item, _ in pairs(everything, "qe:hasDataCategory")} == silent


def test_other_wordings(facts: Graph) -> None:
    found = {(s, o.value) for s, p, o in facts.triples if p == "skos:altLabel" and isinstance(o, Text)}
    rows = PROSE["aliases"]
    assert found == {(PARTICIPANTS.get(row["label"], item_iri(row["label"])), row["wording"]) for row in rows}


def test_patterns_and_groups(facts: Graph) -> None:
    groups = {row["line"]: row["label"] for row in PROSE["groups"]}
    assert facts.labels("qe:FlowPatternGroup") == Counter(groups.values())
    assert facts.labels("qe:FlowPattern") == Counter(row["label"] for row in PROSE["patterns"])
    for row in PROSE["patterns"]:
        pattern = f"qed:flow-pattern-{kebab(row['label'])}"
        assert facts.label(facts.iri(pattern, "qe:isInPatternGroup")) == groups[row["group"]]
        (statement,) = stated_by(facts, pattern)
        assert facts.line(statement) == row["line"]
        assert facts.line(facts.iri(statement, "qe:isInSection")) == row["group"]
        assert "*   " + facts.text(statement, "qe:wording") == line_text(row["line"])


def test_considerations_are_defined_in_the_words_of_the_document(facts: Graph) -> None:
    assert facts.labels("qe:DesignConsideration") == Counter(row["label"] for row in PROSE["considerations"])
    for row in PROSE["considerations"]:
        consideration = f"qed:design-consideration-{kebab(row['label'])}"
        definition = facts.text(consideration, "skos:definition")
        assert line_text(row["line"]) == f"*   **{row['label']}:** {definition}"
    defined = {s for s, p, _ in facts.triples if p == "skos:definition"}
    assert defined == facts.instances("qe:DesignConsideration"), "the document defines nothing else"


def test_derivations(facts: Graph, everything: Graph) -> None:
    assert len(facts.instances("qe:Derivation")) == len(PROSE["derivations"])
    for row in PROSE["derivations"]:
        derivation = f"qed:derivation-{kebab(row['at'])}-{kebab(row['output'])}"
        inputs = {item_iri(label) for label in row["inputs"]}
        assert facts.iri(derivation, "qe:isDerivedAt") == PARTICIPANTS[row["at"]]
        assert facts.iris(derivation, "qe:takesInput") == inputs
        assert facts.iris(derivation, "qe:givesOutput") == {item_iri(row["output"])}
        assert facts.iris(derivation, "qe:hasDerivationKind") == {f"qev:derivation-kind-{row['kind']}"}
        assert stated_by(facts, derivation) == {statement_iri(one) for one in row["statements"]}
        further = {item_iri("AMI Reads")} if row["output"] == "Bill Data" else set()
        assert everything.iris(derivation, "qe:takesInput") == inputs | further


# ---------------------------------------------------------------- flows and statements


def test_every_edge_is_one_flow_and_one_statement(facts: Graph) -> None:
    diagram = facts.instances("qe:FlowStatement") & facts.subjects("qe:medium", "qev:medium-diagram")
    at_line: dict[int, list[str]] = defaultdict(list)
    for statement in diagram:
        at_line[facts.line(statement)].append(statement)
    assert set(at_line) == set(EDGE_AT)
    for number, edge in enumerate(EDGES, 1):
        (statement,) = at_line[edge["line"]]
        source, target = PARTICIPANTS[MERMAID[edge["from"]]], PARTICIPANTS[MERMAID[edge["to"]]]
        assert statement == statement_iri(f"F{number:02d}")
        assert facts.text(statement, "skos:notation") == f"F{number:02d}"
        assert facts.text(statement, "qe:wording") == line_text(edge["line"]).strip()
        assert facts.iri(statement, "qe:modality") == "qev:modality-asserted"
        assert facts.iris(statement, "qe:namesSource") == {source}
        assert facts.iris(statement, "qe:namesTarget") == {target}
        assert facts.iris(statement, "qe:statesElement") == {item_iri(edge["label"])}
        flow = facts.iri(statement, "qe:statesFlow")
        assert flow == edge_flow(edge)
        assert facts.iri(flow, "qe:hasSource") == source
        assert facts.iri(flow, "qe:hasTarget") == target
        assert facts.iri(flow, "qe:carries") == item_iri(edge["label"])
        assert facts.label(item_iri(edge["label"])) == edge["label"]


@pytest.mark.parametrize("row", STATEMENTS, ids=lambda row: row["id"])
def test_statement_of_the_text(facts: Graph, row: dict[str, Any]) -> None:
    statement = statement_iri(row["id"])
    assert facts.iri(statement, "rdf:type") == "qe:FlowStatement"
    assert facts.text(statement, "skos:notation") == row["id"]
    assert facts.line(statement) == row["line"]
    assert facts.iri(statement, "qe:medium") == "qev:medium-prose"
    assert facts.iri(statement, "qe:modality") == f"qev:modality-{row['modality']}"
    quantifiers = facts.iris(statement, "qe:hasQuantifier")
    assert quantifiers == ({f"qev:quantifier-{row['quantifier']}"} if "quantifier" in row else set())
    assert len(facts.texts(statement, "qe:openQuestion")) == int(row.get("open", False))
    for key, predicate in (("sources", "qe:namesSource"), ("targets", "qe:namesTarget")):
        named = [] if key in row.get("unnamed", []) else row[key]
        assert facts.iris(statement, predicate) == {PARTICIPANTS[name] for name in named}
    states, other = "qe:statesFlow", "qe:expandsTo"
    if row["modality"] == "universal":
        states, other = other, states
    assert facts.iris(statement, states) == covered_flows(row)
    assert facts.iris(statement, other) == set()
    if "item" in row:
        assert item_iri(row["item"]) in facts.iris(statement, "qe:statesElement")
        assert facts.label(item_iri(row["item"])) == row["item"]


def test_flow_iris_and_labels_name_source_target_and_item(facts: Graph) -> None:
    names = {iri: name for name, iri in PARTICIPANTS.items()}
    for flow in facts.instances("qe:InformationFlow"):
        source = names[facts.iri(flow, "qe:hasSource")]
        target = names[facts.iri(flow, "qe:hasTarget")]
        item = facts.label(facts.iri(flow, "qe:carries"))
        assert source != target
        assert flow == flow_iri(source, item, target)
        assert facts.label(flow) == f"{item}: {source} → {target}"


def test_flows_follow_the_patterns_whose_lines_state_them(facts: Graph) -> None:
    pattern_at = {row["line"]: f"qed:flow-pattern-{kebab(row['label'])}" for row in PROSE["patterns"]}
    expected: dict[str, set[str]] = defaultdict(set)
    for row in STATEMENTS:
        for flow in covered_flows(row):
            expected[flow].add(pattern_at[row["line"]])
    for flow in facts.instances("qe:InformationFlow"):
        assert facts.iris(flow, "qe:followsPattern") == expected.get(flow, set())


def test_latency_and_way_are_those_that_statements_give(facts: Graph) -> None:
    latency = {
        (flow, f"qev:latency-class-{row['latency']}")
        for row in STATEMENTS
        if "latency" in row
        for flow in covered_flows(row)
    }
    via = {(flow, PARTICIPANTS[row["via"]]) for row in STATEMENTS if "via" in row for flow in covered_flows(row)}
    assert {(s, o) for s, p, o in facts.triples if p == "qe:hasLatencyClass"} == latency
    assert {(s, o) for s, p, o in facts.triples if p == "qe:passesThrough"} == via


def test_wordings_stand_in_the_document_at_their_line(facts: Graph) -> None:
    headings = sorted(line for line, _ in TABLE["document"]["sections"])
    for statement in facts.instances("qe:SourceStatement", "qe:FlowStatement"):
        line = facts.line(statement)
        assert facts.text(statement, "qe:wording") in line_text(line), statement
        assert facts.iri(statement, "qe:isInDocument") == f"qed:source-document-{DOCUMENT.stem}"
        section = facts.line(facts.iri(statement, "qe:isInSection"))
        assert section == max(heading for heading in headings if heading <= line), statement
        medium = "diagram" if 28 <= line <= 107 else "prose"
        assert facts.iri(statement, "qe:medium") == f"qev:medium-{medium}"
        if statement in facts.instances("qe:SourceStatement"):
            assert re.fullmatch(rf"qed:source-statement-line-{line:03d}(-[a-z0-9-]+)?", statement)
            assert facts.iri(statement, "qe:modality") == "qev:modality-asserted"
    for predicate, key in (("qe:openQuestion", "open"), ("qe:hasQuantifier", "quantifier")):
        found = {s for s, p, _ in facts.triples if p == predicate}
        assert found == {statement_iri(row["id"]) for row in STATEMENTS if row.get(key)}


def test_every_element_leads_to_a_statement(facts: Graph) -> None:
    statements = facts.instances("qe:SourceStatement", "qe:FlowStatement")
    for element in sorted(facts.instances(*ARCHITECTURE_CLASSES)):
        assert stated_by(facts, element) & statements, element
    for predicate in STATING:
        for subject, name, value in facts.triples:
            if name == predicate:
                assert subject in statements
                assert value in facts.instances(*ARCHITECTURE_CLASSES), value


def test_opening_paragraphs_and_open_statements_state_no_flow(facts: Graph) -> None:
    silent = {
        facts.line(one)
        for one in facts.instances("qe:SourceStatement")
        if not any(facts.iris(one, predicate) for predicate in STATING)
    }
    assert silent == {16, 22}
    flowless = {
        facts.text(one, "skos:notation")
        for one in facts.instances("qe:FlowStatement")
        if not facts.iris(one, "qe:statesFlow") | facts.iris(one, "qe:expandsTo")
    }
    assert flowless == {"T04", "T30"}


def test_considerations_concern_what_their_lines_name(facts: Graph) -> None:
    found = {(s, o) for s, p, o in facts.triples if p == "qe:concerns"}
    master = {f"qed:information-concept-{name}" for name in ("customer", "premise", "asset")}
    assert found == {("qed:design-consideration-master-data-management", one) for one in master} | {
        ("qed:design-consideration-data-latency", item_iri("Grid Telemetry"))
    }


# ---------------------------------------------------------------- form


def test_manifest_names_every_file() -> None:
    files = manifest()["files"]
    named = [name for key in ("data", "inference", "baseline", "sources") for name in files[key]]
    assert len(named) == len(set(named))
    found = {path.relative_to(MODEL).as_posix() for path in MODEL.rglob("*") if path.suffix in (".ttl", ".md")}
    assert found == set(named)
    assert manifest()["model"]["namespace"] == f"{BASE}id/"


@pytest.mark.parametrize("path", sorted(MODEL.glob("*.ttl")), ids=lambda path: path.stem)
def test_no_blank_nodes(path: Path) -> None:
    for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE):
        assert not isinstance(quad.subject, ox.BlankNode)
        assert not isinstance(quad.object, ox.BlankNode)


def test_instances_that_are_referred_to_are_defined(everything: Graph) -> None:
    defined = {s for s, p, _ in everything.triples if p == "rdf:type"}
    # A finding along a path exists only while the rules are checked.
    found = {o for _, p, o in everything.triples if p == "qe:atFocus" and str(o).startswith("qed:conduit-")}
    referred = {o for _, _, o in everything.triples if isinstance(o, str) and o.startswith("qed:")} - found
    assert referred <= defined, sorted(referred - defined)
    assert {s for s, _, _ in everything.triples} <= defined


def test_terms_that_are_used_are_defined_by_the_ontology(everything: Graph) -> None:
    used = {
        node
        for triple in everything.triples
        for node in triple
        if isinstance(node, str) and node.startswith(("qe:", "qev:"))
    }
    defined = {
        curie(quad.subject.value)
        for path in sorted((ROOT / "ontology").rglob("*.ttl"))
        for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE)
        if isinstance(quad.subject, ox.NamedNode) and quad.predicate.value.endswith("#type")
    }
    assert used <= defined, sorted(used - defined)


def test_every_instance_has_one_class_and_one_english_label(everything: Graph) -> None:
    for subject in {s for s, _, _ in everything.triples}:
        everything.iri(subject, "rdf:type")
        (label,) = everything.forward[subject, "skos:prefLabel"]
        assert isinstance(label, Text)
        assert label.language == "en"
        assert re.fullmatch(r"qed:[a-z0-9]+(-[a-z0-9]+)*", subject), subject


def test_facts_hold_known_classes_only(facts: Graph) -> None:
    found = {o for _, p, o in facts.triples if p == "rdf:type"}
    assert found == ARCHITECTURE_CLASSES | OTHER_CLASSES


@pytest.mark.parametrize(("class_name", "start"), IRI_BY_LABEL.items())
def test_iris_come_from_code_or_label(facts: Graph, class_name: str, start: str) -> None:
    for one in facts.instances(class_name):
        name = next(iter(facts.texts(one, "skos:notation")), facts.label(one))
        assert one == f"qed:{start}-{kebab(name)}"


# ---------------------------------------------------------------- inferences and baseline


def test_inferences_repeat_no_fact(facts: Graph, inferences: Graph) -> None:
    assert not facts.triples & inferences.triples


def test_every_inferred_triple_has_its_reason(facts: Graph, inferences: Graph) -> None:
    individuals = inferences.instances("qe:Inference")
    assert len(individuals) == COUNTS["inferences"]
    about = {target for one in individuals for target in inferences.iris(one, "qe:infersAbout")}
    added = {s for s, _, _ in inferences.triples if s not in individuals}
    assert added == about
    statements = facts.instances("qe:SourceStatement", "qe:FlowStatement")
    for one in individuals:
        assert inferences.text(one, "qe:rationale")
        assert inferences.iris(one, "qe:infersFrom")
        assert inferences.iris(one, "qe:infersFrom") <= statements
        assert one.startswith("qed:inference-")


def test_inferences_add_links_between_known_things_only(facts: Graph, inferences: Graph) -> None:
    known = facts.instances(*ARCHITECTURE_CLASSES)
    links = {t for t in inferences.triples if t[0] not in inferences.instances("qe:Inference")}
    assert {p for _, p, _ in links} == {
        "qe:inZone",
        "qe:isAbout",
        "qe:takesInput",
        "qe:hasDataCategory",
        "qe:concerns",
    }
    for subject, _, value in links:
        assert subject in known
        assert isinstance(value, str)
        assert value in known or value.startswith("qev:")


# What the rules of the generic profile find, worked out by hand from the lines of the document. A flow is written
# "source target item".
OWNERLESS = "rcv-01 rcv-02 rcv-03 aov-04 aov-05 rev-01 rev-02 ncv-01 ncv-02 smv-03 esv-01 esv-03 esv-04"
ZONELESS = (
    "capability-system-operations-and-grid-control capability-market-development "
    "capability-non-regulated-product-development capability-customer-engagement-and-service "
    "information-system-ami-systems"
)
INTO_THE_BOOKS = {  # lines 100, 101 and 132, without what the shared zone sends itself
    "rcv-03-esv-03-financial-data",
    "ncv-01-esv-03-sales-data",
    *(f"{code}-esv-03-operational-and-financial-data" for code in ["aov-04", "aov-05", "rcv-01", "rcv-02", "ncv-02"]),
}
FOUND_BY_HAND = {
    "SEP-01": {*(f"value-stream-{code}" for code in OWNERLESS.split()), *ZONELESS.split()},
    "SEP-02": {"flow-aov-04-smv-03-grid-telemetry", "flow-aov-05-smv-03-pipeline-telemetry"},  # lines 78, 79
    "SEP-12": {  # line 105, and line 138 to every stream outside the shared zone
        "flow-technology-partners-ncv-01-product-telemetry",
        *(f"flow-esv-04-{code}-analytics" for code in OWNERLESS.split() if not code.startswith("esv")),
    },
    "SEP-03": {  # lines 97, 99 and 103; 137 and 138 for the other streams of the non-regulated zone
        f"conduit-sep-03-from-rcv-01-esv-04-customer-data-to-{last}"
        for stream in ("ncv-01", "ncv-02", "smv-03")
        for last in (f"esv-04-{stream}-analytics", f"esv-01-{stream}-strategic-guidance")
    },
    "FIN-01": {f"flow-{flow}" for flow in INTO_THE_BOOKS},
    "FIN-02": {f"flow-{flow}" for flow in INTO_THE_BOOKS},
    "CON-01": {  # lines 82, 83, 98, 117 and 128
        "flow-ncv-01-smv-03-smart-device-data",
        "flow-ncv-02-smv-03-smart-device-data",
        "flow-ncv-01-esv-04-smart-device-data",
        "flow-ncv-02-esv-04-smart-device-data",
        "flow-ncv-02-smv-03-ev-charging-status",
        "flow-ncv-01-esv-04-non-reg-customer-data",
    },
    "CON-04": {  # lines 63, 65, 67, 76, 77, 97, 115 and 123: data of customers that RCV, AOV or ESV hands over
        "flow-rcv-01-rcv-03-account-info",
        "flow-rcv-03-customers-bill-data",
        "flow-rcv-02-customers-resolution",
        "flow-aov-04-rcv-03-ami-reads",
        "flow-aov-05-rcv-03-ami-reads",
        "flow-rcv-01-esv-04-customer-data",
        "flow-esv-04-rcv-02-unified-customer-profile",
        "flow-rcv-02-customers-customer-communication",
    },
    "CON-12": {"flow-ncv-01-technology-partners-device-data"},  # line 106
    "DQ-04": {f"information-concept-{one}" for one in ("customer", "premise", "asset")},  # line 149
}


def test_baseline_is_what_was_found_by_hand(facts: Graph, baseline: Graph) -> None:
    entries: dict[str, set[str]] = defaultdict(set)
    for entry in baseline.instances("qe:BaselineEntry"):
        rule, focus = baseline.text(entry, "qe:ofRule"), baseline.iri(entry, "qe:atFocus").removeprefix("qed:")
        entries[rule].add(focus)
        assert entry == f"qed:baseline-{rule.lower()}-{focus}"
        assert baseline.forward[entry, "qe:since"] == {Text("2025-11-25", "xsd:date", None)}
        assert baseline.text(entry, "qe:reason")
    # Line 144 names latency as a point to weigh; no line gives a greatest latency for any flow.
    assert entries.pop("DQ-01") == {flow.removeprefix("qed:") for flow in facts.instances("qe:InformationFlow")}
    assert entries == FOUND_BY_HAND


def test_the_lines_that_the_baseline_cites_say_what_it_says(baseline: Graph) -> None:
    """A cited line names the thing that the finding is at: the code of a value stream, the capability, an end."""
    for entry in baseline.instances("qe:BaselineEntry"):
        reason, label = baseline.text(entry, "qe:reason"), baseline.label(entry)
        for number in re.findall(r"[Ll]ine (\d+)", reason):
            line = LINES[int(number) - 1]
            subject = re.split(r"(?:owner|zone) of |: ", label)[-1].split(",")[0]
            if label.startswith("SEP-03"):  # a path: the item or the stream that the entry names with the line
                named = {"97": "Customer Data", "99": "Analytics", "103": "Strategic Guidance"}
                subject = named.get(number, "ESV-01" if number == "137" else "ESV-04")
                assert subject in reason
            assert subject.lower() in line.lower() or number in {"106", "117", "121", "132", "133", "138"}, (
                entry,
                line,
            )


@pytest.mark.parametrize("with_inferences", [False, True])
def test_crossings_and_granular_flows_are_those_of_the_baseline(
    facts: Graph, everything: Graph, with_inferences: bool
) -> None:
    graph = everything if with_inferences else facts

    def zone(flow: str, end: str) -> set[str]:
        return graph.iris(graph.iri(flow, end), "qe:inZone")

    crossing, granular = set(), set()
    for flow in graph.instances("qe:InformationFlow"):
        if "qev:zone-regulated" in zone(flow, "qe:hasSource") and "qev:zone-non-regulated" in zone(
            flow, "qe:hasTarget"
        ):
            crossing.add(flow.removeprefix("qed:"))
        categories = graph.iris(graph.iri(flow, "qe:carries"), "qe:hasDataCategory")
        functions = graph.iris(graph.iri(flow, "qe:hasTarget"), "qe:performsFunction")
        if "qev:data-category-granular-device-data" in categories and functions & {
            "qev:participant-function-analytics",
            "qev:participant-function-der-aggregation",
        }:
            granular.add(flow.removeprefix("qed:"))
    assert crossing == FOUND_BY_HAND["SEP-02"]
    by_inference = {"flow-ncv-02-smv-03-ev-charging-status", "flow-ncv-01-esv-04-non-reg-customer-data"}
    assert granular == FOUND_BY_HAND["CON-01"] - (set() if with_inferences else by_inference)
