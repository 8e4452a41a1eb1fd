"""From an engine's raw results to the report that a gate decides on.

Adds to each result its rule, its label, the file and line at fault, and its status: a finding that the model's
baseline lists is known and does not fail the gate; a baseline entry that no finding answers to is stale.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.errors import ShapesError
from qe_kg.integrity import Problem
from qe_kg.namespaces import DCTERMS, SKOS, Namespaces
from qe_kg.positions import locate
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import IllFormedShapes
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, is_blank, is_literal, literal_parts, sh, text_of
from qe_kg.shacl.paths import Path as PropertyPath
from qe_kg.shacl.paths import Predicate, path_text
from qe_kg.validation import engines
from qe_kg.validation.report import (
    SEVERITIES,
    Result,
    Severity,
    SourcePlace,
    ValidationReport,
    make_report,
)
from qe_kg.validation.turtle_report import report_turtle

if TYPE_CHECKING:
    import pyoxigraph as ox

_IDENTIFIER, _LABEL = iri(f"{DCTERMS}identifier"), iri(f"{SKOS}prefLabel")
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
    engine: str = "auto",
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
        engine: one of `qe_kg.validation.engines.ENGINES`.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    started = time.perf_counter()
    data, shapes, extra = list(data), list(shapes), list(extra)
    shapes_quads = [quad for file in shapes for quad in file.quads]
    data_quads = [*(quad for file in data for quad in file.quads), *extra]
    try:
        run = engines.run(engine, data_quads, shapes_quads)
    except IllFormedShapes as error:
        raise _placed(error, shapes, namespaces) from error
    shapes_graph, data_graph = Graph(shapes_quads), Graph(data_quads)
    entries = _read_baseline(data_graph, namespaces) if use_baseline else {}
    locate_triple = _locator(data, namespaces)
    results = [_from_problem(problem, namespaces, file_names or {}) for problem in problems]
    for one in run.results:
        rule = _rule(shapes_graph, one.shape, namespaces)
        entry = entries.get((rule, text_of(one.focus)))
        results.append(
            Result(
                rule=rule,
                shape=_compact(one.shape, namespaces),
                component=namespaces.compact(one.component),
                focus=text_of(one.focus),
                focus_label=_label(data_graph, one.focus),
                path=None if one.path is None else path_text(one.path, lambda node: _compact(node, namespaces)),
                value=None if one.value is None else text_of(one.value),
                severity=_severity(one.severity),
                message=one.message,
                status="baseline" if entry else "open",
                source=locate_triple(one.focus, one.path, one.value),
                reason=entry.reason if entry else None,
            )
        )
    found = {(result.rule, result.focus) for result in results}
    results += [_empty(file) for file in data if not file.quads]
    if report_stale:
        results += [_stale(entry, data_graph, locate_triple) for key, entry in entries.items() if key not in found]
    return make_report(
        results,
        engine=run.engine,
        fail_on=fail_on,
        focus_nodes=run.focus_nodes,
        shapes=run.shapes,
        seconds=time.perf_counter() - started,
        write_turtle=lambda: report_turtle(run.results, results, namespaces),
    )


def _placed(error: IllFormedShapes, shapes: list[InputFile], namespaces: Namespaces) -> ShapesError:
    """Name the file and line of what is wrong in the shapes."""
    path = None if error.predicate is None else Predicate(error.predicate)
    place = _locator(shapes, namespaces)(error.node, path, error.value)
    where = f"{place}: " if place else ""
    return ShapesError(f"the shapes cannot be evaluated: {where}{_compact(error.node, namespaces)}: {error.problem}")


def _rule(shapes: Graph, shape: Node, namespaces: Namespaces) -> str:
    """Return the identifier of the shape, else of the shape that it belongs to, else the shape's own name."""
    seen: set[Node] = set()
    current: Node | None = shape
    while current is not None and current not in seen:
        seen.add(current)
        identifier = shapes.value(current, _IDENTIFIER)
        if identifier is not None:
            return text_of(identifier)
        current = next(iter(shapes.subjects(sh("property"), current)), None)
    return _compact(shape, namespaces)


def _severity(name: str) -> Severity:
    # A severity of somebody's own making counts as the gravest: nothing may slip through for its name.
    return next((known for known in SEVERITIES if known == name.rpartition("#")[2]), "Violation")


def _compact(node: Node, namespaces: Namespaces) -> str:
    return node if is_blank(node) else namespaces.compact(text_of(node))


def _label(graph: Graph, node: Node) -> str:
    labels = sorted(
        (literal_parts(one) for one in graph.objects(node, _LABEL) if is_literal(one)),
        key=lambda one: (one.language != "en", one.lexical),
    )
    return labels[0].lexical if labels else text_of(node).rstrip("/#").rpartition("/")[2]


Locator = Callable[[Node, PropertyPath | None, Node | None], SourcePlace | None]


def _locator(files: list[InputFile], namespaces: Namespaces) -> Locator:
    """Make a function that finds file and line of (focus, path, value), or of the nearest triple to it."""
    triples: dict[str, dict[str, set[tuple[str, str]]]] = {}
    paths = {file.name: file.path for file in files}
    for file in files:
        for quad in file.quads:
            by_file = triples.setdefault(str(getattr(quad.subject, "value", "")), {})
            by_file.setdefault(file.name, set()).add((quad.predicate.value, str(getattr(quad.object, "value", ""))))

    def place(focus: Node, path: PropertyPath | None, value: Node | None) -> SourcePlace | None:
        if is_blank(focus):
            return None
        by_file = triples.get(text_of(focus), {})
        predicate = text_of(path.node) if isinstance(path, Predicate) else None
        wanted = None if value is None else text_of(value)

        def closeness(name: str) -> int:
            pairs = by_file[name]
            if predicate and (predicate, wanted) in pairs:
                return 0
            if predicate and any(known == predicate for known, _ in pairs):
                return 1
            return 2 if any(known == text_of(RDF_TYPE) for known, _ in pairs) else 3

        if not by_file:
            return None
        best = min(by_file, key=lambda name: (closeness(name), name))
        return SourcePlace(best, locate(paths[best], namespaces, text_of(focus), predicate, wanted))

    return place


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
        source=SourcePlace(names.get(problem.file, problem.file), problem.line) if problem.file else None,
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
    of_rule, at_focus, why, kind = (
        iri(f"{namespaces.terms}{name}") for name in ("ofRule", "atFocus", "reason", "BaselineEntry")
    )
    entries = {}
    for node in graph.subjects(RDF_TYPE, kind):
        rule, focus = graph.value(node, of_rule), graph.value(node, at_focus)
        if rule is not None and focus is not None:  # an incomplete entry is reported by its own shape
            reason = graph.value(node, why)
            entry = BaselineEntry(text_of(node), text_of(rule), text_of(focus), text_of(reason) if reason else "")
            entries[entry.rule, entry.focus] = entry
    return entries


def _stale(entry: BaselineEntry, graph: Graph, place: Locator) -> Result:
    return Result(
        rule=STALE_BASELINE,
        shape="qe-kg:baseline",
        component="qe-kg:baseline",
        focus=entry.iri,
        focus_label=_label(graph, iri(entry.iri)),
        path=None,
        value=entry.focus,
        severity="Warning",
        message=(
            f"the baseline lists {entry.rule} at {entry.focus}, but there is no such finding; delete the entry, "
            "or mend the rule or focus that it names"
        ),
        status="open",
        source=place(iri(entry.iri), None, None),
    )
