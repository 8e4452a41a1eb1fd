"""The terms of a model's ontologies with all that uses them: queries, questions, shapes, rules, data, alignments."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from qe_kg.competency import Question, read_questions
from qe_kg.manifest import ALIGNMENTS, RDF_ROLES, Manifest, ModelFile
from qe_kg.namespaces import DCTERMS, DEFAULT_BASE, OWL, RDFS, SKOS, Namespaces
from qe_kg.positions import places_of
from qe_kg.query_library import LibraryQuery, read_query
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import (
    RDF_TYPE,
    RDFS_SUBCLASS_OF,
    Node,
    iri,
    is_blank,
    is_iri,
    is_literal,
    literal_parts,
    sh,
    text_of,
)
from qe_kg.store.files import read_quads, shown_path
from qe_kg.validation.report import SourcePlace

if TYPE_CHECKING:
    import pyoxigraph as ox

#: Class of a term → what it is called.
KINDS = {
    iri(f"{OWL}Class"): "class",
    iri(f"{RDFS}Class"): "class",
    iri(f"{OWL}ObjectProperty"): "object property",
    iri(f"{OWL}DatatypeProperty"): "datatype property",
    iri(f"{OWL}AnnotationProperty"): "annotation property",
}
LABELS = (iri(f"{SKOS}prefLabel"), iri(f"{RDFS}label"), iri(f"{DCTERMS}title"))
DEFINITIONS = (iri(f"{SKOS}definition"), iri(f"{RDFS}comment"), iri(f"{DCTERMS}description"))
_DEFINED_BY, _SEE_ALSO = iri(f"{RDFS}isDefinedBy"), iri(f"{RDFS}seeAlso")
_SUBPROPERTY, _IDENTIFIER = iri(f"{RDFS}subPropertyOf"), iri(f"{DCTERMS}identifier")
_NAME = re.compile(r"<([^<>\"{}|^`\\\s]+)>|(?<![\w:-])([A-Za-z][\w-]*|):([A-Za-z0-9_][\w.-]*)")
_PREFIX = re.compile(r"(?i)\bPREFIX\s+([\w-]*):\s*<([^>]*)>")
#: What a shape says of other shapes, so that these speak for it too.
_TO_SHAPES = tuple(map(sh, ("property", "node", "not", "and", "or", "xone", "qualifiedValueShape", "sparql")))


@dataclass(frozen=True)
class Example:
    """Something of the data that uses a term: its subject, statements about it, and the file that they are in."""

    subject: Node
    statements: tuple[tuple[Node, Node], ...]
    file: str


@dataclass(frozen=True)
class Term:
    """One class or property with what uses it.

    Attributes:
        iri: its IRI.
        kind: a value of `KINDS`.
        module: IRI of the ontology that defines it, or of its file's header.
        place: where it is described.
        queries: names of the queries that use it.
        questions: names of the competency questions that use it or whose query does.
        shapes: named shapes that use it.
        rules: notations of the rules that these shapes are of.
        data: how many statements use it, or a term below it.
        alignments: mapping property and term of another vocabulary.
        example: something that uses it, or None.

    """

    iri: str
    kind: str
    module: str
    place: SourcePlace
    queries: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    data: int = 0
    alignments: tuple[tuple[str, str], ...] = ()
    example: Example | None = None

    @property
    def node(self) -> Node:
        """The term as a node of a graph."""
        return iri(self.iri)


@dataclass(frozen=True)
class Vocabulary:
    """All terms, sorted by module and name, and what the pages about them are made from."""

    name: str
    terms: tuple[Term, ...]
    graph: Graph = field(repr=False)
    namespaces: Namespaces
    queries: tuple[LibraryQuery, ...]
    questions: tuple[Question, ...]

    def text(self, node: Node, predicates: Iterable[Node]) -> str:
        """Return the English text of the first of some properties that has one, else ""."""
        return english(self.graph, node, predicates)

    def label(self, term: str) -> str:
        """Return a term's label, or its compact name."""
        return self.text(iri(term), LABELS) or self.namespaces.compact(term)

    @cached_property
    def by_iri(self) -> dict[str, Term]:
        """The terms by IRI."""
        return {term.iri: term for term in self.terms}


def english(graph: Graph, node: Node, predicates: Iterable[Node]) -> str:
    """Return the English text of the first of some properties that has one, else ""."""
    for predicate in predicates:
        for value in sorted(graph.objects(node, predicate)):
            if is_literal(value) and literal_parts(value).language.lower().split("-")[0] in ("", "en"):
                return literal_parts(value).lexical
    return ""


def read_vocabulary(manifest: Manifest) -> Vocabulary:
    """Read the terms of a model's ontologies and what uses them.

    Raises:
        ParseError, ReadError, ManifestError, QueryError: a file cannot be read.

    """
    names = manifest.namespaces
    files = manifest.of_role(*RDF_ROLES, ALIGNMENTS)
    read = {file: list(_quads(file, manifest)) for file in files if file.role in ("ontology", "shapes", ALIGNMENTS)}
    graph = Graph(quad for file, quads in read.items() if file.role != ALIGNMENTS for quad in quads)
    found = {term.iri: term for file in read if file.role == "ontology" for term in _terms(file, read[file], graph)}
    uses = _Uses(found, graph, names)
    queries = tuple(_queries(manifest))
    questions = read_questions(manifest)
    for query in queries:
        uses.text("queries", query.name, _code(query.text))
    for question in questions:
        uses.question(question, queries)
    uses.shapes([quad for file, quads in read.items() if file.role == "shapes" for quad in quads])
    for file, quads in read.items():
        if file.role == ALIGNMENTS:
            uses.align(quads)
    uses.data((file.name, read.get(file) or _quads(file, manifest)) for file in manifest.of_role(*RDF_ROLES))
    terms = sorted(map(uses.of, found.values()), key=lambda one: (one.module, one.kind, names.compact(one.iri)))
    return Vocabulary(manifest.name, tuple(terms), graph, names, queries, questions)


def _quads(file: ModelFile, manifest: Manifest) -> Iterator[ox.Quad]:
    rename = manifest.align if file.role == ALIGNMENTS else manifest.namespaces.rebase
    moves = file.builtin and (file.role == ALIGNMENTS or manifest.namespaces.base != DEFAULT_BASE)
    return read_quads(file.path, None, rename if moves else None)


def _queries(manifest: Manifest) -> Iterator[LibraryQuery]:
    for directory in manifest.query_directories:
        for path in sorted(directory.rglob("*.rq")):
            yield read_query(path, path.relative_to(directory).with_suffix("").as_posix())


def _code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _terms(file: ModelFile, quads: list[ox.Quad], graph: Graph) -> Iterator[Term]:
    """Yield the terms that a file describes; what it merely declares so that it may use it has no text."""
    places = places_of(file.path, len(quads))
    head = next((str(quad.subject) for quad in quads if str(quad.object) == iri(f"{OWL}Ontology")), "")
    for number, quad in enumerate(quads):
        term, kind = str(quad.subject), KINDS.get(str(quad.object))
        if kind is None or str(quad.predicate) != RDF_TYPE or not is_iri(term):
            continue
        if not english(graph, term, (*LABELS, *DEFINITIONS)):
            continue
        module = graph.value(term, _DEFINED_BY) or head or iri(file.name)
        place = SourcePlace(shown_path(file.path), *(places.subject(number) if places else (None,)))
        yield Term(text_of(term), kind, text_of(module), place)


class _Uses:
    """Gathers who uses which term."""

    def __init__(self, terms: Mapping[str, Term], graph: Graph, names: Namespaces) -> None:
        self._terms, self._graph, self._names = terms, graph, names
        self._found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._aligned: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._rules = _Rules(graph, names)
        self._counts: Counter[Node] = Counter()
        self._examples: dict[Node, Example] = {}

    def text(self, what: str, name: str, text: str) -> None:
        """Take up a text with names in it, as SPARQL writes them."""
        prefixes = self._names.prefixes | dict(_PREFIX.findall(text))
        for whole, prefix, local in _NAME.findall(text):
            full = self._names.rebase(whole or prefixes.get(prefix, "") + local.rstrip("."))
            if full in self._terms:
                self._found[what][full].add(name)

    def question(self, question: Question, queries: Iterable[LibraryQuery]) -> None:
        """Take up a competency question: it uses what its query uses, and what it names itself."""
        asked = {query.name for query in queries if query.name == question.query}
        for term, names in self._found["queries"].items():
            if asked & names:
                self._found["questions"][term].add(question.name)
        cells = [*map(str, question.parameters.values()), *(cell for row in question.rows for cell in row)]
        self.text("questions", question.name, " ".join(cells))

    def shapes(self, quads: Iterable[ox.Quad]) -> None:
        """Take up what named shapes say, structures without a name included."""
        for subject in dict.fromkeys(str(quad.subject) for quad in quads):
            if not is_iri(subject):
                continue
            shape = text_of(subject)
            for _, value in self._said(subject, set()):
                if is_iri(value) and text_of(value) in self._terms:
                    self._found["shapes"][text_of(value)].add(shape)
                elif is_literal(value) and "?" in literal_parts(value).lexical:
                    self.text("shapes", shape, literal_parts(value).lexical)

    def _said(self, subject: Node, seen: set[Node]) -> Iterator[tuple[Node, Node]]:
        seen.add(subject)
        for predicate, values in self._graph.properties(subject).items():
            for value in values:
                # What something is an instance of is a use of data, unless it is a shape at that.
                if predicate != RDF_TYPE and predicate != _SEE_ALSO:
                    yield predicate, value
                if is_blank(value) and value not in seen:
                    yield from self._said(value, seen)

    def align(self, quads: Iterable[ox.Quad]) -> None:
        """Take up an alignment."""
        for quad in quads:
            term = text_of(str(quad.subject))
            if term in self._terms and is_iri(str(quad.object)):
                self._aligned[term].add((quad.predicate.value, text_of(str(quad.object))))

    def data(self, files: Iterable[tuple[str, Iterable[ox.Quad]]]) -> None:
        """Take up statements: what is used as a property, and of what there are instances."""
        wanted = {iri(term) for term in self._terms}
        for name, quads in files:
            first: dict[Node, Node] = {}
            kept: dict[Node, list[tuple[Node, Node]]] = defaultdict(list)
            subjects: set[Node] = set()
            for quad in quads:
                subject, predicate, value = str(quad.subject), str(quad.predicate), str(quad.object)
                for used in {predicate, value if predicate == RDF_TYPE else predicate} & wanted:
                    self._counts[used] += 1
                    if used not in self._examples and used not in first and is_iri(subject):
                        first[used] = subject
                        subjects.add(subject)
                if subject in subjects:
                    kept[subject].append((predicate, value))
            for used, subject in first.items():
                self._examples[used] = Example(subject, tuple(kept[subject]), name)

    def of(self, term: Term) -> Term:
        """Return a term with everything that was found to use it."""
        shapes = sorted(self._found["shapes"][term.iri])
        below = self._below(term)
        example = next((self._examples[one] for one in below if one in self._examples), None)
        return Term(
            term.iri, term.kind, term.module, term.place,
            queries=tuple(sorted(self._found["queries"][term.iri])),
            questions=tuple(sorted(self._found["questions"][term.iri])),
            shapes=tuple(shapes),
            rules=tuple(sorted({rule for shape in shapes for rule in self._rules.of(iri(shape))})),
            data=sum(self._counts[one] for one in below),
            alignments=tuple(sorted(self._aligned[term.iri])),
            example=example,
        )  # fmt: skip

    def _below(self, term: Term) -> list[Node]:
        above = RDFS_SUBCLASS_OF if term.kind == "class" else _SUBPROPERTY
        found = [term.node]
        for one in found:
            found += [below for below in sorted(self._graph.subjects(above, one)) if below not in found]
        return found


class _Rules:
    """Which rules a shape is of: by the shapes that are built of it, up to those that report or that a rule names."""

    def __init__(self, graph: Graph, names: Namespaces) -> None:
        self._graph = graph
        self._notation = iri(f"{SKOS}notation")
        self._naming = tuple(iri(f"{names.terms}{name}") for name in ("appliesWhere", "isSatisfiedBy"))
        self._rules = graph.instances(iri(f"{names.terms}Rule"))
        self._known: dict[Node, frozenset[str]] = {}

    def of(self, shape: Node) -> frozenset[str]:
        """Return the notations of the rules of a shape."""
        if shape not in self._known:
            found: set[str] = set()
            waiting, seen = [shape], {shape}
            while waiting:
                one = waiting.pop()
                rules = [rule for rule in self._graph.objects(one, _SEE_ALSO) if rule in self._rules]
                rules += [rule for name in self._naming for rule in self._graph.subjects(name, one)]
                found.update(text_of(code) for rule in rules for code in self._graph.objects(rule, self._notation))
                above = [user for name in _TO_SHAPES for user in self._graph.subjects(name, one)]
                more = [user for user in self._owners(above) if user not in seen]
                seen.update(more)
                waiting += more
            self._known[shape] = frozenset(found)
        return self._known[shape]

    def _owners(self, nodes: list[Node]) -> Iterator[Node]:
        """Climb out of lists and structures without a name."""
        seen: set[Node] = set()
        while nodes:
            node = nodes.pop()
            if is_iri(node):
                yield node
            elif node not in seen:
                seen.add(node)
                nodes += [subject for name in self._graph.predicates() for subject in self._graph.subjects(name, node)]
