"""The OWL 2 RL closure: what follows, nothing that was said, and contradictions by their names."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from qe_kg import InconsistencyError, Model, open_model

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix ex: <http://e/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
ONTOLOGY = (
    PREFIXES
    + """
ex:Stream rdfs:subClassOf ex:Participant . ex:Participant rdfs:subClassOf ex:Element .
ex:Item owl:disjointWith ex:Participant .
ex:hasMainSource rdfs:subPropertyOf ex:hasSource .
ex:hasSource rdfs:domain ex:Flow ; rdfs:range ex:Participant .
ex:follows owl:inverseOf ex:precedes ; a owl:TransitiveProperty .
ex:hasParent a owl:IrreflexiveProperty , owl:AsymmetricProperty .
ex:hasTarget a owl:FunctionalProperty .
"""
)
DATA = (
    PREFIXES
    + """
ex:a a ex:Stream .
ex:f ex:hasMainSource ex:a ; ex:amount "1.50"^^xsd:decimal , "01"^^xsd:integer ; ex:note "x"@en , true .
ex:a ex:follows ex:b . ex:b ex:follows ex:c .
"""
)
GRAPH = "https://quantumenergy.example/graph/entailed"


@pytest.fixture
def model(write_model: WriteModel) -> Callable[..., Path]:
    """Return a function that writes the ontology above with data."""

    def write(data: str = DATA, ontology: str = ONTOLOGY) -> Path:
        return write_model(
            {"ontology.ttl": ontology, "data.ttl": data},
            {"ontology": ["ontology.ttl"], "data": ["data.ttl"], "shapes": [], "queries": []},
        )

    return write


def _triples(model: Model, *roles: str) -> set[str]:
    text = (f"{quad.subject} {quad.predicate} {quad.object}" for quad in model.quads(*roles))
    short = (re.sub(r"<http://e/(\w+)>", r"ex:\1", one) for one in text)
    return {one.replace("<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", "a") for one in short}


def test_what_follows_is_entailed_and_nothing_else(model: Callable[..., Path]) -> None:
    assert _triples(open_model(model(), entail=True), "entailed") == {
        "ex:a a ex:Participant",  # by subclass
        "ex:a a ex:Element",
        "ex:f ex:hasSource ex:a",  # by subproperty
        "ex:f a ex:Flow",  # by domain
        "ex:a ex:follows ex:c",  # by transitivity
        "ex:b ex:precedes ex:a",  # by the inverse
        "ex:c ex:precedes ex:b",
        "ex:c ex:precedes ex:a",
    }


def test_nothing_asserted_is_repeated_and_all_is_in_a_graph_of_its_own(model: Callable[..., Path]) -> None:
    one = open_model(model(), entail=True)
    entailed = list(one.quads("entailed"))
    assert {str(quad.graph_name) for quad in entailed} == {f"<{GRAPH}>"}
    asserted = {quad.triple for quad in one.quads("ontology", "data")}
    assert not asserted & {quad.triple for quad in entailed}
    assert one.file_of(GRAPH) is None
    answer = one.query(f"SELECT ?x WHERE {{ GRAPH <{GRAPH}> {{ ?x a <http://e/Flow> }} }}")
    assert [str(row[0]) for row in answer.rows] == ["http://e/f"]


def test_nothing_is_entailed_unless_asked(model: Callable[..., Path]) -> None:
    one = open_model(model())
    assert list(one.quads("entailed")) == []
    assert one.query("ASK { <http://e/f> a <http://e/Flow> }").boolean is False


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("ex:x a ex:Item , ex:Stream .", ("ex:Item", "ex:Participant", "ex:x", "isjoint")),
        ("ex:x ex:hasParent ex:x .", ("ex:hasParent", "ex:x", "rreflexive")),
        ("ex:x ex:hasParent ex:y . ex:y ex:hasParent ex:x .", ("ex:hasParent", "ex:x", "ex:y", "symmetric")),
        ("ex:x ex:hasTarget ex:y , ex:z . ex:y owl:differentFrom ex:z .", ("ex:y", "ex:z", "ifferentFrom")),
        ("ex:x a ex:Item . ex:f ex:hasSource ex:x .", ("ex:Item", "ex:Participant", "ex:x")),
    ],
)
def test_a_contradiction_is_named(data: str, names: tuple[str, ...], model: Callable[..., Path], qe_kg: Run) -> None:
    directory = model(PREFIXES + data)
    with pytest.raises(InconsistencyError, match="the data contradict the ontology:\n  ") as caught:
        open_model(directory, entail=True)
    for name in names:
        assert name.replace("ex:", "http://e/") in str(caught.value)
    open_model(directory)


def test_a_contradiction_is_a_problem_with_the_lines_behind_it(model: Callable[..., Path]) -> None:
    directory = model(PREFIXES + "ex:x a ex:Item .\nex:f ex:hasMainSource ex:x .")
    (problem,) = open_model(directory).contradictions
    assert (problem.rule, problem.line) == ("OWL-cax-dw", 7) and str(problem.file).endswith("data.ttl")
    assert problem.message.startswith("http://e/x is in the disjoint classes http://e/Item and http://e/Participant;")
    places = re.findall(r"(\w+\.ttl:\d+)", problem.message)
    # said to be an item; main source of a flow; what a main source is; what sources are; the classes are disjoint
    assert places == ["data.ttl:7", "data.ttl:8", "ontology.ttl:10", "ontology.ttl:11", "ontology.ttl:9"]
    assert open_model().contradictions == ()


def test_a_contradiction_leaves_with_three(model: Callable[..., Path], qe_kg: Run) -> None:
    directory = model(PREFIXES + "ex:x a ex:Item , ex:Stream .")
    for command in (("validate",), ("export", "--to", "nt"), ("query", "ASK {}")):
        done = qe_kg(*command, "--model", directory, "--entail")
        assert (done.returncode, done.stdout) == (3, "")
        assert "http://e/Item" in done.stderr and "Traceback" not in done.stderr


def test_a_literal_that_does_not_fit_its_datatype_is_no_traceback(model: Callable[..., Path], qe_kg: Run) -> None:
    directory = model(PREFIXES + 'ex:x ex:amount "abc"^^xsd:integer .')
    done = qe_kg("export", "--model", directory, "--entail")
    assert done.returncode == 3
    assert "'abc' does not match its datatype" in done.stderr and "Traceback" not in done.stderr


def test_anonymous_classes_and_individuals_are_no_dangling_names(model: Callable[..., Path]) -> None:
    ontology = (
        ONTOLOGY + "ex:Told owl:equivalentClass [ a owl:Restriction ; owl:onProperty ex:by ; owl:hasValue ex:v ] .\n"
    )
    one = open_model(model(PREFIXES + "ex:x ex:by ex:v . ex:y ex:knows [ a ex:Stream ] .", ontology), entail=True)
    assert "ex:x a ex:Told" in _triples(one, "entailed"), "the restriction works"
    anonymous = {quad.subject for quad in one.quads("ontology", "data") if isinstance(quad.subject, ox.BlankNode)}
    for quad in one.quads("entailed"):
        for term in (quad.subject, quad.object):
            assert not isinstance(term, ox.BlankNode) or term in anonymous


def test_only_the_option_exports_it(model: Callable[..., Path], qe_kg: Run) -> None:
    directory = model()
    plain = qe_kg("export", "--model", directory, "--to", "nq").stdout
    entailed = qe_kg("export", "--model", directory, "--to", "nq", "--entail").stdout
    assert GRAPH not in plain
    added = set(entailed.splitlines()) - set(plain.splitlines())
    assert added and all(line.endswith(f"<{GRAPH}> .") for line in added)
    assert set(plain.splitlines()) < set(entailed.splitlines())
    output = io.BytesIO()
    open_model(directory, entail=True).export(output, "nq", roles=["entailed"])
    assert set(output.getvalue().decode().splitlines()) == added


def test_the_packaged_model_is_consistent() -> None:
    model = open_model(entail=True)
    count = len(list(model.quads("entailed")))
    assert count > 500
    answer = model.query("SELECT ?s WHERE { ?s a <https://quantumenergy.example/ns/Participant> }")
    assert len(answer) >= 17
