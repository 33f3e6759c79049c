"""The registry of verbs against the language's table, and the making of layers from it."""

from __future__ import annotations

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.layers import (
    ACTIVATIONS,
    LAYERS,
    MERGES,
    NORMS,
    ROLES,
    Activation,
    InvalidAttributes,
    ShapeError,
    TensorShape,
    Verb,
    make,
)
from archc.layers.names import INITIALIZERS

CONVOLUTION = {
    "stride": 1,
    "padding": "same",
    "dilation": 1,
    "bias": True,
    "activation": "linear",
    "init": "glorot_uniform",
}
AFFINE = {"scale": True, "center": True}
POOL = {"size": 2, "stride": None, "padding": "same"}

# The language's table: the main attribute, those that are required, and the defaults of the rest.
TABLE: dict[str, tuple[str | None, set[str], dict[str, object]]] = {
    "conv": ("filters", {"filters", "kernel"}, CONVOLUTION | {"groups": 1, "standardize": False}),
    "depthwise_conv": ("kernel", {"kernel"}, CONVOLUTION | {"multiplier": 1}),
    "separable_conv": ("filters", {"filters", "kernel"}, CONVOLUTION | {"multiplier": 1}),
    "conv_transpose": ("filters", {"filters", "kernel"}, CONVOLUTION),
    "dense": (
        "units",
        {"units"},
        {"bias": True, "activation": "linear", "init": "glorot_uniform"},
    ),
    "batch_norm": ("epsilon", set(), AFFINE | {"epsilon": 1e-3, "momentum": 0.99}),
    "layer_norm": ("epsilon", set(), AFFINE | {"epsilon": 1e-6}),
    "group_norm": ("groups", set(), AFFINE | {"groups": 32, "epsilon": 1e-5}),
    "relu": (None, set(), {}),
    "relu6": (None, set(), {}),
    "leaky_relu": ("slope", set(), {"slope": 0.01}),
    "prelu": (None, set(), {}),
    "elu": ("alpha", set(), {"alpha": 1.0}),
    "selu": (None, set(), {}),
    "gelu": (None, set(), {}),
    "silu": (None, set(), {}),
    "hard_silu": (None, set(), {}),
    "sigmoid": (None, set(), {}),
    "hard_sigmoid": (None, set(), {}),
    "tanh": (None, set(), {}),
    "softmax": (None, set(), {}),
    "mish": (None, set(), {}),
    "max_pool": ("size", set(), POOL),
    "avg_pool": ("size", set(), POOL),
    "global_avg_pool": ("keepdims", set(), {"keepdims": False}),
    "global_max_pool": ("keepdims", set(), {"keepdims": False}),
    "dropout": ("rate", {"rate"}, {}),
    "drop_path": ("rate", {"rate"}, {}),
    "zero_pad": ("padding", set(), {"padding": 0, "channels": None}),
    "crop": ("cropping", {"cropping"}, {}),
    "upsample": ("size", set(), {"size": 2, "interpolation": "nearest"}),
    "flatten": (None, set(), {}),
    "reshape": ("shape", {"shape"}, {}),
    "rescale": ("scale", set(), {"scale": 1.0, "offset": 0.0}),
    "normalize": (None, set(), {"mean": None, "variance": None}),
    "layer_scale": ("init", set(), {"init": 1e-6}),
    "channel_shuffle": ("groups", {"groups"}, {}),
    "slice": (
        None,
        set(),
        {"axis": "channels", "part": None, "of": None, "start": 0, "stop": None},
    ),
    "attention": ("heads", {"heads"}, {"bias": True}),
    "class_token": (None, set(), {}),
    "position_embedding": (None, set(), {}),
}


def test_the_verbs_are_those_of_the_table() -> None:
    assert set(LAYERS) == set(TABLE)
    assert set(MERGES) == {"add", "concat", "multiply", "average", "maximum"}


@pytest.mark.parametrize("name", TABLE)
def test_a_verb_is_as_the_table_says(name: str) -> None:
    main, required, defaults = TABLE[name]
    verb = LAYERS[name]
    assert verb.name == name
    assert verb.main == main
    assert set(verb.required) == required
    assert set(verb.attributes) == required | set(defaults)
    assert main is None or verb.attributes[0] == main
    fields = verb.layer.model_fields
    assert {attribute: fields[attribute].default for attribute in defaults} == defaults


def test_roles_have_kinds_that_are_verbs() -> None:
    assert ROLES == {"norm": "batch_norm", "activation": "relu"}
    assert set(NORMS) <= set(LAYERS)
    assert set(ACTIVATIONS) - set(LAYERS) == {"linear"}


def test_every_activation_and_initializer_has_its_name_in_keras() -> None:
    for name in set(ACTIVATIONS) - {"prelu"}:
        assert callable(keras.activations.get(name))
    for name in INITIALIZERS:
        assert isinstance(keras.initializers.get(name), keras.initializers.Initializer)


def test_the_word_of_an_activation_is_its_kind() -> None:
    assert make(LAYERS["gelu"], ()) == Activation(kind="gelu")


def test_the_same_words_make_the_same_object() -> None:
    words = (("filters", 8), ("kernel", 3))
    assert make(LAYERS["conv"], words) is make(LAYERS["conv"], tuple(words))


def test_equal_numbers_of_different_types_are_different_words() -> None:
    for value in (1, 1.0, 1):
        layer = make(LAYERS["rescale"], (("scale", value),))
        assert type(layer.scale) is type(value)
    make(LAYERS["dense"], (("units", 1),))
    with pytest.raises(InvalidAttributes):
        make(LAYERS["dense"], (("units", True),))
    make(LAYERS["reshape"], (("shape", (1, 4)),))
    with pytest.raises(InvalidAttributes):
        make(LAYERS["reshape"], (("shape", (True, 4)),))


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 70)
    | st.floats()
    | st.sampled_from(["same", "valid", "symmetric", "no", "tokens", "height", "relu", "", "{x}"])
)
values = scalars | st.tuples(scalars, scalars) | st.tuples(st.tuples(scalars, scalars), scalars)


@st.composite
def words(draw: st.DrawFn) -> tuple[Verb, tuple[tuple[str, object], ...]]:
    verb = draw(st.sampled_from([*LAYERS.values(), *MERGES.values()]))
    if not verb.attributes:
        return verb, ()
    optional = st.dictionaries(st.sampled_from(verb.attributes), values | st.integers(1, 4))
    required = st.fixed_dictionaries({name: st.integers(1, 8) for name in verb.required})
    return verb, tuple((draw(required) | draw(optional)).items())


@given(words(), st.lists(st.integers(1, 20), min_size=1, max_size=5).map(TensorShape))
def test_whatever_is_written_gives_a_layer_and_a_shape_or_says_why_not(
    spec: tuple[Verb, tuple[tuple[str, object], ...]], shape: TensorShape
) -> None:
    verb, attributes = spec
    inputs = (shape, shape) if verb.name in MERGES else (shape,)
    refusal: Exception | None = None
    try:
        layer = make(verb, attributes)
        out = layer.output_shape(*inputs)
    except (InvalidAttributes, ShapeError) as error:
        refusal = error
    match refusal:
        case InvalidAttributes(problems=problems):
            names = {problem.attribute for problem in problems if problem.kind != "missing"}
            assert problems
            assert names <= set(dict(attributes))
        case ShapeError(code=code, message=message, shape=all_the_same):
            assert code
            assert message
            assert all_the_same is None or min(all_the_same) > 0
        case None:
            assert isinstance(out, TensorShape)
            assert all(type(size) is int and size > 0 for size in out)
            assert layer.macs(*inputs) >= 0
            assert all(weight.size > 0 for weight in layer.weights(*inputs))
