"""The library of queries: headers, names, and parameters of each type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import AmbiguousNameError, ParameterError, QueryError, Term, UnknownNameError, UnknownQueryError, open_model
from qe_kg.query_library import QueryLibrary, read_query

WriteModel = Callable[..., Path]

HEADER = """#+ question: What is what?
#+ params:
#+   text: { type: string, required: true, description: any text }
#+   number: { type: integer, default: 7 }
#+   day: { type: date }
#+   link: { type: iri }
#+   who: { type: participant }
#+ columns: [text, number]
"""
#: Each parameter is also met where it is not bound, so that the query is valid without any.
BODY = """SELECT ?t ?n ?d ?l ?w WHERE {
  BIND(?text AS ?t) BIND(?number AS ?n) BIND(?day AS ?d) BIND(?link AS ?l) BIND(?who AS ?w)
}
"""
DATA = """@prefix qe: <https://quantumenergy.example/ns/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .
t:billing a qe:ValueStream ; skos:notation "BIL-01" ; skos:prefLabel "Billing"@en .
t:one a qe:Stakeholder ; skos:prefLabel "Twin"@en .
t:two a qe:Stakeholder ; skos:prefLabel "Twin"@en .
"""


@pytest.fixture
def model(write_model: WriteModel) -> Path:
    return write_model(
        {
            "data.ttl": DATA,
            "queries/ask/what-is-what.rq": HEADER + BODY,
            "queries/ask/other.rq": "#+ question: x\nASK {}",
        },
        {"data": ["data.ttl"], "queries": ["queries", "builtin"]},
    )


def _row(model: Path, **given: object) -> tuple[Term | None, ...]:
    (row,) = open_model(model).query("ask/what-is-what", given).rows
    return row


XSD = "http://www.w3.org/2001/XMLSchema#"


def test_parameters_become_terms_of_their_types(model: Path) -> None:
    row = _row(model, text="BIL-01", number="-3", day="2025-11-25", link="qe:ValueStream", who="billing")
    assert row == (
        Term("literal", "BIL-01"),
        Term("literal", "-3", f"{XSD}integer"),
        Term("literal", "2025-11-25", f"{XSD}date"),
        Term("iri", "https://quantumenergy.example/ns/ValueStream"),
        Term("iri", "https://test.example/id/billing"),
    )
    assert _row(model, text="x")[1:3] == (Term("literal", "7", f"{XSD}integer"), None), "a default, and nothing"
    assert _row(model, text=Term("literal", "x", None, "en"))[0] == Term("literal", "x", None, "en")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, ParameterError, r"needs the parameter 'text' \(string: any text\); give it with -p text="),
        ({"text": "x", "txt": "y"}, ParameterError, "has no parameter 'txt'; it takes text, number, day, link, who"),
        ({"text": "x", "number": "seven"}, ParameterError, "'number' must be a whole number, not 'seven'"),
        ({"text": "x", "number": "1.5"}, ParameterError, "must be a whole number"),
        ({"text": "x", "number": "٣"}, ParameterError, "must be a whole number"),
        ({"text": "x", "number": "+-3"}, ParameterError, "must be a whole number"),
        ({"text": "x", "number": ""}, ParameterError, "must be a whole number"),
        ({"text": "x", "day": "2025-02-30"}, ParameterError, "'day' must be a date like 2025-11-25"),
        ({"text": "x", "day": "20251125"}, ParameterError, "must be a date"),
        ({"text": "x", "day": "2025-11-25T00:00"}, ParameterError, "must be a date"),
        ({"text": "x", "link": "no iri"}, UnknownNameError, "'no iri' is neither an IRI nor a name"),
        ({"text": "x", "link": "http://e/a> . } #"}, UnknownNameError, "neither an IRI"),
        (
            {"text": "x", "who": "Biling"},
            UnknownNameError,
            r"no participant 'Biling'; the nearest names are .*'Billing'",
        ),
        ({"text": "x", "who": "Twin"}, AmbiguousNameError, r"ambiguous.*\n  t:one .*\n  t:two "),
    ],
)
def test_a_wrong_parameter_is_refused(given: dict[str, str], error: type[Exception], message: str, model: Path) -> None:
    with pytest.raises(error, match=message):
        _row(model, **given)


def test_a_query_has_its_path_or_its_last_part_as_name(model: Path) -> None:
    queries = open_model(model).queries
    assert queries.get("ask/what-is-what") == queries.get("what-is-what") == queries.get("ask/what-is-what.rq")
    described = queries.get("what-is-what").to_dict()
    assert described["question"] == "What is what?" and described["columns"] == ["text", "number"]
    assert [one["name"] for one in described["params"]] == ["text", "number", "day", "link", "who"]


def test_an_unknown_query_brings_the_nearest_names(model: Path) -> None:
    with pytest.raises(UnknownQueryError, match="did you mean ask/what-is-what") as caught:
        open_model(model).query("ask/what-is-who")
    assert "ask/what-is-what" in caught.value.candidates
    with pytest.raises(UnknownQueryError, match=r"there is no query 'zzzzzzzz'; `qe-kg queries` lists all"):
        open_model(model).query("zzzzzzzz")


def test_a_last_part_that_is_not_unique_names_the_candidates(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.rq").write_text("ASK {}", encoding="utf-8")
    with pytest.raises(UnknownQueryError, match=r"did you mean a/same or b/same\?"):
        QueryLibrary((tmp_path,)).get("same")


def test_a_later_directory_replaces_queries_of_an_earlier_one(tmp_path: Path) -> None:
    for folder in ("shipped", "own"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "q.rq").write_text(f"#+ question: {folder}\nASK {{}}", encoding="utf-8")
    assert QueryLibrary((tmp_path / "shipped", tmp_path / "own")).get("q").question == "own"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#+ question: [\nASK {}", r"q\.rq:\d+:\d+: the #\+ header is not YAML"),
        ("#+ - a list\nASK {}", r"header may have only columns, description"),
        ("#+ queston: x\nASK {}", r"header may have only columns, description"),
        ("#+ params: { x: { type: text } }\nASK {}", "parameter 'x' must have a type out of"),
        ("#+ params: { x: { typ: string } }\nASK {}", "parameter 'x' must have a type out of"),
        ("#+ params: [x, y]\nASK {}", "params"),
        ("#+ params: { x: string }\nASK {}", "parameter 'x' must have a type out of"),
        ("#+ columns: 5\nASK {}", "columns"),
    ],
)
def test_a_wrong_header_is_a_query_error(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "q.rq").write_text(text, encoding="utf-8")
    with pytest.raises(QueryError, match=message):
        read_query(tmp_path / "q.rq", "q")


def test_a_query_file_in_another_encoding_is_a_query_error(tmp_path: Path) -> None:
    (tmp_path / "q.rq").write_bytes(b"# caf\xe9\nASK {}")
    with pytest.raises(QueryError, match="cannot be read"):
        read_query(tmp_path / "q.rq", "q")


# --- text instead of a name ------------------------------------------------------------------------------------


def test_triples_with_literals_of_every_kind_are_an_answer() -> None:
    answer = open_model().query(
        'CONSTRUCT { <a:a> <a:b> ?x } WHERE { VALUES ?x { "x" "x"@en "x"@de 1 <a:c> "1"^^<a:d> } }'
    )
    assert answer.is_graph and len(answer) == 6
    assert answer.columns == ("subject", "predicate", "object")


def test_a_description_needs_no_braces() -> None:
    answer = open_model().query("DESCRIBE <https://quantumenergy.example/id/value-stream-aov-04>")
    assert answer.is_graph and len(answer) > 3


def test_a_triple_of_two_files_is_one_answer(write_model: WriteModel) -> None:
    turtle = "<http://e/s> <http://e/p> <http://e/o> ."
    model = open_model(
        write_model({"a.ttl": turtle, "b.ttl": turtle}, {"ontology": [], "shapes": [], "data": ["*.ttl"]})
    )
    (row,) = model.query("SELECT (COUNT(*) AS ?n) WHERE { ?s <http://e/p> ?o }").rows
    assert row[0] is not None and row[0].value == "1"


@pytest.mark.parametrize("update", ["INSERT DATA { <a:a> <a:b> <a:c> }", "DELETE WHERE { ?s ?p ?o }", "CLEAR ALL {}"])
def test_an_update_is_refused_and_changes_nothing(update: str) -> None:
    model = open_model()
    before = len(model.store)
    with pytest.raises(QueryError, match="does not parse"):
        model.query(update)
    assert len(model.store) == before
