"""From the names that a person uses to the triple that is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qe_kg.catalogue import KINDS, Catalogue
from qe_kg.errors import UnknownNameError
from qe_kg.namespaces import RDF, Namespaces
from qe_kg.terms import Term, iri, literal


def read_triple(
    catalogue: Catalogue,
    namespaces: Namespaces,
    values_of: Callable[[Term, Term], Iterable[Term]],
    subject: str,
    predicate: str,
    value: str,
) -> tuple[Term, Term, Term]:
    """Return the triple that three names mean.

    Args:
        catalogue: finds elements by code or label.
        namespaces: expands CURIEs.
        values_of: gives the values of a property of a subject, to find a literal by its text.
        subject: a code, label, CURIE or IRI.
        predicate: "a", a CURIE, an IRI, or the plain name of a property of ours ("hasSource").
        value: a code, label, CURIE or IRI, or the text of a literal.

    Raises:
        UnknownNameError, AmbiguousNameError: a name means nothing, or several things.

    """
    one, two = _thing(catalogue, namespaces, subject), _property(namespaces, predicate)
    expanded = namespaces.expand(value)
    if expanded is not None:
        return one, two, iri(expanded)
    for known in values_of(one, two):
        if known.kind == "literal" and known.value == value:
            return one, two, known
    try:
        return one, two, _thing(catalogue, namespaces, value)
    except UnknownNameError:
        return one, two, literal(value)


def _thing(catalogue: Catalogue, namespaces: Namespaces, name: str) -> Term:
    expanded = namespaces.expand(name)
    return iri(expanded if expanded is not None else catalogue.resolve(name, *KINDS).iri)


def _property(namespaces: Namespaces, name: str) -> Term:
    if name == "a":
        return iri(f"{RDF}type")
    expanded = namespaces.expand(name)
    if expanded is None and name.isidentifier():
        expanded = f"{namespaces.terms}{name}"
    if expanded is None:
        raise UnknownNameError(f"{name!r} is no property: give a CURIE such as qe:inZone, an IRI, or a")
    return iri(expanded)
