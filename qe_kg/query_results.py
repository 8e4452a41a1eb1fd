"""What a SPARQL query answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qe_kg.terms import Term


@dataclass(frozen=True)
class QueryResult:
    """The answer of a query.

    Attributes:
        columns: the variables of a SELECT, in its order; ("subject", "predicate", "object") for triples;
            empty for ASK.
        rows: one tuple of terms a row; None where a variable is not bound.
        boolean: the answer of an ASK, else None.
        is_graph: True for CONSTRUCT and DESCRIBE, whose rows are triples.

    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]
    boolean: bool | None = None
    is_graph: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer in the form of the W3C's SPARQL 1.1 Query Results JSON Format."""
        if self.boolean is not None:
            return {"head": {}, "boolean": self.boolean}
        bindings = [
            {name: term.to_dict() for name, term in zip(self.columns, row, strict=True) if term is not None}
            for row in self.rows
        ]
        return {"head": {"vars": list(self.columns)}, "results": {"bindings": bindings}}
