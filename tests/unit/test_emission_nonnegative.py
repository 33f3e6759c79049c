"""Which tensors hold no value below 0."""

from __future__ import annotations

import pytest

from archc.emission.nonnegative import nonnegative
from archc.layers import (
    Activation,
    Add,
    Average,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Crop,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyRelu,
    Maximum,
    MaxPool,
    Multiply,
    Reshape,
    Slice,
    Upsample,
    ZeroPad,
)
from tests.keras_graphs import GraphMaker, chain


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        *[(Activation(kind=kind), True) for kind in ("relu", "relu6", "sigmoid", "softmax")],
        (Activation(kind="hard_sigmoid"), True),
        *[(Activation(kind=kind), False) for kind in ("silu", "gelu", "tanh", "hard_silu", "mish")],
        (LeakyRelu(), False),
        (Conv(filters=4, kernel=3, activation="relu"), True),
        (Conv(filters=4, kernel=3, activation="silu"), False),
        (Dense(units=4, activation="softmax"), True),
        (BatchNorm(), False),
        (MaxPool(), False),
    ],
    ids=repr,
)
def test_of_an_input_of_any_sign(layer: Layer, expected: bool) -> None:
    assert nonnegative(chain((8, 8, 4), layer)) == (False, expected)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (MaxPool(), True),
        (AvgPool(), True),
        (ZeroPad(padding=1), True),
        (Crop(cropping=1), True),
        (Flatten(), True),
        (Reshape(shape=(-1, 4)), True),
        (Dropout(rate=0.5), True),
        (Slice(part=0, of=2), True),
        (Upsample(), True),
        (Conv(filters=4, kernel=3), False),
        (BatchNorm(), False),
    ],
    ids=repr,
)
def test_of_an_input_that_is_nowhere_below_0(layer: Layer, expected: bool) -> None:
    assert nonnegative(chain((8, 8, 4), Activation(kind="relu"), layer))[-1] is expected


@pytest.mark.parametrize("merge", [Add(), Multiply(), Average(), Concat()], ids=repr)
def test_of_merges(merge: Layer) -> None:
    maker = GraphMaker()
    either = maker.input(8, 8, 4)
    above = maker.add(Activation(kind="relu"), either)
    maker.add(merge, above, above)
    maker.add(merge, above, either)
    assert nonnegative(maker.graph())[-2:] == (True, False)


def test_a_maximum_needs_one_path_that_is_nowhere_below_0() -> None:
    maker = GraphMaker()
    either = maker.input(8, 8, 4)
    above = maker.add(Activation(kind="relu"), either)
    maker.add(Maximum(), above, either)
    maker.add(Maximum(), either, either)
    assert nonnegative(maker.graph())[-2:] == (True, False)
