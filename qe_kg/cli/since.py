"""What ``validate --changed`` and ``--since`` name: a model, and how it came to be what it is."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.cli.options import chosen_scenario
from qe_kg.errors import CallError, ReadError

if TYPE_CHECKING:
    from qe_kg.model import Model
    from qe_kg.validation.since import Since


def read_since(
    model: Model, patch: Path | None, revision: str | None, model_path: Path | None
) -> tuple[Model, Since]:  # fmt: skip
    """Return the model to validate and what has changed in it.

    Args:
        model: the model as its files have it.
        patch: an RDF Patch; what the files do not say yet is applied.
        revision: a git revision since which the files have changed.
        model_path: the model's folder, where one was named.

    Raises:
        CallError: both are given, the revision is none, or a scenario is chosen.
        ParseError, ReadError: the patch, or what the revision holds, cannot be read.

    """
    if patch is not None and revision is not None:
        raise CallError("--changed and --since each say what has changed; leave out one of them")
    return _patched(model, patch) if patch is not None else (model, _since(revision or "HEAD", model_path))


def _patched(model: Model, path: Path) -> tuple[Model, Since]:
    from qe_kg.change import Change
    from qe_kg.diff.patch import read_patch
    from qe_kg.manifest import RDF_ROLES
    from qe_kg.validation.since import Since

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    change = read_patch(text, str(path))
    there = {quad.triple for quad in model.quads(*RDF_ROLES)}
    to_do = Change(
        tuple(quad for quad in change.added if quad.triple not in there),
        tuple(quad for quad in change.removed if quad.triple in there),
    )
    rules = {quad.triple for quad in model.quads("shapes")}
    in_shapes = any(quad.triple in rules for quad in (*change.added, *change.removed))
    why = "the change is about the shapes or the rules" if in_shapes else None
    return model.changed(to_do) if to_do else model, Since(change, whole=why)


def _since(revision: str, model_path: Path | None) -> Since:
    from dataclasses import replace

    from qe_kg.change import Change
    from qe_kg.diff.sides import open_sides
    from qe_kg.store.statements import Statement, difference, quad_of
    from qe_kg.validation.since import Since

    if chosen_scenario():
        raise CallError("--since is about the files and --scenario about what is not in them; leave out one of them")

    def only_triple(one: Statement) -> Statement:
        return one._replace(graph=None)

    with ExitStack() as stack:
        old, new = open_sides(revision, None, model=model_path, scenario=None, into=stack)
        found = difference(old.content(builtin=True), new.content(builtin=True))
        shapes = [
            replace(side, files=tuple(file for file in side.files if file.role == "shapes")).content(builtin=True)
            for side in (old, new)
        ]
        rules = difference(*shapes)
    change = Change(
        tuple(quad_of(only_triple(one)) for one in found.added),
        tuple(quad_of(only_triple(one)) for one in found.removed),
    )
    return Since(change, whole="the shapes or the rules have changed" if rules.added or rules.removed else None)
