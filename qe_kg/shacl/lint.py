"""What in a shapes graph most likely says something else than its author meant.

Every SHACL engine passes over a property that it does not know: with ``sh:mincount`` or ``sh:targetClas`` in the
shapes, data "conform" because nothing was checked.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import NamedTuple

from qe_kg.namespaces import SH, XSD
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import Shapes
from qe_kg.shacl.nodes import RDF_TYPE, Node, is_iri, is_literal, literal_parts, sh, text_of

_COMPONENTS = """And Class Closed Datatype Disjoint Equals HasValue In LanguageIn LessThan LessThanOrEquals MaxCount
MaxExclusive MaxInclusive MaxLength MinCount MinExclusive MinInclusive MinLength Node NodeKind Not Or Pattern Property
QualifiedMaxCount QualifiedMinCount SPARQL UniqueLang Xone"""
_CLASSES = """AbstractResult BlankNode BlankNodeOrIRI BlankNodeOrLiteral ConstraintComponent IRI IRIOrLiteral Info
Literal NodeKind NodeShape Parameter Parameterizable PrefixDeclaration PropertyGroup PropertyShape ResultAnnotation
SPARQLAskExecutable SPARQLAskValidator SPARQLConstraint SPARQLConstructExecutable SPARQLExecutable
SPARQLSelectExecutable SPARQLSelectValidator Severity Shape ValidationReport ValidationResult Validator Violation
Warning"""
# Parameters of constraints: what makes a node look like a shape.
_PARAMETERS = """and class closed datatype disjoint equals hasValue ignoredProperties in languageIn lessThan
lessThanOrEquals maxCount maxExclusive maxInclusive maxLength minCount minExclusive minInclusive minLength node
nodeKind not or pattern property qualifiedMaxCount qualifiedMinCount qualifiedValueShape sparql uniqueLang xone"""
_PROPERTIES = """alternativePath annotationProperty annotationValue annotationVarName ask conforms construct
deactivated declare defaultValue description detail entailment flags focusNode group inversePath labelTemplate message
name namespace nodeValidator oneOrMorePath optional order parameter path prefix prefixes propertyValidator
qualifiedValueShapesDisjoint result resultAnnotation resultMessage resultPath resultSeverity select severity
shapesGraph shapesGraphWellFormed sourceConstraint sourceConstraintComponent sourceShape suggestedShapesGraph
targetClass targetNode targetObjectsOf targetSubjectsOf validator value zeroOrMorePath zeroOrOnePath"""
#: The terms of SHACL 1.0 by their local names.
TERMS = frozenset(
    (
        *(f"{one}ConstraintComponent" for one in _COMPONENTS.split()),
        *_CLASSES.split(),
        *_PARAMETERS.split(),
        *_PROPERTIES.split(),
    )
)
#: A parameter that says nothing without another one.
_NEEDS = {
    "flags": ("pattern",),
    "ignoredProperties": ("closed",),
    "qualifiedMinCount": ("qualifiedValueShape",),
    "qualifiedMaxCount": ("qualifiedValueShape",),
    "qualifiedValueShape": ("qualifiedMinCount", "qualifiedMaxCount"),
    "qualifiedValueShapesDisjoint": ("qualifiedValueShape",),
}
_SWITCHES = ("closed", "uniqueLang", "deactivated", "qualifiedValueShapesDisjoint", "optional")


class Suspicion(NamedTuple):
    """Something that is most likely a mistake: what it is, and the triple (object None: any of the property)."""

    problem: str
    subject: Node
    predicate: Node
    value: Node | None


def lint(graph: Graph, shapes: Shapes) -> list[Suspicion]:
    """Return what is suspicious in a shapes graph, in the order of its text."""
    found = [*_unknown_terms(graph), *_lonely(graph), *_switches(graph), *_no_shapes(graph, shapes)]
    return sorted(set(found), key=lambda one: (one.subject, one.predicate, one.value or "", one.problem))


def _unknown_terms(graph: Graph) -> Iterator[Suspicion]:
    for subject, predicate, value in graph.triples():
        for node in (predicate, value):
            if is_iri(node) and node.startswith(f"<{SH}") and (name := node[len(SH) + 1 : -1]) not in TERMS and name:
                near = difflib.get_close_matches(name, TERMS, n=1, cutoff=0.7) or _by_case(name)
                hint = f"; did you mean sh:{near[0]}?" if near else ""
                yield Suspicion(f"SHACL has no term sh:{name}, so it is passed over{hint}", subject, predicate, value)


def _by_case(name: str) -> list[str]:
    return [term for term in TERMS if term.lower() == name.lower()]


def _lonely(graph: Graph) -> Iterator[Suspicion]:
    for name, others in _NEEDS.items():
        for subject in graph.subjects_of(sh(name)):
            properties = graph.properties(subject)
            if not any(sh(other) in properties for other in others):
                wanted = " or ".join(f"sh:{other}" for other in others)
                yield Suspicion(f"sh:{name} says nothing without {wanted}", subject, sh(name), None)


def _switches(graph: Graph) -> Iterator[Suspicion]:
    for name in _SWITCHES:
        for value, subjects in graph.by_value(sh(name)).items():
            if is_literal(value) and literal_parts(value).datatype == f"{XSD}boolean" and text_of(value) == "1":
                for subject in subjects:
                    yield Suspicion(f'sh:{name} is switched on by true, not by "1"', subject, sh(name), value)


def _no_shapes(graph: Graph, shapes: Shapes) -> Iterator[Suspicion]:
    """Yield what has constraints and is no shape, for nothing says so and no shape refers to it."""
    for name in _PARAMETERS.split():
        for subject in graph.subjects_of(sh(name)):
            if subject not in shapes.by_node and (subject, RDF_TYPE, sh("Parameter")) not in graph:
                problem = "it has constraints but is no shape: give it a type, a target, or refer to it from a shape"
                if not any(subject in values for values in (graph.by_value(sh("parameter")),)):
                    yield Suspicion(problem, subject, sh(name), None)
