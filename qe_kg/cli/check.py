"""``qe-kg check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import at_option, format_option, output_option
from qe_kg.cli.output import as_json, emit, styled
from qe_kg.cli.progress import progress
from qe_kg.cli.reports import REPORT_FORMATS, emit_reports, reports_option

if TYPE_CHECKING:
    from qe_kg.checks import CheckReport, Outcome

_EPILOG = """\b
Examples:
  qe-kg check                               the model in this folder, else the packaged one
  qe-kg check --fix                         mend first what is safe to mend: the format
  qe-kg check --only syntax,format,names    what takes no time, before a commit
  qe-kg check --skip policy --format github
  qe-kg check --report sarif=check.sarif --report junit=check.xml"""


def _names(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


@click.command("check", epilog=_EPILOG)
@click.option("--only", multiple=True, metavar="NAME", callback=_names, help="Run these checks only; see --list.")
@click.option("--skip", multiple=True, metavar="NAME", callback=_names, help="Leave these checks out.")
@click.option("--list", "list_checks", is_flag=True, help="List the checks and leave.")
@click.option("--fix", is_flag=True, help="Mend first what is safe to mend: the format of Turtle files.")
@click.option("--shipped", is_flag=True, help="Check also what the package ships: ontology, shapes, queries.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    callback=_names,
    help="Check the rules of this jurisdiction; see qe-kg validate.",
)
@at_option
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="violation",
    show_default=True,
    help="From which severity an open finding fails.",
)
@click.option("--model", "model_path", metavar="DIR", type=click.Path(path_type=Path), help="Model directory.")
@format_option("table", "json", *REPORT_FORMATS)
@output_option
@reports_option
@click.pass_context
def check_command(
    ctx: click.Context, /, only: tuple[str, ...], skip: tuple[str, ...], list_checks: bool, fix: bool, shipped: bool,
    profiles: tuple[str, ...], at: str | None, fail_on: str, model_path: Path | None, form: str, output: Path | None,
    reports: tuple[tuple[str, Path], ...],
) -> None:  # fmt: skip
    """Check everything that a repository of a model needs; the same before a commit and in CI.

    The fast checks come first. Each finding has its place. The exit code is 0 where nothing is open, 1 where something
    is, 3 where a file does not parse or a check could not be run.
    """
    from qe_kg.checks import CHECKS, Context, run_checks
    from qe_kg.manifest import find_model, read_manifest
    from qe_kg.report_formats.findings import LEVELS

    if list_checks:
        emit("\n".join(f"{check.name:<12} {check.does}" for check in CHECKS), output)
        return
    context = Context(
        read_manifest(find_model(model_path)), shipped=shipped, validation={"profiles": profiles, "at": at}
    )
    failing = LEVELS[: ("violation", "warning", "info").index(fail_on) + 1]
    with progress("Checking"):
        found = run_checks(context, only=only, skip=skip, fix=fix, failing=failing)
    emit_reports(found.report(), form, output, reports)
    if form == "json":
        emit(as_json(found.to_dict()), output)
    elif form == "table":
        emit(_text(found), output)
    waiting: dict[str, list[str]] = {}
    for outcome in found.outcomes:
        if outcome.status == "not run":
            waiting.setdefault(outcome.reason, []).append(outcome.name)
    for reason, names in waiting.items():
        click.echo(f"qe-kg: not run: {', '.join(names)}: {reason}", err=True)
    ctx.exit(found.exit_code)


_COLORS = {"passed": "green", "failed": "red", "not run": "yellow"}


def _text(report: CheckReport) -> str:
    """One line a check, then its open findings, each with its place."""
    lines: list[str] = []
    for outcome in report.outcomes:
        lines.append(_heading(outcome))
        for one in outcome.findings:
            if one.status == "open":
                where = str(one.place or "")
                lines.append(f"    {where}{': ' * bool(where)}{one.level} {one.rule} ({one.label}): {one.message}")
    lines.append("")
    lines.append(
        styled("nothing to mend", fg="green", bold=True) if report.ok else styled("not ok", fg="red", bold=True)
    )
    return "\n".join(lines)


def _heading(outcome: Outcome) -> str:
    status = styled(outcome.status, fg=_COLORS[outcome.status], bold=True)
    accepted = sum(one.status != "open" for one in outcome.findings)
    notes = [outcome.reason] * bool(outcome.reason)
    notes += [f"{accepted} accepted"] * bool(accepted)
    notes += [f"formatted {', '.join(outcome.fixed)}"] * bool(outcome.fixed)
    return f"{outcome.name:<12} {status}{'  (' * bool(notes)}{'; '.join(notes)}{')' * bool(notes)}"
