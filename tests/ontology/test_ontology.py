"""The ontology keeps its own rules: form of every term, imports, controlled lists, OWL 2 RL.

Each rule is a function that returns what is wrong. It is run on the ontology, where it must find nothing, and
on the ontology with one fault added, where it must find that fault: a rule that cannot fail proves nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph
import pytest
import rdflib
from pyowl2_profiles import detect_profiles
from rdflib import DCTERMS, OWL, PROV, RDF, RDFS, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

rdflib.NORMALIZE_LITERALS = False

ONTOLOGY = Path(__file__).resolve().parents[2] / "ontology"
ROOT = ONTOLOGY / "qe.ttl"
MODULE_FILES = sorted((ONTOLOGY / "modules").glob("*.ttl"))
VOCAB_FILES = sorted((ONTOLOGY / "vocab").glob("*.ttl"))
BASE = "https://quantumenergy.example/ontology/"
QE = Namespace("https://quantumenergy.example/ns/")
QEV = Namespace("https://quantumenergy.example/vocab/")
DPV = Namespace("https://w3id.org/dpv#")
LICENSE = URIRef("https://www.apache.org/licenses/LICENSE-2.0")

PROPERTY_TYPES = {OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty}
TERM_TYPES = {OWL.Class} | PROPERTY_TYPES
# How a definition names a parent that this ontology does not label itself.
FOREIGN_PARENT_LABELS = {
    SKOS.Concept: "Concept",
    PROV.Entity: "Entity",
    PROV.Activity: "Activity",
    DPV.ConsentRecord: "Record",
}
# Lists that hold a part of another vocabulary, under its names: the class of their concepts.
FOREIGN_LISTS = {"purpose": DPV.Purpose}
# OWL 2 Profiles, section 4.2: what OWL 2 RL says of names alone, and its datatypes. This ontology needs no
# class expressions, so their grammar is left out and every use of one is reported.
RL_TYPES = {
    *(OWL.Ontology, OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty),
    *(OWL.NamedIndividual, OWL.FunctionalProperty, OWL.InverseFunctionalProperty, OWL.SymmetricProperty),
    *(OWL.AsymmetricProperty, OWL.IrreflexiveProperty, OWL.TransitiveProperty),
}
RL_PREDICATES = {
    *(RDF.type, RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, RDFS.isDefinedBy),
    *(RDFS.seeAlso, RDFS.comment, OWL.disjointWith, OWL.equivalentClass, OWL.equivalentProperty),
    *(OWL.inverseOf, OWL.propertyDisjointWith, OWL.imports, OWL.versionIRI, OWL.versionInfo, OWL.deprecated),
}
# pyowl2-profiles 0.1.0 reports these two as outside OWL 2 RL; the W3C grammar allows both.
RL_FALSE_ALARMS = {"owl:AsymmetricProperty", "owl:IrreflexiveProperty"}
RL_DATATYPES = {
    *(RDF.PlainLiteral, RDF.XMLLiteral, RDF.langString, RDFS.Literal, XSD.decimal, XSD.integer),
    *(XSD.nonNegativeInteger, XSD.nonPositiveInteger, XSD.positiveInteger, XSD.negativeInteger),
    *(XSD.long, XSD.int, XSD.short, XSD.byte, XSD.unsignedLong, XSD.unsignedInt, XSD.unsignedShort),
    *(XSD.unsignedByte, XSD.float, XSD.double, XSD.string, XSD.normalizedString, XSD.token, XSD.language),
    *(XSD.Name, XSD.NCName, XSD.NMTOKEN, XSD.boolean, XSD.hexBinary, XSD.base64Binary, XSD.anyURI),
    *(XSD.dateTime, XSD.dateTimeStamp),
}


@dataclass(frozen=True)
class Ontology:
    """The parsed files: modules by name, controlled lists by name, and the root."""

    root: Graph
    modules: dict[str, Graph]
    lists: dict[str, Graph]

    def merged(self) -> Graph:
        return union([self.root, *self.modules.values(), *self.lists.values()])


def union(graphs: Iterable[Graph]) -> Graph:
    merged = Graph()
    for graph in graphs:
        for triple in graph:
            merged.add(triple)
    return merged


@cache
def parse(path: Path) -> Graph:
    return Graph().parse(path, format="turtle")


def load() -> Ontology:
    return Ontology(
        root=parse(ROOT),
        modules={path.stem: parse(path) for path in MODULE_FILES},
        lists={path.stem: parse(path) for path in VOCAB_FILES},
    )


def with_fault(module: str, turtle: str) -> Ontology:
    """The ontology with some triples added to one module or controlled list."""
    good = load()
    prefixes = "".join(
        f"@prefix {prefix}: <{iri}> .\n"
        for prefix, iri in {
            "dcterms": DCTERMS,
            "owl": OWL,
            "qe": QE,
            "qev": QEV,
            "rdfs": RDFS,
            "skos": SKOS,
            "xsd": XSD,
        }.items()
    )
    fault = Graph().parse(data=prefixes + turtle, format="turtle")
    if module in good.lists:
        return Ontology(good.root, good.modules, good.lists | {module: union([good.lists[module], fault])})
    old = good.modules.get(module, Graph())
    return Ontology(good.root, good.modules | {module: union([old, fault])}, good.lists)


def iri(module: str) -> URIRef:
    return URIRef(BASE + module)


def own_terms(graph: Graph) -> list[URIRef]:
    """The terms of our namespace that a file declares."""
    typed = {s for s, o in graph.subject_objects(RDF.type) if o in TERM_TYPES and in_namespace(s, QE)}
    return sorted(URIRef(str(s)) for s in typed)


def in_namespace(node: Node, namespace: Namespace) -> bool:
    return isinstance(node, URIRef) and node.startswith(str(namespace))


def is_reserved(node: Node) -> bool:
    return any(in_namespace(node, Namespace(str(builtin))) for builtin in (RDF, RDFS, OWL))


def english(graph: Graph, subject: Node, predicate: URIRef) -> list[str]:
    values = graph.objects(subject, predicate)
    return [str(v) for v in values if isinstance(v, Literal) and v.language == "en"]


def imported(onto: Ontology, module: str) -> list[str]:
    objects = onto.modules.get(module, Graph()).objects(iri(module), OWL.imports)
    return sorted(str(o).removeprefix(BASE) for o in objects)


def closure(onto: Ontology, module: str) -> set[str]:
    """The module and all that it imports, at any depth."""
    seen: set[str] = set()
    todo = [module]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += imported(onto, name)
    return seen


# The rules


def header_faults(onto: Ontology) -> Iterator[str]:
    for name, graph in {"qe": onto.root, **onto.modules}.items():
        head = iri(name)
        if set(graph.subjects(RDF.type, OWL.Ontology)) != {head}:
            yield f"{name}: the one owl:Ontology must be <{head}>"
        if set(graph.objects(head, DCTERMS.license)) != {LICENSE}:
            yield f"{name}: the license must be the IRI of Apache 2.0"
        version = graph.value(head, OWL.versionInfo)
        if graph.value(head, OWL.versionIRI) != URIRef(f"{head}/{version}"):
            yield f"{name}: the version IRI does not end in the version {version}"
        for predicate in (DCTERMS.title, DCTERMS.description):
            if len(english(graph, head, predicate)) != 1:
                yield f"{name}: needs one {predicate.fragment or predicate} in English"


def import_faults(onto: Ontology) -> Iterator[str]:
    if set(onto.root.objects(iri("qe"), OWL.imports)) != {iri(name) for name in onto.modules}:
        yield "qe: must import every module and nothing else"
    for name in onto.modules:
        for target in imported(onto, name):
            if target not in onto.modules:
                yield f"{name}: imports {target}, which is no module"
            elif name in closure(onto, target):
                yield f"{name}: is imported by its own import {target}"


def term_faults(onto: Ontology) -> Iterator[str]:
    """One label, one definition, the right rdfs:isDefinedBy; declared once."""
    for name, graph in onto.modules.items():
        for term in own_terms(graph):
            kind = [t for t in graph.objects(term, RDF.type) if t in TERM_TYPES]
            if len(kind) != 1:
                yield f"{term}: must be of one kind"
            for predicate in (SKOS.prefLabel, SKOS.definition):
                if len(list(graph.objects(term, predicate))) != 1 or len(english(graph, term, predicate)) != 1:
                    yield f"{term}: needs one {predicate} in English"
            if set(graph.objects(term, RDFS.isDefinedBy)) != {iri(name)}:
                yield f"{term}: rdfs:isDefinedBy must be <{iri(name)}>"
            for text in graph.objects(term, SKOS.example):
                if "Not: " not in str(text):
                    yield f"{term}: the example has no counter-example"
    declared = Counter(t for graph in onto.modules.values() for t in own_terms(graph))
    yield from (f"{term}: is declared in {n} modules" for term, n in declared.items() if n > 1)


def label_faults(onto: Ontology) -> Iterator[str]:
    graph = union(onto.modules.values())
    labels: Counter[str] = Counter()
    for term in own_terms(graph):
        is_class = (term, RDF.type, OWL.Class) in graph
        for label in english(graph, term, SKOS.prefLabel):
            labels[label.casefold()] += 1
            if label[0].isupper() != is_class:
                yield f"{term}: the label of a class starts upper-case, that of a property lower-case"
            words = "".join(word[0].upper() + word[1:].lower() for word in re.split(r"[ -]", label))
            if is_class and words != term.removeprefix(str(QE)):
                yield f"{term}: the label {label!r} says something else than the name"
    yield from (f"the label {label!r} is used {n} times" for label, n in labels.items() if n > 1)


def definition_faults(onto: Ontology) -> Iterator[str]:
    graph = union(onto.modules.values())
    for term in own_terms(graph):
        label = "".join(english(graph, term, SKOS.prefLabel))
        for text in english(graph, term, SKOS.definition):
            if not re.fullmatch(r"[A-Z][^.]+\.", text):
                yield f"{term}: the definition is not one sentence"
            if text.casefold().startswith(label.casefold()):
                yield f"{term}: the definition starts with the term's own label"
            if (term, RDF.type, OWL.Class) in graph:
                if re.search(rf"\b{re.escape(label)}\b", text, re.IGNORECASE):
                    yield f"{term}: the definition uses the term itself"
                if not text.startswith(tuple(f"{p} that " for p in parent_labels(graph, term))):
                    yield f"{term}: the definition does not have the form '<parent> that <difference>'"


def parent_labels(graph: Graph, term: URIRef) -> list[str]:
    parents = list(graph.objects(term, RDFS.subClassOf))
    if not parents:
        return ["Thing"]
    foreign = [label for parent, label in FOREIGN_PARENT_LABELS.items() if parent in parents]
    return foreign + [label for parent in parents for label in english(graph, parent, SKOS.prefLabel)]


def domain_and_range_faults(onto: Ontology) -> Iterator[str]:
    """A domain, range or parent is declared in the module itself or in one that it imports."""
    for name, graph in onto.modules.items():
        visible = union(onto.modules[m] for m in closure(onto, name) if m in onto.modules)
        for term in own_terms(graph):
            is_data = (term, RDF.type, OWL.DatatypeProperty) in graph
            expected = {RDFS.domain: OWL.Class, RDFS.subClassOf: OWL.Class, OWL.disjointWith: OWL.Class}
            if not is_data:
                expected[RDFS.range] = OWL.Class
            for predicate, kind in expected.items():
                for value in graph.objects(term, predicate):
                    if isinstance(value, BNode) or (value, RDF.type, kind) not in visible:
                        yield f"{term}: {predicate} {value} is no class that {name} can see"
            for parent in graph.objects(term, RDFS.subPropertyOf):
                kinds = set(graph.objects(term, RDF.type)) & PROPERTY_TYPES
                if not kinds & set(visible.objects(parent, RDF.type)):
                    yield f"{term}: the parent {parent} is no property of the same kind"
            for predicate in (RDFS.domain, RDFS.range):
                if len(list(graph.objects(term, predicate))) > 1:
                    yield f"{term}: has several values of {predicate}"


def undefined_faults(onto: Ontology) -> Iterator[str]:
    """Every term in our namespaces, and every foreign property or class in use, is declared."""
    graph = onto.merged()
    defined = set(own_terms(union(onto.modules.values())))
    concepts = set(graph.subjects(RDF.type, SKOS.Concept)) | set(graph.subjects(RDF.type, SKOS.ConceptScheme))
    for node in {node for triple in graph for node in triple}:
        if in_namespace(node, QE) and node not in defined:
            yield f"{node}: is used, but no module defines it"
        if in_namespace(node, QEV) and node not in concepts:
            yield f"{node}: is used, but no controlled list defines it"
    for predicate in set(graph.predicates()):
        if not is_reserved(predicate):
            kinds = set(graph.objects(predicate, RDF.type)) & PROPERTY_TYPES
            if len(kinds) != 1:
                yield f"{predicate}: must be declared as one kind of property, not {len(kinds)}"
    for kind in set(graph.objects(None, RDF.type)):
        if not is_reserved(kind) and (kind, RDF.type, OWL.Class) not in graph:
            yield f"{kind}: must be declared as a class"


def list_faults(onto: Ontology) -> Iterator[str]:
    """A file holds one scheme of its own name, and concepts of one class, named by scheme and notation."""
    classes = union(onto.modules.values())
    used: Counter[Node] = Counter()
    for name, graph in onto.lists.items():
        scheme = QEV[name]
        if set(graph.subjects(RDF.type, SKOS.ConceptScheme)) != {scheme}:
            yield f"{name}: the one scheme must be {scheme}"
        if set(graph.objects(scheme, DCTERMS.license)) != {LICENSE}:
            yield f"{name}: the license must be the IRI of Apache 2.0"
        kinds = set(graph.objects(None, RDF.type)) - {SKOS.Concept, SKOS.ConceptScheme}
        used.update(kinds)
        below = {FOREIGN_LISTS[name]} if name in FOREIGN_LISTS else set(classes.subjects(RDFS.subClassOf, SKOS.Concept))
        if len(kinds) != 1 or not kinds <= below:
            yield f"{name}: all concepts must be of one class below skos:Concept"
        for subject in set(graph.subjects()):
            for predicate in (SKOS.prefLabel, SKOS.definition):
                if len(list(graph.objects(subject, predicate))) != 1 or not english(graph, subject, predicate):
                    yield f"{subject}: needs one {predicate} in English"
        concepts = set(graph.subjects()) - {scheme}
        for concept in concepts:
            if set(graph.objects(concept, RDF.type)) != kinds | {SKOS.Concept}:
                yield f"{concept}: must be a skos:Concept and of the class of its list"
            if set(graph.objects(concept, SKOS.inScheme)) != {scheme}:
                yield f"{concept}: must be in the scheme {scheme} alone"
            codes = [str(code) for code in graph.objects(concept, SKOS.notation)]
            named = str(concept).partition("#")[2] if name in FOREIGN_LISTS else str(concept).removeprefix(f"{scheme}-")
            if [code if name in FOREIGN_LISTS else code.lower() for code in codes] != [named]:
                yield f"{concept}: needs one notation, and its name must end in it"
            for broader in graph.objects(concept, SKOS.broader):
                if broader not in concepts:
                    yield f"{concept}: is below {broader}, which is not in the list"
            if not {SKOS.broader, SKOS.topConceptOf} & set(graph.predicates(concept)):
                yield f"{concept}: must be at the top of the list or below another concept of it"
        labels = Counter(label for c in concepts for label in english(graph, c, SKOS.prefLabel))
        yield from (f"{name}: the label {label!r} is used {n} times" for label, n in labels.items() if n > 1)
    shared = {QE.ValueStreamCategory}  # each company has categories of its own, in its data
    needing = {c for c in classes.subjects(RDFS.subClassOf, SKOS.Concept) if c not in shared}
    yield from (f"{kind}: has {used[kind]} controlled lists" for kind in needing if used[kind] != 1)


def blank_node_faults(onto: Ontology) -> Iterator[str]:
    yield from (f"a blank node: {t}" for t in onto.merged() if any(isinstance(n, BNode) for n in t))


def profile_faults(onto: Ontology) -> Iterator[str]:
    """OWL 2 RL, and with it OWL 2 DL, on all files as one ontology."""
    graph = onto.merged()
    for head in {iri(name) for name in onto.modules}:  # one ontology has one header
        graph.remove((head, None, None))
    graph.remove((iri("qe"), OWL.imports, None))
    store = pyoxigraph.Store()
    store.load(graph.serialize(format="nt", encoding="utf-8"), format=pyoxigraph.RdfFormat.N_TRIPLES)
    verdict = detect_profiles(store)
    for profile in ("dl", "rl"):
        for kind in sorted(set(verdict[profile]["violations_by_axiom_type"]) - RL_FALSE_ALARMS):
            yield f"not in OWL 2 {profile.upper()}: {kind}"
    for subject, predicate, value in graph:
        if is_reserved(predicate) and predicate not in RL_PREDICATES:
            yield f"{subject}: {predicate} is outside of what OWL 2 RL says of names"
        if predicate == RDF.type and is_reserved(value) and value not in RL_TYPES:
            yield f"{subject}: {value} is outside of what OWL 2 RL says of names"
        if predicate in (RDFS.subClassOf, OWL.equivalentClass) and OWL.Thing in (subject, value):
            yield f"{subject}: OWL 2 RL has no place for owl:Thing here"
    for term in graph.subjects(RDF.type, OWL.DatatypeProperty):
        for datatype in graph.objects(term, RDFS.range):
            if datatype not in RL_DATATYPES:
                yield f"{term}: the range {datatype} is no datatype of OWL 2 RL"
    for literal in graph.objects():
        if isinstance(literal, Literal) and (literal.datatype or XSD.string) not in RL_DATATYPES:
            yield f"{literal!r}: has no datatype of OWL 2 RL"
    # In OWL 2 DL a number restriction or a functional, asymmetric or irreflexive property must be simple.
    composite = set(graph.subjects(RDF.type, OWL.TransitiveProperty))
    composite |= set(graph.subjects(OWL.propertyChainAxiom, None))
    composite |= {up for prop in composite for up in graph.transitive_objects(prop, RDFS.subPropertyOf) if up}
    for kind in (OWL.FunctionalProperty, OWL.AsymmetricProperty, OWL.IrreflexiveProperty):
        simple = composite & set(graph.subjects(RDF.type, kind))
        yield from (f"{prop}: is composite, so it cannot be a {kind}" for prop in simple)


Rule = Callable[[Ontology], Iterator[str]]
RULES: list[Rule] = [
    header_faults,
    import_faults,
    term_faults,
    label_faults,
    definition_faults,
    domain_and_range_faults,
    undefined_faults,
    list_faults,
    blank_node_faults,
    profile_faults,
]
LABELED = 'skos:prefLabel "Odd"@en ; skos:definition "Thing that is odd."@en'
FAULTS: list[tuple[Rule, str, str, str]] = [
    (
        header_faults,
        "flow",
        f'<{BASE}flow> owl:versionIRI <{BASE}flow/9> ; dcterms:title "A"@en .',
        "dcterms|title",
    ),
    (header_faults, "flow", f"<{BASE}other> a owl:Ontology .", "one owl:Ontology"),
    (import_faults, "core", f"<{BASE}core> owl:imports <{BASE}flow> .", "is imported by its own import"),
    (import_faults, "flow", f"<{BASE}flow> owl:imports <{BASE}nowhere> .", "is no module"),
    (import_faults, "extra", f"<{BASE}extra> a owl:Ontology .", "must import every module"),
    (term_faults, "flow", f"qe:Odd a owl:Class ; {LABELED} .", "isDefinedBy"),
    (term_faults, "flow", 'qe:carries skos:prefLabel "takes"@en .', "needs one"),
    (term_faults, "flow", 'qe:carries skos:definition "Porte."@fr .', "needs one"),
    (term_faults, "flow", 'qe:hasSource skos:example "Billing."@en .', "counter-example"),
    (term_faults, "flow", "qe:carries a owl:DatatypeProperty .", "one kind"),
    (term_faults, "core", "qe:carries a owl:ObjectProperty .", "declared in 2 modules"),
    (label_faults, "flow", 'qe:x a owl:ObjectProperty ; skos:prefLabel "has source"@en .', "used 2 times"),
    (label_faults, "flow", 'qe:X a owl:Class ; skos:prefLabel "x"@en .', "upper-case"),
    (label_faults, "flow", 'qe:X a owl:Class ; skos:prefLabel "Y"@en .', "something else"),
    (definition_faults, "flow", 'qe:carries skos:definition "Carries an item."@en .', "own label"),
    (definition_faults, "flow", 'qe:carries skos:definition "a thing"@en .', "one sentence"),
    (definition_faults, "flow", 'qe:Derivation skos:definition "Thing that is odd."@en .', "form"),
    (
        definition_faults,
        "flow",
        'qe:Derivation skos:definition "Architecture element that is a derivation."@en .',
        "uses the term itself",
    ),
    (domain_and_range_faults, "core", "qe:x a owl:ObjectProperty ; rdfs:range qe:Rule .", "core can see"),
    (domain_and_range_faults, "flow", "qe:carries rdfs:domain [ a owl:Class ] .", "is no class"),
    (domain_and_range_faults, "flow", "qe:carries rdfs:range qe:InformationFlow .", "several values"),
    (domain_and_range_faults, "flow", "qe:carries rdfs:subPropertyOf qe:wording .", "same kind"),
    (undefined_faults, "flow", "qe:carries rdfs:seeAlso qe:nothing .", "no module defines"),
    (undefined_faults, "flow", "qe:carries rdfs:seeAlso qev:zone-blue .", "no controlled list defines"),
    (undefined_faults, "flow", 'qe:carries skos:note "x"@en .', "not 0"),
    (undefined_faults, "core", "skos:definition a owl:DatatypeProperty .", "not 2"),
    (undefined_faults, "zone", "qev:zone-shared a skos:Collection .", "declared as a class"),
    (list_faults, "zone", "qev:zone-shared skos:inScheme qev:medium .", "alone"),
    (list_faults, "zone", "qev:zone-shared a qe:Medium .", "of one class"),
    (list_faults, "zone", "qev:zone-blue a skos:Concept ; skos:inScheme qev:zone .", "class of its list"),
    (list_faults, "zone", 'qev:zone-shared skos:notation "S" .', "one notation"),
    (list_faults, "zone", 'qev:zone-shared skos:prefLabel "External"@en .', "needs one"),
    (list_faults, "zone", "qev:side a skos:ConceptScheme .", "one scheme"),
    (list_faults, "zone", "qev:zone-shared skos:broader qev:medium .", "not in the list"),
    (list_faults, "zone", "qev:zone-blue a skos:Concept ; skos:inScheme qev:zone .", "at the top"),
    (list_faults, "purpose", "qev:purpose-x a qe:Medium .", "of one class"),
    (list_faults, "purpose", "<https://w3id.org/dpv#Other> skos:notation 'Another' .", "one notation"),
    (list_faults, "flow", "qe:Color rdfs:subClassOf skos:Concept .", "0 controlled lists"),
    (blank_node_faults, "flow", "qe:carries rdfs:seeAlso [] .", "blank node"),
    (profile_faults, "flow", "qe:since rdfs:range xsd:date .", "no datatype of OWL 2 RL"),
    (profile_faults, "flow", 'qe:carries rdfs:comment "P1D"^^xsd:duration .', "no datatype of OWL 2 RL"),
    (profile_faults, "flow", "qe:carries a owl:ReflexiveProperty .", "ReflexiveProperty is outside"),
    (
        profile_faults,
        "flow",
        "qe:Rule rdfs:subClassOf [ owl:unionOf ( qe:Policy qe:Metric ) ] .",
        "not in OWL 2 RL",
    ),
    (profile_faults, "flow", "qe:Rule rdfs:subClassOf [ owl:oneOf ( qe:a ) ] .", "oneOf is outside"),
    (profile_faults, "flow", "qe:Rule rdfs:subClassOf owl:Thing .", "no place for owl:Thing"),
    (profile_faults, "flow", "qe:carries a owl:AnnotationProperty .", "not in OWL 2 DL"),
    (profile_faults, "capability", "qe:hasParentCapability a owl:TransitiveProperty .", "is composite"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_ontology_keeps_the_rule(rule: Rule) -> None:
    assert sorted(rule(load())) == []


@pytest.mark.parametrize(("rule", "module", "turtle", "expected"), FAULTS)
def test_rule_finds_the_fault(rule: Rule, module: str, turtle: str, expected: str) -> None:
    found = list(rule(with_fault(module, turtle)))
    assert any(re.search(expected, fault) for fault in found), found


def test_every_rule_is_proven_by_a_fault() -> None:
    assert {rule for rule, *_ in FAULTS} == set(RULES)


@pytest.mark.parametrize("path", [ROOT, *MODULE_FILES], ids=lambda path: path.stem)
def test_header_is_short(path: Path) -> None:
    body = re.sub(r"^@prefix.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    header = body.strip().split("\n\n")[0]
    assert " a owl:Ontology" in header
    assert len(header.splitlines()) <= 12


def test_root_holds_its_header_alone() -> None:
    assert set(parse(ROOT).subjects()) == {iri("qe")}


def test_all_files_use_known_namespaces_only() -> None:
    """Also in files beside modules and lists, such as alignments, our terms are defined ones."""
    defined = {node for node in load().merged().subjects() if isinstance(node, URIRef)}
    for path in sorted(ONTOLOGY.rglob("*.ttl")):
        nodes = {node for triple in parse(path) for node in triple}
        ours = {n for n in nodes if in_namespace(n, QE) or in_namespace(n, QEV)}
        assert ours <= defined, path


CONTRACT_CLASSES = {
    *(QE.Participant, QE.ValueStream, QE.ValueStreamStage, QE.Stakeholder, QE.Capability),
    *(QE.InformationSystem, QE.InformationFlow, QE.InformationItem, QE.InformationConcept, QE.FlowPattern),
    *(QE.DesignConsideration, QE.RegulatoryZone, QE.Derivation, QE.FlowStatement, QE.SourceDocument),
    *(QE.ConsentRecord, QE.PermissionBasis, QE.Rule, QE.LegalSource, QE.Jurisdiction),
    *(QE.Waiver, QE.ValueItem, QE.ValueProposition, QE.BusinessUnit, QE.Product),
    *(QE.Policy, QE.Initiative, QE.Objective, QE.Metric),
}
CONTRACT_OBJECT_PROPERTIES = {
    *(QE.hasSource, QE.hasTarget, QE.carries, QE.isAbout),
    *(QE.inZone, QE.statesFlow, QE.medium, QE.modality),
}


def test_published_names_stay() -> None:
    graph = load().merged()
    assert set(graph.subjects(RDF.type, OWL.Class)) >= CONTRACT_CLASSES
    assert set(graph.subjects(RDF.type, OWL.ObjectProperty)) >= CONTRACT_OBJECT_PROPERTIES
    assert (QE.atLine, RDFS.range, XSD.integer) in graph
    below = {str(s).removeprefix(str(QE)) for s in graph.subjects(RDFS.subClassOf, QE.Participant)}
    assert below == {"ValueStream", "ValueStreamStage", "Stakeholder", "Capability", "InformationSystem"}


@pytest.mark.parametrize(
    ("scheme", "codes"),
    [
        ("zone", {"regulated", "non-regulated", "shared", "external"}),
        ("medium", {"diagram", "prose"}),
        ("modality", {"asserted", "implied", "potential", "ambiguous", "universal"}),
    ],
)
def test_published_lists_stay(scheme: str, codes: set[str]) -> None:
    concepts = set(load().lists[scheme].subjects(SKOS.inScheme, QEV[scheme]))
    assert concepts == {QEV[f"{scheme}-{code}"] for code in codes}


def test_kinds_of_participant_are_disjoint() -> None:
    graph = load().merged()
    kinds = set(graph.subjects(RDFS.subClassOf, QE.Participant))
    pairs = {frozenset(pair) for pair in graph.subject_objects(OWL.disjointWith)}
    expected = {frozenset((a, b)) for a in kinds for b in kinds if a != b}
    assert pairs == expected | {frozenset((QE.InformationFlow, QE.Participant))}


def test_capability_tree_and_subproperties() -> None:
    graph = load().merged()
    kinds = set(graph.objects(QE.hasParentCapability, RDF.type))
    assert {OWL.FunctionalProperty, OWL.IrreflexiveProperty, OWL.AsymmetricProperty} <= kinds
    assert (QE.modifiesConcept, RDFS.subPropertyOf, QE.usesConcept) in graph
    assert QE.statesFlow not in set(graph.transitive_objects(QE.expandsTo, RDFS.subPropertyOf))
    assert QE.statesElement not in set(graph.transitive_objects(QE.expandsTo, RDFS.subPropertyOf))
