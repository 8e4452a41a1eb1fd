"""Each rule on a probe of its own, and random ontologies: the same closure and the same contradictions as owlrl."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg import open_model
from qe_kg.inference.axioms import read_axioms
from qe_kg.inference.rules import _CLASHES, _EQUALITY, _RULES, clashes_for, rules_for
from qe_kg.rdflib_bridge import to_graph
from qe_kg.shacl.graph import Graph
from tests.inference.oracle import by_ours, by_owlrl, close_ours, close_owlrl

ROOT = Path(__file__).resolve().parents[2]


#: Rule → (axioms and data, what follows by it; None: a contradiction).
PROBES: dict[str, tuple[str, str | None]] = {
    "cax-sco": ("ex:A rdfs:subClassOf ex:B . ex:B rdfs:subClassOf ex:C . ex:x a ex:A .", "x a C"),
    "cax-eqc": ("ex:A owl:equivalentClass ex:B . ex:x a ex:B .", "x a A"),
    "prp-dom": ("ex:p rdfs:domain ex:A . ex:x ex:p ex:y .", "x a A"),
    "prp-rng": ("ex:p rdfs:range ex:A . ex:x ex:p ex:y .", "y a A"),
    "prp-rng of a literal": ("ex:p rdfs:range ex:A . ex:x ex:p 1 ; ex:q ex:y . ex:q rdfs:range ex:A .", "y a A"),
    "prp-spo1": ("ex:p rdfs:subPropertyOf ex:q . ex:q rdfs:subPropertyOf ex:r . ex:x ex:p ex:y .", "x r y"),
    "prp-eqp": ("ex:p owl:equivalentProperty ex:q . ex:x ex:q ex:y .", "x p y"),
    "prp-inv": ("ex:p owl:inverseOf ex:q . ex:x ex:p ex:y . ex:z ex:q ex:w .", "w p z"),
    "prp-symp": ("ex:p a owl:SymmetricProperty . ex:x ex:p ex:y .", "y p x"),
    "prp-trp": ("ex:p a owl:TransitiveProperty . ex:x ex:p ex:y . ex:y ex:p ex:z . ex:z ex:p ex:w .", "x p w"),
    "prp-fp": ("ex:p a owl:FunctionalProperty . ex:x ex:p ex:y , ex:z . ex:y ex:q ex:w .", "z q w"),
    "prp-ifp": ("ex:p a owl:InverseFunctionalProperty . ex:x ex:p ex:z . ex:y ex:p ex:z . ex:x a ex:A .", "y a A"),
    "prp-spo2": ("ex:q owl:propertyChainAxiom ( ex:p ex:r ) . ex:x ex:p ex:y . ex:y ex:r ex:z .", "x q z"),
    "prp-spo2 of three": (
        "ex:q owl:propertyChainAxiom ( ex:p ex:p ex:r ) . ex:x ex:p ex:y . ex:y ex:p ex:z . ex:z ex:r ex:w .",
        "x q w",
    ),
    "prp-key": ("ex:A owl:hasKey ( ex:p ) . ex:x a ex:A ; ex:p 1 . ex:y a ex:A ; ex:p 1 ; ex:q ex:z .", "x q z"),
    "prp-key of two": (
        "ex:A owl:hasKey ( ex:p ex:q ) . ex:x a ex:A ; ex:p 1 ; ex:q ex:z . ex:y a ex:A ; ex:p 1 ; ex:q ex:z , ex:w .",
        "x q w",
    ),
    "cls-int1": (
        "ex:A owl:equivalentClass [ owl:intersectionOf ( ex:B ex:C ) ] . ex:x a ex:B , ex:C . ex:y a ex:B .", "x a A"
    ),
    "cls-int2": ("ex:A owl:equivalentClass [ owl:intersectionOf ( ex:B ex:C ) ] . ex:x a ex:A .", "x a C"),
    "cls-uni": ("[ owl:unionOf ( ex:B ex:C ) ] rdfs:subClassOf ex:A . ex:x a ex:C .", "x a A"),
    "cls-oo": ("[ owl:oneOf ( ex:x ex:y ) ] rdfs:subClassOf ex:A . ex:z a ex:B .", "x a A"),
    "cls-svf1": (
        "[ a owl:Restriction ; owl:onProperty ex:p ; owl:someValuesFrom ex:B ] rdfs:subClassOf ex:A . "
        "ex:x ex:p ex:y . ex:y a ex:B . ex:z ex:p ex:w .", "x a A",
    ),
    "cls-svf2": (
        "[ a owl:Restriction ; owl:onProperty ex:p ; owl:someValuesFrom owl:Thing ] rdfs:subClassOf ex:A . "
        "ex:x ex:p ex:y .", "x a A",
    ),
    "cls-avf": (
        "ex:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:p ; owl:allValuesFrom ex:B ] . "
        "ex:x a ex:A ; ex:p ex:y .", "y a B",
    ),
    "cls-hv1": (
        "ex:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:p ; owl:hasValue ex:v ] . ex:x a ex:A .", "x p v"
    ),
    "cls-hv2": (
        "[ a owl:Restriction ; owl:onProperty ex:p ; owl:hasValue ex:v ] rdfs:subClassOf ex:A . ex:x ex:p ex:v .",
        "x a A",
    ),
    "cls-maxc2": (
        "ex:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:p ; owl:maxCardinality 1 ] . "
        "ex:x a ex:A ; ex:p ex:y , ex:z . ex:y a ex:C .", "z a C",
    ),
    "cls-maxqc3": (
        "ex:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:p ; owl:onClass ex:B ; "
        "owl:maxQualifiedCardinality 1 ] . ex:x a ex:A ; ex:p ex:y , ex:z , ex:w . ex:y a ex:B , ex:C . ex:z a ex:B .",
        "z a C",
    ),
    "cls-maxqc4": (
        "ex:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:p ; owl:onClass owl:Thing ; "
        "owl:maxQualifiedCardinality 1 ] . ex:x a ex:A ; ex:p ex:y , ex:z . ex:y a ex:C .", "z a C",
    ),
    "scm-svf1": (
        "ex:B rdfs:subClassOf ex:C . ex:x a [ a owl:Restriction ; owl:onProperty ex:p ; owl:someValuesFrom ex:B ] . "
        "[ a owl:Restriction ; owl:onProperty ex:p ; owl:someValuesFrom ex:C ] rdfs:subClassOf ex:A . "
        "ex:x ex:p ex:y . ex:y a ex:B .", "x a A",
    ),
    "scm-avf1": (
        "ex:B rdfs:subClassOf ex:C . "
        "ex:D rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:p ; owl:allValuesFrom ex:B ] . "
        "ex:x a ex:D ; ex:p ex:y .", "y a C",
    ),
    "eq-sym": ("ex:x owl:sameAs ex:y .", "y <http://www.w3.org/2002/07/owl#sameAs> x"),
    "eq-trans": ("ex:x owl:sameAs ex:y . ex:y owl:sameAs ex:z .", "x <http://www.w3.org/2002/07/owl#sameAs> z"),
    "eq-rep-s": ("ex:x owl:sameAs ex:y . ex:x ex:p 1 ; a ex:A .", "y a A"),
    "eq-rep-o": ("ex:x owl:sameAs ex:y . ex:z ex:p ex:x .", "z p y"),
    "prp-irp": ("ex:p a owl:IrreflexiveProperty . ex:x ex:p ex:x .", None),
    "prp-asyp": ("ex:p a owl:AsymmetricProperty . ex:x ex:p ex:y . ex:y ex:p ex:x .", None),
    "prp-pdw": ("ex:p owl:propertyDisjointWith ex:q . ex:x ex:p ex:y ; ex:q ex:y .", None),
    "prp-npa1": (
        "[ a owl:NegativePropertyAssertion ; owl:sourceIndividual ex:x ; owl:assertionProperty ex:p ; "
        "owl:targetIndividual ex:y ] . ex:x ex:p ex:y .", None,
    ),
    "cls-com": (
        "ex:A rdfs:subClassOf [ owl:complementOf ex:B ] . ex:x a ex:A , ex:B .", None
    ),
    "cls-nothing2": ("ex:A rdfs:subClassOf owl:Nothing . ex:x a ex:A .", None),
    "cls-maxc1": (
        "ex:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:p ; owl:maxCardinality 0 ] . "
        "ex:x a ex:A ; ex:p ex:y .", None,
    ),
    "cls-maxqc1": (
        "ex:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:p ; owl:onClass ex:B ; "
        "owl:maxQualifiedCardinality 0 ] . ex:x a ex:A ; ex:p ex:y . ex:y a ex:B .", None,
    ),
    "cax-dw": ("ex:A owl:disjointWith ex:B . ex:C rdfs:subClassOf ex:B . ex:x a ex:A , ex:C .", None),
    "cax-adc": ("[ a owl:AllDisjointClasses ; owl:members ( ex:A ex:B ex:C ) ] . ex:x a ex:B , ex:C .", None),
    "eq-diff1": ("ex:x owl:sameAs ex:y . ex:y owl:differentFrom ex:x .", None),
    "eq-ref": ("ex:x owl:differentFrom ex:x .", None),
    "eq-diff2": (
        "ex:p a owl:FunctionalProperty . ex:x ex:p ex:y , ex:z . "
        "[ a owl:AllDifferent ; owl:distinctMembers ( ex:y ex:z ex:w ) ] .", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBES)
def test_a_rule_does_what_owlrl_does(name: str) -> None:
    turtle, follows = PROBES[name]
    ours, theirs = by_ours(turtle), by_owlrl(turtle)
    assert ours == theirs
    if follows is None:
        assert ours.contradicts
    else:
        subject, predicate, value = follows.split()
        predicate = {"a": "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"}.get(predicate, predicate)
        predicate = predicate if predicate.startswith("<") else f"<http://e/{predicate}>"
        assert f"<http://e/{subject}> {predicate} <http://e/{value}>" in ours.triples
        assert not ours.contradicts


def test_two_values_of_a_functional_property_contradict_each_other() -> None:
    """dt-diff with prp-fp and eq-diff1: two literals of different values are different, and would be the same.

    owlrl does not say so, since it compares no values.
    """
    assert by_ours('ex:p a owl:FunctionalProperty . ex:x ex:p "a" , "b" .').contradicts
    assert by_ours(
        'ex:p a owl:FunctionalProperty . ex:x ex:p "2020-01-01"^^xsd:date , "2020-01-02"^^xsd:date .'
    ).contradicts
    assert not by_ours('ex:p a owl:FunctionalProperty . ex:x ex:p 1 , "01"^^xsd:integer , 1.0 .').contradicts
    assert not by_ours('ex:p a owl:FunctionalProperty . ex:x ex:p "a" . ex:y ex:p "b" .').contradicts
    assert by_ours('ex:p a owl:FunctionalProperty , owl:DatatypeProperty . ex:x ex:p "a" , "b" .').contradicts


def test_every_rule_has_a_probe() -> None:
    names = {one.name for table in (_RULES, _EQUALITY, _CLASHES) for one in table.values()}
    probed = {name.partition(" ")[0] for name in PROBES}
    assert names - probed == {"dt-diff"}  # above


CLASSES = [f"ex:{name}" for name in "ABCD"]
PROPERTIES = [f"ex:{name}" for name in "pqr"]
ONES = [f"ex:{name}" for name in "xyzw"]
classes, properties, ones = st.sampled_from(CLASSES), st.sampled_from(PROPERTIES), st.sampled_from(ONES)


def _restriction(owner: str, rest: str) -> str:
    return f"[ a owl:Restriction ; owl:onProperty {owner} ; {rest} ]"


lower_classes = st.one_of(
    classes,
    st.builds(lambda p, c: _restriction(p, f"owl:someValuesFrom {c}"), properties, classes),
    st.builds(lambda p: _restriction(p, "owl:someValuesFrom owl:Thing"), properties),
    st.builds(lambda p, x: _restriction(p, f"owl:hasValue {x}"), properties, ones),
    st.builds(lambda c, d: f"[ owl:unionOf ( {c} {d} ) ]", classes, classes),
    st.builds(lambda c, d: f"[ owl:intersectionOf ( {c} {d} ) ]", classes, classes),
    st.builds(lambda x, y: f"[ owl:oneOf ( {x} {y} ) ]", ones, ones),
)
upper_classes = st.one_of(
    classes,
    st.builds(lambda p, c: _restriction(p, f"owl:allValuesFrom {c}"), properties, classes),
    st.builds(lambda p, x: _restriction(p, f"owl:hasValue {x}"), properties, ones),
    st.builds(lambda p: _restriction(p, "owl:maxCardinality 1"), properties),
    st.builds(lambda p, c: _restriction(p, f"owl:onClass {c} ; owl:maxQualifiedCardinality 1"), properties, classes),
    st.builds(lambda c: f"[ owl:complementOf {c} ]", classes),
    st.builds(lambda c, d: f"[ owl:intersectionOf ( {c} {d} ) ]", classes, classes),
)
axioms = st.one_of(
    st.builds(lambda c, d: f"{c} rdfs:subClassOf {d} .", lower_classes, upper_classes),
    st.builds(lambda c, d: f"{c} owl:equivalentClass {d} .", classes, classes),
    st.builds(lambda c, d: f"{c} owl:disjointWith {d} .", classes, classes),
    st.builds(lambda p, q: f"{p} rdfs:subPropertyOf {q} .", properties, properties),
    st.builds(lambda p, q: f"{p} owl:inverseOf {q} .", properties, properties),
    st.builds(lambda p, c: f"{p} rdfs:domain {c} .", properties, classes),
    st.builds(lambda p, c: f"{p} rdfs:range {c} .", properties, upper_classes),
    st.builds(lambda p, q, r: f"{r} owl:propertyChainAxiom ( {p} {q} ) .", properties, properties, properties),
    st.builds(lambda c, p: f"{c} owl:hasKey ( {p} ) .", classes, properties),
    st.builds(
        lambda p, kind: f"{p} a owl:{kind}Property .", properties,
        st.sampled_from(["Functional", "InverseFunctional", "Symmetric", "Transitive", "Asymmetric", "Irreflexive"]),
    ),
)  # fmt: skip
facts = st.one_of(
    st.builds(lambda x, c: f"{x} a {c} .", ones, classes),
    st.builds(lambda x, p, y: f"{x} {p} {y} .", ones, properties, ones),
    st.builds(lambda x, y: f"{x} owl:differentFrom {y} .", ones, ones),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(axioms, min_size=1, max_size=4), st.lists(facts, min_size=1, max_size=6))
def test_random_ontologies_have_the_closure_that_owlrl_gives(said: list[str], data: list[str]) -> None:
    turtle = "\n".join([*said, *data])
    ours, theirs = by_ours(turtle), by_owlrl(turtle)
    assert ours.contradicts == theirs.contradicts
    if not ours.contradicts:  # from a contradiction everything follows
        assert ours.triples == theirs.triples


def test_rules_without_axioms_are_not_run() -> None:
    nothing = read_axioms(Graph())
    assert [rule.name for rule in rules_for(nothing)] == ["eq-sym", "eq-trans", "eq-rep-s", "eq-rep-o"]
    assert [rule.name for rule in clashes_for(nothing)] == ["cls-nothing2", "eq-diff1", "eq-ref"]


@pytest.mark.parametrize("place", [None, ROOT / "examples" / "riverside-clinic"], ids=["utility", "clinic"])
def test_a_whole_model_has_the_closure_that_owlrl_gives(place: Path | None) -> None:
    model = open_model(place)
    quads = list(model.quads("ontology", "data", "inference", "baseline"))
    described = {str(quad.subject) for quad in model.quads("data", "inference", "baseline")}
    ours, theirs = close_ours(quads), close_owlrl(to_graph(quads))
    individuals = {line for line in theirs.triples if line.split()[0] in described}
    assert {line for line in ours.triples if line.split()[0] in described} == individuals
    assert len(individuals) > 100
    assert not ours.contradicts and not theirs.contradicts
