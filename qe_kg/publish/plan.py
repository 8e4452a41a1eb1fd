"""What a publication would change, told before anything is changed.

Graphs are compared by their hashes with what the store's record says. Of those that differ, what readers have now is
read back: so the plan counts triples exactly, and tells when somebody else changed a graph behind the record's back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from qe_kg.errors import CallError
from qe_kg.publish.reading import read_graph
from qe_kg.publish.versions import GraphVersion, Version, first_name, read_heads, read_version
from qe_kg.store.canonical import CanonicalGraph
from qe_kg.store.record import Record
from qe_kg.store.remote import RemoteStore
from qe_kg.store.rewriting import Altered, Foretold, foretell

State = Literal["new", "changed", "gone", "same"]


@dataclass(frozen=True)
class Wanted:
    """A graph as it shall be in the store.

    Attributes:
        name: its usual name.
        hash: the hash of what the files say.
        foretold: what the store should give back of it.

    """

    name: str
    hash: str
    foretold: Foretold

    @classmethod
    def of(cls, name: str, graph: CanonicalGraph, product: str) -> Wanted:
        """Tell what a product makes of a graph of the files."""
        return cls(name, graph.hash, foretell(product, graph))


@dataclass(frozen=True)
class Step:
    """What happens to one graph.

    Attributes:
        name: its usual name.
        state: what it is to the published version.
        wanted: what it shall be; None where it goes.
        before: the record's word on what it was; None where there is none.
        place: where readers find it now, or None.
        removed: lines that the store holds and that go.
        added: lines that come.
        is_plain: whether neither side has blank nodes, so that a difference can be told by its triples.
        is_foreign: whether readers have something else than what was published.

    """

    name: str
    state: State
    wanted: Wanted | None = None
    before: GraphVersion | None = None
    place: str | None = None
    removed: tuple[bytes, ...] = ()
    added: tuple[bytes, ...] = ()
    is_plain: bool = True
    is_foreign: bool = False

    @property
    def altered(self) -> tuple[Altered, ...]:
        """The literals of it that the product alters."""
        return self.wanted.foretold.altered if self.wanted else ()


@dataclass(frozen=True)
class Plan:
    """What a publication would do.

    Attributes:
        head: the current version; number 0 where nothing was published yet.
        steps: what happens to each graph, by name.
        published: triples that readers have now.

    """

    head: Version
    steps: tuple[Step, ...]
    published: int = 0
    model: str = ""
    scenario: str | None = None

    @property
    def changes(self) -> tuple[Step, ...]:
        """The graphs that change."""
        return tuple(step for step in self.steps if step.state != "same")

    @property
    def removed_share(self) -> float:
        """The share of what readers have now that would go, from 0 to 1."""
        return sum(len(step.removed) for step in self.steps) / self.published if self.published else 0.0

    @property
    def is_done(self) -> bool:
        """Whether the store has it all, and was found to have it."""
        return not self.changes and self.head.number > 0 and not self.head.rivals

    def check_removals(self, allowed: float) -> None:
        """Refuse to take more away than a share of what is published.

        Raises:
            CallError: it would.

        """
        if self.removed_share > allowed:
            going = sum(len(step.removed) for step in self.steps)
            raise CallError(
                f"{going:,} of {self.published:,} published triples ({self.removed_share:.0%}) would go, more than "
                f"{allowed:.0%}; if that is meant, say --max-removed {min(1.0, round(self.removed_share + 0.005, 2)):g}"
            )


def make_plan(
    store: RemoteStore, record: str, wanted: Iterable[Wanted], model: str, scenario: str | None = None, *,
    read_back: bool = False,
) -> Plan:  # fmt: skip
    """Compare what is wanted with what is published.

    Args:
        store: the store.
        record: IRI of the record's graph.
        wanted: every graph that shall be there; all others of the published version go.
        model: the model's name.
        scenario: the scenario's name, or None.
        read_back: whether to read also what the record says is the same, and so find whatever others wrote to it.

    Raises:
        CallError: the store holds another model under these names.
        StoreError: the store cannot be asked.

    """
    shall = {one.name: one for one in wanted if len(one.foretold.graph)}
    head, places = published(store, record, shall)
    if head.model and head.model != model:
        raise CallError(
            f"the store {store.profile.name} holds the model {head.model!r} there; publish {model!r} to another store, "
            "or give it a base of its own"
        )
    is_trusted = head.is_accepted and not read_back
    steps = [
        _step(store, name, shall.get(name), head.graphs.get(name), places.get(name), is_trusted=is_trusted)
        for name in sorted({*shall, *places})
    ]
    kept = sum(len(one.wanted.foretold.graph) for one in steps if one.wanted and one.state == "same")
    changing = sum(
        len(one.removed) + len(one.wanted.foretold.graph if one.wanted else ()) - len(one.added)
        for one in steps
        if one.state != "same"
    )
    return Plan(head, tuple(steps), kept + changing, model, scenario)


def published(store: RemoteStore, record: str, names: Iterable[str]) -> tuple[Version, Mapping[str, str]]:
    """Return the current version, and where readers find each graph.

    A store that a model was loaded into without versions has its graphs under their usual names.

    Raises:
        StoreError: the store cannot be asked.

    """
    names_of_heads = read_heads(store, record) or [first_name(record)]
    name, rivals = names_of_heads[-1], tuple(names_of_heads[:-1])
    head = read_version(store, record, name)
    if head is not None and rivals:
        # What readers have may be of either, so nothing is taken for granted.
        head = replace(head, rivals=rivals, is_accepted=False)
    if head is not None and head.number:
        return head, {one: place for one in head.graphs if (place := head.place(one))}
    held = Record.read(store.connection, record) or Record.by_usual_names(store.connection, names)
    return Version(name, held.name, scenario=held.scenario), held.graphs


def _step(
    store: RemoteStore, name: str, wanted: Wanted | None, before: GraphVersion | None, place: str | None, *,
    is_trusted: bool,
) -> Step:  # fmt: skip
    if is_trusted and wanted and before and before.hash == wanted.hash:
        return Step(name, "same", wanted, before, place)
    found = read_graph(store, place) if place else CanonicalGraph(())
    is_foreign = before is not None and found.hash != before.stored
    if wanted and wanted.foretold.fits(found) and before and before.hash == wanted.hash:
        return Step(name, "same", wanted, before, place)
    if wanted is None and not found.lines and before is None:
        return Step(name, "gone", None, before, place)
    shall = wanted.foretold.graph if wanted else CanonicalGraph(())
    removed, added = found.lines, shall.lines
    if removed and added:
        here, there = set(removed), set(added)
        removed, added = tuple(sorted(here - there)), tuple(sorted(there - here))
    return Step(
        name, "gone" if wanted is None else "changed" if place else "new", wanted, before, place,
        removed=removed, added=added,
        is_plain=not found.has_blank_nodes and not shall.has_blank_nodes, is_foreign=is_foreign,
    )  # fmt: skip
