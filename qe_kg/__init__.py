"""Business-architecture knowledge graph of value-stream information flows.

The public API is what ``__all__`` lists; modules beneath may move.

>>> from qe_kg import open_model
>>> model = open_model()                       # the packaged Quantum Energy model
>>> model.impact("AOV-04", depth=1).reached[0].code
'AOV-05'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from qe_kg.change import Change
    from qe_kg.errors import (
        AmbiguousNameError,
        CallError,
        ChangeError,
        FormatError,
        InconsistencyError,
        ManifestError,
        OntologyError,
        ParameterError,
        ParseError,
        ProfileError,
        QeKgError,
        QueryError,
        ReadError,
        ShapesError,
        StoreError,
        UnknownNameError,
        UnknownQueryError,
    )
    from qe_kg.integrity import Problem
    from qe_kg.lineage import Flow, Lineage, Reached
    from qe_kg.model import Model
    from qe_kg.opening import open_model
    from qe_kg.query_results import QueryResult
    from qe_kg.terms import Term
    from qe_kg.validation import Result, ValidationReport

# Where each public name lives. Resolved on first use, so that importing the package costs nothing.
_HOME = {
    "Model": "model",
    "open_model": "opening",
    "Change": "change",
    "Lineage": "lineage",
    "Flow": "lineage",
    "Reached": "lineage",
    "Problem": "integrity",
    "QueryResult": "query_results",
    "Term": "terms",
    "Result": "validation",
    "ValidationReport": "validation",
    "QeKgError": "errors",
    "CallError": "errors",
    "ChangeError": "errors",
    "UnknownNameError": "errors",
    "AmbiguousNameError": "errors",
    "UnknownQueryError": "errors",
    "ParameterError": "errors",
    "ReadError": "errors",
    "ParseError": "errors",
    "ManifestError": "errors",
    "ProfileError": "errors",
    "QueryError": "errors",
    "FormatError": "errors",
    "ShapesError": "errors",
    "StoreError": "errors",
    "InconsistencyError": "errors",
    "OntologyError": "errors",
}

__all__ = [
    "AmbiguousNameError",
    "CallError",
    "Change",
    "ChangeError",
    "Flow",
    "FormatError",
    "InconsistencyError",
    "Lineage",
    "ManifestError",
    "Model",
    "OntologyError",
    "ParameterError",
    "ParseError",
    "Problem",
    "ProfileError",
    "QeKgError",
    "QueryError",
    "QueryResult",
    "Reached",
    "ReadError",
    "Result",
    "ShapesError",
    "StoreError",
    "Term",
    "UnknownNameError",
    "UnknownQueryError",
    "ValidationReport",
    "__version__",
    "open_model",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"qe_kg.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
