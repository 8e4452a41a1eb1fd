"""What the warm index is made of: columns of rows as numbers, texts in a block, names read in bulk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg import open_model
from qe_kg.errors import ReadError
from qe_kg.lineage import texts
from qe_kg.lineage.index import FlowIndex
from qe_kg.lineage.names import FlowNames
from qe_kg.lineage.texts import Texts, numbered, two_columns
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.terms import parse_term

ROOT = Path(__file__).resolve().parents[2]
brief = settings(derandomize=True, max_examples=150, deadline=None)
NAMES = st.text("abü/-", max_size=20).map(lambda text: f"https://t.example/id/{text}")
CELLS = st.one_of(NAMES.map(lambda name: f"<{name}>"), st.sampled_from(["_:b", '"a"', '"<x>"@en', "5", ""]))


@given(st.lists(st.tuples(CELLS, CELLS), max_size=30), st.sampled_from(["", "long/" * 60]))
@brief
def test_columns_are_numbered_as_sorting_them_would(rows: list[tuple[str, str]], more: str) -> None:
    rows = [*rows, (f"<{more}>", f"<{more}a>")]
    text = "".join("\t".join(row) + "\n" for row in (("?a", "?b"), *rows))
    one, other = two_columns(text.encode())
    expected = [tuple(cell[1:-1] for cell in row) for row in rows if all(cell[:1] == "<" for cell in row)]
    found, (first, second) = numbered(one, other)
    assert list(found) == sorted({cell for row in expected for cell in row})
    assert [(found[a], found[b]) for a, b in zip(first.tolist(), second.tolist(), strict=True)] == expected
    assert [found[at] for at in range(len(found))] == list(found)
    asked = [cell for row in expected[:3] for cell in row]
    assert found.take(found.numbers([*asked, "https://t.example/none"])) == sorted(set(asked))


def test_texts_that_are_mixed_into_one_number_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_FACTORS", np.zeros(64, np.uint64))  # all are, then
    names = [f"{one:02}-{other:06}-{one:02}" for one in range(12) for other in range(5)]
    rows = "?a\t?b\n" + "".join(f"<{name}>\t<{name[::-1]}>\n" for name in names)
    found, (first, second) = numbered(*two_columns(rows.encode()))
    assert list(found) == sorted({*names, *(name[::-1] for name in names)})
    assert found.take(first) == names and found.take(second) == [name[::-1] for name in names]


@pytest.mark.parametrize(
    ("text", "value", "language"),
    [
        ("<https://t.example/a>", "https://t.example/a", None),
        ('"a \\"b\\" \\\\ \\n\\t\\u00fc"@en-gb', 'a "b" \\ \n\tü', "en-gb"),
        ('"2"^^<http://www.w3.org/2001/XMLSchema#gYear>', "2", None),
        ('"plain"', "plain", None),
        ("17", "17", None),
        ("_:b0", "b0", None),
    ],
)
def test_terms_in_rows_are_read(text: str, value: str, language: str | None) -> None:
    term = parse_term(text)
    assert (term.value, term.language) == (value, language)


@pytest.mark.parametrize("name", ["data/quantum-energy", "examples/riverside-clinic"])
def test_names_read_in_bulk_are_those_asked_for_one_by_one(name: str, tmp_path: Path) -> None:
    catalogue = open_model(ROOT / name).catalogue
    found = catalogue.describe_kinds("participant", "item")
    assert len(found) > 30 and catalogue.describe(found) == found
    participants = Texts.of(sorted(found)[:20])
    items = Texts.of(sorted([*sorted(found)[20:], "https://t.example/id/nobody"]))
    FlowNames.read(catalogue, participants, items).write(tmp_path)
    kept = FlowNames.kept(tmp_path, participants, items)
    assert kept is not None
    assert kept.participants.elements(np.arange(20)) == [found[iri] for iri in participants]
    every = kept.items.elements(np.arange(len(items)))
    assert [one.label for one in every if one.iri not in found] == ["nobody"]
    by_rank = sorted(every, key=lambda one: (one.name, one.iri))
    assert [every[at] for at in np.argsort(kept.items.rank)] == by_rank


def test_a_flow_that_lacks_an_end_is_none_and_damage_is_told(tmp_path: Path) -> None:
    store, names = EmbeddedStore(), open_model(ROOT / "examples" / "riverside-clinic").namespaces
    whole = "INSERT DATA {{ <t:f1> <{0}hasSource> <t:a> ; <{0}hasTarget> <t:b> ; <{0}carries> <t:x>, <t:w>, 'no' ."
    half = "<t:f0> <{0}hasSource> <t:c> ; <{0}carries> <t:y> . <t:f2> <{0}hasTarget> <t:a>, 'nobody' }}"
    store.update((whole + half).format(names.terms))
    index = FlowIndex.read(store, names)
    assert [list(one) for one in (index.iris, index.participants, index.items)] == [
        ["t:f1"], ["t:a", "t:b"], ["t:w", "t:x"],
    ]  # fmt: skip
    assert [(flow.source, flow.target, flow.items) for flow in index.flows(np.arange(1))] == [
        ("t:a", "t:b", ("t:w", "t:x"))
    ]
    (tmp_path / "flow-index.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ReadError, match="load the model anew"):
        FlowIndex.kept(tmp_path)
