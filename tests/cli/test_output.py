"""What commands write, and what becomes of it when the reader goes away or the disk is full."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib

from qe_kg import __version__
from qe_kg.cli import _COMMANDS

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize(
    "command",
    [("export", "--to", "nt"), ("export",), ("queries", "--format", "json"), ("map",), ("demo",),
     ("query", "SELECT * { ?s ?p ?o }")],
    ids=lambda command: " ".join(command)[:20],
)  # fmt: skip
def test_a_reader_that_goes_away_is_no_fault(command: tuple[str, ...], tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "qe_kg", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(), cwd=tmp_path,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read().decode()
        code = process.wait(60)
    assert "Traceback" not in errors and "BrokenPipe" not in errors
    assert code == 0


@pytest.mark.parametrize("command", [("queries",), ("export", "--only", "baseline"), ("validate", "--format", "json")])
def test_a_full_disk_is_no_verdict(command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "qe_kg", *command],
            stdout=full, stderr=subprocess.PIPE, text=True, env=_environment(), timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 3, "not 1, which is 'something open'"
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["queries", "queries --format json", "export", "validate"])
def test_a_closed_standard_output_is_no_traceback(command: str) -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m qe_kg {command} >&-',
        shell=True, stderr=subprocess.PIPE, text=True, env=_environment(), timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unforeseen_error_is_no_verdict(tmp_path: Path) -> None:
    code = (
        "import qe_kg.opening\n"
        "def fail(*a, **k): raise ZeroDivisionError('unforeseen')\n"
        "qe_kg.opening.open_model = fail\n"
        "import sys; sys.argv = ['qe-kg', 'validate']\n"
        "from qe_kg.cli import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=_environment(), timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "ZeroDivisionError: unforeseen" in done.stderr


def test_help_tells_every_command_and_the_exit_codes(qe_kg: Run) -> None:
    done = qe_kg("--help")
    assert done.returncode == 0 and done.stderr == ""
    for command in _COMMANDS:
        assert f"\n  {command} " in done.stdout
    assert "Exit codes:" in done.stdout
    assert qe_kg("--version").stdout == f"qe-kg, version {__version__}\n"


@pytest.mark.parametrize("command", _COMMANDS)
def test_each_command_has_help_with_an_example(command: str, qe_kg: Run) -> None:
    done = qe_kg(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: qe-kg {command} ")
    assert command == "demo" or f"qe-kg {command}" in done.stdout.split("\n", 1)[1]


# --- formats of one answer -------------------------------------------------------------------------------------

VALUES = 'SELECT ?x ?y WHERE { VALUES (?x ?y) { (qe:ValueStream "plain") (1.50 "x"@en) ("a,\\"b\\"\\n|c" UNDEF) } }'


def test_json_is_the_w3c_format(qe_kg: Run) -> None:
    answer = json.loads(qe_kg("query", "-", "--format", "json", stdin=VALUES).stdout)
    assert answer == {
        "head": {"vars": ["x", "y"]},
        "results": {
            "bindings": [
                {
                    "x": {"type": "uri", "value": "https://quantumenergy.example/ns/ValueStream"},
                    "y": {"type": "literal", "value": "plain"},
                },
                {
                    "x": {"type": "literal", "value": "1.5", "datatype": "http://www.w3.org/2001/XMLSchema#decimal"},
                    "y": {"type": "literal", "value": "x", "xml:lang": "en"},
                },
                {"x": {"type": "literal", "value": 'a,"b"\n|c'}},
            ]
        },
    }
    assert json.loads(qe_kg("query", "ASK {}", "--format", "json").stdout) == {"head": {}, "boolean": True}


def test_csv_and_markdown_hold_the_same_cells(qe_kg: Run) -> None:
    rows = list(csv.reader(io.StringIO(qe_kg("query", "-", "--format", "csv", stdin=VALUES).stdout)))
    assert rows == [
        ["x", "y"], ["https://quantumenergy.example/ns/ValueStream", "plain"], ["1.5", "x"], ['a,"b"\n|c', ""],
    ]  # fmt: skip
    lines = qe_kg("query", "-", "--format", "md", stdin=VALUES).stdout.splitlines()
    assert lines == ["| x | y |", "| --- | --- |", "| qe:ValueStream | plain |", "| 1.5 | x |", '| a,"b"<br>\\|c |  |']
    table = qe_kg("query", "-", "--format", "table", stdin=VALUES).stdout
    assert "qe:ValueStream" in table and table.endswith("3 rows\n")


def test_triples_are_written_as_turtle_that_parses(qe_kg: Run) -> None:
    query = (
        "CONSTRUCT { qe:x qe:y ?z } WHERE { VALUES ?z "
        '{ "q\\"\\\\\\n" "x"@en-GB 1 <http://e/a(b)> qe:ValueStream "1"^^xsd:date } }'
    )
    done = qe_kg("query", "-", "--format", "ttl", stdin=query)
    assert done.returncode == 0, done.stderr
    assert len(rdflib.Graph().parse(data=done.stdout, format="turtle")) == 6
    refused = qe_kg("query", "-", "--format", "json", stdin=query)
    assert (refused.returncode, refused.stdout) == (2, "")


def test_an_answer_goes_to_a_file_whole(tmp_path: Path, qe_kg: Run) -> None:
    target = tmp_path / "answer.csv"
    done = qe_kg("query", "-", "--format", "csv", "-o", target, stdin=VALUES)
    assert (done.returncode, done.stdout) == (0, "")
    assert target.read_text(encoding="utf-8").startswith("x,y\n")
    assert qe_kg("validate", "--no-baseline", "--format", "json", "-o", target).returncode == 1
    assert json.loads(target.read_text(encoding="utf-8"))["conforms"] is False


def test_the_library_is_listed_and_each_query_described(qe_kg: Run) -> None:
    listed = json.loads(qe_kg("queries", "--format", "json").stdout)
    names = [one["name"] for one in listed]
    assert names == sorted(names) and "impact/list-direct-recipients" in names
    tagged = json.loads(qe_kg("queries", "--tag", "impact", "--format", "json").stdout)
    assert {one["name"] for one in tagged} == {one["name"] for one in listed if "impact" in one["tags"]} != set()
    described = json.loads(qe_kg("queries", "list-direct-recipients", "--format", "json").stdout)
    assert described == next(one for one in listed if one["name"] == "impact/list-direct-recipients")
    assert qe_kg("queries", "nothing-like-it").returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(shell: str, qe_kg: Run) -> None:
    done = qe_kg("completion", shell)
    assert done.returncode == 0 and "_QE_KG_COMPLETE" in done.stdout


def test_names_are_completed_and_a_broken_model_completes_to_nothing(tmp_path: Path, qe_kg: Run) -> None:
    environment = {"_QE_KG_COMPLETE": "bash_complete", "COMP_WORDS": "qe-kg impact AOV", "COMP_CWORD": "2"}
    assert qe_kg(env=environment).stdout.split() == ["plain,AOV-04", "plain,AOV-05"]
    (tmp_path / "qe-kg.toml").write_text("broken", encoding="utf-8")
    done = qe_kg(env=environment, cwd=tmp_path)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_the_demo_leaves_with_the_code_of_its_steps(tmp_path: Path, qe_kg: Run) -> None:
    done = qe_kg("demo", "-o", tmp_path / "demo.ttl")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "demo.ttl").stat().st_size > 100_000
    for step in ("$ qe-kg validate", "$ qe-kg impact", "$ qe-kg trace", "$ qe-kg export"):
        assert step in done.stdout
    assert qe_kg("demo", "-o", tmp_path / "nowhere" / "demo.ttl").returncode == 3
