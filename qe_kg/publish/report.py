"""A plan, and the state of a store, as plain values for JSON and for tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qe_kg.publish.plan import Plan
from qe_kg.publish.swap import way_of
from qe_kg.publish.versions import Version
from qe_kg.store.remote import RemoteStore


def version_values(version: Version) -> dict[str, Any] | None:
    """Return a version; None where nothing was published yet."""
    if version.number == 0:
        return None
    return {
        "number": version.number,
        "hash": version.hash,
        "publishedBy": version.publisher,
        "at": version.began,
        "tool": version.tool,
        "commit": version.commit,
        "verified": version.is_accepted,
        "graphs": len(version.graphs),
        "triples": sum(graph.size for graph in version.graphs.values()),
    }


def plan_values(plan: Plan, store: RemoteStore) -> dict[str, Any]:
    """Return a plan: what is published, what would change, and which literals the product would alter."""
    altered: dict[tuple[str, str | None], int] = {}
    for step in plan.steps:
        for one in step.altered:
            altered[one] = altered.get(one, 0) + 1
    return {
        "model": plan.model,
        "scenario": plan.scenario,
        "store": store.profile.name,
        "product": store.profile.product,
        "swap": way_of(store.profile.quirks),
        "published": version_values(plan.head),
        "isCurrent": plan.is_done,
        "publishedTriples": plan.published,
        "removedShare": round(plan.removed_share, 6),
        "graphs": [
            {
                "graph": step.name,
                "state": step.state,
                "triples": len(step.wanted.foretold.graph) if step.wanted else 0,
                "added": len(step.added),
                "removed": len(step.removed),
                "hash": step.wanted.hash if step.wanted else None,
                "changedByOthers": step.is_foreign,
            }
            for step in plan.steps
        ],
        "alteredLiterals": [
            {"literal": before, "becomes": after, "graphs": count} for (before, after), count in sorted(altered.items())
        ],
    }


def plan_rows(plan: Plan, *, everything: bool = False) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return a plan as a table: what changes, or every graph."""
    rows: list[tuple[str, ...]] = [
        (
            step.name, step.state, f"{len(step.wanted.foretold.graph) if step.wanted else 0:,}",
            f"+{len(step.added):,}", f"-{len(step.removed):,}", "changed by others" if step.is_foreign else "",
        )
        for step in plan.steps if everything or step.state != "same"
    ]  # fmt: skip
    return ("graph", "state", "triples", "added", "removed", "remark"), rows


def history_rows(kept: Iterable[Version]) -> list[dict[str, Any]]:
    """Return kept versions, newest first."""
    return [values for one in kept if (values := version_values(one)) is not None]
