"""``qe-kg validate``."""

from __future__ import annotations

import textwrap
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import (
    chosen_scenario,
    chosen_store,
    format_option,
    model_options,
    open_for,
    output_option,
)
from qe_kg.cli.output import as_rows, count, csv_parts, emit, emit_parts, json_parts, styled, width
from qe_kg.cli.progress import progress
from qe_kg.cli.reports import REPORT_FORMATS, emit_reports, reports_option
from qe_kg.collection import without_collection
from qe_kg.errors import CallError

if TYPE_CHECKING:
    from qe_kg.store.profiles import Profile
    from qe_kg.validation import Result, ValidationReport

_EPILOG = """\b
Examples:
  qe-kg validate                          the model in this folder, else the packaged one
  qe-kg validate --no-baseline            count known findings as open
  qe-kg validate --profile us-mi --profile eu --at 2026-06-30
  qe-kg validate examples/riverside-clinic
  qe-kg validate --report sarif=qe-kg.sarif --report junit=qe-kg.xml --format github
  qe-kg validate data.ttl more.ttl        other data, with the model's ontology and shapes
  qe-kg validate any.ttl --shapes my-shapes.ttl
  qe-kg validate --since main             only what the changes since main can affect
  qe-kg diff main --format rdfpatch -o change.rdfp; qe-kg validate --changed change.rdfp
  qe-kg validate --store fuseki+http://localhost:3030/flows"""


@click.command("validate", epilog=_EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH...]")
@click.option(
    "--shapes",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Use these shapes and nothing of a model.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "sparql", "pyshacl", "both"]),
    default="auto",
    show_default=True,
    help="SHACL engine: ours (sparql), pyshacl, auto (ours, and pySHACL for what ours does not take on), or both "
    "(each difference is an open violation).",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Check the rules of this jurisdiction; may be given several times (us-mi, eu, …; see qe-kg rules).  "
    "[default: those of the manifest, else generic]",
)
@click.option("--at", metavar="DATE", help="Compare dates with this day, such as 2026-06-30.  [default: today]")
@click.option("--no-waivers", is_flag=True, help="Count findings that somebody waived as open.")
@click.option("--no-baseline", is_flag=True, help="Count findings that the model's baseline lists as open.")
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="violation",
    show_default=True,
    help="From which severity an open result fails.",
)
@click.option(
    "--changed",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Apply this RDF Patch (see qe-kg diff --format rdfpatch) and check only what it can affect.",
)
@click.option("--since", metavar="REF", help="Check only what the changes since this git revision can affect.")
@click.option("--strict", is_flag=True, help="Count what was not checked as an open violation; see the coverage.")
@click.option(
    "--graph", "graphs", multiple=True, metavar="IRI",
    help="With --store and --shapes, validate this graph; may be given several times.",
)  # fmt: skip
@model_options
@format_option("table", "json", "csv", "md", "ttl", *REPORT_FORMATS)
@output_option
@reports_option
@click.pass_context
def validate_command(
    ctx: click.Context, /, paths: tuple[Path, ...], shapes: tuple[Path, ...], form: str, output: Path | None,
    reports: tuple[tuple[str, Path], ...], **options: Any,  # noqa: ANN401
) -> None:  # fmt: skip
    """Check the model against its rules, and say where each fault is.

    Findings that somebody waived, or that the model's baseline lists, are shown as "waived" or "baseline" and do not
    fail. A waiver counts until the day it ends, and only with an approver and a legal citation. Faulty references
    (an unknown term, something that nothing describes, two files that contradict each other) are findings too.

    With --changed or --since only the focus nodes that the change can affect are checked, and only results on them
    are shown; the report says which these are, and of how many shapes that could be told ("bounded").

    sarif, junit, github, gitlab and summary are for CI systems; --report writes several of them in one run.

    PATH names another model's directory, or RDF files and folders to check in place of the model's data.

    With --store, what an endpoint holds is checked within the store: the shapes become queries there, and the verdict
    is about literals as the store has them. The day of evaluation and the findings along paths are put into a graph
    of their own for that time; where the store refuses, everything is read from it and checked here.
    """
    with without_collection(for_good=True):
        report = _report(paths, shapes, options)
    for note in report.notes:
        click.echo(f"note: {note}", err=True)
    if reports or form in REPORT_FORMATS:
        from qe_kg.report_formats.findings import from_validation

        emit_reports(from_validation(report), form, output, reports)
    if form in REPORT_FORMATS:
        pass
    elif form == "json":
        emit_parts(json_parts(report.without_results(), "results", (one.to_dict() for one in report.results)), output)
    elif form == "ttl":
        emit_parts(report.write_turtle(), output)
    elif form == "table":
        emit(_text(report), output)
    else:
        columns = ("status", "severity", "rule", "focus", "label", "path", "value", "message", "source")
        rows = map(_row, report.results)
        emit_parts(csv_parts(columns, rows) if form == "csv" else [as_rows(columns, list(rows), form)], output)
    ctx.exit(0 if report.conforms else 1)


def _report(paths: tuple[Path, ...], shapes: tuple[Path, ...], options: dict[str, Any]) -> ValidationReport:
    from qe_kg.loose_files import model_with_data, validate_files, validate_store
    from qe_kg.manifest import MANIFEST_NAME

    fail_on = options["fail_on"].capitalize()
    how = {
        "baseline": not options["no_baseline"],
        "waivers": not options["no_waivers"],
        "profiles": [name for given in options["profiles"] for name in given.split(",")],
        "at": options["at"],
        "fail_on": fail_on,
        "engine": options["engine"],
        "strict": options["strict"],
    }
    place = _place(options, bool(shapes))
    if place and paths:
        raise CallError("--store names the data, so leave out PATH; name the shapes with --shapes or --model")
    if options["graphs"] and not (place and shapes):
        raise CallError("--graph goes with --store and --shapes; a model's own graphs are known")
    if shapes:
        if not paths and not place:
            raise CallError("with --shapes, name the RDF files or folders to validate")
        of_model = ("model_path", "no_inferences", "entail", "profiles", "at", "no_waivers", "changed", "since")
        if chosen_scenario() or any(options[name] for name in of_model):
            raise CallError(
                "--shapes uses nothing of a model; leave out --model, --scenario, --no-inferences, --entail, "
                "--profile, --at, --no-waivers, --changed and --since"
            )
        if place is not None and not isinstance(place, Path):
            with progress("Validating"):
                judged = {"fail_on": fail_on, "engine": how["engine"], "strict": how["strict"]}
                return validate_store(place, options["graphs"], shapes, **judged)
        with progress("Validating"):
            return validate_files(paths, shapes, fail_on=fail_on, engine=how["engine"], strict=how["strict"])
    if len(paths) == 1 and (paths[0] / MANIFEST_NAME).is_file():
        if options["model_path"]:
            raise CallError(f"{paths[0]} is a model, and --model names another; leave out one of them")
        options["model_path"], paths = paths[0], ()
    if paths:
        own = ("no_inferences", "entail", "changed", "since")
        if any(options[name] for name in own) or chosen_scenario():
            raise CallError(
                "--scenario, --no-inferences, --entail, --changed and --since are about a model's own data; "
                "leave out PATH or them"
            )
        with progress("Validating"):
            return model_with_data(options["model_path"], paths).validate(**how)
    if options["since"] and place is not None:
        raise CallError(
            "--since asks git what has changed in files, and --store names what a store holds; write the difference "
            "out with qe-kg diff --format rdfpatch and give it with --changed, or leave out --store"
        )
    chosen = (options["model_path"], options["no_inferences"], options["entail"])
    model = open_for(*chosen, warn=False, whole=bool(options["changed"]))
    with progress("Validating"):
        if options["changed"] or options["since"]:
            from qe_kg.cli.since import read_since

            model, how["since"] = read_since(model, options["changed"], options["since"], options["model_path"])
        return model.validate(**how)


def _place(options: dict[str, Any], needs_endpoint: bool) -> Profile | Path | None:
    """Return the store that --store names."""
    from qe_kg.opening import find_store

    store = chosen_store()
    place = None if store is None else find_store(store, options["model_path"])
    if isinstance(place, Path) and needs_endpoint:
        raise CallError(
            f"{store} is a store on disk, and with --shapes --store names an endpoint; write it out with "
            f"qe-kg export --store {store} -o FILE, and validate that file"
        )
    return place


def _row(result: Result) -> tuple[str, ...]:
    return (
        result.status, result.severity, result.rule, result.focus, result.focus_label, result.path or "",
        result.value or "", result.message, str(result.source or ""),
    )  # fmt: skip


_COLORS = {"Violation": "red", "Warning": "yellow", "Info": "blue"}


def _text(report: ValidationReport) -> str:
    """One block a rule: what it says, then where it is broken."""
    from qe_kg.namespaces import Namespaces

    short = Namespaces().compact
    lines: list[str] = []

    def block(result: Result) -> tuple[str, str, str, str]:
        return ((result.status != "open" and "known") or "", result.severity, result.rule, result.message)

    ordered = sorted(report.results, key=lambda one: one.status != "open")
    for (known, severity, rule, message), results in groupby(ordered, key=block):
        members = list(results)
        status = members[0].status
        text = textwrap.fill(f"{severity} {rule} ({status}): {message}", width(), subsequent_indent="  ")
        lines.append(text.replace(severity, styled(severity, fg=_COLORS[severity], bold=True), 1))
        for result in members:
            value = "" if result.value in (None, result.focus) else short(str(result.value))
            detail = f"  {result.path or ''} {value}".rstrip() if not known else ""
            place = f"  {styled(str(result.source), dim=True)}" if result.source else ""
            lines.append(f"    {result.focus_label}{detail}{place}")
            for number, hop in enumerate(result.hops, start=1):
                certainty = "" if hop.is_declared else "  (possible: no derivation says so)"
                where = f"  {styled(str(hop.source), dim=True)}" if hop.source else ""
                lines.append(f"      {number}. {hop.label}{certainty}{where}")
        lines.append("")
    summary = report.summary
    verdict = (
        styled("conforms", fg="green", bold=True)
        if report.conforms
        else styled("does not conform", fg="red", bold=True)
    )
    lines += _coverage(report) if report.changed is None else _changed(report.changed)
    if report.profiles and report.day:
        lines.append(f"checked with the rules of {', '.join(report.profiles)}, as of {report.day}")
    lines.append(
        f"{verdict}: {summary.open} open, {summary.baseline} in the baseline, {summary.waived} waived; "
        f"{count(summary.focus_nodes, 'focus node')}, {count(summary.shapes, 'shape')}, engine {report.engine}, "
        f"{summary.seconds:.1f} s"
    )
    return "\n".join(lines)


def _changed(changed: dict[str, Any]) -> list[str]:
    """Say what was checked of a model that changed."""
    size = f"{count(changed['added'], 'triple')} added, {changed['removed']} removed"
    if changed["whole"] is not None:
        return [f"{size}; everything was checked: {changed['whole']}"]
    lines = [
        f"{size}; bounded: {changed['bounded']} of {count(changed['shapes'], 'shape')}; "
        f"{count(len(changed['focusNodes']), 'focus node')} checked, and none of the others"
    ]
    lines += [f"all focus nodes of {one['shape']} were checked: {one['why']}" for one in changed["unbounded"]]
    return lines


def _coverage(report: ValidationReport) -> list[str]:
    """Say in a line or two what was not looked at."""
    found = report.coverage
    lines = [f"{one['shape']}: {one['why']}" for one in found["elsewhere"]]
    idle = found["constraints"] - found["evaluated"]
    if idle:
        idlers = count(len(found["withoutFocus"]), "shape selects", "shapes select")
        lines.append(
            f"{found['evaluated']} of {found['constraints']} constraints evaluated; {idlers} nothing in these data"
        )
    lines += found["leftOut"]
    number = sum(one["number"] for one in found["alteredLiterals"])
    if number:
        lines.append(f"{count(number, 'literal')} that a store would rewrite; judged as written")
    return [styled(one, dim=True) for one in lines]
