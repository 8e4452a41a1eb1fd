"""Printing what a change does, the part of ``qe-kg impact`` with --change; and what stands behind a path in a row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.cli.output import as_json, as_rows, count, emit, tell_lines

if TYPE_CHECKING:
    from qe_kg.lineage import Lineage, Reached
    from qe_kg.lineage.changes import ChangeAnswer
    from qe_kg.model import Model

_WORDS = {
    "stop": "stops", "delay": "is late", "redefine": "is redefined", "reclassify": "is reclassified",
    "lift": "is restricted no longer",
}  # fmt: skip


#: The names of what `behind_path` returns.
BEHIND_PATH = ("basis", "modality", "crosses", "tell")


def behind_path(answer: Lineage, one: Reached) -> tuple[str, ...]:
    """Return what stands behind the hops of a path, each part joined by "; ", and whom to tell there and why."""
    columns = list(zip(*(hop.cells()[4:] for hop in answer.hops(one)), strict=True))
    basis, modality, crosses = ("; ".join(parts) for parts in columns) if columns else ("", "", "")
    return basis, modality, crosses.strip("; "), answer.tell.roles.get(one.element.iri, "") if answer.tell else ""


def emit_change(model: Model, answer: ChangeAnswer, form: str, output: Path | None, *, evidence: bool) -> None:
    """Print whom a change affects, in one of the formats of an impact."""
    if form in ("mermaid", "dot", "svg"):
        from qe_kg.drawing import draw

        emit(draw(model.lineage_diagram(answer.lineage), form), output)
    elif form == "json":
        document = answer.to_dict()
        if evidence:
            for one, shown in zip(answer.lineage.reached, document["reached"], strict=True):
                shown["evidence"] = [hop.to_dict() for hop in answer.lineage.hops(one)]
        emit(as_json(document), output)
    else:
        emit(_rows(answer, form, evidence), output)


def _rows(answer: ChangeAnswer, form: str, evidence: bool) -> str:
    from qe_kg.lineage.evidence import HOP_COLUMNS

    lineage = answer.lineage
    rows = [
        (
            str(one.hops), one.element.code or "", one.element.label,
            (one.element.zone or "").removeprefix("qev:zone-"), one.certainty, effect.text,
        )
        for one, effect in zip(lineage.reached, answer.effects, strict=True)
    ]  # fmt: skip
    hop_columns = ("affected", "hop", *HOP_COLUMNS)
    hops = [
        (one.element.name, str(number), *hop.cells())
        for one in lineage.reached
        for number, hop in enumerate(lineage.hops(one), 1)
        if evidence
    ]
    if form == "csv" and evidence:
        return as_rows(hop_columns, hops, form)
    more = f"\n{as_rows(hop_columns, hops, form)}" if evidence else ""
    spared = "".join(f"Not affected: {one.element.name}: {one.text}\n" for one in answer.spared)
    if form != "table":
        columns = ("hops", "code", "label", "zone", "certainty", "effect", *BEHIND_PATH)
        behind = [behind_path(lineage, one) for one in lineage.reached]
        table = as_rows(columns, [(*row, *behind[number]) for number, row in enumerate(rows)], form)
        if form == "csv":
            return table
        listed = "".join(f"- {line}\n" for line in spared.splitlines())
        return f"{tell_lines(lineage.tell, form)}{table}{more}" + (f"\n{listed}" if listed else "")
    names = ", ".join(element.name for element in lineage.start)
    if not rows:
        return f"If {names} {_WORDS[answer.kind]}, nobody is affected.\n{spared}"
    sure = sum(one.certainty == "declared" for one in lineage.reached)
    shown = [(hops, f"{code} {label}".strip(), *rest) for hops, code, label, *rest in rows]
    table = as_rows(("hops", "participant", "zone", "certainty", "effect"), shown, form)
    return (
        f"If {names} {_WORDS[answer.kind]}, {count(len(rows), 'participant')} may be affected: {sure} for sure, "
        f"{len(rows) - sure} possibly.\n{tell_lines(lineage.tell, form)}\n{table}{more}"
        + (f"\n{spared}" if spared else "")
    )
