"""What is done to data and shapes before an engine sees them: the day, the profile, the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import pyoxigraph as ox

from qe_kg.errors import CallError
from qe_kg.namespaces import RDF, SH, SKOS, XSD, Namespaces
from qe_kg.rules.conduits import Conduit
from qe_kg.shacl.nodes import Node, text_of

_LABEL = ox.NamedNode(f"{SKOS}prefLabel")
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


def finding_quads(conduits: Iterable[Conduit], namespaces: Namespaces) -> Iterator[ox.Quad]:
    """Yield what describes findings along paths: each a ``qe:ConduitFinding`` with its ``qe:Hop``s in order."""

    def term(name: str) -> ox.NamedNode:
        return ox.NamedNode(f"{namespaces.terms}{name}")

    def boolean(value: bool) -> ox.Literal:
        return ox.Literal(str(value).lower(), datatype=ox.NamedNode(f"{XSD}boolean"))

    for one in conduits:
        finding = ox.NamedNode(one.iri)
        yield ox.Quad(finding, _TYPE, term("ConduitFinding"))
        yield ox.Quad(finding, _LABEL, ox.Literal(one.label, language="en"))
        yield ox.Quad(finding, term("findsAgainst"), ox.NamedNode(one.rule_iri))
        yield ox.Quad(finding, term("beginsWith"), ox.NamedNode(one.first))
        yield ox.Quad(finding, term("endsWith"), ox.NamedNode(one.last))
        yield ox.Quad(finding, term("isDeclared"), boolean(one.is_declared))
        for number, hop in enumerate(one.hops, start=1):
            node = ox.NamedNode(f"{one.iri}-hop-{number}")
            yield ox.Quad(node, _TYPE, term("Hop"))
            yield ox.Quad(node, term("isHopOf"), finding)
            yield ox.Quad(node, term("hopNumber"), ox.Literal(str(number), datatype=ox.NamedNode(f"{XSD}integer")))
            yield ox.Quad(node, term("usesFlow"), ox.NamedNode(hop.flow))
            yield ox.Quad(node, term("isDeclared"), boolean(hop.is_declared))


def triples_of(quads: Iterable[ox.Quad]) -> Iterator[tuple[Node, Node, Node]]:
    """Yield the triples of some quads as nodes."""
    return ((str(one.subject), str(one.predicate), str(one.object)) for one in quads)


def without(shapes: Sequence[ox.Quad], left_out: Iterable[Node]) -> list[ox.Quad]:
    """Return shapes with some of them deactivated."""
    nodes = {ox.NamedNode(text_of(shape)) for shape in left_out if shape[0] == "<"}
    if not nodes:
        return list(shapes)
    kept = [quad for quad in shapes if quad.predicate != _DEACTIVATED or quad.subject not in nodes]
    return [*kept, *(ox.Quad(node, _DEACTIVATED, _TRUE) for node in sorted(nodes, key=str))]
