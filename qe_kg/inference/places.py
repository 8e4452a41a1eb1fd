"""Where the triples that reasoning starts from are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qe_kg.namespaces import Namespaces, is_iri
from qe_kg.store.files import shown_path
from qe_kg.store.protocol import Store


def place_of(
    path: Path | None, namespaces: Namespaces, subject: str | None, predicate: str, value: str | None = None
) -> tuple[str, int | None] | None:
    """Return the file, as a person would name it, and the line of a triple; None if it is in no file.

    Args:
        path: the file; None if the triple is in none.
        namespaces: of the model.
        subject: IRI, or None for any blank node.
        predicate: IRI.
        value: IRI or lexical form; None for any.

    """
    if path is None:
        return None
    # Imported here: what follows is worked out without any place, and places cost time.
    from qe_kg.positions import locate

    place = locate(path, namespaces, subject, predicate, value)
    return shown_path(path), place.line if place else None


def place_of_axiom(
    store: Store, namespaces: Namespaces, file_of: Callable[[str], Path | None], subject: str, predicate: str
) -> str | None:
    """Return "file:line" of the first triple with a subject and a predicate; any blank node where it has no IRI."""
    named = is_iri(subject)
    pattern = f"<{subject}> <{predicate}> ?o" if named else f"?s <{predicate}> ?o FILTER(isBlank(?s))"
    for (graph,) in store.select(f"SELECT ?g WHERE {{ GRAPH ?g {{ {pattern} }} }} ORDER BY ?g LIMIT 1").rows:
        place = place_of(file_of(graph.value), namespaces, subject if named else None, predicate) if graph else None
        return ":".join(str(part) for part in place if part is not None) if place else None
    return None
