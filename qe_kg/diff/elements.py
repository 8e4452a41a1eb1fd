"""A difference of two graphs told by element: added, removed, changed (from → to), renamed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qe_kg.diff.renames import Rename, find_renames
from qe_kg.namespaces import DCTERMS, RDF, RDFS, SKOS, Namespaces
from qe_kg.store.statements import Difference, Statement
from qe_kg.terms import Term

Kind = Literal["added", "removed", "changed", "renamed"]
KINDS: tuple[Kind, ...] = ("added", "removed", "changed", "renamed")
_LABELS = (f"{SKOS}prefLabel", f"{RDFS}label", f"{DCTERMS}title")
#: How deep a structure of blank nodes is written out.
_DEPTH = 6


@dataclass(frozen=True)
class Value:
    """A value as Turtle writes it, and the label of the element that it names, if any."""

    text: str
    label: str | None = None

    def __str__(self) -> str:
        return self.label or self.text

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"value": self.text} | ({"label": self.label} if self.label else {})


@dataclass(frozen=True)
class PropertyChange:
    """What changed in one property of one element: the values that went and those that came."""

    property: str
    before: tuple[Value, ...]
    after: tuple[Value, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "property": self.property,
            "from": [value.to_dict() for value in self.before],
            "to": [value.to_dict() for value in self.after],
        }


@dataclass(frozen=True)
class ElementChange:
    """One element that is added, removed, changed or renamed.

    Attributes:
        kind: which of the four.
        iri: its IRI; of one renamed, the new one; of a structure without a name, its Turtle.
        label: its label, in the new state where it is in there.
        type: compact IRI of its class, "" if it has none.
        properties: what changed in it; of one added or removed, all it has.
        was: of one renamed, the old IRI.
        rename: of one renamed, how that is known.

    """

    kind: Kind
    iri: str
    label: str
    type: str
    properties: tuple[PropertyChange, ...]
    was: str | None = None
    rename: Rename | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        renamed = {}
        if self.rename:
            score = None if self.rename.is_declared else round(self.rename.likeness, 2)
            renamed = {"was": self.was, "known": "declared" if self.rename.is_declared else "guess", "likeness": score}
        return {
            "kind": self.kind,
            "id": self.iri,
            "label": self.label,
            "type": self.type,
            **renamed,
            "changes": [change.to_dict() for change in self.properties],
        }


@dataclass(frozen=True)
class ElementDiff:
    """All elements that differ, and how many references merely follow a renamed element."""

    elements: tuple[ElementChange, ...]
    following: int
    renames: dict[str, str] = field(default_factory=dict)

    def of_kind(self, *kinds: Kind) -> tuple[ElementChange, ...]:
        """Return the elements of these kinds."""
        return tuple(one for one in self.elements if one.kind in kinds)


def diff_elements(difference: Difference, namespaces: Namespaces) -> ElementDiff:
    """Tell a difference by element.

    Args:
        difference: of the two graphs.
        namespaces: for compact names; types out of the model's own vocabulary come before others.

    """
    return _Teller(difference, namespaces).tell()


class _Teller:
    def __init__(self, difference: Difference, namespaces: Namespaces) -> None:
        self.names = namespaces
        self.removed, self.added = difference.removed, difference.added
        self.old, self.new = difference.states
        changed = (*self.removed, *self.added)
        self.referring: dict[str, list[Statement]] = defaultdict(list)
        for one in changed:
            if one.value.kind == "bnode":
                self.referring[one.value.value].append(one)

    def tell(self) -> ElementDiff:
        subjects = {one.subject for one in (*self.removed, *self.added)}
        iris = {one.value for one in subjects if one.kind == "iri"}
        gone = {one for one in iris if one not in self.new}
        come = {one for one in iris if one not in self.old}
        renames = find_renames(self.old, self.new, gone, come)
        mapping = {one.old: one.new for one in renames}
        moved = {_mapped(one, mapping): one for one in self.removed}
        added = set(self.added)
        followed = {new for new, old in moved.items() if new in added and new != old and new.subject == old.subject}
        removed_by, added_by = _grouped(set(moved) - added), _grouped(added - set(moved))
        found = [self._renamed(one, mapping) for one in renames]
        done = {*mapping, *mapping.values()}
        for iri in sorted((set(removed_by) | set(added_by)) - done):
            kind: Kind = "added" if iri in come else "removed" if iri in gone else "changed"
            found.append(self._element(kind, iri, removed_by.get(iri, ()), added_by.get(iri, ())))
        found += self._nameless(subjects)
        found.sort(key=lambda one: (KINDS.index(one.kind), one.type, one.label, one.iri))
        return ElementDiff(tuple(found), len(followed), mapping)

    def _renamed(self, rename: Rename, mapping: Mapping[str, str]) -> ElementChange:
        before = {_mapped(one, mapping) for one in self.old[rename.old]}
        after = set(self.new[rename.new])
        one = self._element("renamed", rename.new, before - after, after - before)
        return ElementChange("renamed", one.iri, one.label, one.type, one.properties, rename.old, rename)

    def _nameless(self, subjects: Iterable[Term]) -> list[ElementChange]:
        """Tell of blank nodes that nothing refers to, such as an owl:AllDisjointClasses."""
        tops = sorted({one.value for one in subjects if one.kind == "bnode" and one.value not in self.referring})
        found = []
        for name in tops:
            kind: Kind = "added" if name in self.new else "removed"
            found.append(ElementChange(kind, self._structure(name), "(without a name)", self._type(name), ()))
        return found

    def _element(self, kind: Kind, iri: str, before: Iterable[Statement], after: Iterable[Statement]) -> ElementChange:
        values: dict[str, tuple[list[Value], list[Value]]] = defaultdict(lambda: ([], []))
        for side, statements in ((0, before), (1, after)):
            for one in sorted(statements, key=Statement.n3):
                name = "a" if one.predicate.value == f"{RDF}type" else self.names.compact(one.predicate.value)
                value = self.value(one.value)
                if value not in values[name][side]:
                    values[name][side].append(value)
        order = sorted(values, key=lambda name: (name != "a", name))
        changes = tuple(PropertyChange(name, tuple(values[name][0]), tuple(values[name][1])) for name in order)
        return ElementChange(kind, iri, self.label(iri) or _last_part(iri), self._type(iri), changes)

    def label(self, iri: str) -> str | None:
        """Return the label of an element, the newer one, the English one where there are several."""
        for state in (self.new, self.old):
            for predicate in _LABELS:
                found = [one.value for one in state.get(iri, ()) if one.predicate.value == predicate]
                if found:
                    return min(found, key=lambda term: (term.language != "en", term.value)).value
        return None

    def _type(self, iri: str) -> str:
        for state in (self.new, self.old):
            types = sorted(one.value.value for one in state.get(iri, ()) if one.predicate.value == f"{RDF}type")
            if types:
                ours = [one for one in types if one.startswith(self.names.terms)]
                return self.names.compact((ours or types)[0])
        return ""

    def value(self, term: Term) -> Value:
        """Write a value, with the label of what it names."""
        if term.kind == "bnode":
            return Value(self._structure(term.value))
        if term.kind == "iri":
            return Value(self._iri(term.value), self.label(term.value))
        if term.datatype:
            return Value(f"{term.n3().rpartition('^^')[0]}^^{self._iri(term.datatype)}")
        return Value(term.n3())

    def _iri(self, iri: str) -> str:
        compact = self.names.compact(iri)
        return f"<{iri}>" if compact == iri else compact

    def _structure(self, name: str, depth: int = 0) -> str:
        statements = self.new.get(name) or self.old.get(name) or []
        if depth > _DEPTH or not statements:
            return "[]" if not statements else "[ … ]"
        first = [one.value for one in statements if one.predicate.value == f"{RDF}first"]
        if first:
            return f"( {' '.join(self._items(name, depth))} )"
        parts = []
        for one in sorted(statements, key=lambda s: (s.predicate.value != f"{RDF}type", s.n3())):
            predicate = "a" if one.predicate.value == f"{RDF}type" else self._iri(one.predicate.value)
            parts.append(f"{predicate} {self._inner(one.value, depth)}")
        return f"[ {' ; '.join(parts)} ]"

    def _items(self, name: str, depth: int) -> Iterable[str]:
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            statements = self.new.get(name) or self.old.get(name) or []
            yield from (self._inner(one.value, depth) for one in statements if one.predicate.value == f"{RDF}first")
            name = next((one.value.value for one in statements if one.predicate.value == f"{RDF}rest"), name)

    def _inner(self, term: Term, depth: int) -> str:
        return self._structure(term.value, depth + 1) if term.kind == "bnode" else self.value(term).text


def _grouped(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = defaultdict(list)
    for one in statements:
        if one.subject.kind == "iri":
            found[one.subject.value].append(one)
    return found


def _mapped(one: Statement, mapping: Mapping[str, str]) -> Statement:
    def node(term: Term) -> Term:
        return Term("iri", mapping[term.value]) if term.kind == "iri" and term.value in mapping else term

    return Statement(node(one.subject), node(one.predicate), node(one.value), one.graph)


def _last_part(iri: str) -> str:
    return iri.rstrip("/#").rpartition("/")[2].rpartition("#")[2] or iri
