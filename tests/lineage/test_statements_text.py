"""The index of flows read off the text of files is the one that is asked of a store into which they were loaded."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qe_kg import Model, open_model
from qe_kg.errors import ReadError
from qe_kg.generate import Enterprise, write_model
from qe_kg.lineage import statements_text
from qe_kg.lineage.index import FlowIndex
from qe_kg.namespaces import Namespaces
from qe_kg.store.embedded import EmbeddedStore

ROOT = Path(__file__).resolve().parents[2]
NAMES = Namespaces()
T = "https://t.example/id/"
FLOWS, PLACES, ITEMS = ([f"{T}{kind}{number}" for number in range(4)] for kind in "fpi")
DERIVATIONS = ["_:d0", "_:d1", f"<{T}d2>", f"<{T}d3>"]
HEADS = [*(f"<{one}>" for one in [*FLOWS, f"{T}f\u00fc", T + "f" * 300]), "_:f"]
#: For each property what may be its subject and its object.
ENDS = {
    "hasSource": (HEADS, PLACES), "hasTarget": (HEADS, PLACES), "carries": (HEADS, [*ITEMS, T + "i" * 300]),
    "isDerivedAt": (DERIVATIONS, PLACES), "takesInput": (DERIVATIONS, ITEMS), "givesOutput": (DERIVATIONS, ITEMS),
    "hasSourceSystem": (HEADS, PLACES), "carriesNot": (HEADS, ITEMS), "carry": (HEADS, ITEMS),
}  # fmt: skip
#: How one statement may be written, and what is not one.
FORMS = [
    "{s} <{p}> <{o}> .\n", "{s} <{p}> <{o}> .\n", "{s} <{p}> <{o}> .\n", "{s}\t<{p}>\t<{o}>\t.\n",
    "{s}<{p}><{o}>.\n", "  {s}  <{p}> <{o}> .\n", "{s} <{p}> <{o}> . # <{o}> .\n", "{s} <{p}> <{o}> . # <a> > .\n",
    "{s} <{p}> <{o}> .\r\n", "{s} <{p}> <{o}> .\r", "{s} <{e}> <{o}> .\n", "{s} <{p}> _:o .\n",
    "{s} <{p}> \"<{o}> .\" .\n", "{s} <{p}> \"> <{p}> <{o}>\"^^<{p}> .\n", "\n", "# {s} <{p}> <{o}> .\n",
    "<{o}> <http://t.example/says> \"{s} <{p}> <{o}> \\u00fc\\n\" .\n", "<{o}> <{o}> \"\\\\u\" .\n",
    "<{o}> <https://quantumenergy.elsewhere/n/carries> <{o}> .\n",
]  # fmt: skip


def escaped(iri: str) -> str:
    """Write the last letter of an IRI by its number."""
    return f"{iri[:-1]}\\u{ord(iri[-1]):04X}"


@st.composite
def documents(draw: st.DrawFn) -> list[str]:
    """N-Triples of one or two files, in all the ways in which a statement can be written."""
    files: list[str] = []
    for _ in range(draw(st.integers(1, 2))):
        lines: list[str] = []
        for _ in range(draw(st.integers(0, 40))):
            name = draw(st.sampled_from(sorted(ENDS)))
            subject, value = (draw(st.sampled_from(one)) for one in ENDS[name])
            form, iri = draw(st.sampled_from(FORMS)), NAMES.terms + name
            lines.append(form.format(s=subject, p=iri, o=value, e=escaped(iri)))
        files.append("".join(lines).removesuffix("\n"))
    return files


def same(one: FlowIndex, other: FlowIndex) -> bool:
    """Tell whether two indexes are equal."""
    texts, arrays = ("participants", "items", "iris"), ("source", "target", "first_state", "state_item", "steps")
    return all(list(getattr(one, name)) == list(getattr(other, name)) for name in texts) and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays
    )


#: One flow, many times over: what is more than the last lines, which a parser reads.
LONG = "".join(f"<{T}f{n}> <{NAMES.terms}{p}> <{T}{p}{n % 3}> .\n" for n in range(9) for p in list(ENDS)[:3])
STEPS = "".join(f"_:d <{NAMES.terms}{p}> <{T}{n}> .\n" for p in list(ENDS)[3:6] for n in ("hasSource0", "carries1"))


@given(documents())
@example([LONG + STEPS, STEPS.replace("carries1", "carries2")])
@example([LONG + f"<{T}f0> <{NAMES.terms}carries> <{T}x> .\n" + LONG, ""])
@settings(
    derandomize=True, max_examples=50, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_what_is_read_off_is_what_a_parser_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str]
) -> None:
    monkeypatch.setattr(statements_text, "_BLOCK", 300)
    monkeypatch.setattr(statements_text, "_NEAR", 64)
    store = EmbeddedStore()
    paths = [tmp_path / f"{number}.nt" for number in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text, encoding="utf-8", newline="")
        store.load(path, f"t:{path.name}")
    read = FlowIndex.read(store, NAMES)
    assert same(FlowIndex.scan(paths, NAMES), read)
    assert same(FlowIndex.scan([path.read_bytes() for path in paths], NAMES), read)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"gone\.nt: cannot be read"):
        FlowIndex.scan([tmp_path / "gone.nt"], NAMES)


def read_off(model: Model) -> FlowIndex:
    """The index of a model from its files."""
    texts = model.texts()
    assert texts is not None
    return FlowIndex.scan(texts, model.namespaces)


@pytest.mark.parametrize("name", ["data/quantum-energy", "examples/riverside-clinic"])
def test_of_a_model_in_turtle(name: str) -> None:
    model = open_model(ROOT / name)
    index = read_off(model)
    assert same(index, FlowIndex.read(model.store, model.namespaces)) and len(index.iris) > 10


def test_of_a_large_model_its_file_and_no_older_one(tmp_path: Path) -> None:
    write_model(Enterprise(400, evidence=False), tmp_path)
    model = open_model(tmp_path)
    assert tmp_path / "enterprise.nt" in (model.texts() or ())
    index = model.lineage.warm.index
    assert same(index, FlowIndex.read(model.store, model.namespaces)) and len(index.iris) == 400 and len(index.steps)
    # A file that has changed since it was loaded says nothing about the store.
    os.utime(tmp_path / "enterprise.nt", ns=(1, 1))
    assert model.texts() is None
    del model.lineage
    assert same(model.lineage.warm.index, index)
