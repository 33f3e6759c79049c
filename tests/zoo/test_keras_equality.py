"""The shipped specs equal keras.applications: parameters, names of weights, outputs."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping

import keras
import pytest

import archc
from tests.reference import (
    ALPHAS,
    REFERENCES,
    copy_weights_by_name,
    keras_reference,
    random_images,
    randomise,
    relative_difference,
    weighted_layers,
)

EQUAL = {"float32": 1e-6, "float64": 1e-10}
"""Relative: sums in another order differ by less."""

VISIBLE = 1e-2
"""Outputs of two inputs that differ by this or more depend on their inputs."""

FAULT = 1e-4
"""The least that a planted fault has to move the outputs."""


@pytest.fixture(autouse=True)
def _restored_keras() -> Iterator[None]:
    floatx = keras.config.floatx()
    yield
    keras.config.set_floatx(floatx)
    keras.backend.clear_session()
    gc.collect()  # models hold themselves in cycles, some a gigabyte


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if reference.slow else [])
        for name, reference in REFERENCES.items()
    ],
)
def test_equals_keras(name: str) -> None:
    assert_equal(keras_reference(name), spec_at_size(name))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "alpha"), ALPHAS)
def test_equals_keras_at_other_widths(name: str, alpha: float) -> None:
    assert_equal(keras_reference(name, alpha), spec_at_size(name, {"alpha": alpha}))


def assert_equal(reference: keras.Model, spec: archc.Spec) -> None:
    model = spec.build(seed=0)
    assert model.count_params() == reference.count_params()

    names = spec.weight_names("keras")
    assert sorted(names) == sorted(layer.name for layer in weighted_layers(model))
    assert sorted(names.values()) == sorted(layer.name for layer in weighted_layers(reference))
    assert momenta(model, names) == momenta(reference)
    assert dropout_rates(model) == pytest.approx(dropout_rates(reference))

    randomise(reference, seed=1)
    copy_weights_by_name(reference, model, names)
    images = random_images(reference, 2, seed=2)
    expected = reference(images, training=False)
    assert relative_difference(expected[0], expected[1]) > VISIBLE
    assert (
        relative_difference(model(images, training=False), expected) < EQUAL[keras.config.floatx()]
    )


def momenta(model: keras.Model, names: Mapping[str, str] | None = None) -> dict[str, float]:
    """The momentum of every batch norm, which only training shows."""
    return {
        names[layer.name] if names else layer.name: layer.momentum
        for layer in weighted_layers(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    }


def dropout_rates(model: keras.Model) -> list[float]:
    """The rates of all dropouts and stochastic depths, in order; only training shows them."""
    return sorted(layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout))


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v3@small", "efficientnet@b0"])
def test_comparison_sees_another_epsilon(name: str) -> None:
    """Negative control: one batch norm of many with another epsilon is no longer equal."""
    reference = keras_reference(name)
    randomise(reference, seed=1)
    images = random_images(reference, 2, seed=2)
    expected = reference(images, training=False)
    layers = list(weighted_layers(reference))
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    norms[len(norms) // 2].epsilon += 1e-3
    assert relative_difference(reference(images, training=False), expected) > FAULT


def test_comparison_sees_another_padding() -> None:
    """Negative control: TensorFlow's padding in the stem, with parameters and names all equal."""
    reference = keras_reference("resnet50")
    spec = spec_at_size("resnet50", {"stem[0].conv_bn.padding": "same"})
    model = spec.build(seed=0)
    assert model.count_params() == reference.count_params()
    randomise(reference, seed=1)
    copy_weights_by_name(reference, model, spec.weight_names("keras"))
    images = random_images(reference, 2, seed=2)
    expected = reference(images, training=False)
    assert relative_difference(model(images, training=False), expected) > FAULT


def spec_at_size(name: str, settings: dict[str, object] | None = None) -> archc.Spec:
    side = REFERENCES[name].side
    return archc.load(name).with_({"input": [side, side, 3], **(settings or {})})
