"""Reports for CI systems: against SARIF's schema, readers of each format, and the results themselves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator

from qe_kg.assets import packaged_model
from qe_kg.errors import CallError
from qe_kg.loose_files import validate_files
from qe_kg.opening import open_model
from qe_kg.report_formats import FORMATS, write
from qe_kg.report_formats.findings import Finding, Report, fingerprints, from_validation, ordered
from qe_kg.validation.report import SourcePlace
from qe_kg.validation.rule_help import Basis, RuleHelp
from tests.fetched import fetched

# One worker makes what several tests share.
pytestmark = pytest.mark.xdist_group("report-formats")
ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
NASTY = "50 % off: a,b\r\n<b>&\"'`|[x](y)\x0b ::error:: é"
SARIF_TOOLS = "682d22559095ca4a210a401e21f0585fdb8015e826c0d160ab3cbadee326952f"
BY_HAND = Report(
    "validate",
    ok=False,
    findings=ordered(
        [
            Finding("R-1", "error", NASTY, NASTY, SourcePlace("a b/ü,%:.ttl", 3, 5, 3, 9), identity=("1",)),
            Finding("R-1", "error", "spans lines", "two", SourcePlace("a.ttl", 3, 5, 4, 2), identity=("2",)),
            Finding("R-2", "warning", "no line", "three", SourcePlace("b.rdf", None), identity=("3",)),
            Finding("R-3", "note", "no place", "four", identity=("4",)),
            Finding("R-1", "error", "known", "five", SourcePlace("a.ttl", 9, 1, 9, 2), identity=("5",),
                    status="baseline", reason=NASTY),
        ]
    ),
    rules={"R-1": RuleHelp("R-1", NASTY, "It is so.", basis=(Basis("Law 1", "excerpt"),), remedy="Mend it.")},
    facts=("5 findings",),
)  # fmt: skip
SHAPES = """\
@prefix ex: <http://e/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ex:S a sh:NodeShape ; sh:targetClass ex:C ;
  sh:property ex:P , [ sh:path ex:q ; sh:minCount 1 ; sh:severity sh:Warning ] .
ex:P sh:path ex:p ; sh:datatype ex:none ; sh:message "No." .
"""
DATA = """\
@prefix ex: <http://e/> .
[] a ex:C ; ex:p 1 , "x" .
[] a ex:C ; ex:p 1 .
ex:a a ex:C ; ex:p [] .
"""


@pytest.fixture(scope="module")
def packaged() -> Report:
    """The shipped model without its baseline: findings of several rules, all with help."""
    return from_validation(open_model(packaged_model()).validate(baseline=False))


@pytest.fixture(scope="module")
def nameless(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Report]:
    """Validate Turtle with shapes and nodes that have no names."""
    folder = tmp_path_factory.mktemp("nameless")
    (folder / "shapes.ttl").write_text(SHAPES, encoding="utf-8")

    def run(data: str) -> Report:
        (folder / "data.ttl").write_text(data, encoding="utf-8")
        return from_validation(validate_files([folder / "data.ttl"], [folder / "shapes.ttl"]))

    return run


@pytest.fixture
def reports(packaged: Report, nameless: Callable[[str], Report]) -> list[Report]:
    return [BY_HAND, packaged, nameless(DATA), Report("check", ok=True, findings=())]


# --- SARIF ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sarif_schema() -> Draft4Validator:
    """The schema as OASIS published it with the errata, out of a source distribution that tests with it too."""
    archive = fetched(
        "compose-lint", "0.36.2", "30949d1ef6be45d91f93b3b525b189696b670fc7e906340a6f4f771e3e3f7305", source=True
    )
    with tarfile.open(archive) as files:
        member = files.extractfile("compose_lint-0.36.2/tests/fixtures/sarif-schema-2.1.0.json")
        assert member is not None
        schema = json.load(member)
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/")
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


def test_sarif_is_valid_against_its_schema(reports: list[Report], sarif_schema: Draft4Validator) -> None:
    for report in reports:
        assert list(sarif_schema.iter_errors(json.loads(write(report, "sarif")))) == []
    broken = json.loads(write(BY_HAND, "sarif"))
    broken["runs"][0]["results"][0]["level"] = "Violation"
    assert list(sarif_schema.iter_errors(broken)), "the schema is one that can fail"


def test_sarif_says_what_was_found_and_where(packaged: Report) -> None:
    (run,) = json.loads(write(packaged, "sarif"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(packaged.findings) > 3
    for result, finding in zip(run["results"], packaged.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert finding.place is not None
        physical = result["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == finding.place.file
        assert physical["region"]["startLine"] == finding.place.line
        shapes = [one for one in result["relatedLocations"] if one["message"]["text"] == "the shape that says so"]
        assert "shapes/policy/" in shapes[0]["physicalLocation"]["artifactLocation"]["uri"]
    sep_02 = next(rule for rule in rules if rule["id"] == "SEP-02")
    assert re.search(r"Michigan Administrative Code R 460\.10109.* \(text checked: \w", sep_02["help"]["markdown"])
    assert "To mend: Point the flow to its permission basis" in sep_02["help"]["text"]


def test_sarif_suppresses_what_is_accepted() -> None:
    (run,) = json.loads(write(BY_HAND, "sarif"))["runs"]
    accepted = [one for one in run["results"] if one["suppressions"]]
    assert [one["message"]["text"] for one in accepted] == ["known"]
    assert accepted[0]["suppressions"][0]["justification"] == f"baseline: {NASTY}"
    uris = [one["locations"][0].get("physicalLocation", {}).get("artifactLocation") for one in run["results"]]
    files = ["a b/ü,%:.ttl", "a.ttl", "a.ttl", "b.rdf", None]
    assert [uri and unquote(uri["uri"]) for uri in uris] == files


def test_sarif_tools_reads_it(packaged: Report, tmp_path: Path) -> None:
    wheel = fetched("sarif-tools", "3.0.5", SARIF_TOOLS)
    (tmp_path / "qe.sarif").write_text(write(packaged, "sarif"), encoding="utf-8")
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); from sarif import loader\n"
        "file = loader.load_sarif_file(sys.argv[2])\n"
        "report = file.get_report()\n"
        "counts = {one: report.get_issue_count_for_severity(one) for one in report.get_severities()}\n"
        "print(json.dumps([file.get_distinct_tool_names(), counts, file.get_records()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, wheel, tmp_path / "qe.sarif"], capture_output=True, text=True, check=True
    )
    tools, counts, records = json.loads(done.stdout)
    expected = Counter(one.level for one in packaged.findings)
    assert tools == ["qe-kg"]
    assert {level: number for level, number in counts.items() if number} == dict(expected)
    places = Counter((one["Location"], one["Line"]) for one in records)
    assert places == Counter((one.place.file, one.place.line) for one in packaged.findings if one.place)


# --- the same in every run --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_equal_input_gives_equal_text(form: str, nameless: Callable[[str], Report], packaged: Report) -> None:
    assert write(nameless(DATA), form) == write(nameless(DATA), form), "labels of blank nodes differ between the runs"
    assert write(packaged, form) == write(packaged, form)


#: Writes every format of a validation, of checks and of a difference with blank nodes, one behind the other.
EVERYTHING = """\
import sys
from contextlib import ExitStack
from pathlib import Path
from qe_kg import open_model
from qe_kg.checks import Context, run_checks
from qe_kg.cli.diff import _written
from qe_kg.cli.output import as_json
from qe_kg.diff import compare
from qe_kg.diff.sides import open_sides
from qe_kg.manifest import read_manifest
from qe_kg.report_formats import FORMATS, write
from qe_kg.report_formats.findings import from_validation

folder, old, new = map(Path, sys.argv[1:])
report = open_model(folder).validate(baseline=False, waivers=False, at="2026-06-30")
checked = run_checks(Context(read_manifest(folder)), only=["syntax", "terms", "shapes", "references"])
for form in FORMATS:
    print(write(from_validation(report), form), write(checked.report(), form))
print(as_json(report.to_dict()["results"]), report.as_turtle, as_json(checked.to_dict()["findings"]))
with ExitStack() as stack:
    found = compare(*open_sides(str(old), str(new), model=None, scenario=None, into=stack))
for form in ("table", "json", "md", "rdfpatch", "html"):
    print(_written(found, form, {}))
"""


def test_two_processes_write_the_same(tmp_path: Path) -> None:
    """Whatever order Python's sets have in a process."""
    for name, text in (("old.ttl", DATA), ("new.ttl", DATA.replace('"x"', '"y"').replace("ex:a", "ex:b"))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    arguments = [packaged_model(), tmp_path / "old.ttl", tmp_path / "new.ttl"]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", EVERYTHING, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        for seed in ("1", "2")
    ]
    first, second = (run.communicate()[0] for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    assert first == second and first.count(b"ruleId") > 20 and b"<!-- qe-kg diff -->" in first


def test_fingerprints_outlive_moves_and_end_with_the_fault(nameless: Callable[[str], Report]) -> None:
    before = nameless(DATA).findings
    marks = fingerprints(before)
    assert len(set(marks)) == len(marks) == 7
    moved = nameless("# a comment\n\n" + DATA.replace(" ; ex:p", " ;\n   ex:p")).findings
    assert fingerprints(moved) == marks and [one.place for one in moved] != [one.place for one in before]
    changed = fingerprints(nameless(DATA.replace('"x"', '"y"')).findings)
    assert len(set(changed) & set(marks)) == len(marks) - 1


# --- the others -------------------------------------------------------------------------------------------------


def _read_command(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as the runner of GitHub does."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert match is not None, line
    undo = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    pattern = re.compile("|".join(map(re.escape, undo)))

    def plain(text: str) -> str:
        return pattern.sub(lambda found: undo[found[0]], text)

    properties = dict(one.split("=", 1) for one in match[2].split(","))
    return match[1], {name: plain(value) for name, value in properties.items()}, plain(match[3])


def test_github_annotations_survive_every_character(packaged: Report) -> None:
    *lines, last = write(BY_HAND, "github").split("\n")
    assert last == "" and len(lines) == 4
    read = [_read_command(line) for line in lines]
    assert [one[0] for one in read] == ["error", "error", "warning", "notice"]
    assert read[0][1] == {"file": "a b/ü,%:.ttl", "line": "3", "endLine": "3", "col": "5", "endColumn": "9",
                          "title": f"R-1: {NASTY}"}  # fmt: skip
    assert read[0][2] == NASTY
    assert read[1][1] == {"file": "a.ttl", "line": "3", "endLine": "4", "title": "R-1: two"}
    assert read[2][1] == {"file": "b.rdf", "title": "R-2: three"}
    assert len(write(packaged, "github").splitlines()) == len(packaged.open)


def test_junit_is_xml_and_fails_what_fails(packaged: Report) -> None:
    root = ET.fromstring(write(BY_HAND, "junit"))
    (suite,) = root
    assert suite.attrib == {"name": "qe-kg validate", "tests": "5", "failures": "2", "errors": "0", "skipped": "1"}
    kinds = [
        (case.get("classname"), [child.tag for child in case], case.get("file"), case.get("line")) for case in suite
    ]
    assert kinds == [
        ("R-1", ["failure"], "a b/ü,%:.ttl", "3"),
        ("R-1", ["failure"], "a.ttl", "3"),
        ("R-1", ["skipped"], "a.ttl", "9"),
        ("R-2", ["system-out"], "b.rdf", None),
        ("R-3", ["system-out"], None, None),
    ]
    assert suite[0][0].get("message") == NASTY.replace("\x0b", "\ufffd")
    assert len(ET.fromstring(write(packaged, "junit"))[0]) == len(packaged.findings)
    (case,) = ET.fromstring(write(Report("check", ok=True, findings=()), "junit"))[0]
    assert len(case) == 0


def test_gitlab_has_what_its_documentation_requires() -> None:
    entries = json.loads(write(BY_HAND, "gitlab"))
    assert [one["severity"] for one in entries] == ["critical", "critical", "minor", "info"]
    assert [one["location"] for one in entries] == [
        {"path": "a b/ü,%:.ttl", "lines": {"begin": 3, "end": 3}},
        {"path": "a.ttl", "lines": {"begin": 3, "end": 4}},
        {"path": "b.rdf", "lines": {"begin": 1, "end": 1}},
        {"path": "qe-kg.toml", "lines": {"begin": 1, "end": 1}},
    ]
    assert entries[0]["check_name"] == "R-1" and NASTY in entries[0]["description"]
    assert len({one["fingerprint"] for one in entries}) == 4
    assert json.loads(write(Report("check", ok=True, findings=()), "gitlab")) == []


def test_the_summary_lists_rules_and_places(packaged: Report) -> None:
    text = write(packaged, "summary")
    assert text.startswith("## qe-kg validate: does not pass\n")
    for rule, number in Counter(one.rule for one in packaged.open).items():
        assert re.search(rf"^\| {rule} \| \w+ \| .* \| {number} \| 0 \|$", text, re.MULTILINE)
    listed = Counter(re.findall(r"^- `(.*?)` ", text, re.MULTILINE))
    for rule, number in Counter(one.rule for one in packaged.open).items():
        places = [str(one.place) for one in packaged.open if one.rule == rule]
        assert all(place in listed for place in places[:50]), "the first fifty of a rule are listed"
        assert number <= 50 or f"\n- and {number - 50} more\n" in text
    by_hand = write(BY_HAND, "summary")
    assert "\\<b\\>" in by_hand and "<b>" not in by_hand and "| R-1 | Violation |" in by_hand
    assert write(Report("check", ok=True, findings=(), facts=("all well",)), "summary") == (
        "## qe-kg check: nothing to mend\n\nAll well.\n"
    )


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(CallError, match="known are sarif, junit"):
        write(BY_HAND, "xml")


# --- the command line -------------------------------------------------------------------------------------------


def test_one_run_writes_several_reports(qe_kg: Run, tmp_path: Path) -> None:
    sarif, junit = tmp_path / "q.sarif", tmp_path / "q.xml"
    done = qe_kg(
        "validate", "--no-baseline", "--format", "github", "--report", f"sarif={sarif}", "--report", f"junit={junit}"
    )
    assert done.returncode == 1 and done.stdout.startswith("::error file=")
    document: dict[str, Any] = json.loads(sarif.read_text(encoding="utf-8"))
    opened = [one for one in document["runs"][0]["results"] if not one["suppressions"]]
    assert len(opened) == len(done.stdout.splitlines())
    assert document["runs"][0]["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]
    assert ET.parse(junit).getroot().get("failures") == str(sum(one["level"] == "error" for one in opened))


@pytest.mark.parametrize("value", ["sarif", "xml=a", "sarif="])
def test_a_wrong_report_option_is_a_wrong_call(value: str, qe_kg: Run) -> None:
    done = qe_kg("validate", "--report", value)
    assert done.returncode == 2 and "is not FORMAT=FILE" in done.stderr
