"""A model's data, kept warm: each change costs what it can affect, and the results are those of a full run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from qe_kg.change import Change
from qe_kg.manifest import RDF_ROLES, Manifest
from qe_kg.namespaces import SKOS, Namespaces
from qe_kg.rules.conduits import Conduit
from qe_kg.rules.live_conduits import LiveConduits
from qe_kg.shacl.affected.live_graph import LiveGraph, Triple
from qe_kg.shacl.affected.session import Session
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_SUBCLASS_OF, Node, iri, text_of
from qe_kg.shacl.results import RawResult
from qe_kg.validation.acceptance import Acceptance
from qe_kg.validation.gate import Results, Settings, label_of
from qe_kg.validation.preparation import finding_quads, read_day, triples_of, with_day, without
from qe_kg.validation.report import NOWHERE, Result
from qe_kg.validation.rule_index import RuleIndex
from qe_kg.validation.since import ChangeableModel

if TYPE_CHECKING:
    import pyoxigraph as ox


@dataclass(frozen=True)
class Rechecked:
    """What one change did to the results.

    Attributes:
        found: the results at the focus nodes that were validated again.
        gone: the results that these had before; one that stays is in both.
        focus_nodes: IRIs of these focus nodes.
        bounded: number of shapes of which only the focus nodes were validated that the change can affect.
        shapes: number of shapes with targets.
        unbounded: the other shapes, and why all their focus nodes were validated.
        whole: why everything was validated again, or None.

    """

    found: tuple[Result, ...]
    gone: tuple[Result, ...]
    focus_nodes: frozenset[str]
    bounded: int
    shapes: int
    unbounded: tuple[tuple[str, str], ...] = ()
    whole: str | None = None

    def __str__(self) -> str:
        return f"bounded: {self.bounded} of {self.shapes} shapes, {len(self.focus_nodes)} focus nodes"


class Validator:
    """Validates a model as it changes; nothing is written.

    Our own engine alone runs, and results have no places, since what is changed in memory is in no file. Faulty
    references (rules NAME-01 to NAME-03) are not looked for.

    Args:
        quads: the data, ontologies and shapes included.
        shapes: the shapes.
        namespaces: for compact names, and to read rules, waivers and the baseline in.
        settings: profiles, day, and whether waivers and the baseline count.
        own_namespace: where findings along paths get their IRIs; None leaves these findings out.

    Raises:
        ShapesError: the shapes cannot be evaluated.
        UnknownNameError: a profile is no jurisdiction.

    """

    def __init__(
        self, quads: Iterable[ox.Quad], shapes: Iterable[ox.Quad], namespaces: Namespaces, settings: Settings,
        own_namespace: str | None,
    ) -> None:  # fmt: skip
        self._shapes, self._names, self._settings = list(shapes), namespaces, settings
        data = LiveGraph()  # filled one by one: a list of the quads of a large model takes more room than the graph
        for triple in chain(self._without_day(quads), triples_of(with_day((), settings.day, namespaces))):
            data.add(*triple)
        self._shapes_graph = Graph(self._shapes)
        self._rules = RuleIndex(data, self._shapes_graph, namespaces)
        if settings.profiles is not None:
            self._rules.check_profiles(settings.profiles)
        self._conduits: LiveConduits | None = None
        if own_namespace is not None:
            day = settings.day or date.today()
            self._conduits = LiveConduits(data, namespaces, day, partial(self._in_force, data), own_namespace)
            for triple in self._described(self._conduits):
                data.add(*triple)
        self._session = self._started(data)

    def _in_force(self, data: LiveGraph) -> dict[str, str]:
        return RuleIndex(data, self._shapes_graph, self._names).in_force(self._settings.profiles)

    def _described(self, conduits: Iterable[Conduit]) -> Iterator[Triple]:
        return triples_of(finding_quads(conduits, self._names))

    def _started(self, data: LiveGraph) -> Session:
        self._left_out = self._inactive(self._rules)
        self._acceptance = self._accepted(data)
        return Session(CompiledShapes(without(self._shapes, self._left_out)), data)

    def _inactive(self, rules: RuleIndex) -> list[Node]:
        profiles = self._settings.profiles
        return [] if profiles is None else rules.shapes_left_out(profiles)

    def _accepted(self, data: LiveGraph) -> Acceptance:
        one = self._settings
        return Acceptance(
            data, self._rules, self._names, one.day or date.today(), profiles=one.profiles, waivers=one.use_waivers,
            baseline=one.use_baseline,
        )  # fmt: skip

    @property
    def graph(self) -> Graph:
        """The data as they are now; only `apply` may change them."""
        return self._session.graph

    def warm(self) -> None:
        """Make ready what SPARQL constraints need, so that no change has to wait for it; `results` does so too."""
        self._session.warm()

    @property
    def results(self) -> tuple[Result, ...]:
        """All results of shapes, and those of waivers and of the baseline that do not count or accept nothing."""
        found = self._shown(self._session.results)
        if not self._settings.report_stale:
            return found
        return (
            *found,
            *self._acceptance.faults(
                {(one.rule, one.focus) for one in found}, lambda _: None, partial(label_of, self._session.graph)
            ),
        )

    def apply(self, change: Change) -> Rechecked:
        """Make a change and validate what it can affect.

        Args:
            change: quads that come and go; the triples count, whatever graph they are in.

        Raises:
            ShapesError: a SPARQL constraint reports a failure, or the shapes cannot be evaluated any more.

        """
        data = self._session.graph
        come = dict.fromkeys(self._without_day(change.added))
        new = [one for one in come if one not in data]
        old = [one for one in dict.fromkeys(self._without_day(change.removed)) if one in data and one not in come]
        shapes = [quad for quad in self._shapes if quad.triple not in change.removed_triples]
        apply = partial(self._anew, shapes=shapes) if len(shapes) < len(self._shapes) else self._rechecked
        if self._conduits is None:
            return apply(new, old)
        gone, found = self._followed(self._conduits, new, old)
        before, after = dict.fromkeys(self._described(gone)), dict.fromkeys(self._described(found))
        try:
            return apply(
                [*new, *(one for one in after if one not in before)],
                [*old, *(one for one in before if one not in after)],
            )
        except BaseException:
            self._followed(self._conduits, old, new, is_done=True)
            raise

    def _followed(
        self, conduits: LiveConduits, new: list[Triple], old: list[Triple], *, is_done: bool = False
    ) -> tuple[list[Conduit], list[Conduit]]:
        """Tell which findings along paths a change ends and makes; the graph stays as it is.

        Args:
            conduits: the findings, which are brought up to date.
            new: triples that come.
            old: triples that go.
            is_done: whether the graph is as it is after the change, and not before.

        """
        data = self._session.graph
        if is_done:
            _exchange(data, old, new)
        touched = conduits.touched((*new, *old))
        _exchange(data, new, old)
        try:
            return conduits.follow(touched | conduits.touched((*new, *old)))
        finally:
            if not is_done:
                _exchange(data, old, new)

    def _without_day(self, quads: Iterable[ox.Quad]) -> Iterator[Triple]:
        """Yield the triples of a change; the day of evaluation is the one that was asked for, whatever the data say."""
        day = (iri(f"{self._names.instances}evaluation"), iri(f"{self._names.terms}evaluatedOn"))
        return (one for one in triples_of(quads) if self._settings.day is None or one[:2] != day)

    def _rechecked(self, new: list[Triple], old: list[Triple]) -> Rechecked:
        data, rules = self._session.graph, self._rules
        also = self._about(data, (*new, *old))
        _exchange(data, new, old)
        also |= self._about(data, (*new, *old))
        if self._is_of_rules((*new, *old)):
            rules = RuleIndex(data, self._shapes_graph, self._names)
        _exchange(data, old, new)
        if self._inactive(rules) != self._left_out:
            return self._anew(new, old, self._shapes)
        recheck = self._session.apply(new, old, also=also)
        gone = self._shown(recheck.gone)
        if also or rules is not self._rules:
            self._rules = rules
            self._acceptance = self._accepted(data)
        return Rechecked(
            self._shown(recheck.found),
            gone,
            frozenset(map(text_of, recheck.nodes)),
            recheck.bounded,
            recheck.shapes,
            tuple((self._names.compact(text_of(name)), why) for name, why in recheck.unbounded),
        )

    def _anew(self, new: list[Triple], old: list[Triple], shapes: list[ox.Quad]) -> Rechecked:
        """Make a change after which other shapes are in force."""
        gone, data = self.results, self._session.graph
        _exchange(data, new, old)
        self._shapes, self._shapes_graph = shapes, Graph(shapes)
        self._rules = RuleIndex(data, self._shapes_graph, self._names)
        self._session = self._started(data)
        foci = self._session.foci
        nodes = frozenset(text_of(node) for several in foci.values() for node in several)
        return Rechecked(
            self.results, gone, nodes, 0, len(foci), whole="other shapes or rules are in force than before"
        )

    def _about(self, data: LiveGraph, triples: Iterable[Triple]) -> set[Node]:
        """Return what the waivers and entries of the baseline that some triples describe are about, and these."""
        terms, found = self._names.terms, set[Node]()
        kinds = [data.instances(iri(f"{terms}{kind}")) for kind in ("Waiver", "BaselineEntry")]
        for subject in dict.fromkeys(subject for subject, _, _ in triples):
            if any(subject in kind for kind in kinds):
                found |= {subject, *(iri(text_of(one)) for one in data.objects(subject, iri(f"{terms}atFocus")))}
        return found

    def _is_of_rules(self, triples: Iterable[Triple]) -> bool:
        read = {RDF_TYPE, RDFS_SUBCLASS_OF, iri(f"{SKOS}notation"), iri(f"{self._names.terms}appliesIn")}
        return any(predicate in read for _, predicate, _ in triples)

    def _shown(self, results: Iterable[RawResult]) -> tuple[Result, ...]:
        made = Results(self._rules, self._session.graph, self._names)
        return tuple(self._acceptance.apply(made.make(one, NOWHERE)) for one in results)


def _exchange(graph: LiveGraph, come: Iterable[Triple], go: Iterable[Triple]) -> None:
    for triple in come:
        graph.add(*triple)
    for triple in go:
        graph.remove(*triple)


class OpenModel(ChangeableModel, Protocol):
    """What is needed of a model to keep it warm."""

    manifest: Manifest


def validator(
    model: OpenModel, default: tuple[str, ...], *, paths: bool, is_whole: bool, baseline: bool = True,
    waivers: bool = True, profiles: Iterable[str] = (), at: date | str | None = None,
) -> Validator:  # fmt: skip
    """Make the validator of a model.

    Args:
        model: the model.
        default: the jurisdictions whose rules are checked where ``profiles`` names none.
        paths: whether to look for findings along paths.
        is_whole: whether all of the model is there, so that waivers and the baseline can be told to accept nothing.
        baseline: whether findings that the baseline lists count as known.
        waivers: whether findings that somebody waived count as known.
        profiles: notations of jurisdictions.
        at: the day that dates are compared with; None is today.

    """
    chosen, day = tuple(dict.fromkeys(profiles)) or default, read_day(at)
    return Validator(
        model.quads(*RDF_ROLES, "entailed"),
        model.quads("shapes"),
        model.namespaces,
        Settings(chosen, day, baseline, waivers, is_whole),
        model.manifest.own_namespace if paths else None,
    )
