"""The profile check beside OWLAPI's, which comes with owlready2; runs where that and a Java runtime are there.

``pip install owlready2`` brings HermiT.jar with OWLAPI 3 in it; Java 11 or later runs a source file as it stands.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pyoxigraph as ox

from qe_kg import open_model
from qe_kg.checks.owl_rl import breaches
from qe_kg.shacl.graph import Graph
from tests.checks.test_owl_rl import EXPRESSIONS, PREFIXES

_SPEC = find_spec("owlready2")
_JAR = Path(str(_SPEC.origin)).parent / "hermit" / "HermiT.jar" if _SPEC else Path("nowhere")
_JAVA = shutil.which("java")
_DECLARED = (
    "<http://e/> a owl:Ontology . :A a owl:Class . :B a owl:Class . :C a owl:Class . :Z a owl:Class . "
    ":a a owl:NamedIndividual . :b a owl:NamedIndividual . "
)


def _cases() -> dict[str, str]:
    """Ontologies by name: each class expression in each position, and the one that is shipped."""
    found = {}
    for name, (text, *_) in EXPRESSIONS.items():
        kind = "owl:DatatypeProperty" if "xsd:" in text else "owl:ObjectProperty"
        declared = f"{PREFIXES}{_DECLARED}:p a {kind} .\n"
        found[f"{name} below"] = f"{declared}{text} rdfs:subClassOf :Z ."
        found[f"{name} above"] = f"{declared}:Z rdfs:subClassOf {text} ."
        found[f"{name} equivalent"] = f"{declared}:Z owl:equivalentClass {text} ."
    model = open_model()
    triples = (quad.triple for quad in model.quads("ontology"))
    kept = (one for one in triples if not one.predicate.value.endswith("#imports"))
    found["shipped"] = (ox.serialize(kept, format=ox.RdfFormat.TURTLE) or b"").decode()
    return found


if _JAVA and _JAR.is_file():

    def test_owlapi_says_the_same(tmp_path: Path) -> None:
        cases = _cases()
        for name, text in cases.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        source = Path(__file__).with_name("OwlRlProfile.java")
        paths = [str(tmp_path / name) for name in cases]
        command = [str(_JAVA), "-cp", str(_JAR), str(source), *paths]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        theirs = {
            name: (said == "in", why) for said, name, why in (line.split("\t") for line in done.stdout.splitlines())
        }
        assert theirs.keys() == cases.keys()
        ours = {
            name: not list(breaches(Graph(ox.parse(text, format=ox.RdfFormat.TURTLE)))) for name, text in cases.items()
        }
        assert {name: why for name, (said, why) in theirs.items() if said != ours[name]} == {}
