"""Each check finds its fault where it is, and nothing else: one fault at a time in a model that is sound."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import CallError
from qe_kg.assets import packaged_model
from qe_kg.checks import CHECKS, CheckReport, Context, run_checks
from qe_kg.manifest import read_manifest
from tests.fetched import fetched

pytestmark = pytest.mark.xdist_group("checks")
Run = Callable[..., "subprocess.CompletedProcess[str]"]
WriteModel = Callable[..., Path]

PREFIXES = """\
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .

"""
HEADER = """\
<https://test.example/{name}> a owl:Ontology ;
    dcterms:title "Test"@en ;
    dcterms:description "For a test."@en ;
    dcterms:license <https://www.apache.org/licenses/LICENSE-2.0> ;
    owl:versionInfo "0.1.0" .

"""
ONTOLOGY = (
    PREFIXES
    + HEADER.format(name="ontology")
    + """\
t:Depot a owl:Class ;
    skos:prefLabel "Depot"@en ;
    skos:definition "Site that keeps goods."@en ;
    rdfs:subClassOf t:Site ;
    rdfs:isDefinedBy <https://test.example/ontology> .

t:Site a owl:Class ;
    skos:prefLabel "Site"@en ;
    skos:definition "Thing that has an address."@en ;
    rdfs:isDefinedBy <https://test.example/ontology> .
"""
)
SHAPES = (
    PREFIXES
    + HEADER.format(name="shapes")
    + """\
t:T-01 a sh:NodeShape ;
    sh:targetClass t:Depot ;
    sh:property t:T-01-label .

t:T-01-label a sh:PropertyShape ;
    sh:path skos:prefLabel ;
    sh:minCount 1 ;
    sh:message "A depot needs a label; add skos:prefLabel."@en ;
    dcterms:identifier "T-01" .
"""
)
DATA = (
    PREFIXES
    + """\
t:north a t:Depot ;
    skos:prefLabel "North"@en .

t:south a t:Depot ;
    skos:prefLabel "South"@en ;
    skos:related t:north .
"""
)
QUERY = """\
#+ question: Which depots are there?
#+ params:
#+   label: { type: string }
#+ columns: [depot, label]
PREFIX t: <https://test.example/id/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?depot ?label WHERE { ?depot a t:Depot ; skos:prefLabel ?l BIND(STR(?l) AS ?label) } ORDER BY ?label
"""
QUESTION = """\
question = "Which depots are there?"
query = "ask/depots"
columns = ["depot", "label"]
rows = [
    ["t:north", "North"],
    ["t:south", "South"],
]
"""
FAIL = (
    PREFIXES
    + """\
# expect:\tT-01\tt:bare
t:bare a t:Depot .
"""
)
PASS = (
    PREFIXES
    + """\
t:named a t:Depot ;
    skos:prefLabel "Named"@en .
"""
)
#: A property whose shapes ask for a depot, without saying so in the ontology.
PROPERTY = """\
t:opens a owl:DatatypeProperty ;
    skos:prefLabel "opens"@en ;
    skos:definition "A depot opens at this hour."@en ;
    rdfs:isDefinedBy <https://test.example/ontology> .

t:DepotShape sh:targetClass t:Depot ;
    sh:property [ sh:path t:opens ; sh:maxCount 1 ] .

"""
INVERSE = """\
t:serves a owl:ObjectProperty ;
    rdfs:domain t:Depot ;
    owl:inverseOf t:isServedBy .

t:isServedBy rdfs:range t:Other .

"""
FILES = {
    "ontology.ttl": ONTOLOGY, "shapes.ttl": SHAPES, "data.ttl": DATA, "queries/ask/depots.rq": QUERY,
    "questions/depots.toml": QUESTION, "fixtures/T-01.fail.ttl": FAIL, "fixtures/T-01.pass.ttl": PASS,
}  # fmt: skip
ROLES = {
    "ontology": ["ontology.ttl"], "shapes": ["shapes.ttl"], "data": ["data.ttl"],
    "queries": ["queries"], "questions": ["questions/*.toml"], "fixtures": ["fixtures/*.ttl"],
}  # fmt: skip


@pytest.fixture
def write(write_model: WriteModel) -> Callable[..., Path]:
    def run(file: str = "", old: str = "", new: str = "") -> Path:
        files = dict(FILES)
        if file:
            assert old in files[file], "the fault can be made"
            files[file] = files[file].replace(old, new, 1)
        return write_model(files, ROLES)

    return run


def _check(model: Path, *only: str, fix: bool = False) -> CheckReport:
    return run_checks(Context(read_manifest(model)), only=only, fix=fix)


def test_a_sound_model_passes_every_check(write: Callable[..., Path]) -> None:
    report = _check(write())
    assert [(one.name, one.status, one.findings) for one in report.outcomes] == [
        (check.name, "passed", ()) for check in CHECKS
    ]
    assert report.ok and report.exit_code == 0


#: Fault → file, text, what it becomes; then check, rule, line and column, level.
FAULTS: dict[str, tuple[str, str, str, str, str, tuple[int | None, int | None], str]] = {
    "format": (
        "data.ttl",
        "t:north a",
        "t:north  a",
        "format", "FMT-01", (9, 1), "error",
    ),
    "no header": (
        "ontology.ttl",
        "a owl:Ontology ;",
        "a t:Depot ;",
        "headers", "HEAD-01", (None, None), "error",
    ),
    "no licence": (
        "ontology.ttl",
        "    dcterms:license <https://www.apache.org/licenses/LICENSE-2.0> ;\n",
        "",
        "headers", "HEAD-02", (9, 1), "warning",
    ),
    "licence as text": (
        "shapes.ttl",
        "<https://www.apache.org/licenses/LICENSE-2.0>",
        '"free"',
        "headers", "HEAD-02", (12, 21), "error",
    ),
    "import of nothing": (
        "ontology.ttl",
        'owl:versionInfo "0.1.0"',
        'owl:versionInfo "0.1.0" ;\n    owl:imports <http://nowhere/>',
        "headers", "HEAD-03", (14, 17), "warning",
    ),
    "query that does not parse": (
        "queries/ask/depots.rq",
        "WHERE {",
        "WHERE ",
        "queries", "QRY-01", (7, 29), "error",
    ),
    "header that does not parse": (
        "queries/ask/depots.rq",
        "#+ columns: [",
        "#+ columns: [[",
        "queries", "QRY-01", (7, 1), "error",
    ),
    "a query of the network": (
        "queries/ask/depots.rq",
        "BIND(",
        "SERVICE <http://e/> {} BIND(",
        "queries", "QRY-01", (None, None), "error",
    ),
    "wrong columns": (
        "queries/ask/depots.rq",
        "[depot, label]",
        "[depot, name]",
        "queries", "QRY-02", (4, 4), "error",
    ),
    "parameter that is not used": (
        "queries/ask/depots.rq",
        "label: {",
        "name: {",
        "queries", "QRY-04", (3, 6), "error",
    ),
    "no question": (
        "queries/ask/depots.rq",
        "#+ question: Which",
        "# Which",
        "queries", "QRY-03", (1, None), "warning",
    ),
    "no label": (
        "ontology.ttl",
        '    skos:prefLabel "Depot"@en ;\n',
        "",
        "terms", "ONT-01", (15, 1), "warning",
    ),
    "the label of another": (
        "ontology.ttl",
        'skos:prefLabel "Site"@en',
        'skos:prefLabel "Depot"@en',
        "terms", "ONT-01", (21, 1), "warning",
    ),
    "no definition": (
        "ontology.ttl",
        '    skos:definition "Site that keeps goods."@en ;\n',
        "",
        "terms", "ONT-02", (15, 1), "warning",
    ),
    "circular definition": (
        "ontology.ttl",
        "Site that keeps goods.",
        "Depot of goods.",
        "terms", "ONT-03", (15, 1), "warning",
    ),
    "no ontology": (
        "ontology.ttl",
        " ;\n    rdfs:isDefinedBy <https://test.example/ontology> .\n\nt:Site",
        " .\n\nt:Site",
        "terms", "ONT-04", (15, 1), "warning",
    ),
    "a circle": (
        "ontology.ttl",
        '"Thing that has an address."@en ;',
        '"Thing that has an address."@en ;\n    rdfs:subClassOf t:Depot ;',
        "hierarchies", "ONT-05", (18, 21), "error",
    ),
    "outside the profile": (
        "ontology.ttl",
        "rdfs:subClassOf t:Site",
        "rdfs:subClassOf [ a owl:Class ;\n            owl:unionOf ( t:Site t:Depot ) ]",
        "profile", "OWL-01", (18, 21), "warning",
    ),
    "misspelt term of SHACL": (
        "shapes.ttl",
        "sh:minCount 1",
        "sh:mincount 1",
        "shapes", "SHP-02", (21, 17), "error",
    ),
    "ill-formed shape": (
        "shapes.ttl",
        "sh:minCount 1",
        'sh:minCount "one"',
        "shapes", "SHP-01", (21, 17), "error",
    ),
    "dead target": (
        "shapes.ttl",
        "sh:targetClass t:Depot",
        "sh:targetClass t:Depo",
        "shapes", "SHP-03", (16, 20), "error",
    ),
    "no constraint": (
        "shapes.ttl",
        "sh:targetClass t:Depot ;\n    sh:property t:T-01-label",
        "sh:targetClass t:Depot",
        "shapes", "SHP-04", (15, 1), "warning",
    ),
    "no message": (
        "shapes.ttl",
        '    sh:message "A depot needs a label; add skos:prefLabel."@en ;\n',
        "",
        "shapes", "SHP-05", (19, 1), "warning",
    ),
    "no identifier": (
        "shapes.ttl",
        ' ;\n    dcterms:identifier "T-01"',
        "",
        "shapes", "SHP-06", (19, 1), "warning",
    ),
    "unknown term": (
        "data.ttl",
        "skos:related",
        "qe:relatedTo",
        "names", "NAME-01", (14, 18), "error",
    ),
    "dangling reference": (
        "data.ttl",
        "skos:related t:north",
        "skos:related t:east",
        "references", "NAME-02", (14, 18), "error",
    ),
    "another answer": (
        "questions/depots.toml",
        '["t:south", "South"]',
        '["t:south", "Sooth"]',
        "questions", "CQ-01", (4, 1), "error",
    ),
    "other columns": (
        "questions/depots.toml",
        '["depot", "label"]',
        '["depot", "name"]',
        "questions", "CQ-01", (3, 1), "error",
    ),
    "no such query": (
        "questions/depots.toml",
        "ask/depots",
        "ask/depot",
        "questions", "CQ-02", (2, 1), "error",
    ),
    "an expectation that fails": (
        "fixtures/T-01.fail.ttl",
        "t:bare a t:Depot .",
        't:bare a t:Depot ; skos:prefLabel "x" .',
        "fixtures", "FIX-02", (9, None), "error",
    ),
    "an unexpected result": (
        "fixtures/T-01.fail.ttl",
        "t:bare a t:Depot .",
        "t:bare a t:Depot .\nt:more a t:Depot .",
        "fixtures", "FIX-02", (11, 1), "error",
    ),
    "a fixture that expects nothing": (
        "fixtures/T-01.pass.ttl",
        "t:named a",
        "# expect:\tT-01\tt:named\nt:named a",
        "fixtures", "FIX-01", (1, None), "error",
    ),
    "inconsistent": (
        "ontology.ttl",
        "rdfs:subClassOf t:Site ;",
        "rdfs:subClassOf t:Site ; owl:disjointWith t:Site ;",
        "consistency", "OWL-cax-dw", (9, 11), "error",
    ),
    "a property without the domain that its shapes need": (
        "ontology.ttl", "t:Depot a owl:Class", PROPERTY + "t:Depot a owl:Class",
        "pitfalls", "ONT-06", (15, 1), "warning",
    ),
    "a label that differs by a plural": (
        "ontology.ttl", '"Site"', '"Depots"', "pitfalls", "ONT-07", (21, 1), "warning",
    ),
    "definitions in a circle": (
        "ontology.ttl", "Thing that has an address", "Depot that has an address",
        "pitfalls", "ONT-08", (15, 1), "warning",
    ),
    "a term that hangs in the air": (
        "ontology.ttl", "rdfs:subClassOf t:Site ;", "", "pitfalls", "ONT-09", (21, 1), "warning",
    ),
    "an inverse that does not fit": (
        "ontology.ttl", "t:Depot a owl:Class", INVERSE + "t:Depot a owl:Class",
        "pitfalls", "ONT-10", (17, 19), "warning",
    ),
    "a property that is its own inverse": (
        "ontology.ttl", "t:Depot a owl:Class", INVERSE.replace("t:isServedBy .", "t:serves .") + "t:Depot a owl:Class",
        "pitfalls", "ONT-10", (17, 19), "warning",
    ),
    "a rule that is broken": (
        "data.ttl",
        't:north a t:Depot ;\n    skos:prefLabel "North"@en .',
        "t:north a t:Depot .",
        "policy", "T-01", (9, 1), "error",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_where_it_is_and_by_its_check_alone(name: str, write: Callable[..., Path]) -> None:
    file, old, new, check, rule, place, level = FAULTS[name]
    report = _check(write(file, old, new), check)
    (outcome,) = report.outcomes
    rules = {one.rule for one in outcome.findings}
    assert rules >= {rule}, outcome
    one = next(found for found in outcome.findings if found.rule == rule)
    assert one.level == level and one.place is not None, one
    assert (one.place.line, one.place.column) == place, one
    where = file if check != "consistency" else "data.ttl"
    assert one.place.file.endswith(where) and one.message
    assert report.ok is (level != "error") and (outcome.status == "passed") is report.ok
    also = {"a fixture that expects nothing": {"FIX-02"}}.get(name, set())
    assert rules == {rule} | also, outcome.findings


def test_what_a_superproperty_or_a_second_class_says_is_no_pitfall(write: Callable[..., Path]) -> None:
    below = PROPERTY.replace("rdfs:is", "rdfs:subPropertyOf t:has ;\n    rdfs:is") + "t:has rdfs:domain t:Site .\n\n"
    shared = PROPERTY + "t:SiteShape sh:targetClass t:Site ; sh:property [ sh:path t:opens ] .\n\n"
    for sound in (below, shared, INVERSE.replace("t:Other", "t:Site")):
        (outcome,) = _check(
            write("ontology.ttl", "t:Depot a owl:Class", sound + "t:Depot a owl:Class"), "pitfalls"
        ).outcomes
        assert outcome.findings == ()


def test_an_axiom_outside_the_profile_is_told_and_stops_nothing(write: Callable[..., Path]) -> None:
    new = "rdfs:subClassOf [ a owl:Class ;\n            owl:unionOf ( t:Site t:Depot ) ]"
    report = _check(write("ontology.ttl", "rdfs:subClassOf t:Site", new), "profile", "consistency")
    assert [[one.rule for one in outcome.findings] for outcome in report.outcomes] == [["OWL-01"], ["OWL-03"]]
    (finding,) = report.outcomes[1].findings
    assert finding.place is not None and finding.place.file.endswith("ontology.ttl") and report.exit_code == 0


def test_a_file_that_does_not_parse_is_unreadable_and_stops_what_needs_it(
    write: Callable[..., Path], qe_kg: Run
) -> None:
    model = write("data.ttl", "t:north a t:Depot ;", "t:north a t:Depot")
    report = _check(model)
    assert report.exit_code == 3
    states = {one.name: one.status for one in report.outcomes}
    assert states["syntax"] == "failed" and states["format"] == states["shapes"] == "passed"
    assert {name for name, status in states.items() if status == "not run"} == {
        check.name for check in CHECKS if check.needs == "syntax"
    }
    done = qe_kg("check", "--model", model, "--only", "syntax,policy", "--format", "table")
    assert done.returncode == 3 and f"{model}/data.ttl:10:" in done.stdout
    assert f"qe-kg: not run: policy: {model}/data.ttl does not parse" in done.stderr and "Traceback" not in done.stderr


def test_fix_mends_the_format_and_nothing_else(write: Callable[..., Path]) -> None:
    model = write("data.ttl", "t:north a", "t:north  a")
    (outcome,) = _check(model, "format", fix=True).outcomes
    assert outcome.status == "passed" and [Path(name).name for name in outcome.fixed] == ["data.ttl"]
    assert (model / "data.ttl").read_text(encoding="utf-8") == DATA
    assert all((model / name).read_text(encoding="utf-8") == text for name, text in FILES.items())


def test_checks_are_chosen_by_name() -> None:
    context = Context(read_manifest(packaged_model()))
    assert [one.name for one in run_checks(context, only=["names", "syntax"]).outcomes] == ["syntax", "names"]
    left = run_checks(context, only=["names", "syntax"], skip=["names"]).outcomes
    assert [one.name for one in left] == ["syntax"]
    with pytest.raises(CallError, match="did you mean syntax"):
        run_checks(context, only=["sintax"])


def test_what_is_shipped_has_nothing_to_mend_but_what_others_keep_open() -> None:
    context = Context(read_manifest(packaged_model()), shipped=True)
    names = [check.name for check in CHECKS if check.name not in ("questions", "fixtures", "consistency", "policy")]
    report = run_checks(context, only=names)
    assert [one for outcome in report.outcomes for one in outcome.findings] == [] and report.ok


BRICK = "8ef3881534d8973da88c86538350c7242eb61285f2dae4a210de6cc8b4346186"


def test_public_ontologies_are_checked_without_a_crash(write_model: WriteModel) -> None:
    """Some of brickschema's: what they lack by our rules is found, each with its place."""
    with zipfile.ZipFile(fetched("brickschema", "0.8.0", BRICK)) as wheel:
        names = [name for name in wheel.namelist() if name.endswith(".ttl") and wheel.getinfo(name).file_size < 300_000]
        files: dict[str, str | bytes] = {
            f"o{number}.ttl": wheel.read(name) for number, name in enumerate(sorted(names)[:8])
        }
    assert len(files) >= 4
    model = write_model(files, {"ontology": ["o*.ttl"], "shapes": [], "queries": []})
    report = _check(model, "syntax", "format", "headers", "terms", "hierarchies", "pitfalls", "profile", "shapes")
    found = [one for outcome in report.outcomes for one in outcome.findings]
    assert len(found) > 20 and all(one.place is not None for one in found)
    assert sum(one.place is not None and one.place.line is not None for one in found) > len(found) * 0.9
    assert {outcome.status for outcome in report.outcomes} <= {"passed", "failed", "not run"}


# --- the command line -------------------------------------------------------------------------------------------


def test_the_command_says_what_it_found(write: Callable[..., Path], qe_kg: Run, tmp_path: Path) -> None:
    model = write("data.ttl", "skos:related t:north", "skos:related t:east")
    junit = tmp_path / "check.xml"
    only = ("--only", "syntax,names,references,queries")
    done = qe_kg("check", "--model", model, *only, "--format", "json", "--report", f"junit={junit}")
    assert done.returncode == 1 and done.stderr == ""
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["checks"]] == ["syntax", "queries", "names", "references"]
    (one,) = found["findings"]
    assert found["ok"] is False and (one["check"], one["rule"], one["severity"]) == (
        "references",
        "NAME-02",
        "Violation",
    )
    assert one["source"] == {"file": f"{model}/data.ttl", "line": 14, "column": 18, "endLine": 14, "endColumn": 24}
    assert (one["places"], one["related"]) == ([one["source"]], [])
    assert ET.parse(junit).getroot().get("failures") == "1"
    table = qe_kg("check", "--model", model, *only, "--format", "table")
    assert f"    {model}/data.ttl:14:18: error NAME-02" in table.stdout and table.stdout.endswith("not ok\n")
    github = qe_kg("check", "--model", model, *only, "--format", "github")
    assert github.stdout.startswith(
        f"::error file={model}/data.ttl,line=14,endLine=14,col=18,endColumn=24,title=NAME-02"
    )


def test_wrong_calls(qe_kg: Run) -> None:
    listed = qe_kg("check", "--list")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [check.name for check in CHECKS]
    wrong = qe_kg("check", "--only", "polcy")
    assert wrong.returncode == 2 and "did you mean policy?" in wrong.stderr and not wrong.stdout
    nowhere = qe_kg("check", "--model", "nowhere")
    assert nowhere.returncode == 3 and "is not a model" in nowhere.stderr
