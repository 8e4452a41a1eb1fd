"""The rules of a model: what each says, on what basis, how far that was checked, where it applies, how to mend.

Everything is read from the model: rules, legal sources and jurisdictions are data beside the shapes that check them.
JSON of a rule::

    {"id", "iri", "title", "statement", "scopeNote", "appliesTo": ["Information flow"], "appliesWhere": str|null,
     "evidence": [str…], "remedy": [str…], "profiles": ["generic", "us-mi"],
     "severities": [{"shape", "severity", "message"}],
     "basis": [{"iri", "title", "citation", "isLaw": bool, "jurisdictions": [str…], "verification": str|null, "note"}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qe_kg.errors import UnknownNameError, nearest
from qe_kg.namespaces import DCTERMS, RDF, RDFS, SH, SKOS, Namespaces
from qe_kg.store.protocol import Store

#: What every answer about rules says.
NOTICE = (
    "No legal advice: each rule names its basis, and each basis says how far its wording was checked. "
    "Have a lawyer decide what applies to you."
)
_GRAVEST = ("Violation", "Warning", "Info")


@dataclass(frozen=True, order=True)
class Jurisdiction:
    """One territory or authority whose rules can be chosen, by its notation ("us-mi")."""

    notation: str
    label: str
    definition: str


@dataclass(frozen=True, order=True)
class LegalSource:
    """What a rule is drawn from.

    Attributes:
        iri: its IRI.
        label: its short name.
        citation: where its text is found; empty for what is no law.
        jurisdictions: notations of the jurisdictions that it applies in.
        verification: notation of how far its wording was checked ("opened", "excerpt", …); None for what is no law.
        is_law: False for a source document, a statement in one, or good practice.
        note: what else there is to say.

    """

    iri: str
    label: str
    citation: str
    jurisdictions: tuple[str, ...]
    verification: str | None
    is_law: bool
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "iri": self.iri,
            "title": self.label,
            "citation": self.citation or None,
            "isLaw": self.is_law,
            "jurisdictions": list(self.jurisdictions),
            "verification": self.verification,
            "note": self.note or None,
        }


@dataclass(frozen=True, order=True)
class Reporting:
    """One shape that reports breaches of a rule: its name, severity and message."""

    shape: str
    severity: str
    message: str


@dataclass(frozen=True)
class Rule:
    """One rule; see the module for the JSON form.

    Attributes:
        code: its notation, "SEP-02".
        iri: its IRI.
        label: its title.
        statement: what must hold.
        scope_note: how far it goes.
        applies_to: labels of the classes that it looks at.
        applies_where: which of them it applies to, in words; empty where it applies to all.
        evidence: what shows that it is kept.
        remedy: how a breach is mended.
        jurisdictions: notations of the profiles in which it is checked; none means all.
        reporting: the shapes that report its breaches, the gravest first.
        basis: what it is drawn from.

    """

    code: str
    iri: str
    label: str
    statement: str
    scope_note: str
    applies_to: tuple[str, ...]
    applies_where: str
    evidence: tuple[str, ...]
    remedy: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    reporting: tuple[Reporting, ...]
    basis: tuple[LegalSource, ...]

    def applies_in(self, profiles: Iterable[str]) -> bool:
        """Tell whether the rule is checked in one of some profiles."""
        return not self.jurisdictions or bool(set(self.jurisdictions) & set(profiles))

    @property
    def severities(self) -> tuple[str, ...]:
        """The severities that a breach can have, the gravest first."""
        return tuple(dict.fromkeys(one.severity for one in self.reporting))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.code,
            "iri": self.iri,
            "title": self.label,
            "statement": self.statement,
            "scopeNote": self.scope_note or None,
            "appliesTo": list(self.applies_to),
            "appliesWhere": self.applies_where or None,
            "evidence": list(self.evidence),
            "remedy": list(self.remedy),
            "profiles": list(self.jurisdictions),
            "severities": [
                {"shape": one.shape, "severity": one.severity, "message": one.message} for one in self.reporting
            ],
            "basis": [one.to_dict() for one in self.basis],
        }


@dataclass(frozen=True)
class RuleCatalogue:
    """All rules of a model, sorted by their codes, and the jurisdictions that can be chosen."""

    rules: tuple[Rule, ...]
    jurisdictions: tuple[Jurisdiction, ...]

    def get(self, code: str) -> Rule:
        """Return the rule with a code; upper and lower case do not matter.

        Raises:
            UnknownNameError: there is none; the nearest codes are in the message.

        """
        known = {rule.code: rule for rule in self.rules}
        found = known.get(code) or {one.lower(): rule for one, rule in known.items()}.get(code.strip().lower())
        if found is not None:
            return found
        near = nearest(code, known)
        hint = f"; the nearest are {', '.join(near)}" if near else ""
        raise UnknownNameError(f"there is no rule {code!r}{hint}", near)

    def of_profiles(self, profiles: Sequence[str]) -> tuple[Rule, ...]:
        """Return the rules that are checked in one of some profiles.

        Raises:
            UnknownNameError: a profile is no jurisdiction; the nearest names are in the message.

        """
        known = [one.notation for one in self.jurisdictions]
        for name in profiles:
            if known and name not in known:
                near = nearest(name, known) or tuple(known)
                raise UnknownNameError(f"there is no profile {name!r}; the nearest names are {', '.join(near)}", near)
        return tuple(rule for rule in self.rules if rule.applies_in(profiles))


class _Reader:
    """The properties of everything that rules are made of, in one pass each."""

    def __init__(self, store: Store, namespaces: Namespaces) -> None:
        self._store, self.names = store, namespaces
        self._values: dict[str, dict[str, list[str]]] = {}

    def is_a(self, variable: str, name: str) -> str:
        """Return the pattern for what is of a class of ours, or of one below it.

        Not by a path: Virtuoso finds nothing where a path with * is joined with more than one pattern.
        """
        classes, todo = {self.names.terms + name}, [self.names.terms + name]
        while todo:
            below = self._below.get(todo.pop(), set()) - classes
            classes |= below
            todo += below
        listed = " ".join(f"<{one}>" for one in sorted(classes))
        return f"{variable} rdf:type ?k . VALUES ?k {{ {listed} }}"

    @cached_property
    def _below(self) -> dict[str, set[str]]:
        below: dict[str, set[str]] = {}
        for one, above in self._store.select(f"SELECT ?c ?d WHERE {{ ?c <{RDFS}subClassOf> ?d }}").rows:
            if one and above and one.kind == above.kind == "iri":
                below.setdefault(above.value, set()).add(one.value)
        return below

    def load(self, pattern: str) -> list[str]:
        """Read all properties of what ``?x`` is in a pattern; return their IRIs, sorted."""
        rows = self._store.select(
            f"PREFIX qe: <{self.names.terms}> PREFIX sh: <{SH}> PREFIX rdfs: <{RDFS}> PREFIX rdf: <{RDF}>\n"
            f"SELECT DISTINCT ?x ?p ?o WHERE {{ {{ SELECT DISTINCT ?x WHERE {{ {pattern} FILTER(isIRI(?x)) }} }} "
            "?x ?p ?o FILTER(!isLiteral(?o) || LANG(?o) IN ('', 'en')) } ORDER BY ?x ?p ?o"
        ).rows
        found: list[str] = []
        for one, name, value in rows:
            assert one and name and value
            if one.value not in self._values:
                self._values[one.value] = {}
            if not found or found[-1] != one.value:
                found.append(one.value)
            values = self._values[one.value].setdefault(name.value, [])
            if value.value not in values:
                values.append(value.value)
        return found

    def all(self, one: str, name: str) -> tuple[str, ...]:
        return tuple(self._values.get(one, {}).get(name, ()))

    def first(self, one: str, name: str) -> str:
        return next(iter(self.all(one, name)), "")

    def qe(self, one: str, name: str) -> tuple[str, ...]:
        return self.all(one, f"{self.names.terms}{name}")

    def notations(self, iris: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(self.first(one, f"{SKOS}notation") or self.names.compact(one) for one in iris))

    def label(self, one: str) -> str:
        return self.first(one, f"{SKOS}prefLabel") or self.first(one, f"{DCTERMS}title") or self.names.compact(one)


def read_rules(store: Store, namespaces: Namespaces) -> RuleCatalogue:
    """Read the rules of a model from the store that it is loaded into."""
    reader = _Reader(store, namespaces)
    is_rule = reader.is_a("?r", "Rule")
    jurisdictions = reader.load(reader.is_a("?x", "Jurisdiction"))
    reader.load(reader.is_a("?x", "VerificationStatus"))
    rules = reader.load(reader.is_a("?x", "Rule"))
    reader.load("?r qe:isBasedOn ?x")
    reader.load("?r qe:appliesWhere ?x")
    shapes = reader.load(f"?x rdfs:seeAlso ?r . {is_rule}")
    reader.load(f"?s rdfs:seeAlso ?r ; sh:targetClass ?x . {is_rule}")
    reader.load(f"?s rdfs:seeAlso ?r ; sh:targetSubjectsOf ?x . {is_rule}")
    reader.load(f"?s rdfs:seeAlso ?r ; sh:targetSubjectsOf/rdfs:domain ?x . {is_rule}")
    reporting: dict[str, list[str]] = {}
    for shape in shapes:
        for rule in reader.all(shape, f"{RDFS}seeAlso"):
            reporting.setdefault(rule, []).append(shape)
    found = (_rule(reader, rule, reporting.get(rule, [])) for rule in rules if reader.first(rule, f"{SKOS}notation"))
    return RuleCatalogue(
        tuple(sorted(found, key=lambda rule: (rule.code, rule.iri))),
        tuple(
            sorted(
                Jurisdiction(
                    reader.first(one, f"{SKOS}notation"), reader.label(one), reader.first(one, f"{SKOS}definition")
                )
                for one in jurisdictions
            )
        ),
    )


def _rule(reader: _Reader, rule: str, shapes: Sequence[str]) -> Rule:
    targets = dict.fromkeys(target for shape in shapes for target in _targets(reader, shape))
    where = reader.qe(rule, "appliesWhere")
    return Rule(
        code=reader.first(rule, f"{SKOS}notation"),
        iri=rule,
        label=reader.label(rule),
        statement=reader.first(rule, f"{SKOS}definition"),
        scope_note=reader.first(rule, f"{SKOS}scopeNote"),
        applies_to=tuple(reader.label(target) for target in targets),
        applies_where=reader.first(where[0], f"{SH}message") if where else "",
        evidence=reader.qe(rule, "evidenceAsked"),
        remedy=reader.qe(rule, "remedy"),
        jurisdictions=reader.notations(reader.qe(rule, "appliesIn")),
        reporting=tuple(
            sorted((_reporting(reader, shape) for shape in shapes), key=lambda one: (_gravity(one.severity), one))
        ),
        basis=tuple(sorted((_source(reader, one) for one in reader.qe(rule, "isBasedOn")), key=_law_first)),
    )


def _targets(reader: _Reader, shape: str) -> Iterator[str]:
    """Yield the classes that a shape looks at, also where it looks at what has a certain property."""
    yield from reader.all(shape, f"{SH}targetClass")
    for name in reader.all(shape, f"{SH}targetSubjectsOf"):
        yield from reader.all(name, f"{RDFS}domain")


def _reporting(reader: _Reader, shape: str) -> Reporting:
    # A shape that states no severity reports violations.
    severity = reader.first(shape, f"{SH}severity").rpartition("#")[2] or "Violation"
    return Reporting(reader.names.compact(shape), severity, reader.first(shape, f"{SH}message"))


def _gravity(severity: str) -> int:
    return _GRAVEST.index(severity) if severity in _GRAVEST else -1


def _source(reader: _Reader, one: str) -> LegalSource:
    status = reader.qe(one, "hasVerificationStatus")
    return LegalSource(
        iri=one,
        label=reader.label(one),
        citation=next(iter(reader.qe(one, "citation")), ""),
        jurisdictions=reader.notations(reader.qe(one, "appliesIn")),
        verification=next(iter(reader.notations(status)), None),
        is_law=f"{reader.names.terms}LegalSource" in reader.all(one, f"{RDF}type"),
        note=reader.first(one, f"{SKOS}scopeNote"),
    )


def _law_first(source: LegalSource) -> tuple[bool, str]:
    return (not source.is_law, source.label)
