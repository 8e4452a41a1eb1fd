"""Which version a change of an ontology needs."""

from __future__ import annotations

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib

from qe_kg.diff.severity import Level
from qe_kg.diff.versions import VersionNeed, find_versions
from qe_kg.namespaces import Namespaces
from qe_kg.store.statements import difference

HEAD = """@prefix qe: <https://quantumenergy.example/ns/> .
@prefix s: <https://quantumenergy.example/shapes/> .
@prefix v: <https://quantumenergy.example/vocab/> .
@prefix o: <https://quantumenergy.example/ontology/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
SCHEMA = """
o:qe a owl:Ontology ; owl:versionInfo "{0}" ; owl:imports o:flow , o:zone .
o:flow a owl:Ontology ; owl:versionInfo "{0}" .
o:zone a owl:Ontology ; owl:versionIRI <https://quantumenergy.example/ontology/zone/{0}> .
qe:Flow a owl:Class ; skos:prefLabel "Flow" ; rdfs:isDefinedBy o:flow .
qe:Zone a owl:Class ; rdfs:isDefinedBy o:zone .
qe:from a owl:ObjectProperty ; rdfs:domain qe:Flow ; rdfs:isDefinedBy o:flow .
v:a a skos:Concept , qe:Zone . v:b a skos:Concept , qe:Zone ; skos:broader v:a .
s:Flow a sh:NodeShape ; sh:targetClass qe:Flow ; sh:property s:from , s:note .
s:from a sh:PropertyShape ; sh:path qe:from ; sh:minCount 1 ; sh:maxCount 2 ; sh:in ( v:a v:b ) .
s:note a sh:PropertyShape ; sh:path skos:note ; sh:minCount 1 ; sh:severity sh:Warning .
s:Other a sh:NodeShape ; sh:targetClass qe:Other ; sh:not s:Named .
s:Named a sh:NodeShape ; sh:property s:name .
s:name a sh:PropertyShape ; sh:path qe:name ; sh:minCount 2 .
qe:name a owl:DatatypeProperty . qe:Other a owl:Class .
"""
NEW_SHAPE = "s:More a sh:NodeShape ; sh:targetClass {} ; sh:property [ sh:path qe:more ; sh:minCount 1 ] {} ."

# (what is replaced, by what, level): the change of one triple or term of SCHEMA
CHANGES = [
    ('skos:prefLabel "Flow"', 'skos:prefLabel "Hand-over"', Level.PATCH),
    ("qe:name a owl:DatatypeProperty .", "", Level.MAJOR),
    ("qe:name a", "qe:title a owl:DatatypeProperty . qe:name a", Level.MINOR),
    ("qe:Flow a owl:Class ;", "qe:Flow a owl:Class ; owl:disjointWith qe:Zone ;", Level.MAJOR),
    ("qe:Flow a owl:Class ;", "qe:Flow a owl:Class ; rdfs:subClassOf qe:Other ;", Level.MAJOR),
    ("qe:from a owl:ObjectProperty ;", "qe:from a owl:ObjectProperty , owl:FunctionalProperty ;", Level.MAJOR),
    ("qe:from a owl:ObjectProperty ; rdfs:domain qe:Flow ;", "qe:from a owl:ObjectProperty ;", Level.MINOR),
    ("qe:from a owl:ObjectProperty ;", "qe:from a owl:ObjectProperty ; owl:deprecated true ;", Level.MINOR),
    ("sh:minCount 1 ; sh:maxCount 2", "sh:minCount 2 ; sh:maxCount 2", Level.MAJOR),
    ("sh:minCount 1 ; sh:maxCount 2", "sh:minCount 0 ; sh:maxCount 2", Level.MINOR),
    ("sh:minCount 1 ; sh:maxCount 2", "sh:minCount 1 ; sh:maxCount 1", Level.MAJOR),
    ("sh:minCount 1 ; sh:maxCount 2", "sh:minCount 1", Level.MINOR),
    ("sh:in ( v:a v:b )", "sh:in ( v:a )", Level.MAJOR),
    ("sh:in ( v:a v:b )", "sh:in ( v:a v:b v:c )", Level.MINOR),
    ("sh:in ( v:a v:b )", "sh:in ( v:a v:b ) ; sh:nodeKind sh:IRI", Level.MAJOR),
    ("sh:in ( v:a v:b )", 'sh:in ( v:a v:b ) ; sh:message "Say where from."', Level.PATCH),
    ("skos:note ; sh:minCount 1", "skos:note ; sh:minCount 2", Level.MINOR),
    ("; sh:severity sh:Warning", "", Level.MAJOR),
    ("s:Flow a sh:NodeShape ;", "s:Flow a sh:NodeShape ; sh:deactivated true ;", Level.MINOR),
    ("sh:path qe:name ; sh:minCount 2", "sh:path qe:name ; sh:minCount 1", Level.MAJOR),  # in a negation
    ("qe:name a", f"{NEW_SHAPE.format('qe:Flow', '')} qe:name a", Level.MAJOR),
    ("qe:name a", f"{NEW_SHAPE.format('qe:Flow', '; sh:severity sh:Warning')} qe:name a", Level.MINOR),
    ("qe:name a", f"qe:New a owl:Class . {NEW_SHAPE.format('qe:New', '')} qe:name a", Level.MINOR),
    ("sh:property s:from , s:note .", "sh:property s:from .", Level.MINOR),
    ("sh:property s:from , s:note .", "sh:property s:from , s:note , s:name .", Level.MAJOR),
    ("v:b a skos:Concept , qe:Zone ; skos:broader v:a .", "v:b a skos:Concept , qe:Zone .", Level.MAJOR),
    ("v:a a", "v:c a skos:Concept , qe:Zone . v:a a", Level.MINOR),
    ("qe:name a", "[] a owl:AllDisjointClasses ; owl:members ( qe:Flow qe:Zone ) . qe:name a", Level.MAJOR),
]


def needs(old: str, new: str) -> dict[str, VersionNeed]:
    sides = [
        list(ox.parse((HEAD + t).encode(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)) for t in (old, new)
    ]
    return {one.ontology.rpartition("/")[2]: one for one in find_versions(difference(*sides), Namespaces())}


def changed(old: str, new: str, version: str = "1.2.3") -> tuple[str, str]:
    assert old in SCHEMA
    return SCHEMA.format("1.2.3"), SCHEMA.replace(old, new, 1).format(version)


@pytest.mark.parametrize(("old", "new", "level"), CHANGES)
def test_the_level_of_a_change(old: str, new: str, level: Level) -> None:
    need = needs(*changed(old, new))["qe"]
    assert need.level == level, need.reasons
    assert not need.is_met
    assert need.needed == {Level.MAJOR: "2.0.0", Level.MINOR: "1.3.0", Level.PATCH: "1.2.4"}[level]


GRAPHS = [
    f"{HEAD}@prefix d: <https://quantumenergy.example/id/> .\n{text}"
    for text in (
        "d:f a qe:Flow ; qe:from v:a .",
        "d:f a qe:Flow ; qe:from v:b .",
        "d:f a qe:Flow ; qe:from v:a , v:b .",
        'd:f a qe:Flow ; qe:from v:a ; <http://www.w3.org/2004/02/skos/core#note> "n" .',
        'd:o a qe:Other ; qe:name "one" .',
        "d:f a qe:Flow ; qe:from v:c .",
        "d:f a qe:Flow .",
    )
]


def valid(graph: str, schema: str) -> bool:
    """Whether pySHACL finds no violation; the classes of the schema count."""
    whole = rdflib.Graph().parse(data=graph).parse(data=HEAD + schema)
    shapes = rdflib.Graph().parse(data=HEAD + schema)
    conforms, _, _ = pyshacl.validate(whole, shacl_graph=shapes, allow_warnings=True, inference="none")
    return bool(conforms)


def test_whatever_makes_a_valid_graph_invalid_is_major() -> None:
    before = SCHEMA.format("1.2.3")
    was_valid = [graph for graph in GRAPHS if valid(graph, before)]
    assert 3 <= len(was_valid) < len(GRAPHS)
    broke = 0
    for old, new, level in CHANGES:
        after = changed(old, new)[1]
        if "sh:" in old + new and not all(valid(graph, after) for graph in was_valid):
            broke += 1
            assert level == Level.MAJOR, (old, new)
    assert broke >= 5


def test_each_header_answers_for_its_own_terms_and_the_whole_for_all() -> None:
    found = needs(*changed("qe:Zone a owl:Class ;", 'qe:Zone a owl:Class ; skos:definition "New" ;'))
    assert {name: need.level for name, need in found.items()} == {"zone": Level.PATCH, "qe": Level.PATCH}
    assert (found["zone"].old, found["zone"].new) == ("1.2.3", "1.2.3"), "read from the version IRI"


@pytest.mark.parametrize(
    ("old", "new", "said", "met"),
    [
        ("1.2.3", "minor", "1.2.4", False),
        ("1.2.3", "minor", "1.3.0", True),
        ("1.2.3", "minor", "2.0.0", True),
        ("0.1.0", "minor", "0.1.1", True),
        ("0.1.0", "major", "0.1.9", False),
        ("0.1.0", "major", "0.2.0", True),
        ("1.2.3", "minor", "soon", False),
        ("soon", "minor", "1.0.0", False),
    ],
)
def test_what_the_header_says_is_enough_or_not(old: str, new: str, said: str, met: bool) -> None:
    change = {
        "minor": ("qe:name a", "qe:title a owl:DatatypeProperty . qe:name a"),
        "major": ("sh:maxCount 2", "sh:maxCount 1"),
    }
    need = needs(SCHEMA.format(old), SCHEMA.replace(*change[new], 1).format(said))["qe"]
    assert need.is_met is met
    assert ("TOO LOW" in need.rows(Namespaces())[0]) is not met


def test_data_needs_no_version_and_a_new_ontology_none_either() -> None:
    assert needs("<a:s> <a:p> <a:o> .", "<a:s> <a:p> <a:q> .") == {}
    assert needs(SCHEMA.format("1.0.0"), SCHEMA.format("1.0.0")) == {}
    assert all(need.is_met for need in needs("", SCHEMA.format("0.1.0")).values())
