"""Options that several commands share, and what they mean."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from qe_kg.model import Model

Command = TypeVar("Command", bound=Callable[..., Any])


_SCENARIO = "qe_kg.scenario"
_STORE = "qe_kg.store"


def model_options(command: Command) -> Command:
    """Add --store, and what `files_options` adds: for a command that asks a model, wherever that is.

    What --store and --scenario say is kept in the context, where `open_for` finds it.
    """
    return store_option(files_options(command))


def files_options(command: Command) -> Command:
    """Add --model, --scenario, --no-inferences and --entail: for a command that is about a model's files.

    The command gets ``model_path``, ``no_inferences`` and ``entail``.
    """
    for option in (
        click.option("--entail", is_flag=True, help="Add the OWL 2 RL closure first."),
        click.option("--no-inferences", is_flag=True, help="Leave out what a reader inferred."),
        click.option(
            "--scenario", metavar="NAME", expose_value=False, callback=_keep_scenario, shell_complete=_scenarios,
            help="The model as it would be in this scenario of its manifest.",
        ),
        click.option("--model", "model_path", metavar="DIR", type=click.Path(path_type=Path), help="Model directory."),
    ):  # fmt: skip
        command = option(command)
    return command


store_option = click.option(
    "--store", metavar="STORE", expose_value=False,
    callback=lambda ctx, _param, value: ctx.meta.update({_STORE: value}),
    help="Ask this store: a folder that qe-kg load wrote, a SPARQL endpoint's URL, or a profile of qe-kg.toml.",
)  # fmt: skip


def _keep_scenario(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    ctx.meta[_SCENARIO] = value


def _scenarios(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from qe_kg.errors import QeKgError
    from qe_kg.manifest import find_model, read_manifest

    try:
        names = [one.name for one in read_manifest(find_model(ctx.params.get("model_path"))).scenarios]
    except QeKgError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def chosen_scenario() -> str | None:
    """Return the scenario that the running command was called with."""
    scenario: str | None = click.get_current_context().meta.get(_SCENARIO)
    return scenario


def chosen_store() -> str | None:
    """Return the store that the running command was called with: a folder, a URL or a profile."""
    store: str | None = click.get_current_context().meta.get(_STORE)
    return store


def format_option(*formats: str) -> Callable[[Command], Command]:
    """Add --format; without it the format is "table" on a terminal and "json" elsewhere."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        callback=lambda _ctx, _param, value: value or ("table" if sys.stdout.isatty() else "json"),
        help="Output format; table on a terminal, else json.",
    )


output_option = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead."
)


basis_option = click.option(
    "--basis",
    type=click.Choice(["drawn", "stated", "all"]),
    default="all",
    show_default=True,
    help="Count flows that the diagram draws, that the prose states, or all.",
)


#: What narrows an answer of lineage, in the order of a help page; the same for every command that takes it.
_FILTERS: dict[str, Callable[[Any], Any]] = {
    "depth": click.option("--depth", type=click.IntRange(min=0), metavar="N", help="At most N hops."),
    "basis": basis_option,
    "through_external": click.option(
        "--through-external", is_flag=True, help="Let paths run through external stakeholders."
    ),
    "certain": click.option("--certain", is_flag=True, help="Walk declared steps only."),
    "stations": click.option(
        "--stations", is_flag=True, help="Count what a flow passes through as receiving and handing on."
    ),
    "item": click.option("--item", metavar="NAME", help="Follow only this item."),
    "concept": click.option("--concept", metavar="NAME", help="Follow only items about this concept."),
    "zone": click.option(
        "--zone", metavar="Z", help="List only participants of this zone (regulated, non-regulated, …)."
    ),
    "type": click.option(
        "--type", metavar="T", help="List only participants of this class (Stakeholder, Capability, …)."
    ),
}


def filter_options(*left_out: str) -> Callable[[Command], Command]:
    """Add what narrows an answer of lineage: `WalkOptions` of `qe_kg.lineage.questions`, without some."""

    def add(command: Command) -> Command:
        for name in reversed([name for name in _FILTERS if name not in left_out]):
            command = _FILTERS[name](command)
        return command

    return add


at_option = click.option(
    "--at", metavar="DATE", help="Compare dates with this day, such as 2026-06-30.  [default: today]"
)
profile_option = click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    callback=lambda _ctx, _param, given: tuple(name for one in given for name in one.split(",")),
    help="Rules of this jurisdiction, such as us-ca; may be given several times.  [default: the model's, else generic]",
)


engine_option = click.option(
    "--engine",
    type=click.Choice(["auto", "sparql", "pyshacl"]),
    default="auto",
    show_default=True,
    help="SHACL engine; see qe-kg validate.",
)


def open_for(
    model_path: Path | None, no_inferences: bool, entail: bool, *, warn: bool = True, whole: bool = False
) -> Model:
    """Open the model that the options name; say on standard error what is wrong with its files.

    Args:
        model_path: as --model has it, and so on.
        no_inferences: as --no-inferences has it.
        entail: as --entail has it.
        warn: whether to say which references are faulty.
        whole: whether the answer is made from the text of the whole model, not by queries. Of a store elsewhere each
            graph of the model, and no other, is then read once.

    """
    from qe_kg.cli.progress import progress
    from qe_kg.opening import open_model
    from qe_kg.store.files import shown_path

    store = chosen_store()
    with progress("Loading the model"):
        model = open_model(
            model_path, store=store, scenario=chosen_scenario(), include_inferences=not no_inferences, entail=entail
        )
        problems = model.problems if warn and store is None else ()
    if model.stale:
        changed = ", ".join(shown_path(Path(one)) for one in model.stale[:3])
        more = f" and {len(model.stale) - 3} more" if len(model.stale) > 3 else ""
        click.echo(
            f"warning: the store {store} is older than the model: {changed}{more} changed since it was loaded; "
            "load it anew with qe-kg load",
            err=True,
        )
    if model.manifest.scenario is not None:
        click.echo(f"scenario {model.manifest.scenario.name}: {model.manifest.scenario.title}", err=True)
    if whole:
        model = _read_whole(model)
    for problem in problems[:5]:
        click.echo(f"warning: {problem}", err=True)
    if problems:
        more = f" ({len(problems) - 5} more)" if len(problems) > 5 else ""
        click.echo(f"warning: the model has {len(problems)} faulty references{more}; see qe-kg validate", err=True)
    return model


def _read_whole(model: Model) -> Model:
    from qe_kg.cli.progress import progress

    with progress("Reading the model from the store"):
        read = model.in_memory()
    if read is not model:
        click.echo(f"note: read from the store, to be answered here: {len(read.store):,} triples", err=True)
    return read


def complete_names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete codes and labels out of the model; an unreadable model completes to nothing."""
    from qe_kg.errors import QeKgError
    from qe_kg.lineage.start import LINEAGE_KINDS
    from qe_kg.opening import open_model

    try:
        names = open_model(ctx.params.get("model_path"), scenario=ctx.meta.get(_SCENARIO)).catalogue.names(
            *LINEAGE_KINDS
        )
    except QeKgError:
        return []
    return [name for name in names if name.lower().startswith(incomplete.lower())]


def complete_queries(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete names of library queries."""
    from qe_kg.errors import QeKgError
    from qe_kg.manifest import find_model, read_manifest
    from qe_kg.query_library import QueryLibrary

    try:
        manifest = read_manifest(find_model(ctx.params.get("model_path")))
    except QeKgError:
        return []
    return [name for name in QueryLibrary(manifest.query_directories).names() if name.startswith(incomplete)]
