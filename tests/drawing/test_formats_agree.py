"""Table, CSV, Markdown, JSON and drawings of one question on the command line say the same."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import pygraphviz
import pytest
from click.testing import CliRunner

from qe_kg.cli import qe_kg

ROOT = Path(__file__).resolve().parents[2]
MODELS = {
    "quantum-energy": ROOT / "data" / "quantum-energy",
    "riverside-clinic": ROOT / "examples" / "riverside-clinic",
}
COLUMNS = ["hops", "code", "label", "zone", "certainty", "by way of"]
BEHIND = ["basis", "modality", "crosses", "tell"]
TABLE_COLUMNS = ["hops", "participant", "zone", "certainty", "by way of [source lines]"]

QUESTIONS = [
    ("quantum-energy", "impact", "AOV-04", "--basis", "drawn"),
    ("quantum-energy", "trace", "REV-01", "--depth", "2"),
    ("quantum-energy", "impact", "Grid Telemetry", "--zone", "external"),
    ("quantum-energy", "impact", "AOV-04", "AOV-05", "--depth", "0"),
    ("quantum-energy", "trace", "qed:flow-rcv-03-customers-bill-data"),
    ("quantum-energy", "impact", "REV-01", "--through-external", "--no-inferences"),
    ("quantum-energy", "impact", "AOV-04", "--certain", "--type", "Stakeholder"),
    ("quantum-energy", "impact", "Meter-to-Bill", "--stations", "--concept", "Meter Reading"),
    ("riverside-clinic", "impact", "rc:stakeholder-patient"),
]
every_question = pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)


@cache
def output(question: tuple[str, ...], form: str) -> str:
    model, *arguments = question
    result = CliRunner().invoke(
        qe_kg, [*arguments, "--format", form, "--model", str(MODELS[model])], catch_exceptions=False
    )
    assert result.exit_code == 0
    return result.stdout


def answer(question: tuple[str, ...]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(output(question, "json"))
    return parsed


def expected_rows(question: tuple[str, ...]) -> list[list[str]]:
    """All columns but the path, from the JSON answer."""
    return [
        [
            str(one["hops"]),
            one["code"] or "",
            one["label"],
            (one["zone"] or "").removeprefix("qev:zone-"),
            one["certainty"],
        ]
        for one in answer(question)["reached"]
    ]


def rows_of_csv(question: tuple[str, ...]) -> list[list[str]]:
    return [row[: -len(BEHIND)] for row in whole_rows(question)]


def whole_rows(question: tuple[str, ...]) -> list[list[str]]:
    header, *rows = csv.reader(io.StringIO(output(question, "csv")))
    assert header == COLUMNS + BEHIND
    return rows


def short(zone: str) -> str:
    return zone.removeprefix("qev:zone-")


@every_question
def test_csv_has_what_stands_behind_the_paths_of_the_json(question: tuple[str, ...]) -> None:
    whole = answer(question)
    flows = {flow["id"]: flow for flow in whole["flows"]}
    told = {one["id"] for kind in ("stakeholders", "regulators") for one in whole["tell"][kind]}
    for one, row in zip(whole["reached"], whole_rows(question), strict=True):
        basis, modality, crosses, tell = row[-len(BEHIND) :]
        path = [flows[iri] for iri in one["path"]]
        assert basis == "; ".join(flow["basis"] for flow in path)
        assert modality == "; ".join(
            ", ".join(one.removeprefix("qev:modality-") for one in flow["modalities"]) for flow in path
        )
        crossings = [" → ".join(map(short, flow["crossing"])) for flow in path if flow["crossing"]]
        assert [part for part in crosses.split("; ") if part] == crossings
        assert (one["id"] in told) == tell.startswith(("stakeholder", "regulator"))
        owned = [owner["label"] for owner in whole["tell"]["owners"] if one["id"] in owner["owns"]]
        assert all(f"owner: {label}" in tell for label in owned)


@every_question
def test_csv_has_the_rows_of_the_json(question: tuple[str, ...]) -> None:
    assert [row[:-1] for row in rows_of_csv(question)] == expected_rows(question)


@every_question
def test_way_in_words_is_the_path_of_the_json(question: tuple[str, ...]) -> None:
    """Participants and flows in turn; the end is the row's own, the start is left out where it is the only one."""
    whole = answer(question)
    flows = {flow["id"]: flow for flow in whole["flows"]}
    arrow, leaves = ("→", "source") if whole["direction"] == "downstream" else ("←", "target")
    for one, row in zip(whole["reached"], rows_of_csv(question), strict=True):
        words = row[-1].split(f" {arrow} ")
        starts_plainly = [flows[one["path"][0]][leaves]] == whole["start"]
        assert len(words) == 2 * one["hops"] - starts_plainly
        for iri, item in zip(one["path"], words[1 - starts_plainly :: 2], strict=True):
            shown = re.search(r" \[([\d, ]+)\]$", item)
            lines = [int(line) for line in shown[1].split(", ")] if shown else []
            assert lines == flows[iri]["lines"]


@every_question
def test_table_has_the_rows_of_the_csv(question: tuple[str, ...]) -> None:
    lines = output(question, "table").splitlines()
    rows = rows_of_csv(question)
    if not rows:
        assert len(lines) == 1
        assert "no participant" in lines[0]
        return
    header = next(index for index, line in enumerate(lines) if line.startswith("hops "))
    starts = [lines[header].index(column) for column in TABLE_COLUMNS]
    cells = [
        [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
        for line in lines[header + 2 :]
        if line
    ]
    assert cells == [[hops, f"{code} {label}".strip(), *rest] for hops, code, label, *rest in rows]


@every_question
def test_table_counts_what_it_lists(question: tuple[str, ...]) -> None:
    whole = answer(question)
    first = output(question, "table").splitlines()[0]
    if whole["reached"]:
        declared = sum(one["certainty"] == "declared" for one in whole["reached"])
        found = [int(number) for number in re.findall(r"\b(\d+) (?:participant|by declared|possibly|flow)", first)]
        assert found == [len(whole["reached"]), declared, len(whole["reached"]) - declared, len(whole["flows"])]


@every_question
def test_markdown_has_the_rows_of_the_csv(question: tuple[str, ...]) -> None:
    lines = output(question, "md").splitlines()
    told = [line for line in lines if line.startswith("- tell ")]
    assert told == lines[: len(told)]  # first of all
    assert bool(told) == any(answer(question)["tell"][kind] for kind in ("stakeholders", "regulators", "owners"))
    header, rule, *body = lines[len(told) + bool(told) :]
    assert header == f"| {' | '.join(COLUMNS + BEHIND)} |"
    assert set(rule) <= set("|- ")
    assert [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in body] == whole_rows(question)


@every_question
def test_drawings_have_an_arrow_for_each_pair_of_the_json(question: tuple[str, ...]) -> None:
    pairs = {(flow["source"], flow["target"]) for flow in answer(question)["flows"]}
    mermaid = re.findall(r"^    n\d+ (?:-->|==>|-\.->)", output(question, "mermaid"), re.MULTILINE)
    dot = pygraphviz.AGraph(string=output(question, "dot"))
    svg = ET.fromstring(output(question, "svg"))
    edges = svg.findall(".//{http://www.w3.org/2000/svg}g[@class='edge']")
    assert len(pairs) == len(mermaid) == len(dot.edges()) == len(edges)


@every_question
def test_drawings_show_every_participant_of_the_json(question: tuple[str, ...]) -> None:
    whole = answer(question)
    text = " ".join("".join(ET.fromstring(output(question, "svg")).itertext()).split())
    for one in whole["reached"]:
        assert (one["code"] or one["label"]) in text
        assert (one["code"] or one["label"]) in output(question, "mermaid").replace("#amp;", "&")


def test_output_file_holds_what_standard_output_would(tmp_path: Path) -> None:
    question = QUESTIONS[0]
    for form in ("json", "csv", "mermaid", "svg"):
        path = tmp_path / f"answer.{form}"
        arguments = [*question[1:], "--format", form, "--model", str(MODELS[question[0]]), "-o", str(path)]
        result = CliRunner().invoke(qe_kg, arguments, catch_exceptions=False)
        assert (result.exit_code, result.stdout) == (0, "")
        assert path.read_text(encoding="utf-8") == output(question, form)


def test_map_command_draws_what_the_model_has() -> None:
    for form, mark in (("mermaid", "flowchart LR"), ("dot", "digraph"), ("svg", "<svg")):
        arguments = ["map", "--format", form, "--model", str(MODELS["quantum-energy"])]
        result = CliRunner().invoke(qe_kg, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        assert mark in result.stdout
