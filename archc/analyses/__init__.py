"""Pure functions of a graph: what a network costs, and whether it keeps its contracts."""

from archc.analyses.conditions import OPTIMIZERS, PRECISIONS, Conditions, Precision
from archc.analyses.contracts import check_contracts
from archc.analyses.cost import Analysis, Costs, NodeCost, analyse
from archc.analyses.parts import Part, parts

__all__ = [
    "OPTIMIZERS",
    "PRECISIONS",
    "Analysis",
    "Conditions",
    "Costs",
    "NodeCost",
    "Part",
    "Precision",
    "analyse",
    "check_contracts",
    "parts",
]
