"""Exports of large models in source order: time beside ``oxigraph convert``, and memory at several sizes.

The floor is Oxigraph's own program, which reads the same N-Triples and writes the same N-Quads without a model, named
graphs or a safe replacement of the file. Runs are interleaved; processor time is user and system time together.
Prints two Markdown tables. Needs the package ``oxigraph`` of the development dependencies.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

OXIGRAPH = Path(sys.executable).parent / "oxigraph"
#: About so many triples has a flow of a made-up enterprise.
TRIPLES_A_FLOW = 6.8


class Cost(NamedTuple):
    """What a process took: seconds by the clock, seconds of the processor, greatest memory in MB."""

    seconds: float
    processor: float
    memory: float


def model_of(triples: int, cache: Path) -> Path:
    """Return a model with one N-Triples file of so many triples; it is made where it is not there yet."""
    directory = cache / f"{triples}-triples"
    if not (directory / "qe-kg.toml").exists():
        made = cache / f"{triples}-made"
        flows = str(round(triples / TRIPLES_A_FLOW * 1.02))
        subprocess.run([sys.executable, "-m", "qe_kg", "generate", "--flows", flows, "--to-model", made], check=True)
        directory.mkdir(parents=True)
        with (made / "enterprise.nt").open("rb") as source, (directory / "enterprise.nt").open("wb") as target:
            target.writelines(islice(source, triples))
        (directory / "qe-kg.toml").write_bytes((made / "qe-kg.toml").read_bytes())
        (made / "enterprise.nt").unlink()
    return directory


def cost_of(command: list[str]) -> Cost:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def export(model: Path, form: str, *more: str) -> list[str]:
    target = str(model / f"out.{form}")
    return [sys.executable, "-m", "qe_kg", "export", "--model", str(model), "--only", "data", "--order", "source",
            "--to", form, "-o", target, *more]  # fmt: skip


def convert(model: Path) -> list[str]:
    return [str(OXIGRAPH), "convert", "--from-file", str(model / "enterprise.nt"), "--to-file", str(model / "floor.nq")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=1_000_000, help="size of the comparison")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the made-up models")
    arguments = parser.parse_args()
    model = model_of(arguments.triples, arguments.cache)
    commands = {
        "`oxigraph convert` to N-Quads (the floor)": convert(model),
        "`qe-kg export --to nq`": export(model, "nq"),
        "`qe-kg export --to nt`": export(model, "nt"),
        "`qe-kg export --to nq --compress zstd`": export(model, "nq", "--compress", "zstd"),
        "`qe-kg export --to ttl`": export(model, "ttl"),
        "`qe-kg export --to nq --profile public`": export(model, "nq", "--profile", "public"),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(arguments.runs):
        for name, command in commands.items():
            costs[name].append(cost_of(command))
    floor = statistics.median(one.processor for one in costs[next(iter(costs))])
    print(f"| {arguments.triples:,} triples | clock (s) | processor (s) | of the floor | memory (MB) |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, found in costs.items():
        clock, processor = (statistics.median(values) for values in zip(*((a, b) for a, b, _ in found), strict=True))
        memory = max(one.memory for one in found)
        print(f"| {name} | {clock:.2f} | {processor:.2f} | {processor / floor:.2f} | {memory:.0f} |", flush=True)
    if arguments.sizes:
        print("\n| triples | nq: processor (s) | nq: memory (MB) | ttl: processor (s) | ttl: memory (MB) |")
        print("| ---: | ---: | ---: | ---: | ---: |")
    for triples in arguments.sizes:
        model = model_of(triples, arguments.cache)
        lines, turtle = cost_of(export(model, "nq")), cost_of(export(model, "ttl"))
        print(
            f"| {triples:,} | {lines.processor:.2f} | {lines.memory:.0f} | {turtle.processor:.2f} "
            f"| {turtle.memory:.0f} |",
            flush=True,
        )
        for path in model.glob("out.*"):
            path.unlink()


if __name__ == "__main__":
    main()
