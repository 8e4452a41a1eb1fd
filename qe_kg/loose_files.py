"""Validation of RDF files that are no model: with any shapes, or with a model's ontology and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.errors import CallError, ReadError
from qe_kg.manifest import ModelFile, find_model, read_manifest
from qe_kg.namespaces import Namespaces
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.files import read_quads, shown_path

if TYPE_CHECKING:
    from qe_kg.model import Model
    from qe_kg.store.profiles import Profile
    from qe_kg.validation import ValidationReport
    from qe_kg.validation.gate import InputFile, Settings
    from qe_kg.validation.report import Severity


def validate_files(
    data: Iterable[Path],
    shapes: Iterable[Path],
    *,
    fail_on: Severity = "Violation",
    engine: str = "auto",
    strict: bool = False,
) -> ValidationReport:
    """Validate any RDF files with any shapes; no model is needed.

    Raises:
        ParseError, ReadError: a file cannot be read.
        ShapesError: the shapes cannot be evaluated.

    """
    from qe_kg.validation.gate import validate

    return validate(_inputs(data), _inputs(shapes), Namespaces(), _settings(fail_on, engine, strict))


def validate_store(
    profile: Profile,
    graphs: Sequence[str],
    shapes: Iterable[Path],
    *,
    fail_on: Severity = "Violation",
    engine: str = "auto",
    strict: bool = False,
) -> ValidationReport:
    """Validate graphs of a store elsewhere with any shapes, within the store; no model is needed.

    Args:
        profile: where the store is.
        graphs: IRIs of the graphs; none means what the store takes as its default graph.
        shapes: files and folders.
        fail_on: the lightest severity whose open results fail.
        engine: "auto" or "sparql".
        strict: whether what was not looked at counts as an open violation.

    Raises:
        CallError: another engine, which does not run in a store.
        ParseError, ReadError: a file cannot be read, or the store not be asked, or it holds nothing.
        ShapesError: the shapes cannot be evaluated, or not within a store (`NotInStoreError`).

    """
    from qe_kg.store.remote import RemoteStore
    from qe_kg.validation.gate import validate
    from qe_kg.validation.in_store import InStore

    if engine not in ("auto", "sparql"):
        raise CallError(f"--engine {engine} does not run in a store; leave it out")
    in_store = InStore(RemoteStore(profile, list(graphs) or None), Namespaces())
    return validate([], _inputs(shapes), Namespaces(), _settings(fail_on, engine, strict), in_store=in_store)


def _settings(fail_on: Severity, engine: str, strict: bool) -> Settings:
    from qe_kg.validation.gate import Settings

    return Settings(
        use_baseline=False, use_waivers=False, report_stale=False, fail_on=fail_on, engine=engine, strict=strict
    )


def _inputs(paths: Iterable[Path]) -> list[InputFile]:
    from qe_kg.validation.gate import InputFile

    return [InputFile(path, shown_path(path), partial(read_quads, path)) for path in expand_paths(paths)]


def model_with_data(model_path: Path | None, data: Iterable[Path]) -> Model:
    """Open a model with other data: its ontology, shapes and queries, and these files in place of its own."""
    from qe_kg.model import Model  # any shapes are checked without one

    manifest = read_manifest(find_model(model_path))
    kept = [file for file in manifest.files if file.role in ("ontology", "shapes")]
    files = [ModelFile(path, "data", path.as_posix(), False) for path in expand_paths(data)]
    return Model(replace(manifest, files=(*kept, *files)), EmbeddedStore())


def expand_paths(paths: Iterable[Path]) -> list[Path]:
    """Return the RDF files that paths name: files themselves, and all Turtle files under folders.

    Raises:
        ReadError: a path is not there, or a folder holds no Turtle file.

    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.rglob("*.ttl"))
            if not inside:
                raise ReadError(f"{path}: there is no .ttl file in this folder")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise ReadError(f"{path}: there is no such file or folder")
    return list(dict.fromkeys(found))
