"""Many variants of one spec: swept over knobs, and searched for the one that meets a budget."""

from archc.explore.check import MAX_POINTS, check_count, check_knobs
from archc.explore.columns import TOTALS, Getter, getters, short_names
from archc.explore.condition import Condition
from archc.explore.dials import Dial, Rounding, parse_dial
from archc.explore.inner_roundings import InnerRounding
from archc.explore.knobs import Knob, parse_knob
from archc.explore.respell import MARK, check_references, respelled
from archc.explore.rows import Order, Row, Rows, parse_order, too_large
from archc.explore.solve import Solution, Target, parse_target, solve
from archc.explore.sweep import Sweep
from archc.explore.walk import Point

__all__ = [
    "MARK",
    "MAX_POINTS",
    "TOTALS",
    "Condition",
    "Dial",
    "Getter",
    "InnerRounding",
    "Knob",
    "Order",
    "Point",
    "Rounding",
    "Row",
    "Rows",
    "Solution",
    "Sweep",
    "Target",
    "check_count",
    "check_knobs",
    "check_references",
    "getters",
    "parse_dial",
    "parse_knob",
    "parse_order",
    "parse_target",
    "respelled",
    "short_names",
    "solve",
    "too_large",
]
