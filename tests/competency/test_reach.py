"""A plain reference for the questions of reach: the document's own lines, walked in a few lines of Python.

The drawn flows are read from the diagram in the source document, the flows of the text from the table below, which
was written down from lines 115 to 138. Nothing here reads RDF; the library's path queries must agree for every start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from qe_kg import Model, open_model

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "data" / "quantum-energy"
DOCUMENT = MODEL / "source" / "value-stream-information-flows.md"
NODE = re.compile(r"^\s*(\w+)\[(?:([A-Z]{3}-\d\d) )?(.+)\]$")
EDGE = re.compile(r'^\s*(\w+) -- "(.+)" --> (\w+)$')

EXTERNAL = {"Customers", "Regulators", "Market Operators", "Technology Partners"}
STREAMS = (
    *("RCV-01", "RCV-02", "RCV-03", "AOV-04", "AOV-05", "REV-01", "REV-02"),
    *("NCV-01", "NCV-02", "SMV-03", "ESV-01", "ESV-04", "ESV-03"),
)
GRID, MARKET = "System Operations & Grid Control", "Market Development"
PRODUCTS, SERVICE = "Non-Regulated Product Development", "Customer Engagement & Service"
# Line, sources, targets: what the text says flows, whether the diagram draws it or not.
TEXT: tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...] = (
    (115, ("RCV-01", "NCV-01"), ("ESV-04",)),
    (115, ("ESV-04",), ("RCV-02",)),
    (116, ("Customers",), ("RCV-02", "NCV-01", "NCV-02")),
    (116, ("RCV-02", "NCV-01", "NCV-02"), ("Customers",)),
    (117, ("NCV-01", "NCV-02"), ("ESV-04", "SMV-03")),
    (121, ("AOV-04", "AOV-05"), (GRID,)),
    (122, ("AMI systems",), ("RCV-03",)),
    (122, ("RCV-03",), ("Customers",)),
    (123, ("AOV-04", "AOV-05"), ("RCV-02",)),
    (123, ("RCV-02",), ("Customers",)),
    (127, (MARKET,), (PRODUCTS,)),
    (127, (PRODUCTS,), ("NCV-01", "NCV-02")),
    (128, ("NCV-01", "NCV-02"), ("ESV-04",)),
    (128, ("ESV-04",), (PRODUCTS, SERVICE)),
    (132, tuple(code for code in STREAMS if code[:3] in ("AOV", "RCV", "NCV", "ESV")), ("ESV-03", "REV-02")),
    (132, ("REV-02", "ESV-03"), ("Regulators",)),
    (133, ("ESV-03",), ("REV-01",)),
    (137, ("ESV-01",), STREAMS),
    (138, ("ESV-04",), STREAMS),
)
WITHOUT_FLOWS = {"Metering & Measurement", "Customer Insights & Analytics"}
Pairs = frozenset[tuple[str, str]]


@cache
def drawn() -> Pairs:
    """Return the pairs that the diagram joins; a participant is named by its code, else by its label."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    names = {match[1]: match[2] or match[3] for line in lines if (match := NODE.match(line))}
    edges = [match for line in lines if (match := EDGE.match(line))]
    assert (len(names), len(edges)) == (17, 37)
    return frozenset((names[edge[1]], names[edge[3]]) for edge in edges)


@cache
def everything() -> Pairs:
    stated = {(a, b) for _, sources, targets in TEXT for a in sources for b in targets if a != b}
    return drawn() | stated


STARTS = sorted({*EXTERNAL, *STREAMS, GRID, MARKET, PRODUCTS, SERVICE, "AMI systems", *WITHOUT_FLOWS})


def reach(pairs: Iterable[tuple[str, str]], start: str, *, through_external: bool) -> dict[str, int]:
    """Return what is reached, with the least number of hops, by walking breadth first."""
    targets: dict[str, set[str]] = {}
    for source, target in pairs:
        targets.setdefault(source, set()).add(target)
    hops = {start: 0}
    edge = {start}
    while edge:
        open_ends = edge if through_external else {name for name in edge if name == start or name not in EXTERNAL}
        edge = {target for name in open_ends for target in targets.get(name, ())} - set(hops)
        hops |= dict.fromkeys(edge, max(hops.values()) + 1)
    del hops[start]
    return hops


@cache
def model() -> Model:
    return open_model(MODEL)


def answer(query: str, start: str) -> list[dict[str, str]]:
    result = model().query(query, {"participant": start})
    return [{name: term.value for name, term in zip(result.columns, row, strict=True) if term} for row in result.rows]


def names(rows: list[dict[str, str]]) -> list[str]:
    return [row.get("code") or row["label"] for row in rows]


def with_hops(query: str, start: str) -> dict[str, int]:
    return {row.get("code") or row["label"]: int(row["hops"]) for row in answer(query, start)}


def test_there_are_twenty_four_participants() -> None:
    assert len(STARTS) == 24
    assert {end for pair in everything() for end in pair} == set(STARTS) - WITHOUT_FLOWS


@pytest.mark.parametrize("start", STARTS)
def test_downstream_by_path(start: str) -> None:
    expected = reach(everything(), start, through_external=True)
    assert sorted(names(answer("impact/list-downstream-participants", start))) == sorted(expected)


@pytest.mark.parametrize("start", STARTS)
def test_upstream_by_path(start: str) -> None:
    reverse = {(target, source) for source, target in everything()}
    expected = reach(reverse, start, through_external=True)
    assert sorted(names(answer("trace/list-upstream-participants", start))) == sorted(expected)


@pytest.mark.parametrize("start", STARTS)
def test_downstream_not_through_external_stakeholders(start: str) -> None:
    expected = reach(everything(), start, through_external=False)
    assert with_hops("impact/list-downstream-within-six-hops", start) == expected


@pytest.mark.parametrize("start", STARTS)
def test_downstream_by_the_diagram_alone(start: str) -> None:
    expected = reach(drawn(), start, through_external=False)
    assert with_hops("impact/list-drawn-downstream", start) == expected


def test_six_hops_are_enough_for_this_model() -> None:
    deepest = [
        max(reach(pairs, start, through_external=False).values(), default=0)
        for pairs in (drawn(), everything())
        for start in STARTS
    ]
    assert max(deepest) <= 6
