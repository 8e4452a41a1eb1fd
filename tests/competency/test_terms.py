"""Questions, queries, shapes and ontology hang together: no unknown term is used, no term is there for nothing."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from rdflib import OWL, RDF, SKOS, Graph, URIRef

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QE = "https://quantumenergy.example/ns/"
QEV = "https://quantumenergy.example/vocab/"
QUERIES = sorted((ROOT / "queries").rglob("*.rq"))
TERM_TYPES = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)


@cache
def ontology() -> Graph:
    graph = Graph()
    for path in sorted((ROOT / "ontology").rglob("*.ttl")):
        graph.parse(path, format="turtle")
    return graph


def local_names(iris: set[str], namespace: str) -> set[str]:
    return {iri.removeprefix(namespace) for iri in iris if iri.startswith(namespace)}


def ontology_terms() -> set[str]:
    return local_names({str(s) for kind in TERM_TYPES for s in ontology().subjects(RDF.type, kind)}, QE)


def listed_values() -> set[str]:
    return local_names({str(subject) for subject in ontology().subjects(SKOS.inScheme, None)}, QEV)


def names_in_queries(prefix: str) -> dict[str, set[str]]:
    """Return for every name with this prefix the queries that use it, comments left out."""
    found: dict[str, set[str]] = {}
    for path in QUERIES:
        lines = path.read_text(encoding="utf-8").splitlines()
        code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
        for name in re.findall(rf"(?<![\w:]){prefix}:([\w-]+)", code):
            found.setdefault(name, set()).add(path.stem)
    return found


def names_in_shapes() -> set[str]:
    found: set[str] = set()
    for path in sorted((ROOT / "shapes").rglob("*.ttl")):
        for triple in Graph().parse(path, format="turtle"):
            found |= {str(term) for term in triple if isinstance(term, URIRef)}
    return local_names(found, QE)


def test_every_term_of_a_query_is_defined() -> None:
    terms = ontology_terms()
    assert {name: where for name, where in names_in_queries("qe").items() if name not in terms} == {}


def test_every_listed_value_of_a_query_is_defined() -> None:
    values = listed_values()
    assert {name: where for name, where in names_in_queries("qev").items() if name not in values} == {}


def test_every_term_is_used_by_a_question_or_a_shape() -> None:
    """Every query has a competency question, so a term that a query uses is one that a question needs."""
    accepted = tomllib.loads((HERE / "unused_terms.toml").read_text(encoding="utf-8"))
    unused = ontology_terms() - set(names_in_queries("qe")) - names_in_shapes()
    assert sorted(unused) == sorted(accepted), "write a question that uses the term, or say why none does"
    assert all(isinstance(reason, str) and reason.endswith(".") for reason in accepted.values())
