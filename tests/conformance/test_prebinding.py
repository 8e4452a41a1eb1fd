"""Variables that are bound beforehand: https://www.w3.org/TR/shacl/#pre-binding, beyond what the W3C's suite tries.

Each case is a query, and what it has to find about which node, by the specification's words. It is asked of all our
evaluators, and of pySHACL where that follows the specification.
"""

from __future__ import annotations

import pytest

from qe_kg.errors import ShapesError
from qe_kg.shacl.engine import CompiledShapes
from tests.conformance.made_shapes import parse
from tests.conformance.test_engines_agree import found_by

DATA = """
ex:a a ex:C ; ex:p 1 , 2 , 3 ; ex:q ex:b . ex:b a ex:C ; ex:p 4 ; ex:r "b"@en . ex:c a ex:C .
"""
_NAMES = """ex:names sh:declare [ sh:prefix "ex" ; sh:namespace "http://e/"^^xsd:anyURI ] ,
  [ sh:prefix "sh" ; sh:namespace "http://www.w3.org/ns/shacl#"^^xsd:anyURI ] .
"""
_SHAPE = _NAMES + "ex:S a sh:NodeShape ; sh:targetClass ex:C ; ex:note 7 ; sh:sparql ex:Q ."
_SHAPE += "ex:Q sh:prefixes ex:names ; sh:select '''{}''' ."

#: Query, and the focus nodes that it finds something about, with the values; a node without a value is its own.
FINDS = {
    "a filter in a group of its own sees $this": (
        "SELECT $this ?value WHERE { { FILTER($this = ex:a) } $this ex:q ?value }", "a:b",
    ),
    "a group of its own has $this bound": ("SELECT $this WHERE { { FILTER(bound($this)) } $this ex:q ?x }", "a:a"),
    "what OPTIONAL holds sees $this": (
        "SELECT $this ?value WHERE { ?x ex:r ?y OPTIONAL { ?z ex:q ?x FILTER($this = ?z) BIND(?z AS ?value) } "
        "FILTER(bound(?value)) }", "a:a",
    ),
    "each branch of UNION sees $this": (
        "SELECT $this ?value WHERE { { BIND($this AS ?value) FILTER($this = ex:c) } UNION { $this ex:q ?value } }",
        "a:b c:c",
    ),
    "what EXISTS holds sees $this, at any depth": (
        "SELECT $this WHERE { $this a ex:C FILTER EXISTS { { { ?x ex:q ?y FILTER(?y = $this) } } } }", "b:b",
    ),
    "BIND may use $this where no triple does": (
        "SELECT $this ?value WHERE { BIND(IF($this = ex:b, 1, 0) AS ?value) FILTER(?value = 1) }", "b:1",
    ),
    "a sub-select that projects $this has it bound": (
        "SELECT $this ?value WHERE { { SELECT $this ?value WHERE { FILTER($this = ex:a) $this ex:q ?value } } }", "a:b",
    ),
    "a limit is one of each focus node": (
        "SELECT $this ?value WHERE { $this ex:p ?value } ORDER BY DESC(?value) LIMIT 1", "a:3 b:4",
    ),
    "a limit in a sub-select too": (
        "SELECT $this ?value WHERE { { SELECT $this ?value WHERE { $this ex:p ?value } ORDER BY ?value LIMIT 1 } }",
        "a:1 b:4",
    ),
    "an aggregate is one of each focus node": (
        "SELECT $this (COUNT(?x) AS ?value) WHERE { $this ex:p ?x } GROUP BY $this HAVING (COUNT(?x) > 1)", "a:3",
    ),
    "an aggregate in a sub-select too": (
        "SELECT $this ?value WHERE { { SELECT $this (COUNT(?x) AS ?value) WHERE { $this ex:p ?x } GROUP BY $this } }",
        "a:3 b:1",
    ),
    "$currentShape and $shapesGraph are bound": (
        "SELECT $this ?value WHERE { $this ex:q ?x . GRAPH $shapesGraph { $currentShape ex:note ?value } }", "a:7",
    ),
    "a sub-select need not project $currentShape": (
        "SELECT $this ?value WHERE { { SELECT $this WHERE { $this ex:q ?x } } "
        "GRAPH $shapesGraph { $currentShape ex:note ?value } }", "a:7",
    ),
    "?this and $this are one variable": ("SELECT ?this WHERE { $this ex:q ?x FILTER(?this = ex:a) }", "a:a"),
    "words in strings, names and remarks are no clauses": (
        "SELECT $this ?value WHERE { $this ex:r ?value . # MINUS { }\n"
        " FILTER(STR(?value) != \"SERVICE VALUES\") OPTIONAL { $this ex:MINUS ?x } }", "b:b",
    ),
}  # fmt: skip
#: What pySHACL refuses: it has no $shapesGraph, and it looks for MINUS in any text.
NOT_PYSHACL = {
    "$currentShape and $shapesGraph are bound",
    "a sub-select need not project $currentShape",
    "words in strings, names and remarks are no clauses",
}


@pytest.mark.parametrize("name", FINDS)
def test_variables_that_are_bound_beforehand(name: str) -> None:
    query, expected = FINDS[name]
    for engine in ("sparql", "queries", "columns", "pyshacl"):
        if engine != "pyshacl" or name not in NOT_PYSHACL:
            assert found_by(engine, _SHAPE.format(query), DATA) == expected.split(), engine


#: Query, and what is said of it: https://www.w3.org/TR/shacl/#pre-binding lists what is not allowed.
REFUSED = {
    "SELECT $this WHERE { $this ex:p ?x MINUS { $this ex:q ?y } }": "MINUS is not allowed",
    "SELECT $this WHERE { $this a ex:C { { ?x ex:q ?y MINUS { ?y ex:p 4 } } } }": "MINUS is not allowed",
    "SELECT $this WHERE { VALUES $this { ex:a } $this ex:p ?x }": "VALUES is not allowed",
    "SELECT $this WHERE { $this ex:p ?x } VALUES ?x { 1 }": "VALUES is not allowed",
    "SELECT $this WHERE { SERVICE <http://127.0.0.1:9/> { $this ex:p ?x } }": "SERVICE is not allowed",
    "SELECT $this WHERE { FILTER EXISTS { SERVICE SILENT ?x { $this ex:p ?y } } }": "SERVICE is not allowed",
    "SELECT $this FROM <http://127.0.0.1:9/> WHERE { $this ex:p ?x }": "FROM is not allowed",
    "SELECT (?x AS $this) WHERE { ?x ex:p ?y }": "AS $this",
    "SELECT $this WHERE { ?x ex:p ?y BIND(?x AS ?this) }": "AS ?this",
    "SELECT $this WHERE { $this ex:p ?y BIND(?y AS $currentShape) }": "AS $currentShape",
    "SELECT $this WHERE { $this ex:p ?y BIND(?y AS ?shapesGraph) }": "AS ?shapesGraph",
    "SELECT $this WHERE { ?x ex:p ?y } GROUP BY (?x AS ?this)": "AS ?this",
    "SELECT $this WHERE { $this ex:p ?x { SELECT ?x WHERE { ?x ex:q ?y } } }": "a sub-select must project $this",
    "SELECT $this { $this a ex:C { SELECT DISTINCT ?x { $this ex:p ?x } } }": "a sub-select must project $this",
    "SELECT $this { { SELECT * { $this ex:p ?x } } }": "a sub-select must project $this",  # pySHACL says so too
    "SELECT ?x WHERE { $this ex:p ?x }": "the query must project $this",
    "ASK { $this ex:p ?x }": "the query is no SELECT",
    "CONSTRUCT { $this ex:p ?x } WHERE { $this ex:p ?x }": "neither a SELECT nor an ASK",
    "DELETE WHERE { $this ex:p ?x }": "cannot be run",
    "SELECT $this WHERE { $this other:p ?x }": "the prefix other: is not declared; let sh:prefixes lead to",
}


@pytest.mark.parametrize("query", REFUSED)
def test_what_the_specification_does_not_allow(query: str) -> None:
    with pytest.raises(ShapesError) as caught:
        CompiledShapes(parse(_SHAPE.format(query)))
    assert REFUSED[query] in str(caught.value)


def test_a_failure_that_a_query_reports_is_none_of_the_data() -> None:
    """A solution with ?failure = true is no result: https://www.w3.org/TR/shacl/#sparql-constraints-variables ."""
    query = "SELECT $this ?failure WHERE { $this ex:q ?x BIND(true AS ?failure) }"
    for engine in ("sparql", "queries", "columns"):
        with pytest.raises(ShapesError, match="reports a failure"):
            found_by(engine, _SHAPE.format(query), DATA)


_COMPONENT = (
    _NAMES + "ex:Own a sh:ConstraintComponent ; sh:parameter [ sh:path ex:limit ] ; "
    "{} [ sh:prefixes ex:names ; {} '''{}''' ] . ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property "
    "[ sh:path ex:p ; ex:limit 2 ] ."
)


@pytest.mark.parametrize(
    ("kind", "form", "query", "expected"),
    [
        ("sh:validator", "sh:ask", "ASK { { FILTER($value <= $limit) } }", "a:3 b:4"),
        ("sh:validator", "sh:ask", "ASK { FILTER NOT EXISTS { $this ex:p ?x FILTER(?x > 2) } }", "a:1 a:2 a:3 b:4"),
        ("sh:propertyValidator", "sh:select", "SELECT $this ?value { $this $PATH ?value { FILTER($limit = ?value) } }",
         ""),
        ("sh:propertyValidator", "sh:select", "SELECT $this ?value { $this $PATH ?value . FILTER(?value > $limit) }",
         "a:3 b:4"),
    ],
)  # fmt: skip
def test_parameters_are_bound_beforehand_too(kind: str, form: str, query: str, expected: str) -> None:
    shapes = _COMPONENT.format(kind, form, query)
    for engine in ("sparql", "queries", "columns"):
        assert found_by(engine, shapes, DATA) == expected.split(), engine


@pytest.mark.parametrize(
    "query",
    ["SELECT $this (1 AS $limit) { $this $PATH ?value }", "SELECT $this { { SELECT $this { $this $PATH ?x } } }"],
)
def test_a_parameter_cannot_be_bound_anew_and_a_sub_select_projects_it(query: str) -> None:
    with pytest.raises(ShapesError, match=r"AS \$limit|must project \$limit"):
        CompiledShapes(parse(_COMPONENT.format("sh:propertyValidator", "sh:select", query)))
