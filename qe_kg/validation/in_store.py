"""Validation within a store elsewhere: the shapes become queries there, and only what they find comes back.

What is not in the store and belongs to a validation, the day of evaluation and the findings along paths, is put into a
graph of its own for as long as it takes. The verdict is about literals as the store has them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from qe_kg.errors import StoreError
from qe_kg.namespaces import RDF, RDFS, SKOS, XSD, Namespaces
from qe_kg.shacl.dependence import Dependence
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.nodes import Node, is_iri, text_of
from qe_kg.shacl.results import EngineRun
from qe_kg.store.protocol import Store
from qe_kg.store.remote import RemoteStore
from qe_kg.store.remote_source import RemoteSource
from qe_kg.validation.by_queries import NotInStoreError, run_by_queries

if TYPE_CHECKING:
    import pyoxigraph as ox

    from qe_kg.validation.report import ValidationReport

_REFUSED = (401, 403, 404, 405)
_AT_ONCE = 500
_NAMED_AT_MOST = 8
Triple = tuple[Node, Node, Node]


class InStore:
    """A store elsewhere with the data that are validated.

    Args:
        store: asked for the graphs that are validated.
        namespaces: those of the model.

    """

    def __init__(self, store: Store, namespaces: Namespaces) -> None:
        assert isinstance(store, RemoteStore)
        self.store, self._names = store, namespaces
        self.notes: tuple[str, ...] = ()

    def accepted(self) -> Iterator[Triple]:
        """Yield what the store says about waivers and baseline entries, wherever they are."""
        terms = self._names.terms
        kinds = f"VALUES ?k {{ <{terms}Waiver> <{terms}BaselineEntry> }}"
        yield from self._triples(
            f"SELECT DISTINCT ?s ?p ?o WHERE {{ {kinds} ?s <{RDF}type>/<{RDFS}subClassOf>* ?k . ?s ?p ?o }}"
        )

    def labels(self, nodes: Collection[Node]) -> Iterator[Triple]:
        """Yield the labels of some nodes."""
        named = sorted(node for node in nodes if is_iri(node))
        for start in range(0, len(named), _AT_ONCE):
            listed = " ".join(named[start : start + _AT_ONCE])
            label = f"<{SKOS}prefLabel>"
            yield from self._triples(
                f"SELECT ?n ?p ?l WHERE {{ VALUES ?n {{ {listed} }} VALUES ?p {{ {label} }} ?n ?p ?l }}"
            )

    def _triples(self, query: str) -> Iterator[Triple]:
        for subject, predicate, value in RemoteSource(self.store).select(query):
            if subject and predicate and value:
                yield subject, predicate, value

    def run(self, added: Sequence[ox.Quad], shapes: Sequence[ox.Quad]) -> EngineRun:
        """Evaluate shapes.

        Args:
            added: what belongs to the data for this time and is not in the store; it is put into the copy of the data
                that the store then has to be (see `copied`).
            shapes: the shapes.

        Raises:
            NotByQueries: a shape cannot be put into queries.
            IllFormedShapes: the shapes cannot be evaluated.
            StoreError: the store cannot be asked.

        """
        name = self.store.profile.name
        if not self.store.ask("ASK { ?s ?p ?o }"):
            where = "its default graph is empty; name graphs with --graph" if self.store.graphs is None else "no triple"
            raise StoreError(f"the store {name} holds nothing to validate: {where}")
        if added:
            (copy,) = self.store.graphs or ("",)
            evaluated = f"{self._names.terms}evaluatedOn"
            self.store.delete_where(copy, f"?s <{evaluated}> ?o", f"?s = <{self._names.instances}evaluation>")
            self.store.insert_data(copy, added)
        return self._judged(run_by_queries(shapes, RemoteSource(self.store)), shapes)

    def _judged(self, run: EngineRun, shapes: Sequence[ox.Quad]) -> EngineRun:
        """Say which shapes hang on the form of literals that a store may have rewritten."""
        name = self.store.profile.name
        plain = f"<{XSD}string>, <{RDF}langString>, <{XSD}anyURI>"
        rows = RemoteSource(self.store).select(
            f"SELECT DISTINCT ?p WHERE {{ ?s ?p ?o FILTER(isLiteral(?o) && DATATYPE(?o) NOT IN ({plain})) }}"
        )
        compiled = CompiledShapes(shapes)
        dependence = Dependence(compiled.shapes, {row[0] for row in rows if row[0]}, compiled.altered_literals)
        found = sorted(shape.node for shape in compiled.shapes.targeted if dependence.of_shape(shape))
        notes = [f"validated within the store {name}: the verdict is about literals as the store has them"]
        if found:
            shown = ", ".join(
                self._names.compact(text_of(one)) if is_iri(one) else one for one in found[:_NAMED_AT_MOST]
            )
            more = f" and {len(found) - _NAMED_AT_MOST} more" if len(found) > _NAMED_AT_MOST else ""
            notes.append(f"{len(found)} shapes look at the form of literals, which a store may rewrite: {shown}{more}")
        self.notes = tuple(notes)
        return replace(run, coverage=replace(run.coverage, elsewhere=()))


@contextmanager
def copied(store: Store, namespaces: Namespaces) -> Iterator[RemoteStore]:
    """Give a store with a copy of what is validated, of its own making and for this time.

    Raises:
        NotInStoreError: the store has no URL for updates, or refuses them, or lacks what the queries need.

    """
    assert isinstance(store, RemoteStore)
    if not store.profile.update:
        raise NotInStoreError("it has no URL for updates, and the day of evaluation has to be put there")
    if not store.profile.quirks.open_paths:
        raise NotInStoreError(f"{store.profile.product} does not answer paths that are open at both ends")
    with ExitStack() as stack:
        try:
            copy = stack.enter_context(store.copied(f"{namespaces.base}graph/evaluation/{uuid.uuid4()}"))
        except StoreError as error:
            if error.status in _REFUSED:
                raise NotInStoreError(f"it refuses a copy of the data to be judged: {error}") from error
            raise
        yield copy


def validated_in_store(
    engine: str, there: Callable[[], ValidationReport], here: Callable[[], ValidationReport]
) -> ValidationReport:
    """Validate in the store; where that cannot be and any engine will do, in memory, and say so.

    Args:
        engine: which is asked for.
        there: validates in the store.
        here: reads everything from it and validates in memory.

    Raises:
        NotInStoreError: the engine was to be ours, and it cannot run there.

    """
    if engine in ("auto", "sparql"):
        try:
            return there()
        except NotInStoreError as error:
            if engine == "sparql":
                raise
            why = str(error)
    else:
        why = f"the engine {engine} does not run in a store"
    report = here()
    note = f"read from the store and validated in memory, by literals as the store has them: {why}"
    return replace(report, notes=(*report.notes, note))
