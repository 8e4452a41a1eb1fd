"""Lineage at the size of a large enterprise, side by side with what else could answer the same question.

For each size a made-up enterprise is written and loaded into a store on disk; with ``--folder`` both are kept there and
taken again. Then, in one run on the same flows and the same starts: what is reached within three hops and in all, by
this library (warm), by one SPARQL 1.1 property path on the same store, by networkx and by rdflib (bare walks that give
no names, paths, items or certainty). All sizes go side by side into one table in Markdown. networkx is no dependency of
the library: install the extra "bench".

The second table tells what time grows with: questions that reach more and more of one model, and questions that reach
equally much of larger and larger models.
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
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import pyoxigraph as ox
import rdflib

from qe_kg.generate import Enterprise, write_model
from qe_kg.lineage.index import FlowIndex
from qe_kg.lineage.names import FlowNames
from qe_kg.lineage.walk import Filters
from qe_kg.manifest import RDF_ROLES
from qe_kg.model import Model
from qe_kg.model_files import state_of
from qe_kg.opening import load_model, open_model, read_files

QE = "https://quantumenergy.example/ns/"
DEPTH = 3
#: Of larger models rdflib is not asked: it takes about 1 kB for a flow's one triple, and minutes to read them.
MOST_FOR_RDFLIB = 1_000_000
STARTS, FEW = 15, 3
Figures = dict[str, float | None]


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_ms(work: Callable[[str], object], starts: Sequence[str]) -> float:
    return 1000 * statistics.median(seconds(lambda one=start: work(one)) for start in starts)  # type: ignore[misc]


# --- the others --------------------------------------------------------------------------------------------------


def property_path(model: Model, start: str, depth: int | None) -> int:
    """The same reach as one SPARQL 1.1 query; a bound can only be spelled out, step by step."""
    step = f"^<{QE}hasSource>/<{QE}hasTarget>"
    path = f"({step})+" if depth is None else "/".join([f"({step})"] + [f"({step})?"] * (depth - 1))
    return model.store.text_rows(f"SELECT DISTINCT ?x WHERE {{ <{start}> {path} ?x }}").count(b"\n") - 1


def networkx_of(index: FlowIndex) -> Any:  # noqa: ANN401 - networkx has no types
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_edges_from(zip(index.source.tolist(), index.target.tolist(), strict=True))
    return graph


def networkx_reach(graph: Any, start: int, depth: int | None) -> int:  # noqa: ANN401
    import networkx as nx

    return len(nx.single_source_shortest_path_length(graph, start, cutoff=depth)) - 1


def rdflib_of(index: FlowIndex) -> rdflib.Graph:
    graph, to = rdflib.Graph(), rdflib.URIRef(f"{QE}reaches")
    names = [rdflib.URIRef(iri) for iri in index.participants]
    for source, target in zip(index.source.tolist(), index.target.tolist(), strict=True):
        graph.add((names[source], to, names[target]))
    return graph


def rdflib_reach(graph: rdflib.Graph, start: str, depth: int | None) -> int:
    to, seen = rdflib.URIRef(f"{QE}reaches"), {rdflib.URIRef(start)}
    frontier, level = set(seen), 0
    while frontier and (depth is None or level < depth):
        frontier = {x for one in frontier for x in graph.objects(one, to) if isinstance(x, rdflib.URIRef)} - seen
        seen |= frontier
        level += 1
    return len(seen) - 1


def cold(store: Path, start: str, code: int = 0) -> tuple[float, float]:
    """Seconds and megabytes of a cold ``qe-kg impact --depth 3`` against the store on disk, which ends with a code."""
    command = [sys.executable, "-m", "qe_kg", "impact", start, "--depth", str(DEPTH), "--format", "json"]
    script = (
        "import resource, subprocess, sys, time\nt = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        f"assert done.returncode == {code}\n"
        "print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command, "--store", str(store)], capture_output=True, text=True, check=True
    )
    took, megabytes = map(float, done.stdout.split())
    return took, megabytes


# --- one size ----------------------------------------------------------------------------------------------------


def prepare(flows: int, folder: Path) -> None:
    """Write and load the model unless that is done; how long it took is kept beside it."""
    took = folder / "prepared.json"
    if took.is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"write the model (s)": seconds(lambda: write_model(Enterprise(flows, evidence=False), folder / "model"))}
    cpu = time.process_time()
    figures["load it into a store on disk, with index and names (s)"] = seconds(
        lambda: load_model(folder / "model", folder / "store")
    )
    figures["… processor time (s)"] = time.process_time() - cpu
    took.write_text(json.dumps(figures))


class InMemory:
    """The triples of a file in memory, once: as much of a store as an index is built from."""

    def __init__(self, path: Path) -> None:
        self._store = ox.Store()
        self._store.bulk_load(path=str(path), format=ox.RdfFormat.N_TRIPLES)

    def text_rows(self, query: str) -> bytes:
        answer = self._store.query(query)
        assert isinstance(answer, ox.QuerySolutions)
        return answer.serialize(format=ox.QueryResultsFormat.TSV) or b""


def off_the_files(folder: Path) -> Figures:
    """How long the index takes off the files, as when they are loaded; small ones are parsed, the large one is not."""
    files = read_files(folder)
    states = {file.path: state_of(file.path) for file in files.manifest.of_role(*RDF_ROLES)}

    def build() -> None:
        texts = files.texts(states, ())
        assert texts is not None
        FlowIndex.scan(texts, files.manifest.namespaces)

    cpu, first = time.process_time(), seconds(build)
    cpu = time.process_time() - cpu
    again = statistics.median(seconds(build) for _ in range(3))
    return {
        "build the index off the files (s)": first, "… again, median of three (s)": again,
        "… off the files, processor time (s)": cpu,
    }  # fmt: skip


def building(model: Model, folder: Path) -> Figures:
    """How long the index takes: off the files, from a store in memory, from the one on disk, and the one kept."""
    found: Figures = off_the_files(folder / "model")
    memory: Any = InMemory(folder / "model" / "enterprise.nt")
    for name, store in (("in memory", memory), ("on disk", model.store)):
        cpu = time.process_time()
        found[f"build the index from a store {name} (s)"] = seconds(partial(FlowIndex.read, store, model.namespaces))
        found[f"… {name}, processor time (s)"] = time.process_time() - cpu
    del memory, store  # frees some kB a flow
    index = model.lineage.warm.index
    found["read the names from the store on disk (s)"] = seconds(
        lambda: FlowNames.read(model.catalogue, index.participants, index.items)
    )
    found["take the kept index (s)"] = seconds(lambda: FlowIndex.kept(folder / "store"))
    found["take the kept names (s)"] = seconds(
        lambda: FlowNames.kept(folder / "store", index.participants, index.items)
    )
    return found


def measure(flows: int, folder: Path) -> tuple[Figures, list[tuple[str, ...]]]:
    prepare(flows, folder)
    model = open_model(store=folder / "store")
    found: Figures = {"flows": flows, **json.loads((folder / "prepared.json").read_text()), **building(model, folder)}
    model.lineage.warm_up()
    index = model.lineage.warm.index
    chance = Random(0)
    stages = [iri for iri in index.participants if "/value-stream-stage-" in iri]
    starts, others = (chance.sample(stages, min(STARTS, len(stages))) for _ in range(2))
    model.impact(starts[0], depth=1)  # what is made once for all questions
    found |= ours(model, folder / "store", starts, others)
    for depth, name, asked in ((DEPTH, "depth 3", starts[:7]), (None, "all", starts[:FEW])):
        found[f"{name}: property path (ms)"] = median_ms(partial(property_path, model, depth=depth), asked)
    share = (found["all: this library, warm (ms)"] or 0) / (found["all: property path (ms)"] or 1)
    found["… this library takes of that (%)"] = 100 * share
    for library, measured in (("networkx", with_networkx), ("rdflib", with_rdflib)):
        if library != "rdflib" or flows <= MOST_FOR_RDFLIB:
            found |= measured(index, starts)
    growth = [grown(model, flows, starts[0], depth) for depth in (1, 3, 6, 9, 12, 15, None)]
    cold(folder / "store", starts[0])
    runs = [cold(folder / "store", start) for start in starts[:5]]
    found["cold qe-kg impact --depth 3 (s)"] = statistics.median(took for took, _ in runs)
    found["… memory (MB)"] = max(megabytes for _, megabytes in runs)
    runs = [cold(folder / "store", name, code=2) for name in ("Grid Telemetrie", "AOV-99999", "Nobody's Stream")]
    found["cold, a name that there is not (s)"] = statistics.median(took for took, _ in runs)
    found["… with such a name, memory (MB)"] = max(megabytes for _, megabytes in runs)
    return found, growth


def ours(model: Model, store: Path, starts: list[str], others: list[str]) -> Figures:
    """This library, warm: what is reached within three hops, read out; and in all, read out or not."""
    found: Figures = {}
    reached = [len(model.impact(start, depth=DEPTH).reached) for start in starts]
    found["reached within 3 hops (median)"] = statistics.median(reached)
    found["depth 3: this library, warm, whole answer (ms)"] = median_ms(
        lambda start: model.impact(start, depth=DEPTH).to_dict(), starts
    )
    fresh = open_model(store=store)
    fresh.lineage.warm_up()
    fresh.impact(starts[0], depth=1)
    found["… names never asked for before (ms)"] = median_ms(
        lambda start: fresh.impact(start, depth=DEPTH).to_dict(), others
    )
    few = starts[:FEW]
    found["reached in all"] = len(model.impact(few[0]).reached)
    found["all: this library, warm (ms)"] = median_ms(lambda start: len(model.impact(start).reached), few)
    found["… read out: rows, paths, flows, names (ms)"] = median_ms(lambda start: read_out(model, start), few)
    found["… written as JSON (ms)"] = median_ms(lambda start: json.dumps(model.impact(start).to_dict()), few[:1])
    return found


def with_networkx(index: FlowIndex, starts: list[str]) -> Figures:
    graph, number = networkx_of(index), {iri: at for at, iri in enumerate(index.participants)}
    return {
        f"{name}: networkx (ms)": median_ms(lambda start: networkx_reach(graph, number[start], depth), asked)  # noqa: B023
        for name, depth, asked in (("depth 3", DEPTH, starts), ("all", None, starts[:FEW]))
    }


def with_rdflib(index: FlowIndex, starts: list[str]) -> Figures:
    graph = rdflib_of(index)
    return {
        f"{name}: rdflib (ms)": median_ms(lambda start: rdflib_reach(graph, start, depth), asked)  # noqa: B023
        for name, depth, asked in (("depth 3", DEPTH, starts), ("all", None, starts[:FEW]))
    }


def read_out(model: Model, start: str) -> int:
    answer = model.impact(start)
    return len(tuple(answer.reached)) + len(tuple(answer.flows)) + len(answer.elements)


def grown(model: Model, flows: int, start: str, depth: int | None) -> tuple[str, ...]:
    """How many flows are walked to a depth, and how long that takes, names and paths not read."""
    warm, begin = model.lineage.warm, model.lineage.starts.resolve([start])
    met = warm.reach(begin, "downstream", Filters(depth=depth))
    walks = [seconds(lambda: warm.reach(begin, "downstream", Filters(depth=depth))) for _ in range(7)]
    walked, took = int(met.flow_met.sum()), statistics.median(walks)
    return f"{flows:,}", str(depth or "all"), f"{walked:,}", f"{1000 * took:.2f}", f"{1e6 * took / max(walked, 1):.2f}"


# --- all sizes ---------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--folder", type=Path, help="keep models and stores here, and take what is there already")
    parser.add_argument("--prepare", action="store_true", help="only write and load the models")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if arguments.prepare:
            for flows in arguments.flows:
                prepare(flows, folder / str(flows))
            return
        measured = []
        for flows in arguments.flows:
            measured.append(measure(flows, folder / str(flows)))
            print(f"{flows:,} flows done", file=sys.stderr)
    columns = [figures for figures, _ in measured]
    if arguments.json:
        arguments.json.write_text(json.dumps(columns, indent=1))
    print(machine())
    names = list(dict.fromkeys(key for column in columns for key in column))[1:]
    print(table(["flows", *(f"{column['flows']:,}" for column in columns)],
                [[name, *(figure(column.get(name)) for column in columns)] for name in names]))  # fmt: skip
    print(table(["flows in the model", "depth", "flows walked", "ms", "µs a flow walked"],
                [row for _, growth in measured for row in growth]))  # fmt: skip


def machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("pyoxigraph", "numpy", "networkx", "rdflib"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({platform.machine()}), load average "
        f"{os.getloadavg()[2]:.1f} over the last 15 minutes, Python {platform.python_version()}, {packages}; "
        f"most memory of this process {memory:,.0f} MB.\n"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}" if value < 10 else f"{value:.1f}"


if __name__ == "__main__":
    main()
