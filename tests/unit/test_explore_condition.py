"""`--where`: names of a row, paths and quantities in the language of expressions."""

from __future__ import annotations

import pytest

from archc.diagnostics import CompileError
from archc.explore import Condition, Knob, Point, getters

KNOBS = (Knob("learner.groups[2].blocks", (6,)), Knob("width", (0.5,)), Knob("act", ("relu",)))
POINT = Point((6, 0.5, "relu"), (25_636_712, 25_583_592, 3_857_973_248), (), (), True)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("macs < 4G", True),
        ("macs < 3.857973248G", False),
        ("macs <= 3.857973248G", True),
        ("flops == 2 * macs", True),
        ("params < 25Mi", True),
        ("params < 24Mi", False),
        ("trainable > 25_583k and trainable < 25584k", True),
        ("blocks == 6 and groups[2].blocks == 6 and learner.groups[2].blocks == 6", True),
        ("(macs<4G)and not(width>0.5)", True),
        ("act in ['relu', '4G'] and act != '4G'", True),
        ("macs / 1G > 3.8", True),
        ("round(params / 1M) == 26", True),
        ("1G == 1000M and 1Mi == 1024Ki", True),
        ("params < 30M if width < 1 else params < 10M", True),
    ],
)
def test_conditions(text: str, holds: bool) -> None:
    assert Condition(text, getters(KNOBS)).holds(POINT) is holds


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("macs < 4G and parms > 3", "unknown name `parms`", "parms"),
        ("macs < 4Q", "expected an expression, found `4Q`", "4Q"),
        ("macs < 4G and", "expected an operand, found the end of the expression", "d"),
        ("groups[1].blocks < 4G", "unknown name `groups`", "groups"),
        ("macs", "expected a condition such as `macs < 4G`, found 3857973248", "macs"),
        ("act < 4G", "expected two numbers to compare, found the text `relu`", "act < 4G"),
        ("", "expected an expression, found nothing", ""),
    ],
)
def test_what_is_no_condition(text: str, message: str, marked: str) -> None:
    with pytest.raises(CompileError) as caught:
        Condition(text, getters(KNOBS)).holds(POINT)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "where"
    assert diagnostic.message.startswith(message)
    assert diagnostic.span is not None
    assert diagnostic.span.text == marked
