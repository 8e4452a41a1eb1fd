"""Every error that the package raises on purpose.

::

    QeKgError
    ├── CallError               the call is wrong (exit code 2)
    │   ├── UnknownNameError        no element has that name
    │   ├── AmbiguousNameError      several elements have that name
    │   ├── UnknownQueryError       no query has that name
    │   ├── ParameterError          a query parameter is missing, unknown or of the wrong type
    │   └── ChangeError             a change takes away what is not there
    └── ReadError               something could not be read, parsed or written (exit code 3)
        ├── ManifestError           the model's manifest is missing or wrong
        ├── ProfileError            what is said of a store elsewhere is wrong: its URL, how to sign in
        ├── ParseError              a file does not parse; knows file, line and column
        ├── QueryError              a SPARQL query does not parse or is not allowed
        ├── FormatError             a file cannot be formatted without changing what it says
        ├── ShapesError             a shapes graph cannot be evaluated
        ├── StoreError              a store elsewhere cannot be reached, or did not answer as it should
        ├── OntologyError           the ontology holds an axiom that cannot be reasoned with
        └── InconsistencyError      the OWL axioms contradict the data
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class QeKgError(Exception):
    """Base of all errors of this package. ``str()`` is one message for a person, way out included."""

    exit_code = 3


class CallError(QeKgError):
    """The call itself is wrong; nothing was done."""

    exit_code = 2


class _NameError(CallError):
    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        self.candidates = candidates
        super().__init__(message)


class UnknownNameError(_NameError):
    """No element has that name; ``candidates`` holds the nearest names."""


class AmbiguousNameError(_NameError):
    """Several elements have that name; ``candidates`` holds their compact IRIs."""


class UnknownQueryError(_NameError):
    """No query of the library has that name; ``candidates`` holds the nearest names."""


class ParameterError(CallError):
    """A query parameter is missing, unknown or not of its type."""


class ChangeError(CallError):
    """A change takes away triples that the model does not hold; ``missing`` holds them as N-Triples."""

    def __init__(self, message: str, missing: tuple[str, ...] = ()) -> None:
        self.missing = missing
        super().__init__(message)


class ReadError(QeKgError):
    """Something could not be read, parsed or written."""


class ManifestError(ReadError):
    """The manifest of a model is missing, does not parse or names what is not there."""


class ProfileError(ReadError):
    """What is said of a store elsewhere, by --store or in the environment, is wrong or not enough; nothing was sent."""


class ParseError(ReadError):
    """A file does not parse.

    Args:
        file: the file as the user named it.
        line: line, counted from 1, or None where the parser does not tell.
        column: column, counted from 1, or None.
        problem: what was found and what was expected, one line.

    """

    def __init__(self, file: Path | str, line: int | None, column: int | None, problem: str) -> None:
        self.file, self.line, self.column, self.problem = str(file), line, column, problem
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        super().__init__(f"{place}: {problem}")


class QueryError(ReadError):
    """A SPARQL query does not parse, or does what is not allowed here.

    Args:
        problem: what is wrong, one line.
        line: line in the query, counted from 1, or None where it cannot be told.
        column: column, counted from 1, or None.
        file: the file that the query is from, or None.

    """

    def __init__(
        self, problem: str, line: int | None = None, column: int | None = None, file: Path | str | None = None
    ) -> None:
        self.problem, self.line, self.column, self.file = problem, line, column, None if file is None else str(file)
        place = ":".join(str(part) for part in (self.file, line, column) if part is not None)
        super().__init__(f"{place}: {problem}" if place else problem)


class StoreError(ReadError):
    """A store elsewhere cannot be reached, refuses, or did not answer as it should.

    Attributes:
        status: the HTTP status of its answer, or None where there was none, or it was no error.
        may_have_happened: whether what was asked for may have been done all the same.

    """

    def __init__(self, message: str, status: int | None = None, *, may_have_happened: bool = False) -> None:
        self.status, self.may_have_happened = status, may_have_happened
        super().__init__(message)


class FormatError(ReadError):
    """A file cannot be formatted, or not without changing what it says; it is left as it is."""


class ShapesError(ReadError):
    """A shapes graph cannot be evaluated."""


class InconsistencyError(ReadError):
    """The OWL axioms contradict the data; the message lists the contradictions."""


def nearest(name: str, known: Iterable[str], count: int = 4) -> tuple[str, ...]:
    """Return the known names that are most like a name, the most like first; none where nothing is."""
    by_folded = {one.lower(): one for one in sorted(known)}
    text = name.strip().lower()
    near = difflib.get_close_matches(text, by_folded, n=count, cutoff=0.5)
    near += [folded for folded in by_folded if text and text in folded and folded not in near][:count]
    return tuple(by_folded[folded] for folded in near)


class OntologyError(ReadError):
    """The ontology holds an axiom outside OWL 2 RL, or one that is not whole.

    Args:
        problem: what is wrong, one line.
        subject: IRI (or blank node label) of the thing that the axiom is about.
        predicate: IRI of the axiom's predicate.
        place: file and line, where they are known.

    """

    def __init__(self, problem: str, subject: str, predicate: str, place: str | None = None) -> None:
        self.problem, self.subject, self.predicate, self.place = problem, subject, predicate, place
        super().__init__(f"{place or subject}: {problem}; say it another way, or leave out --entail")

    def at(self, place: str | None) -> OntologyError:
        """Return the same error with its place."""
        return OntologyError(self.problem, self.subject, self.predicate, place)
