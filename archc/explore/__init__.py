"""Many variants of one spec: swept over knobs, and searched for the one that meets a budget."""

from archc.explore.knobs import Knob, parse_knob
from archc.explore.sweep import Sweep
from archc.explore.walk import Point

__all__ = ["Knob", "Point", "Sweep", "parse_knob"]
