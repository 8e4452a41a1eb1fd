"""A model that is changed and checked again and again, by the product's engine and by the oracles.

What no rule reads (statements of the document, inferences, labels of capabilities) is left out, since each mutant costs
in proportion to the triples; a test shows that the results of the whole model are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib import OWL, RDF, RDFS, SH, SKOS, Graph, URIRef

from qe_kg import open_model
from qe_kg.catalogue import Catalogue
from qe_kg.lineage import FlowGraph
from qe_kg.model import Model
from qe_kg.rules.conduits import find_conduits
from qe_kg.shacl.nodes import text_of
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.validation.engines import CompiledShapes
from qe_kg.validation.preparation import read_day
from tests.mutation.facts import Facts, Term, Triple, Value, long, short
from tests.mutation.mutants import Mutant, reporting_shapes
from tests.mutation.oracle import ORACLES
from tests.mutation.oracle_consent import CONSENT_ORACLES
from tests.mutation.oracle_paths import findings

ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-06-30"
XSD = "http://www.w3.org/2001/XMLSchema#"
XSD_DATE = ox.NamedNode(f"{XSD}date")
QE, QED = "https://quantumenergy.example/ns/", "https://quantumenergy.example/id/"
UNREAD = {
    *(f"{QE}{kind}" for kind in ("SourceStatement", "FlowStatement", "Inference", "BaselineEntry", "Waiver")),
    *(f"{QE}{kind}" for kind in ("DocumentSection", "SourceDocument", "FlowPattern", "FlowPatternGroup")),
}
ANNOTATIONS = {
    *(str(one) for one in (SKOS.definition, SKOS.scopeNote, SKOS.example, SKOS.altLabel, SKOS.inScheme, SKOS.notation)),
    *(str(one) for one in (SKOS.topConceptOf, SKOS.hasTopConcept, RDFS.isDefinedBy, RDFS.domain, RDFS.range)),
}
DPV = "https://w3id.org/dpv#"
NO_KINDS = (str(OWL), str(SKOS))
#: A rule and where it is broken: a node, or for a path its first and last flow and whether it is declared.
Breach = tuple[str, str]


def quad(triple: Triple) -> ox.Quad:
    return ox.Quad(ox.NamedNode(long(triple[0])), ox.NamedNode(long(triple[1])), node(triple[2]))


def node(value: Term) -> ox.NamedNode | ox.Literal:
    if isinstance(value, str):
        return ox.NamedNode(long(value))
    if value.kind.startswith("http"):
        return ox.Literal(value.text, datatype=ox.NamedNode(value.kind))
    return ox.Literal(value.text, language=value.kind)


def of_quad(one: ox.Quad) -> Triple:
    value: Term
    if isinstance(one.object, ox.Literal):
        value = Value(one.object.value, one.object.language or one.object.datatype.value)
    else:
        assert isinstance(one.object, ox.NamedNode), one
        value = short(one.object.value)
    assert isinstance(one.subject, ox.NamedNode), one
    return short(one.subject.value), short(one.predicate.value), value


def read(*files: Path) -> Graph:
    rdflib.NORMALIZE_LITERALS = False
    graph = Graph()
    for file in files:
        graph.parse(file, format="turtle")
    return graph


def path_breach(rule: str, first: str, last: str, is_declared: bool) -> Breach:
    return rule, f"{first} → {last} ({'declared' if is_declared else 'possible'})"


@dataclass
class Bench:
    """A model, and what its rules say of changes of it."""

    scenario: str | None = None
    directory: Path = ROOT / "data" / "quantum-energy"

    @cached_property
    def model(self) -> Model:
        return open_model(self.directory, scenario=self.scenario)

    @cached_property
    def shape_files(self) -> list[Path]:
        return sorted((ROOT / "shapes" / "policy").glob("*.ttl"))

    @cached_property
    def shapes(self) -> Graph:
        return read(*self.shape_files)

    @cached_property
    def compiled(self) -> CompiledShapes:
        return CompiledShapes(self.shape_quads)

    @cached_property
    def shape_quads(self) -> list[ox.Quad]:
        return [one for file in self.shape_files for one in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE)]

    @cached_property
    def whole(self) -> list[ox.Quad]:
        """All quads of the model as the gate takes them, with the day of evaluation."""
        day = ox.Literal(DAY, datatype=XSD_DATE)
        evaluation = ox.NamedNode(f"{QED}evaluation")
        quads = [ox.Quad(*one.triple) for one in self.model.quads("ontology", "data", "inference")]
        return [
            *quads,
            ox.Quad(evaluation, ox.NamedNode(str(RDF.type)), ox.NamedNode(f"{QE}Evaluation")),
            ox.Quad(evaluation, ox.NamedNode(f"{QE}evaluatedOn"), day),
        ]

    @cached_property
    def read_by_rules(self) -> list[ox.Quad]:
        kinds: dict[object, set[str]] = {}
        for one in self.whole:
            if one.predicate.value == str(RDF.type):
                kinds.setdefault(one.subject, set()).add(getattr(one.object, "value", ""))

        def is_read(one: ox.Quad) -> bool:
            own = kinds.get(one.subject, set())
            if own & UNREAD or one.predicate.value in ANNOTATIONS:
                return False
            if one.predicate.value == str(SKOS.prefLabel):  # only parties must have one
                return f"{DPV}DataController" in own
            return not (one.predicate.value == str(RDF.type) and getattr(one.object, "value", "").startswith(NO_KINDS))

        return [one for one in self.whole if is_read(one)]

    @cached_property
    def facts(self) -> Facts:
        """The same triples, read anew from the files by rdflib, and changed as the scenario says."""
        return Facts(of_quad(one) for one in self.read_by_rules)

    # What the rules say

    @cached_property
    def rules(self) -> dict[str, str]:
        """The rule that each reporting shape, or a property shape that one lists, reports for."""
        found = {}
        for shape in reporting_shapes(self.shapes):
            rule = str(self.shapes.value(self.shapes.value(shape, RDFS.seeAlso), SKOS.notation))
            for one in (shape, *self.shapes.objects(shape, SH.property)):
                found[str(one)] = rule
        return found

    @cached_property
    def rule_iris(self) -> dict[str, str]:
        rules = self.shapes.subjects(RDF.type, URIRef(f"{QE}Rule"))
        return {str(self.shapes.value(rule, SKOS.notation)): str(rule) for rule in rules}

    @cached_property
    def applicable(self) -> dict[URIRef, set[str]]:
        """For each reporting shape the nodes that its AppliesShape holds of, or else its targets."""
        probes, names = [], {}
        for shape in reporting_shapes(self.shapes):
            probe = ox.NamedNode(f"{shape}-probe")
            names[str(probe.value)] = shape
            applies = {
                a for breach in self.shapes.objects(shape, SH["not"]) for a in self.shapes.objects(breach, SH.node)
            }
            targets = [(SH.targetClass, t) for t in self.shapes.objects(shape, SH.targetClass)]
            targets += [(SH.targetSubjectsOf, t) for t in self.shapes.objects(shape, SH.targetSubjectsOf)]
            probes.append(ox.Quad(probe, ox.NamedNode(str(RDF.type)), ox.NamedNode(str(SH.NodeShape))))
            probes += [ox.Quad(probe, ox.NamedNode(str(p)), ox.NamedNode(str(t))) for p, t in targets]
            if applies:
                probes += [ox.Quad(probe, ox.NamedNode(str(SH["not"])), ox.NamedNode(str(a))) for a in applies]
            else:  # what no value can be
                probes.append(ox.Quad(probe, ox.NamedNode(str(SH.hasValue)), ox.NamedNode("urn:nothing")))
        found: dict[URIRef, set[str]] = {URIRef(str(shape)): set() for shape in names.values()}
        for result in CompiledShapes([*self.shape_quads, *probes]).validate(self.read_by_rules).results:
            if text_of(result.shape) in names:
                found[names[text_of(result.shape)]].add(short(text_of(result.focus)))
        return found

    def found(self, quads: list[ox.Quad]) -> set[Breach]:
        """What the product finds."""
        places, extra = self.with_findings(quads)
        found = set()
        for result in self.compiled.validate([*quads, *extra]).results:
            focus = short(text_of(result.focus))
            found.add(places.get(focus, (self.rules[text_of(result.shape)], focus)))
        return found

    def with_findings(self, quads: list[ox.Quad]) -> tuple[dict[str, Breach], list[ox.Quad]]:
        """The findings on paths: what each says, and the quads that say it to the shapes."""
        places, extra = {}, []
        for iri, (breach, rule, declared) in self.conduits(quads).items():
            places[short(iri)] = breach
            name = ox.NamedNode(iri)
            extra += [
                ox.Quad(name, ox.NamedNode(str(RDF.type)), ox.NamedNode(f"{QE}ConduitFinding")),
                ox.Quad(name, ox.NamedNode(f"{QE}findsAgainst"), ox.NamedNode(rule)),
                ox.Quad(name, ox.NamedNode(f"{QE}isDeclared"), node(Value(str(declared).lower(), f"{XSD}boolean"))),
            ]
        return places, extra

    def conduits(self, quads: list[ox.Quad]) -> dict[str, tuple[Breach, str, bool]]:
        store = EmbeddedStore()
        store.add(quads)
        names = self.model.namespaces
        found = find_conduits(
            lambda: FlowGraph.read(store, Catalogue(store, names), names),
            store,
            names,
            self.rule_iris,
            own_namespace=QED,
            at=read_day(DAY),
        )
        return {
            one.iri: (
                path_breach(one.rule, short(one.first), short(one.last), one.is_declared),
                one.rule_iri,
                one.is_declared,
            )
            for one in found
        }

    def expected(self, facts: Facts) -> set[Breach]:
        """What the oracles say."""
        said = {(rule, place) for rule, oracle in ORACLES.items() for place in oracle(facts)}
        said |= {(rule, place) for rule, oracle in CONSENT_ORACLES.items() for place in oracle(facts, DAY)}
        said |= {path_breach(*finding) for finding in findings(facts, DAY)}
        return {breach for breach in said if breach[0] in self.rule_iris}

    def changed(self, mutant: Mutant) -> tuple[list[ox.Quad], Facts]:
        removed = set(self.quads_of(mutant.removed))
        quads = [one for one in self.read_by_rules if one not in removed]
        return [*quads, *(quad(one) for one in mutant.added)], self.facts.changed(mutant.added, mutant.removed)

    def quads_of(self, triples: Iterable[Triple]) -> list[ox.Quad]:
        return [quad(one) for one in triples]
