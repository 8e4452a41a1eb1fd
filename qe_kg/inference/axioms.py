"""The axioms of an ontology, as rows for the rules of OWL 2 RL.

An axiom that OWL 2 RL does not cover is refused, never passed over: a closure that leaves one out without a word is
wrong.
The profile's grammar: https://www.w3.org/TR/owl2-profiles/#OWL_2_RL
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from qe_kg.errors import OntologyError
from qe_kg.namespaces import OWL, RDF, RDFS, XSD
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node, is_blank, is_literal, text_of

#: Stands in SPARQL for an anonymous class or property, which SPARQL cannot name; nothing of it is left afterwards.
STAND_IN = "urn:qe-kg:anonymous:"

Row = tuple[Node, ...]
TYPE = f"<{RDF}type>"
THING, NOTHING = f"<{OWL}Thing>", f"<{OWL}Nothing>"

#: Properties that make an axiom; `SCHEMA_QUERY` asks a store for their triples.
_RELATIONS = ("subClassOf", "subPropertyOf", "domain", "range")
_OWL_RELATIONS = (
    "equivalentClass", "disjointWith", "complementOf", "intersectionOf", "unionOf", "oneOf", "onProperty",
    "someValuesFrom", "allValuesFrom", "hasValue", "maxCardinality", "maxQualifiedCardinality", "onClass",
    "equivalentProperty", "inverseOf", "propertyDisjointWith", "propertyChainAxiom", "hasKey", "members",
    "distinctMembers", "sourceIndividual", "assertionProperty", "targetIndividual", "targetValue",
)  # fmt: skip
_REFUSED = (
    "disjointUnionOf", "hasSelf", "minCardinality", "cardinality", "minQualifiedCardinality", "qualifiedCardinality",
    "onDataRange", "onProperties", "onDatatype", "withRestrictions", "datatypeComplementOf",
)  # fmt: skip
_TYPES = (
    "FunctionalProperty", "InverseFunctionalProperty", "SymmetricProperty", "AsymmetricProperty", "TransitiveProperty",
    "IrreflexiveProperty", "ReflexiveProperty", "AllDisjointClasses", "AllDisjointProperties", "AllDifferent",
    "NegativePropertyAssertion", "DatatypeProperty", "ObjectProperty",
)  # fmt: skip

_PROPERTY_KINDS = {
    "prp-fp": "Functional", "prp-ifp": "InverseFunctional", "prp-trp": "Transitive", "prp-symp": "Symmetric",
    "prp-irp": "Irreflexive", "prp-asyp": "Asymmetric",
}  # fmt: skip

SCHEMA_QUERY = (
    "SELECT ?s ?p ?o WHERE { { VALUES ?p { "
    + " ".join(f"<{RDFS}{name}>" for name in _RELATIONS)
    + " "
    + " ".join(f"<{OWL}{name}>" for name in (*_OWL_RELATIONS, *_REFUSED))
    + f" <{RDF}first> <{RDF}rest> }} ?s ?p ?o }} UNION {{ VALUES ?o {{ "
    + " ".join(f"<{OWL}{name}>" for name in _TYPES)
    + f" <{RDFS}Datatype> }} ?s a ?o BIND(<{RDF}type> AS ?p) }} UNION {{ ?s a ?o FILTER(isBlank(?o)) "
    f"BIND(<{RDF}type> AS ?p) }} }}"
)


def read_axioms(schema: Graph) -> dict[str, set[Row]]:
    """Return, for the name of each rule that has something to work on, its rows: one an axiom, as N-Triples terms.

    Args:
        schema: what `SCHEMA_QUERY` answers; further triples do no harm.

    Raises:
        OntologyError: an axiom is outside OWL 2 RL.

    """
    return _Reader(schema).read()


def closure(pairs: Iterable[tuple[Node, Node]]) -> set[tuple[Node, Node]]:
    """Return the transitive closure of a relation, without what is related to itself."""
    following: dict[Node, set[Node]] = defaultdict(set)
    for lower, upper in pairs:
        following[lower].add(upper)
    found: set[tuple[Node, Node]] = set()
    for start in list(following):
        seen: set[Node] = set()
        waiting = list(following[start])
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting.extend(following.get(one, ()))
        found |= {(start, one) for one in seen if one != start}
    return found


def _owl(name: str) -> Node:
    return f"<{OWL}{name}>"


class _Reader:
    def __init__(self, schema: Graph) -> None:
        self.schema = schema
        self.rows: dict[str, set[Row]] = defaultdict(set)
        self.super_classes: set[tuple[Node, Node]] = set()
        self.super_properties: set[tuple[Node, Node]] = set()

    def read(self) -> dict[str, set[Row]]:
        self._refuse()
        self._properties()
        self._classes()
        self._individuals()
        self._close()
        return {name: rows for name, rows in self.rows.items() if rows}

    # --- what the profile has no place for --------------------------------------------------------------------

    def _refuse(self) -> None:
        for name in _REFUSED:
            for subject in self.schema.subjects_of(_owl(name)):
                raise OntologyError(f"owl:{name} is outside OWL 2 RL", text_of(subject), f"{OWL}{name}")
        for subject in self._typed("ReflexiveProperty"):
            raise OntologyError("owl:ReflexiveProperty is outside OWL 2 RL", text_of(subject), f"{RDF}type")

    def _check_sub(self, node: Node, axiom: str, of: Node) -> None:
        """Refuse a class expression that may not stand on the left of an inclusion."""
        kind, members = self._expression(node)
        if node == THING:
            raise self._outside("owl:Thing", "as a subclass", axiom, of)
        if kind in ("intersectionOf", "unionOf", "someValuesFrom"):
            for member in members:
                if not (kind == "someValuesFrom" and member == THING):
                    self._check_sub(member, axiom, of)
        elif kind not in ("", "oneOf", "hasValue"):
            raise self._outside(f"owl:{kind}", "as a subclass", axiom, of)

    def _check_super(self, node: Node, axiom: str, of: Node) -> None:
        """Refuse a class expression that may not stand on the right of an inclusion."""
        kind, members = self._expression(node)
        if kind in ("intersectionOf", "allValuesFrom"):
            for member in members:
                self._check_super(member, axiom, of)
        elif kind in ("complementOf", "maxQualifiedCardinality"):
            for member in members:
                if not (kind == "maxQualifiedCardinality" and member == THING):
                    self._check_sub(member, axiom, of)
        elif kind not in ("", "hasValue", "maxCardinality"):
            raise self._outside(f"owl:{kind}", "as a superclass", axiom, of)

    def _outside(self, what: str, where: str, axiom: str, of: Node) -> OntologyError:
        return OntologyError(f"{what} {where} is outside OWL 2 RL", text_of(of), axiom)

    def _expression(self, node: Node) -> tuple[str, list[Node]]:
        """Return the kind of an anonymous class and the classes in it; ("", []) for a named one."""
        if not is_blank(node):
            return "", []
        for kind in ("intersectionOf", "unionOf", "oneOf"):
            for head in self.schema.objects(node, _owl(kind)):
                return kind, [] if kind == "oneOf" else self._items(head)
        for kind in ("complementOf", "someValuesFrom", "allValuesFrom"):
            for value in self.schema.objects(node, _owl(kind)):
                return kind, [value]
        for kind in ("hasValue", "maxCardinality"):
            if self.schema.objects(node, _owl(kind)):
                return kind, []
        if self.schema.objects(node, _owl("maxQualifiedCardinality")):
            return "maxQualifiedCardinality", self.schema.objects(node, _owl("onClass"))
        return "", []

    # --- names ------------------------------------------------------------------------------------------------

    def _name(self, node: Node) -> Node:
        return f"<{STAND_IN}{node[2:]}>" if is_blank(node) else node

    def _items(self, head: Node) -> list[Node]:
        members = self.schema.items(head)
        if members is None:
            raise OntologyError(
                "a list of the ontology has no end or more than one way on", text_of(head), f"{RDF}rest"
            )
        return members

    def _typed(self, kind: str) -> list[Node]:
        return self.schema.subjects(TYPE, _owl(kind))

    def _pairs(self, predicate: str) -> list[tuple[Node, Node]]:
        return [(one, two) for two, ones in self.schema.by_value(f"<{predicate}>").items() for one in ones]

    def _is_datatype(self, node: Node) -> bool:
        text = text_of(node)
        known = text.startswith(XSD) or text in (f"{RDFS}Literal", f"{RDF}langString", f"{RDF}PlainLiteral")
        return known or (node, TYPE, f"<{RDFS}Datatype>") in self.schema

    def _filler(self, node: Node, kind: str, value: Node) -> Node:
        if self._is_datatype(value):
            raise OntologyError(f"a datatype in owl:{kind} is not supported", text_of(node), f"{OWL}{kind}")
        return self._name(value)

    # --- axioms of properties ---------------------------------------------------------------------------------

    def _properties(self) -> None:
        self.super_properties |= set(self._pairs(f"{RDFS}subPropertyOf"))
        for one, two in self._pairs(f"{OWL}equivalentProperty"):
            self.super_properties |= {(one, two), (two, one)}
        for one, two in self._pairs(f"{OWL}inverseOf"):
            self.rows["prp-inv"] |= {(self._name(one), self._name(two)), (self._name(two), self._name(one))}
        for rule, kind in _PROPERTY_KINDS.items():
            self.rows[rule] |= {(self._name(one),) for one in self._typed(f"{kind}Property")}
        # What a property is declared to be tells whether its values can be the same thing, or only equal.
        data, things = (
            {(self._name(one),) for one in self._typed(kind)} for kind in ("DatatypeProperty", "ObjectProperty")
        )
        self.rows["dt-diff"] = self.rows["prp-fp"] - (things - data)
        self.rows["prp-fp"] -= data - things
        for one, head in self._pairs(f"{OWL}propertyChainAxiom"):
            steps = [self._name(step) for step in self._items(head)]
            self.rows[f"prp-spo2-{len(steps)}"].add((*steps, self._name(one)))
        self.rows["prp-pdw"] |= {(self._name(a), self._name(b)) for a, b in self._pairs(f"{OWL}propertyDisjointWith")}
        for one in self._typed("AllDisjointProperties"):
            self.rows["prp-pdw"] |= set(combinations(self._members(one, "members"), 2))
        for predicate, rule in ((f"{RDFS}domain", "prp-dom"), (f"{RDFS}range", "prp-rng")):
            for one, kind in self._pairs(predicate):
                if kind != THING and not self._is_datatype(kind) and text_of(kind) != f"{RDFS}Resource":
                    self._check_super(kind, predicate, one)
                    self.rows[rule].add((self._name(one), self._name(kind)))

    def _members(self, node: Node, *names: str) -> list[Node]:
        heads = [head for name in names for head in self.schema.objects(node, _owl(name))]
        return [self._name(member) for head in heads for member in self._items(head)]

    # --- axioms of classes ------------------------------------------------------------------------------------

    def _classes(self) -> None:
        for one, two in self._pairs(f"{RDFS}subClassOf"):
            self._check_sub(one, f"{RDFS}subClassOf", one)
            self._check_super(two, f"{RDFS}subClassOf", one)
            self.super_classes.add((self._name(one), self._name(two)))
        for one, two in self._pairs(f"{OWL}equivalentClass"):
            for node in (one, two):
                self._check_sub(node, f"{OWL}equivalentClass", one)
                self._check_super(node, f"{OWL}equivalentClass", one)
            self.super_classes |= {(self._name(one), self._name(two)), (self._name(two), self._name(one))}
        disjoint = [*self._pairs(f"{OWL}disjointWith"), *self._pairs(f"{OWL}complementOf")]
        for one, two in disjoint:
            for node in (one, two):
                if node != one or not is_blank(one):
                    self._check_sub(node, f"{OWL}disjointWith", one)
        self.rows["cax-dw"] |= {(self._name(one), self._name(two)) for one, two in disjoint}
        for one in self._typed("AllDisjointClasses"):
            self.rows["cax-dw"] |= set(combinations(self._members(one, "members"), 2))
        self.rows["cls-nothing2"].add((NOTHING,))
        for one, head in self._pairs(f"{OWL}hasKey"):
            keys = [self._name(key) for key in self._items(head)]
            self.rows[f"prp-key-{len(keys)}"].add((self._name(one), *keys))
        self._sets()
        self._restrictions()

    def _sets(self) -> None:
        for one, head in self._pairs(f"{OWL}intersectionOf"):
            self._check_named(one, "intersectionOf")
            members = [self._name(member) for member in self._items(head)]
            self.super_classes |= {(self._name(one), member) for member in members}
            self.rows[f"cls-int1-{len(members)}"].add((*members, self._name(one)))
        for one, head in self._pairs(f"{OWL}unionOf"):
            self._check_named(one, "unionOf")
            self.super_classes |= {(self._name(member), self._name(one)) for member in self._items(head)}
        for one, head in self._pairs(f"{OWL}oneOf"):
            self._check_named(one, "oneOf")
            for member in self._items(head):
                if is_blank(member) or is_literal(member):
                    raise OntologyError("owl:oneOf with what has no IRI is not supported", text_of(one), f"{OWL}oneOf")
                self.rows["cls-oo"].add((member, self._name(one)))

    def _check_named(self, node: Node, kind: str) -> None:
        """Refuse a named class that *is* a union or a list of individuals: it would stand on both sides."""
        if not is_blank(node) and kind != "intersectionOf":
            raise self._outside(f"owl:{kind}", "as the definition of a class", f"{OWL}{kind}", node)

    def _restrictions(self) -> None:
        for one, owner in self._pairs(f"{OWL}onProperty"):
            node, by = self._name(one), self._name(owner)
            for value in self.schema.objects(one, _owl("someValuesFrom")):
                if value in (THING, f"<{RDFS}Literal>"):
                    self.rows["cls-svf2"].add((by, node))
                else:
                    self.rows["cls-svf1"].add((by, self._filler(one, "someValuesFrom", value), node))
            for value in self.schema.objects(one, _owl("allValuesFrom")):
                self.rows["cls-avf"].add((node, by, self._filler(one, "allValuesFrom", value)))
            for value in self.schema.objects(one, _owl("hasValue")):
                if is_blank(value):
                    raise OntologyError("owl:hasValue with what has no IRI is not supported", by, f"{OWL}hasValue")
                self.rows["cls-hv1"].add((node, by, value))
                self.rows["cls-hv2"].add((by, value, node))
            self._cardinality(one, node, by)

    def _cardinality(self, one: Node, node: Node, by: Node) -> None:
        for kind in ("maxCardinality", "maxQualifiedCardinality"):
            for value in self.schema.objects(one, _owl(kind)):
                if text_of(value) not in ("0", "1"):
                    raise OntologyError(
                        f"owl:{kind} {text_of(value)} is outside OWL 2 RL, which has 0 and 1",
                        text_of(by),
                        f"{OWL}{kind}",
                    )
                rule = "cls-maxc"
                row: Row = (node, by)
                for what in self.schema.objects(one, _owl("onClass")):
                    if what != THING:
                        rule, row = "cls-maxqc", (node, by, self._filler(one, "onClass", what))
                self.rows[f"{rule}{int(text_of(value))}"].add(row)

    # --- axioms of individuals --------------------------------------------------------------------------------

    def _individuals(self) -> None:
        for one in self._typed("AllDifferent"):
            self.rows["eq-diff2"] |= set(combinations(self._members(one, "members", "distinctMembers"), 2))
        for one in self._typed("NegativePropertyAssertion"):
            names = ("sourceIndividual", "assertionProperty", "targetIndividual", "targetValue")
            parts = [value for name in names for value in self.schema.objects(one, _owl(name))]
            if len(parts) != 3:
                raise OntologyError(
                    "a negative property assertion needs source, property and target", text_of(one), f"{RDF}type"
                )
            self.rows["prp-npa"].add(tuple(parts))
        for kind, ones in self.schema.by_value(TYPE).items():
            if is_blank(kind):  # somebody is said to be in an anonymous class
                self.rows["cls-oo"] |= {(one, self._name(kind)) for one in ones if not is_blank(one)}

    # --- what the axioms say about each other -----------------------------------------------------------------

    def _close(self) -> None:
        """Close the hierarchies, so that each rule about them needs one pass."""
        self.super_properties = closure((self._name(one), self._name(two)) for one, two in self.super_properties)
        self.rows["prp-spo1"] |= self.super_properties
        above = {(one, one) for row in self.rows.values() for terms in row for one in terms} | self.super_properties
        classes = closure(self.super_classes)
        while True:
            reflexive = classes | {(one, one) for pair in classes for one in pair}
            reflexive |= {(row[-1], row[-1]) for name in ("cls-avf", "cls-svf1") for row in self.rows[name]}
            reflexive |= {(row[1], row[1]) for row in self.rows["cls-svf1"]}
            more = self._restriction_inclusions(reflexive, above)
            larger = closure(classes | more)
            if larger == classes:
                break
            classes = larger
        self.rows["cax-sco"] |= {(lower, upper) for lower, upper in classes if upper != THING}

    def _restriction_inclusions(
        self, classes: set[tuple[Node, Node]], properties: set[tuple[Node, Node]]
    ) -> set[tuple[Node, Node]]:
        """scm-svf1, scm-svf2, scm-avf1, scm-avf2 and scm-hv: restrictions that imply each other."""
        some, every, value = self.rows["cls-svf1"], self.rows["cls-avf"], self.rows["cls-hv1"]
        found = {
            (node, other)
            for by, kind, node in some
            for other_by, other_kind, other in some
            if node != other and (by, other_by) in properties and (kind, other_kind) in classes
        }
        found |= {
            (node, other)
            for node, by, kind in every
            for other, other_by, other_kind in every
            if node != other and (other_by, by) in properties and (kind, other_kind) in classes
        }
        found |= {
            (node, other)
            for node, by, one in value
            for other, other_by, two in value
            if node != other and one == two and (by, other_by) in properties
        }
        return found
