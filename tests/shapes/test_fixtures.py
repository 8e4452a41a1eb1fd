"""Every shape is proven by data that passes and by data that fails, each with its exact results.

A failing fixture lists its results in comments, one a line, with tabs between the fields::

    # expect: RULE  SHAPE  FOCUS  PATH  VALUE  COMPONENT  SEVERITY

where ``-`` is "none" and ``[]`` a blank node; RULE is the notation of the rule that the shape reports for, else the
shape's identifier. A passing fixture has no result at all, no warning either. The passing fixture of a policy shape
also lists what a single change of its data brings about (terms as in Turtle)::

    # mutate: SUBJECT  PREDICATE  OBJECT  NEW-OBJECT  RULE@FOCUS RULE@FOCUS ...

where ``-`` is no object and no rule. The day of evaluation is `DAY`.

A fixture of a policy shape is held to its own rule and to the structure, not to the other rules, which ask for evidence
of their own: what all rules together say of a change is shown on the whole model (tests/rules). A fixture of a
structure shape is held to the structure alone.

Running pySHACL once per fixture would take minutes on a small machine. So each fixture is parsed into a namespace of
its own (``https://example.org/fixture/`` is replaced), all of them are validated in one run for structure and one for
policy, and the results are sorted back by focus node. They cannot see each other: they share the controlled lists and
the rules only. The changed ones are validated in the same way, by the engine of this package.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyoxigraph
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
from rdflib.util import from_n3

from qe_kg.shacl.nodes import text_of
from qe_kg.validation import engines

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).resolve().parent / "fixtures"
EXAMPLE = "https://example.org/fixture/"
BASE = "https://quantumenergy.example/"
QE, QEV, QESH = f"{BASE}ns/", f"{BASE}vocab/", f"{BASE}shapes/"
PREFIXES = {
    "qe": QE,
    "qev": QEV,
    "qesh": QESH,
    "ex": EXAMPLE,
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "xsd": str(rdflib.XSD),
    "skos": str(SKOS),
    "dcterms": str(DCTERMS),
    "prov": "http://www.w3.org/ns/prov#",
    "dpv": "https://w3id.org/dpv#",
    "qed": f"{BASE}id/",
}

#: One worker validates all fixtures, once.
pytestmark = pytest.mark.xdist_group("fixtures")
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
    SH["and"]: "And",
    SH.xone: "Xone",
    SH.equals: "Equals",
    SH.lessThan: "LessThan",
    SH.lessThanOrEquals: "LessThanOrEquals",
    SH.maxInclusive: "MaxInclusive",
    SH.minExclusive: "MinExclusive",
    SH.maxExclusive: "MaxExclusive",
    SH.sparql: "SPARQL",
}
#: The day on which the fixtures are evaluated, as the gate adds it.
DAY = "2026-06-30"
#: What else a shape may say.
NO_CONSTRAINTS: set[Node] = {
    RDF.type,
    SH.targetClass,
    SH.targetSubjectsOf,
    SH.targetObjectsOf,
    SH.property,
    SH.path,
    SH.qualifiedValueShape,
    SH.severity,
    SH.message,
    DCTERMS.identifier,
    DCTERMS.source,
    SKOS.prefLabel,
    SKOS.scopeNote,
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
def structure() -> Graph:
    return parse(*(file for file in shape_files() if file.parent.name == "structure"))


@cache
def ontology() -> Graph:
    return parse(*sorted((ROOT / "ontology").rglob("*.ttl")))


@cache
def rule_triples() -> tuple[tuple[Node, Node, Node], ...]:
    """The rules and what they are based on, which stand beside the shapes and are data."""
    graph = shapes()
    rules = set(graph.subjects(RDF.type, URIRef(f"{QE}Rule")))
    sources = {source for rule in rules for source in graph.objects(rule, URIRef(f"{QE}isBasedOn"))}
    return tuple(triple for node in rules | sources for triple in graph.triples((node, None, None)))


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


def expand(text: str, own: str) -> Node:
    """Read a term of a ``mutate`` line; ``own`` is the namespace of the fixture."""
    names = Graph(bind_namespaces="none")
    for prefix, namespace in (PREFIXES | {"ex": own}).items():
        names.bind(prefix, namespace)
    with literals_as_written():
        term = from_n3(text, nsm=names.namespace_manager)
    assert isinstance(term, Node), text
    return term


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


def rule_of(shape: Node) -> str:
    """Return the notation of the rule that a shape, or the shape that lists it, reports for; else its identifier."""
    for one in (shape, *shapes().subjects(SH.property, shape)):
        for rule in shapes().objects(one, RDFS.seeAlso):
            notation = shapes().value(rule, SKOS.notation)
            if notation is not None:
                return str(notation)
    return str(shapes().value(shape, DCTERMS.identifier))


def validate(data: Graph, with_shapes: Graph) -> list[tuple[Node, Result]]:
    """Validate a graph; give each result with the focus node as the report names it."""
    with literals_as_written(), queries_parsed_once():
        # The graph is the caller's own and nothing is inferred, so no copy is needed.
        _, report, _ = pyshacl.validate(data, shacl_graph=with_shapes, inference="none", advanced=False, inplace=True)
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


@dataclass(frozen=True)
class Case:
    """A fixture, as it is (``change`` is None) or with the change of its n-th ``mutate`` line."""

    file: Path
    change: int | None = None

    @property
    def namespace(self) -> str:
        return f"{EXAMPLE}{name_of(self.file)}/{'' if self.change is None else f'{self.change}/'}"

    @property
    def is_policy(self) -> bool:
        return name_of(self.file).startswith("policy/")

    @property
    def own_shape(self) -> Node:
        return URIRef(QESH + self.file.name.split(".")[0])

    def counts(self, rule: str, shape: Node) -> bool:
        """Whether a result is of the structure or of the rule that the fixture is about."""
        return rule == rule_of(self.own_shape) or (shape, None, None) in structure()


@cache
def graph_of(case: Case) -> Graph:
    graph = Graph()
    text = case.file.read_text(encoding="utf-8").replace(f"<{EXAMPLE}>", f"<{case.namespace}>")
    with literals_as_written():
        graph.parse(data=text, format="turtle")
    if case.change is not None:
        subject, predicate, before, after, _ = lines_of(case.file, "mutate")[case.change]
        old = (expand(subject, case.namespace), expand(predicate, case.namespace), expand(before, case.namespace))
        assert old in graph, "the fixture holds the triple that is changed"
        graph.remove(old)
        if after != "-":
            graph.add((old[0], old[1], expand(after, case.namespace)))
    return graph


def graph_of_all(cases: Iterable[Case], *, with_rules: bool) -> tuple[Graph, Callable[[Node], Case | None]]:
    """Put cases and what they share into one graph; the function tells of which case a focus node is."""
    data = Graph()
    for triple in (*ontology(), *(rule_triples() if with_rules else ())):  # findings refer to rules
        data.add(triple)
    evaluation = URIRef(f"{BASE}id/evaluation")
    data.add((evaluation, RDF.type, URIRef(f"{QE}Evaluation")))
    with literals_as_written():
        data.add((evaluation, URIRef(f"{QE}evaluatedOn"), Literal(DAY, datatype=rdflib.XSD.date)))
    owner: dict[Node, Case] = {}
    by_namespace: dict[str, Case] = {}
    for case in cases:
        by_namespace[case.namespace] = case
        for triple in graph_of(case):
            data.add(triple)
            owner.update((term, case) for term in triple if isinstance(term, BNode))
    return data, lambda focus: owner.get(focus) or by_namespace.get(str(focus).rpartition("/")[0] + "/")


def aimed_at_own_fixtures(cases: list[Case]) -> Graph:
    """All shapes, the targets of each policy shape narrowed to those in the fixtures of its own rule.

    A policy fixture is not held to other rules, and looking at all fixtures with all rules would take most of the time.
    """
    narrowed = Graph()
    for triple in shapes():
        narrowed.add(triple)
    by_rule: dict[str, Graph] = {}
    for case in cases:
        merged = by_rule.setdefault(rule_of(case.own_shape), Graph())
        for triple in graph_of(case):
            merged.add(triple)
    for shape in policy_shapes():
        own = by_rule.get(rule_of(shape), Graph())
        for target in list(shapes().objects(shape, SH.targetClass)):
            narrowed.remove((shape, SH.targetClass, target))
            for kind in ontology().transitive_subjects(RDFS.subClassOf, target):
                for node in own.subjects(RDF.type, kind):
                    narrowed.add((shape, SH.targetNode, node))
        for target in list(shapes().objects(shape, SH.targetSubjectsOf)):
            narrowed.remove((shape, SH.targetSubjectsOf, target))
            for node in own.subjects(URIRef(str(target))):
                narrowed.add((shape, SH.targetNode, node))
    return narrowed


@cache
def results_by_case() -> dict[Case | None, list[Result]]:
    """All results of one run of pySHACL over all fixtures of a kind; under None those of no fixture."""
    found: dict[Case | None, list[Result]] = {}
    for is_policy in (False, True):
        files = [file for ending in (".pass.ttl", ".fail.ttl") for file in fixture_files(ending)]
        chosen = [case for case in map(Case, files) if case.is_policy == is_policy]
        data, case_of = graph_of_all(chosen, with_rules=is_policy)
        for focus, result in validate(data, aimed_at_own_fixtures(chosen) if is_policy else structure()):
            case = case_of(focus)
            space = case.namespace if case else EXAMPLE
            plain = Result(
                **{key: text.replace(f"ex:{space.removeprefix(EXAMPLE)}", "ex:") for key, text in vars(result).items()}
            )
            if case is None or case.counts(plain.rule, expand(result.shape, EXAMPLE)):
                found.setdefault(case, []).append(plain)
    return {case: sorted(results) for case, results in found.items()}


@cache
def results_after_changes() -> dict[Case, Counter[str]]:
    """How often the set-wise engine finds which ``RULE@FOCUS`` after each listed change, in one run.

    It takes milliseconds where pySHACL takes a minute, and is held to pySHACL's results elsewhere.
    """
    data, case_of = graph_of_all((Case(file, number) for file, number in mutations()), with_rules=True)
    run = engines.run("sparql", quads_of(data), quads_of(shapes()))
    found: dict[Case, Counter[str]] = {}
    for result in run.results:
        case, shape = case_of(URIRef(text_of(result.focus))), URIRef(text_of(result.shape))
        if case is not None and case.counts(rule_of(shape), shape):
            focus = curie(text_of(result.focus)).replace(f"ex:{case.namespace.removeprefix(EXAMPLE)}", "ex:")
            found.setdefault(case, Counter())[f"{rule_of(shape)}@{focus}"] += 1
    return found


def quads_of(graph: Graph) -> list[pyoxigraph.Quad]:
    return list(pyoxigraph.parse(graph.serialize(format="nt", encoding="utf-8"), pyoxigraph.RdfFormat.N_TRIPLES))


@pytest.mark.parametrize("file", fixture_files(".pass.ttl"), ids=name_of)
def test_passing_fixture_has_no_result(file: Path) -> None:
    assert results_by_case().get(Case(file), []) == []


@pytest.mark.parametrize("file", fixture_files(".fail.ttl"), ids=name_of)
def test_failing_fixture_has_exactly_the_results_it_lists(file: Path) -> None:
    assert expected(file), "a failing fixture lists its results"
    assert results_by_case().get(Case(file), []) == expected(file)


def test_nothing_but_fixtures_fails() -> None:
    """The ontology and the controlled lists, which every run holds, conform."""
    assert results_by_case().get(None, []) == []


# Mutation


def mutations() -> list[tuple[Path, int]]:
    return [(file, n) for file in fixture_files(".pass.ttl") for n in range(len(lines_of(file, "mutate")))]


@pytest.mark.parametrize(
    ("file", "number"),
    [pytest.param(f, n, id=f"{f.name}: {' '.join(lines_of(f, 'mutate')[n][:4])}") for f, n in mutations()],
)
def test_one_changed_triple_breaks_exactly_the_listed_rules(file: Path, number: int) -> None:
    found = results_after_changes().get(Case(file, number), Counter())
    listed = lines_of(file, "mutate")[number][4]
    assert found == Counter([] if listed == "-" else listed.split())


def test_every_policy_shape_is_mutated() -> None:
    for shape in policy_shapes():
        broken = [fields[4] for fields in lines_of(fixture_of(shape, ".pass.ttl"), "mutate")]
        assert any(f"{rule_of(shape)}@" in results for results in broken), shape


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
        data = graph_of(Case(fixture_of(shape, ".pass.ttl")))
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
    used = set(graph.objects(None, SH.property)) | set(graph.objects(None, SH.qualifiedValueShape))
    used |= (
        set(graph.objects(None, SH["not"])) | set(graph.objects(None, RDF.first)) | set(graph.objects(None, SH.node))
    )
    used |= {s for p in ("appliesWhere", "isSatisfiedBy") for s in graph.objects(None, URIRef(QE + p))}
    assert all_shapes() - targeted_shapes() - used == set()


@pytest.mark.xdist_group("shapes-of-shacl")
def test_shapes_conform_to_the_shapes_of_shacl() -> None:
    """By the engine of this package, which reads them as the W3C suite has it; pySHACL takes ten seconds for it."""
    of_shacl = Path(pyshacl.__file__).parent / "assets" / "shacl-shacl.ttl"
    quads = [quad for file in shape_files() for quad in pyoxigraph.parse(path=str(file))]
    rules = list(pyoxigraph.parse(path=str(of_shacl)))
    assert engines.run("sparql", quads, rules).results == ()
    wrong = pyoxigraph.parse(f"<{QESH}X> <{SH.property}> [ <{SH.minCount}> 1 ] .", format=pyoxigraph.RdfFormat.TURTLE)
    assert engines.run("sparql", [*quads, *wrong], rules).results, "a property shape without a path is found"


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


# Rules


def rules() -> set[Node]:
    return set(shapes().subjects(RDF.type, URIRef(f"{QE}Rule")))


def test_rules_and_their_sources_conform() -> None:
    data = Graph()
    for triple in (*ontology(), *rule_triples()):
        data.add(triple)
    assert validate(data, structure()) == []


def test_every_rule_has_a_shape_and_every_policy_shape_a_rule() -> None:
    reported = {rule for shape in policy_shapes() for rule in shapes().objects(shape, RDFS.seeAlso)}
    assert reported == rules()
    assert all(len(list(shapes().objects(shape, RDFS.seeAlso))) == 1 for shape in policy_shapes())
    notations = Counter(str(shapes().value(rule, SKOS.notation)) for rule in rules())
    assert set(notations.values()) == {1}


def test_a_shape_of_a_condition_consists_of_where_it_applies_and_what_satisfies_it() -> None:
    """What reads the evidence off a rule relies on this form: not (applies and not satisfied)."""
    graph = shapes()
    for shape in policy_shapes():
        rule = graph.value(shape, RDFS.seeAlso)
        for breach in graph.objects(shape, SH["not"]) if (rule, URIRef(f"{QE}appliesWhere"), None) in graph else ():
            applies = set(graph.objects(breach, SH.node))
            assert applies, f"{shape}: no shape says where it applies"
            assert all(str(one).endswith("-AppliesShape") for one in applies), shape
            if (breach, SH["not"], None) in graph:
                assert [str(one) for one in graph.objects(breach, SH["not"])] == [f"{shape}-EvidenceShape"]
        for said, ending in (("appliesWhere", "-AppliesShape"), ("isSatisfiedBy", "-EvidenceShape")):
            for part in graph.objects(rule, URIRef(QE + said)):
                assert str(part) == f"{QESH}{graph.value(rule, SKOS.notation)}{ending}"
                assert (part, RDF.type, SH.NodeShape) in graph
                assert not {SH.targetClass, SH.targetSubjectsOf} & set(graph.predicates(part))


def test_every_source_is_told_apart() -> None:
    """No two sources have the same citation, and a basis that is no law says so."""
    graph = shapes()
    sources = {source for rule in rules() for source in graph.objects(rule, URIRef(f"{QE}isBasedOn"))}
    citations = [str(graph.value(source, URIRef(f"{QE}citation"))) for source in sources]
    assert len(set(citations)) == len(citations)
    for source in sources:
        if (source, RDF.type, URIRef(f"{QE}LegalSource")) not in graph:
            assert "No law" in str(graph.value(source, SKOS.scopeNote)), source
