"""Exports: the same triples with the same literals, the same bytes each time, and a base of one's own."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from qe_kg import CallError, ReadError, open_model
from qe_kg.export.writing import FORM_NAMES, rebasing
from qe_kg.rdflib_bridge import to_graph
from qe_kg.store.files import FORMATS

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

RDFLIB_FORMATS = {
    "ttl": "turtle", "trig": "trig", "nt": "nt", "nq": "nquads", "rdfxml": "xml", "jsonld": "json-ld", "n3": "n3",
}  # fmt: skip
PREFIXES = """@prefix t: <https://test.example/id/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
LITERALS = (
    PREFIXES
    + r"""
t:s t:is "1.50"^^xsd:decimal , "01"^^xsd:integer , "colour"@en-GB , "PT60S"^^xsd:duration ,
    "2020-01-01T00:00:00.000Z"^^xsd:dateTime , "1"^^xsd:boolean , "1e3"^^xsd:double , "abc"^^xsd:integer ,
    "" , " spaces " , "a\nb\r\nc\td" , "quote \" and \\ and </t>&amp;<![CDATA[" , "日本 → 𝄞" , "\u0085\u2028" ,
    "x"^^t:type .
"""
)
NODES = (
    PREFIXES
    + """
t:list t:has ( t:one [ t:deep ( "x" _:shared ) ] () ) .
_:shared t:name "shared" ; t:knows _:shared .
"""
)


@pytest.fixture
def model(write_model: WriteModel) -> Path:
    return write_model(
        {"literals.ttl": LITERALS, "nodes.ttl": NODES, "empty.ttl": ""},
        {"ontology": [], "shapes": [], "data": ["*.ttl"]},
    )


def _literals(graph: rdflib.Graph) -> set[tuple[str, str, str]]:
    return {
        (str(one), str(one.datatype or ""), (one.language or "").lower())
        for one in graph.objects()
        if isinstance(one, rdflib.Literal)
    }


@pytest.mark.parametrize("form", FORM_NAMES)
def test_what_is_written_is_read_back_by_two_parsers(
    form: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    one = open_model(model)
    path = tmp_path / f"out.{form}"
    written = one.export(path, form)
    source = to_graph(one.quads("data"))
    assert written == len(source)
    by_oxigraph = to_graph(ox.parse(path.read_bytes(), format=FORMATS[form]))
    assert _literals(by_oxigraph) == _literals(source)
    assert isomorphic(by_oxigraph, source)
    dataset = rdflib.Dataset()
    dataset.parse(path, format=RDFLIB_FORMATS[form])
    by_rdflib = rdflib.Graph(bind_namespaces="none")
    for subject, predicate, value, _ in dataset.quads():
        by_rdflib.add((subject, predicate, value))
    # rdflib takes an integer without quotes for its value; Turtle says that 01 is "01".
    shortened = {("1", kind, tag) if text == "01" else (text, kind, tag) for text, kind, tag in _literals(source)}
    assert _literals(by_rdflib) in (_literals(source), shortened)
    assert len(by_rdflib) == len(source)
    assert isomorphic(by_rdflib, source) is (_literals(by_rdflib) == _literals(source))


@pytest.mark.parametrize("form", FORM_NAMES)
def test_the_packaged_model_survives_every_format(form: str) -> None:
    model, output = open_model(), io.BytesIO()
    model.export(output, form)
    source = {(quad.subject, quad.predicate, quad.object) for quad in model.quads("data")}
    back = {(quad.subject, quad.predicate, quad.object) for quad in ox.parse(output.getvalue(), format=FORMATS[form])}
    assert source and source <= back


def test_the_bytes_are_the_same_from_run_to_run(model: Path, qe_kg: Run) -> None:
    for form in ("ttl", "jsonld", "nq"):
        answers = {
            qe_kg("export", "--model", model, "--to", form, env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")
        }
        assert len(answers) == 1 and answers != {""}


@pytest.mark.parametrize("form", FORM_NAMES)
def test_the_bytes_are_the_same_each_time_also_with_shapes(form: str) -> None:
    outputs = []
    for _ in range(2):
        output = io.BytesIO()
        open_model().export(output, form, roles=["shapes", "baseline", "inference"])
        outputs.append(output.getvalue())
    assert outputs[0] == outputs[1] != b""


def test_renaming_a_blank_node_changes_nothing(write_model: WriteModel) -> None:
    outputs = []
    for label in ("a", "zzz"):
        output = io.BytesIO()
        directory = write_model(
            {"nodes.ttl": NODES.replace("_:shared", f"_:{label}")}, {"ontology": [], "data": ["nodes.ttl"]}, name=label
        )
        open_model(directory).export(output, "ttl", roles=["data"])
        outputs.append(output.getvalue())
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("form", ["trig", "nq"])
def test_each_file_is_a_graph(form: str) -> None:
    model, output = open_model(), io.BytesIO()
    model.export(output, form, roles=["data", "inference"])
    found: dict[str, set[object]] = {}
    for quad in ox.parse(output.getvalue(), format=FORMATS[form]):
        assert isinstance(quad.graph_name, ox.NamedNode)
        found.setdefault(quad.graph_name.value, set()).add(quad.triple)
    files = model.manifest.of_role("data", "inference")
    assert set(found) == {model.graph_name(file) for file in files}
    for file in files:
        assert found[model.graph_name(file)] == {quad.triple for quad in ox.parse(path=str(file.path))}


def test_shapes_keep_their_lists(qe_kg: Run) -> None:
    done = qe_kg("export", "--only", "shapes", "--to", "ttl")
    assert done.returncode == 0
    exported = rdflib.Graph().parse(data=done.stdout, format="turtle")
    source = to_graph(open_model().quads("shapes"))
    assert len(exported) == len(source)
    shacl = rdflib.SH
    for predicate in (shacl["in"], shacl.path, shacl["or"], shacl.languageIn):
        for graph in (exported, source):
            for members in graph.objects(None, predicate):
                if (members, rdflib.RDF.first, None) in graph:
                    assert len(list(graph.items(members))) > 0

    def lists(graph: rdflib.Graph) -> list[list[str]]:
        heads = set(graph.subjects(rdflib.RDF.rest)) - set(graph.objects(None, rdflib.RDF.rest))
        return sorted(
            [str(member) if not isinstance(member, rdflib.BNode) else "_" for member in graph.items(head)]
            for head in heads
        )

    assert lists(exported) == lists(source) != []


def test_another_base_moves_all_of_ours_and_nothing_else(write_model: WriteModel) -> None:
    base = "https://kg.acme.example/"
    own = PREFIXES + (
        't:x <http://other.example/see> <https://quantumenergy.example/id/value-stream-aov-04> ,\n'
        '    <https://quantumenergy.example.org/id/x> , "see https://quantumenergy.example/id/x" ,\n'
        '    "1"^^<https://quantumenergy.example/ns/type> .\n'
    )  # fmt: skip
    directory = write_model({"own.ttl": own}, {"data": ["own.ttl"]})
    model = open_model(directory)
    roles = ("ontology", "data", "shapes")

    def export(base: str | None) -> list[str]:
        output = io.BytesIO()
        model.export(output, "nq", roles=roles, base=base)
        # The labels of blank nodes follow from the names around them.
        return re.sub(r"_:c14n\d+", "_:node", output.getvalue().decode()).splitlines()

    def moved(line: str) -> str:
        line = re.sub(r"<https://quantumenergy\.example/", f"<{base}", line)
        # A namespace that shapes declare for their queries is an IRI too, though SHACL has it written as a literal.
        return re.sub(r'"https://quantumenergy\.example/([^"]*"\^\^<[^>]*#anyURI>)', rf'"{base}\1', line)

    assert sorted(export(base)) == sorted(map(moved, export(None)))
    text = "\n".join(export(base))
    for namespace in ("ns/", "id/", "shapes/", "vocab/", "ontology/", "graph/"):
        assert f"<{base}{namespace}" in text and f"<https://quantumenergy.example/{namespace}" not in text
    for kept in (
        "<https://quantumenergy.example.org/id/x>",
        '"see https://quantumenergy.example/id/x"',
        "<https://test.example/id/x>",
    ):
        assert kept in text


def test_prefixes_follow_the_base(qe_kg: Run) -> None:
    done = qe_kg("export", "--base", "https://kg.acme.example/", "--only", "data")
    assert done.returncode == 0
    assert "@prefix qe: <https://kg.acme.example/ns/> ." in done.stdout
    assert "https://quantumenergy.example/" not in re.sub(r'"[^"]*"', "", done.stdout)
    assert re.search(r"^qed:[\w-]+ a qe:", done.stdout, re.MULTILINE), "names are short"


@pytest.mark.parametrize("base", ["acme", "https://kg.acme.example", "https://a b/", "", "//x/"])
def test_a_bad_base_is_refused(base: str, qe_kg: Run) -> None:
    with pytest.raises(CallError, match="a base must be an IRI that ends with / or #"):
        rebasing("https://quantumenergy.example/", base)
    done = qe_kg("export", "--base", base)
    assert (done.returncode, done.stdout) == (2, "")


def test_an_unknown_format_or_part_is_refused_before_anything_is_written(model: Path, tmp_path: Path) -> None:
    one = open_model(model)
    with pytest.raises(CallError, match="unknown format 'xlsx'; known are ttl, "):
        one.export(tmp_path / "x", "xlsx")
    with pytest.raises(CallError, match="unknown part 'sources'"):
        one.export(tmp_path / "x", "ttl", roles=["data", "sources"])
    assert not (tmp_path / "x").exists()


def test_what_xml_cannot_hold_is_refused_and_the_old_file_stays(write_model: WriteModel, tmp_path: Path) -> None:
    directory = write_model({"a.ttl": PREFIXES + r't:s t:p "bell \u0007" .'}, {"ontology": [], "data": ["a.ttl"]})
    old = tmp_path / "old.rdf"
    old.write_text("old", encoding="utf-8")
    with pytest.raises(ReadError, match=r"U\+0007"):
        open_model(directory).export(old, "rdfxml", roles=["data"])
    assert old.read_text(encoding="utf-8") == "old"
    for form in set(FORM_NAMES) - {"rdfxml"}:
        open_model(directory).export(old, form, roles=["data"])


def test_the_ending_tells_the_format(model: Path, tmp_path: Path, qe_kg: Run) -> None:
    for ending, begins in (("nt", "<"), ("jsonld", "{"), ("rdf", "<?xml"), ("ttl", "@prefix")):
        path = tmp_path / f"out.{ending}"
        done = qe_kg("export", "--model", model, "-o", path)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert path.read_text(encoding="utf-8").startswith(begins)
        assert f"{path}: " in done.stderr and "statements from Test" in done.stderr
    assert qe_kg("export", "--model", model, "-o", tmp_path / "out.docx").returncode == 3
    assert not (tmp_path / "out.docx").exists()
