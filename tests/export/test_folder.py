"""Exports of several files: split, described, laid out for loaders, and whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from qe_kg import CallError, ReadError
from qe_kg.cli.export import export_command
from qe_kg.export.folder import read_size
from qe_kg.export.layouts import LAYOUTS
from qe_kg.store.files import FORMATS, canonical, format_of

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]
VOID, DCAT, SPDX = "http://rdfs.org/ns/void#", "http://www.w3.org/ns/dcat#", "http://spdx.org/rdf/terms#"
SOURCES = {
    "a b/flows.ttl": "@prefix t: <https://test.example/id/> .\nt:f a t:Flow , t:Thing ; t:p ( 1 2 ) . t:g a t:Flow .\n",
    "items.nt": '<https://test.example/id/i> <https://test.example/id/p> "1.50"@en-GB .\n',
    "both.trig": "@prefix t: <https://test.example/id/> .\nt:one { t:x t:p 1 } t:two { t:x t:p 1 , 2 }\n",
}


@pytest.fixture
def model(write_model: WriteModel) -> Path:
    return write_model(SOURCES, {"ontology": [], "shapes": [], "data": sorted(SOURCES)}, more='license = "https://l/1"')


def _export(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(export_command, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.stderr
    return done.stderr


def _read(path: Path) -> list[ox.Quad]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(ox.parse(data, format=FORMATS[format_of(path.with_suffix("") if path.suffix == ".gz" else path)]))


def _whole(model: Path, folder: Path) -> list[ox.Quad]:
    _export("--model", model, "-o", folder / "whole.nq")
    return _read(folder / "whole.nq")


def test_a_file_for_each_graph(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    said = _export("--model", model, "-o", folder, "--split", "graph", "--to", "nt")
    assert said.endswith(f"{folder}: 12 statements in 4 files from Test\n")
    assert sorted(path.name for path in folder.iterdir()) == [
        "a-b-flows.nt", "both-1.nt", "both-2.nt", "dataset.ttl", "items.nt",
    ]  # fmt: skip
    by_graph: dict[str, list[ox.Quad]] = {}
    for quad in _whole(model, tmp_path):
        by_graph.setdefault(str(quad.graph_name), []).append(ox.Quad(quad.subject, quad.predicate, quad.object))
    files = [canonical(_read(path)) for path in sorted(folder.glob("*.nt"))]
    assert sorted(map(str, files)) == sorted(str(canonical(quads)) for quads in by_graph.values())
    assert (folder / "items.nt").read_text(encoding="utf-8").endswith('"1.50"@en-gb .\n')


def test_a_graph_without_a_statement_is_no_file(write_model: WriteModel, tmp_path: Path) -> None:
    sources = {"a.nt": "<http://e/s> <http://e/p> <http://e/o> .\n", "empty.ttl": ""}
    model = write_model(sources, {"ontology": [], "shapes": [], "data": sorted(sources)})
    _export("--model", model, "-o", tmp_path / "out", "--layout", "virtuoso")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"a.nt", "a.nt.graph", "dataset.ttl", "load.sh", "load.sql", "README.md"}


def test_what_is_inferred_is_a_file_of_its_own(tmp_path: Path) -> None:
    _export("-o", tmp_path / "with", "--split", "graph", "--to", "ttl", "--with", "inferred", "--only", "data")
    _export("-o", tmp_path / "without", "--split", "graph", "--to", "ttl", "--only", "data")
    names = {path.name for path in (tmp_path / "with").iterdir()}
    assert names - {path.name for path in (tmp_path / "without").iterdir()} == {"entailed.ttl"}
    for path in (tmp_path / "without").glob("[a-c]*.ttl"):
        assert path.read_bytes() == (tmp_path / "with" / path.name).read_bytes()


@pytest.mark.parametrize(("form", "order"), [("nq", "sorted"), ("nt", "source"), ("ttl", "source"), ("trig", "sorted")])
def test_files_of_a_size(form: str, order: str, write_model: WriteModel, tmp_path: Path) -> None:
    lines = "".join(
        f'<https://e/s{number % 50}> <https://e/p{number % 7}> "text {number}" .\n' for number in range(900)
    )
    nodes = '_:a <https://e/p> _:b .\n_:b <https://e/p> "b" .\n'
    sources = {"a.nt": nodes + lines}
    model = write_model(sources, {"ontology": [], "shapes": [], "data": ["a.nt"]})
    options = ("--to", form, "--order", order, "--split", "size", "--max-size", "12kB")
    _export("--model", model, "-o", tmp_path / "out", *options)
    paths = sorted((tmp_path / "out").glob(f"data-*.{form}"))
    assert len(paths) > 3 and all(path.stat().st_size <= 12_000 for path in paths)
    assert len(_read(paths[-1])) == 2, "what is about blank nodes is in one file"
    found = canonical(quad for path in paths for quad in _read(path))
    whole = canonical(ox.parse(sources["a.nt"], format=FORMATS["nt"]))
    assert {quad.triple for quad in found} == {quad.triple for quad in whole}


def test_the_description_says_what_is_there(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    folder = tmp_path / "out"
    options = ("--to", "nq", "--split", "graph", "--compress", "gzip", "--url", "https://data.example/m")
    _export("--model", model, "-o", folder, *options)
    store = ox.Store()
    store.load(path=folder / "dataset.ttl", format=ox.RdfFormat.TURTLE)

    def ask(columns: str, pattern: str) -> list[tuple[str, ...]]:
        spaces = {"void": VOID, "dcat": DCAT, "spdx": SPDX, "dcterms": "http://purl.org/dc/terms/"}
        declared = "".join(f"PREFIX {prefix}: <{space}> " for prefix, space in spaces.items())
        answer = store.query(f"{declared} SELECT {columns} WHERE {{ {pattern} }}")
        assert isinstance(answer, ox.QuerySolutions)
        return sorted(tuple(str(getattr(term, "value", "")) for term in row) for row in answer)

    whole = _whole(model, tmp_path)
    me = "https://data.example/m/dataset.ttl#dataset"
    assert ask(
        "?me ?n ?l ?d", "?me a dcat:Dataset , void:Dataset ; void:triples ?n ; dcterms:license ?l ; dcterms:modified ?d"
    ) == [(me, str(len(whole)), "https://l/1", "1970-01-02T00:00:00Z")]
    properties = Counter(quad.predicate.value for quad in whole)
    assert ask("?p ?n", "[] void:property ?p ; void:triples ?n") == sorted(
        (name, str(n)) for name, n in properties.items()
    )
    classes = Counter(
        str(getattr(quad.object, "value", "")) for quad in whole if quad.predicate.value.endswith("#type")
    )
    assert ask("?c ?n", "[] void:class ?c ; void:entities ?n") == sorted((name, str(n)) for name, n in classes.items())
    graphs = Counter(str(getattr(quad.graph_name, "value", "")) for quad in whole)
    assert ask("?g ?n", f"<{me}> void:subset ?g . ?g void:triples ?n") == sorted(
        (name, str(n)) for name, n in graphs.items()
    )
    files = ask(
        "?f ?t ?s ?l ?sum",
        "?f a dcat:Distribution ; dcat:downloadURL ?f ; dcterms:title ?t ; dcat:byteSize ?s ; dcterms:license ?l ; "
        "dcat:mediaType <https://www.iana.org/assignments/media-types/application/n-quads> ; "
        "dcat:compressFormat <https://www.iana.org/assignments/media-types/application/gzip> ; "
        "spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_sha256 ; spdx:checksumValue ?sum ]",
    )
    expected = [
        (path.name, str(path.stat().st_size), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.glob("*.gz"))
    ]
    assert len(expected) == 4
    assert [(row[1], row[2], row[4]) for row in files] == expected
    assert [row[0] for row in files] == [f"https://data.example/m/{name}" for name, _, _ in expected]
    dumps = {(graph, file.rpartition("/")[2]) for graph, file in ask("?g ?f", "?g void:dataDump ?f")}
    assert dumps == {(str(quad.graph_name.value), name) for name, *_ in expected for quad in _read(folder / name)
                     if isinstance(quad.graph_name, ox.NamedNode)}  # fmt: skip


def test_the_date_is_the_commits_and_never_the_clocks(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    _export("--model", model, "-o", tmp_path / "out", "--describe")
    assert "modified" not in (tmp_path / "out" / "dataset.ttl").read_text(encoding="utf-8"), "nothing tells"
    name = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    environment = {**os.environ, **name, "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+02:00"}
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "model"]):
        subprocess.run(["git", "-C", str(model), *arguments], check=True, env=environment, capture_output=True)
    _export("--model", model, "-o", tmp_path / "out", "--describe")
    assert '"2026-01-02T01:04:05Z"^^xsd:dateTime' in (tmp_path / "out" / "dataset.ttl").read_text(encoding="utf-8")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(CallError, match="SOURCE_DATE_EPOCH is no number of seconds: 'soon'"):
        _export("--model", model, "-o", tmp_path / "out", "--describe")


def test_two_processes_write_the_same_bytes(model: Path, tmp_path: Path, qe_kg: Run) -> None:
    trees = []
    for seed in ("1", "2"):
        target = tmp_path / seed / "same"
        target.parent.mkdir()
        options = ("--split", "graph", "--to", "jsonld", "--compress", "zstd", "--base", "https://kg.example/")
        assert qe_kg("export", "--model", model, "-o", target, *options, env={"PYTHONHASHSEED": seed}).returncode == 0
        trees.append({path.name: path.read_bytes() for path in target.iterdir()})
    assert trees[0] == trees[1] and len(trees[0]) == 5


def _loaded_by(layout: str, folder: Path, *arguments: str, programs: Path | None = None) -> str:
    environment = dict(os.environ)
    environment["PATH"] = f"{programs or Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["sh", str(folder / "load.sh"), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{layout}: {done.stderr}"
    return done.stdout


def test_oxigraph_loads_its_layout(model: Path, tmp_path: Path) -> None:
    _export("--model", model, "-o", tmp_path / "out", "--layout", "oxigraph", "--split", "graph")
    _loaded_by("oxigraph", tmp_path / "out", str(tmp_path / "db"))
    store = ox.Store.read_only(str(tmp_path / "db"))
    written = ox.Store()
    written.extend(_whole(model, tmp_path))  # rewrites literals as the product does
    assert set(canonical(store)) == set(canonical(written)) and len(store) == 12


#: Product → arguments of its script, and the calls that its documentation asks for, program by program.
CALLS = {
    "fuseki": (["/db"], ["tdb2.tdbloader --loc /db data.nq"]),
    "graphdb": (["repo.ttl"], ["importrdf preload --force -c repo.ttl data.nq"]),
    "stardog": (["kg"], ["stardog data add kg data.nq"]),
    "rdf4j": (
        ["http://h/repositories/r"],
        ["curl --fail-with-body -X POST -H Content-Type: application/n-quads -T data.nq http://h/repositories/r/statements"],
    ),
    "virtuoso": (["1111", "dba", "secret"], ["isql-v 1111 dba secret load.sql"]),
    "neptune": (
        ["host", "s3://b/p/"],
        [
            "aws s3 cp . s3://b/p/ --recursive --exclude * --include *.nq --include *.nq.gz",
            "curl --fail-with-body -X POST -H Content-Type: application/json --data @load.json https://host:8182/loader",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("product", CALLS)
def test_the_command_of_a_layout_is_the_documented_one(product: str, model: Path, tmp_path: Path) -> None:
    arguments, calls = CALLS[product]
    folder, programs = tmp_path / "out", tmp_path / "bin"
    _export("--model", model, "-o", folder, "--layout", product)
    programs.mkdir()
    for call in calls:
        path = programs / call.partition(" ")[0]
        path.write_text('#!/bin/sh\necho "$(basename "$0") $*"\n', encoding="utf-8")
        path.chmod(0o755)
    assert _loaded_by(product, folder, *arguments, programs=programs).splitlines() == calls
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert LAYOUTS[product].page in readme and "12 statements" in readme


def test_virtuoso_gets_a_graph_file_for_each_file(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    _export("--model", model, "-o", folder, "--layout", "virtuoso")
    graphs = {path.name: path.read_text(encoding="utf-8").strip() for path in folder.glob("*.graph")}
    assert graphs.keys() == {f"{path.name}.graph" for path in folder.glob("*.nt")} and len(graphs) == 4
    assert graphs["items.nt.graph"] == "https://quantumenergy.example/graph/model/items.nt"
    place = str(folder).replace("'", "''")
    assert (folder / "load.sql").read_text(encoding="utf-8").startswith(f"ld_dir ('{place}', '*.nt', ")


def test_neptunes_call_has_documented_keys(model: Path, tmp_path: Path) -> None:
    _export("--model", model, "-o", tmp_path / "out", "--layout", "neptune", "--compress", "gzip")
    call = json.loads((tmp_path / "out" / "load.json").read_text(encoding="utf-8"))
    assert call["format"] == "nquads" and call["mode"] in ("NEW", "RESUME", "AUTO")
    assert call.keys() <= {
        "source", "format", "iamRoleArn", "mode", "region", "failOnError", "parallelism", "parserConfiguration",
        "updateSingleCardinalityProperties", "queueRequest", "dependencies", "userProvidedEdgeIds",
    }  # fmt: skip
    assert call["parallelism"] in ("LOW", "MEDIUM", "HIGH", "OVERSUBSCRIBE")


def test_an_older_export_is_replaced_and_nothing_else(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    _export("--model", model, "-o", folder, "--split", "graph", "--to", "ttl")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("qe_kg.export.folder.describe", fail)
        with pytest.raises(ReadError, match="out: cannot be written: No space left"):
            _export("--model", model, "-o", folder, "--split", "graph", "--to", "nq")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    _export("--model", model, "-o", folder, "--describe", "--to", "nq")
    assert sorted(path.name for path in folder.iterdir()) == ["data.nq", "dataset.ttl"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CallError, match=r"other is not empty, and no earlier export: it has no dataset\.ttl"):
        _export("--model", model, "-o", other, "--describe")
    with pytest.raises(CallError, match="is a file; name a folder"):
        _export("--model", model, "-o", other / "mine.txt", "--describe")
    with pytest.raises(ReadError, match="cannot be written"):
        _export("--model", model, "-o", tmp_path / "no" / "where", "--describe")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--split", "graph"], "add -o DIR"),
        (["--split", "size", "-o", "x"], "--split size and --max-size SIZE go together"),
        (["--max-size", "1MB", "-o", "x"], "--split size and --max-size SIZE go together"),
        (["--url", "https://x/", "-o", "x"], "add --describe"),
        (["--compress", "gzip", "-o", "x.nq.zst"], "x.nq.zst is named for zstd, and --compress says gzip"),
        (["-o", "."], "is a folder; name a file, or add --split, --layout or --describe"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], message: str) -> None:
    assert message in " ".join(_export(*options, code=2).split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--split", "size", "--max-size", "9kB", "--to", "nq"], "files cannot be kept as small as 9,000 bytes"),
        (["--split", "size", "--max-size", "much", "--to", "nq"], "'much' is no size; write it as 64MB"),
        (["--split", "size", "--max-size", "1MB", "--to", "rdfxml"], "rdfxml cannot be split by size"),
        (["--layout", "virtuoso", "--to", "nq"], "the layout for virtuoso is nt, not nq"),
        (["--layout", "virtuoso", "--split", "size", "--max-size", "1MB"], "is split by graph"),
        (["--layout", "fuseki", "--compress", "zstd"], "fuseki loads files compressed by gzip only"),
        (["--describe", "--url", "here"], "'here' is no address"),
        (["--describe", "--to", "ttl", "--with", "inferred"], "never mixed with what is asserted"),
    ],
)
def test_what_cannot_be_done_is_said(options: list[str], message: str, model: Path, tmp_path: Path) -> None:
    with pytest.raises(CallError, match=message):
        _export("--model", model, "-o", tmp_path / "x", *options)
    assert not (tmp_path / "x").exists()


def test_sizes() -> None:
    assert [read_size(text) for text in ("10", "64MB", "2 G", "5kb")] == [10, 64_000_000, 2_000_000_000, 5_000]
