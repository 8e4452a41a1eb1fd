"""Why an impact or a trace reaches somebody: the flows of the path shown, and what connects each with the next."""

from __future__ import annotations

from collections.abc import Iterator

from qe_kg.lineage.answer import Lineage, Reached
from qe_kg.lineage.evidence import Hop
from qe_kg.namespaces import SKOS
from qe_kg.terms import iri
from qe_kg.why.places import Sources
from qe_kg.why.reason import Reason


def why_reached(lineage: Lineage, goal: str, sources: Sources) -> Reason | None:
    """Explain why an element is in an answer; None where it is not.

    Args:
        lineage: the answer.
        goal: IRI of the element.
        sources: finds where flows, statements and derivations are written.

    """
    reached = next((one for one in lineage.reached if one.element.iri == goal), None)
    return None if reached is None else _Teller(lineage, sources).tell(reached)


class _Teller:
    def __init__(self, lineage: Lineage, sources: Sources) -> None:
        self.lineage, self.sources = lineage, sources
        self.terms = sources.namespaces.terms

    def tell(self, reached: Reached) -> Reason:
        start = ", ".join(one.name for one in self.lineage.start)
        ends = (start, reached.element.name)
        text = f"{ends[1]} is affected by {ends[0]}" if self.lineage.direction == "downstream" else (
            f"what reaches {ends[0]} comes from {ends[1]}"
        )  # fmt: skip
        hops = self.lineage.hops(reached)
        below: list[Reason] = []
        for number, hop in enumerate(hops):
            if number:
                before, after = (
                    (hops[number - 1], hop) if self.lineage.direction == "downstream" else (hop, hops[number - 1])
                )
                below += self._links(before, after)
            below.append(self._flow(hop))
        words = f"{reached.hops} hop{'s' * (reached.hops != 1)}, {reached.certainty}"
        return Reason("reached", text, words, self.sources.of(reached.element.iri), tuple(below))

    def _flow(self, hop: Hop) -> Reason:
        flow, items = hop.flow, ", ".join(item.label for item in hop.items) or "?"
        through = f" through {', '.join(one.name for one in hop.stations)}" if hop.stations else ""
        crosses = " → ".join(zone.rpartition("zone-")[2] for zone in hop.crossing) if hop.crossing else ""
        note = ", ".join(part for part in (flow.basis, f"crosses {crosses}" if crosses else "") if part)
        return Reason(
            "flow", f"{hop.source.name} hands {items} to {hop.target.name}{through}", note, self.sources.of(flow.iri),
            tuple(self._statements(flow.iri)),
        )  # fmt: skip

    def _statements(self, flow: str) -> Iterator[Reason]:
        """Yield the statements of sources behind a flow."""
        rows = self.sources.store.select(
            f"PREFIX qe: <{self.terms}> PREFIX skos: <{SKOS}>\nSELECT ?st ?how ?line ?code ?words WHERE {{ "
            f"VALUES ?how {{ qe:statesFlow qe:expandsTo }} ?st ?how {iri(flow).n3()} "
            "OPTIONAL { ?st qe:atLine ?line } "
            "OPTIONAL { ?st skos:notation ?code } OPTIONAL { ?st qe:wording ?words } } ORDER BY ?line ?st"
        ).rows
        for statement, how, line, code, words in rows:
            assert statement and how
            name = code.value if code else self.sources.namespaces.compact(statement.value)
            at = f", line {line.value} of the source" if line else ""
            quoted = f": “{' '.join(words.value.split())}”" if words else ""
            place = self.sources.of(statement.value, how.value, flow)
            yield Reason("statement", f"stated by {name}{at}{quoted}", "", place)

    def _links(self, before: Hop, after: Hop) -> Iterator[Reason]:
        """Yield what connects a flow with the next at the participant between them."""
        at = before.target
        shared = [item for item in before.items if item in after.items]
        if shared:
            text = f"{at.name} passes on {', '.join(item.label for item in shared)}"
            yield Reason("same item", text, "the same item goes on")
            return
        steps = self._derivations(at.iri)
        for start in before.items:
            for end in after.items:
                if chain := _chain(steps, start.iri, end.iri):
                    for one in chain:
                        yield self._derivation(*one)
                    return
        items = [", ".join(item.label for item in hop.items) or "?" for hop in (before, after)]
        yield Reason(
            "gap", f"at {at.name} no derivation says that {items[1]} is made of {items[0]}", "so it is possible only"
        )

    def _derivations(self, at: str) -> dict[str, list[tuple[str, str, str]]]:
        """Return the derivations at a participant by input: (derivation, input, output)."""
        found: dict[str, list[tuple[str, str, str]]] = {}
        rows = self.sources.store.select(
            f"PREFIX qe: <{self.terms}>\nSELECT ?d ?in ?out WHERE {{ ?d qe:isDerivedAt {iri(at).n3()} ; "
            "qe:takesInput ?in ; qe:givesOutput ?out } ORDER BY ?d ?in ?out"
        ).rows
        for derivation, start, end in rows:
            assert derivation and start and end
            found.setdefault(start.value, []).append((derivation.value, start.value, end.value))
        return found

    def _derivation(self, derivation: str, start: str, end: str) -> Reason:
        named = self.sources.store.select(
            f"PREFIX qe: <{self.terms}> PREFIX skos: <{SKOS}>\nSELECT ?in ?out ?kind WHERE {{ "
            f"OPTIONAL {{ {iri(start).n3()} skos:prefLabel ?in }} OPTIONAL {{ {iri(end).n3()} skos:prefLabel ?out }} "
            f"OPTIONAL {{ {iri(derivation).n3()} qe:hasDerivationKind/skos:prefLabel ?kind }} }} "
            "ORDER BY ?in ?out ?kind"
        ).rows
        made_from, made, kind = named[0] if named else (None, None, None)
        show = self.sources.namespaces.compact
        texts = [term.value if term else show(one) for term, one in ((made_from, start), (made, end))]
        how = f" ({kind.value.lower()})" if kind else ""
        return Reason(
            "derivation", f"{texts[1]} is made of {texts[0]}{how}", show(derivation), self.sources.of(derivation)
        )


def _chain(steps: dict[str, list[tuple[str, str, str]]], start: str, end: str) -> list[tuple[str, str, str]]:
    """Return the fewest derivations in a row from one item to another; empty where there are none."""
    before: dict[str, tuple[str, str, str] | None] = {start: None}
    waiting = [start]
    for item in waiting:
        for step in steps.get(item, ()):
            if step[2] not in before:
                before[step[2]] = step
                waiting.append(step[2])
    chain: list[tuple[str, str, str]] = []
    step_back = before.get(end)
    while step_back is not None:
        chain.insert(0, step_back)
        step_back = before[step_back[1]]
    return chain
