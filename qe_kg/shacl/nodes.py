"""RDF terms as the SHACL engine holds them: text in the form of N-Triples.

A ``Node`` is ``<iri>``, ``_:label`` or ``"lexical form"``, ``"…"@tag``, ``"…"^^<datatype>``, escaped as canonical
N-Triples escape. Equal text means the same RDF term, with its literal as written; text hashes fast, sorts, and can
stand in a SPARQL query as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from qe_kg.namespaces import RDF, RDFS, SH, XSD
from qe_kg.terms import Term

Node = str

STRING = f"{XSD}string"
LANG_STRING = f"{RDF}langString"
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_UNESCAPE = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_TO_ESCAPE = re.compile(r'[\x00-\x1f"\\\x7f]')
_ESCAPE = {"\t": "\\t", "\b": "\\b", "\n": "\\n", "\r": "\\r", "\f": "\\f", '"': '\\"', "\\": "\\\\"}


class LiteralParts(NamedTuple):
    """The parts of a literal: its lexical form, the IRI of its datatype, its language tag as written ("" if none)."""

    lexical: str
    datatype: str
    language: str


def iri(text: str) -> Node:
    """Make the node of an IRI."""
    return f"<{text}>"


def sh(name: str) -> Node:
    """Make the node of a term of the SHACL vocabulary."""
    return f"<{SH}{name}>"


def literal_node(lexical: str, datatype: str | None = None, language: str | None = None) -> Node:
    """Make the node of a literal."""
    quoted = f'"{_TO_ESCAPE.sub(_escape, lexical)}"'
    if language:
        return f"{quoted}@{language}"
    return quoted if datatype in (None, STRING) else f"{quoted}^^<{datatype}>"


def _escape(match: re.Match[str]) -> str:
    return _ESCAPE.get(match[0]) or f"\\u{ord(match[0]):04X}"


def is_iri(node: Node) -> bool:
    """Tell whether a node is an IRI."""
    return node[0] == "<"


def is_blank(node: Node) -> bool:
    """Tell whether a node is a blank node."""
    return node[0] == "_"


def is_literal(node: Node) -> bool:
    """Tell whether a node is a literal."""
    return node[0] == '"'


@lru_cache(maxsize=1 << 16)
def literal_parts(node: Node) -> LiteralParts:
    """Take a literal apart."""
    end = node.rindex('"')
    lexical, suffix = node[1:end], node[end + 1 :]
    if "\\" in lexical:
        lexical = _ESCAPED.sub(_unescape, lexical)
    if suffix.startswith("^^"):
        return LiteralParts(lexical, suffix[3:-1], "")
    if suffix:
        return LiteralParts(lexical, LANG_STRING, suffix[1:])
    return LiteralParts(lexical, STRING, "")


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _UNESCAPE.get(match[3], match[3])


def text_of(node: Node) -> str:
    """Return the IRI, the blank node's label or the literal's lexical form."""
    if node[0] == "<":
        return node[1:-1]
    return literal_parts(node).lexical if node[0] == '"' else node[2:]


def to_term(node: Node) -> Term:
    """Turn a node into a term as the package's results have it."""
    if node[0] == "<":
        return Term("iri", node[1:-1])
    if node[0] == "_":
        return Term("bnode", node[2:])
    parts = literal_parts(node)
    plain = parts.datatype in (STRING, LANG_STRING)
    return Term("literal", parts.lexical, None if plain else parts.datatype, parts.language or None)


RDF_TYPE, RDF_FIRST, RDF_REST, RDF_NIL = (iri(f"{RDF}{name}") for name in ("type", "first", "rest", "nil"))
RDFS_CLASS, RDFS_SUBCLASS_OF = iri(f"{RDFS}Class"), iri(f"{RDFS}subClassOf")
