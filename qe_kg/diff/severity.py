"""How grave a change of an ontology or of shapes is for who uses them: patch, minor or major.

**Major** is what can make a graph invalid, or inconsistent, that was not: a term that is gone, a requirement that is
new or tighter. **Minor** is a new term and a looser requirement. Everything else (labels, definitions, messages) is a
**patch**. Where it takes more than the changed statements to tell, the graver level is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from qe_kg.namespaces import DCTERMS, OWL, RDF, RDFS, SH, SKOS
from qe_kg.store.statements import Statement


class Level(IntEnum):
    """How grave a change is; the greater the graver."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True)
class Reason:
    """One reason for a level, in words about one element (IRI)."""

    level: Level
    element: str
    text: str


def _iris(namespace: str, names: str) -> frozenset[str]:
    return frozenset(f"{namespace}{name}" for name in names.split())


#: Classes of what belongs to an ontology, a controlled list or a shapes graph.
SCHEMA_TYPES = (
    _iris(OWL, "Class ObjectProperty DatatypeProperty AnnotationProperty FunctionalProperty Restriction Ontology")
    | _iris(OWL, "AllDisjointClasses AllDisjointProperties NamedIndividual")
    | _iris(RDFS, "Class Datatype")
    | _iris(RDF, "Property")
    | _iris(SKOS, "Concept ConceptScheme")
    | _iris(SH, "NodeShape PropertyShape SPARQLConstraint SPARQLConstraintComponent PrefixDeclaration")
)
#: Axioms that say of more things what they are: taking one away makes things less than they were.
_INCLUDING = _iris(RDFS, "subClassOf subPropertyOf") | _iris(OWL, "equivalentClass equivalentProperty oneOf unionOf")
_AXIOMS = (
    _INCLUDING
    | _iris(RDFS, "domain range")
    | _iris(OWL, "disjointWith propertyDisjointWith inverseOf hasKey complementOf disjointUnionOf propertyChainAxiom")
    | _iris(OWL, "intersectionOf members onProperty someValuesFrom allValuesFrom hasValue maxCardinality cardinality")
)
_CHARACTERISTICS = _iris(
    OWL,
    "FunctionalProperty InverseFunctionalProperty AsymmetricProperty IrreflexiveProperty SymmetricProperty "
    "TransitiveProperty ReflexiveProperty",
)
_LOWER = _iris(SH, "minCount minLength minInclusive minExclusive qualifiedMinCount")
_UPPER = _iris(SH, "maxCount maxLength maxInclusive maxExclusive qualifiedMaxCount")
_LISTS = _iris(SH, "in languageIn")
_TARGETS = _iris(SH, "targetClass targetNode targetSubjectsOf targetObjectsOf target")
_CONSTRAINTS = _TARGETS | _iris(
    SH,
    "datatype class nodeKind pattern flags hasValue equals disjoint lessThan lessThanOrEquals node property and or "
    "xone not closed ignoredProperties uniqueLang sparql select ask qualifiedValueShape path prefixes",
)
_DOCUMENTATION = (
    _iris(SKOS, "prefLabel altLabel definition example scopeNote note changeNote historyNote notation inScheme")
    | _iris(SKOS, "topConceptOf hasTopConcept related exactMatch closeMatch broadMatch narrowMatch relatedMatch")
    | _iris(RDFS, "label comment seeAlso isDefinedBy")
    | _iris(DCTERMS, "title description source license creator created modified identifier references isReplacedBy")
    | _iris(SH, "message name description order group")
    | _iris(OWL, "versionInfo versionIRI priorVersion imports deprecated")
)


class Judge:
    """Judges changed elements.

    Args:
        own: the namespace of the vocabulary's terms, whose properties rules may depend on.
        old: statements by subject before.
        new: statements by subject after.
        within: for each shape, the (predicate, shape) pairs by which others refer to it; may be asked late.

    """

    def __init__(
        self, own: str, old: dict[str, list[Statement]], new: dict[str, list[Statement]], referring: Referring
    ) -> None:
        self.own, self.old, self.new, self.referring = own, old, new, referring

    def judge(self, iri: str, removed: Iterable[Statement], added: Iterable[Statement]) -> list[Reason]:
        """Return the reasons that one element's changes give."""
        if iri not in self.new:
            return [Reason(Level.MAJOR, iri, "is gone")]
        if iri not in self.old:
            return [self._of_new(iri)]
        gone, come = _by_predicate(removed), _by_predicate(added)
        found = []
        for predicate in sorted(gone.keys() | come.keys()):
            level, text = self._of_change(iri, predicate, gone.get(predicate, []), come.get(predicate, []))
            found.append(Reason(self._capped(iri, level), iri, text))
        return found

    def _of_new(self, iri: str) -> Reason:
        statements = self.new[iri]
        targets = [one.value.value for one in statements if one.predicate.value in _TARGETS]
        if _values(statements, f"{RDF}type") & _iris(SH, "NodeShape PropertyShape") and targets:
            known = [target for target in targets if target in self.old or target not in self.new]
            if known and self._fails(statements):
                return Reason(Level.MAJOR, iri, "is a new requirement on what was there before")
            return Reason(Level.MINOR, iri, "is a new shape")
        if _values(statements, f"{RDF}type") & _iris(OWL, "AllDisjointClasses AllDisjointProperties"):
            return Reason(Level.MAJOR, iri, "is a new disjointness")
        return Reason(Level.MINOR, iri, "is new")

    def _of_change(self, iri: str, predicate: str, gone: list[Statement], come: list[Statement]) -> tuple[Level, str]:
        name = predicate.rpartition("#")[2].rpartition("/")[2]
        if predicate in (f"{OWL}deprecated", f"{DCTERMS}isReplacedBy"):
            return Level.MINOR, "is deprecated" if come else "is no longer deprecated"
        if predicate in _DOCUMENTATION:
            return Level.PATCH, f"{name} is worded anew"
        if predicate == f"{RDF}type":
            return _of_types(gone, come)
        if predicate in _AXIOMS:
            if come:
                return Level.MAJOR, f"{name} says more"
            return (Level.MAJOR if predicate in _INCLUDING else Level.MINOR), f"{name} says less"
        if predicate == f"{SH}severity":
            is_worse = any(one.value.value == f"{SH}Violation" for one in come) or not come
            return (Level.MAJOR if is_worse else Level.MINOR), "severity"
        if predicate == f"{SH}deactivated":
            is_off = any(one.value.value in ("true", "1") for one in come)
            return (Level.MINOR if is_off else Level.MAJOR), "is switched off" if is_off else "is switched on"
        if predicate in _LOWER | _UPPER | _LISTS | _CONSTRAINTS:
            return self._of_constraint(iri, predicate, name, gone, come)
        if predicate.startswith(self.own):
            is_loss = predicate == f"{self.own}appliesIn" and not come
            return (Level.MINOR if is_loss else Level.MAJOR), f"{name}, on which rules may depend"
        if predicate == f"{SKOS}broader":
            return (Level.MINOR if come and not gone else Level.MAJOR), "stands elsewhere in its list"
        return Level.PATCH, name

    def _of_constraint(
        self, iri: str, predicate: str, name: str, gone: list[Statement], come: list[Statement]
    ) -> tuple[Level, str]:
        loosens = bool(gone) and not come
        if predicate in _LOWER | _UPPER and gone and come:
            before, after = _number(gone[0]), _number(come[0])
            loosens = before is not None and after is not None and (
                after < before if predicate in _LOWER else after > before
            )  # fmt: skip
        elif predicate in _LISTS and gone and come:
            loosens = set(self._items(gone[0], self.old)) <= set(self._items(come[0], self.new))
        elif predicate == f"{SH}property" and come and not gone:
            inner = [self.new.get(one.value.value, []) for one in come]
            if not any(self._fails(statements) for statements in inner):
                return Level.MINOR, "has a new property shape that does not fail"
        if not loosens:
            return Level.MAJOR, f"{name} may be tighter"
        if self.referring.is_negated(iri):
            return Level.MAJOR, f"{name} is looser in a shape that others must not meet"
        return Level.MINOR, f"{name} is looser"

    def _capped(self, iri: str, level: Level) -> Level:
        """Return the level of a change in a shape; what only warns makes nothing invalid."""
        sides = (self.old[iri], self.new[iri])
        is_shape = any(_values(side, f"{RDF}type") & _iris(SH, "NodeShape PropertyShape") for side in sides)
        if is_shape and not any(self._fails(side) for side in sides) and not self.referring.is_part(iri):
            return min(level, Level.MINOR)
        return level

    def _fails(self, statements: list[Statement]) -> bool:
        severities = _values(statements, f"{SH}severity")
        return not severities or f"{SH}Violation" in severities

    def _items(self, one: Statement, state: dict[str, list[Statement]]) -> list[str]:
        found, name, seen = [], one.value.value, set[str]()
        while name in state and name not in seen:
            seen.add(name)
            found += [inner.value.n3() for inner in state[name] if inner.predicate.value == f"{RDF}first"]
            name = next((s.value.value for s in state[name] if s.predicate.value == f"{RDF}rest"), "")
        return found


class Referring:
    """Which shapes refer to which, by SHACL's logic."""

    #: Predicates whose object must not hold, or holds only up to a number of times, and "applies where".
    _NEGATING = _iris(SH, "not xone qualifiedValueShape")
    _PARTS = _iris(SH, "not xone qualifiedValueShape node and or") | _iris(RDF, "first rest")

    def __init__(self, statements: Iterable[Statement], own: str) -> None:
        self.negating = self._NEGATING | {f"{own}appliesWhere"}
        self.parts = self._PARTS | {f"{own}appliesWhere", f"{own}isSatisfiedBy"}
        self.by_object: dict[str, list[tuple[str, str]]] = {}
        for one in statements:
            if one.predicate.value in self.parts or one.predicate.value == f"{SH}property":
                self.by_object.setdefault(one.value.value, []).append((one.predicate.value, one.subject.value))

    def is_negated(self, shape: str) -> bool:
        """Tell whether a shape is, however deep, part of one that must not be met."""
        return any(predicate in self.negating for predicate in self._ways(shape))

    def is_part(self, shape: str) -> bool:
        """Tell whether another shape's outcome depends on this one, whatever its severity."""
        return any(predicate in self.parts for predicate in self._ways(shape))

    def _ways(self, shape: str) -> Iterable[str]:
        seen, todo = {shape}, [shape]
        while todo:
            for predicate, subject in self.by_object.get(todo.pop(), ()):
                yield predicate
                if subject not in seen:
                    seen.add(subject)
                    todo.append(subject)


def _of_types(gone: list[Statement], come: list[Statement]) -> tuple[Level, str]:
    if any(one.value.value in _CHARACTERISTICS for one in come):
        return Level.MAJOR, "has a new characteristic"
    if any(one.value.value not in _CHARACTERISTICS for one in gone):
        return Level.MAJOR, "is no longer of a class that it was of"
    return Level.MINOR, "is of another class"


def _by_predicate(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    for one in statements:
        found.setdefault(one.predicate.value, []).append(one)
    return found


def _values(statements: Iterable[Statement], predicate: str) -> frozenset[str]:
    return frozenset(one.value.value for one in statements if one.predicate.value == predicate)


def _number(one: Statement) -> float | None:
    try:
        return float(one.value.value)
    except ValueError:
        return None
