"""Pure functions of a graph: what a network costs, and whether it keeps its contracts."""

from archc.analyses.contracts import check_contracts
from archc.analyses.cost import Analysis, NodeCost, analyse
from archc.analyses.parts import Part, parts

__all__ = ["Analysis", "NodeCost", "Part", "analyse", "check_contracts", "parts"]
