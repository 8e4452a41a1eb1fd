"""Checks of files one by one: syntax, format, headers."""

from __future__ import annotations

from collections.abc import Iterator

from qe_kg.checks.context import Context, ParsedFile, error_place, finding
from qe_kg.formatting import SUFFIXES, Formatted, format_files, write_formatted
from qe_kg.namespaces import DCTERMS, OWL
from qe_kg.report_formats.findings import Finding
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, is_iri
from qe_kg.validation.report import SourcePlace

_ONTOLOGY, _VERSION_INFO, _VERSION_IRI, _IMPORTS = (
    iri(f"{OWL}{name}") for name in ("Ontology", "versionInfo", "versionIRI", "imports")
)
_HEADER = {iri(f"{DCTERMS}{name}"): f"dcterms:{name}" for name in ("title", "description", "license")}


def check_syntax(context: Context) -> Iterator[Finding]:
    """Check that every RDF file parses."""
    for one in context.checked():
        if one.error is not None:
            place, problem = error_place(one.error, one.name)
            yield finding("SYN-01", problem, one.name, place, identity=(problem,))


def check_format(context: Context) -> Iterator[Finding]:
    """Check that Turtle is formatted."""
    for one, formatted in _formatted(context):
        if formatted.changed:
            message = "the file is not formatted as everybody formats it; run qe-kg fmt, or qe-kg check --fix"
            lines = formatted.before.split("\n")
            line = min(formatted.line, len(lines))
            yield finding("FMT-01", message, one.name, SourcePlace(one.name, line, 1, line, len(lines[line - 1]) + 1))


def fix_format(context: Context) -> list[str]:
    """Format what is not; return the names of the files that changed."""
    changed = [(one, formatted) for one, formatted in _formatted(context) if formatted.changed]
    write_formatted(formatted for _, formatted in changed)
    return [one.name for one, _ in changed]


def _formatted(context: Context) -> list[tuple[ParsedFile, Formatted]]:
    files = [one for one in context.checked() if one.file.path.suffix.lower() in SUFFIXES and one.error is None]
    return list(zip(files, format_files(one.file.path for one in files), strict=True))


def check_headers(context: Context) -> Iterator[Finding]:
    """Check that a file of an ontology or of shapes says what it is: title, description, licence, version."""
    known = {subject for one in context.files for _, subject, p, o in one.triples() if (p, o) == (RDF_TYPE, _ONTOLOGY)}
    versions = {o for one in context.files for _, _, p, o in one.triples() if p == _VERSION_IRI}
    for one in context.checked("ontology", "shapes"):
        if one.error is not None or _is_list(one):
            continue
        heads = {s: number for number, s, p, o in one.triples() if (p, o) == (RDF_TYPE, _ONTOLOGY)}
        if len(heads) != 1:
            message = (
                f"the file has {len(heads) or 'no'} owl:Ontology; one header says what it is and under what licence"
            )
            yield finding("HEAD-01", message, one.name, one.place(next(iter(heads.values()), None), "subject"))
            continue
        ((head, number),) = heads.items()
        yield from _header(context, one, head, number)
        for at, s, p, o in one.triples():
            if s == head and p == _IMPORTS and o not in known | versions:
                message = f"imports {context.compact(o)}, which no file of the model is; load it, or do not import it"
                yield finding("HEAD-03", message, context.compact(head), one.place(at), level="warning", identity=(o,))


def _header(context: Context, one: ParsedFile, head: Node, number: int) -> Iterator[Finding]:
    said: dict[Node, list[Node]] = {}
    for _, s, p, o in one.triples():
        if s == head:
            said.setdefault(p, []).append(o)
    missing = [name for predicate, name in _HEADER.items() if predicate not in said]
    if _VERSION_INFO not in said and _VERSION_IRI not in said:
        missing.append("owl:versionInfo")
    for name in missing:
        message = f"the header lacks {name}; add it to the owl:Ontology"
        yield finding(
            "HEAD-02", message, context.compact(head), one.place(number, "subject"), level="warning", identity=(name,),
            related=((f"{name} belongs here", one.place(number, "end_of_description")),),
        )  # fmt: skip
    licence = iri(f"{DCTERMS}license")
    for at, s, p, o in one.triples():
        if s == head and p == licence and not is_iri(o):
            yield finding(
                "HEAD-02", "the licence is named by its IRI, not by a text", context.compact(head), one.place(at)
            )


def _is_list(one: ParsedFile) -> bool:
    scheme = iri("http://www.w3.org/2004/02/skos/core#ConceptScheme")
    return any((p, o) == (RDF_TYPE, scheme) for _, _, p, o in one.triples())
