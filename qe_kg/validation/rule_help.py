"""What a rule says, what it rests on and how to mend a breach: read off the rule or, failing one, off its shapes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from qe_kg.namespaces import DCTERMS, SKOS, Namespaces
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node, iri, is_iri, is_literal, literal_parts, sh, text_of

_NOTATION, _LABEL, _DEFINITION, _NOTE = (
    iri(f"{SKOS}{name}") for name in ("notation", "prefLabel", "definition", "scopeNote")
)
_IDENTIFIER, _SOURCE = iri(f"{DCTERMS}identifier"), iri(f"{DCTERMS}source")


@dataclass(frozen=True)
class Basis:
    """One thing that a rule rests on: its citation, and how far somebody checked the text ("" where nobody says)."""

    citation: str
    verification: str = ""

    def __str__(self) -> str:
        return f"{self.citation} (text checked: {self.verification})" if self.verification else self.citation


@dataclass(frozen=True)
class RuleHelp:
    """Help for one rule; what is not known is empty."""

    rule: str
    title: str = ""
    statement: str = ""
    note: str = ""
    evidence: str = ""
    remedy: str = ""
    basis: tuple[Basis, ...] = ()
    iri: str = ""


def read_help(data: Graph, shapes: Graph, namespaces: Namespaces) -> tuple[RuleHelp, ...]:
    """Return help for each rule and for each shape's identifier that is no rule's, sorted by identifier."""
    found = {help_.rule: help_ for help_ in _of_rules(data, namespaces)}
    by_identifier: dict[str, list[Node]] = {}
    for identifier, subjects in shapes.by_value(_IDENTIFIER).items():
        by_identifier.setdefault(text_of(identifier), []).extend(subjects)
    for rule, subjects in by_identifier.items():
        if rule not in found:
            found[rule] = _of_shape(rule, min(subjects), shapes, data, namespaces)
    return tuple(found[rule] for rule in sorted(found))


def _of_rules(data: Graph, namespaces: Namespaces) -> list[RuleHelp]:
    qe = namespaces.terms
    found = []
    for rule in sorted(data.instances(iri(f"{qe}Rule"))):
        notation = data.value(rule, _NOTATION)
        if notation is None:
            continue
        found.append(
            RuleHelp(
                rule=text_of(notation),
                title=_english(data, rule, _LABEL),
                statement=_english(data, rule, _DEFINITION),
                note=_english(data, rule, _NOTE),
                evidence=_english(data, rule, iri(f"{qe}evidenceAsked")),
                remedy=_english(data, rule, iri(f"{qe}remedy")),
                basis=_bases(data, data.objects(rule, iri(f"{qe}isBasedOn")), namespaces),
                iri=text_of(rule) if is_iri(rule) else "",
            )
        )
    return found


def _of_shape(rule: str, shape: Node, shapes: Graph, data: Graph, namespaces: Namespaces) -> RuleHelp:
    return RuleHelp(
        rule=rule,
        title=_english(shapes, shape, _LABEL),
        statement=_english(shapes, shape, sh("message")),
        basis=_bases(data, shapes.objects(shape, _SOURCE), namespaces),
        iri=text_of(shape) if is_iri(shape) else "",
    )


def _bases(data: Graph, sources: Collection[Node], namespaces: Namespaces) -> tuple[Basis, ...]:
    qe = namespaces.terms
    found = []
    for source in sources:
        citation = data.value(source, iri(f"{qe}citation"))
        status = data.value(source, iri(f"{qe}hasVerificationStatus"))
        label = _english(data, source, _LABEL) or text_of(source)
        verification = _english(data, status, _LABEL) or text_of(status) if status else ""
        found.append(Basis(text_of(citation) if citation else label, verification))
    return tuple(sorted(found, key=str))


def _english(graph: Graph, node: Node, predicate: Node) -> str:
    """Return the English text, else the one without a language, else any; "" if there is none."""
    parts = [literal_parts(one) for one in graph.objects(node, predicate) if is_literal(one)]
    ranked = sorted(parts, key=lambda one: ({"en": 0, "": 1}.get(one.language, 2), one.lexical))
    return ranked[0].lexical if ranked else ""
