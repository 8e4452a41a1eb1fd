"""The parameters of a shape, read with what the specification demands of each (https://www.w3.org/TR/shacl/#shapes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qe_kg.namespaces import XSD
from qe_kg.shacl.datatypes import is_well_formed
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.model import IllFormedShapes
from qe_kg.shacl.nodes import LANG_STRING, STRING, Node, is_iri, is_literal, literal_parts, sh
from qe_kg.shacl.paths import Path

_INTEGER, _BOOLEAN = f"{XSD}integer", f"{XSD}boolean"


@dataclass(frozen=True)
class Parameters:
    """Reads the parameters that one shape declares.

    Args:
        graph: the shapes graph.
        shape: the shape.
        path: its path, or None for a node shape.

    """

    graph: Graph
    shape: Node
    path: Path | None

    def fault(self, problem: str, name: str, value: Node | None = None) -> IllFormedShapes:
        """Make the error for a wrong value of a parameter."""
        return IllFormedShapes(f"sh:{name} {problem}", self.shape, sh(name), value)

    def all(self, name: str) -> list[Node]:
        """Return all values of a parameter."""
        return self.graph.objects(self.shape, sh(name))

    def one(self, name: str) -> Node | None:
        """Return the value of a parameter that may be there once.

        Raises:
            IllFormedShapes: there are several.

        """
        values = self.all(name)
        if len(values) > 1:
            raise self.fault("may be there only once", name, values[1])
        return values[0] if values else None

    def iris(self, name: str) -> list[Node]:
        """Return the values of a parameter that takes IRIs."""
        for value in self.all(name):
            if not is_iri(value):
                raise self.fault("must be an IRI", name, value)
        return self.all(name)

    def integer(self, name: str) -> int | None:
        """Return the value of a parameter that takes a non-negative xsd:integer."""
        value = self.one(name)
        if value is None:
            return None
        if not is_literal(value) or literal_parts(value).datatype != _INTEGER or not is_well_formed(value):
            raise self.fault("must be an xsd:integer", name, value)
        number = int(literal_parts(value).lexical)
        if number < 0:
            raise self.fault("must not be negative", name, value)
        return number

    def text(self, name: str) -> str | None:
        """Return the value of a parameter that takes an xsd:string."""
        value = self.one(name)
        if value is None:
            return None
        if not is_literal(value) or literal_parts(value).datatype != STRING:
            raise self.fault("must be an xsd:string", name, value)
        return literal_parts(value).lexical

    def is_true(self, name: str) -> bool:
        """Tell whether a parameter that takes an xsd:boolean is ``true``.

        The specification names the literal ``true``; ``"1"^^xsd:boolean`` is another one and switches nothing on.
        """
        value = self.one(name)
        if value is None:
            return False
        if not is_literal(value) or literal_parts(value).datatype != _BOOLEAN or not is_well_formed(value):
            raise self.fault("must be an xsd:boolean", name, value)
        return literal_parts(value).lexical == "true"

    def members(self, name: str, head: Node) -> tuple[Node, ...]:
        """Return the members of a list."""
        members = self.graph.items(head)
        if members is None:
            raise self.fault("must be a well-formed RDF list", name, head)
        return tuple(members)

    def list(self, name: str) -> tuple[Node, ...] | None:
        """Return the members of the one list that a parameter takes."""
        head = self.one(name)
        return None if head is None else self.members(name, head)

    def literals(self, name: str, kind: Literal["text", "any"] = "any") -> tuple[Node, ...]:
        """Return the values of a parameter that takes literals, or only texts (strings, with a language or without)."""
        for value in self.all(name):
            if not is_literal(value) or (kind == "text" and literal_parts(value).datatype not in (STRING, LANG_STRING)):
                what = "a literal" if kind == "any" else "a text (xsd:string or rdf:langString)"
                raise self.fault(f"must be {what}", name, value)
        return tuple(self.all(name))
