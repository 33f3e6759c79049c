"""Spec → Graph."""

from archc.elaborate.elaborate import Recorded, elaborate, elaborate_recorded
from archc.elaborate.weights import renamed, weight_rules

__all__ = ["Recorded", "elaborate", "elaborate_recorded", "renamed", "weight_rules"]
