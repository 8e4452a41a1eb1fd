"""``qe-kg why``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import complete_names, format_option, model_options, open_for, output_option, store_option
from qe_kg.cli.output import as_json, emit, styled
from qe_kg.cli.progress import progress

if TYPE_CHECKING:
    from qe_kg.inference.why import Explanation
    from qe_kg.model import Model

_EPILOG = """\b
Examples:
  qe-kg why AOV-04 a qe:Participant
  qe-kg why flow-aov-04-smv-03-grid-telemetry a qe:ArchitectureElement
  qe-kg why "Grid Telemetry" isAbout "Grid State"

\b
Exit codes: 0 the triple is said or follows; 1 it neither is said nor follows."""


@click.command("why", epilog=_EPILOG)
@click.argument("subject", metavar="SUBJECT", shell_complete=complete_names)
@click.argument("predicate", metavar="PREDICATE")
@click.argument("value", metavar="OBJECT", shell_complete=complete_names)
@store_option
@model_options
@format_option("table", "json", "mermaid", "dot", "svg")
@output_option
@click.pass_context
def why_command(
    ctx: click.Context, /, subject: str, predicate: str, value: str, model_path: Path | None, no_inferences: bool,
    entail: bool, form: str, output: Path | None,
) -> None:  # fmt: skip
    """Explain a triple: which file and line says it, or by which rule it follows from what.

    SUBJECT and OBJECT are codes, labels, CURIEs or IRIs; OBJECT may be the text of a literal. PREDICATE is "a", a
    CURIE, an IRI, or the plain name of a property of this ontology. What follows is worked out by the rules of OWL 2
    RL, whether or not --entail is given.
    """
    del entail
    model = open_for(model_path, no_inferences, False)
    with progress("Reasoning"):
        explanation = model.reasons.why(subject, predicate, value)
    if explanation is None:
        from qe_kg.inference.why import triple_text

        triple = triple_text(model.reasons.read(subject, predicate, value), model.compact)
        click.echo(f"{triple} is said in no file, and does not follow from what is said", err=True)
        ctx.exit(1)
    if form == "json":
        emit(as_json(explanation.to_dict()), output)
    elif form == "table":
        emit("\n".join(_lines(model, explanation)) + "\n", output)
    else:
        from qe_kg.drawing import diagram_of_explanation, draw

        emit(draw(diagram_of_explanation(explanation, model.compact), form), output)


def _lines(model: Model, one: Explanation, indent: str = "", branch: str = "") -> list[str]:
    text = one.text(model.compact)
    if one.rule is None:
        reason = f"{one.file}:{one.line}" if one.line else (one.file or "")
    else:
        reason = f"by {one.rule}" + (f": {one.says}" if one.says else "")
    lines = [f"{indent}{branch}{text}  {styled(reason, dim=True)}".rstrip()]
    below = indent + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
    for number, premise in enumerate(one.premises, 1):
        last = number == len(one.premises)
        lines += _lines(model, premise, below, "└─ " if last else "├─ ")
    return lines
