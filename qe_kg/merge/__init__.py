"""Merging Turtle by statement."""

from qe_kg.merge.conflicts import Conflict
from qe_kg.merge.driver import Outcome, merge_files
from qe_kg.merge.three_way import Merged, merge_texts

__all__ = ["Conflict", "Merged", "Outcome", "merge_files", "merge_texts"]
