"""What a change to a model says and what it means: by element, in results, answers, participants and crossings."""

from qe_kg.diff.compare import Comparison, compare

__all__ = ["Comparison", "compare"]
