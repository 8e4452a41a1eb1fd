"""The profile OWL 2 RL: each construct of its grammar where it may stand and where it may not.

The table is read off https://www.w3.org/TR/owl2-profiles/#OWL_2_RL , section 4.2.
"""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from qe_kg.checks.owl_rl import breaches
from qe_kg.shacl.graph import Graph

PREFIXES = """\
@prefix : <http://e/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
EXPRESSIONS = {
    # name → (expression, may it stand below, above, in an equivalence)
    "class": (":A", True, True, True),
    "thing": ("owl:Thing", False, False, False),
    "intersection": ("[ owl:intersectionOf ( :A :B ) ]", True, True, True),
    "union": ("[ owl:unionOf ( :A :B ) ]", True, False, False),
    "enumeration": ("[ owl:oneOf ( :a :b ) ]", True, False, False),
    "complement": ("[ owl:complementOf :A ]", False, True, False),
    "some": ("[ owl:onProperty :p ; owl:someValuesFrom :A ]", True, False, False),
    "some thing": ("[ owl:onProperty :p ; owl:someValuesFrom owl:Thing ]", True, False, False),
    "some data": ("[ owl:onProperty :p ; owl:someValuesFrom xsd:string ]", True, False, False),
    "all": ("[ owl:onProperty :p ; owl:allValuesFrom :A ]", False, True, False),
    "all data": ("[ owl:onProperty :p ; owl:allValuesFrom xsd:integer ]", False, True, False),
    "value": ("[ owl:onProperty :p ; owl:hasValue :a ]", True, True, True),
    "at most 1": ("[ owl:onProperty :p ; owl:maxCardinality 1 ]", False, True, False),
    "at most 0": ("[ owl:onProperty :p ; owl:maxQualifiedCardinality 0 ; owl:onClass :A ]", False, True, False),
    "at most 2": ("[ owl:onProperty :p ; owl:maxCardinality 2 ]", False, False, False),
    "at least 1": ("[ owl:onProperty :p ; owl:minCardinality 1 ]", False, False, False),
    "exactly 1": ("[ owl:onProperty :p ; owl:cardinality 1 ]", False, False, False),
    "self": ("[ owl:onProperty :p ; owl:hasSelf true ]", False, False, False),
    "union inside": ("[ owl:intersectionOf ( :A [ owl:unionOf ( :B :C ) ] ) ]", True, False, False),
    "union in some": (
        "[ owl:onProperty :p ; owl:someValuesFrom [ owl:unionOf ( :A :B ) ] ]", True, False, False,
    ),
    "all of some": (
        "[ owl:onProperty :p ; owl:allValuesFrom [ owl:onProperty :p ; owl:someValuesFrom :A ] ]", False, False, False,
    ),
    "not all": ("[ owl:complementOf [ owl:onProperty :p ; owl:allValuesFrom :A ] ]", False, False, False),
}  # fmt: skip


def _problems(turtle: str) -> list[str]:
    return [one.problem for one in breaches(Graph(ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE)))]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_class_expression_stands_where_the_grammar_allows(name: str) -> None:
    text, below, above, equivalent = EXPRESSIONS[name]
    positions = {
        f"{text} rdfs:subClassOf :Z .": below,
        f":Z rdfs:subClassOf {text} .": above,
        f":Z owl:equivalentClass {text} .": equivalent,
        f":Z owl:disjointWith {text} .": below,
        f":q rdfs:domain {text} .": above,
        f"[] a owl:AllDisjointClasses ; owl:members ( :Z {text} ) .": below,
    }
    assert {axiom: not _problems(axiom) for axiom in positions} == positions


@pytest.mark.parametrize(
    ("axiom", "allowed"),
    [
        (":q rdfs:range xsd:dateTime .", True),
        (":q rdfs:range rdfs:Literal .", True),
        (":q rdfs:range xsd:date .", False),
        (":q rdfs:range owl:real .", False),
        (":q rdfs:range :A .", True),
        (":q a owl:FunctionalProperty , owl:TransitiveProperty , owl:AsymmetricProperty .", True),
        (":q a owl:IrreflexiveProperty , owl:SymmetricProperty , owl:InverseFunctionalProperty .", True),
        (":q a owl:ReflexiveProperty .", False),
        (":A owl:disjointUnionOf ( :B :C ) .", False),
        (":D owl:onDatatype xsd:integer ; owl:withRestrictions ( [ xsd:minInclusive 1 ] ) .", False),
        (":q owl:inverseOf :r ; rdfs:subPropertyOf :s ; owl:propertyDisjointWith :u .", True),
        (":q owl:propertyChainAxiom ( :s :u ) .", True),
        (":A owl:hasKey ( :p :q ) .", True),
    ],
)
def test_axioms(axiom: str, allowed: bool) -> None:
    assert (not _problems(axiom)) is allowed, _problems(axiom)


def test_a_breach_names_its_triple() -> None:
    (one,) = breaches(Graph(ox.parse(PREFIXES + ":Z rdfs:subClassOf owl:Thing .", format=ox.RdfFormat.TURTLE)))
    assert (one.subject, one.value) == ("<http://e/Z>", "<http://www.w3.org/2002/07/owl#Thing>")
    assert one.predicate.endswith("subClassOf>") and "may not stand above" in one.problem
