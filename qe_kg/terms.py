"""RDF terms as the results of this package show them, independent of any RDF library."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qe_kg.namespaces import XSD

_ESCAPED = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_MEANT = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, order=True)
class Term:
    """An IRI, a literal or a blank node.

    Attributes:
        kind: "iri", "literal" or "bnode".
        value: the IRI, the lexical form, or the blank node's label.
        datatype: IRI of a literal's datatype; None for plain and language-tagged strings.
        language: language tag of a literal, or None.

    """

    kind: Literal["iri", "literal", "bnode"]
    value: str
    datatype: str | None = None
    language: str | None = None

    def __str__(self) -> str:
        return self.value

    def n3(self) -> str:
        """Return the term as N-Triples and SPARQL write it."""
        if self.kind == "iri":
            return f"<{self.value}>"
        if self.kind == "bnode":
            return f"_:{self.value}"
        quoted = f'"{self.value.translate(_ESCAPES)}"'
        if self.language:
            return f"{quoted}@{self.language}"
        return f"{quoted}^^<{self.datatype}>" if self.datatype else quoted

    def shown(self, show: Callable[[str], str]) -> str:
        """Return the term as a person reads it: an IRI as a function shows it, anything else as N-Triples has it."""
        return show(self.value) if self.kind == "iri" else self.n3()

    def to_dict(self) -> dict[str, str]:
        """Return the term as the SPARQL 1.1 results JSON format has it."""
        if self.kind == "iri":
            return {"type": "uri", "value": self.value}
        if self.kind == "bnode":
            return {"type": "bnode", "value": self.value}
        result = {"type": "literal", "value": self.value}
        if self.language:
            result["xml:lang"] = self.language
        elif self.datatype:
            result["datatype"] = self.datatype
        return result


def parse_term(text: str) -> Term:
    """Read a term as SPARQL 1.1 results in TSV have it: as Turtle writes it, without prefixes."""
    if text[0] == "<":
        return iri(text[1:-1])
    if text[0] != '"':  # a number or a boolean in short, or a blank node
        return Term("bnode", text[2:]) if text[:2] == "_:" else Term("literal", text)
    end = text.rindex('"')
    value = text[1:end] if "\\" not in text else _ESCAPED.sub(_meant, text[1:end])
    after = text[end + 1 :]
    return literal(value, after[3:-1] if after[:2] == "^^" else None, after[1:] if after[:1] == "@" else None)


def _meant(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _MEANT.get(code, code)


def iri(value: str) -> Term:
    """Make an IRI."""
    return Term("iri", value)


def literal(value: str, datatype: str | None = None, language: str | None = None) -> Term:
    """Make a literal; ``xsd:string`` is written as a plain one."""
    return Term("literal", value, None if datatype == f"{XSD}string" else datatype, language)
