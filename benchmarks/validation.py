"""Validation at the size of a large enterprise, side by side with the SHACL engines that Python has.

Made-up enterprises of several sizes are validated with two sets of shapes: a small one (``benchmarks/shapes``: nine
property shapes of SHACL Core and one SPARQL constraint) and the project's own shapes, all of them, on the model's data
together with its ontology: once of flows without any evidence, of which nearly each has results, once ("evidence") of
flows as ``qe-kg generate`` makes them. Every run is a process of its own that starts, reads the files, validates and
makes its report; the floor is a process that only reads the data and writes them again. The number of results must be
the same for all engines. Prints Markdown.

The peers are installed in environments of their own, since they need not be there to work on the project:

    python3.11 -m venv FOLDER/peers && FOLDER/peers/bin/pip install oxigraph pyshacl pyshacl-turbo pyrudof pyshifty
    python3.13 -m venv FOLDER/purrdf && FOLDER/purrdf/bin/pip install purrdf

One that is missing is left out of the table, and named below it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from qe_kg.generate import Enterprise, write_model
from qe_kg.opening import open_model
from qe_kg.store.files import with_labels
from qe_kg.store.streams import write_as_read

SMALL_SET = Path(__file__).parent / "shapes" / "flows.ttl"
#: No engine is run again once its runs of one size took so long (seconds).
ENOUGH = 40.0

_TITLES = {
    "small": "Nine property shapes and one SPARQL constraint",
    "own": "The project's own shapes, all rules, on flows without evidence",
    "evidence": "The project's own shapes, all rules, on flows with evidence",
}

# Runs a command and tells seconds, processor seconds, megabytes and what it printed last.
_MEASURE = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
try:
    done = subprocess.run(sys.argv[2:], capture_output=True, text=True, timeout=float(sys.argv[1]))
    code, out, err = done.returncode, done.stdout, done.stderr
except subprocess.TimeoutExpired:
    code, out, err = None, "", ""
took, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
last = (out.strip().splitlines() or [""])[-1]
why = (err.strip().splitlines() or [""])[-1]
print(json.dumps([code, took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, last, why]))
"""
_OURS = """
import sys
from qe_kg.cli import main
*arguments, output = sys.argv[1:]
sys.argv = ["qe-kg", "validate", *arguments, "--format", "ttl", "-o", output]
try:
    main()
except SystemExit:
    pass
"""
_SCRIPTS = {
    "pySHACL": """
import sys, pyshacl
from rdflib import Graph, URIRef
_, graph, _ = pyshacl.validate(Graph().parse(sys.argv[1], format="nt"), shacl_graph=Graph().parse(sys.argv[2]))
print(len(set(graph.objects(None, URIRef("http://www.w3.org/ns/shacl#result")))))
""",
    "pyshacl-turbo": """
import sys, pyshacl_turbo
_, graph, _ = pyshacl_turbo.validate(sys.argv[1], shacl_graph=sys.argv[2], data_graph_format="nt",
                                     shacl_graph_format="turtle")
print(str(graph.serialize(format="nt")).count("http://www.w3.org/ns/shacl#result>"))
""",
    "pyrudof": """
import sys, pyrudof
rudof = pyrudof.Rudof(pyrudof.RudofConfig())
rudof.read_data(sys.argv[1], pyrudof.RDFFormat.NTriples)
rudof.read_shacl(sys.argv[2], pyrudof.ShaclFormat.Turtle)
print(len(rudof.validate_shacl().violations))
""",
    "pyshifty": """
import sys
from shifty import _shifty
ran = _shifty.PreparedValidator(shapes_path=sys.argv[2], shapes_format="turtle").validate_w3c(
    data_path=sys.argv[1], data_format="nt")
print(ran._report_ntriples.count("http://www.w3.org/ns/shacl#result>"))
""",
    "purrdf": """
import sys, purrdf
print(len(purrdf.shacl.validate(open(sys.argv[2]).read(), open(sys.argv[1]).read())["results"]))
""",
}


@dataclass(frozen=True)
class Engine:
    """One engine: what it is called, the command that validates DATA with SHAPES, and the greatest size for it."""

    name: str
    command: tuple[str, ...]
    most: int = 10**9


@dataclass(frozen=True)
class Run:
    """The runs of one engine on one size."""

    seconds: float
    processor: float
    megabytes: float
    results: str
    times: int
    failure: str = ""


def engines(folder: Path) -> Iterator[Engine]:
    own, peers, purrdf = (Path(sys.executable), folder / "peers/bin/python", folder / "purrdf/bin/python")
    oxigraph = folder / "peers/bin/oxigraph"
    if oxigraph.exists():
        yield Engine(
            "floor: oxigraph convert", (str(oxigraph), "convert", "--from-file", "DATA", "--to-file", "OUT.nt")
        )
    yield Engine("qe-kg", (str(own), "-c", _OURS, "DATA", "--shapes", "SHAPES", "OUT.nt"))
    for name, script in _SCRIPTS.items():
        python = purrdf if name == "purrdf" else peers
        if python.exists():
            yield Engine(name, (str(python), "-c", script, "DATA", "SHAPES"), 10_000 if name == "pySHACL" else 10**9)


def run(engine: Engine, data: Path, shapes: Path, repeats: int, limit: float) -> Run:
    """Run an engine several times; fewer where it takes long."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        places = {"DATA": str(data), "SHAPES": str(shapes), "OUT.nt": f"{out}.nt"}
        command = [places.get(part, part) for part in engine.command]
        rows: list[list[Any]] = []
        while len(rows) < repeats and sum(row[1] for row in rows) < ENOUGH:
            done = subprocess.run(
                [sys.executable, "-c", _MEASURE, str(limit), *command], capture_output=True, text=True, check=True
            )
            code, *row, why = json.loads(done.stdout)
            if code is None:
                return Run(limit, row[1], row[2], "", 1, f"more than {limit:.0f} s")
            if code != 0:
                return Run(row[0], row[1], row[2], "", 1, f"fails: {why[:90]}")
            rows.append([code, *row])
        if engine.name == "qe-kg":  # the peers count what they hold; what we wrote is counted when the time is taken
            with Path(f"{out}.nt").open(encoding="utf-8") as report:
                rows[0][4] = str(sum("[ a sh:ValidationResult " in line for line in report))
    seconds, processor, megabytes = (statistics.median(row[column] for row in rows) for column in (1, 2, 3))
    results = "" if engine.name.startswith("floor") else rows[0][4]
    return Run(seconds, processor, megabytes, results, len(rows))


def prepare(flows: int, folder: Path, *, evidence: bool) -> tuple[Path, Path]:
    """Write the enterprise, and beside it the same with the ontology and the shapes; return both files."""
    model = folder / f"{'evidence' if evidence else 'validation'}-{flows}"
    data, everything = model / "enterprise.nt", model / "everything.nt"
    if not everything.exists():
        write_model(Enterprise(flows, evidence=evidence), model)
        shipped = open_model()
        with everything.open("wb") as output:
            output.write(data.read_bytes())
            for number, file in enumerate(shipped.manifest.of_role("ontology", "shapes")):
                write_as_read(with_labels(shipped.files.read(file), f"n{number}x"), output, "nt", {})
    return data, everything


def own_shapes(folder: Path) -> Path:
    """Write the project's shapes into one file."""
    path, model = folder / "own-shapes.ttl", open_model()
    with path.open("wb") as output:
        write_as_read(
            [
                quad
                for number, file in enumerate(model.manifest.of_role("shapes"))
                for quad in with_labels(model.files.read(file), f"s{number}x")
            ],
            output, "ttl", {},
        )  # fmt: skip
    return path


def table(title: str, rows: list[tuple[int, Engine, Run]]) -> str:
    lines = [f"### {title}", "", "| flows | engine | seconds | processor s | MB | of the floor | results | runs |"]
    lines.append("|---:|---|---:|---:|---:|---:|---:|---:|")
    floors = {flows: ran.seconds for flows, engine, ran in rows if engine.name.startswith("floor")}
    for flows, engine, ran in rows:
        share = f"{ran.seconds / floors[flows]:.1f}" if flows in floors and not ran.failure else ""
        seconds = ran.failure or f"{ran.seconds:.2f}"
        lines.append(
            f"| {flows:,} | {engine.name} | {seconds} | {ran.processor:.1f} | {ran.megabytes:.0f} | {share} | "
            f"{ran.results} | {ran.times} |"
        )
    differing = {flows for flows, _, _ in rows if len({ran.results for at, _, ran in rows if at == flows} - {""}) > 1}
    told = ", ".join(f"{flows:,}" for flows in sorted(differing))
    lines += ["", f"The engines found different numbers of results at {told} flows." if told else
              "All engines found the same number of results."]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for the models and the peers; kept")
    parser.add_argument("--flows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds after which a run is given up")
    parser.add_argument("--sets", nargs="+", choices=list(_TITLES), default=list(_TITLES))
    parser.add_argument("--engines", nargs="+", help="only these, such as floor qe-kg purrdf")
    parser.add_argument("--prepare", action="store_true", help="write the models and stop")
    options = parser.parse_args()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        (flows, evidence): prepare(flows, folder, evidence=evidence)
        for flows in options.flows
        for evidence in sorted({name == "evidence" for name in options.sets})
    }
    own = own_shapes(folder)
    shapes = {"small": SMALL_SET, "own": own, "evidence": own}
    if options.prepare:
        return
    chosen = [one for one in engines(folder) if not options.engines or one.name.partition(":")[0] in options.engines]
    print(f"{date.today()} · {platform.platform()} · {os.cpu_count()} processors · {platform.python_version()}\n")
    for name in options.sets:
        rows = []
        for flows in options.flows:
            data, everything = files[flows, name == "evidence"]
            for engine in chosen:
                if flows <= engine.most:
                    at = data if name == "small" else everything
                    rows.append((flows, engine, run(engine, at, shapes[name], options.repeats, options.limit)))
                    print(f"{name} {flows} {rows[-1][1].name} {rows[-1][2]}", file=sys.stderr)
        print(table(_TITLES[name], rows) + "\n")
    missing = [one for one in _SCRIPTS if one not in {engine.name for engine in engines(folder)}]
    if missing:
        print(f"Not installed in {folder}: {', '.join(missing)}.")


if __name__ == "__main__":
    main()
