"""What is recorded of flows and items beside who hands over what: latency, restriction, openness."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from qe_kg.lineage.flows import chunks
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

Haste = Literal["passes", "absorbs", "unknown"]
_PROMPT = ("real-time", "near-real-time")
_OPEN_MODES = ("aggregated", "anonymized", "public")


@dataclass(frozen=True)
class FlowRecords:
    """What is recorded of flows and items, by IRI.

    Attributes:
        prompt: flows of a class of real time, or held to a greatest latency without a class.
        batch: flows of the class batch.
        restricted: items of a category that is restricted.
        free: flows in which nothing restricted is left: found so, or in a mode that shows nobody.

    """

    prompt: frozenset[str]
    batch: frozenset[str]
    restricted: frozenset[str]
    free: frozenset[str]

    @classmethod
    def read(cls, store: Store, namespaces: Namespaces, flows: Collection[str] | None = None) -> FlowRecords:
        """Read them from a store: of all flows and items, or of some flows only."""
        blocks = [""] if flows is None else [f"VALUES ?x {{ {listed} }}" for listed in chunks(flows)]

        def values(pattern: str) -> frozenset[str]:
            query = f"PREFIX qe: <{namespaces.terms}>\nSELECT DISTINCT ?x WHERE {{ BLOCK {pattern} FILTER(isIRI(?x)) }}"
            rows = [row for block in blocks for row in store.select(query.replace("BLOCK", block)).rows]
            return frozenset(row[0].value for row in rows if row[0])

        def listed(prefix: str, names: tuple[str, ...]) -> str:
            return " ".join(f"<{namespaces.lists}{prefix}-{name}>" for name in names)

        prompt = listed("latency-class", _PROMPT)
        return cls(
            values(f"VALUES ?c {{ {prompt} }} ?x qe:hasLatencyClass ?c")
            | values("?x qe:greatestLatency ?l FILTER NOT EXISTS { ?x qe:hasLatencyClass ?c }"),
            values(f"?x qe:hasLatencyClass {listed('latency-class', ('batch',))}"),
            values("?x qe:hasDataCategory/qe:isRestricted true"),
            values("?x qe:holdsRestrictedPayload false")
            | values(f"VALUES ?m {{ {listed('disclosure-mode', _OPEN_MODES)} }} ?x qe:hasDisclosureMode ?m"),
        )

    def haste(self, flow: str) -> Haste:
        """Tell whether a flow passes a delay on, takes it up, or does not say."""
        if flow in self.prompt:
            return "passes"
        return "absorbs" if flow in self.batch else "unknown"
