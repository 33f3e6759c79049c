"""Values of attributes: what is taken, and what exactly is said of what is not."""

from __future__ import annotations

import pytest

from archc.layers import LAYERS, MERGES, InvalidAttributes, make

PER_AXIS = "a list with a number or [before, after] for each spatial axis"
COUNT = "expected a whole number of at least 1"
SIDES = f"{COUNT}, or a list with one for each spatial axis"
PADS = f"expected a whole number of at least 0, or {PER_AXIS}"
PADDING = f"expected `same`, `valid`, `symmetric`, a whole number of at least 0, or {PER_AXIS}"
SHAPE = "expected a list of whole numbers of at least 1, of which one may be -1"

# the verb, its attribute, a value that does not do, the message, what helps
BAD_VALUES = [
    ("dense", "units", 0, f"{COUNT}, found 0", ()),
    ("dense", "units", 1.5, f"{COUNT}, found 1.5", ()),
    ("dense", "units", True, f"{COUNT}, found true", ()),
    ("dense", "units", None, f"{COUNT}, found null", ()),
    ("dense", "units", (1, 2), f"{COUNT}, found [1, 2]", ()),
    ("dense", "units", float("inf"), f"{COUNT}, found inf", ()),
    (
        "dense",
        "units",
        "classes",
        f"{COUNT}, found `classes`",
        ("a computed value starts with `=`: `=classes`",),
    ),
    (
        "dense",
        "units",
        "64",
        f"{COUNT}, found `64`",
        ("quotes make it text: write 64 without them",),
    ),
    ("dense", "units", "4 * x", f"{COUNT}, found `4 * x`", ()),
    (
        "dense",
        "bias",
        "no",
        "expected true or false, found `no`",
        ("YAML 1.2 reads `no` as text: write `false`",),
    ),
    (
        "dense",
        "bias",
        "On",
        "expected true or false, found `On`",
        ("YAML 1.2 reads `On` as text: write `true`",),
    ),
    ("dense", "bias", 1, "expected true or false, found 1", ()),
    ("dense", "bias", "maybe", "expected true or false, found `maybe`", ()),
    (
        "dense",
        "activation",
        "relu_6",
        "expected an activation without weights, found `relu_6`",
        ("did you mean `relu6` or `relu`?",),
    ),
    (
        "dense",
        "activation",
        "prelu",
        "expected an activation without weights, found `prelu`",
        ("`prelu` has weights of its own: make it the next step",),
    ),
    (
        "dense",
        "init",
        "he_uniform_",
        "expected an initializer, found `he_uniform_`",
        ("did you mean `he_uniform`?",),
    ),
    ("depthwise_conv", "kernel", (3, 0), f"{SIDES}, found [3, 0]", ()),
    ("depthwise_conv", "kernel", (), f"{SIDES}, found []", ()),
    ("depthwise_conv", "kernel", (3, True), f"{SIDES}, found [3, true]", ()),
    ("max_pool", "padding", -1, f"{PADDING}, found -1", ()),
    ("max_pool", "padding", "smae", f"{PADDING}, found `smae`", ("did you mean `same`?",)),
    (
        "max_pool",
        "padding",
        "causal",
        f"{PADDING}, found `causal`",
        ("the named paddings are `same`, `valid`, `symmetric`",),
    ),
    ("max_pool", "padding", ((1, 2, 3),), f"{PADDING}, found [[1, 2, 3]]", ()),
    ("max_pool", "padding", ("same", 1), f"{PADDING}, found [`same`, 1]", ()),
    ("crop", "cropping", (-1, 1), f"{PADS}, found [-1, 1]", ()),
    (
        "zero_pad",
        "channels",
        3,
        "expected [before, after], two whole numbers of at least 0, found 3",
        (),
    ),
    ("batch_norm", "epsilon", 0, "expected a number above 0, found 0", ()),
    ("batch_norm", "momentum", 1.5, "expected a number from 0 to 1, found 1.5", ()),
    ("dropout", "rate", 1, "expected a number of at least 0 and below 1, found 1", ()),
    (
        "dropout",
        "rate",
        "0.2",
        "expected a number of at least 0 and below 1, found `0.2`",
        ("quotes make it text: write 0.2 without them",),
    ),
    ("leaky_relu", "slope", float("nan"), "expected a number, found nan", ()),
    ("layer_scale", "init", False, "expected a number, found false", ()),
    (
        "upsample",
        "interpolation",
        "bicubic",
        "expected an interpolation, found `bicubic`",
        ("the interpolations are `nearest`, `bilinear`",),
    ),
    ("reshape", "shape", 64, f"{SHAPE}, found 64", ()),
    ("reshape", "shape", (-1, -1), f"{SHAPE}, found [-1, -1]", ()),
    ("reshape", "shape", (0, 4), f"{SHAPE}, found [0, 4]", ()),
    (
        "reshape",
        "shape",
        (-2, *range(1, 10)),
        f"{SHAPE}, found [-2, 1, 2, 3, 4, 5, 6, 7, …]",
        (),
    ),
    (
        "slice",
        "axis",
        "channel",
        "expected an axis, found `channel`",
        ("did you mean `channels`?",),
    ),
]


@pytest.mark.parametrize(("verb", "attribute", "value", "message", "helps"), BAD_VALUES)
def test_what_is_said_of_a_bad_value(
    verb: str, attribute: str, value: object, message: str, helps: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidAttributes) as caught:
        make(LAYERS[verb], ((attribute, value),))
    (found,) = [problem for problem in caught.value.problems if problem.kind == "invalid"]
    assert (found.attribute, found.message, found.helps) == (attribute, message, helps)


# the verb, its attributes, and of each error its kind, attribute and message
BAD_TOGETHER = [
    ("conv", {"filters": 3}, [("missing", "kernel", "`conv` needs `kernel`")]),
    (
        "conv",
        {"filters": 3, "kernle": 3},
        [("unknown", "kernle", "`conv` has no attribute `kernle`")],
    ),
    (
        "conv",
        {"filters": 0, "stride": -1, "colour": 1},
        [
            ("unknown", "colour", "`conv` has no attribute `colour`"),
            ("invalid", "filters", f"{COUNT}, found 0"),
            ("missing", "kernel", "`conv` needs `kernel`"),
            ("invalid", "stride", f"{SIDES}, found -1"),
        ],
    ),
    ("relu", {"kind": "gelu"}, [("unknown", "kind", "`relu` has no attribute `kind`")]),
    ("add", {"axis": 1}, [("unknown", "axis", "`add` has no attribute `axis`")]),
    ("zero_pad", {}, [("missing", "padding", "`zero_pad` needs `padding`")]),
    ("slice", {}, [("missing", "stop", "`slice` needs `stop`")]),
    ("slice", {"part": 0}, [("missing", "of", "`slice` needs `of`")]),
    ("slice", {"of": 2}, [("missing", "part", "`slice` needs `part`")]),
    (
        "slice",
        {"part": 2, "of": 2},
        [("invalid", "part", "expected a part below 2, as parts count from 0, found 2")],
    ),
    (
        "slice",
        {"part": 0, "of": 2, "stop": 3},
        [("invalid", "stop", "`slice` takes `part` and `of`, or `start` and `stop`, not both")],
    ),
    ("normalize", {"mean": 0.5}, [("missing", "variance", "`normalize` needs `variance`")]),
    ("normalize", {"variance": 0.5}, [("missing", "mean", "`normalize` needs `mean`")]),
    (
        "normalize",
        {"mean": (1, 2, 3), "variance": 1},
        [("invalid", "variance", "expected `mean` and `variance` to be of one length")],
    ),
    (
        "normalize",
        {"mean": (0, 0), "variance": (1, 0)},
        [
            (
                "invalid",
                "variance",
                "expected a number above 0, or a list with one for each channel, found [1, 0]",
            )
        ],
    ),
]


@pytest.mark.parametrize(("verb", "attributes", "problems"), BAD_TOGETHER)
def test_what_is_said_of_attributes_together(
    verb: str, attributes: dict[str, object], problems: list[tuple[str, str, str]]
) -> None:
    with pytest.raises(InvalidAttributes) as caught:
        make((LAYERS | MERGES)[verb], tuple(attributes.items()))
    found = [
        (problem.kind, problem.attribute, problem.message) for problem in caught.value.problems
    ]
    assert found == problems


def test_unknown_attributes_are_told_what_there_is() -> None:
    with pytest.raises(InvalidAttributes) as caught:
        make(LAYERS["dropout"], (("rate", 0.5), ("seed", 1)))
    assert caught.value.problems[0].helps == ("the attributes are `rate`",)
    with pytest.raises(InvalidAttributes) as caught:
        make(LAYERS["flatten"], (("order", 1),))
    assert caught.value.problems[0].helps == ("`flatten` takes no attributes",)


@pytest.mark.parametrize(
    ("verb", "attribute", "value", "kept"),
    [
        ("dense", "units", 96.0, 96),
        ("depthwise_conv", "kernel", (3.0, 5), (3, 5)),
        ("depthwise_conv", "kernel", 3, 3),
        ("crop", "cropping", ((1.0, 0), 2), ((1, 0), 2)),
        ("max_pool", "padding", "symmetric", "symmetric"),
        ("reshape", "shape", (-1.0, 8), (-1, 8)),
        ("rescale", "scale", 2, 2),
        ("rescale", "scale", 2.0, 2.0),
        ("batch_norm", "epsilon", 1, 1),
        ("dropout", "rate", 0, 0),
        ("dense", "activation", "leaky_relu", "leaky_relu"),
    ],
)
def test_values_are_kept_as_they_were_written(
    verb: str, attribute: str, value: object, kept: object
) -> None:
    required = {"filters": 1, "kernel": 1, "units": 1}
    needed = {name: required[name] for name in LAYERS[verb].required if name in required}
    layer = make(LAYERS[verb], tuple((needed | {attribute: value}).items()))
    assert repr(getattr(layer, attribute)) == repr(kept)
