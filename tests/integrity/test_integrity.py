"""Unknown terms, dangling references and files that contradict each other: reported, located, never dropped."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import Problem, open_model

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qed: <https://quantumenergy.example/id/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <https://test.example/id/> .

"""
#: A stakeholder and a stream with nothing wrong about them; the next line is line 13.
SOUND = """t:customers a qe:Stakeholder ;
    skos:prefLabel "Customers"@en .
t:billing a qe:ValueStream ;
    skos:notation "BIL-01" ;
    skos:prefLabel "Billing"@en ;
    qe:inZone qev:zone-regulated .
"""
START = PREFIXES + SOUND
#: Turtle after START → rule, line, and what the message must hold and must not hold.
FAULTS: dict[str, tuple[str, str, int, tuple[str, ...], tuple[str, ...]]] = {
    "misspelt property": (
        't:billing qe:isTrigeredBy t:customers .\n',
        "NAME-01", 13, ("qe:isTrigeredBy is a term that no", "did you mean qe:isTriggeredBy"), (),
    ),
    "misspelt class": (
        "t:x\n    a qe:InformationFlo .\n",
        "NAME-01", 14, ("qe:InformationFlo is a term", "did you mean qe:InformationFlow"), (),
    ),
    "unknown term unlike all others": (
        "t:billing qe:zzyzx 1 .\n", "NAME-01", 13, ("qe:zzyzx is a term that no",), ("did you mean",),
    ),
    "unknown concept of a list": (
        "t:customers qe:inZone qev:zone-extrenal .\n",
        "NAME-01", 13, ("qev:zone-extrenal", "did you mean qev:zone-external"), (),
    ),
    "nothing of that name in qed:": (
        "t:billing\n  qe:isTriggeredBy t:customers ,\n    qed:stakeholder-nobody .\n",
        "NAME-02", 15, ("qed:stakeholder-nobody is referred to, but no file says what it is",), (),
    ),
    "nothing of that name in the model's own namespace": (
        "t:billing qe:isTriggeredBy t:custommers .\n",
        "NAME-02", 13, ("t:custommers is referred to", "did you mean t:customers"), (),
    ),
    "a description without a type": (
        't:untyped skos:prefLabel "Untyped"@en ;\n    skos:altLabel "No type"@en .\n',
        "NAME-02", 13, ("t:untyped is referred to", "it has no rdf:type"), (),
    ),
}  # fmt: skip


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("case", FAULTS)
def test_a_faulty_reference_is_found_where_it_stands(case: str, write_model: WriteModel) -> None:
    turtle, rule, line, wanted, unwanted = FAULTS[case]
    directory = write_model({"data.ttl": START + turtle})
    (problem,) = open_model(directory).problems
    assert isinstance(problem, Problem)
    assert (problem.rule, problem.file, problem.line) == (rule, str(directory / "data.ttl"), line)
    assert all(text in problem.message for text in wanted), problem.message
    assert not any(text in problem.message for text in unwanted), problem.message
    assert problem.place is not None
    place = f"{directory / 'data.ttl'}:{line}:{problem.place.column}"
    assert str(problem) == f"{place}: {problem.message}"


def test_a_sound_model_has_no_problem(write_model: WriteModel) -> None:
    assert open_model(write_model({"data.ttl": START})).problems == ()
    assert open_model().problems == (), "the packaged model"


def test_every_use_of_an_unknown_name_is_reported(write_model: WriteModel) -> None:
    one = START + "t:billing qe:isTriggeredBy t:nobody ;\n    qe:isReceivedBy t:nobody .\n"
    other = PREFIXES + "t:customers skos:related t:nobody .\n"
    problems = open_model(write_model({"a.ttl": one, "b.ttl": other})).problems
    places = [(Path(problem.file or "").name, problem.line) for problem in problems]
    assert places == [("a.ttl", 13), ("a.ttl", 14), ("b.ttl", 7)]


#: Turtle of two files → the predicate at fault. Lines are those of the first file's and the other's value.
CONFLICTS = {
    "label": ('skos:prefLabel "Customers"@en', 'skos:prefLabel "Clients"@en', "skos:prefLabel"),
    "definition": ('skos:definition "One."@en', 'skos:definition "Another."@en', "skos:definition"),
    "code": ('skos:notation "C-1"', 'skos:notation "C-2"', "skos:notation"),
    "functional property": (
        "qe:hasStakeholderScope qev:stakeholder-scope-internal",
        "qe:hasStakeholderScope qev:stakeholder-scope-external",
        "qe:hasStakeholderScope",
    ),
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_two_files_that_define_one_thing_differently_conflict(case: str, write_model: WriteModel) -> None:
    first, second, predicate = CONFLICTS[case]
    directory = write_model(
        {
            "a.ttl": f"{PREFIXES}t:c a qe:Stakeholder ;\n    {first} .\n",
            "b.ttl": f"{PREFIXES}# another file\n\nt:c a qe:Stakeholder ;\n\n    {second} .\n",
        }
    )
    (problem,) = open_model(directory).problems
    assert (problem.rule, problem.file, problem.line) == ("NAME-03", str(directory / "a.ttl"), 8)
    assert f"t:c has two values of {predicate}: " in problem.message
    assert f"in {directory / 'b.ttl'}:11; keep one of them" in problem.message


def test_the_same_twice_and_another_language_are_no_conflict(write_model: WriteModel) -> None:
    turtle = f'{PREFIXES}t:c a qe:Stakeholder ; skos:prefLabel "Customers"@en .\n'
    german = f'{PREFIXES}t:c a qe:Stakeholder ; skos:prefLabel "Kunden"@de .\n'
    assert open_model(write_model({"a.ttl": turtle, "b.ttl": turtle, "c.ttl": german})).problems == ()


def test_data_that_redefines_a_term_of_the_ontology_conflicts_with_it(write_model: WriteModel) -> None:
    turtle = f'{PREFIXES}qe:Stakeholder skos:prefLabel "Somebody else"@en .\n'
    problems = open_model(write_model({"data.ttl": turtle})).problems
    assert [problem.rule for problem in problems] == ["NAME-03"]
    assert "ontology/modules/organization.ttl" in problems[0].message + (problems[0].file or "")


@pytest.fixture
def faulty(write_model: WriteModel) -> Path:
    """One fault of each rule."""
    return write_model(
        {
            "a.ttl": START + "t:billing qe:zzyzx 1 ;\n    qe:isTriggeredBy t:nobody .\n",
            "b.ttl": f'{PREFIXES}t:customers skos:prefLabel "Clients"@en .\n',
        }
    )


def test_validate_reports_them_as_open_violations(faulty: Path, qe_kg: Run) -> None:
    done = qe_kg("validate", "--model", faulty, "--format", "json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    found = {one["rule"]: one for one in report["results"] if one["rule"].startswith("NAME-")}
    assert {
        rule: (Path(one["source"]["file"]).name, one["source"]["line"], one["status"], one["severity"])
        for rule, one in found.items()
    } == {
        "NAME-01": ("a.ttl", 13, "open", "Violation"),
        "NAME-02": ("a.ttl", 14, "open", "Violation"),
        "NAME-03": ("a.ttl", 8, "open", "Violation"),
    }
    assert found["NAME-02"]["focus"] == "https://test.example/id/billing"
    assert found["NAME-02"]["value"] == "https://test.example/id/nobody"
    assert found["NAME-02"]["path"] == "qe:isTriggeredBy"
    assert report["conforms"] is False


def test_the_turtle_report_holds_them_too(faulty: Path, qe_kg: Run) -> None:
    done = qe_kg("validate", "--model", faulty, "--format", "ttl")
    assert done.returncode == 1
    assert "sh:conforms false" in done.stdout
    for rule in ("NAME-01", "NAME-02", "NAME-03"):
        assert rule in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("impact", "BIL-01"),
        ("query", "SELECT ?s WHERE { ?s a <https://quantumenergy.example/ns/ValueStream> }"),
        ("export", "--only", "data", "--to", "nt"),
    ],
    ids=lambda command: command[0],
)
def test_other_commands_warn_and_answer(command: tuple[str, ...], faulty: Path, qe_kg: Run) -> None:
    done = qe_kg(*command, "--model", faulty)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    for place in ("a.ttl:13:20: qe:zzyzx", "a.ttl:14:22: t:nobody", "a.ttl:8:20: t:customers has two values"):
        assert any(place in line and line.startswith("warning: ") for line in done.stderr.splitlines()), done.stderr
    assert "3 faulty references; see qe-kg validate" in done.stderr


def test_what_is_faulty_is_still_exported(faulty: Path, qe_kg: Run) -> None:
    exported = qe_kg("export", "--model", faulty, "--only", "data", "--to", "nt").stdout
    for text in ("<https://quantumenergy.example/ns/zzyzx>", "<https://test.example/id/nobody>", '"Clients"@en'):
        assert text in exported
