"""The steps of a publication: stage, read back, swap, read back, accept, tidy up.

Killed at any of them, it has changed nothing that readers see, or everything; run again, it goes on from what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from qe_kg.errors import StoreError
from qe_kg.namespaces import DCTERMS, RDF, XSD
from qe_kg.publish.claims import claimed
from qe_kg.publish.plan import Plan, Step
from qe_kg.publish.reading import read_graph
from qe_kg.publish.swap import begin_record, needs_claim, run, swap, way_of
from qe_kg.publish.versions import (
    DCAT,
    GraphVersion,
    Version,
    as_n_triples,
    first_name,
    history,
    new_version,
    patch_names,
    piece_names,
    read_heads,
    read_version,
)
from qe_kg.store.canonical import CanonicalGraph
from qe_kg.store.remote import RemoteStore
from qe_kg.terms import iri

_ENTITY = "http://www.w3.org/ns/prov#Entity"
#: Up to so many triples a bulk loader takes longer to begin than a transaction takes for all.
_FEW = 2_000


@dataclass(frozen=True)
class Author:
    """Who publishes, with which tool, from which commit."""

    name: str
    tool: str
    commit: str | None = None


class _Staged(NamedTuple):
    """A graph that is put where nobody looks.

    Attributes:
        name: its name there.
        graph: what it holds: a content, a piece of it, or a part of a difference.
        step: what it is for.

    """

    name: str
    graph: CanonicalGraph
    step: Step

    def fits(self, found: CanonicalGraph) -> bool:
        """Tell whether what came back is what should."""
        if found is self.graph:
            return True
        if self.step.wanted is not None and self.graph is self.step.wanted.foretold.graph:
            return self.step.wanted.foretold.fits(found)
        return found.hash == self.graph.hash


class Publisher:
    """Publishes to one store.

    Args:
        store: where to.
        record: IRI of the record's graph.
        author: who publishes.
        piece: a graph of more triples is staged in pieces. Servers hold in memory what an update copies, so they hold a
            piece at a time; and a run that was cut off goes on after the last piece that is there.

    """

    def __init__(self, store: RemoteStore, record: str, author: Author, *, piece: int = 1_000_000) -> None:
        self._store, self._record, self._author, self._piece = store, record, author, piece
        self._inventory = f"{record}/inventory"
        #: What the inventory listed when this run began; what came later is another run's.
        self._listed: set[str] = set()

    def publish(self, plan: Plan, *, delta: bool = False, keep: int = 5) -> Version:
        """Do what a plan says, and return the version that is then current.

        Args:
            plan: from `make_plan`; where there is nothing to do, nothing is done.
            delta: whether to send differences where both sides are known exactly and have no blank nodes.
            keep: how many versions before this one to keep for a rollback.

        Raises:
            StoreError: it did not work out; readers have the old version or the new one. Somebody else may have
                published meanwhile.

        """
        if plan.is_done:
            if not plan.head.is_accepted:
                self._accept(plan.head)
            return plan.head
        version = self._version(plan, delta)
        if plan.head.number == 0:
            begin_record(self._store, self._record, first_name(self._record))
        version = self._stage(plan, version)
        self._swap(plan, version)
        try:
            self._verify(plan, version)
            self._accept(version)
            self._tidy(version, keep)
        except StoreError as error:
            message = (
                f"readers have version {version.number}, but what comes after was not done: {error}. Publish again"
            )
            raise StoreError(message, error.status) from error
        return replace(version, is_accepted=True)

    def _version(self, plan: Plan, delta: bool) -> Version:
        graphs, derived = {}, {}
        by_content = way_of(self._store.profile.quirks) == "pointer"
        for step in plan.steps:
            if step.wanted is None:
                continue
            foretold = step.wanted.foretold.graph
            pieces = 1 if by_content or foretold.has_blank_nodes else -(-len(foretold) // self._piece) or 1
            graph = GraphVersion(step.name, step.wanted.hash, foretold.hash, len(foretold), pieces)
            if step.state == "same" and step.before is not None:
                graph = step.before
                derived.update(_chain(plan.head, graph.content))
            elif delta and not by_content and step.before is not None and _can_be_told_by_difference(step):
                chain = {graph.content: step.before.content, **_chain(plan.head, step.before.content)}
                if graph.content not in chain.values():  # else it would be a difference to itself
                    derived.update(chain)
            graphs[step.name] = graph
        return new_version(
            self._record, plan.head, model=plan.model, scenario=plan.scenario, graphs=graphs, derived=derived,
            by_content=by_content, publisher=self._author.name, tool=self._author.tool, commit=self._author.commit,
        )  # fmt: skip

    # --- staging ----------------------------------------------------------------------------------------------

    def _stage(self, plan: Plan, version: Version) -> Version:
        """Put everything where nobody looks, and return the version with the hashes of what the store holds of it."""
        self._listed = self._inventory_names()
        staged = list(self._to_stage(plan, version))
        # First what is going to be there, so that whatever a run leaves behind is found and removed by a later one.
        names = [version.iri, *(one.name for one in staged)]
        listed = as_n_triples((iri(name), iri(f"{RDF}type"), iri(_ENTITY)) for name in names)
        self._store.post_graph(self._inventory, listed, idempotent=True)
        graphs = dict(version.graphs)
        for one, found in self._sent(staged):
            if one.name == graphs[one.step.name].content:
                # Another one than foretold where a literal is altered in a way that is only known to be one.
                graphs[one.step.name] = replace(graphs[one.step.name], stored=found.hash, size=len(found))
        version = replace(version, graphs=graphs)
        text = as_n_triples(version.triples())
        self._store.put_graph(version.iri, text)
        if read_version(self._store, self._record, version.iri) != version:
            raise self._store.connection.error("did not keep the record of the version as it was sent")
        return version

    def _to_stage(self, plan: Plan, version: Version) -> Iterator[_Staged]:
        for step in plan.changes:
            if step.wanted is None:
                continue
            content = version.graphs[step.name].content
            if content not in version.derived:
                names = piece_names(content)
                for name, piece in zip(names, step.wanted.foretold.graph.divided(len(names)), strict=True):
                    yield _Staged(name, piece, step)
                continue
            for name, lines in zip(
                patch_names(content, version.derived[content]), (step.removed, step.added), strict=True
            ):
                if lines:
                    yield _Staged(name, CanonicalGraph(lines), step)

    def _sent(self, staged: Iterable[_Staged]) -> Iterator[tuple[_Staged, CanonicalGraph]]:
        """Put graphs where nobody looks, and yield what comes back of each."""
        for one in staged:
            found = self._kept(one)
            if found is None:
                self._store.put_graph(one.name, one.graph.parts, is_unread=len(one.graph) > _FEW)
                found = self._read_back(one)
            yield one, found

    def _kept(self, one: _Staged) -> CanonicalGraph | None:
        """Return what an earlier run put there, if it is what should be there; it need not be sent again."""
        if one.name not in self._listed:
            return None
        found = read_graph(self._store, one.name, one.graph)
        return found if one.fits(found) else None

    def _read_back(self, one: _Staged) -> CanonicalGraph:
        found = read_graph(self._store, one.name, one.graph)
        if not one.fits(found):
            raise self._store.connection.error(
                f"does not give back {one.step.name} as it should: {_difference(one.graph, found)}. "
                "Nothing was published"
            )
        return found

    # --- the swap and after -------------------------------------------------------------------------------------

    def _swap(self, plan: Plan, version: Version) -> None:
        failure: StoreError | None = None
        alone = (
            claimed(self._store, self._record, version.iri, self._author.name)
            if needs_claim(self._store.profile.quirks)
            else nullcontext()
        )
        try:
            with alone:
                swap(self._store, self._record, plan.head.iri, version, plan.changes)
        except StoreError as error:
            failure = error  # who has won is what the record says
        heads = read_heads(self._store, self._record)
        if heads == [version.iri]:
            return
        if plan.head.iri in heads:
            raise failure or self._store.connection.error(
                "did not take the new version, as if something staged were gone, or a graph had changed that a "
                "difference is sent for: did somebody tidy up, or write to it? Readers have the old version; publish "
                "again"
            )
        winner = read_version(self._store, self._record, heads[0]) if heads else None
        told = winner.told() if winner else "another version"
        raise StoreError(
            f"the store {self._store.profile.name} was published to by somebody else meanwhile: {told}. Nothing of "
            "yours was published; look at it with qe-kg status, then publish again"
        )

    def _verify(self, plan: Plan, version: Version) -> None:
        for step in plan.changes:
            shall = version.graphs.get(step.name)
            if shall is None:
                wrong = bool(self._store.size(step.name))
            elif version.by_content:
                continue  # readers are shown the very graph that was read back
            elif shall.content in version.derived:
                wrong = not self._has_difference(step, patch_names(shall.content, version.derived[shall.content]))
            else:
                wrong = not self._is_copy(step.name, shall)
            if wrong:
                raise self._store.connection.error(
                    f"holds something else in {step.name} than it was given: somebody else writes to it"
                )

    def _is_copy(self, name: str, shall: GraphVersion) -> bool:
        """Tell whether a graph is the staged one, which was read back: it has as many triples, and all of these."""
        pieces = piece_names(shall.content)
        return self._store.size(name) == shall.size == sum(self._store.shared(piece, name) for piece in pieces)

    def _has_difference(self, step: Step, patches: tuple[str, str]) -> bool:
        """Tell whether a graph has what was added, all of it, and lacks what was removed.

        What it was before the difference was read in the same run, and the swap saw what went in it and missed what
        came, so nothing else is asked for: that takes as long for a large graph as for a small one.
        """
        removed, added = patches
        return not (step.removed and self._store.shared(removed, step.name)) and (
            not step.added or self._store.shared(added, step.name) == len(step.added)
        )

    def _accept(self, version: Version) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        accepted = f'<{version.iri}> <{DCTERMS}dateAccepted> "{now}"^^<{XSD}dateTime>'
        run(
            self._store,
            f"INSERT {{ GRAPH <{self._record}> {{ {accepted} }} }} "
            f"WHERE {{ GRAPH <{self._record}> {{ <{self._record}> <{DCAT}hasCurrentVersion> <{version.iri}> }} }}",
        )

    def _inventory_names(self) -> set[str]:
        rows = self._store.select(f"SELECT ?g WHERE {{ GRAPH <{self._inventory}> {{ ?g ?p ?o }} }}").rows
        return {row[0].value for row in rows if row[0]}

    def _tidy(self, version: Version, keep: int) -> None:
        """Remove what no kept version needs: older versions, and what runs that did not finish left behind."""
        kept = history(self._store, self._record, version, keep + 1)
        needed = {name for one in kept for name in _needs(one)}
        going = sorted(self._listed - needed)
        for name in going:
            self._store.delete_graph(name)
        for start in range(0, len(going), 100):
            rows_gone = " ".join(f"<{name}> <{RDF}type> <{_ENTITY}> ." for name in going[start : start + 100])
            run(self._store, f"DELETE DATA {{ GRAPH <{self._inventory}> {{ {rows_gone} }} }}")


def _chain(version: Version, content: str) -> dict[str, str]:
    """Return what a content is a difference to, and that in turn."""
    found = {}
    while (base := version.derived.get(content)) is not None:
        found[content] = base
        content = base
    return found


def _needs(version: Version) -> Iterator[str]:
    """Yield the graphs that a version is made of."""
    yield version.iri
    for graph in version.graphs.values():
        chain = _chain(version, graph.content)
        for content, base in chain.items():
            yield from patch_names(content, base)
        yield from piece_names(list(chain.values())[-1] if chain else graph.content)


def _can_be_told_by_difference(step: Step) -> bool:
    return (
        step.state == "changed" and step.before is not None and step.is_plain and not step.is_foreign
        and step.wanted is not None and not step.wanted.foretold.loose
        and step.before.hash != step.wanted.hash
    )  # fmt: skip


def _difference(sent: CanonicalGraph, found: CanonicalGraph) -> str:
    lacking, foreign = set(sent.lines) - set(found.lines), set(found.lines) - set(sent.lines)
    example = (min(lacking or foreign, default=b"")).decode("utf-8", "replace")[:200]
    return f"{len(lacking):,} triples are missing or altered, {len(foreign):,} are others, such as {example}"
