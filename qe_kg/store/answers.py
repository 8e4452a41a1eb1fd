"""From what pyoxigraph answers, or parses of an answer that a server sent, to terms of this package."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import pyoxigraph as ox

from qe_kg.errors import QueryError
from qe_kg.namespaces import RDF, XSD
from qe_kg.store.protocol import Answer, Solutions
from qe_kg.terms import Term, iri, literal

Found = TypeVar("Found")
# Address space, not memory: pages that are not touched cost nothing.
_STACK = 512 * 1024 * 1024
_STACK_LOCK = threading.Lock()


def answer_of(found: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> Answer:
    """Return an answer in terms of this package."""
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    if isinstance(found, ox.QuerySolutions):
        columns = tuple(variable.value for variable in found.variables)
        rows = tuple(tuple(None if term is None else term_of(term) for term in solution) for solution in found)
        return Solutions(columns, rows)
    return [(term_of(triple.subject), term_of(triple.predicate), term_of(triple.object)) for triple in found]


def term_of(node: object) -> Term:
    """Return a node of an answer as a term.

    Raises:
        QueryError: it is a triple term, which RDF 1.1 lacks.

    """
    if isinstance(node, ox.NamedNode):
        return iri(node.value)
    if isinstance(node, ox.Literal):
        plain = node.datatype.value in (f"{XSD}string", f"{RDF}langString")
        return literal(node.value, None if plain else node.datatype.value, node.language)
    if isinstance(node, ox.BlankNode):
        return Term("bnode", node.value)
    raise QueryError(f"the answer holds a term that RDF 1.1 lacks: {node}")


def with_room(work: Callable[[], Found]) -> Found:
    """Do work in a thread with a stack that no query of the allowed length exhausts; the main thread's is 8 MB."""
    outcome: list[Found] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)

    with _STACK_LOCK:
        before = threading.stack_size(_STACK)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        threading.stack_size(before)
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def asked(work: Callable[[], Found]) -> Found:
    """Do work that parses a query; what pyoxigraph says of it becomes an error of this package.

    Raises:
        QueryError: the query does not parse, or cannot be answered.

    """
    try:
        return with_room(work)
    except SyntaxError as error:
        raise query_error(error) from error
    except UnicodeEncodeError as error:
        raise QueryError("the query is not Unicode text: it holds half of a surrogate pair") from error
    except (OSError, RuntimeError) as error:
        raise QueryError(f"the query cannot be answered: {error}") from error


def query_error(error: SyntaxError) -> QueryError:
    """Return what the parser says of a query, with its line and column."""
    message = " ".join((error.msg or str(error)).split())
    found = re.match(r"error at (\d+):(\d+): (.*)", message)
    if found is None:
        return QueryError(f"the query does not parse: {message}")
    return QueryError(f"the query does not parse: {found[3]}", int(found[1]), int(found[2]))


@dataclass(frozen=True)
class Form:
    """What a query is: "select", "ask" or "graph" (CONSTRUCT, DESCRIBE), and the columns of a SELECT."""

    kind: Literal["select", "ask", "graph"]
    columns: tuple[str, ...] = ()


def form_of(query: str, prefixes: dict[str, str] | None = None) -> Form:
    """Parse a query, which may not use SERVICE, and tell what it is.

    Raises:
        QueryError: it does not parse.

    """

    def parsed() -> Form:
        found = ox.Store().query(query, prefixes=prefixes)
        if isinstance(found, ox.QuerySolutions):
            return Form("select", tuple(variable.value for variable in found.variables))
        return Form("ask" if isinstance(found, ox.QueryBoolean) else "graph")

    return asked(parsed)
