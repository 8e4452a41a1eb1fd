"""Every capability gives the same answer whatever store has the model: in memory, on disk, or elsewhere."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import click
import pytest
from click.testing import CliRunner

from qe_kg import Model, open_model
from qe_kg.cli import qe_kg as command_line
from qe_kg.opening import find_store, load_model
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.quirks import PRODUCTS
from qe_kg.store.remote import RemoteStore
from tests.servers.running import SERVERS, Server
from tests.store import contract
from tests.store.contract import ELSEWHERE, OF_FILES, OF_NEITHER, ROOT, ROWS, Opened

MODELS: Mapping[str, Callable[[Path], contract.Asked]] = MappingProxyType(
    {
        "small": contract.small_model,
        "without durations": contract.model_without_durations,
        "shipped": contract.shipped_model,
    }
)
#: Who has which model. The large one is asked of all where there is time: with the servers.
HELD = [
    *((adapter, "without durations" if adapter == "virtuoso" else "small") for adapter in ("disk", *SERVERS)),
    *((adapter, "shipped") for adapter in ("disk", *SERVERS)),
]
ADAPTERS = [
    pytest.param(
        (adapter, model),
        id=f"{adapter} {model}",
        marks=[
            pytest.mark.xdist_group("store_contract"),
            *([pytest.mark.oxigraph] if adapter == "oxigraph" else []),
            *([] if model == "small" and adapter in ("disk", "oxigraph") else [pytest.mark.servers]),
        ],
    )
    for adapter, model in HELD
]


def place_of(server: Server) -> str:
    """Return what --store takes for a server."""
    return f"{server.product}+{server.base}"


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Opened]:
    """Return a function that opens one of the models in memory; what it answers is what all others have to."""

    @cache
    def opened(name: str) -> Opened:
        asked = MODELS[name](tmp_path_factory.mktemp(name))
        ways = {
            (bare, entail): open_model(asked.directory, include_inferences=not bare, entail=entail)
            for bare, entail in ((False, False), (True, False), (False, True))
        }
        return Opened(asked, None, ways)

    return opened


@pytest.fixture(scope="module", params=ADAPTERS)
def both(
    request: pytest.FixtureRequest, in_memory: Callable[[str], Opened], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Opened, Opened]]:
    """Return a model in memory and the same in another store."""
    adapter, name = request.param
    here, folder = in_memory(name), tmp_path_factory.mktemp(adapter)
    if adapter == "disk":
        yield here, _on_disk(here, folder)
        return
    server = SERVERS[adapter](folder / adapter).start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            if server.user and server.password:
                patch.setenv("QE_KG_STORE_USER", server.user)
                patch.setenv("QE_KG_STORE_PASSWORD", server.password)
            load(here.asked.directory, place_of(server), "--entail")
            ways = {
                (bare, entail): open_model(
                    here.asked.directory, store=place_of(server), include_inferences=not bare, entail=entail
                )
                for bare, entail in here.ways
            }
            yield here, Opened(here.asked, place_of(server), ways)
    finally:
        server.stop()


def _on_disk(here: Opened, folder: Path) -> Opened:
    """Load a model into folders, one for each way to look at it: what a folder holds is one of them."""
    ways: dict[tuple[bool, bool], Model] = {}
    for bare, entail in here.ways:
        options = {"--no-inferences": bare, "--entail": entail}
        place = folder / f"{bare}-{entail}.db"
        load(here.asked.directory, str(place), *(name for name, is_on in options.items() if is_on))
        ways[bare, entail] = open_model(
            here.asked.directory, store=place, include_inferences=not bare, entail=entail
        )  # fmt: skip
    return Opened(here.asked, str(folder / "False-False.db"), ways)


def load(directory: Path, store: str, *options: str) -> None:
    """Load a model by the command line."""
    done = CliRunner().invoke(command_line, ["load", str(directory), "--store", store, *options])
    assert done.exit_code == 0, (done.output, done.exception)


@pytest.mark.parametrize("name", ROWS)
def test_everywhere_as_in_memory(name: str, both: tuple[Opened, Opened]) -> None:
    here, there = both
    assert there.answer(name) == here.answer(name)


def test_what_is_given_and_where_is_by_the_command_itself(both: tuple[Opened, Opened]) -> None:
    here, there = both  # nothing is patched here: the store is found, opened and asked by the command
    found = contract.run(ROWS["impact"], there.asked, there.store)
    assert found == here.answer("impact")


def test_a_store_is_a_side_of_a_comparison(both: tuple[Opened, Opened]) -> None:
    here, there = both
    directory = str(here.asked.directory)
    done = CliRunner().invoke(
        command_line, ["diff", directory, str(there.store), "--model", directory, "--format", "json"]
    )
    assert done.exit_code == 0, (done.output, done.exception)
    found = json.loads(done.stdout)
    assert not found["triples"]["added"] and not found["triples"]["removed"]


# --- that nothing is forgotten -------------------------------------------------------------------------------------


def _commands() -> dict[str, click.Command]:
    context = click.Context(command_line)
    found = {name: command_line.get_command(context, name) for name in command_line.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def test_each_command_with_a_store_is_in_the_table() -> None:
    """A new command has to say which it is: asked of every store, writing to one, of files, or of neither."""
    asked = {name.split()[0].rstrip(":") for name in ROWS} | {"diff"}  # a side of a comparison is a store
    assert {name.split()[0].rstrip(":") for name in ROWS} == {row.arguments[0] for row in ROWS.values()}
    listed = [*asked, *ELSEWHERE, *OF_FILES, *OF_NEITHER]
    assert sorted(listed) == sorted(_commands())
    for name, command in _commands().items():
        takes = any("--store" in option.opts for option in command.params)
        assert takes == (name in {*asked, *ELSEWHERE} - {"diff"}), name
    assert all((ROOT / path).is_file() for path in ELSEWHERE.values())


def test_what_takes_no_store_is_said_in_the_documentation() -> None:
    text = (ROOT / "docs" / "how-to" / "stores.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in (*_commands().keys() - {*OF_NEITHER}, "validate --since"))


def test_each_adapter_and_product_is_in_the_table() -> None:
    """The adapters are the classes that have all that the protocol has; the products those that a version names."""
    wanted = {
        name for name, one in vars(import_module("qe_kg.store.protocol").Store).items() if inspect.isfunction(one)
    }
    wanted -= {"__init__", "__subclasshook__"}
    adapters = set()
    for path in sorted((ROOT / "qe_kg" / "store").glob("*.py")):
        module = import_module(f"qe_kg.store.{path.stem}")
        classes = [one for one in vars(module).values() if inspect.isclass(one) and one.__module__ == module.__name__]
        adapters |= {one for one in classes if all(hasattr(one, name) for name in wanted) and path.stem != "protocol"}
    assert adapters == {EmbeddedStore, RemoteStore}  # in memory and on disk are one
    assert set(SERVERS) == {name for name, quirks in PRODUCTS.items() if quirks.tested}
    assert {adapter for adapter, _ in HELD} == {"disk", *SERVERS}


def test_find_store_gives_each_adapter_its_place(tmp_path: Path) -> None:
    assert find_store(str(tmp_path / "kg.db")) == tmp_path / "kg.db"
    model = load_model(ROOT / "examples" / "riverside-clinic", tmp_path / "kg.db")
    assert isinstance(model.store, EmbeddedStore) and model.store.path == tmp_path / "kg.db"
