"""The query library keeps its rules: header, columns, order, parameters, plain SPARQL 1.1, a question a query."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
import yaml
from rdflib import Dataset, Literal, URIRef, Variable
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from qe_kg import Model, open_model
from qe_kg.query_library import PARAMETER_TYPES, bind_parameters

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LIBRARY = ROOT / "queries"
QUERIES = sorted(LIBRARY.rglob("*.rq"))
QUESTIONS = sorted(HERE.glob("*/*.toml"))
AREAS = {
    *("impact", "trace", "separation", "consent", "information", "coverage", "provenance", "value-stream"),
}
# Namespaces that a query may use. No property functions live there, so a query means the same on every endpoint.
PREFIXES = {
    "qe": "https://quantumenergy.example/ns/",
    "qev": "https://quantumenergy.example/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "dcterms": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
}
MODELS = {"quantum-energy": "data/quantum-energy", "riverside-clinic": "examples/riverside-clinic"}


@cache
def packaged_model() -> Model:
    return open_model(ROOT / MODELS["quantum-energy"])


def name_of(path: Path) -> str:
    return path.relative_to(LIBRARY).with_suffix("").as_posix()


def question_name(path: Path) -> str:
    return path.relative_to(HERE).with_suffix("").as_posix()


def header(text: str) -> dict[str, Any]:
    fields = yaml.safe_load("\n".join(line[3:] for line in text.splitlines() if line.startswith("#+ ")))
    assert isinstance(fields, dict)
    return fields


def body(text: str) -> str:
    """Return the query without comment lines; no query has a comment behind code."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def nodes(tree: Any) -> Iterator[Any]:
    """Yield every node of a parsed query, outer ones first."""
    yield tree
    if isinstance(tree, CompValue):
        children: Any = tree.values()
    elif isinstance(tree, str | URIRef | Literal | Variable):
        return
    else:
        try:
            children = list(tree)
        except TypeError:
            return
    for child in children:
        yield from nodes(child)


def parsed(text: str) -> CompValue:
    query = parseQuery(text)[1]
    assert isinstance(query, CompValue)
    return query


def variables(tree: Any) -> list[str]:
    return [str(node) for node in nodes(tree) if isinstance(node, Variable)]


def projected(query: CompValue) -> list[str]:
    return [str(part.evar if "evar" in part else part.var) for part in query.projection]


def order_keys(query: CompValue) -> list[str]:
    return variables(query.orderby) if "orderby" in query else []


def fixed_places(text: str) -> set[str]:
    """Return the variables that stand where SPARQL allows no term: a parameter would break the query there."""
    found: set[str] = set()
    for node in nodes(parsed(text)):
        if not isinstance(node, CompValue):
            continue
        if node.name in ("SelectQuery", "SubSelect"):
            for part in ("projection", "groupby", "orderby", "having", "valuesClause"):
                found.update(variables(node[part]) if part in node else [])
        if node.name == "InlineData":
            found.update(variables(node["var"]) if "var" in node else [])
        if node.name == "Bind":
            found.add(str(node["var"]))
    strings = [str(node) for node in nodes(parsed(text)) if isinstance(node, Literal)]
    return found | {name for value in strings for name in re.findall(r"[?$](\w+)", value)}


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_query_parses_with_two_parsers_without_its_parameters(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert parsed(text).name in ("SelectQuery", "AskQuery")
    pyoxigraph.Store().query(text, use_default_graph_as_union=True)


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_query_is_in_an_area_and_named_by_a_verb_and_an_object(path: Path) -> None:
    area, _, name = name_of(path).partition("/")
    assert area in AREAS
    assert re.fullmatch(r"(list|map|count|describe|explain)-[a-z]+(-[a-z]+)*", name)


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_header_is_complete(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    fields = header(text)
    assert text.startswith("#+ question: ")
    needed = {"question", "description", "params", "columns", "tags"} | ({"example"} if fields["params"] else set())
    assert set(fields) == needed
    assert fields["question"].endswith("?")
    assert fields["description"].endswith(".")
    assert path.parent.name in fields["tags"]
    for name, parameter in fields["params"].items():
        assert set(parameter) <= {"type", "required", "default", "description"}
        assert parameter["type"] in PARAMETER_TYPES
        assert parameter["description"]
        assert parameter.get("required") is True or "default" in parameter, "an optional one has a default"
        assert not parameter.get("required") or f"{name}=" in fields["example"]


def test_no_question_is_asked_twice() -> None:
    asked = [header(path.read_text(encoding="utf-8"))["question"] for path in QUERIES]
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_declared_columns_are_the_projected_variables(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    query = parsed(text)
    assert header(text)["columns"] == (projected(query) if query.name == "SelectQuery" else [])


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_query_is_ordered_and_plain(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    query = parsed(text)
    if query.name == "SelectQuery":
        assert order_keys(query), "ORDER BY is missing"
    code = body(text).upper()
    assert not re.search(r"\bSELECT\s+(DISTINCT\s+|REDUCED\s+)?\*", code)
    assert not re.search(r"\bSERVICE\b|\bFROM\s+(NAMED|<)", code)
    tags = header(text)["tags"]
    assert bool(re.search(r"\bGRAPH\b", code)) == ("file" in tags), "GRAPH is for questions about files"


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_prefixes_are_known_and_used(path: Path) -> None:
    code = body(path.read_text(encoding="utf-8"))
    declared = dict(re.findall(r"^PREFIX (\w+): <([^>]+)>$", code, flags=re.MULTILINE))
    assert declared.items() <= PREFIXES.items()
    rest = re.sub(r"^PREFIX .*$", "", code, flags=re.MULTILINE)
    assert set(re.findall(r"(?<![\w?$])([a-z]+):[A-Za-z]", rest)) == set(declared)
    assert "<http" not in rest, "an IRI is written with its prefix"


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_parameters_stand_only_where_a_term_may_stand(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    parameters = set(header(text)["params"])
    assert parameters <= set(variables(parsed(text))), "a parameter that the query does not use"
    assert parameters & fixed_places(text) == set()


def test_the_parameter_rule_finds_each_fault() -> None:
    pattern = "?s ?p ?x"
    for text in (
        f"SELECT ?x WHERE {{ {pattern} }}",
        f"SELECT (COUNT(?x) AS ?n) WHERE {{ {pattern} }}",
        f"SELECT ?s WHERE {{ {pattern} }} ORDER BY ?x",
        f"SELECT ?s WHERE {{ {pattern} }} GROUP BY ?s ?x",
        f"SELECT ?s WHERE {{ VALUES ?x {{ 1 }} {pattern} }}",
        f"SELECT ?s WHERE {{ {pattern} }} VALUES ?x {{ 1 }}",
        "SELECT ?s WHERE { ?s ?p ?o BIND(1 AS ?x) }",
        f"SELECT ?s WHERE {{ {{ SELECT ?s ?x WHERE {{ {pattern} }} }} }}",
        'SELECT ?s WHERE { ?s ?p "about ?x" }',
    ):
        assert "x" in fixed_places(text), text
    assert "x" not in fixed_places(f"SELECT ?s WHERE {{ {pattern} FILTER(?x > 1) }} ORDER BY ?s")


def test_every_query_has_a_question_and_every_question_a_query() -> None:
    asked = {tomllib.loads(path.read_text(encoding="utf-8"))["query"] for path in QUESTIONS}
    assert asked == {name_of(path) for path in QUERIES}


@pytest.mark.parametrize("path", QUESTIONS, ids=question_name)
def test_order_of_the_expected_rows_leaves_nothing_open(path: Path) -> None:
    """No two expected rows agree in all projected variables of ORDER BY."""
    question = tomllib.loads(path.read_text(encoding="utf-8"))
    keys = order_keys(parsed((LIBRARY / f"{question['query']}.rq").read_text(encoding="utf-8")))
    columns = question["columns"]
    places = [columns.index(key) for key in keys if key in columns]
    ordered_by = [tuple(row[place] for place in places) for row in question["rows"]]
    assert len(ordered_by) == len(set(ordered_by))


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_example_of_the_header_can_be_run(path: Path) -> None:
    fields = header(path.read_text(encoding="utf-8"))
    given = dict(part.split("=", 1) for part in re.split(r" (?=\w+=)", fields.get("example", "")) if part)
    assert set(given) <= set(fields["params"])
    assert packaged_model().query(name_of(path), given).columns == tuple(fields["columns"])


@cache
def model_and_dataset(name: str, inferences: bool) -> tuple[Model, Dataset]:
    model = open_model(ROOT / MODELS[name], include_inferences=inferences)
    return model, model.to_rdflib()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.parametrize("path", QUESTIONS, ids=question_name)
def test_a_second_engine_gives_the_same_rows(path: Path) -> None:
    """The queries are plain SPARQL 1.1: rdflib answers the questions with the same rows in the same order."""
    question = tomllib.loads(path.read_text(encoding="utf-8"))
    model, dataset = model_and_dataset(question["model"], question.get("include_inferences", True))
    text = bind_parameters(model.queries.get(question["query"]), question["params"], model.resolve)
    rows = [
        ["" if term is None else model.compact(str(term)) if isinstance(term, URIRef) else str(term) for term in row]
        for row in dataset.query(text)
        if isinstance(row, tuple)
    ]
    assert rows == question["rows"]
