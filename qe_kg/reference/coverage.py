"""Which terms of a vocabulary have what they should have, and which lack it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from qe_kg.reference.vocabulary import DEFINITIONS, Term, Vocabulary
from qe_kg.shacl.nodes import iri

#: What a term should have, in the order of the columns.
COLUMNS = ("definition", "question", "query", "shape", "datum", "alignment")


@dataclass(frozen=True)
class TermCoverage:
    """How often a term has each of `COLUMNS`, and the names behind the counts."""

    term: Term
    name: str
    label: str
    counts: dict[str, int]

    @property
    def gaps(self) -> tuple[str, ...]:
        """What it lacks."""
        return tuple(column for column in COLUMNS if not self.counts[column])

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        term = self.term
        return {
            "id": term.iri, "name": self.name, "label": self.label, "kind": term.kind, "module": term.module,
            "counts": self.counts, "gaps": list(self.gaps),
            "questions": list(term.questions), "queries": list(term.queries), "shapes": list(term.shapes),
            "rules": list(term.rules),
            "alignments": [{"relation": relation, "term": other} for relation, other in term.alignments],
            "source": term.place.to_dict(),
        }  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """The coverage of a model's vocabulary."""

    model: str
    terms: tuple[TermCoverage, ...]

    def lacking(self, columns: Iterable[str]) -> tuple[TermCoverage, ...]:
        """Return the terms that lack one of some columns."""
        wanted = set(columns)
        return tuple(one for one in self.terms if wanted & set(one.gaps))

    @property
    def gaps(self) -> dict[str, int]:
        """How many terms lack what."""
        return {column: len(self.lacking([column])) for column in COLUMNS}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "model": self.model,
            "terms": [one.to_dict() for one in self.terms],
            "summary": {"terms": len(self.terms), "gaps": self.gaps},
        }


def read_coverage(vocabulary: Vocabulary) -> Coverage:
    """Count for each term what it has."""
    return Coverage(vocabulary.name, tuple(_covered(vocabulary, term) for term in vocabulary.terms))


def _covered(vocabulary: Vocabulary, term: Term) -> TermCoverage:
    counts = {
        "definition": int(bool(vocabulary.text(iri(term.iri), DEFINITIONS))),
        "question": len(term.questions),
        "query": len(term.queries),
        "shape": len(term.shapes),
        "datum": term.data,
        "alignment": len(term.alignments),
    }
    return TermCoverage(term, vocabulary.namespaces.compact(term.iri), vocabulary.label(term.iri), counts)
