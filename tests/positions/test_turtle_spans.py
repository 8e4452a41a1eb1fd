"""Spans agree with the parser of record: by property, over Turtle with everything in it."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.store.files import canonical
from qe_kg.turtle_spans import NotFollowedError, Spans, spans_of

ROOT = Path(__file__).resolve().parents[2]
GONE = ox.NamedNode("urn:gone")
PREFIXES = "@prefix ex: <http://e/> .\nPREFIX : <http://f/>\n@prefix true: <http://t/> . BASE <http://b/>\n"

_names = st.sampled_from(
    ["ex:a", "ex:b.c", ":", ":x", "ex:%20", "ex:a\\,b", "ex:a:b", "ex:é", "true:a", "<http://e/a>", "<rel#x>", "_:b1",
     "_:b.2", "ex:1", "ex:x-", "ex:a\\.", "ex:𝒳"]
)  # fmt: skip
_predicates = st.sampled_from(["a", "ex:p", "ex:q", "<http://e/r>", ":p", "true:p"])
_literals = st.sampled_from(
    ['"x"', "'y'", '"a\\"b"@en-GB', '"""l\n"q" ex:z . \\""""', "'''it''s [ '''", '"5"^^ex:int', '"5" ^^ <http://t>',
     "5", "-5", "+.5", "1.5", "1.e0", "5e3", "true", "false", '"# no comment"', '""', '""""""', "'\\u00e9'",
     '"x"@en--ltr']
)  # fmt: skip
_spaces = st.sampled_from([" ", "\n", "\t", " # a ] ; comment . \n", "\n#\n  "])


@st.composite
def _objects(draw: st.DrawFn, depth: int) -> str:
    kind = draw(st.integers(0, 5 if depth else 3))
    if kind <= 1:
        return draw(_names)
    if kind <= 3:
        return draw(_literals)
    if kind == 4:
        inside = draw(_pairs(depth - 1)) if draw(st.booleans()) else ""
        return f"[{draw(_spaces)}{inside}{draw(_spaces)}]"
    members = draw(st.lists(_objects(depth - 1), max_size=3))
    return f"({draw(_spaces)}{draw(_spaces).join(members)}{draw(_spaces)})"


@st.composite
def _pairs(draw: st.DrawFn, depth: int) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        objects = draw(st.lists(_objects(depth), min_size=1, max_size=3))
        comma = f"{draw(_spaces)},{draw(_spaces)}"
        parts.append(f"{draw(_predicates)}{draw(_spaces)}{comma.join(objects)}")
    return f"{draw(_spaces)};{draw(_spaces)}".join(parts) + draw(st.sampled_from(["", " ;", " ;; ;"]))


@st.composite
def _statements(draw: st.DrawFn) -> str:
    kind = draw(st.integers(0, 4))
    if kind == 3:
        return f"[ {draw(_pairs(1))} ]"
    subject = draw(_names) if kind < 3 else f"( {draw(_objects(1))} )"
    return f"{subject}{draw(_spaces)}{draw(_pairs(2))}"


@st.composite
def _documents(draw: st.DrawFn) -> str:
    statements = draw(st.lists(_statements(), min_size=1, max_size=4))
    return PREFIXES + "".join(f"{one}{draw(_spaces)}.{draw(_spaces)}" for one in statements)


@st.composite
def _trig(draw: st.DrawFn) -> str:
    parts = [draw(_statements()) + " ."]
    for _ in range(draw(st.integers(1, 3))):
        label = draw(st.sampled_from(["", "ex:g", "GRAPH ex:g", "graph _:g", "[]", "<http://g>"]))
        inside = " .\n".join(draw(st.lists(_statements(), max_size=2)))
        parts.append(f"{label} {{ {inside}{draw(st.sampled_from(['', ' .']))} }}" if inside else f"{label} {{}}")
    return PREFIXES + draw(_spaces).join(parts)


def _parse(text: str, form: ox.RdfFormat = ox.RdfFormat.TURTLE) -> list[ox.Quad]:
    return list(ox.parse(text, format=form))


def _is_cell(quad: ox.Quad) -> bool:
    return quad.predicate.value.endswith(("ns#first", "ns#rest"))


def _check(text: str, form: ox.RdfFormat) -> None:
    quads, spans = _parse(text, form), spans_of(text)
    assert len(spans) == len(quads)
    for number, quad in enumerate(quads):
        written = text[spans.start[number] : spans.end[number]]
        if quad.predicate.value.endswith("ns#rest"):
            assert written.endswith(")")
            continue
        if isinstance(quad.object, ox.BlankNode) and not written.startswith("_:"):
            assert (written[0], written[-1]) in {("[", "]"), ("(", ")")}, quad
            continue
        # Written over in the text, exactly this triple has another object.
        changed = text[: spans.start[number]] + " <urn:gone> " + text[spans.end[number] :]
        expected = [*quads[:number], ox.Quad(quad.subject, quad.predicate, GONE, quad.graph_name), *quads[number + 1 :]]
        assert canonical(_parse(changed, form)) == canonical(expected)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(_documents())
def test_writing_over_an_objects_span_changes_its_triple_alone(text: str) -> None:
    _check(text, ox.RdfFormat.TURTLE)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(_trig())
def test_trig_agrees_with_the_parser_too(text: str) -> None:
    _check(text, ox.RdfFormat.TRIG)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(_documents())
def test_what_is_missing_can_be_written_at_the_end_of_the_description(text: str) -> None:
    quads, spans = _parse(text), spans_of(text)
    for number, quad in enumerate(quads):
        if _is_cell(quad):
            continue
        end = spans.block_end[spans.block[number]]
        changed = f"{text[:end]} ; ex:added <urn:gone> {text[end:]}"
        added = ox.Quad(quad.subject, ox.NamedNode("http://e/added"), GONE)
        assert canonical(_parse(changed)) == canonical([*quads, added])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(_documents())
def test_writing_over_a_subjects_span_renames_the_description(text: str) -> None:
    quads, spans = _parse(text), spans_of(text)
    for number, quad in enumerate(quads):
        block = spans.block[number]
        start, end = spans.subject_start[block], spans.subject_end[block]
        if text[start] in "[(":
            assert text[end - 1] in "])"
            continue
        members = {one for one in range(len(quads)) if spans.block[one] == block}
        changed = text[:start] + " <urn:gone> " + text[end:]
        expected = [
            ox.Quad(GONE, one.predicate, one.object, one.graph_name) if index in members else one
            for index, one in enumerate(quads)
        ]
        assert canonical(_parse(changed)) == canonical(expected)
        assert all(quads[one].subject == quad.subject for one in members)


def _spans_of_file(path: Path) -> Spans:
    return spans_of(path.read_text(encoding="utf-8"))


def test_every_shipped_file_is_followed() -> None:
    paths = [path for folder in ("ontology", "shapes", "data", "examples") for path in (ROOT / folder).rglob("*.ttl")]
    assert len(paths) > 40
    for path in paths:
        quads, spans = list(ox.parse(path=str(path))), _spans_of_file(path)
        assert len(quads) == len(spans), path
        text = path.read_text(encoding="utf-8")
        for number, quad in enumerate(quads):
            written = text[spans.start[number] : spans.end[number]]
            assert _is_cell(quad) or isinstance(quad.object, ox.Literal) == (
                written[0] in "\"'+-.0123456789" or written in {"true", "false"}
            )


@pytest.mark.parametrize(
    "text", ["<< <u:a> <u:b> <u:c> >> <u:d> <u:e> .", "<u:a> <u:b> <u:c> ~ <u:r> .", "{ <u:a> <u:b> ]", "nonsense"]
)
def test_what_cannot_be_followed_is_refused(text: str) -> None:
    with pytest.raises(NotFollowedError):
        spans_of(text)
