"""Publishing a million triples, beside a bare upload of the same file with curl, to the Oxigraph server and to Fuseki.

For each server, on a store of its own: curl PUTs the file to a graph; then a model of that one file is published for
the first time (plan, staging, read back, swap, comparison, record); then a hundred triples change and are published
with --delta, the plan apart. That is done several times in turn, and medians are shown. Before each, curl uploads a
file of the same size about other things, so that the server is warm and its store is not empty. Each server runs on the
machine that measures, Fuseki with the memory that its own script gives it (4 GB; --java). Fuseki needs
``make servers``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qe_kg.publish.plan import Plan, Wanted, make_plan
from qe_kg.publish.publisher import Author, Publisher
from qe_kg.store.canonical import canonical_text
from qe_kg.store.profiles import profile_of_url
from qe_kg.store.remote import RemoteStore
from tests.servers.running import SERVERS, Server, fuseki

GRAPH, RECORD = "https://x.example/graph/model/flows.nt", "https://x.example/graph/record"


def write_file(path: Path, count: int, changed: int = 0, thing: str = "flow") -> None:
    """Write about ``count`` triples about flows, or other things; of the last ones ``changed`` have another label."""
    random = Random(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count // 5):
            flow, ends = (
                f"<https://x.example/id/{thing}-{number}>",
                (random.randrange(20_000), random.randrange(20_000)),
            )
            label = f"{thing} {number}" + (" renamed" if number >= count // 5 - changed else "")
            file.write(
                f"{flow} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://x.example/ns/InformationFlow> .\n"
                f"{flow} <https://x.example/ns/from> <https://x.example/id/participant-{ends[0]}> .\n"
                f"{flow} <https://x.example/ns/to> <https://x.example/id/participant-{ends[1]}> .\n"
                f'{flow} <http://www.w3.org/2000/01/rdf-schema#label> "{label}"@en .\n'
                f'{flow} <http://purl.org/dc/terms/identifier> "{thing[0].upper()}-{number:08}" .\n'
            )


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def upload(server: Server, path: Path, graph: str) -> None:
    url = f"{server.graph_store_url}?graph={graph.replace(':', '%3A').replace('/', '%2F')}"
    command = ["curl", "--silent", "--show-error", "--fail", "--upload-file", str(path), "--header",
               "Content-Type: application/n-triples", url]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def plan(store: RemoteStore, path: Path) -> Plan:
    graph = canonical_text(path.read_bytes())
    return make_plan(store, RECORD, [Wanted.of(GRAPH, graph, store.profile.product)], "Benchmark")


def start(product: str, folder: Path, java: str) -> Server:
    server = fuseki(folder, ("java", *java.split())) if product == "fuseki" else SERVERS[product](folder)
    return server.start()


class Times(NamedTuple):
    """Seconds of one run: curl, the publication, and of the difference its plan and the rest."""

    curl: float
    publish: float
    plan: float
    rest: float


def measure(product: str, folder: Path, java: str, other: Path, first: Path, second: Path) -> tuple[Times, int]:
    """Run once, on new stores; return the times and how many triples the difference has."""
    author = Author("benchmark", "0")
    bare = start(product, folder / "curl", java)
    upload(bare, other, "https://x.example/warm")  # so that Java has compiled what it is going to run
    curl = seconds(lambda: upload(bare, first, GRAPH))
    bare.stop()
    server = start(product, folder / "publish", java)
    try:
        upload(server, other, "https://x.example/warm")
        profile = replace(profile_of_url(f"{product}+{server.base}", {}), timeout=600)
        store = RemoteStore(profile)
        publisher = Publisher(store, RECORD, author)
        whole = seconds(lambda: publisher.publish(plan(store, first)))
        plans: list[Plan] = []
        planning = seconds(lambda: plans.append(plan(store, second)))
        rest = seconds(lambda: publisher.publish(plans[0], delta=True))
        changed = sum(len(step.added) + len(step.removed) for step in plans[0].steps)
        assert plan(store, second).is_done
    finally:
        server.stop()
    return Times(curl, whole, planning, rest), changed


def row(product: str, runs: list[tuple[Times, int]]) -> str:
    """Return a row of the table: medians, the ratio of these, and the least and greatest ratio of a run."""
    curl, publish, planning, rest = (median(column) for column in zip(*(times for times, _ in runs), strict=True))
    ratios = sorted(times.publish / times.curl for times, _ in runs)
    return (
        f"| {product} | {curl:.1f} | {publish:.1f} | {publish / curl:.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f} | "
        f"{runs[0][1]} | {planning:.1f} | {rest:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--java", default="-Xmx4g", help="options for the Java that runs Fuseki")
    parser.add_argument("--servers", nargs="+", default=["oxigraph", "fuseki"])
    arguments = parser.parse_args()
    if shutil.which("curl") is None:
        sys.exit("curl is not installed")
    print("| server | curl (s) | publish (s) | ratio | of single runs | changed | its plan (s) | the rest (s) |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        other, first, second = folder / "other.nt", folder / "first.nt", folder / "second.nt"
        write_file(other, arguments.triples, thing="thing")
        write_file(first, arguments.triples)
        write_file(second, arguments.triples, changed=50)
        for product in arguments.servers:
            runs = []
            for number in range(arguments.runs):
                runs.append(measure(product, folder / f"{product}-{number}", arguments.java, other, first, second))
                shutil.rmtree(folder / f"{product}-{number}")
            print(row(product, runs), flush=True)


if __name__ == "__main__":
    main()
