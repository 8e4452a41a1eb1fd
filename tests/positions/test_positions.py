"""Where a triple stands: line and column in hand-written Turtle, and in every shipped file."""

from __future__ import annotations

import os
from pathlib import Path

import pyoxigraph as ox
import pytest

from qe_kg.assets import asset_root, packaged_model
from qe_kg.namespaces import RDF, Namespaces
from qe_kg.positions import FilePlaces, locate, places_of, subject_place
from qe_kg.store.files import read_quads

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
LONG_TEXT = 'several\nlines "quoted" . ex:x ex:y ex:z\n'
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
    (A, "http://e/text", LONG_TEXT): (8, 13, '"""several'),
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


def _read(path: Path) -> tuple[FilePlaces, list[ox.Quad]]:
    quads = list(read_quads(path))
    places = places_of(path, len(quads))
    assert places is not None
    return places, quads


def _find(path: Path, *triple: str | None) -> tuple[int, int] | None:
    place = locate(path, Namespaces(), *triple)
    return place and (place.line, place.column)


@pytest.fixture
def turtle(tmp_path: Path) -> Path:
    path = tmp_path / "hand-written.ttl"
    path.write_text(TURTLE, encoding="utf-8")
    return path


@pytest.mark.parametrize("triple", PLACES, ids=lambda triple: triple[2][:12])
def test_each_object_has_its_line_and_column(triple: tuple[str, str, str], turtle: Path) -> None:
    line, column, begins = PLACES[triple]
    assert TURTLE.splitlines()[line - 1][column - 1 :].startswith(begins), "the table is right"
    assert _find(turtle, *triple) == (line, column)


def test_the_table_holds_every_triple_of_a_named_subject(turtle: Path) -> None:
    named = {
        (quad.subject.value, quad.predicate.value, getattr(quad.object, "value", ""))
        for quad in ox.parse(path=str(turtle))
        if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.BlankNode)
    }
    assert named == set(PLACES)


#: Predicate and object → where the object stands, where its subject does, where the subject's description ends.
NAMELESS = {
    ("e/in", "e/l3"): ((11, 34, 11, 39), (11, 26, 11, 41), (11, 39)),
    ("e/t", "e/u"): ((12, 20, 12, 24), (12, 13, 12, 62), (12, 60)),
    ("e/deep", "e/deeper"): ((12, 49, 12, 58), (12, 39, 12, 60), (12, 58)),
    ("e/p", "e/fromNobody"): ((15, 9, 15, 22), (15, 1, 15, 3), (15, 22)),
    ("e/k", "e/v1"): ((16, 8, 16, 13), (16, 1, 16, 15), (16, 26)),
    ("e/p", "e/v3"): ((17, 15, 17, 20), (17, 1, 17, 9), (17, 20)),
    ("ns#first", "l2"): ((11, 21, 11, 25), (11, 13, 11, 43), (11, 43)),
}


@pytest.mark.parametrize("ends", NAMELESS)
def test_what_is_inside_brackets_is_located_too(ends: tuple[str, str], turtle: Path) -> None:
    places, quads = _read(turtle)
    (number,) = (
        number
        for number, quad in enumerate(quads)
        if quad.predicate.value.endswith(ends[0]) and getattr(quad.object, "value", "").endswith(ends[1])
    )
    found = places.triple(number), places.subject(number), places.end_of_description(number)[:2]
    assert found == NAMELESS[ends]
    assert isinstance(quads[number].subject, ox.BlankNode)


def test_ends_are_just_behind(turtle: Path) -> None:
    assert locate(turtle, Namespaces(), A, "http://e/p", "http://e/o1") == (5, 10, 5, 15)
    several_lines = locate(turtle, Namespaces(), A, "http://e/text", LONG_TEXT)
    assert several_lines == (8, 13, 10, 4)
    assert locate(turtle, Namespaces(), A, "http://e/text", "x") == (10, 17, 10, 26)


def test_what_is_not_there_falls_back_to_predicate_and_subject(turtle: Path) -> None:
    assert _find(turtle, A, "http://e/p", "http://e/nothing") == (5, 10), "the predicate's first object"
    assert _find(turtle, A, "http://e/nothing", "http://e/nothing") == (4, 1), "the subject's typed description"
    assert _find(turtle, A) == (4, 1)
    assert _find(turtle, "http://e/é") == (20, 3)
    assert _find(turtle, None, "http://e/deep", "http://e/deeper") == (12, 49)
    assert _find(turtle, "http://e/nobody") is None


def test_trig_is_located_as_well(tmp_path: Path) -> None:
    path = tmp_path / "graphs.trig"
    path.write_text(
        "@prefix ex: <http://e/> .\nex:a ex:p ex:b .\n"
        "ex:g {\n  ex:c ex:p ex:d ,\n    ex:e .\n}\nGRAPH ex:h { ex:i ex:p 05 }",
        encoding="utf-8",
    )
    assert _find(path, "http://e/a", "http://e/p", "http://e/b") == (2, 11)
    assert _find(path, "http://e/c", "http://e/p", "http://e/e") == (5, 5)
    assert _find(path, "http://e/i", "http://e/p", "05") == (7, 24)


def test_n_triples_and_n_quads_are_located(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text('# first\n\n<u:s> <u:p> "x . y"@en . # <u:no>\n_:b <u:p> _:c.\n')
    assert locate(tmp_path / "a.nt", Namespaces(), "u:s", "u:p", "x . y") == (3, 13, 3, 23)
    assert locate(tmp_path / "a.nt", Namespaces(), None, "u:p") == (4, 11, 4, 14)
    (tmp_path / "a.nq").write_text('<u:s> <u:p> <u:o> <u:g> .\n<u:s> <u:p> "l" _:g .\n<u:s> <u:q> <u:z> .\n')
    assert locate(tmp_path / "a.nq", Namespaces(), "u:s", "u:p", "l") == (2, 13, 2, 16)
    assert locate(tmp_path / "a.nq", Namespaces(), "u:s", "u:q", "u:z") == (3, 13, 3, 18)


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.rdf", '<r xmlns:rdf="...">\n\n<rdf:Description rdf:about="http://e/a"/></r>', 3),
        ("a.owl", '<!DOCTYPE [\n]>\n<r>\n<Class rdf:about="&ex;a"></r>', 4),
        ("a.rdf", '<r xml:base="http://e/">\n<C rdf:ID="a"/></r>', 2),
        ("a.jsonld", '{\n "@context": {},\n "@id": "http://e/a" }', 3),
        ("a.jsonld", '{\n "@id": "ex:a" }', 2),
        ("a.rdf", '<r>\n<C rdf:about="http://e/ab"/></r>', None),
    ],
)
def test_other_formats_tell_the_subjects_line_or_nothing(
    name: str, content: str, line: int | None, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    place = subject_place(tmp_path / name, "http://e/a")
    assert (place and place.line) == line
    if place:
        assert content.splitlines()[place.line - 1][place.column - 1 : place.end_column - 1].startswith(("rdf:", '"@'))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_are_counted_as_an_editor_counts_them(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "lines.ttl"
    path.write_bytes(ending.join(["@prefix ex: <http://e/> .", "", "ex:a ex:p", "  ex:b .", ""]).encode())
    assert _find(path, "http://e/a", "http://e/p", "http://e/b") == (4, 3)


def test_a_file_that_changed_is_read_again(turtle: Path) -> None:
    triple = ("http://e/b", "http://e/p", "http://e/c")
    assert _find(turtle, *triple) == (14, 11)
    turtle.write_text("\n\n" + TURTLE, encoding="utf-8")
    os.utime(turtle, ns=(1, 1))
    assert _find(turtle, *triple) == (16, 11)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.ttl", b"<http://e/a> <http://e/b>"),
        ("latin.ttl", b"# \xe9"),
        ("data.jsonld", b"{}"),
        ("annotated.ttl", b"<u:a> <u:b> <u:c> {| <u:d> <u:e> |} ."),
        ("reified.ttl", b"<< <u:a> <u:b> <u:c> >> <u:d> <u:e> ."),
        ("triple.ttl", b"<u:a> <u:b> <<( <u:a> <u:b> <u:c> )>> ."),
        ("deep.ttl", b"<a:a> <a:b> " + b"[ <a:b> " * 5000),
    ],
)
def test_what_cannot_be_followed_has_no_places(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert places_of(tmp_path / name, 1) is None
    assert places_of(tmp_path / "missing.ttl") is None
    assert locate(tmp_path / name, Namespaces(), "http://e/a") is None


def test_what_is_shipped_is_located_also_under_another_base() -> None:
    ontology = asset_root() / "ontology" / "modules" / "flow.ttl"
    terms = Namespaces().terms
    place = locate(ontology, Namespaces(), f"{terms}InformationFlow")
    moved = Namespaces("https://kg.acme.example/")
    assert place is not None and place == locate(ontology, moved, "https://kg.acme.example/ns/InformationFlow")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_triple_of_a_shipped_file_is_located_on_its_line(path: Path) -> None:
    (places, quads), lines = _read(path), path.read_text(encoding="utf-8").splitlines()
    for number, quad in enumerate(quads):
        if isinstance(quad.object, ox.BlankNode):
            continue
        place = places.triple(number)
        value = str(getattr(quad.object, "value", ""))
        text = lines[place.line - 1][place.column - 1 : place.end_column - 1]
        if isinstance(quad.object, ox.Literal):
            written = value.replace("\\", "\\\\").replace('"', '\\"')
            assert text.startswith((f'"{written}"', value)), quad
        elif quad.predicate.value.partition("#")[2] not in ("first", "rest"):
            local = value.rpartition("#" if "#" in value else "/")[2]
            assert text.rstrip(">").endswith(local), quad
