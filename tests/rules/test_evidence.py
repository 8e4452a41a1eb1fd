"""The evidence matrix: it agrees with the gate, says what is there, and its page is safe to open and to file."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pyoxigraph as ox
import pytest

from qe_kg import CallError, Model, UnknownNameError, open_model
from qe_kg.change import Change
from qe_kg.rules.evidence import EvidenceMatrix
from qe_kg.rules.evidence_page import evidence_page
from qe_kg.rules.probes import ask, read_rule_shapes
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import text_of
from qe_kg.store.files import parse_quads

ROOT = Path(__file__).resolve().parents[2]
CLINIC = ROOT / "examples/riverside-clinic"
Run = Callable[..., subprocess.CompletedProcess[str]]
ALL = ("generic", "us-ca", "us-mi", "us-tx", "us-oh", "us-md", "us-ut", "us-ct", "us-ri", "us-ferc", "eu")
DAY = "2026-06-30"
ENGINE = "sparql"  # pySHACL takes seconds; that both agree is tested elsewhere
ID = "https://quantumenergy.example/id/"


@cache
def model(name: str) -> Model:
    return open_model(CLINIC) if name == "clinic" else open_model(scenario=None if name == "as-is" else name)


@cache
def matrix(name: str) -> EvidenceMatrix:
    return model(name).evidence(profiles=ALL, at=DAY, engine=ENGINE)


# --- agreement with the gate ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["as-is", "clinic", "compliant"])
def test_what_the_pieces_say_is_what_the_gate_says(name: str) -> None:
    context = model(name).rule_context(profiles=ALL, at=DAY)
    shapes = read_rule_shapes(context.shapes, context.active_rules)
    answers = ask(context.data, context.shapes_quads, context.shapes, shapes, ENGINE)
    told = {
        (context.notation(shape.rule), text_of(focus))
        for shape, answer in zip(shapes, answers, strict=True)
        for focus in answer.applies & answer.breaks
    }
    report = model(name).validate(profiles=ALL, at=DAY, baseline=False, waivers=False, engine=ENGINE)
    codes = {context.notation(rule) for rule in context.active_rules}
    assert told == {(result.rule, result.focus) for result in report.results if result.rule in codes}
    if name == "as-is":
        assert len(told) >= 8
    # … and each piece of a broken rule is accounted for: where all are there, the rule holds.
    for shape, answer in zip(shapes, answers, strict=True):
        if not shape.pieces:
            continue
        needed = [place for place, piece in enumerate(shape.pieces) if piece.group is None]
        groups = {piece.group for piece in shape.pieces if piece.group is not None}
        for focus in answer.applies:
            lacks = {place for place, nodes in answer.lacks.items() if focus in nodes}
            alternatives = all(
                any(place not in lacks for place, piece in enumerate(shape.pieces) if piece.group == group)
                for group in groups
            )
            holds = alternatives and not lacks & set(needed)
            assert holds == (focus not in answer.breaks), (shape.shape, focus)


def test_cells_of_the_shipped_model() -> None:
    found = matrix("as-is")
    states = {(cell.rule, cell.focus.removeprefix(ID)): cell for cell in found.cells}
    telemetry = states["SEP-02", "flow-aov-04-smv-03-grid-telemetry"]
    assert telemetry.state == "baseline" and [one.path for one in telemetry.missing] == ["qe:isPermittedBy"]
    assert telemetry.reason and telemetry.source and telemetry.source.file.endswith("flows-drawn.ttl")
    counts = found.counts("SEP-02")
    assert (counts["baseline"], counts["notApplicable"]) == (2, 89)
    subject = next(one for one in found.subjects if one.element.iri == telemetry.focus)
    assert subject.lines == (78,) and [one.wording for one in subject.statements] == [
        'AOV_EED -- "Grid Telemetry" --> SMV_DER'
    ]
    codes = [rule.code for rule in found.rules]
    assert codes == sorted(codes) and all(rule.basis for rule in found.rules)


def test_evidence_that_is_there_is_shown() -> None:
    cells = {(cell.rule, cell.focus.rpartition("/")[2]): cell for cell in matrix("clinic").cells}
    readings = cells["CON-01", "flow-program-member-wellness-analytics-platform-wearable-readings"]
    assert readings.state == "satisfied" and not readings.missing and readings.severity is None
    assert ("qe:isCoveredByConsent", ("Consent to the analysis of wearable readings",)) in [
        (one.path, one.values) for one in readings.found
    ]


def test_waiver_shows_as_waived() -> None:
    flow = f"<{ID}flow-aov-04-smv-03-grid-telemetry>"
    qe = "https://quantumenergy.example/ns/"
    date = "<http://www.w3.org/2001/XMLSchema#date>"
    lines = [
        f"<{ID}waiver-1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{qe}Waiver> .",
        f'<{ID}waiver-1> <{qe}ofRule> "SEP-02" .',
        f"<{ID}waiver-1> <{qe}atFocus> {flow} .",
        f'<{ID}waiver-1> <{qe}reason> "Pilot" .',
        f'<{ID}waiver-1> <{qe}citation> "Order 7" .',
        f'<{ID}waiver-1> <{qe}validFrom> "2026-01-01"^^{date} .',
        f'<{ID}waiver-1> <{qe}validUntil> "2026-12-31"^^{date} .',
        f"<{ID}waiver-1> <{qe}isApprovedBy> <{ID}agent-1> .",
    ]
    waived = model("as-is").changed(Change(tuple(parse_quads("\n".join(lines)))))
    found = waived.evidence(rules=["sep-02"], profiles=["us-mi"], at=DAY, engine=ENGINE)
    cells = {cell.focus: cell for cell in found.cells}
    assert cells[flow[1:-1]].state == "waived" and cells[flow[1:-1]].reason == "Pilot"
    assert [rule.code for rule in found.rules] == ["SEP-02"]


def test_wrong_calls() -> None:
    with pytest.raises(UnknownNameError, match="nearest"):
        model("as-is").evidence(subjects=["Grid Telemetri"])
    with pytest.raises(CallError, match="no day"):
        model("as-is").evidence(at="soon")


# --- pieces, on shapes made for it ------------------------------------------------------------------------

SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix t: <urn:t:> .
t:Report a sh:NodeShape ; sh:targetClass t:Thing ; rdfs:seeAlso t:rule ; sh:not t:Breach ; sh:severity sh:Warning .
t:Breach a sh:NodeShape ; sh:node t:Applies ; sh:not t:Evidence .
t:Applies a sh:NodeShape ; sh:property t:Applies-big .
t:Applies-big a sh:PropertyShape ; sh:path t:big ; sh:hasValue true .
t:Evidence a sh:NodeShape ; sh:property t:Needs-a ; sh:and ( t:More ) ; sh:or ( t:Needs-x t:Needs-y ) .
t:More a sh:NodeShape ; sh:property t:Needs-b .
t:Needs-a a sh:PropertyShape ; sh:path t:a ; sh:minCount 1 ; sh:message "give a"@en , "gib a"@de .
t:Needs-b a sh:PropertyShape ; sh:path ( t:b t:c ) ; sh:minCount 1 .
t:Needs-x a sh:PropertyShape ; sh:path t:x ; sh:minCount 1 .
t:Needs-y a sh:PropertyShape ; sh:path t:y ; sh:minCount 1 .
t:Always a sh:NodeShape ; sh:targetSubjectsOf t:a ; rdfs:seeAlso t:rule ; sh:property t:Needs-b .
t:Off a sh:NodeShape ; sh:deactivated true ; sh:targetClass t:Thing ; rdfs:seeAlso t:rule ; sh:property t:Needs-b .
"""
DATA = """
@prefix t: <urn:t:> .
t:small a t:Thing .
t:bare a t:Thing ; t:big true .
t:whole a t:Thing ; t:big true ; t:a 1 ; t:b t:d ; t:y 1 .
t:half a t:Thing ; t:big true ; t:a 1 .
t:d t:c 1 .
"""


def test_pieces_and_alternatives() -> None:
    shapes_quads, data = parse_quads(SHAPES, "ttl"), parse_quads(DATA, "ttl")
    shapes = Graph(shapes_quads)
    always, report = read_rule_shapes(shapes, ["urn:t:rule"])
    assert (report.severity, always.severity) == ("Warning", "Violation")
    names = [(text_of(piece.shape).removeprefix("urn:t:"), piece.group) for piece in report.pieces]
    assert sorted(names) == [("Needs-a", None), ("Needs-b", None), ("Needs-x", 0), ("Needs-y", 0)]
    assert next(piece.message for piece in report.pieces if piece.message) == "give a"
    told_always, told = ask(data, shapes_quads, shapes, [always, report])

    def short(nodes: set[str]) -> set[str]:
        return {text_of(node).removeprefix("urn:t:") for node in nodes}

    assert short(told.targets) == {"small", "bare", "whole", "half"}
    assert short(told.applies) == {"bare", "whole", "half"} and short(told.breaks & told.applies) == {"bare", "half"}
    lacks = {names[place][0]: short(nodes) & {"bare", "whole", "half"} for place, nodes in told.lacks.items()}
    assert lacks == {
        "Needs-a": {"bare"}, "Needs-b": {"bare", "half"}, "Needs-x": {"bare", "whole", "half"},
        "Needs-y": {"bare", "half"},
    }  # fmt: skip
    assert short(told_always.applies) == {"whole", "half"} and short(told_always.breaks) == {"half"}


# --- the page ---------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects tags, links and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"a handler: {name}"
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                self.anchors.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_page_is_whole_and_needs_nothing_else() -> None:
    page = Page(evidence_page(matrix("as-is")))
    assert page.open == [] and not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert len(page.anchors) == len(set(page.anchors))
    assert page.links and {link.removeprefix("#") for link in page.links} <= set(page.anchors)
    text = " ".join(page.words)
    assert "url(" not in text and "@import" not in text
    for said in ("No legal advice", "wording checked: excerpt", "qe:isPermittedBy", "flows-drawn.ttl:", "@media print"):
        assert said in text
    marks = {
        state: sum(word.strip() == mark for word in page.words) for state, mark in (("missing", "✗"), ("baseline", "B"))
    }
    assert marks["baseline"] - len(set(re.findall("matrix-\\d+", " ".join(page.anchors)))) == len(
        [cell for cell in matrix("as-is").cells if cell.state == "baseline"]
    )


def test_page_escapes_what_the_model_says() -> None:
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>&amp;\'"'
    flow = ox.NamedNode(f"{ID}flow-aov-04-smv-03-grid-telemetry")
    label = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
    old = ox.Quad(flow, label, ox.Literal("Grid Telemetry: AOV-04 → SMV-03", language="en"))
    unit = ox.NamedNode(f"{ID}value-stream-aov-04")
    was = ox.Quad(unit, label, ox.Literal("Electric Energy Delivery", language="en"))
    changed = model("as-is").changed(
        Change(
            (
                ox.Quad(flow, label, ox.Literal(evil, language="en")),
                ox.Quad(unit, label, ox.Literal(evil, language="en")),
            ),
            (old, was),
        )
    )
    page = Page(evidence_page(changed.evidence(rules=["SEP-02"], at=DAY, engine=ENGINE)))
    assert not {"script", "img"} & set(page.tags) and evil in "".join(page.words)


# --- the command ------------------------------------------------------------------------------------------


def test_formats_agree() -> None:
    from qe_kg.cli.evidence import _shown

    answer = json.loads(_shown(matrix("as-is"), "json"))
    assert "legal advice" in answer["notice"] and answer["profiles"] == list(ALL)
    rows = list(csv.DictReader(io.StringIO(_shown(matrix("as-is"), "csv"))))
    assert [(row["rule"], row["focus"], row["state"]) for row in rows] == [
        (cell["rule"], cell["focus"], cell["state"]) for cell in answer["cells"]
    ]
    table = _shown(matrix("as-is").only(["satisfied"]), "table")
    assert "No legal advice" in table and "baseline   " in table and "✗" not in table
    assert _shown(matrix("as-is"), "md").count("\n| ") >= len(rows) + len(answer["rules"])


def test_command(qe_kg: Run) -> None:
    done = qe_kg("evidence", "--rule", "SEP-02", "--at", DAY, "--engine", ENGINE)
    assert done.returncode == 0 and {cell["state"] for cell in json.loads(done.stdout)["cells"]} == {"baseline"}
