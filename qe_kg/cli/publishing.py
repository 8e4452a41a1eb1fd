"""What ``publish``, ``rollback`` and ``status`` share: the store that is meant, and how a plan is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qe_kg.cli.output import as_json, as_rows

if TYPE_CHECKING:
    from qe_kg.manifest import Manifest
    from qe_kg.publish.plan import Plan
    from qe_kg.store.remote import RemoteStore


@dataclass(frozen=True)
class Target:
    """A store to publish to, and the record there."""

    store: RemoteStore
    record: str


def find_target(name: str | None, model_path: Path | None, manifest: Manifest) -> Target:
    """Return the store that --store names; without it, the only one of the model's manifest.

    Raises:
        CallError: there is none or several, or it is a folder.
        ProfileError: it cannot be written to.

    """
    from qe_kg.errors import CallError, ProfileError
    from qe_kg.opening import find_store
    from qe_kg.store.record import record_graph
    from qe_kg.store.remote import RemoteStore

    if name is None:
        if len(manifest.stores) != 1:
            listed = f"; qe-kg.toml has {', '.join(manifest.stores)}" if manifest.stores else ""
            raise CallError(f"name the store with --store: a profile of qe-kg.toml, or PRODUCT+URL{listed}")
        (name,) = manifest.stores
    place = find_store(name, model_path)
    if isinstance(place, Path):
        listed = (
            f" (there {'are' if len(manifest.stores) > 1 else 'is'} {', '.join(manifest.stores)})"
            if manifest.stores
            else ""
        )
        what = "is a folder" if place.is_dir() else f"is no profile of qe-kg.toml{listed} and no URL, so it is a folder"
        raise CallError(
            f"{name} {what}: that is a store for this machine alone, which qe-kg load --store {name} makes anew. "
            "Publish to a store that others ask over HTTP: a profile, or PRODUCT+URL"
        )
    for url, key in ((place.update, "update"), (place.graph_store, "graph-store")):
        if not url:
            raise ProfileError(
                f"the store {place.name} has no {key} URL, which publishing needs; name it as PRODUCT+BASE-URL, "
                f"such as fuseki+http://localhost:3030/flows, or in a profile with {key} = …"
            )
    return Target(RemoteStore(place), record_graph(manifest.namespaces))


def show_plan(plan: Plan, store: RemoteStore, form: str, outcome: str) -> None:
    """Print a plan, and what became of it."""
    from qe_kg.publish.report import plan_rows, plan_values

    if form == "json":
        click.echo(as_json({**plan_values(plan, store), "outcome": outcome}))
        return
    columns, rows = plan_rows(plan)
    if rows:
        click.echo(as_rows(columns, rows, form, whole=0))
    altered = sorted({one for step in plan.steps for one in step.altered})
    if altered:
        title = f"{store.profile.product} alters {len(altered)} of the literals when it stores them:"
        click.echo(title, err=form == "table")
        cells = [(one.before, one.after or "(another form)") for one in altered[:20]]
        click.echo(as_rows(("literal", "becomes"), cells, form))
        if len(altered) > 20:
            click.echo(f"… and {len(altered) - 20} more; --format json lists all", err=True)


store_option = click.option(
    "--store", "store_name", metavar="STORE",
    help="A profile of qe-kg.toml, or PRODUCT+URL.  [default: the only profile of the model]",
)  # fmt: skip
read_back_option = click.option(
    "--read-back",
    is_flag=True,
    help="Read also the graphs that the record says are the same: did others write to them?",
)
