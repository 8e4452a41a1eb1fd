"""``qe-kg why``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import (
    at_option,
    complete_names,
    format_option,
    model_options,
    open_for,
    output_option,
    profile_option,
)
from qe_kg.cli.output import as_json, emit, styled
from qe_kg.cli.progress import progress

if TYPE_CHECKING:
    from qe_kg.model import Model
    from qe_kg.why import Reason

_EPILOG = """\b
Examples:
  qe-kg why AOV-04 a qe:Participant
  qe-kg why "Grid Telemetry" isAbout "Grid State"
  qe-kg why --result "Grid Telemetry: AOV-04 → SMV-03" SEP-02
  qe-kg why --impact AOV-04 "Market Operators"
  qe-kg why --trace "Market Operators" AOV-04 --format svg -o why.svg

\b
Exit codes: 0 it is so, and the answer says why; 1 it is not so."""


@click.command("why", epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="SUBJECT PREDICATE OBJECT", shell_complete=complete_names)
@click.option("--result", "kind", flag_value="result", help="Explain a result of validation: FOCUS RULE.")
@click.option("--impact", "kind", flag_value="impact", help="Explain why a change of A reaches B: A B.")
@click.option("--trace", "kind", flag_value="trace", help="Explain why what A receives comes from B: A B.")
@profile_option
@at_option
@model_options
@format_option("table", "json", "mermaid", "dot", "svg")
@output_option
@click.pass_context
def why_command(
    ctx: click.Context, /, names: tuple[str, ...], kind: str | None, model_path: Path | None, no_inferences: bool,
    entail: bool, profiles: tuple[str, ...], at: str | None, form: str, output: Path | None,
) -> None:  # fmt: skip
    """Explain a triple, a result of validation, or an answer about impact.

    A triple: which file and line says it, or by which rule of OWL 2 RL it follows from what. SUBJECT and OBJECT are
    codes, labels, CURIEs or IRIs; OBJECT may be the text of a literal. PREDICATE is "a", a CURIE, an IRI, or the plain
    name of a property of this ontology. What follows is worked out whether or not --entail is given.

    A result: the triples that make the rule apply, the evidence that is there, and where what is missing belongs. An
    impact: the flows of the path, the statements behind them, and the derivations that connect one with the next.
    """
    _check(ctx, names, kind, bool(profiles or at))
    del entail
    model = open_for(model_path, no_inferences, False, whole=kind == "result")
    with progress("Reasoning"):
        reason, document = _asked(model, kind, names, {"profiles": profiles, "at": at})
    if reason is None:
        click.echo(_denied(model, kind, names), err=True)
        ctx.exit(1)
    if form == "json":
        emit(as_json(document), output)
    elif form == "table":
        emit("\n".join(reason.lines(lambda text: styled(text, dim=True))) + "\n", output)
    else:
        from qe_kg.drawing import draw
        from qe_kg.why import diagram_of_reason

        legend = "From what is said to what follows"
        emit(draw(diagram_of_reason(reason, "Why?", legend), form), output)


_WANTED = {
    None: "SUBJECT PREDICATE OBJECT", "result": "FOCUS RULE with --result", "impact": "A B with --impact",
    "trace": "A B with --trace",
}  # fmt: skip


def _check(ctx: click.Context, names: tuple[str, ...], kind: str | None, has_rule_options: bool) -> None:
    if len(names) != (2 if kind else 3):
        raise click.UsageError(f"name {_WANTED[kind]}; {len(names)} given", ctx)
    if has_rule_options and kind != "result":
        raise click.UsageError("--profile and --at are for --result", ctx)


def _asked(
    model: Model, kind: str | None, names: tuple[str, ...], options: dict[str, Any]
) -> tuple[Reason, dict[str, Any]] | tuple[None, None]:
    """Return the reason and its JSON form, or nothing where it is not so."""
    from qe_kg.why import why_impact, why_result
    from qe_kg.why.questions import reason_of

    if kind is None:
        explanation = model.reasons.why(*names)
        return (None, None) if explanation is None else (reason_of(model, explanation), explanation.to_dict())
    if kind == "result":
        found = why_result(model, *names, **options)
    else:
        found = why_impact(model, *names, upstream=kind == "trace")
    return (None, None) if found is None else (found, found.to_dict())


def _denied(model: Model, kind: str | None, names: tuple[str, ...]) -> str:
    if kind == "result":
        return f"{names[1]} has no result at {names[0]}: it does not apply there, or is satisfied"
    if kind:
        what = "does not reach" if kind == "impact" else "receives nothing that comes from"
        return f"{names[0]} {what} {names[1]}"
    from qe_kg.inference.why import triple_text

    triple = triple_text(model.reasons.read(*names), model.compact)
    return f"{triple} is said in no file, and does not follow from what is said"
