"""Where a triple stands: line and column in hand-written Turtle, and in every shipped file."""

from __future__ import annotations

import os
from pathlib import Path

import pyoxigraph as ox
import pytest

from qe_kg.assets import asset_root, packaged_model
from qe_kg.namespaces import RDF, Namespaces
from qe_kg.positions import Position, Positions, locate, positions_of

TURTLE = """\
@prefix ex: <http://e/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
# a comment with "quotes" and one 'apostrophe . ex:no ex:no ex:no
ex:a a ex:C , ex:D ;
    ex:p ex:o1 ,
        ex:o2 ; # trailing "comment
    ex:number 01 , 1.50 , -5 , +7 , 1e3 , true , false ;
    ex:text \"\"\"several
lines "quoted" . ex:x ex:y ex:z
\"\"\" , "after" , 'x'@en-GB , "PT60S"^^xsd:duration , "z"^^<http://e/t> ;
    ex:list ( ex:l1 "l2" [ ex:in ex:l3 ] ) , ex:afterList ;
    ex:node [ ex:t ex:u , ex:v ; ex:w [ ex:deep ex:deeper ] ] , ex:afterNode ;
    <http://e/full> <http://e/object> .
ex:b ex:p ex:c . ex:b ex:q ex:d .
[] ex:p ex:fromNobody .
[ ex:k ex:v1 ] ex:p ex:v2 .
( ex:z ) ex:p ex:v3 .

ex:a ex:p ex:again .
  <http://e/é>   ex:p
    "tab\\tx\\u00e9" ;;
  ex:last ex:end ; .
PREFIX : <http://f/>
:s :p :o .
"""
A = "http://e/a"
#: Subject, predicate, object → line, column, and how the text there begins.
PLACES = {
    (A, f"{RDF}type", "http://e/C"): (4, 8, "ex:C"),
    (A, f"{RDF}type", "http://e/D"): (4, 15, "ex:D"),
    (A, "http://e/p", "http://e/o1"): (5, 10, "ex:o1"),
    (A, "http://e/p", "http://e/o2"): (6, 9, "ex:o2"),
    (A, "http://e/number", "01"): (7, 15, "01 "),
    (A, "http://e/number", "1.50"): (7, 20, "1.50"),
    (A, "http://e/number", "-5"): (7, 27, "-5"),
    (A, "http://e/number", "+7"): (7, 32, "+7"),
    (A, "http://e/number", "1e3"): (7, 37, "1e3"),
    (A, "http://e/number", "true"): (7, 43, "true"),
    (A, "http://e/number", "false"): (7, 50, "false"),
    (A, "http://e/text", 'several\nlines "quoted" . ex:x ex:y ex:z\n'): (8, 13, '"""several'),
    (A, "http://e/text", "after"): (10, 7, '"after"'),
    (A, "http://e/text", "x"): (10, 17, "'x'@en-GB"),
    (A, "http://e/text", "PT60S"): (10, 29, '"PT60S"'),
    (A, "http://e/text", "z"): (10, 53, '"z"^^<'),
    (A, "http://e/list", "http://e/afterList"): (11, 46, "ex:afterList"),
    (A, "http://e/node", "http://e/afterNode"): (12, 65, "ex:afterNode"),
    (A, "http://e/full", "http://e/object"): (13, 21, "<http://e/object>"),
    ("http://e/b", "http://e/p", "http://e/c"): (14, 11, "ex:c"),
    ("http://e/b", "http://e/q", "http://e/d"): (14, 28, "ex:d"),
    (A, "http://e/p", "http://e/again"): (19, 11, "ex:again"),
    ("http://e/é", "http://e/p", "tab\txé"): (21, 5, '"tab'),
    ("http://e/é", "http://e/last", "http://e/end"): (22, 11, "ex:end"),
    ("http://f/s", "http://f/p", "http://f/o"): (24, 7, ":o"),
}
SHIPPED = sorted([*packaged_model().glob("*.ttl"), *asset_root().glob("ontology/**/*.ttl")])


def _read(path: Path) -> Positions:
    places = positions_of(path)
    assert places is not None
    return places


@pytest.fixture
def turtle(tmp_path: Path) -> Path:
    path = tmp_path / "hand-written.ttl"
    path.write_text(TURTLE, encoding="utf-8")
    return path


@pytest.mark.parametrize("triple", PLACES, ids=lambda triple: triple[2][:12])
def test_each_object_has_its_line_and_column(triple: tuple[str, str, str], turtle: Path) -> None:
    line, column, begins = PLACES[triple]
    assert TURTLE.splitlines()[line - 1][column - 1 :].startswith(begins), "the table is right"
    assert _read(turtle).find(*triple) == Position(line, column)


def test_the_table_holds_every_triple_of_a_named_subject(turtle: Path) -> None:
    named = {
        (quad.subject.value, quad.predicate.value, getattr(quad.object, "value", ""))
        for quad in ox.parse(path=str(turtle))
        if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.BlankNode)
    }
    assert named == set(PLACES)


def test_what_is_inside_brackets_is_located_too(turtle: Path) -> None:
    places = {triple[1:]: place for triple, place in _read(turtle).triples.items()}
    assert places["http://e/in", "http://e/l3"] == Position(11, 34)
    assert places["http://e/t", "http://e/u"] == Position(12, 20)
    assert places["http://e/t", "http://e/v"] == Position(12, 27)
    assert places["http://e/deep", "http://e/deeper"] == Position(12, 49)
    assert places["http://e/p", "http://e/fromNobody"] == Position(15, 9)
    assert places["http://e/p", "http://e/v2"] == Position(16, 21)
    assert places["http://e/p", "http://e/v3"] == Position(17, 15)


def test_what_is_not_there_falls_back_to_predicate_and_subject(turtle: Path) -> None:
    places = _read(turtle)
    assert places.find(A, "http://e/p", "http://e/nothing") == Position(5, 10), "the predicate's first object"
    assert places.find(A, "http://e/nothing", "http://e/nothing") == Position(4, 1), "the subject's first statement"
    assert places.find(A) == Position(4, 1)
    assert places.find("http://e/é") == Position(20, 3)
    assert places.find("http://e/nobody") is None


def test_trig_is_located_as_well(tmp_path: Path) -> None:
    path = tmp_path / "graphs.trig"
    path.write_text(
        "@prefix ex: <http://e/> .\nex:a ex:p ex:b .\n"
        "ex:g {\n  ex:c ex:p ex:d ,\n    ex:e .\n}\nGRAPH ex:h { ex:i ex:p 05 }",
        encoding="utf-8",
    )
    places = _read(path)
    assert places.find("http://e/a", "http://e/p", "http://e/b") == Position(2, 11)
    assert places.find("http://e/c", "http://e/p", "http://e/e") == Position(5, 5)
    assert places.find("http://e/i", "http://e/p", "05") == Position(7, 24)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_are_counted_as_an_editor_counts_them(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "lines.ttl"
    path.write_bytes(ending.join(["@prefix ex: <http://e/> .", "", "ex:a ex:p", "  ex:b .", ""]).encode())
    assert _read(path).find("http://e/a", "http://e/p", "http://e/b") == Position(4, 3)


def test_a_file_that_changed_is_read_again(turtle: Path) -> None:
    triple = ("http://e/b", "http://e/p", "http://e/c")
    assert _read(turtle).find(*triple) == Position(14, 11)
    turtle.write_text("\n\n" + TURTLE, encoding="utf-8")
    os.utime(turtle, ns=(1, 1))
    assert _read(turtle).find(*triple) == Position(16, 11)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.ttl", b"<http://e/a> <http://e/b>"),
        ("latin.ttl", b"# \xe9"),
        ("data.nt", b""),
        ("deep.ttl", b"<a:a> <a:b> " + b"[ <a:b> " * 5000),
    ],
)
def test_what_cannot_be_followed_has_no_places(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert positions_of(tmp_path / name) is None
    assert positions_of(tmp_path / "missing.ttl") is None
    assert locate(tmp_path / name, Namespaces(), "http://e/a") is None


def test_what_is_shipped_is_located_also_under_another_base() -> None:
    ontology = asset_root() / "ontology" / "modules" / "flow.ttl"
    terms = Namespaces().terms
    line = locate(ontology, Namespaces(), f"{terms}InformationFlow")
    moved = Namespaces("https://kg.acme.example/")
    assert line is not None and line == locate(ontology, moved, "https://kg.acme.example/ns/InformationFlow")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_triple_of_a_shipped_file_is_located_on_its_line(path: Path) -> None:
    places, lines = _read(path), path.read_text(encoding="utf-8").splitlines()
    for quad in ox.parse(path=str(path)):
        if isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode):
            continue
        value = str(getattr(quad.object, "value", ""))
        place = places.triples.get((str(getattr(quad.subject, "value", "")), quad.predicate.value, value))
        assert place is not None, quad
        text = lines[place.line - 1][place.column - 1 :]
        if isinstance(quad.object, ox.Literal):
            written = value.replace("\\", "\\\\").replace('"', '\\"')
            assert text.startswith((f'"{written}"', value)), quad
        else:
            local = value.rpartition("#" if "#" in value else "/")[2]
            assert text.split()[0].rstrip(">.,;").endswith(local), quad
