"""Why a triple holds, a result is there, a change reaches somebody: trees of reasons with their places."""

from qe_kg.why.questions import why_impact, why_result, why_triple
from qe_kg.why.reason import Reason, diagram_of_reason

__all__ = ["Reason", "diagram_of_reason", "why_impact", "why_result", "why_triple"]
