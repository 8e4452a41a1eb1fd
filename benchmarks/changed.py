"""Measure validation of what changed: one changed flow in a warm model, and a full run beside it.

    python benchmarks/changed.py --flows 10000 100000 1000000 --models build/bench

Each model runs in a process of its own. A model is made where it is not there yet (``qe-kg generate --to-model``). A
change points a flow at another flow's target; the time of `Validator.apply` is CPU time of the process and wall time,
findings along paths included. A full run takes the same data and shapes, loaded already, through the same
engine, without findings along paths.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from qe_kg.change import Change
from qe_kg.manifest import RDF_ROLES, read_manifest
from qe_kg.model_files import ModelFiles
from qe_kg.shacl.nodes import RDF_TYPE
from qe_kg.validation import engines
from qe_kg.validation.gate import Settings
from qe_kg.validation.preparation import with_day
from qe_kg.validation.session import Validator

DAY = date(2026, 6, 30)
CHANGES = 20


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, with_full_run: bool) -> dict[str, Any]:
    """Return the figures of one model."""
    files = ModelFiles(read_manifest(folder), Change())
    names = files.manifest.namespaces
    found: dict[str, Any] = {}
    started = time.perf_counter()
    validator = Validator(
        files.quads(*RDF_ROLES), files.quads("shapes"), names, Settings(("generic",), DAY, engine="sparql"),
        files.manifest.own_namespace,
    )  # fmt: skip
    found["index"], found["index_mb"] = time.perf_counter() - started, megabytes()
    started = time.perf_counter()
    validator.warm()
    found["store"], found["mb"] = time.perf_counter() - started, megabytes()
    triples, target = len(validator.graph), ox.NamedNode(f"{names.terms}hasTarget")
    flows = sorted(
        (flow, end) for end, flows in validator.graph.by_value(str(target)).items() for flow in flows if flow[0] == "<"
    )
    choose, times, cpu, foci = random.Random(1), [], [], []
    bounded = shapes = 0
    for _ in range(CHANGES):
        flow, old, new = (ox.NamedNode(node[1:-1]) for node in (*choose.choice(flows), choose.choice(flows)[1]))
        change = Change((ox.Quad(flow, target, new),), (ox.Quad(flow, target, old),))
        started, worked = time.perf_counter(), time.process_time()
        answer = validator.apply(change)
        cpu.append((time.process_time() - worked) * 1000)
        times.append((time.perf_counter() - started) * 1000)
        foci.append(len(answer.focus_nodes))
        bounded, shapes = answer.bounded, answer.shapes
        validator.apply(Change(change.removed, change.added))
    found |= {
        "triples": triples, "bounded": f"{bounded} of {shapes}", "foci": statistics.median(foci),
        "cpu": statistics.median(cpu), "median": statistics.median(times), "least": min(times), "greatest": max(times),
        "findings": sum(1 for _ in validator.graph.subjects(RDF_TYPE, f"<{names.terms}ConduitFinding>")),
    }  # fmt: skip
    if with_full_run:
        del validator
        shapes_quads = list(files.quads("shapes"))
        data = with_day(files.quads(*RDF_ROLES), DAY, names)
        started = time.perf_counter()
        engines.run("sparql", data, shapes_quads)
        found["full"], found["full_mb"] = time.perf_counter() - started, megabytes()
    return found


ROWS = (
    ("triples, ontology and shapes included", "triples", "{:,}"),
    ("findings along paths", "findings", "{:,}"),
    ("one changed flow: CPU time, median of 20 (ms)", "cpu", "{:.1f}"),
    ("… wall time, median (ms)", "median", "{:.1f}"),
    ("… least", "least", "{:.1f}"),
    ("… greatest", "greatest", "{:.1f}"),
    ("focus nodes validated again (median)", "foci", "{:.0f}"),
    ("shapes bounded", "bounded", "{}"),
    ("reading, indexing and searching for paths (s)", "index", "{:.1f}"),
    ("… memory then (MB)", "index_mb", "{:,.0f}"),
    ("loading the store for SPARQL constraints (s)", "store", "{:.1f}"),
    ("… memory then (MB)", "mb", "{:,.0f}"),
    ("a full run (s)", "full", "{:.1f}"),
)


def main() -> None:
    """Print a Markdown table with a column a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, nargs="+", default=[10_000])
    parser.add_argument("--models", type=Path, default=Path("build/bench"), help="folder with gen-FLOWS folders")
    parser.add_argument("--full-up-to", type=int, default=10_000, help="no full run for more flows than this")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.flows[0] <= options.full_up_to)))
        return
    columns = []
    for flows in options.flows:
        folder = options.models / f"gen-{flows}"
        if not (folder / "qe-kg.toml").is_file():
            make = [sys.executable, "-m", "qe_kg", "generate", "--flows", str(flows), "--to-model", str(folder)]
            subprocess.run(make, check=True)
        again = [sys.executable, __file__, "--one", str(folder), "--flows", str(flows)]
        told = subprocess.run(
            [*again, "--full-up-to", str(options.full_up_to)], check=True, capture_output=True, text=True
        )
        columns.append(json.loads(told.stdout))
    print(f"| flows | {' | '.join(f'{flows:,}' for flows in options.flows)} |")
    print(f"| --- |{' ---: |' * len(columns)}")
    for label, name, form in ROWS:
        print(f"| {label} | {' | '.join(form.format(one[name]) if name in one else '–' for one in columns)} |")


if __name__ == "__main__":
    main()
