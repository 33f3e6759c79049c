"""The typed graph that analyses, passes and targets share."""

from archc.graph.graph import Graph, Instance, InstanceKind, Node, Output
from archc.layers import TensorShape

__all__ = ["Graph", "Instance", "InstanceKind", "Node", "Output", "TensorShape"]
