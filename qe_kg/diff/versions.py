"""Which semantic version a change of an ontology needs, and whether the header says at least that.

A header is an ``owl:Ontology``; what a change of a term needs, its header (by ``rdfs:isDefinedBy``) must say, and so
must the header of the whole, which imports the others. Before 1.0.0 anything may change with the second number, and
the third stands for the rest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from qe_kg.diff.severity import SCHEMA_TYPES, Judge, Level, Reason, Referring
from qe_kg.namespaces import OWL, RDF, RDFS, SH, Namespaces
from qe_kg.store.statements import Difference, Statement, described, grouped, selected

_SEMVER = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")
#: Reasons that are shown for one header; the JSON has all.
_MOST_REASONS = 5

Version = tuple[int, int, int]
States = dict[str, list[Statement]]


@dataclass(frozen=True)
class VersionNeed:
    """What one ontology's header must say.

    Attributes:
        ontology: its IRI.
        old: the version before, or None.
        new: the version that the header says now, or None.
        level: what the change is.
        needed: the least version that the header must say, or None where the old one is no semantic version.
        reasons: why, the gravest first.

    """

    ontology: str
    old: str | None
    new: str | None
    level: Level
    needed: str | None
    reasons: tuple[Reason, ...]

    @property
    def is_met(self) -> bool:
        """Whether the header says at least what is needed."""
        if self.old is None:
            return True
        said = _parse(self.new)
        needed = _parse(self.needed)
        return said is not None and needed is not None and said >= needed

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "ontology": self.ontology, "old": self.old, "new": self.new, "change": self.level.name.lower(),
            "needed": self.needed, "ok": self.is_met,
            "reasons": [
                {"change": one.level.name.lower(), "element": one.element, "text": one.text} for one in self.reasons
            ],
        }  # fmt: skip

    def rows(self, namespaces: Namespaces) -> list[str]:
        """Return the lines for a person."""
        said = f"{self.old or 'new'} → {self.new or 'no version'}"
        verdict = "" if self.is_met else f": TOO LOW, must be {self.needed or 'a semantic version'} or more"
        rows = [f"{self.ontology}  {said}, a {self.level.name.lower()} change{verdict}"]
        rows += [f"  {namespaces.compact(one.element)} {one.text}" for one in self.reasons[:_MOST_REASONS]]
        more = len(self.reasons) - _MOST_REASONS
        return [*rows, f"  … {more} more"] if more > 0 else rows


def find_versions(difference: Difference, namespaces: Namespaces) -> tuple[VersionNeed, ...]:
    """Return what the headers must say, for those whose terms changed; empty where no ontology changed."""
    changed = (*difference.removed, *difference.added)
    old, new = difference.states
    subjects = {one.subject.value for one in changed if one.subject.kind == "iri"}
    schema = {iri for iri in subjects if _is_schema(iri, old, new, namespaces)}
    nameless = _disjointness(old, new)
    if not schema and not nameless:
        return ()
    headers = _Headers(difference)
    judge = Judge(namespaces.terms, old, new, _referring(difference, namespaces))
    removed, added = grouped(difference.removed), grouped(difference.added)
    reasons: dict[str, list[Reason]] = defaultdict(list)
    for iri in sorted(schema - headers.all):
        owner = headers.owner(old.get(iri, []) + new.get(iri, []))
        for one in judge.judge(iri, removed.get(iri, ()), added.get(iri, ())):
            for header in {owner, headers.root} - {None}:
                reasons[header or ""].append(one)
    for one in nameless:
        reasons[headers.root or ""].append(one)
    return tuple(_need(iri, found, headers) for iri, found in sorted(reasons.items()) if iri in headers.all)


def _is_schema(iri: str, old: States, new: States, namespaces: Namespaces) -> bool:
    types = _types(old.get(iri, ())) | _types(new.get(iri, ()))
    return bool(types & SCHEMA_TYPES) or f"{namespaces.terms}Rule" in types or iri.startswith(namespaces.terms)


class _Headers:
    """The headers of the ontologies on both sides, with their versions."""

    def __init__(self, difference: Difference) -> None:
        unchanged = selected(difference.unchanged, {f"{RDF}type"}, {f"{OWL}Ontology"})
        every = [*unchanged, *difference.removed, *difference.added]
        self.all = {
            one.subject.value
            for one in every
            if one.predicate.value == f"{RDF}type" and one.value.value == f"{OWL}Ontology"
        }
        kept = [one for about in described(difference.unchanged, self.all).values() for one in about]
        self.old, self.new = grouped([*kept, *difference.removed]), grouped([*kept, *difference.added])
        imports = [
            (iri, one.value.value)
            for iri in self.all
            for one in self.new.get(iri, [])
            if one.predicate.value == f"{OWL}imports"
        ]
        roots = {iri for iri, _ in imports} - {imported for _, imported in imports}
        candidates = roots or self.all
        self.root = next(iter(candidates)) if len(candidates) == 1 else None

    def owner(self, statements: Iterable[Statement]) -> str | None:
        """Return the header that something belongs to, else the whole's."""
        defined = {one.value.value for one in statements if one.predicate.value == f"{RDFS}isDefinedBy"}
        return min(defined & self.all, default=self.root)

    def version(self, iri: str, state: dict[str, list[Statement]]) -> str | None:
        """Return the version that a header says, by versionInfo or the end of versionIRI."""
        infos = _said(state.get(iri, ()), f"{OWL}versionInfo")
        iris = [text.rstrip("/#").rpartition("/")[2] for text in _said(state.get(iri, ()), f"{OWL}versionIRI")]
        said = [*infos, *iris]
        return next((text for text in said if _parse(text)), said[0] if said else None)


def _said(statements: Iterable[Statement], predicate: str) -> list[str]:
    return sorted(one.value.value for one in statements if one.predicate.value == predicate)


def _need(iri: str, reasons: list[Reason], headers: _Headers) -> VersionNeed:
    ordered = tuple(sorted(dict.fromkeys(reasons), key=lambda one: (-one.level, one.element, one.text)))
    level = ordered[0].level
    old, new = headers.version(iri, headers.old), headers.version(iri, headers.new)
    before = _parse(old)
    needed = ".".join(map(str, _bumped(before, level))) if before else None
    return VersionNeed(iri, old, new, level, needed, ordered)


def _parse(text: str | None) -> Version | None:
    found = _SEMVER.fullmatch(text or "")
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _bumped(version: Version, level: Level) -> Version:
    major, minor, patch = version
    if major == 0:
        return (0, minor + 1, 0) if level == Level.MAJOR else (0, minor, patch + 1)
    if level == Level.MAJOR:
        return (major + 1, 0, 0)
    return (major, minor + 1, 0) if level == Level.MINOR else (major, minor, patch + 1)


def _disjointness(old: dict[str, list[Statement]], new: dict[str, list[Statement]]) -> list[Reason]:
    """Return the reasons that axioms without a name give, which nothing but their class tells of."""
    axioms = {f"{OWL}AllDisjointClasses", f"{OWL}AllDisjointProperties"}
    name = "owl:AllDisjointClasses"
    if any(axioms & _types(new[iri]) for iri in new.keys() - old.keys()):
        return [Reason(Level.MAJOR, name, "says more")]
    if any(axioms & _types(old[iri]) for iri in old.keys() - new.keys()):
        return [Reason(Level.MINOR, name, "says less")]
    return []


def _referring(difference: Difference, namespaces: Namespaces) -> Referring:
    own = namespaces.terms
    predicates = {f"{SH}{name}" for name in ("not", "xone", "qualifiedValueShape", "node", "and", "or", "property")}
    predicates |= {f"{RDF}first", f"{RDF}rest", f"{own}appliesWhere", f"{own}isSatisfiedBy"}
    unchanged = selected(difference.unchanged, predicates)
    changed = (one for one in (*difference.removed, *difference.added) if one.predicate.value in predicates)
    return Referring([*unchanged, *changed], own)


def _types(statements: Iterable[Statement]) -> frozenset[str]:
    return frozenset(one.value.value for one in statements if one.predicate.value == f"{RDF}type")
