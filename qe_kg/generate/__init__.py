"""Made-up enterprises of any size, in the vocabulary of the ontology, for trials, tests and benchmarks."""

from qe_kg.generate.enterprise import Defect, Enterprise, Node
from qe_kg.generate.writing import write_defects, write_enterprise, write_model

__all__ = ["Defect", "Enterprise", "Node", "write_defects", "write_enterprise", "write_model"]
