"""JSON-LD: what another processor reads is what was written, and a person can read it too."""

from __future__ import annotations

import io
import json
from typing import Any

import pyld.jsonld
import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qe_kg import open_model
from qe_kg.export.jsonld import write_jsonld
from qe_kg.store.files import canonical

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PREFIXES = {"e": "http://e/", "xsd": XSD, "rdf": RDF, "urn": "http://urn/", "n": "http://e/ns#"}


def _document(quads: list[ox.Quad]) -> Any:
    output = io.BytesIO()
    write_jsonld(canonical(quads), output, PREFIXES)
    return json.loads(output.getvalue())


def _canonical(quads: Any) -> set[ox.Quad]:
    return set(canonical(quads))


def _read_by_pyld(document: Any) -> set[ox.Quad]:
    text = pyld.jsonld.to_rdf(document, {"format": "application/n-quads"})
    return _canonical(ox.parse(text, format=ox.RdfFormat.N_QUADS))


def _quads(turtle: str) -> list[ox.Quad]:
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    return list(ox.parse(head + turtle, format=ox.RdfFormat.TRIG))


_names = st.sampled_from(
    ["http://e/a", "http://e/b", "http://e/ns#a", "urn:x", "http://other/a", "http://e/ns#c/d", f"{RDF}nil"]
)
_blank = st.sampled_from(["x", "y", "z"]).map(ox.BlankNode)
_subjects = st.one_of(_names.map(ox.NamedNode), _blank)
_predicates = st.sampled_from(
    ["http://e/p", "http://e/ns#p", "http://other/p", "http://e/q", f"{RDF}type", f"{RDF}first", f"{RDF}rest"]
).map(ox.NamedNode)
_literals = st.one_of(
    st.tuples(st.sampled_from(["1", "01", "-0", "-7", "9007199254740993", "x", "٣"]),
              st.sampled_from(["integer", "decimal", "string"])),
    st.tuples(st.sampled_from(["true", "1"]), st.just("boolean")),
).map(lambda one: ox.Literal(one[0], datatype=ox.NamedNode(XSD + one[1])))  # fmt: skip
_tagged = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["en", "de-ch"])).map(
    lambda one: ox.Literal(one[0], language=one[1])
)
_graphs = st.sampled_from([ox.DefaultGraph(), ox.NamedNode("http://e/g"), ox.NamedNode("http://e/h")])
_any_quad = st.builds(ox.Quad, _subjects, _predicates, st.one_of(_subjects, _literals, _tagged), _graphs)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(_any_quad, max_size=8))
@example(_quads("e:s e:p ( 1 ( 2 e:x ) () [ e:q e:y ] ) ; e:q () ."))
@example(_quads("e:s e:p ( 1 2 ) . e:t e:p ( ) , ( 3 ) . _:loop e:p _:loop . _:a e:q _:b . _:b e:q _:a ."))
@example(_quads("_:l rdf:first 1 ; rdf:rest _:l . _:m rdf:first 1 , 2 ; rdf:rest () . e:s e:p _:m , _:l ."))
@example(_quads("e:g { e:s e:p _:n . _:n e:q 1 } e:h { _:n e:q 2 }"))
@example(_quads("e:g { _:n n:p _:n }"))  # only the graph's name is written with that prefix
@example(_quads("<n:g> { _:n n:p _:n }"))  # a graph's name may begin as a prefix does
@example(_quads('e:s e:p "a"@en , "b" ; e:q "c"@en , "d"@en , "e"@de . e:t a e:C , [ e:p 1 ] ; rdf:type "odd" .'))
def test_two_processors_read_what_was_written(quads: list[ox.Quad]) -> None:
    document = _document(quads)
    # A list whose cell is named by a subject of its own is legal RDF; every triple has to come back all the same.
    assert _read_by_pyld(document) == _canonical(quads)
    assert _canonical(ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD)) == _canonical(quads)


def test_long_lists_and_deep_nodes() -> None:
    count = 500
    deep = "e:s e:p " + "".join(f"[ e:q {number} ; e:p " for number in range(count)) + "1" + " ]" * count + " ."
    long = f"e:s e:p ( {' '.join(map(str, range(count)))} ) ."
    for turtle in (deep, long):
        document = _document(_quads(turtle))
        assert _canonical(ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD)) == _canonical(_quads(turtle))
    assert _document(_quads(long))["@graph"] == [{"@id": "e:s", "p": list(range(count))}]


def test_it_reads_well() -> None:
    turtle = """e:s a n:Flow ; n:label "Fluss"@de , "flow"@en , "stream"@en ; n:count 3 ; n:is true ; n:size 1.50 ;
        n:from e:t ; n:on "2026-01-02"^^xsd:date ; n:steps ( e:t e:u ) ;
        n:also [ n:count 4 ] ; <http://other/p> "x" ."""
    document = _document(_quads(turtle))
    assert document["@graph"] == [
        {
            "@id": "e:s",
            "@type": "Flow",
            "http://other/p": "x",
            "also": {"count": 4},
            "count": 3,
            "from": "e:t",
            "is": True,
            "label": {"de": "Fluss", "en": ["flow", "stream"]},
            "on": "2026-01-02",
            "size": "1.50",
            "steps": ["e:t", "e:u"],
        }
    ]
    assert document["@context"] == {
        "@version": 1.1,
        "e": "http://e/",
        "xsd": XSD,
        "rdf": RDF,
        "n": "http://e/ns#",
        "Flow": "n:Flow",
        "also": {"@id": "n:also", "@type": "@id"},
        "count": "n:count",
        "from": {"@id": "n:from", "@type": "@id"},
        "is": "n:is",
        "label": {"@id": "n:label", "@container": "@language"},
        "on": {"@id": "n:on", "@type": "xsd:date"},
        "size": {"@id": "n:size", "@type": "xsd:decimal"},
        "steps": {"@id": "n:steps", "@container": "@list", "@type": "@id"},
    }


@pytest.mark.parametrize("roles", [("data",), ("shapes", "ontology")])
def test_the_packaged_model_comes_back_whole(roles: tuple[str, ...]) -> None:
    model, output = open_model(), io.BytesIO()
    model.export(output, "jsonld", roles=roles)
    source = _canonical(model.quads(*roles))
    assert _canonical(ox.parse(output.getvalue(), format=ox.RdfFormat.JSON_LD)) == source
    if roles == ("data",):
        document = json.loads(output.getvalue())
        assert _read_by_pyld(document) == source
        nodes = {node["@id"]: node for graph in document["@graph"] for node in graph["@graph"]}
        assert nodes["qed:value-stream-aov-04"]["@type"] == "ValueStream"
        assert nodes["qed:value-stream-aov-04"]["notation"] == "AOV-04"
