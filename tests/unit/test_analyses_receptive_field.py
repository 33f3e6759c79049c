"""Receptive fields against published ones, by hand, and against which inputs change an output."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archc
from archc.analyses import analyse
from archc.graph import Graph
from archc.targets.keras import build
from tests.networks import elaborated


@pytest.mark.parametrize(
    ("reference", "field", "stride"),
    [
        # Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks, 2019
        ("resnet50", 483, 32),
        ("resnet101", 1027, 32),
        ("resnet152", 1507, 32),
        ("vgg@vgg16", 212, 32),
        ("inception_v3", 1311, 32),
    ],
)
def test_published(reference: str, field: int, stride: int) -> None:
    costs = analyse(archc.load(reference).graph()).costs()
    assert costs.receptive_field == (field, field)
    assert costs.stride == (stride, stride)


def last(steps: str, shape: str = "[32, 32, 2]") -> tuple[object, ...]:
    field = analyse(elaborated(f"input: {shape}\nstem:\n{steps}")).receptive_fields[-1]
    return field.sizes, tuple(map(float, field.strides)), field.sees_all


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- conv: {filters: 1, kernel: [3, 5]}", ((3, 5), (1, 1), False)),
        ("- conv: {filters: 1, kernel: 3, dilation: [4, 1]}", ((9, 3), (1, 1), False)),
        ("- max_pool: {size: 2}\n- conv: {filters: 1, kernel: 3}", ((6, 6), (2, 2), False)),
        ("- upsample\n- conv: {filters: 1, kernel: 3}", ((2, 2), (0.5, 0.5), False)),
        ("- upsample\n- conv: {filters: 1, kernel: 4}", ((3, 3), (0.5, 0.5), False)),
        ("- conv_transpose: {filters: 1, kernel: 4, stride: 2}", ((2, 2), (0.5, 0.5), False)),
        ("- zero_pad: 2\n- crop: [[3, 0], [0, 3]]", ((1, 1), (1, 1), False)),
        # A third, and 3, to the power of 200: strides and fields end at 2 to the power of 63.
        ("- repeat: 200\n  steps: [upsample: 3, crop: 32]", ((1, 1), (0, 0), False)),
        (
            "- {repeat: 200, conv: {filters: 1, kernel: 3, stride: 3}}",
            ((2**64 + 1,) * 2, (2**63,) * 2, False),
        ),
        ("- conv: {filters: 2, kernel: 3}\n- global_avg_pool", ((3, 3), (), True)),
        ("- conv: {filters: 2, kernel: 3}\n- flatten\n- dense: 4", ((3, 3), (), True)),
        ("- conv: {filters: 2, kernel: 3}\n- group_norm: 1", ((3, 3), (1, 1), True)),
        ("- reshape: [-1, 2]", ((1, 1), (), False)),
        ("- reshape: [-1, 2]\n- attention: 1", ((1, 1), (), True)),
        (
            "- multiply: {all: [global_avg_pool: true, sigmoid], one: [max_pool: {stride: 1}]}",
            ((2, 2), (1, 1), True),
        ),
    ],
)
def test_by_hand(steps: str, expected: object) -> None:
    assert last(steps) == expected


LENGTH = 48

_WINDOW = st.builds(
    "{{kernel: {}, stride: {}, dilation: {}, padding: {}}}".format,
    st.integers(1, 4),
    st.sampled_from([1, 1, 2, 3]),
    st.just(1),
    st.sampled_from(["same", "valid", "1"]),
)
_DILATED = st.builds("{{kernel: {}, dilation: {}}}".format, st.integers(2, 3), st.integers(2, 3))
_POOL = st.builds("{{size: {}, stride: {}}}".format, st.integers(2, 3), st.integers(1, 2))
_STEP = st.one_of(
    st.builds(
        "conv: {}".format, (_WINDOW | _DILATED).map(lambda w: w.replace("{", "{filters: 2, "))
    ),
    st.builds("depthwise_conv: {}".format, _WINDOW),
    st.builds("max_pool: {}".format, _POOL),
    st.builds("avg_pool: {}".format, _POOL),
    st.sampled_from(["relu", "batch_norm", "zero_pad: [[1, 2]]", "crop: [[0, 1]]"]),
    st.sampled_from(["dense: 2", "slice: {axis: length, start: 1}"]),
)
_UP = st.one_of(
    st.builds("upsample: {}".format, st.integers(2, 3)),
    st.builds(
        "conv_transpose: {{filters: 2, kernel: {}, stride: {}, padding: {}}}".format,
        st.integers(1, 4),
        st.integers(1, 3),
        st.sampled_from(["same", "valid"]),
    ),
)


def influence(graph: Graph) -> np.ndarray:
    """[i, p]: whether the input at i alone changes the output at p.

    All weights are positive and all biases 0, so that nothing cancels, and max pools pass the one
    value that is not 0.
    """
    model = build(graph)
    for layer in model.layers:
        layer.set_weights(
            [
                np.ones_like(array) if weight.path.split("/")[-1] in _ONES else np.zeros_like(array)
                for array, weight in zip(layer.get_weights(), layer.weights, strict=True)
            ]
        )
    spikes = np.zeros((LENGTH, *model.input_shape[1:]), "float32")
    spikes[np.arange(LENGTH), np.arange(LENGTH)] = 1
    given = np.asarray(model(spikes))
    return given.reshape(*given.shape[:2], -1).max(axis=-1) > 0


_ONES = {"kernel", "depthwise_kernel", "pointwise_kernel", "gamma", "moving_variance"}


def interior(graph: Graph, seen: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """The outputs whose whole field lies in the input, each with the inputs that it sees.

    What a slice took away at the start, or a crop at the end, is no part of the input to what
    comes after it.
    """
    fields = [field.reaches[0] for field in analyse(graph).receptive_fields]
    reach, largest = fields[-1], max(field.stride for field in fields)
    verbs = [node.layer.verb for node in graph]
    first = largest * verbs.count("slice")
    last = LENGTH - 1 - largest * verbs.count("crop")
    places = [
        p
        for p in range(seen.shape[1])
        if floor(reach.low + reach.stride * p) > first
        and ceil(reach.high + reach.stride * p) < last
    ]
    return [(p, np.flatnonzero(seen[:, p])) for p in places]


@settings(max_examples=25, deadline=None)
@given(st.lists(_STEP, min_size=1, max_size=4), st.lists(_STEP, max_size=2))
def test_windows_see_what_the_recursion_says(steps: list[str], path: list[str]) -> None:
    text = f"input: [{LENGTH}, 1]\nstem: [{', '.join(f'{{{step}}}' for step in _mapped(steps))}]\n"
    if _keeps_length(path):
        shown = ", ".join(f"{{{step}}}" for step in _mapped(path))
        text += f"learner: [{{concat: {{left: [], right: [{shown}]}}}}]\n"
    graph = elaborated(text)
    (reach,) = analyse(graph).receptive_fields[-1].reaches
    for place, found in interior(graph, influence(graph)):
        assert found[0] == reach.low + reach.stride * place
        assert found[-1] == reach.high + reach.stride * place
        assert found[-1] - found[0] + 1 == reach.size


@settings(max_examples=25, deadline=None)
@given(st.lists(_STEP, max_size=2), _UP, st.lists(_STEP, max_size=2))
def test_behind_upsampling_the_size_is_the_most_that_any_output_sees(
    before: list[str], up: str, after: list[str]
) -> None:
    steps = [*before, up, *after]
    text = f"input: [{LENGTH}, 1]\nstem: [{', '.join(f'{{{step}}}' for step in _mapped(steps))}]\n"
    graph = elaborated(text)
    (reach,) = analyse(graph).receptive_fields[-1].reaches
    for place, found in interior(graph, influence(graph)):
        if len(found):
            assert found[0] >= reach.low + reach.stride * place
            assert found[-1] <= reach.high + reach.stride * place
            assert found[-1] - found[0] + 1 <= reach.size


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "up",
    [
        "upsample: {size: [2, 1]}",
        "upsample: {size: [3, 1]}",
        "upsample: {size: [2, 1], interpolation: bilinear}",
        "upsample: {size: [3, 1], interpolation: bilinear}",
        "conv_transpose: {filters: 1, kernel: [5, 1], stride: [2, 1]}",
        "conv_transpose: {filters: 1, kernel: [3, 1], stride: [3, 1], padding: valid}",
    ],
)
def test_some_output_behind_upsampling_sees_as_much_as_is_told(up: str, kernel: int) -> None:
    conv = f"conv: {{filters: 1, kernel: [{kernel}, 1]}}"
    graph = elaborated(f"input: [{LENGTH}, 1, 1]\nstem: [{{{up}}}, {{{conv}}}]\n")
    reach = analyse(graph).receptive_fields[-1].reaches[0]
    widest = max(found[-1] - found[0] + 1 for _, found in interior(graph, influence(graph)))
    assert widest == reach.size


def _mapped(steps: list[str]) -> list[str]:
    """Bare words as the entries of a flow mapping."""
    return [step if ":" in step else f"{step}: " for step in steps]


def _keeps_length(steps: list[str]) -> bool:
    """Whether a path beside an identity can be joined with it again."""
    text = " ".join(steps)
    changing = (
        "crop",
        "zero_pad",
        "slice",
        "valid",
        "padding: 1",
        "stride: 2",
        "stride: 3",
        "pool",
    )
    return bool(steps) and not any(word in text for word in changing)
