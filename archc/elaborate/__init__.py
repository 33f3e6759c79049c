"""Spec → Graph."""

from archc.elaborate.elaborate import elaborate
from archc.elaborate.weights import renamed, weight_rules

__all__ = ["elaborate", "renamed", "weight_rules"]
