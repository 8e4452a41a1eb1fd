"""Constraint components written in SPARQL: https://www.w3.org/TR/shacl/#sparql-constraint-components ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from qe_kg.namespaces import SH
from qe_kg.shacl.components.sparql import Query, bound_query, fill, finding, read_query
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import Constraint, Evaluation, Finding, IllFormedShapes, Queries, Shape, Shapes
from qe_kg.shacl.nodes import Node, is_iri, sh, text_of
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.paths import Path
from qe_kg.shacl.selects import Scope


@dataclass(frozen=True)
class Custom(Constraint):
    """A use of a constraint component by a shape: its validator and the values of its parameters."""

    name: Node
    query: Query
    is_ask: bool
    arguments: tuple[tuple[str, Node], ...]
    shape: Node
    default: tuple[Node, ...]

    @property
    def component(self) -> str:  # type: ignore[override]
        """IRI of the component."""
        return text_of(self.name)

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield the value nodes for which the ASK is false, or what the SELECT finds."""
        return self._check(focus, values, run)

    def find(self, scope: Scope, shape: Shape, run: Queries) -> Iterator[tuple[Node, Finding]]:
        """Yield what the validator finds, one focus node after the other."""
        values: dict[Node, list[Node]] = {}
        if self.is_ask:
            columns = " ".join(dict.fromkeys((scope.focus, scope.value)))
            rows = run.sparql.select(f"SELECT DISTINCT {columns} WHERE {{ {scope.values} }}")
        else:
            rows = run.sparql.select(f"SELECT DISTINCT {scope.focus} WHERE {{ {scope.focus_pattern} }}")
        for row in rows:
            if row[0] and row[-1]:
                values.setdefault(row[0], []).append(row[-1])
        for focus, nodes in values.items():
            for found in self._check(focus, nodes, run):
                yield focus, found

    def _check(self, focus: Node, values: Sequence[Node], run: Queries) -> Iterator[Finding]:
        bound = dict(self.arguments) | {"this": focus}
        if self.is_ask:
            for value in values:
                given = bound | {"value": value}
                if not run.sparql.ask(self._query(given, run)):
                    yield Finding(value, messages=fill(self._messages, given))
            return
        is_node_shape = run.shapes[self.shape].path is None
        for row in run.sparql.select(self._query(bound, run)):
            found = finding(self.query, row, focus, is_node_shape)
            given = bound | {name: node for name, node in zip(self.query.columns, row, strict=False) if node}
            yield found._replace(messages=found.messages or fill(self._messages, given))

    def _query(self, given: Mapping[str, Node], run: Queries) -> str:
        return bound_query(self.query, {name: [node] for name, node in given.items()}, self.shape, run)

    @property
    def _messages(self) -> tuple[Node, ...]:
        return self.query.messages or self.default

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value does not meet the constraint component {self.name}."


@dataclass(frozen=True)
class Component:
    """A declared constraint component: its parameters (variable, property, whether optional) and where it is."""

    node: Node
    parameters: tuple[tuple[str, Node, bool], ...]


def declared(graph: Graph) -> list[Component]:
    """Return the constraint components that a shapes graph declares, SHACL's own left out.

    Raises:
        IllFormedShapes: one has no parameter, or a parameter has no IRI as path.

    """
    found = []
    for node in sorted(graph.instances(sh("ConstraintComponent"))):
        if node.startswith(f"<{SH}"):
            continue
        parameters = []
        for one in graph.objects(node, sh("parameter")):
            path = graph.value(one, sh("path"))
            if path is None or not is_iri(path):
                raise IllFormedShapes("a parameter needs an IRI as sh:path", node, sh("parameter"), one)
            name = text_of(path).rpartition("#")[2].rpartition("/")[2]
            parameters.append((name, path, Parameters(graph, one, None).is_true("optional")))
        if all(optional for _, _, optional in parameters):
            raise IllFormedShapes("a constraint component needs a parameter that is not optional", node)
        found.append(Component(node, tuple(sorted(parameters))))
    return found


def read(component: Component, parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints that a shape declares by the parameters of a component."""
    graph = parameters.graph
    values = {name: graph.objects(parameters.shape, path) for name, path, _ in component.parameters}
    if any(not values[name] for name, _, optional in component.parameters if not optional):
        return
    given = {name: nodes for name, nodes in values.items() if nodes}
    if len(component.parameters) > 1 and any(len(nodes) > 1 for nodes in given.values()):
        raise IllFormedShapes(
            f"several values for a parameter of {component.node}, which has more than one parameter", parameters.shape
        )
    validator = _validator(graph, component.node, parameters.path)
    if validator is None:
        return  # https://www.w3.org/TR/shacl/#constraint-components-validators : no suitable one, no constraint
    node, kind, link = validator
    default = tuple(graph.objects(component.node, sh("message")))
    names = ({"this", "value"} if kind == "ask" else {"this"}) | set(given)
    query = read_query(graph, node, kind, parameters.path, names, component.node, link)
    for nodes in product(*given.values()):
        arguments = tuple(zip(given, nodes, strict=True))
        yield Custom(component.node, query, kind == "ask", arguments, parameters.shape, default)


def without_validator(graph: Graph, shapes: Shapes) -> Iterator[str]:
    """Yield uses of constraint components that have no validator for the kind of shape that uses them."""
    for component in declared(graph):
        for shape in shapes.by_node.values():
            needed = [path for _, path, optional in component.parameters if not optional]
            is_used = all(graph.objects(shape.node, path) for path in needed)
            if is_used and _validator(graph, component.node, shape.path) is None:
                kind = "node" if shape.path is None else "property"
                yield f"the constraint component {component.node} has no validator for {kind} shapes ({shape.node})"


def _validator(graph: Graph, component: Node, path: Path | None) -> tuple[Node, str, Node] | None:
    own = sh("nodeValidator") if path is None else sh("propertyValidator")
    for link in (own, sh("validator")):
        for node in sorted(graph.objects(component, link)):
            kinds = [name for name in ("ask", "select") if graph.objects(node, sh(name))]
            if len(kinds) != 1:
                raise IllFormedShapes("a validator needs either sh:ask or sh:select", component, link, node)
            return node, kinds[0], link
    return None
