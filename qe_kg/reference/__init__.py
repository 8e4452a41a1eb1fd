"""What a model's vocabulary is used for: term by term, where it has gaps, and as pages to read."""

from qe_kg.reference.coverage import COLUMNS, Coverage, TermCoverage, read_coverage
from qe_kg.reference.vocabulary import Term, Vocabulary, read_vocabulary

__all__ = ["COLUMNS", "Coverage", "Term", "TermCoverage", "Vocabulary", "read_coverage", "read_vocabulary"]
