"""Impact and trace: who receives, through however many flows, what a start gives away, and the reverse."""

from qe_kg.lineage.answer import Lineage, Reached, Start
from qe_kg.lineage.flows import BASES, Direction, Flow, FlowGraph
from qe_kg.lineage.walk import walk

__all__ = ["BASES", "Direction", "Flow", "FlowGraph", "Lineage", "Reached", "Start", "walk"]
