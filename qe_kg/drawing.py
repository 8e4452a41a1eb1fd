"""Drawings of flows, as Mermaid, DOT or SVG, all from one diagram. pygraphviz is used in this module only.

Participants are grouped by zone; flows between the same two participants are one arrow. An arrow that crosses
from one zone into another is drawn thick and colored, most strikingly between the regulated and the
non-regulated zone.
"""

from __future__ import annotations

import html
import json
import os
import re
import textwrap
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from qe_kg.catalogue import Element
from qe_kg.errors import ReadError
from qe_kg.lineage import Flow, Lineage

FORMATS = ("mermaid", "dot", "svg")

Crossing = Literal["none", "zone", "separation"]

_ZONES = {
    "qev:zone-external": ("External", "#fff7e0", "#b58900"),
    "qev:zone-regulated": ("Regulated", "#e3eefc", "#2b6cb0"),
    "qev:zone-shared": ("Shared", "#efefef", "#666666"),
    "qev:zone-non-regulated": ("Non-regulated", "#e4f5e6", "#2f855a"),
}
_NO_ZONE = ("#ffffff", "#999999")
_SEPARATED = {"qev:zone-regulated", "qev:zone-non-regulated"}
_COLORS = {"none": "#777777", "zone": "#b7791f", "separation": "#c53030"}
_PALE = "66"  # alpha, two hexadecimal digits
_MARKS = {"none": "", "zone": "", "separation": "⚠ "}
_MOST_LABELS = 3
_MOST_TOLD = 5
_NAMELESS = "?"
_MERMAID_CODES = {
    "#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "|": "#124;",
    "&": "#amp;", "%": "#37;", "\\": "#92;",
}  # fmt: skip
_INVISIBLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Node:
    """A participant in a drawing."""

    key: str
    title: str
    subtitle: str
    zone: str | None
    is_start: bool


@dataclass(frozen=True)
class Arrow:
    """All flows between two participants in one direction.

    ``is_expansion``: they are only the expansion of a universal statement (dashed). ``is_context``: they are between
    participants of the answer but on none of the paths shown (pale).
    """

    source: str
    target: str
    labels: tuple[str, ...]
    crossing: Crossing
    is_expansion: bool
    is_context: bool

    def caption(self) -> str:
        """Return the arrow's text: at most three items, then how many more."""
        shown = [*self.labels[:_MOST_LABELS]]
        if len(self.labels) > _MOST_LABELS:
            shown.append(f"+{len(self.labels) - _MOST_LABELS} more")
        return _MARKS[self.crossing] + "\n".join(shown)


@dataclass(frozen=True)
class Diagram:
    """What a drawing shows."""

    title: str
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    without_zone: str = "No zone stated"  # the title over nodes that are in no zone

    def zones(self) -> Iterator[tuple[str | None, tuple[str, str, str], list[Node]]]:
        """Yield the zones that occur with (title, fill color, line color) and their participants."""
        for zone in (*_ZONES, None):
            members = [node for node in self.nodes if (node.zone if node.zone in _ZONES else None) == zone]
            if members:
                yield zone, (self.without_zone, *_NO_ZONE) if zone is None else _ZONES[zone], members


def make_diagram(
    title: str,
    elements: dict[str, Element],
    flows: Iterable[Flow],
    start: Iterable[str] = (),
    paths: Container[str] | None = None,
    also: Iterable[str] = (),
) -> Diagram:
    """Make a diagram.

    Args:
        title: its title.
        elements: names of all participants and items, by IRI.
        flows: the flows.
        start: participants to mark as the start; shown even if no flow is at them.
        paths: IRIs of the flows on the paths to show; every other flow is context. Then each item is shown with what
            stands behind its flow. None makes no difference.
        also: further participants to show, whether or not a flow is at them.

    """
    pairs: dict[tuple[str, str], list[Flow]] = {}
    for flow in flows:
        pairs.setdefault((flow.source, flow.target), []).append(flow)
    started = set(start)
    shown = {end for pair in pairs for end in pair} | started | set(also)
    ordered = sorted((elements[iri] for iri in shown), key=lambda one: (one.code is None, one.name, one.iri))
    keys = {element.iri: f"n{index}" for index, element in enumerate(ordered, 1)}
    nodes = tuple(
        Node(
            keys[element.iri],
            visible(element.name) or _NAMELESS,
            visible(element.label) if element.code else "",
            element.zone,
            element.iri in started,
        )
        for element in ordered
    )
    arrows = tuple(
        Arrow(
            keys[source],
            keys[target],
            tuple(
                sorted(
                    {
                        visible(f"{elements[item].label}{_behind(flow) if paths is not None else ''}")
                        for flow in together
                        for item in flow.items
                    }
                )
            ),
            _crossing(elements[source].zone, elements[target].zone),
            all(flow.is_expansion for flow in together),
            paths is not None and all(flow.iri not in paths for flow in together),
        )
        for (source, target), together in sorted(pairs.items(), key=lambda one: (keys[one[0][0]], keys[one[0][1]]))
    )
    return Diagram(visible(title), nodes, arrows)


def diagram_of_lineage(lineage: Lineage, start: Iterable[str]) -> Diagram:
    """Make the diagram of an impact or trace, with the participants among its start marked."""
    what = "Impact of" if lineage.direction == "downstream" else "Trace of"
    title = f"{what} {', '.join(element.name for element in lineage.start)}{_told(lineage)}"
    paths = {flow for one in lineage.reached for flow in one.path}
    reached = {one.element.iri: one.element for one in lineage.reached}  # a flow may only pass through one of them
    return make_diagram(title, {**lineage.elements, **reached}, lineage.flows, start, paths, reached)


def _behind(flow: Flow) -> str:
    """Return what sources say of a flow: lines, basis, and modality unless that is that it is asserted."""
    if flow.basis == "none":
        return ""
    modalities = [one.rpartition("modality-")[2] for one in flow.modalities]
    said = ", ".join([flow.basis, *(one for one in modalities if one != "asserted")])
    return f" [{', '.join(map(str, flow.lines))} {said}]" if flow.lines else f" [{said}]"


def _told(lineage: Lineage) -> str:
    """Name whom to tell: stakeholders, regulators and owners, the first of each."""
    if lineage.tell is None:
        return ""
    tell = lineage.tell
    told = [one.element.name for one in (*tell.stakeholders, *tell.regulators)]
    owners = [one.unit.name for one in tell.owners]
    parts = [("tell", told), ("owners", owners)]
    return "".join(f"; {title} {_first(names)}" for title, names in parts if names)


def _first(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
    return ", ".join(names[:_MOST_TOLD]) + more


def visible(text: str) -> str:
    """Return a text in one line, without the characters that XML and YAML cannot hold."""
    return " ".join(_INVISIBLE.sub("\ufffd", text).split())


def _crossing(source: str | None, target: str | None) -> Crossing:
    if source is None or target is None or source == target:
        return "none"  # where no zone is stated, no boundary is known to be crossed
    return "separation" if {source, target} == _SEPARATED else "zone"


def draw(diagram: Diagram, form: str) -> str:
    """Return the drawing as text in one of `FORMATS`.

    Raises:
        ReadError: Graphviz cannot lay the drawing out.

    """
    if form == "mermaid":
        return to_mermaid(diagram)
    return to_dot(diagram) if form == "dot" else to_svg(diagram)


def to_mermaid(diagram: Diagram) -> str:
    """Return a Mermaid flowchart."""
    lines = ["---", f"title: {json.dumps(diagram.title, ensure_ascii=False)}", "---", "flowchart LR"]
    for index, (_, (title, _, _), members) in enumerate(diagram.zones()):
        lines.append(f'    subgraph zone{index}["{title}"]')
        for node in members:
            text = "<br/>".join(_mermaid_text(part) for part in (node.title, node.subtitle) if part)
            lines.append(f'        {node.key}["{text}"]')
        lines.append("    end")
    for arrow in diagram.arrows:
        line = "-.->" if arrow.is_expansion else "==>" if arrow.crossing != "none" else "-->"
        caption = "<br/>".join(_mermaid_text(part) for part in arrow.caption().split("\n"))
        text = f'|"{caption}"|' if caption else ""  # Mermaid has no empty text
        lines.append(f"    {arrow.source} {line}{text} {arrow.target}")
    for crossing, color in _COLORS.items():
        for is_context in (False, True):
            marked = [
                str(index)
                for index, arrow in enumerate(diagram.arrows)
                if arrow.crossing == crossing and arrow.is_context == is_context
            ]
            if marked:
                opacity = ",opacity:0.4" if is_context else ""
                lines.append(f"    linkStyle {','.join(marked)} stroke:{color}{opacity}")
    for index, (_, (_, fill, stroke), _) in enumerate(diagram.zones()):
        lines.append(f"    style zone{index} fill:{fill},stroke:{stroke}")
    lines += [f"    style {node.key} stroke-width:4px" for node in diagram.nodes if node.is_start]
    return "\n".join(lines) + "\n"


def _mermaid_text(text: str) -> str:
    # Mermaid's own character codes: a quote, a bracket or "#" in a label would end or change it.
    # What remains is HTML to it, "%%" begins a comment or a directive, and "\\n" is a line break.
    return "".join(_MERMAID_CODES.get(character, character) for character in text)


def to_dot(diagram: Diagram) -> str:
    """Return a Graphviz graph."""
    lines = [
        "digraph flows {",
        f'  graph [rankdir=LR, label={_quote(diagram.title)}, labelloc=t, fontname="Helvetica", fontsize=16, '
        'newrank=true, nodesep=0.35, ranksep=1.0, pad=0.3, tooltip=" "];',
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=9, color="#777777", fontcolor="#444444"];',
    ]
    for index, (_, (title, fill, stroke), members) in enumerate(diagram.zones()):
        lines.append(f"  subgraph cluster_{index} {{")
        lines.append(
            f'    label={_quote(title)}; style="rounded,filled"; fillcolor="{fill}"; '
            f'color="{stroke}"; fontcolor="{stroke}";'
        )
        for node in members:
            subtitle = "".join(f"<BR/>{_dot_html(part)}" for part in textwrap.wrap(node.subtitle, 26))
            label = f"<<B>{_dot_html(node.title)}</B>{subtitle}>"
            width = 3 if node.is_start else 1
            lines.append(f'    {node.key} [label={label}, color="{stroke}", penwidth={width}];')
        lines.append("  }")
    for arrow in diagram.arrows:
        color = _COLORS[arrow.crossing] + (_PALE if arrow.is_context else "")
        style = "dashed" if arrow.is_expansion else "solid"
        thickness = {"none": 1, "zone": 1.5, "separation": 2.5}[arrow.crossing]
        lines.append(
            f'  {arrow.source} -> {arrow.target} [label={_quote(arrow.caption())}, color="{color}", '
            f'fontcolor="{color}", style={style}, penwidth={thickness}];'
        )
    lines.append("}")
    return "\n".join(lines) + "\n"


def _dot_html(text: str) -> str:
    # Graphviz replaces "\\N" and its like also in HTML-like labels.
    return html.escape(text).replace("\\", "\\\\")


def _quote(text: str) -> str:
    # Graphviz reads HTML entities in plain labels too.
    escaped = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def to_svg(diagram: Diagram) -> str:
    """Return an SVG picture, laid out by Graphviz.

    Raises:
        ReadError: Graphviz cannot lay it out.

    """
    import pygraphviz

    try:
        with _quiet_fontconfig():
            graph = pygraphviz.AGraph(string=to_dot(diagram))
            svg: bytes = graph.draw(format="svg", prog="dot")
    except (OSError, ValueError) as error:
        raise ReadError(f"Graphviz cannot draw this: {error}") from error
    return svg.decode("utf-8")


@contextmanager
def _quiet_fontconfig() -> Iterator[None]:
    """Keep the native library's remarks about the machine's font settings off standard error."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
