"""Printing what a change does: the part of ``qe-kg impact`` with --change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.cli.output import as_json, as_rows, count, emit

if TYPE_CHECKING:
    from qe_kg.lineage.changes import ChangeAnswer
    from qe_kg.model import Model

_WORDS = {
    "stop": "stops", "delay": "is late", "redefine": "is redefined", "reclassify": "is reclassified",
    "lift": "is restricted no longer",
}  # fmt: skip


def emit_change(model: Model, answer: ChangeAnswer, form: str, output: Path | None, *, evidence: bool) -> None:
    """Print whom a change affects, in one of the formats of an impact."""
    if form in ("mermaid", "dot", "svg"):
        from qe_kg.drawing import draw

        emit(draw(model.lineage_diagram(answer.lineage), form), output)
    elif form == "json":
        document = answer.to_dict()
        if evidence:
            document["tell"] = model.tell(answer.lineage).to_dict()
            for one, shown in zip(answer.lineage.reached, document["reached"], strict=True):
                shown["evidence"] = [hop.to_dict() for hop in answer.lineage.hops(one)]
        emit(as_json(document), output)
    else:
        emit(_rows(model, answer, form), output)


def _rows(model: Model, answer: ChangeAnswer, form: str) -> str:
    rows = [
        (
            str(one.hops), one.element.code or "", one.element.label,
            (one.element.zone or "").removeprefix("qev:zone-"), one.certainty, effect.text,
        )
        for one, effect in zip(answer.lineage.reached, answer.effects, strict=True)
    ]  # fmt: skip
    if form != "table":
        return as_rows(("hops", "code", "label", "zone", "certainty", "effect"), rows, form)
    names = ", ".join(element.name for element in answer.lineage.start)
    spared = "".join(f"Not affected: {one.element.name}: {one.text}\n" for one in answer.spared)
    if not rows:
        return f"If {names} {_WORDS[answer.kind]}, nobody is affected.\n{spared}"
    sure = sum(one.certainty == "declared" for one in answer.lineage.reached)
    told = "".join(f"Tell {line}\n" for line in model.tell(answer.lineage).lines())
    shown = [(hops, f"{code} {label}".strip(), *rest) for hops, code, label, *rest in rows]
    table = as_rows(("hops", "participant", "zone", "certainty", "effect"), shown, form)
    return (
        f"If {names} {_WORDS[answer.kind]}, {count(len(rows), 'participant')} may be affected: {sure} for sure, "
        f"{len(rows) - sure} possibly.\n{told}\n{table}" + (f"\n{spared}" if spared else "")
    )
