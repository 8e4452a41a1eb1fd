"""Impact and trace: who receives, through however many flows, what a start gives away, and the reverse."""

from qe_kg.lineage.answer import Lineage, Reached, Start
from qe_kg.lineage.flows import BASES, Direction, Flow, FlowGraph, FlowSource
from qe_kg.lineage.walk import Filters, walk

__all__ = ["BASES", "Direction", "Filters", "Flow", "FlowGraph", "FlowSource", "Lineage", "Reached", "Start", "walk"]
