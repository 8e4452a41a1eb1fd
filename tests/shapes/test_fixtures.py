"""Every shape is proven by data that passes and by data that fails, each with its exact results.

A failing fixture lists its results in comments, one a line, with tabs between the fields::

    # expect: RULE  SHAPE  FOCUS  PATH  VALUE  COMPONENT  SEVERITY

where ``-`` is "none" and ``[]`` a blank node. A passing fixture has no result at all, no warning either. The passing
fixture of a policy rule also lists what a single change of its data brings about::

    # mutate: SUBJECT  PREDICATE  OBJECT  NEW-OBJECT  RULE@FOCUS RULE@FOCUS ...

where ``-`` is no object and no rule.

Some policy rules look at every flow. So a policy fixture counts the results of its own shape and of the structure
shapes, and a structure fixture those of the structure shapes; how rules act together, the target state's test shows.
The day of evaluation is `DAY`.

Running pySHACL once per fixture would take minutes on a small machine. So each fixture, and each copy of it with one
of the listed changes, is parsed into a namespace of its own (``https://example.org/fixture/`` is replaced), all of them
are validated in one run against all shapes, and the results are sorted back by focus node. Fixtures cannot see each
other: they share the controlled lists and the rules only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyshacl
import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SH, SKOS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DCTERMS
from rdflib.plugins.sparql import processor
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.term import Node

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).resolve().parent / "fixtures"
EXAMPLE = "https://example.org/fixture/"
BASE = "https://quantumenergy.example/"
QE, QEV, QESH = f"{BASE}ns/", f"{BASE}vocab/", f"{BASE}shapes/"
PREFIXES = {
    "qe": QE,
    "qev": QEV,
    "qed": f"{BASE}id/",
    "qesh": QESH,
    "ex": EXAMPLE,
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "xsd": str(rdflib.XSD),
    "skos": str(SKOS),
    "dcterms": str(DCTERMS),
    "prov": "http://www.w3.org/ns/prov#",
    "dpv": "https://w3id.org/dpv#",
}

#: Which component reports the breach of which parameter.
COMPONENTS: dict[Node, str] = {
    SH["class"]: "Class",
    SH.datatype: "Datatype",
    SH.nodeKind: "NodeKind",
    SH["in"]: "In",
    SH.minCount: "MinCount",
    SH.maxCount: "MaxCount",
    SH.pattern: "Pattern",
    SH.minInclusive: "MinInclusive",
    SH.maxInclusive: "MaxInclusive",
    SH.minLength: "MinLength",
    SH.uniqueLang: "UniqueLang",
    SH.qualifiedMinCount: "QualifiedMinCount",
    SH.qualifiedMaxCount: "QualifiedMaxCount",
    SH.disjoint: "Disjoint",
    SH["or"]: "Or",
    SH["not"]: "Not",
    SH.languageIn: "LanguageIn",
    SH.hasValue: "HasValue",
    SH.node: "Node",
    SH.sparql: "SPARQL",
}
#: The day on which the fixtures are evaluated, as the gate adds it.
DAY = "2026-06-30"
#: What else a shape may say.
NO_CONSTRAINTS: set[Node] = {
    RDF.type,
    SH.targetClass,
    SH.targetSubjectsOf,
    SH.property,
    SH.path,
    SH.qualifiedValueShape,
    SH.severity,
    SH.message,
    DCTERMS.identifier,
    DCTERMS.source,
    SKOS.prefLabel,
    RDFS.isDefinedBy,
    RDFS.seeAlso,
}


@dataclass(frozen=True, order=True)
class Result:
    rule: str
    shape: str
    focus: str
    path: str
    value: str
    component: str
    severity: str


# Reading


@contextmanager
def literals_as_written() -> Iterator[None]:
    """Keep rdflib from rewriting literals, which would hide wrong ones from the shapes."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS = before


@contextmanager
def queries_parsed_once() -> Iterator[None]:
    """Keep rdflib from parsing the text of a constraint anew for every focus node, which takes most of the time."""
    known: dict[tuple[str, str | None], object] = {}

    def prepared(text: str, base: str | None = None, names: Mapping[str, Any] | None = None) -> object:
        key = (text, base)
        if key not in known:
            known[key] = translateQuery(parseQuery(text), base, names)
        return known[key]

    with patch.object(processor, "parseQuery", lambda text: text), patch.object(processor, "translateQuery", prepared):
        yield


def parse(*files: Path) -> Graph:
    graph = Graph()
    with literals_as_written():
        for file in files:
            graph.parse(file, format="turtle")
    return graph


@cache
def shape_files() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / "shapes").rglob("*.ttl")))


@cache
def shapes() -> Graph:
    return parse(*shape_files())


@cache
def ontology() -> Graph:
    return parse(*sorted((ROOT / "ontology").rglob("*.ttl")))


@cache
def surroundings() -> Graph:
    """Return what every fixture sees: the ontology with its lists, the rules and their sources, the day."""
    graph = Graph()
    for triple in ontology():
        graph.add(triple)
    for rule in shapes().subjects(RDF.type, URIRef(f"{QE}Rule")):
        for subject in (rule, *shapes().objects(rule, URIRef(f"{QE}isBasedOn"))):
            for triple in shapes().triples((subject, None, None)):
                graph.add(triple)
    with literals_as_written():
        day = Literal(DAY, datatype=rdflib.XSD.date)
    graph.add((URIRef(f"{BASE}id/evaluation"), RDF.type, URIRef(f"{QE}Evaluation")))
    graph.add((URIRef(f"{BASE}id/evaluation"), URIRef(f"{QE}evaluatedOn"), day))
    return graph


def fixture_files(ending: str) -> list[Path]:
    return sorted(FIXTURES.rglob(f"*{ending}"))


def name_of(file: Path) -> str:
    return file.relative_to(FIXTURES).as_posix()


def lines_of(file: Path, key: str) -> list[list[str]]:
    head = f"# {key}:\t"
    return [
        line.removeprefix(head).split("\t")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith(head)
    ]


def expected(file: Path) -> list[Result]:
    return sorted(Result(*fields) for fields in lines_of(file, "expect"))


# Writing terms as the fixtures write them


def curie(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return f"<{iri}>"


def expand(text: str) -> URIRef:
    prefix, _, local = text.partition(":")
    return URIRef(PREFIXES[prefix] + local)


def read_term(text: str, namespace: str = EXAMPLE) -> Node:
    """Read a term as `term_text` writes it: a compact name, or a literal with or without a datatype."""
    if text.startswith("ex:"):
        return URIRef(namespace + text.removeprefix("ex:"))
    if not text.startswith('"'):
        return expand(text)
    lexical, _, datatype = text[1:].rpartition('"')
    with literals_as_written():
        return Literal(lexical, datatype=expand(datatype.removeprefix("^^")) if datatype else None)


def term_text(term: Node | None) -> str:
    if term is None:
        return "-"
    if isinstance(term, BNode):
        return "[]"
    if not isinstance(term, Literal):
        return curie(str(term))
    if term.language:
        return f'"{term}"@{term.language}'
    if term.datatype in (None, rdflib.XSD.string):
        return f'"{term}"'
    return f'"{term}"^^{curie(str(term.datatype))}'


def path_text(graph: Graph, path: Node | None) -> str:
    """Write a SHACL path as SPARQL writes it."""
    if path is None or isinstance(path, URIRef):
        return term_text(path)
    if (path, RDF.first, None) in graph:
        return "/".join(path_text(graph, step) for step in Collection(graph, path))
    for predicate, inner in graph.predicate_objects(path):
        if predicate == SH.alternativePath:
            return "|".join(path_text(graph, step) for step in Collection(graph, inner))
        if predicate == SH.inversePath:
            return "^" + path_text(graph, inner)
        signs: dict[Node, str] = {SH.oneOrMorePath: "+", SH.zeroOrMorePath: "*", SH.zeroOrOnePath: "?"}
        if predicate in signs:
            return path_text(graph, inner) + signs[predicate]
    raise AssertionError(f"not a path: {path}")


# Validation


def validate(data: Graph) -> list[tuple[Node, Result]]:
    """Validate with all shapes; give each result with the focus node as the report names it."""
    with literals_as_written(), queries_parsed_once():
        _, report, _ = pyshacl.validate(data, shacl_graph=shapes(), inference="none", advanced=False)
    assert isinstance(report, Graph)
    found = []
    for node in report.objects(None, SH.result):
        shape = report.value(node, SH.sourceShape)
        focus = report.value(node, SH.focusNode)
        component = report.value(node, SH.sourceConstraintComponent)
        severity = report.value(node, SH.resultSeverity)
        assert shape is not None and focus is not None
        found.append(
            (
                focus,
                Result(
                    rule=rule_of(shape),
                    shape=term_text(shape),
                    focus=term_text(focus),
                    path=path_text(report, report.value(node, SH.resultPath)),
                    value=term_text(report.value(node, SH.value)),
                    component=str(component).removeprefix(str(SH)),
                    severity=str(severity).removeprefix(str(SH)),
                ),
            )
        )
    return found


def rule_of(shape: Node) -> str:
    """Return the code of the rule that a shape reports on, else the shape's own identifier."""
    rule = shapes().value(shape, RDFS.seeAlso)
    return str(shapes().value(shape, DCTERMS.identifier) if rule is None else shapes().value(rule, SKOS.notation))


def counts_in(file: Path, shape: str) -> bool:
    """Say whether a result of the shape is looked at in the fixture (see above)."""
    term = expand(shape)
    if file_of(term).parent.name != "policy":
        return True
    own = URIRef(f"{QESH}{file.name.split('.')[0]}")
    return term == own or (own, SH.property, term) in shapes()


@dataclass(frozen=True)
class Case:
    """A fixture as it is written, or with one of its listed changes made."""

    file: Path
    number: int = 0  # of the change, counted from one; 0 for none

    @property
    def change(self) -> list[str]:
        return lines_of(self.file, "mutate")[self.number - 1]

    @property
    def namespace(self) -> str:
        return f"{EXAMPLE}{name_of(self.file)}/" + (f"changed-{self.number}/" if self.number else "")

    def term(self, text: str) -> Node:
        return read_term(text, self.namespace)

    def graph(self) -> Graph:
        graph = Graph()
        with literals_as_written():
            graph.parse(
                data=self.file.read_text(encoding="utf-8").replace(f"<{EXAMPLE}>", f"<{self.namespace}>"),
                format="turtle",
            )
        if self.number:
            subject, predicate, before, after, _ = self.change
            old = (self.term(subject), self.term(predicate), self.term(before))
            assert old in graph, f"{name_of(self.file)} holds the triple that is changed: {self.change}"
            graph.remove(old)
            if after != "-":
                graph.add((*old[:2], self.term(after)))
        return graph


def mutations() -> list[Case]:
    files = fixture_files(".pass.ttl")
    return [Case(file, number) for file in files for number in range(1, len(lines_of(file, "mutate")) + 1)]


@cache
def results_by_case() -> dict[Case | None, list[Result]]:
    """All results of one run over all fixtures and their changes; under None those of no fixture."""
    data = Graph()
    for triple in surroundings():
        data.add(triple)
    cases = [Case(file) for ending in (".pass.ttl", ".fail.ttl") for file in fixture_files(ending)] + mutations()
    owner: dict[Node, Case] = {}
    for case in cases:
        for triple in case.graph():
            data.add(triple)
            owner.update((term, case) for term in triple if isinstance(term, BNode))
    by_namespace = {case.namespace: case for case in cases}
    found: dict[Case | None, list[Result]] = {}
    for focus, result in validate(data):
        case_of_focus = owner.get(focus) or by_namespace.get(str(focus).rpartition("/")[0] + "/")
        space = case_of_focus.namespace if case_of_focus else EXAMPLE
        plain = Result(
            **{key: text.replace(f"ex:{space.removeprefix(EXAMPLE)}", "ex:") for key, text in vars(result).items()}
        )
        found.setdefault(case_of_focus, []).append(plain)
    return {
        case: sorted(result for result in results if case is None or counts_in(case.file, result.shape))
        for case, results in found.items()
    }


@pytest.mark.parametrize("file", fixture_files(".pass.ttl"), ids=name_of)
def test_passing_fixture_has_no_result(file: Path) -> None:
    assert results_by_case().get(Case(file), []) == []


@pytest.mark.parametrize("file", fixture_files(".fail.ttl"), ids=name_of)
def test_failing_fixture_has_exactly_the_results_it_lists(file: Path) -> None:
    assert expected(file), "a failing fixture lists its results"
    assert results_by_case().get(Case(file), []) == expected(file)


def test_nothing_but_fixtures_fails() -> None:
    """The ontology, its lists and the rules conform too: they are in the run."""
    assert None not in results_by_case()


@pytest.mark.parametrize("case", mutations(), ids=lambda case: f"{case.file.name}: {' '.join(case.change[:4])}")
def test_one_changed_triple_breaks_exactly_the_listed_rules(case: Case) -> None:
    found = Counter(f"{one.rule}@{one.focus}" for one in results_by_case().get(case, []))
    listed = case.change[4]
    assert found == Counter([] if listed == "-" else listed.split())


def test_every_policy_rule_is_mutated() -> None:
    changed = {case.change[4].partition("@")[0] for case in mutations()}
    assert changed >= {rule_of(shape) for shape in policy_shapes()}


# The shapes themselves


def all_shapes() -> set[Node]:
    graph = shapes()
    return set(graph.subjects(RDF.type, SH.NodeShape)) | set(graph.subjects(RDF.type, SH.PropertyShape))


def targeted_shapes() -> set[Node]:
    graph = shapes()
    return set(graph.subjects(SH.targetClass)) | set(graph.subjects(SH.targetSubjectsOf))


def policy_shapes() -> set[Node]:
    return {shape for shape in targeted_shapes() if file_of(shape).parent.name == "policy"}


def reporting_shapes() -> set[Node]:
    """Shapes that can be the source of a result: those with a target, and the property shapes that they list."""
    return targeted_shapes() | {p for shape in targeted_shapes() for p in shapes().objects(shape, SH.property)}


def file_of(shape: Node) -> Path:
    home = str(shapes().value(shape, RDFS.isDefinedBy))
    return ROOT / "shapes" / f"{home.removeprefix(QESH)}.ttl"


def fixture_of(shape: Node, ending: str) -> Path:
    home = file_of(shape).relative_to(ROOT / "shapes").with_suffix("")
    return FIXTURES / home / f"{str(shape).removeprefix(QESH)}{ending}"


@pytest.mark.parametrize("ending", [".pass.ttl", ".fail.ttl"])
def test_every_shape_with_a_target_has_its_fixtures_and_no_fixture_is_left_over(ending: str) -> None:
    assert set(fixture_files(ending)) == {fixture_of(shape, ending) for shape in targeted_shapes()}


def test_every_passing_fixture_holds_a_node_that_its_shape_looks_at() -> None:
    graph = shapes()
    for shape in targeted_shapes():
        data = Case(fixture_of(shape, ".pass.ttl")).graph()
        for target in graph.objects(shape, SH.targetClass):
            classes = set(ontology().transitive_subjects(RDFS.subClassOf, target))
            assert any(kind in classes for kind in data.objects(None, RDF.type)), f"{shape} sees no {target}"
        for target in graph.objects(shape, SH.targetSubjectsOf):
            assert (None, target, None) in data, f"{shape} sees no subject of {target}"


def test_every_constraint_is_broken_by_some_fixture() -> None:
    broken = {(result.shape, result.component) for file in fixture_files(".fail.ttl") for result in expected(file)}
    missing = [
        (term_text(shape), COMPONENTS[parameter])
        for shape in reporting_shapes()
        for parameter in shapes().predicates(shape)
        if parameter in COMPONENTS and (term_text(shape), f"{COMPONENTS[parameter]}ConstraintComponent") not in broken
    ]
    assert missing == []


def test_every_fixture_breaks_its_own_shape() -> None:
    for shape in targeted_shapes():
        own = {term_text(shape), *(term_text(part) for part in shapes().objects(shape, SH.property))}
        assert own & {result.shape for result in expected(fixture_of(shape, ".fail.ttl"))}, shape


def test_every_shape_says_all_that_a_report_needs() -> None:
    graph = shapes()
    for shape in all_shapes():
        messages = list(graph.objects(shape, SH.message))
        assert len(messages) == 1, shape
        message = messages[0]
        assert isinstance(message, Literal) and message.language == "en", shape
        assert ";" in message and message.endswith("."), f"{shape}: the rule; what to do."
        assert graph.value(shape, SH.severity) in {SH.Violation, SH.Warning}, shape
        assert len(list(graph.objects(shape, DCTERMS.identifier))) == 1, shape
        labels = list(graph.objects(shape, SKOS.prefLabel))
        assert len(labels) == 1 and isinstance(labels[0], Literal) and labels[0].language == "en", shape


def test_rule_identifiers_are_unique() -> None:
    counts = Counter(str(shapes().value(shape, DCTERMS.identifier)) for shape in all_shapes())
    assert [rule for rule, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("file", shape_files(), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_file_defines_its_own_shapes(file: Path) -> None:
    graph = parse(file)
    header = URIRef(f"{QESH}{file.parent.name}/{file.stem}")
    assert (header, RDF.type, OWL.Ontology) in graph
    for predicate in (DCTERMS.title, DCTERMS.license, OWL.versionInfo):
        assert (header, predicate, None) in graph
    for shape in graph.subjects(RDF.type):
        if isinstance(shape, URIRef) and shape != header:
            assert graph.value(shape, RDFS.isDefinedBy) == header, shape


def test_blank_nodes_are_lists_and_paths_only() -> None:
    graph = shapes()
    paths = {SH.inversePath, SH.alternativePath, SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath}
    for node in {subject for subject in graph.subjects() if isinstance(subject, BNode)}:
        predicates = set(graph.predicates(node))
        assert predicates in ({RDF.first, RDF.rest}, *({path} for path in paths)), predicates


def test_every_own_term_is_defined() -> None:
    own = {term for triple in shapes() for term in triple if isinstance(term, URIRef) and term.startswith(BASE)}
    defined = set(ontology().subjects(RDF.type)) | set(shapes().subjects(RDF.type))
    assert {term for term in own - defined if term != URIRef(BASE)} == set()


def test_every_term_of_shacl_exists() -> None:
    """A misspelt parameter, such as sh:mincount, would switch its constraint off without a word."""
    used = {term for triple in shapes() for term in triple if isinstance(term, URIRef) and term.startswith(str(SH))}
    assert {term for term in used if term not in SH} == set()
    said = {predicate for shape in all_shapes() for predicate in shapes().predicates(shape)}
    assert said - set(COMPONENTS) - NO_CONSTRAINTS == set()


def test_no_shape_is_out_of_use() -> None:
    graph = shapes()
    uses = [SH.property, SH.node, SH["not"], SH.qualifiedValueShape, RDF.first]
    uses += [URIRef(f"{QE}appliesWhere"), URIRef(f"{QE}isSatisfiedBy")]
    used = {shape for predicate in uses for shape in graph.objects(None, predicate)}
    assert all_shapes() - targeted_shapes() - used == set()


def test_shapes_conform_to_the_shapes_of_shacl() -> None:
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=shapes(), meta_shacl=True)
    assert conforms, text


# The shapes and the ontology


def test_every_class_of_the_ontology_has_a_shape() -> None:
    classes = {c for c in ontology().subjects(RDF.type, OWL.Class) if str(c).startswith(QE)}
    shaped = {URIRef(f"{QE}{str(s).removeprefix(QESH).removesuffix('Shape')}") for s in targeted_shapes()}
    assert classes - shaped == set()


def test_every_domain_of_the_ontology_has_a_shape_of_the_same_class() -> None:
    domains = {
        (str(p).removeprefix(QE), str(c).removeprefix(QE))
        for p, c in ontology().subject_objects(RDFS.domain)
        if str(p).startswith(QE)
    }
    shaped = {
        (str(s).removeprefix(QESH).removesuffix("SubjectShape"), str(c).removeprefix(QE))
        for s in shapes().subjects(SH.targetSubjectsOf)
        for c in shapes().objects(s, SH["class"])
    }
    assert shaped == domains


def test_classes_of_objects_are_the_ranges_of_the_ontology() -> None:
    graph = shapes()
    for shape in reporting_shapes() & set(graph.subjects(SH.path)):
        path = graph.value(shape, SH.path)
        for said in (graph.value(shape, SH["class"]), graph.value(shape, SH.datatype)):
            declared = set(ontology().objects(path, RDFS.range))
            assert said is None or not declared or declared == {said}, f"{shape}: {said}, not {declared}"


def test_rules_and_their_sources_conform_and_belong_to_shapes() -> None:
    data = parse(*(file for file in shape_files() if file.parent.name == "policy"))
    rules = {str(data.value(rule, SKOS.notation)) for rule in data.subjects(RDF.type, URIRef(f"{QE}Rule"))}
    assert rules == {rule_of(shape) for shape in policy_shapes()}
    for triple in ontology():
        data.add(triple)
    assert validate(data) == []
