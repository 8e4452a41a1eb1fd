"""Which terms have what: counted by hand in a small model, and by other means in the shipped one."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg.assets import packaged_model
from qe_kg.manifest import read_manifest
from qe_kg.reference import COLUMNS, read_coverage, read_vocabulary
from tests.competency.test_terms import names_in_queries, names_in_shapes, ontology_terms

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PREFIXES = """\
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .

"""
FILES = {
    "ontology.ttl": PREFIXES
    + """\
<https://test.example/ontology> a owl:Ontology .
t:Site a owl:Class ; skos:prefLabel "Site"@en ; skos:definition "Place that has an address."@en .
t:Depot a owl:Class ; rdfs:subClassOf t:Site ; skos:prefLabel "Depot"@en .
t:opens a owl:DatatypeProperty ; rdfs:label "opens" ; rdfs:comment "A depot opens at this hour." .
t:near a owl:ObjectProperty ; skos:prefLabel "is near"@en ; skos:definition "Two sites are near."@en .
t:nextTo a owl:ObjectProperty ; rdfs:subPropertyOf t:near ; skos:prefLabel "is next to"@en .
skos:Concept a owl:Class .
""",
    "shapes.ttl": PREFIXES
    + """\
t:S a sh:NodeShape ; sh:targetClass t:Depot ; sh:property [ sh:path ( t:nextTo t:opens ) ; sh:minCount 1 ] ;
    rdfs:seeAlso t:rule .
t:Q a sh:NodeShape ; sh:targetClass t:Depot ;
    sh:sparql [ sh:select "SELECT $this WHERE { $this <https://test.example/id/near> ?x }" ] .
t:rule a qe:Rule ; skos:notation "T-01" .
""",
    "data.ttl": PREFIXES
    + """\
t:a a t:Depot ; t:opens 8 , 9 ; t:nextTo t:b .
t:b a t:Depot .
""",
    "alignment.ttl": PREFIXES + "t:Site skos:closeMatch <https://other.example/Place> ; skos:note \"no term\" .\n",
    "queries/ask/opening.rq": (
        "#+ question: When? t:near is only in this comment\n# t:near\nPREFIX x: <https://test.example/id/>\n"
        "SELECT ?d ?h WHERE { ?d a x:Depot ; x:opens ?h . }\n"
    ),
    "questions/hours.toml": """\
question = "When?"
query = "ask/opening"
columns = ["d", "h"]
rows = [["t:nextTo", "8"]]
""",
}  # fmt: skip
ROLES = {
    "ontology": ["ontology.ttl"], "shapes": ["shapes.ttl"], "data": ["data.ttl"], "alignments": ["alignment.ttl"],
    "queries": ["queries"], "questions": ["questions/*.toml"],
}  # fmt: skip
#: Term → definition, questions, queries, shapes, data, alignments.
BY_HAND = {
    "t:Site": (1, 0, 0, 0, 2, 1),  # both depots are sites
    "t:Depot": (0, 1, 1, 2, 2, 0),
    "t:opens": (1, 1, 1, 1, 2, 0),
    "t:near": (1, 0, 0, 1, 1, 0),  # what is next to is near
    "t:nextTo": (0, 1, 0, 1, 1, 0),  # the question's rows name it
}


@pytest.fixture
def model(write_model: Callable[..., Path]) -> Path:
    return write_model(FILES, ROLES)


def test_each_term_is_counted_as_by_hand(model: Path) -> None:
    vocabulary = read_vocabulary(read_manifest(model))
    found = {one.name: tuple(one.counts[column] for column in COLUMNS) for one in read_coverage(vocabulary).terms}
    assert found == BY_HAND
    terms = {term.iri.rpartition("/")[2]: term for term in vocabulary.terms}
    assert {name: term.rules for name, term in terms.items() if term.rules} == {
        "Depot": ("T-01",), "opens": ("T-01",), "nextTo": ("T-01",),
    }  # fmt: skip
    assert terms["Site"].place.line == 9 and terms["Site"].kind == "class"
    example = terms["opens"].example
    assert example is not None and (example.subject, example.file) == ("<https://test.example/id/a>", "data.ttl")
    assert terms["near"].example == terms["nextTo"].example


def test_the_shipped_terms_are_those_that_another_reader_finds() -> None:
    """What neither a query nor a shape uses, by regular expressions and rdflib."""
    found = read_coverage(read_vocabulary(read_manifest(packaged_model())))
    assert {one.name.removeprefix("qe:") for one in found.terms} == ontology_terms()
    queried = {one.name.removeprefix("qe:") for one in found.terms if one.counts["query"]}
    assert queried == set(names_in_queries("qe")) & ontology_terms()
    checked = {one.name.removeprefix("qe:") for one in found.terms if one.counts["shape"]}
    assert checked <= names_in_shapes()
    assert found.gaps["definition"] == 0 and found.gaps["shape"] == 0


def test_the_formats_agree_and_gaps_fail_on_demand(model: Path, qe_kg: Run) -> None:
    document = json.loads(qe_kg("coverage", "--model", model, "--format", "json").stdout)
    assert {one["name"]: tuple(one["counts"].values()) for one in document["terms"]} == BY_HAND
    assert document["summary"] == {
        "terms": 5,
        "gaps": {"definition": 2, "question": 2, "query": 3, "shape": 1, "datum": 0, "alignment": 4},
    }
    depot = next(one for one in document["terms"] if one["name"] == "t:Depot")
    assert depot["gaps"] == ["definition", "alignment"] and depot["queries"] == ["ask/opening"]
    done = qe_kg("coverage", "--model", model, "--format", "csv", "--gaps", "shape", "--fail-on", "shape,datum")
    assert (done.returncode, done.stderr) == (1, "1 term lacks a shape\n")
    header, row = csv.reader(io.StringIO(done.stdout))
    assert header == ["term", "kind", "module", *COLUMNS, "place"]
    assert row[:9] == ["t:Site", "class", "ontology", "1", "0", "0", "0", "2", "1"] and row[9].endswith(
        "ontology.ttl:9"
    )
    table = qe_kg("coverage", "--model", model, "--format", "table", "--fail-on", "datum")
    assert table.returncode == 0 and table.stdout.endswith(
        "without: definition 2, question 2, query 3, shape 1, datum 0, alignment 4\n"
    )
    wrong = qe_kg("coverage", "--model", model, "--gaps", "shapes")
    assert wrong.returncode == 2 and "did you mean shape?" in wrong.stderr and wrong.stdout == ""
