"""The place of every kind of result: against a table written by hand, and by taking out what is at the place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.loose_files import validate_files
from qe_kg.validation.report import Result, SourcePlace

PREFIXES = """\
@prefix ex: <http://e/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
DATA = """\
ex:a a ex:C ;
    ex:p "one" ,
        "two"@en ,
        "drei"@de ; ex:q "two"@en ;
    ex:low 5 ; ex:high 3 , 4 ;
    ex:to [ ex:name "inner" ; ex:size 7 ] .

ex:b a ex:C .
ex:b ex:p "second description" .
ex:c ex:knows ex:a , ex:b .
[] a ex:D ; ex:p 1 , 2 .
ex:d a ex:E ;
    ex:from ex:s ; ex:into ex:t .
ex:s ex:zone ex:left .
ex:t ex:zone ex:right .
ex:f a ex:F ; ex:label "x"@en , "y"@EN , "z"@fr .
"""
#: Of each result: what is at its place, at all blamed places, where a triple belongs, how the shape's place begins.
Row = tuple[str | None, list[str], str | None, str]
SHAPES: dict[str, tuple[str, list[Row]]] = {
    "too few": (
        "sh:targetNode ex:b ; sh:property [ sh:path ex:r ; sh:minCount 1 ]",
        [("ex:b a ex:C", [], "8:12", "1 ]")],
    ),
    "too few, some there": (
        "sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount 4 ]",
        [("ex:a a … ex:size 7 ]", ['"one"', '"two"@en', '"drei"@de'], "6:42", "4 ]")],
    ),
    "too many": (
        "sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:maxCount 2 ]",
        [('"one"', ['"one"', '"two"@en', '"drei"@de'], None, "2 ]")],
    ),
    "wrong value": (
        "sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:languageIn ( \"en\" \"de\" ) ]",
        [('"one"', ['"one"'], None, '( "en" "de" )')],
    ),
    "in another description": (
        "sh:targetNode ex:b ; sh:property [ sh:path ex:p ; sh:maxLength 3 ]",
        [('"second description"', ['"second description"'], None, "3 ]")],
    ),
    "at the end of a path": (
        "sh:targetNode ex:a ; sh:property [ sh:path ( ex:to ex:size ) ; sh:maxInclusive 6 ]",
        [('[ ex:name "inner" ; ex:size 7 ]', ['[ ex:name "inner" ; ex:size 7 ]', "7"], None, "6 ]")],
    ),
    "along an alternative, an inverse and a star": (
        "sh:targetNode ex:b ; sh:property [ sh:path ( [ sh:inversePath ex:knows ] [ sh:zeroOrMorePath ex:knows ] "
        "[ sh:alternativePath ( ex:low ex:no ) ] ) ; sh:maxInclusive 1 ]",
        [("ex:b", ["ex:b", "ex:a", "5"], None, "1 ]")],
    ),
    "greater than another": (
        "sh:targetNode ex:a ; sh:property [ sh:path ex:low ; sh:lessThan ex:high ]",
        [("5", ["5", "3", "4"], None, "ex:high ]")] * 2,
    ),
    "equal to another": (
        "sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:disjoint ex:q ]",
        [('"two"@en', ['"two"@en', '"two"@en'], None, "ex:q ]")],
    ),
    "one language twice": (
        "sh:targetNode ex:f ; sh:property [ sh:path ex:label ; sh:uniqueLang true ]",
        [('"x"@en', ['"x"@en', '"y"@EN'], None, "true ]")],
    ),
    "closed": (
        "sh:targetNode ex:c ; sh:closed true",
        [("ex:a", ["ex:a"], None, "true"), ("ex:b", ["ex:b"], None, "true")],
    ),
    "a blank node as focus": (
        "sh:targetClass ex:D ; sh:property [ sh:path ex:p ; sh:maxExclusive 2 ]",
        [("2", ["2"], None, "2 ]")],
    ),
    "a node that breaks a rule": (
        "sh:targetClass ex:E ; sh:not [ sh:property [ sh:path ( ex:from ex:zone ) ; sh:hasValue ex:left ] ; "
        "sh:property [ sh:path ( ex:into ex:zone ) ; sh:hasValue ex:right ] ]",
        [("ex:d", ["ex:s", "ex:left", "ex:t", "ex:right"], None, "[ sh:property")],
    ),
    "a query": (
        'sh:targetClass ex:E ; sh:sparql [ sh:select "SELECT $this WHERE { $this <http://e/from> ?s }" ]',
        [("ex:d", ["ex:s"], None, "[ sh:select")],
    ),
    "a focus that nothing describes": (
        "sh:targetObjectsOf ex:zone ; sh:class ex:Zone",
        [("ex:left", [], None, "ex:Zone"), ("ex:right", [], None, "ex:Zone")],
    ),
    "a focus that is nowhere": ("sh:targetNode ex:nowhere ; sh:class ex:Zone", [(None, [], None, "ex:Zone")]),
}  # fmt: skip


def _text(text: str, place: SourcePlace | None) -> str | None:
    """Cut out what stands at a place; of several lines, first and last words."""
    if place is None or place.line is None or place.end_line is None:
        return None
    start, end = _offset(text, place.line, place.column), _offset(text, place.end_line, place.end_column)
    found = text[start:end]
    return found if "\n" not in found else f"{found[:6]} … {found[-11:]}"


def _offset(text: str, line: int, column: int | None) -> int:
    return sum(len(one) for one in text.splitlines(keepends=True)[: line - 1]) + (column or 1) - 1


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[Result]]]:
    """Validate with all shapes at once: name → the text of the shape's file, its results in order."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "data.ttl").write_text(PREFIXES + DATA, encoding="utf-8")
    texts = {}
    for number, (name, (shape, _)) in enumerate(SHAPES.items()):
        rule = f"ex:S{number} a sh:NodeShape ; {shape} ."
        # The nested shapes have no names, so the rule is told by the file that the shape's place names.
        texts[name] = f"{PREFIXES}{rule}\n"
        (folder / f"shape{number}.ttl").write_text(texts[name], encoding="utf-8")
    report = validate_files([folder / "data.ttl"], sorted(folder.glob("shape*.ttl")))
    by_name: dict[str, tuple[str, list[Result]]] = {name: (text, []) for name, text in texts.items()}
    for result in report.results:
        assert result.shape_source is not None, "every shape stands in a file"
        number = int(re.findall(r"shape(\d+)\.ttl", result.shape_source.file)[0])
        by_name[list(SHAPES)[number]][1].append(result)
    return by_name


@pytest.mark.parametrize("name", SHAPES)
def test_each_kind_of_result_has_the_places_of_the_table(name: str, found: dict[str, tuple[str, list[Result]]]) -> None:
    shapes_text, results = found[name]
    text = PREFIXES + DATA
    rows = [
        (
            _text(text, one.source),
            [_text(text, place) for place in one.blamed],
            one.belongs and f"{(one.belongs.line or 0) - 3}:{one.belongs.column}",
        )
        for one in results
    ]
    expected = SHAPES[name][1]
    assert sorted(map(str, rows)) == sorted(str(row[:3]) for row in expected)
    for one in results:
        place = one.shape_source
        assert place is not None and place.line is not None
        told = one.to_dict()
        assert told["places"] == [place.to_dict() for place in dict.fromkeys((one.source, *one.blamed)) if place]
        related = {"the shape that says so": place, f"{one.path or 'what is missing'} belongs here": one.belongs}
        assert {there.pop("what"): there for there in told["related"]} == {
            what: place.to_dict() for what, place in related.items() if place and place.line
        }
        assert shapes_text[_offset(shapes_text, place.line, place.column) :].startswith(expected[0][3])


# --- by property: take out what is blamed, and the result is gone or changed ------------------------------------

_objects = ["1", "2", "30", '"x"', '"y"@en', "ex:o", "ex:o2", "ex:self", "[ ex:q 40 ]"]
_values = st.lists(st.sampled_from(_objects), unique=True, max_size=4)
PROPERTY_SHAPES = """
ex:S a sh:NodeShape ; sh:targetClass ex:C ;
  sh:property [ sh:path ex:p ; sh:maxCount 1 ; sh:nodeKind sh:Literal ; sh:maxInclusive 10 ] ;
  sh:property [ sh:path ( ex:q ex:q ) ; sh:maxInclusive 10 ] ;
  sh:property [ sh:path ex:p ; sh:disjoint ex:q ] ;
  sh:property [ sh:path ex:r ; sh:datatype xsd:integer ] ;
  sh:not [ sh:property [ sh:path ex:q ; sh:minCount 1 ; sh:maxCount 1 ] ;
           sh:property [ sh:path ex:r ; sh:minCount 1 ; sh:maxCount 1 ] ] .
"""


def _without(text: str, place: SourcePlace) -> str:
    """Take the triple whose object stands at a place out of the text, with its comma, or with its predicate."""
    assert place.line and place.end_line
    start, end = _offset(text, place.line, place.column), _offset(text, place.end_line, place.end_column)
    before, after = text[:start].rstrip(), text[end:].lstrip()
    if before.endswith(","):
        return f"{before[:-1]} {after}"
    if after.startswith(","):
        return f"{before} {after[1:]}"
    return f"{before.rpartition(' ')[0].rstrip().removesuffix(';')} {after}"


def _key(result: Result) -> tuple[str | None, ...]:
    value = "" if result.value and not result.value.startswith("http") and len(result.value) > 20 else result.value
    return result.component, result.focus, result.path, value


def _results(folder: Path, text: str) -> list[Result]:
    (folder / "data.ttl").write_text(text, encoding="utf-8")
    return list(validate_files([folder / "data.ttl"], [folder / "shapes.ttl"]).results)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.tuples(_values, _values, _values))
def test_without_a_blamed_triple_the_result_is_gone_or_changed(values: tuple[list[str], list[str], list[str]]) -> None:
    import tempfile

    pairs = [f"ex:{name} {' , '.join(objects)}" for name, objects in zip("pqr", values, strict=True) if objects]
    text = PREFIXES + " ;\n  ".join(["ex:self a ex:C", *pairs, "ex:end true"]) + " .\n"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shapes.ttl").write_text(PREFIXES + PROPERTY_SHAPES, encoding="utf-8")
        before = _results(folder, text)
        taken: dict[SourcePlace, list[Result]] = {}
        for result in before:
            assert result.blamed and (result.source == result.blamed[0] or result.path is None)
            for place in result.blamed:
                if place not in taken:
                    taken[place] = _results(folder, _without(text, place))
                after = [one for one in taken[place] if _key(one) == _key(result)]
                same = [one for one in before if _key(one) == _key(result)]
                assert len(after) < len(same) or [len(one.blamed) for one in after] != [len(one.blamed) for one in same]
