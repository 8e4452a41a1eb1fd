"""The second model, of another trade: whole, true to its own source document, and without a finding."""

import re
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from qe_kg import open_model

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "examples" / "riverside-clinic"
MANIFEST: dict[str, Any] = tomllib.loads((MODEL / "qe-kg.toml").read_text(encoding="utf-8"))
COUNTS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("riverside_clinic.toml").read_text(encoding="utf-8")
)["count"]

QE = "https://quantumenergy.example/ns/"
QEV = "https://quantumenergy.example/vocab/"
RC = "https://riverside-clinic.example/id/"
OWL = "http://www.w3.org/2002/07/owl#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SUBCLASS_OF = ox.NamedNode(f"{RDFS}subClassOf")
DPV = "https://w3id.org/dpv#"
XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = f"PREFIX dpv: <{DPV}> PREFIX qe: <{QE}> PREFIX qev: <{QEV}> PREFIX rc: <{RC}> PREFIX xsd: <{XSD}> "

# A model without findings has none to accept.
FINDINGS = {"AcceptedFinding", "BaselineEntry", "Waiver"}
OF_FINDINGS = {"ofRule", "atFocus", "reason", "since", "isApprovedBy"}
# What the tool itself adds to a model before it checks it.
ADDED = {"Evaluation", "ConduitFinding", "Hop"}
OF_ADDED = {
    "evaluatedOn",
    "findsAgainst",
    "beginsWith",
    "endsWith",
    "isDeclared",
    "isHopOf",
    "hopNumber",
    "usesFlow",
}
# What only a rule that the tool checks by shapes has; the clinic's own rule is not one.
# A clinic keeps no books of two segments and posts no consents on transmission.
OF_UTILITIES = {"ledgerAccount", "statesNoPreference"}
OF_SHAPED_RULES = {"appliesWhere", "isSatisfiedBy"}


def parse(paths: Iterable[Path]) -> list[ox.Triple]:
    return [quad.triple for path in paths for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)]


def iris(triples: Iterable[ox.Triple]) -> set[str]:
    return {term.value for triple in triples for term in triple if isinstance(term, ox.NamedNode)}


def types(triples: Iterable[ox.Triple]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for triple in triples:
        if triple.predicate == TYPE:
            assert isinstance(triple.subject, ox.NamedNode | ox.BlankNode)
            assert isinstance(triple.object, ox.NamedNode)
            found.setdefault(triple.subject.value, set()).add(triple.object.value)
    return found


DATA = parse(MODEL / name for role in ("data", "inference") for name in MANIFEST["files"][role])
ONTOLOGY = parse(sorted((ROOT / "ontology").rglob("*.ttl")))


def objects(subject: str, *properties: str) -> list[str]:
    """Return the values of qe: properties of a subject."""
    names = {QE + name for name in properties}
    return [
        triple.object.value
        for triple in DATA
        if isinstance(triple.subject, ox.NamedNode)
        and triple.subject.value == subject
        and triple.predicate.value in names
        and isinstance(triple.object, ox.NamedNode | ox.Literal)
    ]


def with_superclasses(classes: set[str]) -> set[str]:
    closed = set(classes)
    while True:
        wider = closed | {
            triple.object.value
            for triple in ONTOLOGY
            if triple.predicate == SUBCLASS_OF
            and isinstance(triple.subject, ox.NamedNode)
            and isinstance(triple.object, ox.NamedNode)
            and triple.subject.value in closed
        }
        if wider == closed:
            return closed
        closed = wider


def test_manifest_lists_every_file() -> None:
    listed = {name for role in ("data", "inference", "baseline") for name in MANIFEST["files"][role]}
    assert listed == {path.name for path in MODEL.glob("*.ttl")}


def test_there_are_no_blank_nodes() -> None:
    assert not [
        triple for triple in DATA if any(isinstance(term, ox.BlankNode) for term in (triple.subject, triple.object))
    ]


def test_every_own_iri_is_defined() -> None:
    named = types(DATA)
    assert sorted(iri for iri in iris(DATA) if iri.startswith(RC) and iri not in named) == []


def test_every_shipped_term_exists() -> None:
    defined = types(ONTOLOGY)
    assert sorted(iri for iri in iris(DATA) if iri.startswith((QE, QEV)) and iri not in defined) == []


def test_every_wording_occurs_at_its_line() -> None:
    (source,) = MANIFEST["files"]["sources"]
    lines = (MODEL / source).read_text(encoding="utf-8").splitlines()
    statements = [subject for subject in types(DATA) if objects(subject, "wording")]
    astray = [
        subject
        for subject in statements
        if objects(subject, "wording")[0] not in lines[int(objects(subject, "atLine")[0]) - 1]
    ]
    assert len(statements) == 94
    assert astray == []


def test_every_element_is_stated_by_the_source() -> None:
    links = {QE + name for name in ("statesElement", "statesFlow", "expandsTo", "statesDerivation")}
    stated = {
        triple.object.value
        for triple in DATA
        if triple.predicate.value in links and isinstance(triple.object, ox.NamedNode)
    }
    elements = {
        subject for subject, classes in types(DATA).items() if f"{QE}ArchitectureElement" in with_superclasses(classes)
    }
    assert sorted(elements - stated) == []


@pytest.mark.parametrize("count", COUNTS, ids=lambda count: re.sub(r"\W+", "-", count["says"]).strip("-"))
def test_numbers_of_the_narrative(count: dict[str, Any]) -> None:
    narrative = " ".join((MODEL / "README.md").read_text(encoding="utf-8").split())
    assert count["says"] in narrative
    if "class" in count:
        pattern = f"?element a qe:{count['class']}"
    elif "property" in count:
        pattern = f"?element qe:{count['property']} ?value"
    else:
        pattern = count["pattern"]
    store = ox.Store()
    store.extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in DATA)
    solutions = store.query(f"{PREFIXES} SELECT * WHERE {{ {pattern} }}")
    assert isinstance(solutions, ox.QuerySolutions)
    assert len(list(solutions)) == count["number"]


def test_every_class_and_property_is_used() -> None:
    defined = {name: kinds for name, kinds in types(ONTOLOGY).items() if name.startswith(QE)}
    properties = {name for name, kinds in defined.items() if f"{OWL}Class" not in kinds}
    classes = set(defined) - properties
    of_vocabularies = types(ONTOLOGY)
    # A list that the tool ships counts as used where one of its concepts is.
    instantiated = with_superclasses(
        {kind for kinds in types(DATA).values() for kind in kinds}
        | {kind for iri in iris(DATA) for kind in of_vocabularies.get(iri, set()) if iri.startswith(QEV)}
    )
    used = {triple.predicate.value for triple in DATA}
    assert {name.removeprefix(QE) for name in classes - instantiated} == FINDINGS | ADDED
    assert {
        name.removeprefix(QE) for name in properties - used
    } == OF_FINDINGS | OF_ADDED | OF_SHAPED_RULES | OF_UTILITIES


def test_model_has_no_finding() -> None:
    report = open_model(MODEL).validate()
    assert report.conforms
    assert not report.results


@pytest.mark.parametrize(
    ("line", "rules", "flow"),
    [
        (
            "    qe:isPermittedBy rc:permission-basis-exercise-referral ;\n",
            ["SEP-02"],
            "flow-care-01-3-well-01-1-exercise-referral",
        ),
        (
            " ;\n    qe:isCoveredByConsent rc:consent-record-wearable-readings",
            ["CON-01"],
            "flow-program-member-wellness-analytics-platform-wearable-readings",
        ),
    ],
    ids=["permission", "consent"],
)
def test_without_its_evidence_a_flow_is_found(line: str, rules: list[str], flow: str, tmp_path: Path) -> None:
    model = tmp_path / "clinic"
    shutil.copytree(MODEL, model)
    flows = (model / "flows.ttl").read_text(encoding="utf-8")
    assert flows.count(line) == 1
    (model / "flows.ttl").write_text(flows.replace(line, ""), encoding="utf-8")
    report = open_model(model).validate()
    assert [(result.rule, result.focus) for result in report.results] == [(rule, RC + flow) for rule in rules]
    assert not report.conforms
