"""``qe-kg generate``."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command(
    "generate",
    epilog="""\b
Examples:
  qe-kg generate --flows 1000 --seed 7 --to-model big
  qe-kg generate --flows 1000000 --no-evidence -o big.nt
  qe-kg generate --flows 200 --format ttl -o small.ttl --list-defects defects.json""",
)
@click.option("--flows", type=click.IntRange(min=1), required=True, metavar="N", help="How many flows.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same enterprise.")
@click.option(
    "--defects", "rate", type=click.FloatRange(0, 1), default=0.02, show_default=True,
    help="Share of the places where a fault is possible that get one.",
)  # fmt: skip
@click.option("--no-evidence", is_flag=True, help="Leave out control records and statements: five triples a flow.")
@click.option("--format", "form", type=click.Choice(["nt", "ttl"]), help="N-Triples or Turtle (default: as -o ends).")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead.")
@click.option(
    "--list-defects", "defects", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the faults that were built in to this file, as JSON.",
)  # fmt: skip
@click.option(
    "--to-model", "directory", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Write a model directory instead: triples, manifest and defects.json.",
)  # fmt: skip
def generate_command(
    flows: int,
    seed: int,
    rate: float,
    no_evidence: bool,
    form: str | None,
    output: Path | None,
    defects: Path | None,
    directory: Path | None,
) -> None:
    """Make up a large enterprise in the same vocabulary: for trials, tests and benchmarks.

    It has value streams with stages, capabilities on three levels, systems, stakeholders, zones, items with data
    categories, derivations, and evidence with a known rate of faults, which are listed. The triples are written as
    they are made; the same arguments give the same bytes.
    """
    from qe_kg.atomic_files import atomic_output
    from qe_kg.generate import Enterprise, write_defects, write_enterprise, write_model

    if directory is not None and (output is not None or defects is not None):
        raise click.UsageError("--to-model writes all files itself; leave out -o and --list-defects")
    enterprise = Enterprise(flows, seed, rate, not no_evidence)
    form = form or ("ttl" if output is not None and output.suffix == ".ttl" else "nt")
    if directory is not None:
        count = write_model(enterprise, directory, form)
    elif output is not None:
        with atomic_output(output) as file:
            count = write_enterprise(enterprise, file, form)
    else:
        count = write_enterprise(enterprise, sys.stdout.buffer, form)
    if defects is not None:
        with atomic_output(defects) as file:
            write_defects(enterprise, file)
    where = directory or output
    if where is not None:
        click.echo(f"{where}: {flows} flows in {count} triples, {len(enterprise.defects)} faults built in", err=True)
