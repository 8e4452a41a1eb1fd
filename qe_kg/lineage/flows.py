"""The flows of a model with what is needed to walk them, and where a walk gets them from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar

from qe_kg.catalogue import Catalogue, Element
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store
from qe_kg.terms import parse_term

Direction = Literal["downstream", "upstream"]
BASES = ("drawn", "stated", "all")
#: (participant, input item, output item), by IRI
Step = tuple[str, str, str]
One = TypeVar("One", str, int)
#: How many IRIs a query of ours lists at most.
_LISTED = 1000


@dataclass(frozen=True)
class Flow:
    """One flow of the model: participants and items by IRI, source lines, and basis.

    ``basis`` is "drawn", "stated", "both", or "none" where no statement of a source stands behind the flow.
    ``is_expansion`` tells that only the expansion of a universal statement gives it. ``modalities`` are those of the
    statements behind it (compact IRIs), ``stations`` the participants that it passes through.
    """

    iri: str
    source: str
    target: str
    items: tuple[str, ...]
    lines: tuple[int, ...]
    basis: str
    is_expansion: bool = False
    modalities: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()

    def ends(self, direction: Direction) -> tuple[str, str]:
        """Return where the flow is entered and where it is left when walking in a direction."""
        return (self.source, self.target) if direction == "downstream" else (self.target, self.source)

    def is_of(self, basis: str) -> bool:
        """Tell whether the flow is of one of `BASES`."""
        return basis == "all" or self.basis in (basis, "both")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; ``item`` is the first item, ``items`` is there only where a flow has several."""
        several = {"items": list(self.items)} if len(self.items) > 1 else {}
        return {
            "id": self.iri,
            "source": self.source,
            "target": self.target,
            "item": self.items[0] if self.items else None,
            **several,
            "lines": list(self.lines),
            "basis": self.basis,
        }


class FlowSource(Protocol):
    """Where a walk gets flows from, a level at a time: a graph in memory, a store on disk, or one far away."""

    def leaving(
        self, participants: Collection[str], direction: Direction, basis: str, *, stations: bool = False
    ) -> Mapping[str, list[Flow]]:
        """Return the flows of a basis that are entered at these participants, each list sorted by IRI.

        With ``stations``, a flow is entered at the participants that it passes through as well.
        """

    def flows(self, iris: Collection[str], basis: str) -> list[Flow]:
        """Return those of the flows with these IRIs that are of a basis."""

    def steps(self, participants: Collection[str]) -> Collection[Step]:
        """Return the steps that derivations declare; at least those at these participants."""

    def describe(self, iris: Collection[str]) -> Mapping[str, Element]:
        """Return the elements with these IRIs; at least those."""

    def evidence(self, flows: Collection[Flow]) -> list[Flow]:
        """Return these flows with what the sources say of them, in the same order."""


@dataclass(frozen=True)
class FlowGraph:
    """All flows with what is needed to walk them, in memory.

    Attributes:
        edges: every flow, sorted by IRI.
        derivations: (participant, input item, output item) triples, by IRI. Where a derivation takes the output of
            another one at the same participant, what goes into the first comes out of the second.
        elements: participants and items that occur in flows, by IRI.
        declassifying: those of ``derivations`` that are done in no other way than by a kind that declassifies: what
            restricts the input is gone from the output.

    """

    edges: tuple[Flow, ...]
    derivations: frozenset[Step]
    elements: dict[str, Element]
    declassifying: frozenset[Step] = frozenset()

    @classmethod
    def read(cls, store: Store, catalogue: Catalogue, namespaces: Namespaces) -> FlowGraph:
        """Read the flow graph from a store."""
        bare = read_flows(store, namespaces)
        told = read_statements(store, namespaces)
        edges = tuple(told.add_to(flow) for flow in bare)
        derivations, declassifying = read_derivations(store, namespaces)
        named = {end for edge in edges for end in (edge.source, edge.target, *edge.items, *edge.stations)}
        return cls(edges, derivations, catalogue.describe(named), declassifying)

    def leaving(
        self, participants: Collection[str], direction: Direction, basis: str, *, stations: bool = False
    ) -> Mapping[str, list[Flow]]:
        """Return the flows of a basis that are entered at these participants, each list sorted by IRI."""
        entered = self._entered[direction]
        found = {one: [flow for flow in entered.get(one, ()) if flow.is_of(basis)] for one in participants}
        if stations:
            for flow in self._with_stations:
                for one in found.keys() & set(flow.stations):
                    found[one] = sorted({*found[one], *([flow] if flow.is_of(basis) else [])}, key=lambda it: it.iri)
        return found

    @cached_property
    def _with_stations(self) -> list[Flow]:
        return [flow for flow in self.edges if flow.stations]

    @cached_property
    def _entered(self) -> dict[Direction, dict[str, list[Flow]]]:
        downstream: dict[str, list[Flow]] = {}
        upstream: dict[str, list[Flow]] = {}
        for flow in sorted(self.edges, key=lambda one: one.iri):
            downstream.setdefault(flow.source, []).append(flow)
            upstream.setdefault(flow.target, []).append(flow)
        return {"downstream": downstream, "upstream": upstream}

    def flows(self, iris: Collection[str], basis: str) -> list[Flow]:
        """Return those of the flows with these IRIs that are of a basis."""
        return [flow for flow in self.edges if flow.iri in iris and flow.is_of(basis)] if iris else []

    def steps(self, participants: Collection[str]) -> Collection[Step]:
        """Return all steps that derivations declare."""
        return self.derivations

    def describe(self, iris: Collection[str]) -> Mapping[str, Element]:
        """Return all elements."""
        return self.elements

    def evidence(self, flows: Collection[Flow]) -> list[Flow]:
        """Return the flows as they are: they have their evidence."""
        return list(flows)


# --- reading -------------------------------------------------------------------------------------------------


def chunks(iris: Iterable[str]) -> Iterable[str]:
    """Yield the terms of a VALUES block for IRIs, a bounded number at a time."""
    listed = sorted(set(iris))
    for start in range(0, len(listed), _LISTED):
        yield " ".join([f"<{one}>" for one in listed[start : start + _LISTED]])


def value_rows(store: Store, query: str) -> Iterator[list[str]]:
    """Yield the rows of a SELECT of ours as plain values (IRIs, lexical forms), empty where there is none.

    As text, since terms as Python objects take several times as long.
    """
    for row in store.text_rows(query).decode().split("\n")[1:-1]:
        yield [cell[1:-1] if cell[:1] == "<" else parse_term(cell).value if cell else "" for cell in row.split("\t")]


def read_flows(store: Store, namespaces: Namespaces, where: str = "") -> list[Flow]:
    """Return flows without evidence, sorted by IRI.

    Args:
        store: where to look.
        namespaces: its namespaces.
        where: a pattern that narrows ?f, ?s or ?t, to come first; it may use the prefix qe:.

    """
    ends: dict[str, tuple[str, str]] = {}
    items: dict[str, set[str]] = {}
    stations: dict[str, set[str]] = {}
    for flow, source, target, item, station in value_rows(
        store,
        f"PREFIX qe: <{namespaces.terms}>\nSELECT ?f ?s ?t ?i ?by WHERE {{ {where} "
        "?f qe:hasSource ?s ; qe:hasTarget ?t "
        "OPTIONAL { ?f qe:carries ?i FILTER(isIRI(?i)) } OPTIONAL { ?f qe:passesThrough ?by FILTER(isIRI(?by)) } "
        "FILTER(isIRI(?f) && isIRI(?s) && isIRI(?t)) }",
    ):
        # Of several, which validation tells, the first by name.
        ends[flow] = min((source, target), ends.get(flow, (source, target)))
        items.setdefault(flow, set()).update([item] if item else [])
        if station:
            stations.setdefault(flow, set()).add(station)
    return [
        Flow(one, *ends[one], tuple(sorted(items[one])), (), "none", stations=tuple(sorted(stations.get(one, ()))))
        for one in sorted(ends)
    ]


@dataclass
class Statements:
    """What statements of sources say of flows, by IRI."""

    lines: dict[str, set[int]]
    drawn: set[str]
    stated: set[str]
    directly: set[str]
    modalities: dict[str, set[str]]

    def add_to(self, flow: Flow) -> Flow:
        """Return a flow with what the statements say of it."""
        return Flow(
            flow.iri, flow.source, flow.target, flow.items,
            lines=tuple(sorted(self.lines.get(flow.iri, ()))),
            basis=_basis(flow.iri in self.drawn, flow.iri in self.stated),
            is_expansion=flow.iri in self.lines and flow.iri not in self.directly,
            modalities=tuple(sorted(self.modalities.get(flow.iri, ()))),
            stations=flow.stations,
        )  # fmt: skip


def read_statements(store: Store, namespaces: Namespaces, flows: Iterable[str] | None = None) -> Statements:
    """Return what sources say of these flows; of all, with None."""
    found = Statements({}, set(), set(), set(), {})
    for values in [""] if flows is None else [f"VALUES ?f {{ {listed} }}" for listed in chunks(flows)]:
        for flow, how, line, medium, modality in value_rows(
            store,
            f"PREFIX qe: <{namespaces.terms}>\nSELECT ?f ?how ?line ?medium ?modality WHERE {{ {values} "
            "VALUES ?how { qe:statesFlow qe:expandsTo } ?st ?how ?f ; qe:medium ?medium "
            "OPTIONAL { ?st qe:atLine ?line } OPTIONAL { ?st qe:modality ?modality } }",
        ):
            if how == f"{namespaces.terms}statesFlow":
                found.directly.add(flow)
            is_drawn = medium == f"{namespaces.lists}medium-diagram"
            (found.drawn if is_drawn else found.stated).add(flow)
            found.lines.setdefault(flow, set()).update(_line_number(line))
            if modality:
                found.modalities.setdefault(flow, set()).add(namespaces.compact(modality))
    return found


def read_derivations(
    store: Store, namespaces: Namespaces, participants: Iterable[str] | None = None
) -> tuple[frozenset[Step], frozenset[Step]]:
    """Return the steps within participants that derivations declare, and those that only declassifying ones do."""
    keeping: set[Step] = set()
    every: set[Step] = set()
    for values in [""] if participants is None else [f"VALUES ?at {{ {one} }}" for one in chunks(participants)]:
        for at, made_from, made, free in value_rows(
            store,
            f"PREFIX qe: <{namespaces.terms}>\nSELECT ?at ?in ?out ?free WHERE {{ {values} "
            "?d qe:isDerivedAt ?at ; qe:takesInput ?in ; qe:givesOutput ?out "
            "OPTIONAL { ?d qe:hasDerivationKind ?kind . ?kind qe:declassifies ?free } "
            "FILTER(isIRI(?at) && isIRI(?in) && isIRI(?out)) }",
        ):
            step = (at, made_from, made)
            every.add(step)
            if free not in ("true", "1"):
                keeping.add(step)
    # What is left of a restriction after several steps in a row is what no step among them has taken away.
    every, keeping = chained(every), chained(keeping)
    return frozenset(every), frozenset(every - keeping)


def chained(steps: set[tuple[One, One, One]]) -> set[tuple[One, One, One]]:
    """Add the steps that several in a row at one participant make."""
    onward: dict[tuple[One, One], set[One]] = {}
    for at, made_from, made in steps:
        onward.setdefault((at, made_from), set()).add(made)
    chained = set(steps)
    for (at, made_from), outputs in onward.items():
        if all((at, made) not in onward for made in outputs):
            continue  # nothing is made of what is made here
        reached: set[One] = set()
        waiting = [made_from]
        while waiting:
            for made in onward.get((at, waiting.pop()), ()):
                if made not in reached:
                    reached.add(made)
                    waiting.append(made)
        chained |= {(at, made_from, made) for made in reached}
    return chained


def _line_number(value: str) -> tuple[int, ...]:
    try:
        return (int(value),) if value else ()
    except ValueError:
        return ()  # validation tells


def _basis(drawn: bool, stated: bool) -> str:
    if drawn and stated:
        return "both"
    return "drawn" if drawn else "stated" if stated else "none"
