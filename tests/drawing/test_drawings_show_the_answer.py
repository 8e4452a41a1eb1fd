"""Mermaid, DOT and SVG are read back: they hold the participants and arrows of the JSON answer, and nothing else."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pygraphviz
import pytest
import yaml

from qe_kg import Model, open_model
from qe_kg.catalogue import Element
from qe_kg.drawing import Diagram, draw, make_diagram
from qe_kg.lineage import Flow

ROOT = Path(__file__).resolve().parents[2]
MODELS = {
    "quantum-energy": ROOT / "data" / "quantum-energy",
    "riverside-clinic": ROOT / "examples" / "riverside-clinic",
}
SVG = "{http://www.w3.org/2000/svg}"


def hand_over(source: str, target: str, items: tuple[str, ...]) -> Flow:
    return Flow(f"{source}-{target}", source, target, items, (), "drawn")


ZONE_TITLES = {
    "qev:zone-external": "External",
    "qev:zone-regulated": "Regulated",
    "qev:zone-shared": "Shared",
    "qev:zone-non-regulated": "Non-regulated",
    None: "No zone stated",
}
# Colors of arrows: within a zone or where none is stated, across zones, between regulated and non-regulated.
PLAIN, ACROSS, SEPARATION = "#777777", "#b7791f", "#c53030"


@dataclass
class Picture:
    """What a drawing shows. Texts have their white space taken out, since drawings wrap lines."""

    title: str = ""
    zone_of: dict[str, str] = field(default_factory=dict)  # node text → zone title
    arrows: dict[tuple[str, str], str] = field(default_factory=dict)  # ends by node text → caption
    colors: dict[tuple[str, str], str] = field(default_factory=dict)


def squeezed(parts: str | Iterable[str | None]) -> str:
    return "".join("".join(part for part in parts if part).split())


# --- reading drawings back --------------------------------------------------------------------------------------


def read_mermaid(text: str) -> Picture:
    _, front, body = text.split("---\n", 2)
    picture = Picture(title=squeezed(str((yaml.safe_load(front) or {})["title"])))
    lines = body.splitlines()
    assert lines[0] == "flowchart LR"
    texts: dict[str, str] = {}
    arrows: list[tuple[str, str]] = []
    zone = ""
    for line in lines[1:]:
        if match := re.fullmatch(r' {4}subgraph zone\d+\["([^"]+)"\]', line):
            zone = match[1]
        elif match := re.fullmatch(r' {8}(n\d+)\["([^"]+)"\]', line):
            texts[match[1]] = mermaid_text(match[2])
            picture.zone_of[texts[match[1]]] = zone
        elif match := re.fullmatch(r' {4}(n\d+) (-->|==>|-\.->)(?:\|"([^"]+)"\|)? (n\d+)', line):
            ends = texts[match[1]], texts[match[4]]
            arrows.append(ends)
            picture.arrows[ends] = mermaid_text(match[3] or "")
        elif match := re.fullmatch(r" {4}linkStyle ([\d,]+) stroke:(#\w{6})(,opacity:[\d.]+)?", line):
            for index in match[1].split(","):
                picture.colors[arrows[int(index)]] = match[2]
        else:
            assert re.fullmatch(r" {4}(end|style (zone|n)\d+ [\w:#,-]+)", line), line
    assert len(arrows) == len(picture.arrows) == len(picture.colors), "one arrow a pair, each with a color"
    return picture


def mermaid_text(text: str) -> str:
    """As Mermaid shows it: "#quot;" and "#35;" are its own codes, and what is left is HTML."""
    shown = text.replace("<br/>", "\n")
    assert not set(shown) & set("<>`|"), "characters that Mermaid takes for its own"
    as_html = re.sub(r"#(\w+);", lambda match: f"&#{match[1]};" if match[1].isdigit() else f"&{match[1]};", shown)
    return squeezed(html.unescape(as_html))


def read_dot(text: str) -> Picture:
    graph = pygraphviz.AGraph(string=text)
    assert graph.directed
    picture = Picture(title=dot_text(graph.graph_attr["label"]))
    texts = {node: dot_html(node.attr["label"]) for node in graph.nodes()}
    for cluster in graph.subgraphs():
        assert cluster.name.startswith("cluster")
        for node in cluster.nodes():
            assert texts[node] not in picture.zone_of, "a node is in one group"
            picture.zone_of[texts[node]] = cluster.graph_attr["label"]
    assert set(picture.zone_of) == set(texts.values())
    for edge in graph.edges():
        ends = texts[edge[0]], texts[edge[1]]
        assert ends not in picture.arrows
        picture.arrows[ends] = dot_text(edge.attr["label"])
        picture.colors[ends] = edge.attr["color"][:7]
    return picture


def dot_text(text: str | None) -> str:
    """As Graphviz shows a quoted label: backslash escapes, then HTML entities."""
    plain = re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nlr" else match[1], text or "")
    return squeezed(html.unescape(plain))


def dot_html(text: str) -> str:
    inner = text[1:-1] if text.startswith("<<") else text
    return squeezed(ET.fromstring(f"<label>{inner}</label>").itertext())


def read_svg(text: str) -> Picture:
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    graph = root.find(f"{SVG}g")
    assert graph is not None
    # Links (<a>) and the groups around them are Graphviz's carriers of tooltips.
    own = [group for group in graph.findall(f"{SVG}g") if group.get("class") is None]
    picture = Picture(title=squeezed(svg_text(group) for group in own))
    texts: dict[str, str] = {}
    boxes: list[tuple[str, tuple[float, float, float, float]]] = []
    for group in graph.findall(f"{SVG}g"):
        if group.get("class") == "cluster":
            boxes.append((svg_text(group), box(group)))
    for group in graph.findall(f"{SVG}g"):
        name = group.findtext(f"{SVG}title") or ""
        if group.get("class") == "node":
            texts[name] = svg_text(group)
            left, top, right, bottom = box(group)
            inside = [zone for zone, (x0, y0, x1, y1) in boxes if x0 < left < right < x1 and y0 < top < bottom < y1]
            assert len(inside) == 1, "a node lies in one group"
            picture.zone_of[texts[name]] = inside[0]
    for group in graph.findall(f"{SVG}g"):
        if group.get("class") == "edge":
            source, _, target = (group.findtext(f"{SVG}title") or "").partition("->")
            ends = texts[source], texts[target]
            assert ends not in picture.arrows
            picture.arrows[ends] = svg_text(group)
            line = group.find(f".//{SVG}path")
            assert line is not None
            picture.colors[ends] = str(line.get("stroke"))
    return picture


def svg_text(group: ET.Element) -> str:
    return squeezed(part for text in group.iter(f"{SVG}text") for part in text.itertext())


def box(group: ET.Element) -> tuple[float, float, float, float]:
    shape = group.find(f".//{SVG}path")
    shape = group.find(f".//{SVG}polygon") if shape is None else shape
    assert shape is not None
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", shape.get("d") or shape.get("points") or "")]
    return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])


READERS: dict[str, Callable[[str], Picture]] = {"mermaid": read_mermaid, "dot": read_dot, "svg": read_svg}
every_form = pytest.mark.parametrize("form", READERS)


# --- what a drawing has to show -----------------------------------------------------------------------------------


def expected_picture(title: str, model: Model, flows: list[dict[str, Any]], also: Iterable[str] = ()) -> Picture:
    """The picture of an answer in its JSON form, by the model's names."""
    participants = {flow[end] for flow in flows for end in ("source", "target")} | set(also)
    known = model.catalogue.describe(participants | {flow["item"] for flow in flows if flow["item"]})

    def text(iri: str) -> str:
        return squeezed([known[iri].code or "", known[iri].label])

    picture = Picture(title=squeezed(title))
    picture.zone_of = {text(iri): squeezed(ZONE_TITLES[known[iri].zone]) for iri in participants}
    items: dict[tuple[str, str], set[str]] = {}
    for flow in flows:
        ends = text(flow["source"]), text(flow["target"])
        behind = "" if flow.get("basis", "none") == "none" else f" [{', '.join(map(str, flow['lines']))} {said(flow)}]"
        items.setdefault(ends, set()).update([known[flow["item"]].label + behind] if flow["item"] else [])
        picture.colors[ends] = expected_color(known[flow["source"]].zone, known[flow["target"]].zone)
    for ends, labels in items.items():
        shown = sorted(labels)
        mark = "⚠" if picture.colors[ends] == SEPARATION else ""
        more = [f"+{len(shown) - 3} more"] if len(shown) > 3 else []
        picture.arrows[ends] = squeezed([mark, *shown[:3], *more])
    return picture


def said(flow: dict[str, Any]) -> str:
    modalities = [one.removeprefix("qev:modality-") for one in flow["modalities"]]
    return ", ".join([flow["basis"], *(one for one in modalities if one != "asserted")])


def told(tell: dict[str, Any]) -> str:
    """Whom to tell, as the title of a drawing has it: the first five of each."""
    parts = {"tell": [*tell["stakeholders"], *tell["regulators"]], "owners": tell["owners"]}
    return "".join(
        f"; {title} {', '.join(one['label'] for one in people[:5])}{f' and {len(people) - 5} more' * (len(people) > 5)}"
        for title, people in parts.items()
        if people
    )


def expected_color(source: str | None, target: str | None) -> str:
    if source is None or target is None or source == target:
        return PLAIN
    return SEPARATION if {source, target} == {"qev:zone-regulated", "qev:zone-non-regulated"} else ACROSS


@cache
def model_named(name: str, include_inferences: bool = True) -> Model:
    return open_model(MODELS[name], include_inferences=include_inferences)


def read_drawing(diagram: Diagram, form: str) -> Picture:
    picture = READERS[form](draw(diagram, form))
    picture.zone_of = {text: squeezed(zone) for text, zone in picture.zone_of.items()}
    return picture


QUESTIONS: list[tuple[str, list[str], dict[str, Any]]] = [
    ("impact", ["AOV-04"], {"basis": "drawn"}),
    ("impact", ["AOV-04"], {"basis": "drawn", "zone": "external"}),
    ("impact", ["AOV-04", "AOV-05"], {"basis": "drawn", "depth": 0}),
    ("impact", ["AMI systems"], {"basis": "drawn"}),
    ("impact", ["AMI systems"], {"certain": True, "type": "Stakeholder"}),
    ("trace", ["RCV-03"], {"certain": True, "concept": "Meter Reading"}),
    ("trace", ["REV-01"], {"depth": 2}),
    ("impact", ["Grid Telemetry"], {"depth": 2}),
    ("impact", ["qed:flow-aov-04-smv-03-grid-telemetry"], {"depth": 2}),
    ("trace", ["Customers"], {"depth": 1}),
    ("impact", ["Regulators"], {"through_external": True, "basis": "drawn"}),
]


@every_form
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: f"{one[0]} {' '.join(one[1])} {one[2]}")
def test_drawing_of_an_answer(question: tuple[str, list[str], dict[str, Any]], form: str) -> None:
    command, names, options = question
    model = model_named("quantum-energy")
    answer = getattr(model, command)(*names, **options)
    what = {"impact": "Impact of", "trace": "Trace of"}[command]
    title = f"{what} {', '.join(element.name for element in answer.start)}"
    starts = [element.iri for element in answer.start if element.type in ("qe:ValueStream", "qe:Stakeholder")]
    starts += [element.iri for element in answer.start if element.type == "qe:InformationSystem"]
    document = answer.to_dict()
    assert read_drawing(model.lineage_diagram(answer), form) == expected_picture(
        title + told(document["tell"]), model, document["flows"], starts
    )


@every_form
@pytest.mark.parametrize("include_inferences", [True, False])
def test_map_shows_all_drawn_flows(form: str, include_inferences: bool) -> None:
    model = model_named("quantum-energy", include_inferences)
    flows = [
        {"source": edge.source, "target": edge.target, "item": edge.items[0]}
        for edge in model.flow_graph.edges
        if edge.basis in ("drawn", "both")
    ]
    picture = read_drawing(model.map_diagram(), form)
    assert picture == expected_picture(model.name, model, flows)
    assert len(picture.zone_of) == 17  # lines 31 to 57 of the document
    assert len(picture.arrows) == 36  # 37 lines from 62 to 106, of which 75 and 84 have the same ends
    separated = {ends for ends, color in picture.colors.items() if color == SEPARATION}
    assert {(source[:6], target[:6]) for source, target in separated} == {("AOV-04", "SMV-03"), ("AOV-05", "SMV-03")}
    without_zone = {text[:6] for text, zone in picture.zone_of.items() if zone == "Nozonestated"}
    assert without_zone == (set() if include_inferences else {"ESV-01", "ESV-03", "ESV-04"})


@every_form
@pytest.mark.parametrize("name", MODELS)
def test_map_of_every_flow_can_be_drawn(name: str, form: str) -> None:
    model = model_named(name)
    flows = [
        {"source": edge.source, "target": edge.target, "item": edge.items[0] if edge.items else None}
        for edge in model.flow_graph.edges
    ]
    assert read_drawing(model.map_diagram("all"), form) == expected_picture(model.name, model, flows)


@every_form
def test_every_answer_about_one_participant_of_the_clinic_can_be_drawn(form: str) -> None:
    model = model_named("riverside-clinic")
    starts = sorted({edge.source for edge in model.flow_graph.edges})
    for start in starts[:: 1 if form == "mermaid" else 6]:
        answer = model.impact(start)
        picture = read_drawing(model.lineage_diagram(answer), form)
        pairs = {(flow["source"], flow["target"]) for flow in answer.to_dict()["flows"]}
        assert len(picture.arrows) == len(pairs)


def test_dashed_arrows_are_expansions_and_pale_ones_are_on_no_path() -> None:
    model = model_named("quantum-energy")
    answer = model.impact("ESV-03", depth=2)
    diagram = model.lineage_diagram(answer)
    title_of = {node.key: node.title for node in diagram.nodes}
    arrows = {(title_of[arrow.source], title_of[arrow.target]): arrow for arrow in diagram.arrows}
    assert arrows["ESV-03", "REV-02"].is_expansion  # only "AOV, RCV, NCV, and ESV value streams" in line 132
    assert not arrows["ESV-03", "REV-01"].is_expansion  # line 133 says it of ESV-03
    assert not arrows["ESV-03", "REV-01"].is_context
    assert arrows["Regulators", "REV-01"].is_context
    assert {node.title for node in diagram.nodes if node.is_start} == {"ESV-03"}
    mermaid = draw(diagram, "mermaid")
    assert len(re.findall(r" -\.->", mermaid)) == sum(arrow.is_expansion for arrow in diagram.arrows)


# --- labels that could break a drawing ---------------------------------------------------------------------------

LABELS = [
    'The "Board" & <Audit>',
    "It's #1; really",
    "a#b",
    "#quot; #35;",
    "&lt;b&gt; &amp; &#65;",
    "[square] {curly} (round) | pipe",
    "`code` **bold** _it_ $x$",
    "Überführung: Größe → Maß",
    "請求書 😀",
    "colon: here - dash",
    "- list",
    "1. list",
    "end",
    "graph TD; A-->B",
    "%%{init: {}}%% %% no comment",
    "C:\\new\\table \\N \\L",
    'ends with \\',
    "<br/>",
    "</text><script>",
    "two\nlines",
    "tab\tstop",
    "x" * 200,
]  # fmt: skip


def one_arrow(label: str, zone: str | None = None) -> Diagram:
    elements = {
        "a": Element("a", None, label, "qe:Stakeholder", zone),
        "b": Element("b", "B-1", label, "qe:ValueStream", zone),
        "i": Element("i", None, label, "qe:InformationItem", None),
    }
    return make_diagram(f"Impact of {label}", elements, [hand_over("a", "b", ("i",))], start=["a"])


# What Graphviz makes of the backslashes in DOT shows in the SVG.
SURVIVALS = [(form, label) for form in READERS for label in LABELS if form != "dot" or "\\" not in label]


@pytest.mark.parametrize(("form", "label"), SURVIVALS, ids=lambda value: ascii(value)[:40])
def test_label_survives(form: str, label: str) -> None:
    picture = read_drawing(one_arrow(label), form)
    text = squeezed(label)
    assert picture.title == squeezed(f"Impact of {label}")
    assert set(picture.zone_of) == {text, f"B-1{text}"}
    assert picture.arrows == {(text, f"B-1{text}"): text}


@every_form
@pytest.mark.parametrize("label", ["", " ", "bell\x07", "null\x00", "\ufffe", "esc\x1b[31m"], ids=ascii)
def test_label_that_cannot_be_shown_breaks_no_drawing(label: str, form: str) -> None:
    picture = read_drawing(one_arrow(label), form)
    assert len(picture.zone_of) == 2
    assert len(picture.arrows) == 1


@every_form
def test_flow_without_item_is_an_arrow_without_text(form: str) -> None:
    elements = {name: Element(name, None, name, "qe:Stakeholder", None) for name in "ab"}
    picture = read_drawing(make_diagram("Two", elements, [hand_over("a", "b", ())]), form)
    assert picture.arrows == {("a", "b"): ""}


@every_form
def test_flow_to_itself_and_back_and_forth(form: str) -> None:
    elements = {name: Element(name, None, name.upper(), "qe:Stakeholder", None) for name in "abi"}
    flows = [hand_over("a", "a", ("i",)), hand_over("a", "b", ("i",)), hand_over("b", "a", ("i",))]
    picture = read_drawing(make_diagram("Loops", elements, flows), form)
    assert picture.arrows == {("A", "A"): "I", ("A", "B"): "I", ("B", "A"): "I"}


@every_form
def test_no_flow_and_no_participant(form: str) -> None:
    assert read_drawing(make_diagram("Nothing", {}, []), form) == Picture(title="Nothing")


@every_form
@pytest.mark.parametrize("source", [*ZONE_TITLES, "s:zone-of-another-model"])
def test_crossing_is_marked_only_where_zones_differ(source: str | None, form: str) -> None:
    zones = [*ZONE_TITLES, "s:zone-of-another-model"]
    elements = {f"z{index}": Element(f"z{index}", None, f"Z{index}", "qe:X", zone) for index, zone in enumerate(zones)}
    elements["s"] = Element("s", None, "S", "qe:X", source)
    diagram = make_diagram("Zones", elements, [hand_over("s", name, ()) for name in elements if name != "s"])
    picture = read_drawing(diagram, form)
    for index, zone in enumerate(zones):
        assert picture.colors["S", f"Z{index}"] == expected_color(source, zone)


def test_drawing_is_the_same_each_time() -> None:
    model = model_named("quantum-energy")
    again = open_model(MODELS["quantum-energy"])
    for form in READERS:
        assert draw(model.map_diagram("all"), form) == draw(again.map_diagram("all"), form)
