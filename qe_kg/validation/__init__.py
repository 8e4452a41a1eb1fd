"""Validation: results of SHACL shapes, and what the baseline says about them."""

from qe_kg.validation.report import Result, SourcePlace, Summary, ValidationReport

__all__ = ["Result", "SourcePlace", "Summary", "ValidationReport"]
