"""What `--vary` takes: ranges in decimals, lists, and short names for their paths."""

from __future__ import annotations

import pytest

from archc.explore import Knob, getters, parse_knob, short_names


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=2..5", (2, 3, 4, 5)),
        ("a=7..7", (7,)),
        ("a=2..9:3", (2, 5, 8)),
        ("a= 64 .. 128 : 32 ", (64, 96, 128)),
        ("a=0.1..0.5:0.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("a=1..2:0.5", (1.0, 1.5, 2.0)),
        ("a=-2..0", (-2, -1, 0)),
        ("a=3", (3,)),
        ("a=0.5,0.75,1.0", (0.5, 0.75, 1.0)),
        ("a=relu, silu", ("relu", "silu")),
        ("a=true,1,1.0,1,'1'", (True, 1, 1.0, "1")),
        ("a=[1, 2],[3]", ((1, 2), (3,))),
        ("a=null,8", (None, 8)),
        ("a='2..5'", ("2..5",)),
    ],
)
def test_values(text: str, values: tuple[object, ...]) -> None:
    knob = parse_knob(text)
    assert knob == Knob("a", values)
    assert [type(value) for value in knob.values] == [type(value) for value in values]


def test_short_names_are_as_short_as_they_can_be() -> None:
    paths = ["learner.groups[0].blocks", "learner.groups[1].blocks", "args.width", "stem[0].macs"]
    assert short_names(paths) == ["groups[0].blocks", "groups[1].blocks", "width", "stem[0].macs"]


def test_a_name_that_two_knobs_have_names_none() -> None:
    knobs = [Knob(f"learner.groups[{group}].blocks", (1, 2)) for group in range(2)]
    names = getters([*knobs, Knob("learner.groups[1].filters", (8,))])
    assert "blocks" not in names
    assert {"filters", "groups[1].filters", "groups[0].blocks", "learner.groups[0].blocks"} <= set(
        names
    )
