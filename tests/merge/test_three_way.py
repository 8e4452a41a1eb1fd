"""Merging by statement: the outcome worked out by hand, and by property."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.merge import Conflict, merge_texts
from qe_kg.turtle_text import NotEditableError
from tests.diff.graphs import canonical

HEAD = """@prefix t: <https://test.example/id/> .
@prefix s: <http://www.w3.org/2004/02/skos/core#> .
"""
BASE = f"""{HEAD}
# Streams

# the first
t:a a t:Stream ; # why
    s:prefLabel "A"@en ;
    s:prefLabel "Aa"@de ;
    t:tag t:x , t:y .

t:b a t:Stream ;
    s:prefLabel "B"@en .

# the end
"""
LABEL = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
SINGLE = frozenset({LABEL})


def parse(text: str) -> set[str]:
    return {str(quad) for quad in ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)}


def merged(ours: str, theirs: str, base: str = BASE) -> str:
    found = merge_texts(base, ours, theirs, single=SINGLE)
    assert found.conflicts == ()
    old, our, their = parse(base), parse(ours), parse(theirs)
    assert parse(found.text) == (our | (their - old)) - (old - their)
    return found.text


def test_what_both_left_alone_or_one_changed() -> None:
    changed = BASE.replace('"B"@en', '"Bee"@en')
    assert merged(BASE, BASE) == BASE
    assert merged(changed, BASE) == changed
    assert merged(BASE, changed) == changed
    assert merged(changed, changed) == changed


def test_values_of_one_property_from_both_sides_come_together_in_place() -> None:
    ours = BASE.replace("t:x , t:y .", "t:x , t:y , t:ours .").replace("# why", "# because")
    theirs = BASE.replace("t:x , t:y", "t:z , t:y").replace("t:a a t:Stream ;", "t:a a t:Stream , t:Thing ;")
    assert merged(ours, theirs) == ours.replace("t:x , t:y , t:ours .", "t:z , t:y , t:ours .").replace(
        "t:a a t:Stream ;", "t:a a t:Stream , t:Thing ;"
    )


def test_a_property_goes_and_another_comes_and_comments_stay() -> None:
    theirs = BASE.replace('    s:prefLabel "Aa"@de ;\n', "").replace('"B"@en .', '"B"@en ;\n    t:size 1 .')
    ours = BASE.replace("# Streams", "# All streams")
    assert merged(ours, theirs) == theirs.replace("# Streams", "# All streams")


def test_a_new_element_stands_behind_the_one_that_it_follows() -> None:
    new = '# new\nt:n a t:Stream ;\n    s:prefLabel "N"@en .\n\n'
    theirs = BASE.replace("t:b a t:Stream", f"{new}t:b a t:Stream")
    ours = BASE.replace("# the end", "t:o a t:Stream .\n\n# the end")
    assert merged(ours, theirs) == ours.replace("t:b a t:Stream", f"{new}t:b a t:Stream")
    assert merged(BASE, f"{BASE}\nt:last a t:Stream .\n") == BASE.replace(
        "\n# the end", "\nt:last a t:Stream .\n\n# the end"
    )
    first = BASE.replace("# Streams", "t:first a t:Stream .\n\n# Streams")
    text = merged(BASE, first)
    assert text.index("t:first") < text.index("t:a a"), "before what it precedes, where nothing stands before it"


def test_an_element_that_theirs_deleted_goes_with_its_empty_line() -> None:
    theirs = BASE.replace('t:b a t:Stream ;\n    s:prefLabel "B"@en .\n\n', "")
    assert merged(BASE, theirs) == theirs


def test_both_add_the_same_new_element_with_something_of_their_own() -> None:
    ours, theirs = f"{BASE}\nt:n a t:Stream ;\n    t:tag t:x .\n", f"{BASE}\nt:n a t:Stream ;\n    t:tag t:y .\n"
    assert merged(ours, theirs) == ours.replace("t:tag t:x .\n", "t:tag t:x , t:y .\n")


def test_prefixes_of_theirs_come_along_or_are_written_out() -> None:
    theirs = BASE.replace("\n\n# Streams", "\n@prefix u: <https://u.example/> .\n\n# Streams", 1) + "\nu:x u:y u:z .\n"
    assert merged(BASE, theirs).startswith(f"{HEAD}@prefix u: <https://u.example/> .\n\n# Streams")
    other = BASE.replace("\n\n# Streams", "\n@prefix u: <https://other.example/> .\n\n# Streams", 1)
    text = merged(other, theirs)
    assert "<https://u.example/x> <https://u.example/y> <https://u.example/z> ." in text
    swapped = BASE.replace("t:", "q:").replace("@prefix q:", "@prefix q:") + "\nq:new a q:Stream .\n"
    assert "q:new a q:Stream ." in merged(BASE, swapped)


def test_structures_without_a_name_are_values_like_others() -> None:
    base = BASE.replace('"B"@en .', '"B"@en ;\n    t:shape [ t:min 1 ; t:list ( 1 2 ) ] .')
    theirs = base.replace("( 1 2 )", "( 1 2 3 )")
    ours = base.replace("t:tag t:x , t:y", "t:tag t:x")
    text = merge_texts(base, ours, theirs).text
    assert "[ t:min 1 ; t:list ( 1 2 3 ) ]" in text and "t:y" not in text
    again = merge_texts(base, base.replace("[ t:min 1 ; t:list ( 1 2 ) ]", "[ t:list ( 1 2 ) ; t:min 1 ]"), base)
    assert again.conflicts == (), "the order inside of a structure means nothing"
    top = merge_texts(BASE, BASE, f"{BASE}\n[] a t:Axiom ; t:members ( t:a t:b ) .\n")
    assert "[] a t:Axiom ; t:members ( t:a t:b ) ." in top.text


def test_both_changed_one_value_differently() -> None:
    ours, theirs = BASE.replace('"B"@en', '"Bee"@en'), BASE.replace('"B"@en', '"Be"@en')
    theirs = theirs.replace("t:x , t:y", "t:x , t:y , t:z")
    found = merge_texts(BASE, ours, theirs, single=SINGLE)
    assert found.text == ours.replace("t:x , t:y", "t:x , t:y , t:z").replace(
        't:b a t:Stream ;\n    s:prefLabel "Bee"@en .',
        '<<<<<<< ours\nt:b a t:Stream ;\n    s:prefLabel "Bee"@en .\n=======\n'
        't:b a t:Stream ;\n    s:prefLabel "Be"@en .\n>>>>>>> theirs',
    )
    (conflict,) = found.conflicts
    assert (conflict.subject, conflict.deleted_by) == ("<https://test.example/id/b>", None)
    assert {slot.predicate for slot in conflict.slots} == {LABEL}


def test_both_gave_a_first_value_to_a_property_that_has_one() -> None:
    ours, theirs = (BASE.replace('"B"@en .', f'"B"@en ;\n    s:prefLabel "{word}"@fr .') for word in ("Un", "Deux"))
    assert len(merge_texts(BASE, ours, theirs, single=SINGLE).conflicts) == 1
    assert merge_texts(BASE, ours, theirs).conflicts == (), "where it may have several, both are kept"
    german = BASE.replace('"B"@en .', '"B"@en ;\n    s:prefLabel "Zwei"@de .')
    assert merge_texts(BASE, ours, german, single=SINGLE).conflicts == (), "another language is another value"


def test_one_deleted_what_the_other_changed() -> None:
    without = BASE.replace('t:b a t:Stream ;\n    s:prefLabel "B"@en .\n\n', "")
    changed = BASE.replace('"B"@en', '"Bee"@en')
    block = 't:b a t:Stream ;\n    s:prefLabel "Bee"@en .'
    found = merge_texts(BASE, changed, without)
    assert found.conflicts[0].deleted_by == "theirs"
    assert f"\n<<<<<<< ours\n{block}\n=======\n>>>>>>> theirs\n\n# the end" in found.text
    found = merge_texts(BASE, without, changed)
    assert found.conflicts[0].deleted_by == "ours"
    assert f"\n<<<<<<< ours\n=======\n{block}\n>>>>>>> theirs\n\n# the end" in found.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}_:x a t:Stream .\n", "labelled blank nodes"),
        (f"@base <https://test.example/> .\n{HEAD}", "@base"),
        (f"{HEAD}<rel> a t:Stream .\n", "relative name"),
        (f"{HEAD}@prefix t: <https://other.example/> .\n", "declared twice"),
    ],
)
def test_what_cannot_be_merged_by_statement_is_said(text: str, message: str) -> None:
    with pytest.raises(NotEditableError, match=message):
        merge_texts(text, text, text)


# --- by property -------------------------------------------------------------------------------------------

SUBJECTS = ("t:a", "t:b", "t:c", "<https://test.example/id/d>")
PREDICATES = ("a", "t:p", "t:q", "s:prefLabel")
VALUES = ("t:x", "t:y", "1", '"1"', '"a \\" # ; . b"@en', "[ t:p 1 ; t:q ( t:x 2 ) ]", '"""two\nlines"""', "true")
triples = st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(PREDICATES), st.sampled_from(VALUES)).filter(
    lambda row: row[1] != "a" or row[2].startswith("t:")
)
sets = st.frozensets(triples, max_size=9)


def rendered(rows: frozenset[tuple[str, str, str]], style: int, name: str) -> str:
    """Write statements in one of several styles, with comments in all places."""
    lines = [HEAD]
    for number, subject in enumerate(sorted({row[0] for row in rows}, reverse=bool(style & 1))):
        about = sorted((row for row in rows if row[0] == subject), key=lambda row: row[1:])
        lines.append(f"# {name} {number} before")
        if style & 2:
            grouped: dict[str, list[str]] = {}
            for _, predicate, value in about:
                grouped.setdefault(predicate, []).append(value)
            parts = [f"{predicate} {' , '.join(values)}" for predicate, values in grouped.items()]
            lines.append(f"{subject} " + f" ; # {name} {number} within\n    ".join(parts) + " .\n")
        else:
            lines += [" ".join(row) + " ." for row in about]
    return "\n".join(lines) + "\n"


def meaning(text: str) -> list[str]:
    return canonical(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(sets, sets, sets, st.tuples(*[st.integers(0, 3)] * 3))
def test_without_conflict_the_outcome_is_the_merge_of_the_statements(
    common: frozenset[tuple[str, str, str]],
    ours: frozenset[tuple[str, str, str]],
    theirs: frozenset[tuple[str, str, str]],
    styles: tuple[int, int, int],
) -> None:
    texts = [rendered(side, style, name) for side, style, name in zip(
        (common, ours | common, theirs ^ common), styles, ("base", "ours", "theirs"), strict=True
    )]  # fmt: skip
    found = merge_texts(*texts, single=SINGLE)
    our_comments = [line for line in texts[1].splitlines() if line.startswith("# ours")]
    assert all(comment in found.text for comment in our_comments)
    changed = theirs ^ common
    expected = (ours | common | (changed - common)) - (common - changed)
    if not found.conflicts:
        assert meaning(found.text) == meaning(rendered(expected, 0, "expected"))
    for side, rows in enumerate((ours | common, changed)):
        # Whichever side is taken: what is in dispute is that side's, and all the rest is merged.
        wanted = {row for row in expected if not in_dispute(row, found.conflicts)}
        wanted |= {row for row in rows if in_dispute(row, found.conflicts)}
        assert meaning(chosen(found.text, side)) == meaning(rendered(frozenset(wanted), 0, "expected"))


def in_dispute(row: tuple[str, str, str], conflicts: tuple[Conflict, ...]) -> bool:
    spaces = {"t:": "https://test.example/id/", "s:": "http://www.w3.org/2004/02/skos/core#"}

    def key(name: str) -> str:
        if name == "a":
            return "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
        return f"<{spaces[name[:2]]}{name[2:]}>" if name[:2] in spaces else name

    language = row[2].rpartition("@")[2] if row[2].endswith("@en") else ""
    return any(
        conflict.subject == key(row[0])
        and (
            conflict.deleted_by is not None
            or any(s.predicate == key(row[1]) and s.language in (None, language) for s in conflict.slots)
        )
        for conflict in conflicts
    )


def chosen(text: str, side: int) -> str:
    """Resolve every conflict of a text for one side."""
    lines, state = [], 2
    for line in text.splitlines():
        if line.startswith("<<<<<<< "):
            state = 0
        elif line.startswith("======="):
            state = 1
        elif line.startswith(">>>>>>> "):
            state = 2
        elif state in (2, side):
            lines.append(line)
    return "\n".join(lines) + "\n"


@settings(derandomize=True, max_examples=100, deadline=None)
@given(sets, sets, st.integers(0, 3), st.integers(0, 3))
def test_one_side_that_changed_nothing_gives_the_other(
    common: frozenset[tuple[str, str, str]], other: frozenset[tuple[str, str, str]], style: int, second: int
) -> None:
    base, changed = rendered(common, style, "base"), rendered(other, second, "other")
    theirs = merge_texts(base, base, changed)
    assert theirs.conflicts == () and meaning(theirs.text) == meaning(changed)
    ours = merge_texts(base, changed, base)
    assert ours.conflicts == () and ours.text == changed
