"""A model as rules look at it: on one day, in chosen jurisdictions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from qe_kg.catalogue import Catalogue, Element
from qe_kg.lineage import FlowGraph
from qe_kg.namespaces import SKOS, Namespaces
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, is_iri, text_of
from qe_kg.store.protocol import Store
from qe_kg.validation.rule_index import RuleIndex

if TYPE_CHECKING:
    import pyoxigraph as ox


@dataclass(frozen=True, eq=False)
class Context:
    """What the questions about rules are answered from.

    Attributes:
        store: the model's store.
        catalogue: finds its elements by name.
        namespaces: its namespaces.
        flows: its flows.
        data: its quads as the gate gives them to an engine, the day of evaluation and findings included.
        shapes_quads: its shapes.
        day: the day of evaluation.
        profiles: notations of the jurisdictions whose rules are in force.

    """

    store: Store
    catalogue: Catalogue
    namespaces: Namespaces
    flows: FlowGraph
    data: list[ox.Quad]
    shapes_quads: list[ox.Quad]
    day: date
    profiles: tuple[str, ...]

    @cached_property
    def graph(self) -> Graph:
        """The data, indexed."""
        return Graph(self.data)

    @cached_property
    def shapes(self) -> Graph:
        """The shapes, indexed."""
        return Graph(self.shapes_quads)

    @cached_property
    def index(self) -> RuleIndex:
        """The rules that the shapes report for."""
        return RuleIndex(self.graph, self.shapes, self.namespaces)

    @cached_property
    def active_rules(self) -> list[str]:
        """The IRIs of the rules that are in force, sorted."""
        left_out = self.index.left_out(self.profiles)
        rules = self.graph.instances(iri(f"{self.namespaces.terms}Rule"))
        return sorted(text_of(rule) for rule in rules if self.notation(text_of(rule)) not in left_out)

    def notation(self, rule: str) -> str:
        """Return the identifier of a rule (IRI), else its compact IRI."""
        found = self.graph.value(iri(rule), iri(f"{SKOS}notation"))
        return text_of(found) if found else self.namespaces.compact(rule)

    def label(self, node: Node) -> str:
        """Return the English label of a node, else its compact IRI or its lexical form."""
        if not is_iri(node):
            return text_of(node)
        labels = sorted(
            self.graph.objects(node, iri(f"{SKOS}prefLabel")), key=lambda one: (not one.endswith("@en"), one)
        )
        return text_of(labels[0]) if labels else self.namespaces.compact(text_of(node))

    def describe(self, iris: Iterable[str]) -> dict[str, Element]:
        """Return elements by IRI; what only an evaluation adds, such as findings, is described by it."""
        found = self.catalogue.describe(iris)
        for one, element in found.items():
            types = self.graph.objects(iri(one), RDF_TYPE)
            if not element.type and types:
                shown = self.namespaces.compact(text_of(min(types)))
                found[one] = replace(element, type=shown, label=self.label(iri(one)))
        return found

    @cached_property
    def stages(self) -> dict[str, str]:
        """The value stream of each stage."""
        by_stream = self.graph.by_value(f"<{self.namespaces.terms}isStageOf>")
        return {text_of(stage): text_of(stream) for stream, stages in by_stream.items() for stage in stages}
