"""Queries of SPARQL constraints made by hypothesis: every kind of group within every other, paths of every form."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.conformance.made_shapes import NODES, PREDICATES

_predicate = st.sampled_from([*PREDICATES, *PREDICATES, "a"])
_variable = st.sampled_from(["$this", "?value", "?a", "?b"])


def _paths() -> st.SearchStrategy[str]:
    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, inner)
        return st.one_of(
            pair.map("/".join),
            pair.map(lambda two: f"({'|'.join(two)})"),
            inner.map(lambda one: f"^({one})"),
            st.tuples(inner, st.sampled_from("*+?")).map(lambda two: f"({two[0]}){two[1]}"),
        )

    return st.one_of(_predicate, st.recursive(_predicate, more, max_leaves=3))


def _triples(literals: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    starts = st.one_of(_variable, _variable, _variable, st.sampled_from(NODES))
    ends = st.one_of(_variable, _variable, _variable, st.sampled_from([*NODES, "ex:C"]), literals)
    return st.tuples(starts, _paths(), ends).map(" ".join)


def _groups(literals: st.SearchStrategy[str], depth: int) -> st.SearchStrategy[str]:
    """Make what stands between braces."""
    triples = _triples(literals).map(lambda one: f"{one} .")
    chosen = [triples, triples, triples]
    if depth:
        inner = _groups(literals, depth - 1)
        chosen += [
            inner.map(lambda group: f"OPTIONAL {{ {group} }}"),
            inner.map(lambda group: f"FILTER NOT EXISTS {{ {group} }}"),
            inner.map(lambda group: f"FILTER ( EXISTS {{ {group} }} || ?a = ?b )"),
            st.tuples(inner, inner).map(lambda two: f"{{ {two[0]} }} UNION {{ {two[1]} }}"),
            inner.map(lambda group: f"{{ {group} }}"),
            st.sampled_from(["FILTER ( bound(?a) )", "FILTER ( ?value != ?b )", "FILTER ( !bound(?b) )"]),
        ]
    return st.lists(st.one_of(chosen), min_size=1, max_size=4).map(" ".join)


def queries(literals: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make SELECTs: most can be bounded, some have an aggregate, a limit, a sub-select or a variable property."""
    group = _groups(literals.filter(lambda one: "\\" not in one), 2)
    plain = group.map(lambda one: f"SELECT DISTINCT $this ?value WHERE {{ $this ex:p ?c . {one} }}")
    unconnected = group.map(lambda one: f"SELECT $this WHERE {{ {one} }}")
    others = st.sampled_from([
        "SELECT $this (COUNT(?a) AS ?value) WHERE { $this ex:p ?a } GROUP BY $this HAVING (COUNT(?a) > 1)",
        "SELECT $this ?value WHERE { { SELECT $this ?value WHERE { $this ex:q/ex:p ?value } } }",
        "SELECT $this ?value WHERE { $this ?property ?value . ?value a ex:C }",
        "SELECT $this ?value WHERE { $this ex:p ?value } ORDER BY ?value LIMIT 1",
        "SELECT $this WHERE { $this !(ex:p|a) ex:n1 }",
    ])  # fmt: skip
    return st.one_of(plain, plain, plain, unconnected, others)


def constraints(literals: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make a value of ``sh:sparql``."""
    return queries(literals).map(lambda query: f"sh:sparql [ sh:prefixes ex:names ; sh:select '''{query}''' ]")


#: What the queries' prefixes are, and components of the users' own, one an ASK and one a SELECT.
DECLARATIONS = """
ex:names sh:declare [ sh:prefix "ex" ; sh:namespace "http://e/"^^xsd:anyURI ] ,
  [ sh:prefix "xsd" ; sh:namespace "http://www.w3.org/2001/XMLSchema#"^^xsd:anyURI ] .
ex:Ask a sh:ConstraintComponent ; sh:parameter [ sh:path ex:mustBe ] ;
  sh:validator [ sh:prefixes ex:names ; sh:ask
    "ASK { $value ex:q ?a . ?a ex:r* $mustBe FILTER NOT EXISTS { $this ex:r ?a } }" ] .
ex:Select a sh:ConstraintComponent ; sh:parameter [ sh:path ex:mustNotBe ] ;
  sh:propertyValidator [ sh:prefixes ex:names ; sh:select
    "SELECT $this ?value WHERE { $this $PATH ?value . ?value ex:q|^ex:r $mustNotBe }" ] ;
  sh:nodeValidator [ sh:prefixes ex:names ; sh:select "SELECT $this WHERE { $this (ex:p/ex:q)? $mustNotBe }" ] .
"""
OWN = ["ex:mustBe ex:n1", "ex:mustBe ex:n0", "ex:mustNotBe ex:n2"]
