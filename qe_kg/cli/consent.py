"""``qe-kg consent``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qe_kg.cli.options import at_option, format_option, model_options, open_for, output_option, profile_option
from qe_kg.cli.output import as_json, as_rows, count, emit
from qe_kg.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qe_kg.catalogue import Element
    from qe_kg.rules.consent import ConsentAnswer, Fault, FlowConsent
    from qe_kg.rules.withdrawal import Loss, WithdrawalAnswer

_EPILOG = """\b
Examples:
  qe-kg consent
  qe-kg consent SMV-03 --at 2026-06-30
  qe-kg consent "Smart Device Data" --profile us-ca
  qe-kg consent --withdraw RC-CONSENT-0001 --model examples/riverside-clinic"""


@click.command("consent", epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option(
    "--withdraw",
    multiple=True,
    metavar="RECORD",
    help="Tell what happens when this consent record is withdrawn; may be given several times.",
)
@at_option
@profile_option
@model_options
@format_option("table", "json", "csv", "md")
@output_option
def consent_command(names: tuple[str, ...], withdraw: tuple[str, ...], form: str, **options: Any) -> None:  # noqa: ANN401
    """Tell which flows need consent, which record covers each, and whether it may run.

    NAME is a flow, an item, a concept, a participant (what goes in and out of it), a purpose or a consent record, by
    code, label, identifier, CURIE or IRI; without one the answer is about all flows. A flow needs consent where a rule
    of the chosen jurisdictions asks for it. It relies on every record that it points to: each must stand on the day,
    name the recipient, cover the purpose and grant the granularity.

    With --withdraw: which flows stop, which go on, and what is lost downstream. This is no legal advice.
    """  # fmt: skip
    if names and withdraw:
        raise CallError("--withdraw tells of the flows of its record; leave out NAME")
    model = open_for(options["model_path"], options["no_inferences"], options["entail"], whole=True)
    about = {"at": options["at"], "profiles": options["profiles"]}
    if withdraw:
        result = model.withdraw_consent(*withdraw, **about)
        shown = as_json(result.to_dict()) if form == "json" else _withdrawal(result, form)
    else:
        answer = model.consent(*names, **about)
        shown = as_json(answer.to_dict()) if form == "json" else _consent(answer, form)
    emit(shown, options["output"])


def _flow(one: FlowConsent, elements: Mapping[str, Element]) -> str:
    items = ", ".join(elements[item].label for item in one.flow.items) or "?"
    return f"{elements[one.flow.source].name} → {elements[one.flow.target].name}: {items}"


def _name(text: str | None, elements: Mapping[str, Element]) -> str:
    """Name what was compared: an element, several, or a day or duration as it is."""
    return ", ".join(elements[part].name if part in elements else part for part in (text or "").split()) or "nothing"


def _why(fault: Fault, elements: Mapping[str, Element]) -> str:
    from qe_kg.rules.consent import WHY

    record = f"{elements[fault.record].label}: " if fault.record else ""
    if fault.why in ("missing", "rule"):
        return f"{WHY[fault.why]} ({fault.asked})" if fault.why == "missing" else f"{fault.asked}: {fault.found}"
    compared = f" (flow: {_name(fault.asked, elements)}; record: {_name(fault.found, elements)})"
    if fault.why in ("no-record",):
        compared = ""
    elif fault.why in ("withdrawn", "not-given", "no-dates"):
        compared = f" ({_name(fault.found, elements)})" if fault.found else ""
    elif fault.why in ("expired", "not-yet-valid", "unreadable"):
        compared = f" ({fault.found})" if fault.found else ""
    return f"{record}{WHY[fault.why]}{compared}"


def _row(one: FlowConsent, elements: Mapping[str, Element]) -> tuple[str, ...]:
    return (
        _flow(one, elements),
        " ".join(map(str, one.flow.lines)),
        " ".join(one.needed_by),
        "; ".join(elements[record].label for record in one.records),
        "yes" if one.may_run else "no",
        "; ".join(_why(fault, elements) for fault in one.faults),
    )


_COLUMNS = ("flow", "lines", "needed by", "consent record", "may run", "why not")


def _consent(answer: ConsentAnswer, form: str) -> str:
    rows = [_row(one, answer.elements) for one in answer.flows]
    if form != "table":
        iris = [(one.flow.iri, *row) for one, row in zip(answer.flows, rows, strict=True)]
        return as_rows(("id", *_COLUMNS), iris, form)
    who = ", ".join(element.name for element in answer.asked) or "All flows"
    where = ", ".join(answer.profiles)
    if not rows:
        return f"{who}: no flow needs consent by the rules of {where}, and none has a record.\n"
    running = sum(one.may_run for one in answer.flows)
    needing = sum(bool(one.needed_by) for one in answer.flows)
    head = (
        f"{who}: {count(len(rows), 'flow')}; the rules of {where} ask for consent at {needing} of them. "
        f"On {answer.day} {running} may run and {len(rows) - running} may not. No legal advice.\n\n"
    )
    return head + as_rows(_COLUMNS, rows, form)


def _loss_rows(losses: tuple[Loss, ...], what: str, elements: Mapping[str, Element]) -> list[tuple[str, ...]]:
    return [
        (
            what,
            f"{elements[one.item].label} at {elements[one.participant].name}",
            "",
            "; ".join(elements[flow].label for flow in one.flows),
        )
        for one in losses
    ]


def _withdrawal(answer: WithdrawalAnswer, form: str) -> str:
    names = answer.elements
    because = {"another-record": "another record", "not-needed": "no rule asks for consent"}
    rows = [
        *(
            ("stops", _flow(one, names), _lines(one), "; ".join(_why(fault, names) for fault in one.faults))
            for one in answer.stops
        ),
        *(
            ("goes on", _flow(one.consent, names), _lines(one.consent), f"{because[one.because]}; remove {one.remove}")
            for one in answer.goes_on
        ),
        *(
            ("may not run now", _flow(one, names), _lines(one), "; ".join(_why(fault, names) for fault in one.faults))
            for one in answer.stopped
        ),
        *_loss_rows(answer.losses.lost, "lost", names),
        *(("nothing to hand over", names[flow].label, "", "") for flow in answer.losses.starved),
        *_loss_rows(answer.losses.reduced, "reduced", names),
    ]
    columns = ("what", "of what", "lines", "why")
    if form != "table":
        return as_rows(columns, rows, form)
    records = ", ".join(element.label for element in answer.withdrawn)
    if not rows:
        return f"{records}: no flow relies on it.\n"
    head = (
        f"Without {records}, on {answer.day}: {count(len(answer.stops), 'flow stops', 'flows stop')}, "
        f"{count(len(answer.goes_on), 'goes on', 'go on')}; {count(len(answer.losses.lost), 'item is', 'items are')} "
        f"lost, {len(answer.losses.reduced)} reduced downstream. No legal advice.\n\n"
    )
    touched = ", ".join(f"{one.element.name} ({one.certainty})" for one in answer.reached)
    tail = f"\nDownstream of what stops: {touched}.\n" if touched else ""
    return head + as_rows(columns, rows, form) + tail


def _lines(one: FlowConsent) -> str:
    return " ".join(map(str, one.flow.lines))
