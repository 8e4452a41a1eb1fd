"""Names of elements: from what a person types to the one IRI that is meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from qe_kg.errors import AmbiguousNameError, UnknownNameError, nearest
from qe_kg.namespaces import RDF, RDFS, SKOS, Namespaces
from qe_kg.store.embedded import is_valid_iri
from qe_kg.store.name_list import NameList
from qe_kg.store.protocol import Store
from qe_kg.terms import Term, iri, literal, parse_term

#: The class behind each kind of name; one of another vocabulary with its prefix.
KINDS = {
    "participant": "Participant",
    "flow": "InformationFlow",
    "item": "InformationItem",
    "concept": "InformationConcept",
    "pattern": "FlowPattern",
    "capability": "Capability",
    "zone": "RegulatoryZone",
    "element": "ArchitectureElement",
    "record": "ConsentRecord",
    "purpose": "dpv:Purpose",
}

#: Of more elements than this with names that are like a text the rest are not told.
_MOST = 2_000
_PREFIXES = f"PREFIX rdf: <{RDF}>\nPREFIX rdfs: <{RDFS}>\nPREFIX skos: <{SKOS}>\n"


@dataclass(frozen=True, order=True)
class Element:
    """One element of the model, as far as naming it goes.

    Attributes:
        iri: its IRI.
        code: its ``skos:notation``, or None.
        label: its English ``skos:prefLabel``, else any, else the IRI's last part.
        type: compact IRI of its most specific class, e.g. "qe:ValueStream".
        zone: compact IRI of its regulatory zone (for a stage without one, its value stream's), or None.

    """

    iri: str
    code: str | None
    label: str
    type: str
    zone: str | None

    @property
    def name(self) -> str:
        """The code where there is one, else the label."""
        return self.code or self.label


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: an argument that is none comes with lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _all_below(parent: str, below: dict[str, set[str]]) -> set[str]:
    found, waiting = {parent}, [parent]
    while waiting:
        new = below.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


class Catalogue:
    """Finds elements by code, label, CURIE or IRI."""

    def __init__(self, store: Store, namespaces: Namespaces) -> None:
        self._store, self._names = store, namespaces

    @cached_property
    def classes(self) -> dict[str, frozenset[str]]:
        """For each class that has subclasses, the IRIs of itself and of all of them."""
        # Not by a property path: every node of a large model has a path of length zero to itself.
        rows = self._store.select(f"{_PREFIXES}SELECT ?class ?sub WHERE {{ ?sub rdfs:subClassOf ?class }}").rows
        below: dict[str, set[str]] = {}
        for parent, child in rows:
            if parent and child and parent.kind == child.kind == "iri":
                below.setdefault(parent.value, set()).add(child.value)
        return {parent: frozenset(_all_below(parent, below)) for parent in below}

    def subclasses(self, local_name: str) -> frozenset[str]:
        """Return the IRIs of a class, ours unless it has a prefix, and of all its subclasses."""
        expanded = self._names.expand(local_name)
        class_iri = expanded or self._names.terms + local_name
        return self.classes.get(class_iri, frozenset((class_iri,)))

    def resolve(self, name: str, *kinds: str) -> Element:
        """Find the one element of these kinds that has a name.

        Args:
            name: a code ("AOV-04"), a label ("Grid Telemetry"), a CURIE or an IRI; codes and labels are
                tried as written first, then without regard to upper and lower case.
            kinds: keys of `KINDS`.

        Raises:
            UnknownNameError: there is none; the nearest names are in the message.
            AmbiguousNameError: there are several; their compact IRIs are in the message.

        """
        wanted = self._classes(kinds)
        found = self.named(name, *kinds)
        what = ", ".join(kinds[:-1]) + (" or " if len(kinds) > 1 else "") + kinds[-1]
        if not found:
            raise self._unknown(name, what, wanted)
        if len(found) > 1:
            candidates = tuple(self._names.compact(element.iri) for element in found)
            listed = "\n".join(
                f"  {compact}  ({element.type}, {element.label})"
                for compact, element in zip(candidates, found, strict=True)
            )
            raise AmbiguousNameError(f"{name!r} is ambiguous; name one of these instead:\n{listed}", candidates)
        return found[0]

    def _classes(self, kinds: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self.subclasses(KINDS[kind]) for kind in kinds))

    def named(self, name: str, *kinds: str) -> list[Element]:
        """Return the elements of these kinds that have a name; see `resolve`."""
        text, wanted = name.strip(), self._classes(kinds)
        expanded = self._names.expand(text)
        found = self._typed([expanded], wanted) if expanded and is_valid_iri(expanded) else []
        for exact in (True, False):
            if not found and _is_unicode(text):  # a label may look like an IRI
                found = self._typed(self._named(text, exact), wanted)
        return found

    def describe(self, iris: Iterable[str]) -> dict[str, Element]:
        """Return the elements with these IRIs; an IRI that nothing describes gets its last part as label."""
        listed = sorted(set(iris))
        rows: dict[str, dict[str, set[str]]] = {one: {} for one in listed}
        zone, stage_of = (iri(f"{self._names.terms}{name}").n3() for name in ("inZone", "isStageOf"))
        for start in range(0, len(listed), 1000):
            values = " ".join(iri(one).n3() for one in listed[start : start + 1000])
            answer = self._store.select(
                f"{_PREFIXES}SELECT ?e ?p ?o WHERE {{ VALUES ?e {{ {values} }} {{ "
                f"VALUES ?p {{ rdf:type skos:notation skos:prefLabel {zone} }} ?e ?p ?o }} UNION "
                f"{{ ?e {stage_of}/{zone} ?o BIND({stage_of} AS ?p) }} }}"
            )
            for element, predicate, value in answer.rows:
                assert element and predicate and value
                key = predicate.value + ("@en" if value.language == "en" else "")
                rows[element.value].setdefault(key, set()).add(value.value)
        return {one: self._element(one, found) for one, found in rows.items()}

    def describe_kinds(self, *kinds: str) -> dict[str, Element]:
        """Return all elements of these kinds by IRI: as `describe` does, but sooner where they are many."""
        classes = sorted(frozenset().union(*(self.subclasses(KINDS[kind]) for kind in kinds)))
        wanted = " ".join(iri(one).n3() for one in classes)
        zone, stage_of = (iri(f"{self._names.terms}{name}").n3() for name in ("inZone", "isStageOf"))
        rows: dict[str, dict[str, set[str]]] = {}
        for key, path in (
            (f"{RDF}type", "rdf:type"), (f"{SKOS}notation", "skos:notation"), (f"{SKOS}prefLabel", "skos:prefLabel"),
            (f"{self._names.terms}inZone", zone), (f"{self._names.terms}isStageOf", f"{stage_of}/{zone}"),
        ):  # fmt: skip
            text = self._store.text_rows(
                f"{_PREFIXES}SELECT ?e ?o WHERE {{ VALUES ?c {{ {wanted} }} ?e a ?c . ?e {path} ?o FILTER(isIRI(?e)) }}"
            ).decode()
            for row in text.split("\n")[1:-1]:
                element, _, value = row.partition("\t")
                term = parse_term(value)
                found = rows.setdefault(element[1:-1], {})
                found.setdefault(key + ("@en" if term.language == "en" else ""), set()).add(term.value)
        return {one: self._element(one, found) for one, found in rows.items()}

    def _element(self, one: str, found: dict[str, set[str]]) -> Element:
        def first(*keys: str) -> str | None:
            return next((min(found[key]) for key in keys if key in found), None)

        types = found.get(f"{RDF}type", set())
        specific = [t for t in types if not any(o != t and o in self.classes.get(t, ()) for o in types)]
        ours = [one_type for one_type in specific if one_type.startswith(self._names.terms)]
        # A stage that states no zone of its own is in its value stream's.
        zone = first(f"{self._names.terms}inZone", f"{self._names.terms}isStageOf")
        return Element(
            iri=one,
            code=first(f"{SKOS}notation"),
            label=first(f"{SKOS}prefLabel@en", f"{SKOS}prefLabel") or one.rstrip("/#").rpartition("/")[2],
            type=self._names.compact(min(ours or specific or [""])),
            zone=self._names.compact(zone) if zone else None,
        )

    def _typed(self, iris: Iterable[str], classes: frozenset[str]) -> list[Element]:
        values = " ".join(iri(one).n3() for one in sorted(set(iris)))
        wanted = " ".join(iri(one).n3() for one in sorted(classes))
        rows = self._store.select(
            f"{_PREFIXES}SELECT DISTINCT ?e WHERE {{ VALUES ?e {{ {values} }} VALUES ?c {{ {wanted} }} ?e a ?c }}"
        ).rows
        return sorted(self.describe(row[0].value for row in rows if row[0]).values())

    def _named(self, text: str, exact: bool) -> list[str]:
        names: list[Term] | None = None
        if exact:
            names = [literal(text, language=language) for language in (None, "en")]
        elif self._list is not None:
            names = self._list.spelled(text)
        if names is None:
            folded = literal(text.lower()).n3()
            pattern = f"?e ?p ?name FILTER(LCASE(STR(?name)) = {folded})"
        else:
            pattern = f"VALUES ?name {{ {' '.join(name.n3() for name in names)} }} ?e ?p ?name"
        rows = self._store.select(
            f"{_PREFIXES}SELECT DISTINCT ?e WHERE {{ VALUES ?p {{ skos:notation skos:prefLabel skos:altLabel }} "
            f"{pattern} }}"
        ).rows
        return [row[0].value for row in rows if row[0] and row[0].kind == "iri"]

    def names(self, *kinds: str) -> list[str]:
        """Return all codes and English labels of elements of these kinds, sorted."""
        wanted = frozenset().union(*(self.subclasses(KINDS[kind]) for kind in kinds))
        return sorted(self._all_names(wanted))

    def _all_names(self, classes: frozenset[str]) -> set[str]:
        wanted = " ".join(iri(one).n3() for one in sorted(classes))
        rows = self._store.select(
            f"{_PREFIXES}SELECT DISTINCT ?name WHERE {{ VALUES ?c {{ {wanted} }} ?e a ?c . "
            f"VALUES ?p {{ skos:notation skos:prefLabel }} ?e ?p ?name }}"
        ).rows
        return {row[0].value for row in rows if row[0]}

    @cached_property
    def _list(self) -> NameList | None:
        """All names, where they are many."""
        return NameList.read(self._store)

    def _like(self, text: str, classes: frozenset[str]) -> set[str]:
        """Return names of elements of these classes: all of them, or of many those that are like a text."""
        if self._list is None:
            return self._all_names(classes)
        names = " ".join(name.n3() for name in self._list.like(text))
        found: dict[str, set[str]] = {}
        # A property at a time, and classes after it: else the store would go through everything that has a name.
        either = " UNION ".join(
            f"{{ VALUES ?name {{ {names} }} ?e skos:{one} ?name }}" for one in ("notation", "prefLabel")
        )
        rows = self._store.select(f"{_PREFIXES}SELECT ?e ?name WHERE {{ {either} }} LIMIT {_MOST}").rows
        for element, name in rows:
            if element and name and element.kind == "iri":
                found.setdefault(element.value, set()).add(name.value)
        described = self.describe(found).values()
        return {name for one in described if self._names.expand(one.type) in classes for name in found[one.iri]}

    def _unknown(self, name: str, what: str, classes: frozenset[str]) -> UnknownNameError:
        candidates = nearest(name, self._like(name.strip(), classes) if _is_unicode(name) else ())
        hint = f"; the nearest names are {', '.join(map(repr, candidates))}" if candidates else ""
        return UnknownNameError(f"there is no {what} {name!r}{hint}", candidates)
