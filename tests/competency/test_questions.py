"""Reading competency questions by a model's manifest, and what is wrong with a file of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import open_model
from qe_kg.competency import answer, read_questions
from qe_kg.errors import ManifestError
from qe_kg.manifest import read_manifest

ROOT = Path(__file__).resolve().parents[2]
GOOD = 'question = "Who?"\nquery = "ask/who"\ncolumns = ["s"]\nrows = [["t:a"]]\n'
QUERY = "#+ question: Who?\n#+ columns: [s]\nSELECT ?s WHERE { ?s a ?type } ORDER BY ?s\n"
DATA = "@prefix t: <https://test.example/id/> .\nt:a a t:Thing .\n"


def write(write_model: Callable[..., Path], question: str, **more: str) -> Path:
    files = {"d.ttl": DATA, "q/ask/who.rq": QUERY, "questions/one.toml": question, **more}
    roles = {"data": ["d.ttl"], "ontology": [], "shapes": [], "queries": ["q"], "questions": ["questions/*.toml"]}
    return write_model(files, roles)


def test_a_model_s_questions_are_read_and_answered(write_model: Callable[..., Path]) -> None:
    other = 'model = "another"\n' + GOOD
    path = write(write_model, GOOD, **{"questions/two.toml": other})
    (question,) = read_questions(read_manifest(path))
    assert (question.name, question.question, question.include_inferences) == ("questions/one", "Who?", True)
    assert answer(open_model(path), question) == (("s",), (("t:a",),)) == (question.columns, question.rows)


def test_the_shipped_models_share_a_folder_of_questions() -> None:
    files = list((ROOT / "tests" / "competency").glob("*/*.toml"))
    ours = read_questions(read_manifest(ROOT / "data" / "quantum-energy"))
    theirs = read_questions(read_manifest(ROOT / "examples" / "riverside-clinic"))
    assert {one.path for one in (*ours, *theirs)} == set(files) and len(ours) + len(theirs) == len(files)
    assert ours and theirs
    assert all(one.name.startswith("tests/competency/") for one in ours)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question = ", "one.toml: Invalid value"),
        (GOOD + "sparql = 1\n", "a question has no key 'sparql'; known are columns"),
        (GOOD.replace("columns", "#"), "lacks the key 'columns'"),
        (GOOD + "params = 3\n", "params must be a table"),
        (GOOD.replace('[["t:a"]]', '[["t:a", "t:b"]]'), "as many texts as there are columns"),
    ],
)
def test_what_is_wrong_with_a_question_is_told(write_model: Callable[..., Path], text: str, message: str) -> None:
    path = write(write_model, text)
    with pytest.raises(ManifestError, match=message):
        read_questions(read_manifest(path))


def test_only_questions_outside_of_the_model_may_be_missing(write_model: Callable[..., Path]) -> None:
    roles = {"data": ["d.ttl"], "ontology": [], "shapes": [], "queries": []}
    path = write_model({"d.ttl": DATA}, roles | {"questions": ["../elsewhere/*.toml"]})
    assert read_questions(read_manifest(path)) == ()
    path = write_model({"d.ttl": DATA}, roles | {"questions": ["here/*.toml"]}, name="second")
    with pytest.raises(ManifestError, match=r"questions names 'here/\*\.toml', but there is no such file"):
        read_manifest(path)
