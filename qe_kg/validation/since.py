"""Validation of what changed: which focus nodes are looked at again, and what else of a report a change concerns.

There are no earlier results to go by. So each focus node that the change can affect is validated with every shape that
leads to it, and the report has all results on these nodes and none on others: what a full report says about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from qe_kg.change import Change
from qe_kg.manifest import RDF_ROLES
from qe_kg.namespaces import Namespaces
from qe_kg.rules.conduit_reads import can_change_conduits
from qe_kg.rules.conduits import Conduits
from qe_kg.shacl.affected.live_graph import LiveGraph
from qe_kg.shacl.affected.session import Recheck, Session
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import UnsupportedShapes
from qe_kg.shacl.nodes import Node, iri, is_blank, text_of
from qe_kg.shacl.results import EngineRun
from qe_kg.validation import engines
from qe_kg.validation.data import Data
from qe_kg.validation.preparation import finding_quads, triples_of
from qe_kg.validation.rule_index import RuleIndex

if TYPE_CHECKING:
    import pyoxigraph as ox

    from qe_kg.validation.report import Result


class ChangeableModel(Protocol):
    """What is needed of a model to know it as it was before a change."""

    namespaces: Namespaces

    def quads(self, *roles: str) -> Iterator[ox.Quad]:
        """Yield the quads of the files of these roles."""

    def changed(self, change: Change) -> Self:
        """Return the model as it would be with a change."""


M = TypeVar("M", bound=ChangeableModel)
_ACCEPTED = ("qe-kg:waivers", "qe-kg:baseline")
_FOR_ALL = ("qe-kg:coverage", "qe-kg:files")


@dataclass(frozen=True)
class Since:
    """What has changed in the data, which are given as they are after the change.

    Attributes:
        change: the triples that have come and gone.
        conduits: the findings along paths as they were before.
        whole: why everything has to be validated again; None where the change tells what.

    """

    change: Change
    conduits: Conduits = field(default_factory=Conduits)
    whole: str | None = None

    def of_model(
        self, now: M, find: Callable[[M], Conduits], conduits: Conduits, is_entailed: bool
    ) -> Since:  # fmt: skip
        """Return the same with the findings along paths as they were in a model before the change.

        Args:
            now: the model after the change.
            find: finds them in a model.
            conduits: what it finds in this one.
            is_entailed: whether the model holds what was entailed, of which nothing is known before the change.

        """
        if self.whole is None and is_entailed:
            return replace(self, whole="what is entailed is made anew")
        if self.whole is not None or not can_change_conduits(self.change, now.namespaces):
            return replace(self, conduits=conduits)
        there = {quad.triple for quad in now.quads(*RDF_ROLES)}
        added = tuple(quad for quad in self.change.removed if quad.triple not in there)
        removed = tuple(quad for quad in self.change.added if quad.triple in there)
        return replace(self, conduits=find(now.changed(Change(added, removed))))


class SinceRun:
    """One validation of what changed, for the gate.

    Args:
        since: what has changed.
        conduits: the findings along paths as they are now.
        namespaces: where ``qe:`` is.
        profiles: the chosen jurisdictions, None for all.

    """

    def __init__(
        self, since: Since, conduits: Conduits, namespaces: Namespaces, profiles: tuple[str, ...] | None
    ) -> None:
        self._since, self._names, self._profiles = since, namespaces, profiles
        self._whole = since.whole
        before = set(triples_of(finding_quads(since.conduits, namespaces)))
        now = set(triples_of(finding_quads(conduits, namespaces)))
        self._come = {*triples_of(since.change.added), *(now - before)}
        self._go = {*triples_of(since.change.removed), *(before - now)}
        nodes = {node for triple in (*self._come, *self._go) for node in triple}
        self._named = {text_of(node) for node in nodes if not is_blank(node)}
        if self._whole is None and any(map(is_blank, nodes)):
            self._whole = "the change is about blank nodes, which have no name to find them by"
        self._recheck: Recheck | None = None
        self._rules_in_full: set[str] = set()
        self._graph: Graph = Graph()

    def run(
        self, engine: str, data: Data, shapes: Sequence[ox.Quad], rules: RuleIndex, shapes_graph: Graph
    ) -> EngineRun:
        """Validate the focus nodes that the change can affect, or everything where that cannot be told.

        Args:
            engine: one of `qe_kg.validation.engines.ENGINES`.
            data: the data after the change.
            shapes: the shapes that are in force after it.
            rules: the rules after the change.
            shapes_graph: all shapes.

        Raises:
            ShapesError: the shapes cannot be evaluated.

        """
        if self._whole is None and engine not in ("auto", "sparql"):
            self._whole = f"the engine {engine} knows nothing of what changed"
        if self._whole is not None:
            return engines.run(engine, data, shapes)
        try:
            compiled = CompiledShapes(shapes)
        except UnsupportedShapes as error:
            return self._in_full(f"our engine does not take on the shapes: {error.problem}", engine, data, shapes)
        graph = LiveGraph(data.quads)
        altered = compiled.inexact(data.altered)
        if altered and engine == "auto":
            names = ", ".join(self._names.compact(text_of(one)) for one in altered[:3])
            return self._in_full(
                f"SPARQL constraints look at literals that a store rewrites ({names})", engine, data, shapes
            )
        come = {one for one in self._come if one in graph}
        go = {one for one in self._go if one not in graph}
        for triple in come:
            graph.remove(*triple)
        for triple in go:
            graph.add(*triple)
        before = RuleIndex(graph, shapes_graph, self._names)
        if self._profiles is not None and before.shapes_left_out(self._profiles) != rules.shapes_left_out(
            self._profiles
        ):
            return self._in_full("other rules are in force than before", engine, data, shapes)
        entries = self._entries(graph)
        for triple in come:
            graph.add(*triple)
        also = entries | self._entries(graph)
        for triple in come:
            graph.remove(*triple)
        self._recheck = Session(compiled, graph).apply(come, go, also=also, every=True)
        self._graph = graph
        in_full = {name for name, _ in self._recheck.unbounded}
        self._rules_in_full = _rules(compiled, rules, in_full) - _rules(
            compiled, rules, {one.node for one in compiled.shapes.targeted} - in_full
        )
        return EngineRun("sparql", self._recheck.found, len(self._recheck.nodes), len(compiled.active))

    def _in_full(self, why: str, engine: str, data: Data, shapes: Sequence[ox.Quad]) -> EngineRun:
        self._whole = why
        return engines.run(engine, data, shapes)

    def _entries(self, graph: Graph) -> set[Node]:
        """Return what waivers and entries of the baseline that the change names are about."""
        at_focus = iri(f"{self._names.terms}atFocus")
        subjects = {subject for triple in (*self._come, *self._go) for subject in (triple[0],)}
        return {iri(text_of(focus)) for subject in subjects for focus in graph.objects(subject, at_focus)}

    def concerns(self, result: Result) -> bool:
        """Tell whether a result that comes from no shape is about what changed."""
        if self._whole is not None or self._recheck is None:
            return True
        if result.shape in _FOR_ALL:
            return False
        if result.shape in _ACCEPTED:
            entry, of_rule = iri(result.focus), iri(f"{self._names.terms}ofRule")
            return (
                result.focus in self._named
                or iri(result.value or "") in self._recheck.reached
                or any(text_of(rule) in self._rules_in_full for rule in self._graph.objects(entry, of_rule))
            )
        path = result.path and (self._names.expand(result.path) or result.path)
        return not self._named.isdisjoint({result.focus, result.value, path})

    def to_dict(self) -> dict[str, Any]:
        """Return what was looked at, as the JSON form of the report has it."""
        found = self._recheck
        shown: dict[str, Any] = {
            "added": len(self._since.change.added),
            "removed": len(self._since.change.removed),
            "whole": self._whole,
        }
        if found is not None:
            shown |= {
                "focusNodes": sorted(map(text_of, found.nodes)),
                "bounded": found.bounded,
                "shapes": found.shapes,
                "unbounded": [
                    {"shape": self._names.compact(text_of(shape)), "why": why} for shape, why in found.unbounded
                ],
            }
        return shown


def _rules(compiled: CompiledShapes, rules: RuleIndex, shapes: Iterable[Node]) -> set[str]:
    """Return the rules for which some shapes with targets report, and what ``sh:property`` leads to from them."""
    waiting, found = list(shapes), set[Node]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += compiled.shapes[name].properties
    return {rules.rule_of(name) for name in found}
