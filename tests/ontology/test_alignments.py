"""The alignments: every target was checked, and none says anything about our own terms that was not so before."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.namespace import DCTERMS, DefinedNamespace
from rdflib.term import Node

from qe_kg import open_model

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "ontology" / "alignments"
FILES = sorted(FOLDER.glob("*.ttl"))
CHECKED = tomllib.loads((FOLDER / "checked.toml").read_text(encoding="utf-8"))
OURS = "https://quantumenergy.example/"
MAPPINGS = {SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch}
#: Named, not pointed to: no RDF namespace of theirs could be verified.
NAMES_ONLY = {"bacm", "green-button"}


@cache
def graph(path: Path) -> Graph:
    return Graph().parse(path, format="turtle")


@cache
def defined() -> frozenset[str]:
    """Everything that our own ontology, lists and model describe with a type."""
    found: set[str] = set()
    for folder in ("ontology/modules", "ontology/vocab", "data/quantum-energy"):
        for path in sorted((ROOT / folder).glob("*.ttl")):
            found |= {str(node) for node in graph(path).subjects(RDF.type)}
    return frozenset(found)


def targets(path: Path) -> list[URIRef]:
    return [
        node
        for subject, node in graph(path).subject_objects()
        if isinstance(node, URIRef) and (subject, RDF.type, OWL.Ontology) not in graph(path)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_maps_what_we_define_by_mapping_relations_only(path: Path) -> None:
    header: Node = URIRef(f"{OURS}ontology/alignments/{path.stem}")
    assert (header, RDF.type, OWL.Ontology) in graph(path)
    for needed in (DCTERMS.title, DCTERMS.description, DCTERMS.license, OWL.versionIRI):
        assert (header, needed, None) in graph(path)
    allowed: set[Node] = {SKOS.note} if path.stem in NAMES_ONLY else set(MAPPINGS)
    for subject, predicate in graph(path).subject_predicates():
        if subject != header:
            assert str(subject) in defined(), f"{subject} is described nowhere"
            assert predicate in allowed, f"{subject} {predicate}"
    assert bool(targets(path)) != (path.stem in NAMES_ONLY)


def test_every_target_was_checked_and_everything_checked_is_a_target() -> None:
    pointed_to = {str(target) for path in FILES for target in targets(path)}
    checked = {f"{entry['namespace']}{term}" for entry in CHECKED.values() for term in entry["terms"]}
    assert pointed_to == checked


@pytest.mark.parametrize("name", CHECKED)
def test_a_checked_vocabulary_says_against_what(name: str) -> None:
    entry = CHECKED[name]
    if "rdflib" in entry:
        namespace = getattr(rdflib, entry["rdflib"])
        assert issubclass(namespace, DefinedNamespace)
        assert str(namespace) == entry["namespace"]
        for term in entry["terms"]:
            assert term in namespace.__annotations__ or term in dir(namespace), f"{name}:{term}"
    else:
        assert entry["version"] and entry["source"]
        # The CIM's RDF is not published under a licence to hash a copy of; its class names were read from a package.
        assert name == "cim" or len(entry["sha256"]) == 64


def test_no_alignment_changes_what_follows_about_our_own_terms() -> None:
    import owlrl

    def closure(*files: Path) -> set[tuple[object, object, object]]:
        merged = Graph()
        for path in files:
            for triple in graph(path):
                merged.add(triple)
        owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(merged)
        standard = (OURS, str(OWL), str(RDF), str(RDFS))
        return {triple for triple in merged if all(str(term).startswith(standard) for term in triple)}

    ours = [*sorted((ROOT / "ontology" / "modules").glob("*.ttl")), ROOT / "ontology" / "vocab" / "derivation-kind.ttl"]
    headers = {URIRef(f"{OURS}ontology/alignments/{path.stem}{end}") for path in FILES for end in ("", "/0.1.0")}
    with_them = {triple for triple in closure(*ours, *FILES) if not headers & set(triple)}
    assert {triple for triple in with_them if _about_terms(triple)} == {
        triple for triple in closure(*ours) if _about_terms(triple)
    }


def _about_terms(triple: tuple[object, object, object]) -> bool:
    """Tell apart from the closure's noise: what is reflexive (everything is the same as itself), and datatypes."""
    subject, _, node = triple
    return subject != node and str(subject).startswith(f"{OURS}ns/")


def test_an_export_takes_the_alignments_along_and_moves_the_cim(tmp_path: Path) -> None:
    (tmp_path / "qe-kg.toml").write_text(
        '[model]\nname = "M"\nbase = "https://kg.acme.example/"\nnamespace = "https://acme.example/id/"\n'
        '[files]\ndata = ["m.ttl"]\n[alignments]\ncim = "https://cim.ucaiug.io/ns#"\n',
        encoding="utf-8",
    )
    (tmp_path / "m.ttl").write_text(
        "<https://acme.example/id/a> a <https://kg.acme.example/ns/ValueStream> .\n", encoding="utf-8"
    )
    written = tmp_path / "out.ttl"
    open_model(tmp_path).export(written, roles=["alignments"])
    exported = graph(written)
    reading = URIRef("https://kg.acme.example/id/information-concept-meter-reading")
    assert (reading, SKOS.closeMatch, URIRef("https://cim.ucaiug.io/ns#MeterReading")) in exported
    assert not any(str(term).startswith("http://iec.ch/TC57/CIM100#") for triple in exported for term in triple)
    assert (URIRef("https://kg.acme.example/ns/Capability"), None, None) in exported


def test_alignments_are_not_loaded() -> None:
    answer = open_model().query("ASK { ?term skos:closeMatch ?other }")
    assert answer.boolean is False
