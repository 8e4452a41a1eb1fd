"""The OWL 2 RL closure of made-up enterprises: our rules in the store beside owlrl on rdflib.

Prints a Markdown table. Loading is what the store needs to take in the files; reasoning comes on top of it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import rdflib
from owlrl.OWLRL import OWLRL_Semantics

from qe_kg.inference.fixpoint import contradictions, forget_what_says_nothing, reason_about, run
from qe_kg.manifest import read_manifest
from qe_kg.store.embedded import EmbeddedStore

Given = TypeVar("Given")
Got = TypeVar("Got")
GRAPH = "https://benchmark.example/entailed"


def files_of(directory: Path) -> list[Path]:
    return [file.path for file in read_manifest(directory).of_role("ontology", "data", "inference")]


def loaded(files: list[Path]) -> EmbeddedStore:
    store = EmbeddedStore()
    for file in files:
        store.load(file, f"https://benchmark.example/{file.name}")
    return store


def closed(store: EmbeddedStore) -> int:
    reasoning = reason_about(store)
    run(store, reasoning, GRAPH)
    assert not list(contradictions(store, reasoning))
    forget_what_says_nothing(store, GRAPH)
    (row,) = store.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}").rows
    assert row[0]
    return int(row[0].value)


def closed_by_owlrl(graph: rdflib.Graph) -> int:
    semantics = OWLRL_Semantics(graph, axioms=False, daxioms=False, rdfs=False)
    semantics.closure()
    return len(graph)


def parsed(files: list[Path]) -> rdflib.Graph:
    graph = rdflib.Graph()
    for file in files:
        graph.parse(file)
    return graph


def timed(work: Callable[[Given], Got], given: Given) -> tuple[float, Got]:
    started = time.perf_counter()
    got = work(given)
    return time.perf_counter() - started, got


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--owlrl-up-to", type=int, default=10_000, metavar="N")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print("| flows | triples | load (s) | reason (s) | entailed | reason / load | owlrl (s) | owlrl / reason |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for flows in arguments.flows:
        with tempfile.TemporaryDirectory() as folder:
            made = [sys.executable, "-m", "qe_kg", "generate", "--flows", str(flows), "--to-model", folder]
            subprocess.run(made, check=True, stderr=subprocess.DEVNULL)
            files = files_of(Path(folder))
            loading, reasoning = [], []
            for _ in range(arguments.runs):
                seconds, store = timed(loaded, files)
                loading.append(seconds)
                size = len(store)
                seconds, entailed = timed(closed, store)
                reasoning.append(seconds)
            load, reason = statistics.median(loading), statistics.median(reasoning)
            theirs, ratio = "", ""
            if flows <= arguments.owlrl_up_to:
                seconds, _ = timed(closed_by_owlrl, parsed(files))
                theirs, ratio = f"{seconds:.1f}", f"{seconds / reason:.0f}"
        print(
            f"| {flows:,} | {size:,} | {load:.2f} | {reason:.2f} | {entailed:,} | {reason / load:.2f} "
            f"| {theirs} | {ratio} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
