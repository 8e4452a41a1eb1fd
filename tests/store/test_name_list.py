"""Names that are kept beside a store give the answers that comparing with every name gives."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest

from qe_kg import Model, UnknownNameError, open_model
from qe_kg.catalogue import Catalogue
from qe_kg.generate import Enterprise, write_model
from qe_kg.opening import load_model
from qe_kg.store import name_list
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.name_list import NameList
from qe_kg.terms import parse_term

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("participant", "flow", "item", "concept")


@cache
def model() -> Model:
    return open_model(ROOT / "data" / "quantum-energy")


def misspelt(name: str, chance: Random) -> str:
    """A name with two slips in it: a letter left out, doubled, or another one."""
    letters = list(name)
    for _ in range(2):
        at = chance.randrange(len(letters))
        letters[at] = chance.choice(["", letters[at] * 2, chance.choice("aeinrst")])
        letters = list("".join(letters)) or ["a"]
    return "".join(letters)


def told(catalogue: Catalogue, name: str) -> str:
    try:
        return catalogue.resolve(name, *KINDS).iri
    except UnknownNameError as error:
        return str(error)


def with_list(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """A catalogue of a store whose names count as many."""
    monkeypatch.setattr(name_list, "MANY", 0)
    monkeypatch.setattr(name_list, "_BLOCK", 5_000)
    catalogue = Catalogue(store, model().namespaces)
    assert catalogue._list is not None
    return catalogue


def test_the_nearest_names_are_those_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    store = model().store
    assert isinstance(store, EmbeddedStore)
    usual = Catalogue(store, model().namespaces)
    assert usual._list is None  # these are few
    chance = Random(4)
    names = chance.sample([name for name in usual.names(*KINDS) if len(name) > 3], 25)
    asked = [misspelt(name, chance) for name in names] + ["Grid", "metering", "zzzzz", "x", " ", "ü", 'a "b" \\ c']
    expected = [told(usual, name) for name in [*asked, *(name.swapcase() for name in names[:10])]]
    listed = with_list(store, monkeypatch)
    assert [told(listed, name) for name in [*asked, *(name.swapcase() for name in names[:10])]] == expected
    assert sum("nearest names are" in one for one in expected) > 20


def test_a_name_in_another_case_is_found_in_any_language(monkeypatch: pytest.MonkeyPatch) -> None:
    store, skos = EmbeddedStore(), "http://www.w3.org/2004/02/skos/core#"
    store.update(
        f"INSERT DATA {{ <t:a> <{skos}prefLabel> 'Ärzte'@de, 'Grid\\n\"Data\"' . <t:b> <{skos}altLabel> 'GRID data' ; "
        f"<{skos}notation> 'Grid Data Two' }}"
    )
    monkeypatch.setattr(name_list, "MANY", 0)
    found = NameList.read(store)
    assert found is not None
    assert [name.n3() for name in found.spelled("ärzte")] == ['"Ärzte"@de']
    assert [name.n3() for name in found.spelled("grid DATA")] == ['"GRID data"']
    assert found.spelled('GRID\n"data"') == [parse_term('"Grid\\n\\"Data\\""')] and found.spelled("grid") == []
    assert {name.value for name in found.like("data two")} >= {"Grid Data Two", "GRID data"}


def test_loading_keeps_the_names_of_a_large_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_list, "MANY", 300)
    write_model(Enterprise(300, evidence=False), tmp_path / "model")
    loaded = load_model(tmp_path / "model", tmp_path / "store")
    code = next(name for name in loaded.catalogue.names("participant") if name.startswith("REG-"))
    assert (tmp_path / "store" / "names.txt").is_file()
    # Only what is kept is read: the names in the store are not gone through.
    monkeypatch.setattr(Catalogue, "_all_names", None)
    assert loaded.catalogue.resolve(code.lower(), "participant").code == code
    with pytest.raises(UnknownNameError, match=code):
        loaded.catalogue.resolve(code + "x", "participant")
