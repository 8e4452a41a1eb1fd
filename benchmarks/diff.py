"""How long ``qe-kg diff`` takes for a large model with a hundred changes, and whether it shows just these.

Makes an enterprise with ``qe-kg generate``, changes a hundred flows in a copy of it, and compares the two: statements
and elements (``--no-meaning``), and the whole with what it means. Prints a Markdown table with wall time, CPU time and
the greatest memory of the process.

    python benchmarks/diff.py --flows 100000
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHANGES = 100


def qe_kg(*arguments: str | Path) -> tuple[str, float, float]:
    """Run a command; return its output, its wall time and its CPU time in seconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "qe_kg", *map(str, arguments)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 1:
        raise SystemExit(done.stderr)
    return done.stdout, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def change(folder: Path, number: int) -> None:
    """Give another target label to some flows, spread over the file."""
    path = next(folder.rglob("*.nt"), None) or max(folder.rglob("*.ttl"), key=lambda one: one.stat().st_size)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    labels = [at for at, line in enumerate(lines) if "/id/flow-" in line.split(" ", 1)[0] and "prefLabel" in line]
    for at in random.Random(7).sample(labels, number):
        lines[at] = lines[at].replace('"', '"Changed ', 1)
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--meaning", action="store_true", help="also time the comparison with its meaning")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old"), Path(folder, "new")
        qe_kg("generate", "--flows", str(options.flows), "--to-model", old)
        shutil.copytree(old, new)
        change(new, CHANGES)
        print(f"| comparison of {options.flows:,} flows, {CHANGES} changed | wall, best (s) | CPU (s) | shown |")
        print("| --- | ---: | ---: | ---: |")
        for name, more in (("by element", ["--no-meaning"]), ("with its meaning", []))[: 1 + options.meaning]:
            runs = [qe_kg("diff", old, new, "--format", "json", *more) for _ in range(options.runs)]
            text, wall, cpu = min(runs, key=lambda run: run[1])
            shown = Counter(one["kind"] for one in json.loads(text)["elements"])
            assert shown == {"changed": CHANGES}, shown
            print(f"| {name} | {wall:.1f} | {cpu:.1f} | {shown['changed']} |", flush=True)
    print(f"\ngreatest memory: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
