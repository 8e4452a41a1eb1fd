"""From an engine's raw results to the report that a gate decides on.

Adds to each result its rule, its label, the file and line at fault, and its status: a finding that the model's
baseline lists is known and does not fail the gate; a baseline entry that no finding answers to is stale.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF, SH, SKOS
from rdflib.term import Node

from qe_kg.integrity import Problem
from qe_kg.namespaces import Namespaces, is_iri
from qe_kg.rdflib_bridge import to_graph, triple
from qe_kg.validation import pyshacl_engine
from qe_kg.validation.places import Locator
from qe_kg.validation.report import (
    SEVERITIES,
    Result,
    Severity,
    SourcePlace,
    ValidationReport,
    make_report,
)

if TYPE_CHECKING:
    import pyoxigraph as ox

STALE_BASELINE = "BASE-01"
EMPTY_FILE = "FILE-01"


@dataclass(frozen=True)
class InputFile:
    """One file to validate: its path, the name to report it under, and its quads with literals as written."""

    path: Path
    name: str
    quads: list[ox.Quad]


@dataclass(frozen=True)
class BaselineEntry:
    """One accepted finding of the baseline."""

    iri: str
    rule: str
    focus: str
    reason: str


def validate(
    data: Iterable[InputFile],
    shapes: Iterable[InputFile],
    namespaces: Namespaces,
    *,
    problems: Iterable[Problem] = (),
    file_names: Mapping[str, str] | None = None,
    extra: Iterable[ox.Quad] = (),
    use_baseline: bool = True,
    report_stale: bool = True,
    fail_on: Severity = "Violation",
) -> ValidationReport:
    """Validate files with shapes.

    Args:
        data: what is validated; ontologies belong in here, since targets follow ``rdfs:subClassOf``.
        shapes: the shapes.
        namespaces: for compact names, and to read the baseline in.
        problems: faults found before (unknown terms, dangling references, conflicts): results like any other.
        file_names: the name to report for each path that ``problems`` mention.
        extra: triples that are in no file (what was entailed).
        use_baseline: whether a finding that the baseline lists has status "baseline".
        report_stale: whether a baseline entry that answers to no finding is a result; not where only a part of
            the model is validated.
        fail_on: the lightest severity whose open results fail.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    started = time.perf_counter()
    data, shapes = list(data), list(shapes)
    shapes_graph = to_graph(quad for file in shapes for quad in file.quads)
    data_graph = to_graph(quad for file in data for quad in file.quads)
    for quad in extra:
        data_graph.add(triple(quad))
    raw, report_graph = pyshacl_engine.validate(data_graph, shapes_graph)
    entries = _read_baseline(data_graph, namespaces) if use_baseline else {}
    locator = Locator(data, shapes)
    results = [_from_problem(problem, namespaces, file_names or {}) for problem in problems]
    for one in raw:
        rule = _rule(shapes_graph, one.shape, namespaces)
        entry = entries.get((rule, str(one.focus)))
        places = locator.locate(one)
        results.append(
            Result(
                rule=rule,
                shape=_compact(one.shape, namespaces),
                component=_compact(one.component, namespaces),
                focus=str(one.focus),
                focus_label=_label(data_graph, one.focus),
                path=None if one.path is None else _path(report_graph, one.path, namespaces),
                value=None if one.value is None else str(one.value),
                severity=_severity(one.severity),
                message=one.message,
                status="baseline" if entry else "open",
                source=places.source,
                reason=entry.reason if entry else None,
                blamed=places.blamed,
                belongs=places.belongs,
                shape_source=places.shape,
            )
        )
    found = {(result.rule, result.focus) for result in results}
    results += [_empty(file) for file in data if not file.quads]
    if report_stale:
        results += [_stale(entry, data_graph, locator) for key, entry in entries.items() if key not in found]
    focus_nodes, shape_count = pyshacl_engine.coverage(data_graph, shapes_graph)
    return make_report(
        results,
        engine=pyshacl_engine.NAME,
        fail_on=fail_on,
        focus_nodes=focus_nodes,
        shapes=shape_count,
        seconds=time.perf_counter() - started,
        as_turtle=_as_turtle(report_graph, results, namespaces),
    )


def _rule(shapes: Graph, shape: Node, namespaces: Namespaces) -> str:
    """Return the identifier of the shape, else of the shape that it belongs to, else the shape's own name."""
    seen: set[Node] = set()
    current: Node | None = shape
    while current is not None and current not in seen:
        seen.add(current)
        identifier = shapes.value(current, DCTERMS.identifier)
        if identifier is not None:
            return str(identifier)
        current = shapes.value(predicate=SH.property, object=current, any=True)
    return _compact(shape, namespaces)


def _severity(node: URIRef) -> Severity:
    name = str(node).rpartition("#")[2]
    # A severity of somebody's own making counts as the gravest: nothing may slip through for its name.
    return next((known for known in SEVERITIES if known == name), "Violation")


def _compact(node: Node, namespaces: Namespaces) -> str:
    return f"_:{node}" if isinstance(node, BNode) else namespaces.compact(str(node))


def _path(graph: Graph, path: Node, namespaces: Namespaces) -> str:
    """Write a property path as SPARQL does."""
    if isinstance(path, URIRef):
        return namespaces.compact(str(path))
    if (path, RDF.first, None) in graph:
        return "/".join(_path(graph, step, namespaces) for step in graph.items(path))
    for predicate, form in (
        (SH.inversePath, "^{}"), (SH.zeroOrMorePath, "{}*"), (SH.oneOrMorePath, "{}+"), (SH.zeroOrOnePath, "{}?"),
    ):  # fmt: skip
        inner = graph.value(path, predicate)
        if inner is not None:
            text = _path(graph, inner, namespaces)
            return form.format(text if isinstance(inner, URIRef) else f"({text})")
    alternatives = graph.value(path, SH.alternativePath)
    if alternatives is not None:
        return "(" + "|".join(_path(graph, one, namespaces) for one in graph.items(alternatives)) + ")"
    return str(path)


def _label(graph: Graph, node: Node) -> str:
    labels = sorted(
        (one for one in graph.objects(node, SKOS.prefLabel) if isinstance(one, Literal)),
        key=lambda one: (one.language != "en", str(one)),
    )
    return str(labels[0]) if labels else str(node).rstrip("/#").rpartition("/")[2]


def _from_problem(problem: Problem, namespaces: Namespaces, names: Mapping[str, str]) -> Result:
    return Result(
        rule=problem.rule,
        shape="qe-kg:integrity",
        component="qe-kg:integrity",
        focus=problem.subject,
        focus_label=problem.subject.rstrip("/#").rpartition("/")[2],
        path=namespaces.compact(problem.predicate),
        value=problem.value.value,
        severity="Violation",
        message=problem.message,
        status="open",
        source=SourcePlace(names.get(problem.file, problem.file), *(problem.place or (None,)))
        if problem.file
        else None,
    )


def _empty(file: InputFile) -> Result:
    return Result(
        rule=EMPTY_FILE,
        shape="qe-kg:files",
        component="qe-kg:files",
        focus=file.name,
        focus_label=file.name,
        path=None,
        value=None,
        severity="Warning",
        message="the file holds no statement, so nothing in it was checked; fill it or leave it out",
        status="open",
        source=SourcePlace(file.name, None),
    )


def _read_baseline(graph: Graph, namespaces: Namespaces) -> dict[tuple[str, str], BaselineEntry]:
    qe = namespaces.terms
    entries = {}
    for node in graph.subjects(RDF.type, URIRef(f"{qe}BaselineEntry")):
        rule, focus = graph.value(node, URIRef(f"{qe}ofRule")), graph.value(node, URIRef(f"{qe}atFocus"))
        if rule is not None and focus is not None:  # an incomplete entry is reported by its own shape
            reason = str(graph.value(node, URIRef(f"{qe}reason")) or "")
            entries[str(rule), str(focus)] = BaselineEntry(str(node), str(rule), str(focus), reason)
    return entries


def _stale(entry: BaselineEntry, graph: Graph, locator: Locator) -> Result:
    return Result(
        rule=STALE_BASELINE,
        shape="qe-kg:baseline",
        component="qe-kg:baseline",
        focus=entry.iri,
        focus_label=_label(graph, URIRef(entry.iri)),
        path=None,
        value=entry.focus,
        severity="Warning",
        message=(
            f"the baseline lists {entry.rule} at {entry.focus}, but there is no such finding; delete the entry, "
            "or mend the rule or focus that it names"
        ),
        status="open",
        source=locator.locate_subject(URIRef(entry.iri)),
    )


def _as_turtle(report: Graph, results: Iterable[Result], namespaces: Namespaces) -> str:
    top = next(report.subjects(RDF.type, SH.ValidationReport))
    for result in results:
        if not result.shape.startswith("qe-kg:"):
            continue  # it is in there
        node = BNode()
        report.add((top, SH.result, node))
        report.add((node, RDF.type, SH.ValidationResult))
        report.add((node, SH.focusNode, URIRef(result.focus) if is_iri(result.focus) else Literal(result.focus)))
        report.add((node, SH.resultSeverity, SH[result.severity]))
        report.add((node, SH.resultMessage, Literal(f"{result.rule}: {result.message}", lang="en")))
        report.add((node, SH.sourceConstraintComponent, URIRef(f"urn:{result.component}")))
        report.set((top, SH.conforms, Literal(False)))
    for prefix in ("sh", "qe", "qed", "qesh", "qev", "xsd"):
        report.bind(prefix, namespaces.prefixes[prefix], override=True, replace=True)
    return report.serialize(format="longturtle", canon=True)
