"""A model's vocabulary as Markdown: one page a term, one a module and a list of values, and pages of rules and queries.

Pages say nothing that changes with every fact of the data (counts, lines), so that they go out of date only where the
vocabulary, its use or an example changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from qe_kg.namespaces import DCTERMS, OWL, RDFS, SKOS
from qe_kg.reference.vocabulary import DEFINITIONS, LABELS, Example, Term, Vocabulary
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_SUBCLASS_OF, Node, iri, is_iri, is_literal, literal_parts, text_of
from qe_kg.validation.rule_help import RuleHelp, read_help

#: The last line of every page: what has it may be replaced or taken away.
MARKER = "<!-- made by qe-kg reference -->"
#: How many statements an example shows, and names a line lists.
_STATEMENTS, _NAMES = 8, 12
_IS_A = {
    "functional": "FunctionalProperty", "inverse functional": "InverseFunctionalProperty",
    "transitive": "TransitiveProperty", "symmetric": "SymmetricProperty", "asymmetric": "AsymmetricProperty",
    "irreflexive": "IrreflexiveProperty",
}  # fmt: skip
_SAID = (
    ("Below", (RDFS_SUBCLASS_OF, iri(f"{RDFS}subPropertyOf"))),
    ("Of", (iri(f"{RDFS}domain"),)),
    ("Value", (iri(f"{RDFS}range"),)),
    ("Inverse of", (iri(f"{OWL}inverseOf"),)),
    ("Disjoint with", (iri(f"{OWL}disjointWith"),)),
)
_TEXTS = (("Note", iri(f"{SKOS}scopeNote")), ("Example", iri(f"{SKOS}example")))
_ALSO, _SOURCE, _NOTATION, _IN_SCHEME = (
    iri(f"{SKOS}altLabel"), iri(f"{DCTERMS}source"), iri(f"{SKOS}notation"), iri(f"{SKOS}inScheme"),
)  # fmt: skip


def write_pages(vocabulary: Vocabulary) -> dict[str, str]:
    """Return the pages by their path under the folder of the reference, each ending in `MARKER`."""
    pages = _Pages(vocabulary)
    return {path: f"{text.rstrip()}\n\n{MARKER}\n" for path, text in sorted(pages.all())}


class _Pages:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary, self.graph = vocabulary, vocabulary.graph
        self.rules = {one.rule: one for one in read_help(self.graph, self.graph, vocabulary.namespaces)}
        self.modules: dict[str, list[Term]] = defaultdict(list)
        for term in vocabulary.terms:
            self.modules[term.module].append(term)
        self.lists: dict[Node, list[Node]] = {
            scheme: sorted(concepts) for scheme, concepts in sorted(self.graph.by_value(_IN_SCHEME).items())
        }
        self.paths = self._paths()
        self.having: dict[Node, list[Term]] = defaultdict(list)
        for term in vocabulary.terms:
            for domain in self.graph.objects(term.node, iri(f"{RDFS}domain")):
                self.having[domain].append(term)

    def all(self) -> Iterator[tuple[str, str]]:
        """Yield every page with its path."""
        yield "README.md", "\n".join(self._index())
        yield "rules.md", "\n".join(self._rules())
        yield "shapes.md", "\n".join(self._shapes())
        yield "queries.md", "\n".join(self._queries())
        for term in self.vocabulary.terms:
            yield self.paths[term.node], "\n".join(self._term(term))
        for module, terms in self.modules.items():
            yield self.paths[iri(module)], "\n".join(self._module(module, terms))
        for scheme, concepts in self.lists.items():
            yield self.paths[scheme], "\n".join(self._list(scheme, concepts))

    def _paths(self) -> dict[Node, str]:
        """Give each page a name that no file system takes for another's."""
        wanted = [("terms", term.node) for term in self.vocabulary.terms]
        wanted += [("modules", iri(module)) for module in self.modules]
        wanted += [("lists", scheme) for scheme in self.lists]
        found: dict[Node, str] = {}
        taken: set[str] = set()
        for folder, node in wanted:
            stem = self._name(node).replace(":", "-") if folder == "terms" else _last(node)
            stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in stem)
            path = f"{folder}/{stem}.md"
            number = 2
            while path.casefold() in taken:
                path, number = f"{folder}/{stem}-{number}.md", number + 1
            taken.add(path.casefold())
            found[node] = path
        return found

    # --- texts ---------------------------------------------------------------------------------------------------

    def _name(self, node: Node) -> str:
        if is_iri(node):
            return self.vocabulary.namespaces.compact(text_of(node))
        return node

    def _text(self, node: Node, *predicates: Node) -> str:
        return self.vocabulary.text(node, predicates)

    def _label(self, node: Node) -> str:
        return self._text(node, *LABELS) or self._name(node)

    def _link(self, node: Node, page: str) -> str:
        """Return a node as a link to its page, else as code or text."""
        if node in self.paths:
            return f"[{md(self._label(node))}]({_way(page, self.paths[node])})"
        return f"`{self._name(node)}`" if is_iri(node) else md(_value(node))

    def _links(self, nodes: Iterable[Node], page: str) -> str:
        named = sorted(node for node in nodes if node[0] != "_")
        return ", ".join(self._link(node, page) for node in named)

    # --- pages ---------------------------------------------------------------------------------------------------

    def _index(self) -> Iterator[str]:
        yield f"# Reference: {md(self.vocabulary.name)}\n"
        yield "What the words of the model mean, who uses them and which rules ask for them.\n"
        yield "| module | what it is about |\n|---|---|"
        for module in self.modules:
            yield f"| {self._link(iri(module), '')} | {md(self._text(iri(module), *DEFINITIONS))} |"
        if self.lists:
            yield "\nLists of values: " + ", ".join(self._link(one, "") for one in self.lists) + ".\n"
        yield "\n[Rules](rules.md) · [Shapes](shapes.md) · [Queries](queries.md)"

    def _module(self, module: str, terms: list[Term]) -> Iterator[str]:
        node, page = iri(module), self.paths[iri(module)]
        yield f"# {md(self._label(node))}\n\n`{module}` · [all modules]({_way(page, 'README.md')})\n"
        yield f"{md(self._text(node, *DEFINITIONS))}\n"
        for kind in dict.fromkeys(term.kind for term in terms):
            yield f"\n| {kind} | definition |\n|---|---|"
            for term in terms:
                if term.kind == kind:
                    yield f"| {self._link(term.node, page)} | {md(self._text(term.node, *DEFINITIONS))} |"

    def _list(self, scheme: Node, concepts: list[Node]) -> Iterator[str]:
        page = self.paths[scheme]
        yield f"# {md(self._label(scheme))}\n\n`{self._name(scheme)}` · [all modules]({_way(page, 'README.md')})\n"
        yield f"{md(self._text(scheme, *DEFINITIONS))}\n"
        for source in self.graph.objects(scheme, _SOURCE):
            yield f"Source: {self._link(source, page)}\n"
        yield "| value | label | definition |\n|---|---|---|"
        for one in concepts:
            definition = self._text(one, *DEFINITIONS)
            yield f"| `{self._name(one)}` | {md(self._label(one))} | {md(definition)} |"

    def _term(self, term: Term) -> Iterator[str]:
        node, page = term.node, self.paths[term.node]
        is_a = [name for name, kind in _IS_A.items() if iri(f"{OWL}{kind}") in self.graph.objects(node, RDF_TYPE)]
        kind = ", ".join((*is_a, term.kind))
        yield f"# {md(self._label(node))}\n\n`{self._name(node)}` · {kind} · {self._link(iri(term.module), page)}\n"
        yield f"{md(self._text(node, *DEFINITIONS))}\n"
        yield from self._facts(term, page)
        yield from self._use(term, page)
        if term.example:
            yield from self._example(term.example)

    def _facts(self, term: Term, page: str) -> Iterator[str]:
        for name, predicate in _TEXTS:
            for text in sorted(self.graph.objects(term.node, predicate)):
                yield f"- {name}: {md(_value(text))}"
        also = [_value(one) for one in sorted(self.graph.objects(term.node, _ALSO))]
        if also:
            yield f"- Also called: {md(', '.join(also))}"
        for name, predicates in _SAID:
            links = self._links((one for each in predicates for one in self.graph.objects(term.node, each)), page)
            if links:
                yield f"- {name}: {links}"
        below = self._links(self.graph.subjects(RDFS_SUBCLASS_OF, term.node), page)
        if below:
            yield f"- Above: {below}"
        if having := self.having.get(term.node):
            yield f"- Has: {', '.join(self._link(one.node, page) for one in having)}"
        sources = sorted(self.graph.objects(term.node, _SOURCE))
        if sources:
            yield f"- Source: {'; '.join(self._link(one, page) for one in sources)}"
        for relation, other in term.alignments:
            yield f"- Alignment: {_words(relation)} `{self._name(iri(other))}`"

    def _use(self, term: Term, page: str) -> Iterator[str]:
        if term.rules:
            shown = (f"[{rule}]({_way(page, 'rules.md')}#{anchor(rule)})" for rule in term.rules)
            yield f"- Rules: {', '.join(shown)}"
        if term.shapes:
            names = [f"`{self._name(iri(shape))}`" for shape in term.shapes]
            yield f"- Shapes: {_some(names)}"
        if term.queries:
            anchors = [f"[{md(name)}]({_way(page, 'queries.md')}#{anchor(name)})" for name in term.queries]
            yield f"- Queries: {_some(anchors)}"
        if term.questions:
            yield f"- Competency questions: {_some([md(name.rpartition('/')[2]) for name in term.questions])}"

    def _example(self, example: Example) -> Iterator[str]:
        yield f"\n```turtle\n# {example.file}"
        shown = example.statements[:_STATEMENTS]
        lines = [f"{'a' if p == RDF_TYPE else self._name(p)} {self._turtle(o)}" for p, o in shown]
        yield f"{self._name(example.subject)} " + " ;\n    ".join(lines) + " ."
        more = len(example.statements) - len(shown)
        yield f"# and {more} more\n```" if more else "```"

    def _turtle(self, node: Node) -> str:
        if is_literal(node):
            parts = literal_parts(node)
            end = node.rindex('"') + 1
            if not node[end:].startswith("^^"):
                return node
            return f"{node[:end]}^^{self.vocabulary.namespaces.compact(parts.datatype)}"
        return (
            self._name(node) if is_iri(node) and self._name(node) != text_of(node) else node if is_iri(node) else "[]"
        )

    def _rules(self) -> Iterator[str]:
        yield "# Rules\n\nWhat the policy gate asks, on which ground, and how to mend a breach. No legal advice.\n"
        kind = iri(f"{self.vocabulary.namespaces.terms}Rule")
        for rule, known in self.rules.items():
            if known.iri and kind in self.graph.objects(iri(known.iri), RDF_TYPE):
                yield from self._rule(rule, known)

    def _rule(self, rule: str, known: RuleHelp) -> Iterator[str]:
        about = [term for term in self.vocabulary.terms if rule in term.rules]
        yield f"## {rule}\n\n**{md(known.title)}.** {md(known.statement)}\n"
        rows = (("Note", known.note), ("Evidence asked", known.evidence), ("To mend", known.remedy))
        yield from (f"- {name}: {md(text)}" for name, text in rows if text)
        yield from (f"- Based on: {md(str(one))}" for one in known.basis)
        if about:
            yield f"- About: {', '.join(self._link(term.node, 'rules.md') for term in about)}"
        yield ""

    def _shapes(self) -> Iterator[str]:
        yield "# Shapes\n\nWhat the structure of a model must be, by the identifier that a result has.\n"
        yield "| identifier | shape | what it asks |\n|---|---|---|"
        kind = iri(f"{self.vocabulary.namespaces.terms}Rule")
        for rule, known in self.rules.items():
            if known.iri and kind not in self.graph.objects(iri(known.iri), RDF_TYPE):
                yield f"| {rule} | `{self._name(iri(known.iri))}` | {md(known.statement or known.title)} |"

    def _queries(self) -> Iterator[str]:
        yield "# Queries\n\nThe library, by the question that each answers: `qe-kg query NAME -p name=value`.\n"
        for query in self.vocabulary.queries:
            takes = ", ".join(
                f"`{one.name}` ({one.type}{', required' if one.required else ''})" for one in query.parameters
            )
            used = [term for term in self.vocabulary.terms if query.name in term.queries]
            yield f"## {query.name}\n\n{md(query.question)} {md(query.description)}".rstrip() + "\n"
            yield f"- Columns: {', '.join(f'`{one}`' for one in query.columns)}" if query.columns else ""
            if takes:
                yield f"- Takes: {takes}"
            if used:
                yield f"- Uses: {', '.join(self._link(term.node, 'queries.md') for term in used)}"
            yield ""


def _last(node: Node) -> str:
    return text_of(node).rstrip("/#").replace("#", "/").rpartition("/")[2] or "module"


def _way(page: str, target: str) -> str:
    """Return the relative way from one page to another."""
    folder, _, name = target.rpartition("/")
    if page.rpartition("/")[0] == folder:
        return name
    return f"{'../' * page.count('/')}{target}"


def _some(names: list[str]) -> str:
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def _value(node: Node) -> str:
    return literal_parts(node).lexical if is_literal(node) else text_of(node)


def _words(relation: str) -> str:
    local = relation.replace("#", "/").rpartition("/")[2]
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in local)


def anchor(heading: str) -> str:
    """Return the anchor that readers of Markdown give a heading."""
    kept = (letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return "".join(kept).replace(" ", "-")


def md(text: str) -> str:
    """Write text so that Markdown shows it as it is, on one line."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_[]<>#~|&" else letter for letter in " ".join(text.split()))
    return escaped.replace("://", ":&#47;&#47;")
