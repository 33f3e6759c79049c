"""Expressions and texts with expressions in them: parse, check, evaluate; total and bounded."""

from archc.expressions.budget import shared_steps
from archc.expressions.errors import ExpressionError
from archc.expressions.expression import Expression, parse
from archc.expressions.functions import FUNCTIONS
from archc.expressions.template import Template, parse_text
from archc.expressions.values import Attributes, Lookup, Value

FUNCTION_NAMES = tuple(FUNCTIONS)
"""The functions that an expression may call."""

__all__ = [
    "FUNCTION_NAMES",
    "Attributes",
    "Expression",
    "ExpressionError",
    "Lookup",
    "Template",
    "Value",
    "parse",
    "parse_text",
    "shared_steps",
]
