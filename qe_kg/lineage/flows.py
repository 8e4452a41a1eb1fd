"""The flows of a model with what is needed to walk them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from qe_kg.catalogue import Catalogue, Element
from qe_kg.namespaces import Namespaces
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.terms import Term

Direction = Literal["downstream", "upstream"]
BASES = ("drawn", "stated", "all")
#: (participant, input item, output item), by IRI
Step = tuple[str, str, str]


@dataclass(frozen=True)
class Flow:
    """One flow of the model: participants and items by IRI, source lines, and basis.

    ``basis`` is "drawn", "stated", "both", or "none" where no statement of a source stands behind the flow.
    ``is_expansion`` tells that only the expansion of a universal statement gives it.
    """

    iri: str
    source: str
    target: str
    items: tuple[str, ...]
    lines: tuple[int, ...]
    basis: str
    is_expansion: bool = False

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


@dataclass(frozen=True)
class FlowGraph:
    """All flows with what is needed to walk them.

    Attributes:
        edges: every flow, sorted by IRI.
        derivations: (participant, input item, output item) triples, by IRI.
        elements: participants and items that occur in flows, by IRI.
        declassifying: those of ``derivations`` that are done in no other way than by a kind that declassifies: what
            restricts the input is gone from the output.

    """

    edges: tuple[Flow, ...]
    derivations: frozenset[Step]
    elements: dict[str, Element]
    declassifying: frozenset[Step] = frozenset()

    @classmethod
    def read(cls, store: EmbeddedStore, catalogue: Catalogue, namespaces: Namespaces) -> FlowGraph:
        """Read the flow graph from a store."""
        qe = f"PREFIX qe: <{namespaces.terms}>\n"
        ends: dict[str, tuple[str, str]] = {}
        items: dict[str, set[str]] = {}
        for flow, source, target, item in store.select(
            f"{qe}SELECT ?f ?s ?t ?i WHERE {{ ?f qe:hasSource ?s ; qe:hasTarget ?t "
            "OPTIONAL { ?f qe:carries ?i FILTER(isIRI(?i)) } FILTER(isIRI(?f) && isIRI(?s) && isIRI(?t)) }"
        ).rows:
            assert flow and source and target
            ends[flow.value] = (source.value, target.value)
            items.setdefault(flow.value, set()).update([item.value] if item else [])
        lines: dict[str, set[int]] = {}
        drawn: set[str] = set()
        stated: set[str] = set()
        directly: set[str] = set()
        for flow, how, line, medium in store.select(
            f"{qe}SELECT ?f ?how ?line ?medium WHERE {{ VALUES ?how {{ qe:statesFlow qe:expandsTo }} "
            "?st ?how ?f ; qe:medium ?medium OPTIONAL { ?st qe:atLine ?line } }"
        ).rows:
            assert flow and how and medium
            if how.value == f"{namespaces.terms}statesFlow":
                directly.add(flow.value)
            (drawn if medium.value == f"{namespaces.lists}medium-diagram" else stated).add(flow.value)
            lines.setdefault(flow.value, set()).update(_line_number(line))
        derivations, declassifying = _derivations(store, namespaces)
        edges = tuple(
            Flow(
                flow,
                *ends[flow],
                items=tuple(sorted(items[flow])),
                lines=tuple(sorted(lines.get(flow, ()))),
                basis=_basis(flow in drawn, flow in stated),
                is_expansion=flow in lines and flow not in directly,
            )
            for flow in sorted(ends)
        )
        named = {end for edge in edges for end in (edge.source, edge.target, *edge.items)}
        return cls(edges, derivations, catalogue.describe(named), declassifying)


def _derivations(store: EmbeddedStore, namespaces: Namespaces) -> tuple[frozenset[Step], frozenset[Step]]:
    """Return all steps within participants that derivations declare, and those that only declassifying ones do."""
    keeping: set[Step] = set()
    every: set[Step] = set()
    kinds = store.select(
        f"PREFIX qe: <{namespaces.terms}>\nSELECT ?at ?in ?out ?free WHERE {{ "
        "?d qe:isDerivedAt ?at ; qe:takesInput ?in ; qe:givesOutput ?out "
        "OPTIONAL { ?d qe:hasDerivationKind ?kind . ?kind qe:declassifies ?free } "
        "FILTER(isIRI(?at) && isIRI(?in) && isIRI(?out)) }"
    ).rows
    for at, made_from, made, free in kinds:
        assert at and made_from and made
        step = (at.value, made_from.value, made.value)
        every.add(step)
        if free is None or free.value not in ("true", "1"):
            keeping.add(step)
    return frozenset(every), frozenset(every - keeping)


def _line_number(value: Term | None) -> tuple[int, ...]:
    try:
        return (int(value.value),) if value else ()
    except ValueError:
        return ()  # validation tells


def _basis(drawn: bool, stated: bool) -> str:
    if drawn and stated:
        return "both"
    return "drawn" if drawn else "stated" if stated else "none"
