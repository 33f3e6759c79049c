"""YAML text → located tree: files read safely, every node with its value and its place."""

from archc.source.loader import compose
from archc.source.nodes import Entry, Mapping, Node, Scalar, ScalarValue, Sequence
from archc.source.read import read_source
from archc.source.scalars import NumberRangeError, resolve, span_inside

__all__ = [
    "Entry",
    "Mapping",
    "Node",
    "NumberRangeError",
    "Scalar",
    "ScalarValue",
    "Sequence",
    "compose",
    "read_source",
    "resolve",
    "span_inside",
]
