"""Opening a model: from its files, or from the store, on disk or elsewhere, into which it was loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qe_kg.change import missing_from_scenario, read_removals
from qe_kg.errors import CallError, ChangeError, ProfileError, ReadError
from qe_kg.manifest import MANIFEST_NAME, RDF_ROLES, Manifest, find_model, read_manifest
from qe_kg.model import Model
from qe_kg.model_files import ModelFiles
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.name_list import NameList
from qe_kg.store.profiles import Profile, is_url, profile_of_url, read_profile
from qe_kg.store.protocol import Store
from qe_kg.store.stamp import Stamp, check_asked_for


def open_model(
    path: Path | str | None = None,
    *,
    store: Store | Profile | Path | str | None = None,
    scenario: str | None = None,
    include_inferences: bool = True,
    entail: bool = False,
) -> Model:
    """Open a model.

    Args:
        path: a model directory; None means the current folder if it holds a manifest, else the packaged model.
        store: the store to load the model into; None makes one in memory. A place (see `find_store`) is asked as it
            was loaded: the folder of a store on disk without reading the model's files, and a store elsewhere for the
            graphs that its record names, with queries, shapes and names from the model's directory.
        scenario: a scenario of the manifest: the model as it would be with that scenario's files.
        include_inferences: whether to load what the manifest marks as a reader's inference.
        entail: whether to add the OWL 2 RL closure, in a named graph of its own.

    Raises:
        ManifestError: there is no model there, its manifest is wrong, or the scenario takes away what is not there.
        UnknownNameError: there is no scenario of that name.
        ParseError: one of its files does not parse.
        InconsistencyError: with ``entail``, the data contradict the ontology.
        ReadError, CallError: there is no loaded store in that place, or it holds something else.
        ManifestError, ProfileError, StoreError: the store cannot be asked.

    """
    options: dict[str, Any] = {"scenario": scenario, "include_inferences": include_inferences}
    place = find_store(store, path) if isinstance(store, str) else store
    if isinstance(place, Path):
        return _open_folder(path, place, entail=entail, **options)
    if isinstance(place, Profile):
        return _open_elsewhere(_manifest(path, **options), place, is_whole=include_inferences, entail=entail)
    files = read_files(path, **options)
    place = EmbeddedStore() if place is None else place
    return Model(files.manifest, place, entail=entail, is_whole=include_inferences, change=files.change)


def find_store(name: str, model_path: Path | str | None = None) -> Profile | Path:
    """Return the store that a name stands for: a URL, a profile of the model's manifest, or a folder.

    Args:
        name: ``https://…`` (a query URL), ``PRODUCT+https://…`` (a base URL), a profile's name, or a path.
        model_path: the model directory; None means the usual one.

    Raises:
        CallError: there is no such profile.
        ManifestError, ProfileError: the URL or the profile is wrong.

    """
    if is_url(name):
        return profile_of_url(name)
    if not Path(name).exists():
        directory = find_model(model_path)
        stores = read_manifest(directory).stores
        if name in stores or (stores and "/" not in name and "." not in name):
            return read_profile(name, stores, directory / MANIFEST_NAME)
    if "://" in name:
        raise ProfileError(f"{name.partition('://')[0]}:// is no scheme of a store; it is http:// or https://")
    return Path(name)


def read_files(
    path: Path | str | None = None, *, scenario: str | None = None, include_inferences: bool = True
) -> ModelFiles:
    """Find the files of a model without loading them; see `open_model` for the rest.

    Raises:
        ManifestError: there is no model there, its manifest is wrong, or the scenario takes away what is not there.
        UnknownNameError: there is no scenario of that name.

    """
    manifest = _manifest(path, scenario=scenario, include_inferences=include_inferences)
    files = ModelFiles(manifest, read_removals(manifest))
    try:
        files.change.check(files.unchanged())
    except ChangeError as error:
        raise missing_from_scenario(manifest, error.missing) from error
    return files


def _manifest(path: Path | str | None, *, scenario: str | None, include_inferences: bool) -> Manifest:
    manifest = read_manifest(find_model(path))
    if not include_inferences:
        manifest = replace(manifest, files=tuple(file for file in manifest.files if file.role != "inference"))
    return manifest if scenario is None else manifest.in_scenario(scenario)


def _open_folder(
    path: Path | str | None, folder: Path, *, scenario: str | None, include_inferences: bool, entail: bool
) -> Model:
    stamp = Stamp.read(folder)
    asked = None if path is None else find_model(path)
    check_asked_for(
        stamp, folder, model=asked, scenario=scenario, include_inferences=include_inferences, entail=entail
    )  # fmt: skip
    manifest = _manifest(stamp.model, scenario=scenario, include_inferences=include_inferences)
    files = ModelFiles(manifest, read_removals(manifest))
    store, of_model = EmbeddedStore(folder, read_only=True), manifest.of_role(*RDF_ROLES)
    held = None
    if stamp.changed(file.path for file in of_model):
        from qe_kg.store.record import HeldGraphs

        # One answer may need both queries and the text; the files would no longer say what the store says.
        held = HeldGraphs.of_folder(store)
    return Model(
        manifest, store, entail=entail, is_whole=include_inferences, change=files.change, stamp=stamp, held=held,
        is_loaded=True,
    )  # fmt: skip


def _open_elsewhere(manifest: Manifest, profile: Profile, *, is_whole: bool, entail: bool) -> Model:
    from qe_kg.store.connection import Connection
    from qe_kg.store.record import HeldGraphs, Record, entailed_graph, record_graph
    from qe_kg.store.remote import RemoteStore

    connection, names = Connection(profile), manifest.namespaces
    files = ModelFiles(manifest)
    usual, entailed = [files.graph_name(file) for file in manifest.of_role(*RDF_ROLES)], entailed_graph(names)
    record = Record.read(connection, record_graph(names)) or Record.by_usual_names(connection, [*usual, entailed])
    record.check(profile.name, manifest.name, manifest.scenario.name if manifest.scenario else None)
    if not record.graphs:
        raise ReadError(
            f"the store {profile.name} holds no graph of the model {manifest.name}; put it there with qe-kg publish or "
            "qe-kg load"
        )
    if entail and entailed not in record.graphs:
        raise CallError(f"the store {profile.name} holds no OWL closure; load it with --entail, or ask without")
    left_out = set() if entail else {entailed}
    if not is_whole:
        every = read_manifest(manifest.directory).of_role("inference")
        left_out |= {files.graph_name(file) for file in every}
    record = replace(record, graphs={one: it for one, it in record.graphs.items() if one not in left_out})
    store = RemoteStore(connection, list(record.graphs.values()))
    return Model(
        manifest, store, entail=entail, is_whole=is_whole, held=HeldGraphs(store, record), is_loaded=True
    )  # fmt: skip


def load_model(
    path: Path | str | None,
    place: Path | Profile,
    *,
    scenario: str | None = None,
    include_inferences: bool = True,
    entail: bool = False,
) -> Model:
    """Load a model into a store, in place of what it holds of it, and open that; see `open_model` for the rest.

    A store elsewhere has no record of the model until everything is there; `qe-kg publish` never shows it half loaded.
    """
    options: dict[str, Any] = {"scenario": scenario, "include_inferences": include_inferences, "entail": entail}
    if not isinstance(place, Path):
        _load_elsewhere(path, place, **options)
        return open_model(path, store=place, **options)
    Stamp.check_free(place)
    store = EmbeddedStore(place)
    Stamp.remove(place)
    store.clear()
    model = open_model(path, store=store, **options)
    store.finish()
    model.lineage.keep_index(place)
    NameList.keep(store, place)
    model.stamp().write(place)
    store.close()
    return open_model(store=place, **options)


def _load_elsewhere(
    path: Path | str | None, profile: Profile, *, scenario: str | None, include_inferences: bool, entail: bool
) -> None:
    from qe_kg.store.connection import Connection
    from qe_kg.store.record import Record, entailed_graph, record_graph
    from qe_kg.store.remote import RemoteStore, n_triples

    files = read_files(path, scenario=scenario, include_inferences=include_inferences)
    manifest = files.manifest
    connection, graph = Connection(profile), record_graph(manifest.namespaces)
    store = RemoteStore(connection, ())
    before = Record.read(connection, graph)
    if before is not None and before.name != manifest.name:
        raise CallError(f"the store {profile.name} holds the model {before.name!r}; remove it first, or take another")
    store.delete_graph(graph)
    usual = [*(files.graph_name(file) for file in manifest.of_role(*RDF_ROLES)), entailed_graph(manifest.namespaces)]
    held = before or Record.by_usual_names(connection, usual)
    for name in held.graphs.values():
        store.delete_graph(name)
    is_there = entail and profile.quirks.runs_rules
    Model(manifest, store, entail=is_there, is_whole=include_inferences, change=files.change)
    if entail and not is_there:
        here = Model(manifest, EmbeddedStore(), entail=True, is_whole=include_inferences, change=files.change)
        store.add(here.quads("entailed"))
    record = Record(manifest.name, {name: name for name in store.graphs or ()}, scenario)
    store.put_graph(graph, n_triples(record.quads(graph)))
