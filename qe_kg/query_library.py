"""The library of queries: one question a ``.rq`` file, its description in ``#+`` header lines (YAML).

::

    #+ question: Which participants receive information directly from a participant?
    #+ params: { participant: { type: participant, required: true, description: "code, label or IRI" } }
    #+ columns: [recipient, code, item]
    #+ tags: [impact]
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qe_kg.errors import ParameterError, QueryError, UnknownQueryError
from qe_kg.namespaces import XSD, is_iri
from qe_kg.sparql_text import bind
from qe_kg.terms import Term, iri, literal

#: Parameter types whose value is the name of an element: a code, a label, a CURIE or an IRI.
NAMED_TYPES = frozenset({"participant", "flow", "item", "concept", "pattern", "capability", "zone", "element"})
PARAMETER_TYPES = NAMED_TYPES | {"iri", "string", "integer", "date"}

_HEADER_KEYS = {"question", "description", "params", "columns", "tags", "example"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query."""

    name: str
    type: str
    required: bool
    default: str | None
    description: str


@dataclass(frozen=True)
class LibraryQuery:
    """One query of the library.

    Attributes:
        name: path under its query directory without the ending, e.g. "impact/list-direct-recipients".
        question: the question in English.
        columns: the names of the answer's columns.
        text: the whole file, SPARQL 1.1, valid also without any parameter given.

    """

    name: str
    path: Path
    question: str
    description: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    tags: tuple[str, ...]
    example: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the description as JSON has it."""
        return {
            "name": self.name,
            "question": self.question,
            "description": self.description,
            "params": [vars(parameter) for parameter in self.parameters],
            "columns": list(self.columns),
            "tags": list(self.tags),
            "example": self.example,
        }


def read_query(path: Path, name: str) -> LibraryQuery:
    """Read a query file and its header.

    Raises:
        QueryError: the file cannot be read, or its header is not as the module's docstring says.

    """
    import yaml  # here: only who asks for a query of the library waits for it

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{path}: cannot be read: {error}") from error
    lines = text.splitlines()
    header = "\n".join(line[2:].removeprefix(" ") if line.startswith("#+") else "" for line in lines)
    try:
        fields = yaml.safe_load(header) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise QueryError(f"{place}: the #+ header is not YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(fields, dict) or set(fields) - _HEADER_KEYS:
        raise QueryError(f"{path}: the #+ header may have only {', '.join(sorted(_HEADER_KEYS))}")
    for key, kind in (("params", dict), ("columns", list), ("tags", list)):
        if not isinstance(fields.get(key) or kind(), kind):
            raise QueryError(f"{path}: {key} in the #+ header must be a {'mapping' if kind is dict else 'list'}")
    parameters = tuple(_parameter(path, key, value or {}) for key, value in (fields.get("params") or {}).items())
    return LibraryQuery(
        name=name,
        path=path,
        question=str(fields.get("question", "")),
        description=str(fields.get("description", "")),
        parameters=parameters,
        columns=tuple(fields.get("columns") or ()),
        tags=tuple(fields.get("tags") or ()),
        example=str(fields.get("example") or ""),
        text=text,
    )


def _parameter(path: Path, name: str, fields: dict[str, Any]) -> Parameter:
    kind = fields.get("type", "string") if isinstance(fields, dict) else None
    if kind not in PARAMETER_TYPES or set(fields) - {"type", "required", "default", "description"}:
        raise QueryError(
            f"{path}: parameter {name!r} must have a type out of {', '.join(sorted(PARAMETER_TYPES))}, and may "
            "have required, default and description"
        )
    default = fields.get("default")
    return Parameter(
        name,
        kind,
        bool(fields.get("required", False)),
        None if default is None else str(default),
        str(fields.get("description", "")),
    )


class QueryLibrary:
    """All queries under some directories; a later directory's query replaces one of the same name."""

    def __init__(self, directories: tuple[Path, ...]) -> None:
        self._paths: dict[str, Path] = {}
        for directory in directories:
            for path in sorted(directory.rglob("*.rq")):
                self._paths[path.relative_to(directory).with_suffix("").as_posix()] = path

    def names(self) -> tuple[str, ...]:
        """Return the names of all queries, sorted."""
        return tuple(sorted(self._paths))

    def get(self, name: str) -> LibraryQuery:
        """Return a query by its name, or by its last part where that is unique.

        Raises:
            UnknownQueryError: there is none; the message has the nearest names.

        """
        full = name.removesuffix(".rq")
        matches = [known for known in self._paths if known == full or known.rpartition("/")[2] == full]
        if full in self._paths or len(matches) == 1:
            key = full if full in self._paths else matches[0]
            return read_query(self._paths[key], key)
        near = tuple(matches) or tuple(difflib.get_close_matches(full, self._paths, n=3, cutoff=0.4))
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UnknownQueryError(f"there is no query {name!r}{hint or ';'} `qe-kg queries` lists all", near)

    def all(self) -> tuple[LibraryQuery, ...]:
        """Return all queries, sorted by name."""
        return tuple(self.get(name) for name in self.names())


def bind_parameters(query: LibraryQuery, given: Mapping[str, object], resolve: Callable[[str, str], str]) -> str:
    """Return the query's text with its parameters replaced by typed terms.

    Args:
        query: the query.
        given: values by parameter name.
        resolve: turns (name of an element, parameter type) into its IRI.

    Raises:
        ParameterError: one is missing, unknown or of the wrong type.

    """
    known = {parameter.name: parameter for parameter in query.parameters}
    for name in given:
        if name not in known:
            takes = ", ".join(known) or "none"
            raise ParameterError(f"query {query.name} has no parameter {name!r}; it takes {takes}")
    values: dict[str, Term] = {}
    for parameter in known.values():
        value = given.get(parameter.name, parameter.default)
        if value is not None:
            values[parameter.name] = _typed(parameter, value, resolve)
        elif parameter.required:
            raise ParameterError(
                f"query {query.name} needs the parameter {parameter.name!r} ({parameter.type}"
                f"{': ' + parameter.description if parameter.description else ''}); "
                f"give it with -p {parameter.name}=…"
            )
    return bind(query.text, values)


def free_parameter(value: object) -> Term:
    """Turn a value given to an ad-hoc query into a term: an IRI where it looks like one, else a string."""
    if isinstance(value, Term):
        return value
    if isinstance(value, bool):
        return literal(str(value).lower(), f"{XSD}boolean")
    if isinstance(value, int):
        return literal(str(value), f"{XSD}integer")
    text = str(value)
    if text.startswith("<") and text.endswith(">") and is_iri(text[1:-1]):
        return iri(text[1:-1])
    return iri(text) if is_iri(text) and "//" in text else literal(text)


def _typed(parameter: Parameter, value: object, resolve: Callable[[str, str], str]) -> Term:
    if isinstance(value, Term):
        return value
    text = str(value)
    if parameter.type in NAMED_TYPES:
        return iri(resolve(text, parameter.type))
    if parameter.type == "iri":
        return iri(resolve(text, "iri"))
    if parameter.type == "string":
        return literal(text)
    check = _LEXICAL[parameter.type]
    if not check(text):
        raise ParameterError(f"parameter {parameter.name!r} must be {_EXPECTED[parameter.type]}, not {text!r}")
    return literal(text, f"{XSD}{parameter.type}")


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+", text) is not None


def _is_date(text: str) -> bool:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_LEXICAL = {"integer": _is_integer, "date": _is_date}
_EXPECTED = {"integer": "a whole number", "date": "a date like 2025-11-25"}
