"""``sh:sparql``: https://www.w3.org/TR/shacl/#sparql-constraints ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qe_kg.errors import QueryError
from qe_kg.namespaces import OWL
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import Constraint, Evaluation, Finding, IllFormedShapes, Queries, Shape, component
from qe_kg.shacl.nodes import Node, iri, is_blank, is_iri, is_literal, literal_node, literal_parts, sh, text_of
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.paths import Path, Predicate, path_text
from qe_kg.shacl.prebinding import bind_everywhere, checked, is_batchable, with_path
from qe_kg.shacl.selects import Scope
from qe_kg.sparql_text import tokens

SHAPES_GRAPH = iri("urn:qe-kg:shapes")
_IMPORTS = iri(f"{OWL}imports")
_PLACEHOLDER = re.compile(r"\{[?$](\w+)\}")
_AT_ONCE = 2000  # focus nodes joined with one query
_PREFIX = re.compile(r"(?:[A-Za-z][\w-]*(?:\.[\w-]+)*)?")


@dataclass(frozen=True)
class Query:
    """A SELECT or ASK of a SPARQL-based constraint, prefixes and path put in.

    Attributes:
        text: the query.
        columns: the variables that a SELECT projects.
        is_batchable: whether several focus nodes may be bound at once.
        messages: its own ``sh:message`` values.

    """

    text: str
    columns: tuple[str, ...]
    is_batchable: bool
    messages: tuple[Node, ...]


@dataclass(frozen=True)
class SparqlConstraint(Constraint):
    """One value of ``sh:sparql``."""

    component = component("SPARQL")
    query: Query
    shape: Node

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield what the query finds with ``$this`` bound to the focus node."""
        for _, found in self._found([focus], run.shapes[self.shape], run):
            yield found

    def check_all(self, nodes: Iterable[Node], shape: Shape, run: Evaluation) -> Iterator[tuple[Node, Finding]]:
        """Yield what the query finds, for many focus nodes in one go where that is the same."""
        together: list[Node] = []
        for node in nodes:
            # What a store gives back for a typed or tagged literal may be written in another way.
            if self.query.is_batchable and (not is_literal(node) or node[-1] == '"'):
                together.append(node)
            else:
                yield from self._found([node], shape, run)
        for start in range(0, len(together), _AT_ONCE):
            yield from self._found(together[start : start + _AT_ONCE], shape, run)

    def find(self, scope: Scope, shape: Shape, run: Queries) -> Iterator[tuple[Node, Finding]]:
        """Yield what the query finds at any focus node of a scope, in one go where that is the same."""
        focus = scope.focus if scope.focus == "?this" else f"({scope.focus} AS ?this)"
        nodes = f"{{ SELECT DISTINCT {focus} WHERE {{ {scope.focus_pattern} }} }}"
        if not self.query.is_batchable:
            rows = run.sparql.select(f"SELECT DISTINCT ?this WHERE {{ {nodes} }}")
            for node in [row[0] for row in rows if row[0]]:
                yield from self._found([node], shape, run)
            return
        bound = {name: run.sparql.binding(name, given) for name, given in own_variables(self.query, shape.node).items()}
        text = bind_everywhere(self.query.text, {**bound, "this": nodes}, sparingly=True)
        at = self.query.columns.index("this")
        for row in run.sparql.select(text):
            found = row[at]
            if found is not None:
                yield found, finding(self.query, row, found, shape.path is None)

    def _found(self, nodes: Sequence[Node], shape: Shape, run: Queries) -> Iterator[tuple[Node, Finding]]:
        rows = run.sparql.select(bound_query(self.query, {"this": nodes}, self.shape, run))
        at = self.query.columns.index("this")
        for row in rows:
            focus = nodes[0] if len(nodes) == 1 else row[at] or nodes[0]
            yield focus, finding(self.query, row, focus, shape.path is None)

    @property
    def text(self) -> str:
        """The rule in words."""
        return "The SPARQL constraint finds a violation."


def own_variables(query: Query, shape: Node) -> dict[str, list[Node]]:
    """Return the values of ``$currentShape`` and ``$shapesGraph`` where a query uses them."""
    own = {"currentShape": [shape], "shapesGraph": [SHAPES_GRAPH]}
    return {name: nodes for name, nodes in own.items() if name in query.text}


def bound_query(query: Query, values: Mapping[str, Sequence[Node]], shape: Node, run: Queries) -> str:
    """Bind variables of a query beforehand, ``$currentShape`` and ``$shapesGraph`` among them."""
    given = {**values, **own_variables(query, shape)}
    return bind_everywhere(query.text, {name: run.sparql.binding(name, nodes) for name, nodes in given.items()})


def finding(query: Query, row: Sequence[Node | None], focus: Node, is_node_shape: bool) -> Finding:
    """Turn a solution into a finding (https://www.w3.org/TR/shacl/#sparql-constraints-variables).

    Raises:
        ShapesError: the solution says that the query failed.

    """
    found = {name: node for name, node in zip(query.columns, row, strict=False) if node is not None}
    failure = found.get("failure")
    if failure is not None and literal_parts(failure).lexical in ("true", "1"):
        raise IllFormedShapes("a SPARQL constraint reports a failure (?failure is true)", focus)
    path = found.get("path")
    message = found.get("message")
    messages = (message,) if message is not None else fill(query.messages, {**found, "this": focus})
    return Finding(
        value=found.get("value", focus if is_node_shape else None),
        path=Predicate(path) if path is not None and is_iri(path) else None,
        messages=messages,
    )


def fill(messages: Iterable[Node], values: Mapping[str, Node]) -> tuple[Node, ...]:
    """Put values in the place of ``{?name}`` and ``{$name}`` in messages."""

    def one(match: re.Match[str]) -> str:
        node = values.get(match[1])
        return match[0] if node is None else node if is_iri(node) else text_of(node)

    filled = []
    for message in messages:
        parts = literal_parts(message)
        text = _PLACEHOLDER.sub(one, parts.lexical)
        filled.append(literal_node(text, None if parts.language else parts.datatype, parts.language or None))
    return tuple(filled)


def read_query(
    graph: Graph, node: Node, name: str, path: Path | None, bound: Iterable[str], owner: Node, link: Node
) -> Query:
    """Read and check the query of a constraint or validator.

    Args:
        graph: the shapes graph.
        node: what has ``sh:select`` or ``sh:ask``.
        name: "select" or "ask".
        path: what to put in the place of ``$PATH``.
        bound: the variables that will be bound beforehand.
        owner: the shape or component, named in errors where ``node`` is blank.
        link: the property that leads from there to ``node``.

    Raises:
        IllFormedShapes: the query is missing, does not parse or is not allowed.

    """

    def fault(problem: str, predicate: Node, value: Node | None = None) -> IllFormedShapes:
        return IllFormedShapes(problem, owner, link) if is_blank(node) else IllFormedShapes(
            problem, node, predicate, value
        )  # fmt: skip

    texts = graph.objects(node, sh(name))
    if len(texts) != 1 or not is_literal(texts[0]):
        raise fault(f"exactly one sh:{name} is needed, and it must be a text", sh(name))
    text = _prefixes(graph, node, fault) + text_of(texts[0])
    if path is not None:
        text = with_path(text, path_text(path))
    messages = tuple(one for one in graph.objects(node, sh("message")) if is_literal(one))
    try:
        _check_prefixes(text)
        columns = _columns(checked(text, bound), name)
    except QueryError as error:
        raise fault(f"the query of sh:{name} cannot be run: {error.problem}", sh(name), texts[0]) from error
    return Query(text, columns, name == "select" and is_batchable(text), messages)


def _check_prefixes(query: str) -> None:
    """Require that each prefix is declared: the parser's own words about one that is not are no help."""
    declared, before = set[str](), ""
    for token in tokens(query):
        if token.kind == "name":
            prefix = token.text.partition(":")[0]
            if before == "PREFIX":
                declared.add(prefix)
            elif prefix not in declared:
                raise QueryError(
                    f"the prefix {prefix}: is not declared; let sh:prefixes lead to what declares it with sh:declare"
                )
        if token.kind not in ("space", "comment"):
            before = token.text.upper()


def _columns(query: str, name: str) -> tuple[str, ...]:
    from qe_kg.store.sparql_source import columns_of

    columns = columns_of(query)
    if (columns is None) is (name == "select"):
        raise QueryError(f"the query is no {name.upper()}")
    if columns is not None and "this" not in columns:
        raise QueryError("the query must project $this")
    return columns or ()


def _prefixes(graph: Graph, node: Node, fault: object) -> str:
    """Return the PREFIX lines that ``sh:prefixes`` asks for, ontologies that are imported included."""
    found: dict[str, str] = {}
    waiting, seen = list(graph.objects(node, sh("prefixes"))), set()
    while waiting:
        ontology = waiting.pop(0)
        if ontology in seen:
            continue
        seen.add(ontology)
        waiting += graph.objects(ontology, _IMPORTS)
        for declaration in graph.objects(ontology, sh("declare")):
            prefix, namespace = graph.value(declaration, sh("prefix")), graph.value(declaration, sh("namespace"))
            if prefix is None or namespace is None or not _PREFIX.fullmatch(text_of(prefix)):
                raise IllFormedShapes("a prefix declaration needs one sh:prefix and one sh:namespace", ontology)
            known = found.setdefault(text_of(prefix), text_of(namespace))
            if known != text_of(namespace):
                raise IllFormedShapes(
                    f"the prefix {text_of(prefix)}: is declared for {known} and for {text_of(namespace)}", ontology
                )
    return "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in found.items())


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the SPARQL constraints that a shape declares."""
    graph = parameters.graph
    for node in parameters.all("sparql"):
        if is_literal(node):
            raise parameters.fault("must be a SPARQL constraint", "sparql", node)
        if Parameters(graph, node, None).is_true("deactivated"):
            continue
        bound = {"this"}
        query = read_query(graph, node, "select", parameters.path, bound, parameters.shape, sh("sparql"))
        yield SparqlConstraint(query, parameters.shape)
