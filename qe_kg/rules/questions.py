"""The questions about rules that a model answers; each is answered by a module of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    import pyoxigraph as ox

    from qe_kg.catalogue import Catalogue
    from qe_kg.lineage import FlowGraph
    from qe_kg.manifest import Manifest
    from qe_kg.namespaces import Namespaces
    from qe_kg.rules.catalogue import RuleCatalogue
    from qe_kg.rules.conduits import Conduits
    from qe_kg.rules.consent import ConsentAnswer
    from qe_kg.rules.context import Context
    from qe_kg.rules.cut import CutAnswer
    from qe_kg.rules.evidence import EvidenceMatrix, State
    from qe_kg.rules.repair import RepairAnswer
    from qe_kg.rules.withdrawal import WithdrawalAnswer
    from qe_kg.store.protocol import Store
    from qe_kg.validation import ValidationReport


class RuleQuestions:
    """What a model has to be for these questions, and the questions."""

    store: Store
    catalogue: Catalogue
    namespaces: Namespaces
    manifest: Manifest

    if TYPE_CHECKING:

        @property
        def flow_graph(self) -> FlowGraph:
            """All flows of the model."""

        def quads(self, *roles: str) -> Iterator[ox.Quad]:
            """Yield the quads of the files of these roles."""

        def own_quads(self, *roles: str) -> Iterator[ox.Quad]:
            """Yield the quads of the files of these roles as they are here."""

        def in_memory(self) -> RuleQuestions:
            """Return the model, or of one in a store elsewhere a copy in memory."""

        def validate(
            self, *, profiles: Iterable[str] = (), at: date | str | None = None, engine: str = "auto"
        ) -> ValidationReport:
            """Validate the model."""

    @cached_property
    def rules(self) -> RuleCatalogue:
        """The rules of the model, with their basis, and the jurisdictions that can be chosen."""
        from qe_kg.rules.catalogue import read_rules

        return read_rules(self.store, self.namespaces)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Notations of the jurisdictions whose rules are checked unless a call names others."""
        return self.manifest.profiles or ("generic",)

    def conduits(self, at: date, profiles: Iterable[str] = ()) -> Conduits:
        """Return the paths that break the path rules of some profiles, with consents as they stand on a day."""
        from qe_kg.rules.conduits import find_conduits

        rules = {rule.code: rule.iri for rule in self.rules.of_profiles(tuple(profiles) or self.profiles)}
        return find_conduits(
            lambda: self.flow_graph,
            self.store,
            self.namespaces,
            rules,
            own_namespace=self.manifest.own_namespace,
            at=at,
        )

    def rule_context(self, *, profiles: Iterable[str] = (), at: date | str | None = None) -> Context:
        """Return the model as rules look at it.

        Args:
            profiles: notations of the jurisdictions whose rules are in force; none means those of the manifest, else
                "generic".
            at: the day that dates are compared with, such as "2026-06-30"; None is today.

        Raises:
            CallError: the day is none, or a profile is unknown (`UnknownNameError`).

        """
        from qe_kg.manifest import RDF_ROLES
        from qe_kg.rules.context import Context
        from qe_kg.validation.preparation import finding_quads, read_day, with_day

        whole = self.in_memory()
        if whole is not self:  # rules look at all of it, again and again
            return whole.rule_context(profiles=profiles, at=at)
        day = read_day(at)
        chosen = tuple(dict.fromkeys(profiles)) or self.profiles
        if (day, chosen) in self._contexts:
            return self._contexts[day, chosen]
        data = with_day(self.quads(*RDF_ROLES, "entailed"), day, self.namespaces)
        context = Context(
            store=self.store,
            catalogue=self.catalogue,
            namespaces=self.namespaces,
            flows=self.flow_graph,
            data=[*data, *finding_quads(self.conduits(day, chosen), self.namespaces)],
            shapes_quads=list(self.own_quads("shapes")),
            day=day,
            profiles=chosen,
        )
        context.index.check_profiles(context.profiles)
        self._contexts[day, chosen] = context
        return context

    @cached_property
    def _contexts(self) -> dict[tuple[date, tuple[str, ...]], Context]:
        """What was asked for before: a model does not change, and reading it again would take the longest."""
        return {}

    def cut(self, start: Iterable[str], end: Iterable[str], **options: Any) -> CutAnswer:  # noqa: ANN401
        """Find all minimum sets of flows that separate zones or participants; see `qe_kg.rules.cut.cut`."""
        from qe_kg.rules.cut import cut

        return cut(self.store, self.catalogue, self.namespaces, self.flow_graph, start, end, **options)

    def consent(self, *names: str, **options: Any) -> ConsentAnswer:  # noqa: ANN401
        """Tell which flows need consent and may run; options as for `rule_context`, see `qe_kg.rules.consent`."""
        from qe_kg.rules.consent import consent

        return consent(self.rule_context(**options), names)

    def withdraw_consent(self, *records: str, **options: Any) -> WithdrawalAnswer:  # noqa: ANN401
        """Tell what happens when consent records are withdrawn; see `qe_kg.rules.withdrawal`."""
        from qe_kg.rules.withdrawal import withdraw

        return withdraw(self.rule_context(**options), records)

    def evidence(
        self,
        *,
        rules: Iterable[str] = (),
        subjects: Iterable[str] = (),
        engine: str = "auto",
        **options: Any,  # noqa: ANN401
    ) -> EvidenceMatrix:
        """Tell what each rule asks of each flow, participant or record, and whether it is there.

        Args:
            rules: codes of the rules to show; none shows all in force.
            subjects: names of flows and other elements to show; none shows all.
            engine: the SHACL engine; see `qe_kg.validation.engines.ENGINES`.
            options: as for `rule_context`.

        Raises:
            CallError: the day is none, or a name is unknown (`UnknownNameError`) or ambiguous.
            ShapesError: the shapes cannot be evaluated.

        """
        return self._evidence(self.rule_context(**options), rules, subjects, engine)

    def repair(
        self,
        *,
        rules: Iterable[str] = (),
        subjects: Iterable[str] = (),
        accepted: bool = False,
        engine: str = "auto",
        **options: Any,  # noqa: ANN401
    ) -> RepairAnswer:
        """Tell what would mend each open result of a rule; see `qe_kg.rules.repair`.

        Args:
            rules: codes of rules; none asks about all in force.
            subjects: names of flows and other elements; none asks about all.
            accepted: whether to mend what is waived or in the baseline too.
            engine: the SHACL engine; see `qe_kg.validation.engines.ENGINES`.
            options: as for `rule_context`.

        Raises:
            CallError: the day is none, or a name is unknown (`UnknownNameError`) or ambiguous.
            ShapesError: the shapes cannot be evaluated.

        """
        from qe_kg.rules.repair import repair

        context = self.rule_context(**options)
        chosen = {self.rules.get(code).code for code in rules}
        # All rules are asked, so that what is new does for those too that are not to be mended now.
        matrix = self._evidence(context, (), subjects, engine)
        states: tuple[State, ...] = ("missing", "waived", "baseline") if accepted else ("missing",)
        return repair(context, matrix, self.manifest.own_namespace, states=states, rules=chosen, engine=engine)

    def _evidence(self, context: Context, rules: Iterable[str], subjects: Iterable[str], engine: str) -> EvidenceMatrix:
        from qe_kg.rules.evidence import evidence

        chosen = [self.catalogue.resolve(name, "element", "record", "concept") for name in subjects]
        report = self.in_memory().validate(profiles=context.profiles, at=context.day, engine=engine)
        scenario = self.manifest.scenario
        return evidence(
            context,
            report,
            model=self.manifest.name,
            scenario=None if scenario is None else scenario.name,
            rules=tuple(rules),
            subjects=[one.iri for one in chosen],
            engine=engine,
        )
