"""The gate: prepare, run an engine, accept what is known, report.

*Prepare* adds the day of evaluation and findings along paths, and deactivates the shapes of rules that do not apply in
the chosen jurisdictions. *Run* gets raw results from an engine. Each result then gets its rule, its label and the file
and line at fault. *Accept* gives it a status: a finding with a waiver or in the baseline is known and does not fail.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from qe_kg.collection import without_collection
from qe_kg.integrity import Problem
from qe_kg.namespaces import SKOS, Namespaces
from qe_kg.rules.conduits import Conduit, Conduits
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import IllFormedShapes
from qe_kg.shacl.nodes import Node, iri, is_blank, is_literal, literal_parts, text_of
from qe_kg.shacl.paths import path_text
from qe_kg.shacl.results import EngineRun, RawResult
from qe_kg.validation import engines
from qe_kg.validation.acceptance import Acceptance
from qe_kg.validation.by_queries import NotByQueries, NotInStoreError
from qe_kg.validation.coverage import coverage_results, read_coverage
from qe_kg.validation.data import Data, InputFile
from qe_kg.validation.places import Locator, placed
from qe_kg.validation.preparation import finding_quads, read_day, with_day, without
from qe_kg.validation.report import (
    NOWHERE,
    SEVERITIES,
    Located,
    PathStep,
    Places,
    Result,
    Severity,
    SourcePlace,
    Status,
    Summary,
    ValidationReport,
    severity_of,
)
from qe_kg.validation.rule_help import read_help
from qe_kg.validation.rule_index import RuleIndex
from qe_kg.validation.triples import triples_of
from qe_kg.validation.turtle_report import report_turtle

if TYPE_CHECKING:
    import pyoxigraph as ox

    from qe_kg.validation.in_store import InStore
    from qe_kg.validation.since import Since

_LABEL = iri(f"{SKOS}prefLabel")
__all__ = ["InputFile", "Settings", "read_day", "validate"]

EMPTY_FILE = "FILE-01"
DIFFERENCE = "ENG-01"


@dataclass(frozen=True)
class Settings:
    """How a validation is done.

    Attributes:
        profiles: notations of the jurisdictions whose rules are checked; None checks all rules.
        day: the day that dates are compared with; None means today, and that the data are not told.
        use_baseline: whether a finding that the baseline lists has status "baseline".
        use_waivers: whether a finding with a waiver has status "waived".
        report_stale: whether a waiver or a baseline entry that answers to no finding is a result; not where only a
            part of the model is validated.
        fail_on: the lightest severity whose open results fail.
        engine: one of `qe_kg.validation.engines.ENGINES`.
        strict: whether what was not looked at counts as an open violation.

    """

    profiles: tuple[str, ...] | None = None
    day: date | None = None
    use_baseline: bool = True
    use_waivers: bool = True
    report_stale: bool = True
    fail_on: Severity = "Violation"
    engine: str = "auto"
    strict: bool = False


@without_collection()
def validate(
    data: Iterable[InputFile],
    shapes: Iterable[InputFile],
    namespaces: Namespaces,
    settings: Settings,
    *,
    problems: Iterable[Problem] = (),
    file_names: Mapping[str, str] | None = None,
    extra: Iterable[ox.Quad] = (),
    conduits: Conduits | None = None,
    in_store: InStore | None = None,
    since: Since | None = None,
) -> ValidationReport:
    """Validate files with shapes.

    Args:
        data: what is validated; ontologies belong in here, since targets follow ``rdfs:subClassOf``.
        shapes: the shapes.
        namespaces: for compact names, and to read rules, waivers and the baseline in.
        settings: how.
        problems: faults found before (unknown terms, dangling references, conflicts): results like any other.
        file_names: the name to report for each path that ``problems`` mention.
        extra: triples that are in no file (what was entailed).
        conduits: findings along paths, which the shapes of path rules report.
        in_store: where the data are that ``data`` lacks, and where the shapes are evaluated.
        since: what has changed: only the focus nodes that it can affect are validated, and only results on them are in
            the report; None for all.

    Raises:
        UnknownNameError: a profile is no jurisdiction.
        ShapesError: the shapes cannot be evaluated.

    """
    started = time.perf_counter()
    data, shapes = list(data), list(shapes)
    day = settings.day or date.today()
    shapes_quads = [quad for file in shapes for quad in file.quads]
    conduits = conduits or Conduits()
    paths = {one.iri: one for one in conduits}
    found = list(finding_quads(paths.values(), namespaces))
    everything = Data(
        data,
        lambda quads: with_day(chain(quads, extra, found), settings.day, namespaces),
        without=(iri(f"{namespaces.instances}evaluation"), iri(f"{namespaces.terms}evaluatedOn"))
        if settings.day
        else None,
    )
    here = everything.graph if in_store else Graph()
    for triple in in_store.accepted() if in_store else ():
        here.add(*triple)
    data_graph: Graph = here if in_store else everything.facts
    shapes_graph, shapes_triples = Graph(shapes_quads), list(map(triples_of, shapes))
    rules = RuleIndex(data_graph, shapes_graph, namespaces)
    if settings.profiles is not None:
        rules.check_profiles(settings.profiles)
        shapes_quads = without(shapes_quads, rules.shapes_left_out(settings.profiles))
    changed = None
    if since is not None:
        from qe_kg.validation.since import SinceRun  # the analysis of changes is not for every start

        changed = SinceRun(since, conduits, namespaces, settings.profiles)
    try:
        if changed is not None:
            run = changed.run(settings.engine, everything, shapes_quads, rules, shapes_graph)
        elif in_store is None:
            run = engines.run(settings.engine, everything, shapes_quads)
        else:
            run = in_store.run(with_day(found, settings.day, namespaces), shapes_quads)
            for triple in in_store.labels(_named(run, paths.values(), here, namespaces)):
                here.add(*triple)
    except IllFormedShapes as error:
        told = placed(error, Locator(tuple, shapes_triples, shapes_graph), namespaces)
        raise (NotInStoreError(str(told)) if isinstance(error, NotByQueries) else told) from error
    acceptance = Acceptance(
        data_graph, rules, namespaces, day, profiles=settings.profiles,
        waivers=settings.use_waivers, baseline=settings.use_baseline,
    )  # fmt: skip
    locator = Locator(everything.triples, shapes_triples, shapes_graph)
    made = Results(rules, data_graph, namespaces)
    counts, known = _counted(run.results, acceptance, rules)
    # A faulty reference can be mended by whoever made it, and is nobody's to accept.
    others = [_from_problem(problem, namespaces, file_names or {}) for problem in problems]
    others += map(_empty, everything.empty)
    others += [_difference(who, made.make(one, locator.locate(one))) for who, one in run.differences]
    covered = read_coverage(run.coverage, namespaces, locator.of_shapes)
    others += coverage_results(run.coverage, covered, namespaces, locator.of_shapes, strict=settings.strict)
    if settings.report_stale:
        known |= {(one.rule, one.focus) for one in others}
        others += acceptance.faults(known, locator.locate_subject, lambda node: label_of(data_graph, node))
    others = others if changed is None else list(filter(changed.concerns, others))
    counts.update((one.severity, one.status) for one in others)

    def make_results() -> Iterator[Result]:
        for one in run.results:
            result = made.make(one, locator.locate(one))
            path = paths.get(result.focus)
            yield acceptance.apply(result if path is None else _along(result, path, data_graph, locator))
        yield from others

    failing = SEVERITIES[: SEVERITIES.index(settings.fail_on) + 1]
    seconds = time.perf_counter() - started
    return ValidationReport(
        conforms=not any(counts[severity, "open"] for severity in failing),
        engine=run.engine,
        summary=Summary.of(counts, focus_nodes=run.focus_nodes, shapes=run.shapes, seconds=seconds),
        make_results=make_results,
        write_turtle=lambda: report_turtle(run.results, others, namespaces),
        profiles=settings.profiles or (),
        day=settings.day,
        coverage=covered.to_dict(),
        notes=(*conduits.notes, *(in_store.notes if in_store else ())),
        fail_on=settings.fail_on,
        read_help=lambda: read_help(data_graph, shapes_graph, namespaces),
        changed=None if changed is None else changed.to_dict(),
    )


def _counted(
    results: Sequence[RawResult], acceptance: Acceptance, rules: RuleIndex
) -> tuple[Counter[tuple[Severity, Status]], set[tuple[str, str]]]:
    """Count results by severity and status; tell rule and focus of those that are where something is accepted."""
    counts: Counter[tuple[Severity, Status]] = Counter()
    for name, number in Counter(one.severity for one in results).items():
        counts[severity_of(name), "open"] += number
    known, foci = set[tuple[str, str]](), acceptance.foci
    for one in results if foci else ():
        focus = text_of(one.focus)
        if focus in foci:
            key = (rules.rule_of(one.shape), focus)
            known.add(key)
            severity = severity_of(one.severity)
            counts[severity, "open"] -= 1
            counts[severity, acceptance.status(*key)] += 1
    return counts, known


def _named(run: EngineRun, paths: Iterable[Conduit], data: Graph, namespaces: Namespaces) -> set[Node]:
    """Return the nodes whose labels the report shows."""
    accepted = data.by_value(iri(f"{namespaces.terms}atFocus"))
    return {one.focus for one in run.results} | {iri(hop.flow) for path in paths for hop in path.hops} | set(accepted)


class Results:
    """Gives what engines find its rule, names and places.

    Args:
        rules: the rules.
        data: what labels are read in.
        namespaces: for compact names.

    """

    def __init__(self, rules: RuleIndex, data: Graph, namespaces: Namespaces) -> None:
        self._rules, self._names = rules, namespaces
        # Many results are of few shapes, along few paths, and several of one node.
        self._said = cache(self._what_is_said)
        self._node = cache(lambda node: (text_of(node), label_of(data, node)))
        self._path = cache(lambda path: path_text(path, lambda node: _compact(node, namespaces)))
        self._text = cache(text_of)

    def make(self, one: RawResult, at: Places) -> Result:
        """Make a result of what an engine found and where that is."""
        rule, shape, component, severity, message = self._said(one.shape, one.component, one.severity, one.messages)
        focus, label = self._node(one.focus)
        path = None if one.path is None else self._path(one.path)
        value = None if one.value is None else focus if one.value == one.focus else self._text(one.value)
        return Result(rule, shape, component, focus, label, path, value, severity, message, "open", at)

    def _what_is_said(
        self, shape: Node, component: str, severity: str, messages: tuple[Node, ...]
    ) -> tuple[str, str, str, Severity, str]:
        message = text_of(messages[0]) if messages else ""
        compact = self._names.compact(component)
        return self._rules.rule_of(shape), _compact(shape, self._names), compact, severity_of(severity), message


def _along(result: Result, path: Conduit, data: Graph, locator: Locator) -> Result:
    """Give a finding along a path its flows; it is in no file, so it stands where its first flow does."""
    hops = tuple(
        PathStep(hop.flow, label_of(data, iri(hop.flow)), hop.is_declared, locator.locate_subject(iri(hop.flow)))
        for hop in path.hops
    )
    blamed = tuple(hop.source for hop in hops if hop.source)
    return replace(result, at=Located(hops[0].source, blamed, shape=result.shape_source), hops=hops)


def _difference(who: str, result: Result) -> Result:
    """Make the result that says that one engine found something and the other did not."""
    message = (
        f"{who} reports {result.component} of {result.shape} here ({result.rule}); "
        "look up the specification's word on who is right, and report it to the engine that is not"
    )
    return replace(
        result, rule=DIFFERENCE, shape="qe-kg:engines", component="qe-kg:engines", severity="Violation", message=message
    )


def _compact(node: Node, namespaces: Namespaces) -> str:
    return node if is_blank(node) else namespaces.compact(text_of(node))


def label_of(graph: Graph, node: Node) -> str:
    """Return a node's preferred label, an English one first; its local name where it has none."""
    labels = [literal_parts(one) for one in graph.objects(node, _LABEL) if is_literal(one)]
    if len(labels) > 1:
        labels.sort(key=lambda one: (one.language != "en", one.lexical))
    return labels[0].lexical if labels else text_of(node).rstrip("/#").rpartition("/")[2]


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
        at=Located(SourcePlace(names.get(problem.file, problem.file), *(problem.place or (None,))))
        if problem.file
        else NOWHERE,
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
        at=Located(SourcePlace(file.name, None)),
    )
