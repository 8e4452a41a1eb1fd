"""Source order: line formats pass through, memory does not grow, and what is written is what a parser reads."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qe_kg import CallError, ParseError, ReadError, open_model
from qe_kg.store.files import FORMATS
from qe_kg.store.streams import pass_through

ROOT = Path(__file__).resolve().parents[2]
WriteModel = Callable[..., Path]
GRAPH = "https://e.example/graph/a%20b.nt"

_iris = st.one_of(
    st.sampled_from(["http://e/a", "https://e.example/a/b#c", "urn:x:1", "http://e/ä", "http://e/%20", "http://e:80/?q=1"]),
    st.from_regex(r"https?://[a-z.]{1,5}/[A-Za-z0-9/._~%@-]{0,8}(#[a-z]{0,3})?", fullmatch=True),
)  # fmt: skip


def _named(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return ox.NamedNode("http://e/no")


_nodes = st.one_of(_iris.map(_named), st.sampled_from([ox.BlankNode("a"), ox.BlankNode("b1")]))
_texts = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc", "Cf")), max_size=12),
    st.sampled_from(["> _:a .\n", " .\n", "\\", '"', "\x7f\x00", "\u2028\u0085", "<http://e/a> .\r\n"]),
)
_literals = st.one_of(
    _texts.map(ox.Literal),
    st.tuples(_texts, st.sampled_from(["en", "de-CH", "EN-gb"])).map(lambda one: ox.Literal(one[0], language=one[1])),
    st.tuples(_texts, _iris).map(lambda one: ox.Literal(one[0], datatype=_named(one[1]))),
)
_NODE = ox.BlankNode("a")
_triples = st.builds(ox.Triple, _nodes, _iris.map(_named), st.one_of(_nodes, _literals))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(triples=st.lists(_triples, max_size=6), graph=st.sampled_from([None, GRAPH]), loosely=st.booleans())
@example(triples=[ox.Triple(_NODE, ox.NamedNode("http://e/p"), ox.Literal("> _:a .\n"))], graph=GRAPH, loosely=True)
def test_passing_through_says_what_the_parser_reads(
    triples: list[ox.Triple], graph: str | None, loosely: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    if loosely:  # what N-Triples allows, and no program would write
        text = b"# a comment\n\n" + text.replace(b" .\n", b"\t. # end\r\n")
    path = tmp_path_factory.mktemp("pass", numbered=True) / "a.nt"
    path.write_bytes(text)
    output = io.BytesIO()
    count = pass_through(path, output, graph=graph, labels="f1b")
    name = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
    relabelled = [
        ox.Quad(
            ox.BlankNode(f"f1b{one.subject.value}") if isinstance(one.subject, ox.BlankNode) else one.subject,
            one.predicate,
            ox.BlankNode(f"f1b{one.object.value}") if isinstance(one.object, ox.BlankNode) else one.object,
            name,
        )
        for one in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
    ]
    assert output.getvalue() == (ox.serialize(relabelled, format=ox.RdfFormat.N_QUADS) or b"")
    assert count == len(triples)


@pytest.mark.parametrize(
    "line", ["<http://e/s> <http://e/p> <http://e/[> .", '<http://e/s> <http://e/p> "\ud800" .', "<s> <p> <o> ."]
)
def test_what_does_not_parse_does_not_pass(line: str, tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    good = "<http://e/s> <http://e/p> <http://e/o> .\n" * 3
    path.write_bytes((good + line + "\n" + good).encode("utf-8", "surrogatepass"))
    with pytest.raises(ParseError) as error:
        pass_through(path, io.BytesIO(), graph=None, labels="")
    assert error.value.line == 4 and error.value.file == str(path)
    with pytest.raises(ReadError, match="cannot be read"):
        pass_through(tmp_path / "none.nt", io.BytesIO(), graph=None, labels="")


SOURCES = {
    "a.nt": (
        '<http://e/z> <http://e/p> _:a .\n_:a <http://e/p> "1.50"^^<http://e/d> .\n<http://e/b> <http://e/p> "x"@en .\n'
    ),
    "b.ttl": '@prefix e: <http://e/> .\ne:z e:q [ e:p ( 1 01 ) ] .\n_:a e:p "bell" .\n',
    "c.trig": "@prefix e: <http://e/> .\ne:g { e:a e:p e:b } e:a e:p e:b .\n",
}  # fmt: skip


@pytest.fixture
def model(write_model: WriteModel) -> Path:
    return write_model(SOURCES, {"ontology": [], "shapes": [], "data": sorted(SOURCES)})


@pytest.mark.parametrize("form", ["ttl", "trig", "nt", "nq", "rdfxml"])
def test_both_orders_say_the_same(form: str, model: Path) -> None:
    written = {}
    for order in ("sorted", "source"):
        output = io.BytesIO()
        open_model(model).export(output, form, order=order)
        again = io.BytesIO()
        open_model(model).export(again, form, order=order)
        assert again.getvalue() == output.getvalue(), "anonymous nodes get the same labels each time"
        dataset = ox.Dataset(ox.parse(output.getvalue(), format=FORMATS[form]))
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        written[order] = dataset
    assert written["sorted"] == written["source"]


def test_the_order_of_the_sources_is_kept(model: Path) -> None:
    output = io.BytesIO()
    open_model(model).export(output, "nt", order="source")
    lines = output.getvalue().decode().splitlines()
    assert lines[0] == "<http://e/z> <http://e/p> _:f1ba ." and lines[2] == '<http://e/b> <http://e/p> "x"@en .'
    assert '_:f1ba <http://e/p> "1.50"^^<http://e/d> .' in lines
    assert len({line for line in lines if "bell" in line} | {lines[0]}) == 2, "two files, two nodes of one label"


def test_the_size_of_the_sources_decides(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def begins() -> bytes:
        output = io.BytesIO()
        open_model(model).export(output, "nt")
        return output.getvalue()

    small = begins()
    monkeypatch.setattr("qe_kg.export.writing.LARGE", 10)
    assert begins() != small
    with pytest.raises(CallError, match="jsonld is written sorted"):
        open_model(model).export(io.BytesIO(), "jsonld", order="source")
    with pytest.raises(CallError, match="unknown order 'size'; known are auto, sorted, source"):
        open_model(model).export(io.BytesIO(), "nt", order="size")


@pytest.mark.parametrize("how", ["gzip", "zstd"])
@pytest.mark.parametrize("order", ["sorted", "source"])
def test_compressed_is_the_same_content_and_the_same_bytes_each_time(how: str, order: str, model: Path) -> None:
    plain, packed, again = io.BytesIO(), io.BytesIO(), io.BytesIO()
    open_model(model).export(plain, "nq", order=order)
    open_model(model).export(packed, "nq", order=order, compression=how)
    open_model(model).export(again, "nq", order=order, compression=how)
    if how == "gzip":
        assert gzip.decompress(packed.getvalue()) == plain.getvalue()
        assert packed.getvalue()[4:8] == b"\0\0\0\0", "no date"
    else:
        assert zstandard.ZstdDecompressor().stream_reader(packed.getvalue()).read() == plain.getvalue()
    assert packed.getvalue() == again.getvalue()
    with pytest.raises(CallError, match="unknown compression 'rar'"):
        open_model(model).export(io.BytesIO(), "nq", compression="rar")


_MEASURED = """
import resource, sys
from pathlib import Path
from qe_kg.export.parts import parts_of_files
from qe_kg.export.writing import Style, export
from qe_kg.opening import read_files

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

parts = parts_of_files(read_files(sys.argv[1]), ("data",))
styles = [Style(form, {}, "source") for form in ("nq", "ttl")]
for style in styles:
    export(parts[:1], Path("/dev/null"), style)
before = peak()
for style in styles:
    assert export(parts[1:], Path("/dev/null"), style) == 60_000
print(peak() - before)
"""


def test_memory_does_not_grow_with_the_size(write_model: WriteModel) -> None:
    line = '<http://e/s{0}> <http://e/p> "a text, long enough for sixty thousand of them to be megabytes: {0}"@en .\n'
    texts = {"a.nt": line.format(0) * 1000, "b.nt": "".join(line.format(number) for number in range(60_000))}
    directory = write_model(texts, {"ontology": [], "shapes": [], "data": ["a.nt", "b.nt"]})
    assert (directory / "b.nt").stat().st_size > 6_000_000
    command = [sys.executable, "-c", _MEASURED, str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert int(done.stdout) < 2_000, "kilobytes more than for the small file"
