"""Opening a model: from its files, or from the store on disk into which it was loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qe_kg.change import missing_from_scenario, read_removals
from qe_kg.errors import ChangeError
from qe_kg.manifest import find_model, read_manifest
from qe_kg.model import Model
from qe_kg.model_files import ModelFiles
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.protocol import Store
from qe_kg.store.stamp import Stamp, check_asked_for


def open_model(
    path: Path | str | None = None,
    *,
    store: Store | Path | str | None = None,
    scenario: str | None = None,
    include_inferences: bool = True,
    entail: bool = False,
) -> Model:
    """Open a model.

    Args:
        path: a model directory; None means the current folder if it holds a manifest, else the packaged model.
        store: the store to load the model into; None makes one in memory. The folder of a store on disk is asked
            as it was loaded (see `load_model`), without reading the model's files.
        scenario: a scenario of the manifest: the model as it would be with that scenario's files.
        include_inferences: whether to load what the manifest marks as a reader's inference.
        entail: whether to add the OWL 2 RL closure, in a named graph of its own.

    Raises:
        ManifestError: there is no model there, its manifest is wrong, or the scenario takes away what is not there.
        UnknownNameError: there is no scenario of that name.
        ParseError: one of its files does not parse.
        InconsistencyError: with ``entail``, the data contradict the ontology.
        ReadError, CallError: there is no loaded store in that folder, or it holds something else.

    """
    stamp = None
    if isinstance(store, Path | str):
        folder, asked = Path(store), None if path is None else find_model(path)
        stamp = Stamp.read(folder)
        check_asked_for(
            stamp, folder, model=asked, scenario=scenario, include_inferences=include_inferences, entail=entail
        )
        path, store = stamp.model, EmbeddedStore(folder, read_only=True)
    files = read_files(path, scenario=scenario, include_inferences=include_inferences)
    store = EmbeddedStore() if store is None else store
    return Model(files.manifest, store, entail=entail, is_whole=include_inferences, change=files.change, stamp=stamp)


def read_files(
    path: Path | str | None = None, *, scenario: str | None = None, include_inferences: bool = True
) -> ModelFiles:
    """Find the files of a model without loading them; see `open_model` for the rest.

    Raises:
        ManifestError: there is no model there, its manifest is wrong, or the scenario takes away what is not there.
        UnknownNameError: there is no scenario of that name.

    """
    manifest = read_manifest(find_model(path))
    if not include_inferences:
        kept = tuple(file for file in manifest.files if file.role != "inference")
        manifest = replace(manifest, files=kept)
    manifest = manifest if scenario is None else manifest.in_scenario(scenario)
    files = ModelFiles(manifest, read_removals(manifest))
    try:
        files.change.check(files.unchanged())
    except ChangeError as error:
        raise missing_from_scenario(manifest, error.missing) from error
    return files


def load_model(path: Path | str | None, folder: Path, **options: Any) -> Model:  # noqa: ANN401
    """Load a model into a store on disk, in place of what it holds, and open that; see `open_model` for the rest."""
    Stamp.check_free(folder)
    store = EmbeddedStore(folder)
    Stamp.remove(folder)
    store.clear()
    model = open_model(path, store=store, **options)
    store.finish()
    model.lineage.keep_index(folder)
    model.stamp().write(folder)
    store.close()
    return open_model(store=folder, **options)
