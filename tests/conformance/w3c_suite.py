"""The W3C's SHACL test suite, as pySHACL's source distribution carries it; fetched from the package index by hash."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, sh, text_of
from qe_kg.shacl.paths import path_text, read_path
from qe_kg.shacl.results import RawResult

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENT = "pyshacl==0.40.1 --hash=sha256:011e3cf1a68b31747cb762ba3d755ae1bdcc464c8fad0dc212a9adc550719552"
SUITE = "pyshacl-0.40.1/test/resources/sht_tests"
MANIFEST = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
TEST = "http://www.w3.org/ns/shacl-test#"

#: A result as the suite compares it: focus, path, value, severity, component, source shape.
Key = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Case:
    """One test; ``expected`` is None where the shapes must be refused."""

    name: str
    data: list[ox.Quad]
    shapes: list[ox.Quad]
    expected: Counter[Key] | None


def suite_folder() -> Path:
    """Return the folder of the suite; the first call of all fetches it with pip, which checks the hash."""
    cache = ROOT / ".cache"
    folder = cache / SUITE
    if not folder.is_dir():
        cache.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            requirements = Path(temporary) / "requirements.txt"
            requirements.write_text(REQUIREMENT, encoding="utf-8")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
            subprocess.run([*command, "--require-hashes", "-r", requirements, "-d", temporary], check=True)
            (archive,) = Path(temporary).glob("*.tar.gz")
            with tarfile.open(archive) as opened:
                opened.extractall(temporary, filter="data")
            (cache / "pyshacl-0.40.1").mkdir(exist_ok=True)
            try:
                (Path(temporary) / "pyshacl-0.40.1" / "test").replace(cache / "pyshacl-0.40.1" / "test")
            except OSError:  # another process was faster
                assert folder.is_dir()
    return folder


def cases() -> Iterator[Case]:
    """Yield all tests in the order of the manifests."""
    root = suite_folder()
    for file, graph, entry in _entries(root / "manifest.ttl"):
        action = graph.value(entry, iri(f"{MANIFEST}action"))
        assert action
        paths = [_path(graph.value(action, iri(f"{TEST}{kind}Graph"))) for kind in ("data", "shapes")]
        # Blank nodes of the report can be told apart only where they come from the same reading of one file.
        data, shapes = (list(_TRIPLES[file]) if path == file else _read(path) for path in paths)
        yield Case(file.relative_to(root).with_suffix("").as_posix(), data, shapes, _expected(graph, entry))


_TRIPLES: dict[Path, list[ox.Quad]] = {}


def _read(path: Path) -> list[ox.Quad]:
    return list(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=path.as_uri()))


def _path(node: Node | None) -> Path:
    assert node
    return Path(text_of(node).removeprefix("file://"))


def _entries(file: Path) -> Iterator[tuple[Path, Graph, Node]]:
    _TRIPLES[file] = _read(file)
    graph = Graph(_TRIPLES[file])
    for manifest in graph.subjects(RDF_TYPE, iri(f"{MANIFEST}Manifest")):
        for included in graph.objects(manifest, iri(f"{MANIFEST}include")):
            yield from _entries(_path(included))
        for entries in graph.objects(manifest, iri(f"{MANIFEST}entries")):
            for entry in graph.items(entries) or ():
                yield file, graph, entry


def _expected(graph: Graph, entry: Node) -> Counter[Key] | None:
    report = graph.value(entry, iri(f"{MANIFEST}result"))
    assert report
    if report == iri(f"{TEST}Failure"):
        return None
    found: Counter[Key] = Counter()
    for result in graph.objects(report, sh("result")):
        path = graph.value(result, sh("resultPath"))
        focus, value, severity, component, shape = (
            graph.value(result, sh(name))
            for name in ("focusNode", "value", "resultSeverity", "sourceConstraintComponent", "sourceShape")
        )
        text = "" if path is None else path_text(read_path(graph, path))
        found[focus or "", text, value or "", severity or "", component or "", shape or ""] += 1
    return found


def keys(results: tuple[RawResult, ...] | list[RawResult]) -> Counter[Key]:
    """Return an engine's results as the suite compares them."""
    return Counter(
        (
            one.focus, "" if one.path is None else path_text(one.path), one.value or "",
            iri(one.severity), iri(one.component), one.shape,
        )
        for one in results
    )  # fmt: skip


def without_blank_nodes(counts: Counter[Key]) -> Counter[Key]:
    """Let all blank nodes be one: their labels differ from reading to reading."""
    blind: Counter[Key] = Counter()
    for key, number in counts.items():
        focus, path, value, severity, component, shape = (part if part[:1] != "_" else "[]" for part in key)
        blind[focus, path, value, severity, component, shape] += number
    return blind
