"""Many variants of one spec: swept over knobs, and searched for the one that meets a budget."""

from archc.explore.check import MAX_POINTS, check_count, check_knobs
from archc.explore.columns import TOTALS, Getter, getters, short_names
from archc.explore.condition import Condition
from archc.explore.knobs import Knob, parse_knob
from archc.explore.respell import MARK, check_references, respelled
from archc.explore.rows import Order, Row, Rows, parse_order, too_large
from archc.explore.sweep import Sweep
from archc.explore.walk import Point

__all__ = [
    "MARK",
    "MAX_POINTS",
    "TOTALS",
    "Condition",
    "Getter",
    "Knob",
    "Order",
    "Point",
    "Row",
    "Rows",
    "Sweep",
    "check_count",
    "check_knobs",
    "check_references",
    "getters",
    "parse_knob",
    "parse_order",
    "respelled",
    "short_names",
    "too_large",
]
