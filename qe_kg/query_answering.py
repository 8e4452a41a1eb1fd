"""From a query of the library, or SPARQL text, and its parameters to the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from qe_kg.assets import asset_root
from qe_kg.namespaces import DEFAULT_BASE, Namespaces
from qe_kg.query_library import QueryLibrary, bind_parameters, free_parameter
from qe_kg.query_results import QueryResult
from qe_kg.sparql_text import bind, check_allowed, is_query, refuse_graphs
from qe_kg.store.protocol import Solutions, Store


def query_text(
    query: str, given: Mapping[str, object], library: Callable[[], QueryLibrary], namespaces: Namespaces,
    resolve: Callable[[str, str], str],
) -> str:  # fmt: skip
    """Return the SPARQL text of a query with its parameters bound.

    Args:
        query: a name of the library, or SPARQL text.
        given: parameters by name.
        library: reads the library; called only for a name.
        namespaces: what is shipped is moved to their base.
        resolve: finds the IRI for a name and a kind.

    Raises:
        UnknownQueryError, ParameterError, UnknownNameError, AmbiguousNameError: the call is wrong.
        QueryError: the text is not allowed.

    """
    if is_query(query):
        values = {name: free_parameter(_expanded(value, namespaces)) for name, value in given.items()}
        text = bind(query, values) if values else query
    else:
        known = library().get(query)
        if known.path.is_relative_to(asset_root() / "queries"):
            # Before parameters are bound: what a user gives is not moved.
            known = replace(known, text=known.text.replace(DEFAULT_BASE, namespaces.base))
        refuse_graphs(known.text)
        text = bind_parameters(known, given, resolve)
    check_allowed(text)
    return text


def _expanded(value: object, namespaces: Namespaces) -> object:
    return (namespaces.expand(value) or value) if isinstance(value, str) else value


def answer(store: Store, text: str, namespaces: Namespaces) -> QueryResult:
    """Answer a query that was checked; triples come each once, sorted.

    Raises:
        QueryError: the text does not parse.

    """
    found = store.query(text, namespaces.prefixes)
    if isinstance(found, bool):
        return QueryResult((), (), boolean=found)
    if isinstance(found, Solutions):
        return QueryResult(found.columns, found.rows)
    return QueryResult(("subject", "predicate", "object"), tuple(sorted(set(found), key=str)), is_graph=True)
