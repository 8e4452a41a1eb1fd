"""How long a person waits for a cold command, beside the same question asked with rdflib alone.

Prints the median, the least and the greatest of several runs of each, as a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The same answer with rdflib: load the same files, follow the flows from AOV-04 downstream breadth first.
RDFLIB = """
import pathlib, rdflib
g = rdflib.Graph()
for folder in ("ontology", "shapes", "data/quantum-energy"):
    for file in sorted(pathlib.Path(folder).rglob("*.ttl")):
        g.parse(file)
rows = g.query('''PREFIX qe: <https://quantumenergy.example/ns/>
    SELECT ?s ?t WHERE { ?f qe:hasSource ?s ; qe:hasTarget ?t }''')
out = {}
for s, t in rows:
    out.setdefault(s, set()).add(t)
external = set(g.subjects(rdflib.URIRef("https://quantumenergy.example/ns/inZone"),
                          rdflib.URIRef("https://quantumenergy.example/vocab/zone-external")))
seen = frontier = {rdflib.URIRef("https://quantumenergy.example/id/value-stream-aov-04")}
while frontier:
    frontier = {t for s in frontier if s not in external for t in out.get(s, ())} - seen
    seen = seen | frontier
print(len(seen) - 1)
"""


def cases() -> dict[str, list[str]]:
    tool = [sys.executable, "-m", "qe_kg"]
    return {
        "python -c pass (the floor)": [sys.executable, "-c", "pass"],
        "qe-kg --help": [*tool, "--help"],
        "qe-kg impact AOV-04": [*tool, "impact", "AOV-04", "--format", "json"],
        "qe-kg impact AOV-04 --format svg": [*tool, "impact", "AOV-04", "--format", "svg"],
        "qe-kg query impact/list-direct-recipients": [
            *tool, "query", "impact/list-direct-recipients", "-p", "participant=AOV-04", "--format", "json",
        ],
        "qe-kg validate": [*tool, "validate", "--format", "json"],
        "qe-kg query … --entail": [
            *tool, "query", "impact/list-direct-recipients", "-p", "participant=AOV-04", "--format", "json", "--entail",
        ],
        "the same impact with rdflib alone": [sys.executable, "-c", RDFLIB],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    commands = cases()
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs + 1):  # the first round only warms the disk cache
        for name, command in commands.items():  # interleaved, so that a noisy minute hits all alike
            started = time.perf_counter()
            subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - started)
    packages = ", ".join(f"{name} {version(name)}" for name in ("pyoxigraph", "rdflib", "pyshacl", "owlrl"))
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}\n")
    print(f"| command | median of {runs} (s) | least | greatest |\n| --- | ---: | ---: | ---: |")
    for name, found in seconds.items():
        kept = found[1:]
        print(f"| `{name}` | {statistics.median(kept):.2f} | {min(kept):.2f} | {max(kept):.2f} |")


if __name__ == "__main__":
    main()
