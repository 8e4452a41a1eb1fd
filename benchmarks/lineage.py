"""Lineage at the size of a large enterprise, side by side with what else could answer the same question.

For each size a made-up enterprise is written and loaded once. Then, in one run on the same flows and the same starts:
reach within three hops and all reach, by this library (warm: the whole answer with names, paths and certainty), by one
SPARQL 1.1 property path on the same store (reach only), by networkx and by rdflib (the bare walk; their graphs hold the
pairs alone). Prints Markdown. networkx is no dependency of the library: install the extra "bench".
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from random import Random

from qe_kg.generate import Enterprise, write_model
from qe_kg.lineage.index import FlowIndex
from qe_kg.lineage.questions import Questions
from qe_kg.model import Model
from qe_kg.opening import load_model, open_model
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.files import read_quads

QE = "https://quantumenergy.example/ns/"
DEPTH = 3


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def median(work: Callable[[str], object], starts: list[str]) -> float:
    return statistics.median(milliseconds(lambda start=start: work(start)) for start in starts)  # type: ignore[misc]


def property_path(model: Model, start: str, depth: int | None) -> int:
    """The same reach as one SPARQL 1.1 query; a bound can only be spelled out, step by step."""
    step = f"^<{QE}hasSource>/<{QE}hasTarget>"
    path = f"({step})+" if depth is None else "/".join([f"({step})"] + [f"({step})?"] * (depth - 1))
    text = model.store.text_rows(f"SELECT DISTINCT ?x WHERE {{ <{start}> {path} ?x }}")
    return text.count(b"\n") - 1


def networkx_of(index: FlowIndex) -> object:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_edges_from(zip(index.source.tolist(), index.target.tolist(), strict=True))
    return graph


def networkx_reach(graph: object, start: int, depth: int | None) -> int:
    import networkx as nx

    return len(nx.single_source_shortest_path_length(graph, start, cutoff=depth)) - 1


def rdflib_of(index: FlowIndex) -> object:
    import rdflib

    graph = rdflib.Graph()
    to = rdflib.URIRef(f"{QE}reaches")
    names = [rdflib.URIRef(iri) for iri in index.participants]
    for source, target in zip(index.source.tolist(), index.target.tolist(), strict=True):
        graph.add((names[source], to, names[target]))
    return graph


def rdflib_reach(graph: object, start: str, depth: int | None) -> int:
    import rdflib

    assert isinstance(graph, rdflib.Graph)
    to, seen = rdflib.URIRef(f"{QE}reaches"), {rdflib.URIRef(start)}
    frontier, level = set(seen), 0
    while frontier and (depth is None or level < depth):
        frontier = {x for one in frontier for x in graph.objects(one, to) if isinstance(x, rdflib.URIRef)} - seen
        seen |= frontier
        level += 1
    return len(seen) - 1


def cold(store: Path, start: str) -> tuple[float, float]:
    """Seconds and megabytes of a cold ``qe-kg impact --depth 3`` against the store on disk."""
    command = [
        sys.executable,
        "-m",
        "qe_kg",
        "impact",
        start,
        "--depth",
        "3",
        "--store",
        str(store),
        "--format",
        "json",
    ]
    code = (
        "import resource, subprocess, sys, time\nt = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
        "print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def measure(flows: int, folder: Path, slow: bool) -> dict[str, float | None]:
    directory, store = folder / "model", folder / "store"
    found: dict[str, float | None] = {"flows": flows}
    found["write the model (s)"] = (
        milliseconds(lambda: write_model(Enterprise(flows, evidence=False), directory)) / 1000
    )
    found["load into the store (s)"] = milliseconds(lambda: load_model(directory, store)) / 1000
    model = open_model(store=store)
    built: list[FlowIndex] = []
    cpu = time.process_time()
    found["build the index from the store (s)"] = (
        milliseconds(lambda: built.append(FlowIndex.read(model.store, model.namespaces))) / 1000
    )
    found["… processor time (s)"] = time.process_time() - cpu
    found["take the kept index (s)"] = milliseconds(lambda: FlowIndex.kept(store)) / 1000
    index = built[0]
    if slow:
        memory = EmbeddedStore()
        memory.add(read_quads(directory / "enterprise.nt"))
        cpu = time.process_time()
        FlowIndex.read(memory, model.namespaces)
        found["build the index from a store in memory, processor time (s)"] = time.process_time() - cpu
        del memory
    questions: Questions = model.lineage
    questions.warm_up()
    chance = Random(0)
    stages = [iri for iri in index.participants if "/value-stream-stage-" in iri]
    starts = chance.sample(stages, min(15, len(stages)))
    model.impact(starts[0], depth=1)  # what is made once for all questions
    reached = [len(model.impact(start, depth=DEPTH).reached) for start in starts]
    found["reached within 3 hops (median)"] = statistics.median(reached)
    found["depth 3: this library, warm (ms)"] = median(lambda start: model.impact(start, depth=DEPTH), starts)
    fresh = open_model(store=store)
    fresh.lineage.warm_up()
    fresh.impact(starts[0], depth=1)
    others = chance.sample(stages, min(15, len(stages)))
    found["… names never asked for before (ms)"] = median(lambda start: fresh.impact(start, depth=DEPTH), others)
    found["depth 3: property path (ms)"] = median(lambda start: property_path(model, start, DEPTH), starts[:7])
    few = starts[:3] if slow else starts[:1]
    everything = model.impact(few[0])
    found["reached in all"] = len(everything.reached)
    found["all: this library, warm, the reach (ms)"] = median(lambda start: reach(model, start), few)
    found["all: this library, warm, whole answer (ms)"] = median(lambda start: model.impact(start), few)
    found["all: property path (ms)"] = median(lambda start: property_path(model, start, None), few)
    graph = networkx_of(index)
    number = index.number_of_participant
    found["depth 3: networkx (ms)"] = median(lambda start: networkx_reach(graph, number[start], DEPTH), starts)
    found["all: networkx (ms)"] = median(lambda start: networkx_reach(graph, number[start], None), few)
    if flows <= 100_000:
        triples = rdflib_of(index)
        found["depth 3: rdflib (ms)"] = median(lambda start: rdflib_reach(triples, start, DEPTH), starts)
        found["all: rdflib (ms)"] = median(lambda start: rdflib_reach(triples, start, None), few)
    cold(store, starts[0])
    runs = [cold(store, start) for start in starts[:5]]
    found["cold qe-kg impact --depth 3 (s)"] = statistics.median(seconds for seconds, _ in runs)
    found["… memory (MB)"] = max(megabytes for _, megabytes in runs)
    return found


def reach(model: Model, start: str) -> int:
    """Hops and certainty of everything reached, without names and paths."""
    from qe_kg.lineage.array_walk import Walked
    from qe_kg.lineage.walk import Filters

    warm = model.lineage.warm
    filters = Filters()
    met = Walked.of(warm.index, model.lineage.starts.resolve([start]), "downstream", filters, warm.allowed(filters))
    return int((met.hops > 0).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--folder", type=Path, help="where to write models and stores (default: a temporary folder)")
    arguments = parser.parse_args()
    columns: list[dict[str, float | None]] = []
    for flows in arguments.flows:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            columns.append(measure(flows, Path(folder), slow=flows <= 100_000))
            print(f"{flows} flows done", file=sys.stderr)
    if arguments.json:
        arguments.json.write_text(json.dumps(columns, indent=1))
    packages = ", ".join(f"{name} {version(name)}" for name in ("pyoxigraph", "numpy", "networkx", "rdflib"))
    print(
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}; ", end=""
    )
    print(f"most memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")
    print("| flows | " + " | ".join(f"{column['flows']:,}" for column in columns) + " |")
    print("| --- |" + " ---: |" * len(columns))
    for row in list(dict.fromkeys(key for column in columns for key in column))[1:]:
        print(f"| {row} | " + " | ".join(_figure(column.get(row)) for column in columns) + " |")


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}" if value < 10 else f"{value:.1f}"


if __name__ == "__main__":
    main()
