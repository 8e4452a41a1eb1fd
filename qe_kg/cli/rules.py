"""``qe-kg rules``."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.options import format_option, model_options, open_for, output_option
from qe_kg.cli.output import as_json, as_rows, count, emit, styled, width

if TYPE_CHECKING:
    from qe_kg.rules.catalogue import LegalSource, Rule

_EPILOG = """\b
Examples:
  qe-kg rules                                what is checked unless a profile is chosen
  qe-kg rules --profile us-mi --profile eu
  qe-kg rules SEP-02                         one rule whole
  qe-kg rules --all --format csv -o rules.csv"""


def _complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from qe_kg.errors import QeKgError
    from qe_kg.opening import open_model

    try:
        rules = open_model(ctx.params.get("model_path")).rules.rules
    except QeKgError:
        return []
    return [rule.code for rule in rules if rule.code.lower().startswith(incomplete.lower())]


@click.command("rules", epilog=_EPILOG)
@click.argument("code", metavar="[RULE]", required=False, shell_complete=_complete)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Rules of this jurisdiction; may be given several times.  [default: those of the manifest, else generic]",
)
@click.option("--all", "every", is_flag=True, help="Rules of all jurisdictions.")
@model_options
@format_option("table", "json", "csv", "md")
@output_option
def rules_command(
    code: str | None, profiles: tuple[str, ...], every: bool, model_path: Path | None, no_inferences: bool,
    entail: bool, form: str, output: Path | None,
) -> None:  # fmt: skip
    """List the rules that apply, on what basis, and how far that was verified; with RULE, describe that one.

    This is no legal advice: where only an excerpt of a law was seen, or nothing of it, the answer says so.
    """
    from qe_kg.errors import CallError
    from qe_kg.rules.catalogue import NOTICE

    model = open_for(model_path, no_inferences, entail)
    if code is not None:
        if profiles or every:
            raise CallError("a rule is described whole; leave out --profile and --all")
        rule = model.rules.get(code)
        chosen: tuple[Rule, ...] = (rule,)
    else:
        names = tuple(dict.fromkeys(name for given in profiles for name in given.split(","))) or model.profiles
        chosen = model.rules.rules if every else model.rules.of_profiles(names)
    if form == "json" and code is not None:
        emit(as_json({"notice": NOTICE, **chosen[0].to_dict()}), output)
    elif form == "json":
        shown = [one.notation for one in model.rules.jurisdictions] if every else list(names)
        emit(as_json({"notice": NOTICE, "profiles": shown, "rules": [one.to_dict() for one in chosen]}), output)
    elif form == "csv":
        emit(as_rows(_COLUMNS, [_row(one) for one in chosen], "csv"), output)
        click.echo(NOTICE, err=True)
    elif code is not None:
        emit(f"{_whole(chosen[0], form)}\n\n{NOTICE}", output)
    elif form == "md":
        emit(f"{as_rows(_COLUMNS, [_row(one) for one in chosen], 'md')}\n{NOTICE}", output)
    else:
        rows = [(one.code, "/".join(one.severities), one.label, _basis(one)) for one in chosen]
        table = as_rows(("rule", "severity", "title", "basis (how far verified)"), rows, "table", whole=2)
        which = "all jurisdictions" if every else ", ".join(names)
        emit(f"{table}\n{count(len(chosen), 'rule')} of {which}. {NOTICE}", output)


_COLUMNS = (
    "rule", "severity", "title", "statement", "applies to", "profiles", "basis", "evidence asked for", "how to mend",
)  # fmt: skip


def _row(rule: Rule) -> tuple[str, ...]:
    return (
        rule.code, "/".join(rule.severities), rule.label, rule.statement, ", ".join(rule.applies_to),
        " ".join(rule.jurisdictions), _basis(rule), " ".join(rule.evidence), " ".join(rule.remedy),
    )  # fmt: skip


def _basis(rule: Rule) -> str:
    return "; ".join(_source(one) for one in rule.basis)


def _source(source: LegalSource) -> str:
    return f"{source.label} ({source.verification or ('not stated' if source.is_law else 'no law')})"


def _whole(rule: Rule, form: str) -> str:
    """Describe one rule under headings, for a terminal or as Markdown."""
    parts = [
        ("Statement", [rule.statement]),
        ("How far it goes", [rule.scope_note]),
        ("Applies to", [", ".join(rule.applies_to), rule.applies_where]),
        ("Evidence asked for", list(rule.evidence)),
        ("How to mend", list(rule.remedy)),
        ("Severity", [f"{one.severity} ({one.shape}): {one.message}" for one in rule.reporting]),
        ("Checked in the profiles", [", ".join(rule.jurisdictions) or "all"]),
        ("Basis", [_described(one) for one in rule.basis]),
    ]
    title = f"{rule.code}  {rule.label}"
    lines = [f"# {title}"] if form == "md" else [styled(title, bold=True)]
    for heading, texts in parts:
        texts = [text for text in texts if text]
        if not texts:
            continue
        lines += ["", f"## {heading}" if form == "md" else styled(heading, bold=True)]
        for text in texts:
            lines += ["", text] if form == "md" else [textwrap.indent(textwrap.fill(text, width() - 2), "  ")]
    return "\n".join(lines)


def _described(source: LegalSource) -> str:
    checked = f"verified: {source.verification or 'not stated'}" if source.is_law else "no law stands behind this"
    where = f", {', '.join(source.jurisdictions)}" if source.jurisdictions else ""
    cited = source.citation if source.citation and source.citation != source.label else source.label
    return f"{cited}{where} ({checked})" + (f". {source.note}" if source.note else "")
