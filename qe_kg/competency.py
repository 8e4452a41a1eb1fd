"""Competency questions of a model: questions with the answer worked out by hand, one TOML file each.

::

    question = "Between whom do AMI Reads flow?"
    query = "impact/list-flows-of-item"          # of the query library
    params = { item = "AMI Reads" }
    columns = ["flow", "source", "target"]
    rows = [["qed:flow-…", "qed:value-stream-…", "qed:value-stream-…"]]
    derived = "Edges at lines 76 and 77."        # how the rows were worked out
    model = "quantum-energy"                     # optional: the folder of the model that it is about
    include_inferences = false                   # optional: leave out what a reader inferred

Rows are compared in order; IRIs are compact, literals their lexical form, an unbound variable is the empty string.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qe_kg.errors import ManifestError
from qe_kg.manifest import Manifest
from qe_kg.model import Model
from qe_kg.terms import Term

_REQUIRED = {"question": str, "query": str, "columns": list, "rows": list}
_OPTIONAL = {"params": dict, "derived": str, "model": str, "include_inferences": bool}

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Question:
    """One competency question.

    Attributes:
        name: path of its file as the manifest leads to it, without the ending and the steps upwards.
        path: its file.
        question: the question in words.
        query: name of the query of the library that answers it.
        parameters: that query's parameters.
        columns: the columns of the answer.
        rows: the answer worked out by hand.
        derived: how it was worked out.
        include_inferences: whether it is asked of the model with what a reader inferred.

    """

    name: str
    path: Path
    question: str
    query: str
    parameters: Mapping[str, Any]
    columns: tuple[str, ...]
    rows: Rows
    derived: str
    include_inferences: bool


def read_questions(manifest: Manifest) -> tuple[Question, ...]:
    """Return the competency questions that a manifest names, sorted by name.

    A file that names another model's folder is passed over, so that two models may share a folder of questions.

    Raises:
        ManifestError: a file does not parse, or lacks a key.

    """
    found = []
    for file in manifest.of_role("questions"):
        fields = _read(file.path)
        if fields.get("model", manifest.directory.resolve().name) == manifest.directory.resolve().name:
            found.append(_question(file.path, file.name, fields))
    return tuple(sorted(found, key=lambda one: one.name))


def answer(model: Model, question: Question) -> tuple[tuple[str, ...], Rows]:
    """Ask a model a question; return the columns and the rows.

    ``include_inferences`` is the caller's: it opens the model with them or without.

    Raises:
        QeKgError: the query is not there, does not parse or names an element that the model lacks.

    """
    result = model.query(question.query, question.parameters)
    if result.boolean is not None:
        return ("",), ((str(result.boolean).lower(),),)
    return result.columns, tuple(tuple(_cell(model, term) for term in row) for row in result.rows)


def _cell(model: Model, term: Term | None) -> str:
    if term is None:
        return ""
    return model.compact(term.value) if term.kind == "iri" else term.value


def _read(path: Path) -> dict[str, Any]:
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"{path}: {error}") from error
    kinds = _REQUIRED | _OPTIONAL
    for key in fields:
        if key not in kinds:
            raise ManifestError(f"{path}: a question has no key {key!r}; known are {', '.join(sorted(kinds))}")
    for key, kind in kinds.items():
        if key not in fields and key in _REQUIRED:
            raise ManifestError(f"{path}: the question lacks the key {key!r}")
        if key in fields and not isinstance(fields[key], kind):
            what = {str: "a text", list: "a list", dict: "a table", bool: "true or false"}[kind]
            raise ManifestError(f"{path}: {key} must be {what}")
    if not all(isinstance(row, list) and len(row) == len(fields["columns"]) for row in fields["rows"]):
        raise ManifestError(f"{path}: each of the rows must be a list with as many texts as there are columns")
    return fields


def _question(path: Path, name: str, fields: Mapping[str, Any]) -> Question:
    parts = Path(name).with_suffix("").parts
    return Question(
        name="/".join(part for part in parts if part != ".."),
        path=path,
        question=fields["question"],
        query=fields["query"],
        parameters=fields.get("params", {}),
        columns=tuple(map(str, fields["columns"])),
        rows=tuple(tuple(map(str, row)) for row in fields["rows"]),
        derived=fields.get("derived", ""),
        include_inferences=fields.get("include_inferences", True),
    )
