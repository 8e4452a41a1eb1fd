"""What is done to data and shapes before an engine sees them: the day, the profile, the findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import pyoxigraph as ox

from qe_kg.errors import CallError
from qe_kg.namespaces import RDF, SH, XSD, Namespaces
from qe_kg.shacl.nodes import Node, text_of

_TYPE = ox.NamedNode(f"{RDF}type")
_DEACTIVATED = ox.NamedNode(f"{SH}deactivated")
_TRUE = ox.Literal("true", datatype=ox.NamedNode(f"{XSD}boolean"))


def read_day(text: str | date | None) -> date:
    """Return the day of an evaluation; None is today.

    Raises:
        CallError: the text is no day of the calendar written like 2026-06-30.

    """
    if text is None:
        return date.today()
    if isinstance(text, date):
        return text
    day = parse_day(text)
    if day is None:
        raise CallError(f"{text!r} is no day of the calendar; write it like 2026-06-30")
    return day


def parse_day(text: str) -> date | None:
    """Return the day that a text of the form YYYY-MM-DD names; None if there is no such day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None  # fromisoformat takes 20260630 too


def with_day(quads: Iterable[ox.Quad], day: date | None, namespaces: Namespaces) -> list[ox.Quad]:
    """Return data in which ``qed:evaluation`` takes a day as the present, whatever day the data gave it.

    Args:
        quads: the data.
        day: the day; None leaves the data as they are.
        namespaces: where ``qed:`` and ``qe:`` are.

    """
    if day is None:
        return list(quads)
    evaluation = ox.NamedNode(f"{namespaces.instances}evaluation")
    on = ox.NamedNode(f"{namespaces.terms}evaluatedOn")
    kept = [quad for quad in quads if quad.predicate != on or quad.subject != evaluation]
    return [
        *kept,
        ox.Quad(evaluation, _TYPE, ox.NamedNode(f"{namespaces.terms}Evaluation")),
        ox.Quad(evaluation, on, ox.Literal(day.isoformat(), datatype=ox.NamedNode(f"{XSD}date"))),
    ]


def without(shapes: Sequence[ox.Quad], left_out: Iterable[Node]) -> list[ox.Quad]:
    """Return shapes with some of them deactivated."""
    nodes = {ox.NamedNode(text_of(shape)) for shape in left_out if shape[0] == "<"}
    if not nodes:
        return list(shapes)
    kept = [quad for quad in shapes if quad.predicate != _DEACTIVATED or quad.subject not in nodes]
    return [*kept, *(ox.Quad(node, _DEACTIVATED, _TRUE) for node in sorted(nodes, key=str))]
