"""What each solution of a query needs is read off it, and nothing is read off a query that is not understood."""

from __future__ import annotations

import pytest

from qe_kg.shacl.query_reads import read_reads

_START = "PREFIX ex: <http://e/> SELECT $this ?value WHERE "
READ = {
    "{ $this ex:p ?value }": (["_this p _value"], ""),
    "{ $this ex:p/^ex:q ex:n , ?b ; a ex:C . }": (
        ["_this p 1", "n q 1", "_this p 2", "_b q 2", "_this type C"], "",
    ),
    '{ $this ex:p "x"@en-gb . FILTER NOT EXISTS { $this ex:q/ex:r ?a } }': (["_this p 1"], "q r"),
    "{ $this ex:p ?value FILTER(?value > 3 && EXISTS { ?value ex:q 'a'^^ex:d }) ?value ex:r ?b }": (
        ["_this p _value", "_value r _b"], "q",
    ),
    "{ OPTIONAL { $this ex:p ?value } { $this ex:q ?a } UNION { $this ex:r+ ?a } }": ([], "p q r"),
    "{ $this ex:p ?a . ?a ex:q*/ex:r? ?value ; ex:is true FILTER NOT EXISTS { ?b ex:p? ?a . ?b ex:s ?c } }": (
        ["_this p _a", "_a is 1"], "p q r s",
    ),
    "{ $this (ex:p|ex:q)+ ?value . BIND(STR(?value) AS ?text) } ORDER BY ?value": ([], "p q"),
}  # fmt: skip
NOT_READ = [
    "{ $this ?p ?value }",
    "{ $this ex:p ?value FILTER(?value > 1) ?a ?b ?c }",
    "{ $this ex:p [ ?b ?c ] }",
    "{ $this ex:p ( ?b ?c ) }",
    "{ $this ex:p* ?value }",
    "{ $this (ex:p|ex:q?) ?value }",
    "{ $this ex:p ?value FILTER NOT EXISTS { ?value ex:q* ?a } }",
    "{ $this !ex:p ?value }",
    "{ $this ex:p 1 }",
    "{ $this other:p ?value }",
    "{ GRAPH ?g { $this ex:p ?value } }",
    "{ { SELECT $this ?value { $this ex:p ?value } } }",
    "{ $this ex:p ?value } GROUP BY $this",
    "{ $this ex:p ?value FILTER(?a<?value&&(?b)>3) }",
]


@pytest.mark.parametrize("pattern", READ)
def test_what_is_needed_and_what_else_is_named(pattern: str) -> None:
    steps, others = READ[pattern]
    found = read_reads(_START + pattern)
    assert found is not None

    def short(text: str) -> str:
        return text.strip("?<>").rpartition("/")[2].rpartition("#")[2]

    assert [" ".join(map(short, (one.subject, one.property, one.value))) for one in found.steps] == steps
    assert sorted(map(short, found.others)) == others.split()


@pytest.mark.parametrize("pattern", NOT_READ)
def test_a_query_of_another_form_is_not_known(pattern: str) -> None:
    assert read_reads(_START + pattern) is None
