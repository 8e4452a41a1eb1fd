"""Rewriting one text by a migration, with comments and order kept, and checked before anybody sees it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.errors import ReadError
from qe_kg.migrations.library import Migration
from qe_kg.namespaces import DEFAULT_BASE, RDF, Namespaces
from qe_kg.rdflib_bridge import count_answers, updated
from qe_kg.sparql_text import tokens
from qe_kg.store.files import read_quads
from qe_kg.store.statements import difference
from qe_kg.turtle_spans import NotFollowedError, tokens_of
from qe_kg.turtle_text import NotEditableError, Triple, edit_text, parse_document
from qe_kg.turtle_text.edit import Written, shortened

if TYPE_CHECKING:
    import pyoxigraph as ox

_GRAPH = "urn:x-qe-kg:file"


@dataclass(frozen=True)
class Migrated:
    """A text after migrations.

    Attributes:
        text: the text; as it was if nothing was to be mended.
        done: the migrations that found something, each with how many places.

    """

    text: str
    done: tuple[tuple[Migration, int], ...]


def migrate_text(text: str, migrations: Iterable[Migration], namespaces: Namespaces) -> Migrated:
    """Rewrite a Turtle text by migrations, one after the other.

    Args:
        text: the text.
        migrations: in the order of their releases.
        namespaces: the model's; a migration speaks of the shipped base and is moved to the model's.

    Raises:
        ReadError: the text does not parse, or cannot be rewritten so that it says what a migration says.

    """
    done = []
    for one in migrations:
        quads = _parsed(text)
        found = count_answers(quads, _moved(one.detect, namespaces), namespaces.prefixes)
        if not found:
            continue
        wanted = updated(quads, _moved(one.mend, namespaces), namespaces.prefixes, _GRAPH)
        terms = {namespaces.rebase(old): namespaces.rebase(new) for old, new in one.terms.items()}
        text = _rewritten(text, wanted, terms, one)
        done.append((one, found))
    return Migrated(text, tuple(done))


def migrate_query(text: str, migrations: Iterable[Migration], namespaces: Namespaces) -> Migrated:
    """Give the new names to a SPARQL query."""
    done = []
    for one in migrations:
        terms = {namespaces.rebase(old): namespaces.rebase(new) for old, new in one.terms.items()}
        pieces, found, prefixes = [], 0, dict(namespaces.prefixes)
        previous = ("", "")
        for token in tokens(text):
            iri = _iri_of(token.text, prefixes) if token.kind in ("iri", "name") else None
            if previous[0].upper() == "PREFIX" and token.kind == "iri":
                # What the query declares itself goes before what the model lends it.
                prefixes = {previous[1].removesuffix(":"): token.text[1:-1]} | prefixes
            elif iri in terms:
                pieces.append(shortened(terms[iri or ""], prefixes))
                found += 1
                continue
            pieces.append(token.text)
            if token.kind not in ("space", "comment"):
                previous = (previous[1], token.text)
        if found:
            text = "".join(pieces)
            done.append((one, found))
    return Migrated(text, tuple(done))


def _moved(query: str, namespaces: Namespaces) -> str:
    return query.replace(DEFAULT_BASE, namespaces.base)


def _iri_of(name: str, prefixes: Mapping[str, str]) -> str | None:
    if name.startswith("<"):
        return name[1:-1]
    prefix, _, local = name.partition(":")
    return prefixes[prefix] + local if prefix in prefixes else None


def _rewritten(text: str, wanted: list[ox.Quad], terms: Mapping[str, str], migration: Migration) -> str:
    problem = "its text would not say what the migration says"
    for by_name in (True, False):
        try:
            new = _with_terms(text, terms) if by_name else _by_statement(text, wanted)
            if _says(new, wanted):
                return new
        except (NotEditableError, NotFollowedError) as error:
            problem = str(error)
    raise ReadError(f"cannot be migrated by {migration.release}/{migration.name}: {problem}; mend it by hand")


def _with_terms(text: str, terms: Mapping[str, str]) -> str:
    """Replace names where they stand."""
    prefixes = parse_document(text).prefixes
    pieces, at = [], 0
    for token in tokens_of(text):
        start, end = (token.mark, token.end) if token.kind == "string" else (token.start, token.end)
        written = text[start:end]
        mark, sign, datatype = written.partition("^^") if token.kind == "string" else ("", "", written)
        iri = _iri_of(datatype.strip(), prefixes) if token.kind in ("term", "string") else None
        is_declared = text[token.start : token.end].endswith(":")
        if iri in terms and not is_declared:
            pieces.append(text[at:start] + mark + sign + shortened(terms[iri or ""], prefixes))
            at = end
    return "".join([*pieces, text[at:]])


def _by_statement(text: str, wanted: list[ox.Quad]) -> str:
    """Take statements out and put others in; only for those without structures."""
    change = difference(_parsed(text), wanted)
    if any(node.kind == "bnode" for one in (*change.removed, *change.added) for node in one[:3]):
        raise NotEditableError("the migration changes a structure without a name")
    document = parse_document(text)
    prefixes = document.prefixes
    gone = [Triple(*(node.n3() for node in one[:3])) for one in change.removed]
    come = {}
    for one in change.added:
        value = shortened(one.value.value, prefixes) if one.value.kind == "iri" else _literal(one.value.n3(), prefixes)
        is_type = one.predicate.value == f"{RDF}type"
        written = Written("a" if is_type else shortened(one.predicate.value, prefixes), value)
        come[Triple(*(node.n3() for node in one[:3]))] = written
    described = {one.subject for one in document.descriptions}
    new = sorted({triple.subject for triple in come} - described)
    edited = edit_text(
        document, gone, {triple: written for triple, written in come.items() if triple.subject in described}
    )
    ordered = sorted(come.items(), key=lambda item: (item[1].predicate != "a", item[0]))
    for subject in new:
        parts = [f"{w.predicate} {w.value}" for triple, w in ordered if triple.subject == subject]
        described_anew = " ;\n    ".join(parts)
        edited = f"{edited.rstrip()}\n\n{shortened(subject[1:-1], prefixes)} {described_anew} .\n"
    return edited


def _literal(text: str, prefixes: Mapping[str, str]) -> str:
    quoted, sign, datatype = text.rpartition("^^<")
    return f"{quoted}^^{shortened(datatype[:-1], prefixes)}" if sign and datatype.endswith(">") else text


def _says(text: str, wanted: list[ox.Quad]) -> bool:
    change = difference(_parsed(text), wanted)
    return not change.added and not change.removed


def _parsed(text: str) -> list[ox.Quad]:
    with tempfile.NamedTemporaryFile(suffix=".ttl") as file:
        path = Path(file.name)
        path.write_text(text, encoding="utf-8")
        return list(read_quads(path, _GRAPH))
