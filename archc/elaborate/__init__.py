"""Spec → Graph."""

from archc.elaborate.elaborate import elaborate
from archc.elaborate.weights import weight_rules

__all__ = ["elaborate", "weight_rules"]
