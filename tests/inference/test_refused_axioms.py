"""An axiom outside OWL 2 RL is refused by name; none is passed over."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg.errors import OntologyError
from tests.inference.oracle import PREFIXES, by_ours

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]


def _some(rest: str) -> str:
    return f"[ a owl:Restriction ; owl:onProperty ex:p ; {rest} ]"


REFUSED = {
    "disjointUnionOf": "ex:A owl:disjointUnionOf ( ex:B ex:C ) .",
    "hasSelf": f"ex:A rdfs:subClassOf {_some('owl:hasSelf true')} .",
    "minCardinality": f"ex:A rdfs:subClassOf {_some('owl:minCardinality 1')} .",
    "cardinality": f"ex:A rdfs:subClassOf {_some('owl:cardinality 1')} .",
    "qualifiedCardinality": f"ex:A rdfs:subClassOf {_some('owl:onClass ex:B ; owl:qualifiedCardinality 1')} .",
    "minQualifiedCardinality": f"ex:A rdfs:subClassOf {_some('owl:onClass ex:B ; owl:minQualifiedCardinality 1')} .",
    "maxCardinality 2": f"ex:A rdfs:subClassOf {_some('owl:maxCardinality 2')} .",
    "ReflexiveProperty": "ex:p a owl:ReflexiveProperty .",
    "someValuesFrom as a superclass": f"ex:A rdfs:subClassOf {_some('owl:someValuesFrom ex:B')} .",
    "unionOf as a superclass": "ex:A rdfs:subClassOf [ owl:unionOf ( ex:B ex:C ) ] .",
    "oneOf as a superclass": "ex:A rdfs:subClassOf [ owl:oneOf ( ex:x ) ] .",
    "allValuesFrom as a subclass": f"{_some('owl:allValuesFrom ex:B')} rdfs:subClassOf ex:A .",
    "complementOf as a subclass": "[ owl:complementOf ex:B ] rdfs:subClassOf ex:A .",
    "maxCardinality as a subclass": f"{_some('owl:maxCardinality 1')} rdfs:subClassOf ex:A .",
    "Thing as a subclass": "owl:Thing rdfs:subClassOf ex:A .",
    "someValuesFrom as a superclass, inside": (
        f"ex:A rdfs:subClassOf [ owl:intersectionOf ( ex:C {_some('owl:someValuesFrom ex:B')} ) ] ."
    ),
    "unionOf as the definition of a class": "ex:A owl:unionOf ( ex:B ex:C ) .",
    "oneOf as the definition of a class": "ex:A owl:oneOf ( ex:x ex:y ) .",
    "a datatype in owl:someValuesFrom": f"{_some('owl:someValuesFrom xsd:integer')} rdfs:subClassOf ex:A .",
    "onDatatype": "ex:D a rdfs:Datatype ; owl:onDatatype xsd:integer ; owl:withRestrictions ( ) .",
    "domain": f"ex:q rdfs:domain {_some('owl:someValuesFrom ex:B')} .",
    "a list": "ex:q owl:propertyChainAxiom _:l . _:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> ex:p .",
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused(what: str) -> None:
    with pytest.raises(OntologyError) as caught:
        by_ours(REFUSED[what] + " ex:x a ex:A .")
    for word in what.partition(",")[0].split():
        assert word in str(caught.value) + caught.value.predicate


def test_the_command_line_tells_it_with_the_place(write_model: WriteModel, qe_kg: Run) -> None:
    directory = write_model(
        {"o.ttl": PREFIXES + "\nex:Lamp owl:disjointUnionOf ( ex:B ex:C ) .", "d.ttl": PREFIXES + "ex:x a ex:Lamp ."},
        {"ontology": ["o.ttl"], "data": ["d.ttl"], "shapes": [], "queries": []},
    )
    done = qe_kg("export", "--model", directory, "--entail")
    assert (done.returncode, done.stdout) == (3, "")
    assert "o.ttl:3" in done.stderr and "owl:disjointUnionOf is outside OWL 2 RL" in done.stderr
