"""The questions of lineage that a model answers; each is answered by a module of its own."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Unpack

from qe_kg.errors import UnknownNameError
from qe_kg.lineage.flows import BASES, FlowGraph
from qe_kg.lineage.questions import Questions, WalkOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyoxigraph as ox

    from qe_kg.catalogue import Catalogue
    from qe_kg.change import Change
    from qe_kg.lineage.answer import Lineage, Tell
    from qe_kg.lineage.changes import ChangeAnswer
    from qe_kg.lineage.paths import Paths
    from qe_kg.lineage.structure import Structure
    from qe_kg.lineage.tell import Teller
    from qe_kg.lineage.what_if import Changeable, WhatIf
    from qe_kg.namespaces import Namespaces
    from qe_kg.store.protocol import Store
    from qe_kg.validation.report import ValidationReport

__all__ = ["BASES", "LineageQuestions"]


class LineageQuestions:
    """What a model has to be for these questions, and the questions."""

    store: Store
    catalogue: Catalogue
    namespaces: Namespaces

    if TYPE_CHECKING:

        def quads(self, *roles: str) -> Iterator[ox.Quad]:
            """Yield the quads of the files of these roles."""

        def changed(self, change: Change) -> Changeable:
            """Return the model with a change."""

        def texts(self) -> list[Path | bytes] | None:
            """Return all that the store was loaded from as N-Triples; None where that is not at hand."""

        def validate(self) -> ValidationReport:
            """Check the model against its rules."""

    @cached_property
    def flow_graph(self) -> FlowGraph:
        """All flows of the model, ready to be walked."""
        return FlowGraph.read(self.store, self.catalogue, self.namespaces)

    @cached_property
    def lineage(self) -> Questions:
        """Answers questions of lineage; keeps what it learns of the model for the next one."""
        return Questions(self.store, self.catalogue, self.namespaces, lambda: self.flow_graph, self.texts)

    def impact(self, *names: str, **options: Unpack[WalkOptions]) -> Lineage:
        """Tell who receives, directly or through others, what these give away.

        Args:
            names: participants, flows, items, concepts or patterns by code, label, CURIE or IRI.
            options: ``depth`` (greatest number of hops), ``basis`` ("drawn", "stated", "all"), ``through_external``
                (bool), ``certain`` (bool: walk declared steps only), ``stations`` (bool: count what a flow passes
                through), ``item`` and ``concept`` (follow only these), ``zone`` and ``type`` (list only these).

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name or an option is wrong.

        """
        return self.lineage.lineage("downstream", names, **options)

    def trace(self, *names: str, **options: Unpack[WalkOptions]) -> Lineage:
        """Tell where what these receive comes from; arguments and errors as for `impact`."""
        return self.lineage.lineage("upstream", names, **options)

    def change_impact(self, kind: str, *names: str, **options: Unpack[WalkOptions]) -> ChangeAnswer:
        """Tell whom a change affects: "stop", "delay", "redefine", "reclassify", or "lift" to take that back.

        What each goes along is said in docs/explanation/change-kinds.md; options and errors are those of `impact`.
        """
        return self.lineage.change(kind, names, **options)

    def structure(self, **options: Unpack[WalkOptions]) -> Structure:
        """Tell what the shape of the flows tells; see `qe_kg.lineage.structure.Structure`.

        Options and errors are those of `impact`, without ``stations``; ``depth`` and ``certain`` narrow the exposures.
        """
        return self.lineage.structure(**options)

    def what_if(
        self,
        *,
        remove: Iterable[str] = (),
        add: Iterable[Path | str] = (),
        move: Iterable[str] = (),
        withdraw: Iterable[str] = (),
        **options: Unpack[WalkOptions],
    ) -> WhatIf:
        """Tell what would be different; nothing is written.

        Args:
            remove: flows by name.
            add: paths of RDF files.
            move: "NAME=ZONE": a participant and its new zone.
            withdraw: consent records by identifier, label, CURIE or IRI.
            options: those of `impact`: which ways count, and whom pairs lead to.

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name or an option is wrong, or nothing is assumed.
            ParseError, ReadError: a file cannot be read.

        """
        from qe_kg.lineage.assumptions import read_assumptions
        from qe_kg.lineage.what_if import what_if

        found = read_assumptions(
            self.store, self.catalogue, self.namespaces, remove=remove, add=add, move=move, withdraw=withdraw
        )
        change = found.change(self.quads("data", "inference"), self.namespaces)
        try:
            filters = self.lineage.filters(**options)
        except UnknownNameError:
            if not found.added:
                raise
            filters = self.changed(change).lineage.filters(**options)  # an item may be new
        return what_if(self, found, change, filters)

    @cached_property
    def report(self) -> ValidationReport:
        """What checking the model against its rules finds today; kept for the next question."""
        return self.validate()

    @property
    def teller(self) -> Teller:
        """Finds out whom answers concern."""
        return self.lineage.teller

    def tell(self, lineage: Lineage) -> Tell:
        """Tell whom an impact or trace concerns: stakeholders, regulators and owners."""
        return self.lineage.tell(lineage)

    def paths(
        self, start: str, goal: str, *, max_hops: int | None = None, limit: int = 20, **options: Unpack[WalkOptions]
    ) -> Paths:
        """Find the simple paths from a start to a participant, shortest first.

        Args:
            start: a participant, flow, item, concept or pattern by name.
            goal: a participant by name.
            max_hops: the longest path to look for; without it ``depth``, else 6.
            limit: how many paths to return.
            options: those of `impact`, without ``stations``; ``zone`` and ``type`` say to which participants of a goal
                that is several.

        Raises:
            UnknownNameError, AmbiguousNameError, CallError: a name or an option is wrong.

        """
        return self.lineage.paths((start,), (goal,), max_hops=max_hops, limit=limit, **options)
