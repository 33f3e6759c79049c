"""What is emitted learns the same with Keras and with PyTorch: all weights agree after training.

Both start from the same weights and take the same steps of gradient descent on the same batch. What
no gradient reaches, the statistics of batch normalization, is compared too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import keras
import numpy as np
import pytest

import archc
from archc import Spec, weights
from archc.targets.source import Emitted, emit_source
from archc.verification import at_side
from archc.verification.keras_subject import computing_in
from archc.weights import Weights

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.slow

CLASSES = 10
SIDE = 64
"""The deepest layers of both networks see 2 by 2 positions of such an image."""

STEPS = 2
"""The first step does not depend on the momentum: it has no velocity yet."""

RATE = 2**-6
MOMENTUM = 0.875
"""Like `RATE` a number that float32 holds: Keras rounds both to it."""

NETWORKS: dict[str, dict[str, object]] = {
    "resnet50": {
        f"learner.groups[{number}].{name}": value
        for number in range(4)
        for name, value in {"filters": 8 * 2**number, "blocks": 2 if number == 0 else 1}.items()
    },
    "mobilenet_v2": {"alpha": 0.25},
}
BATCHES = {"resnet50": 80, "mobilenet_v2": 16}
"""Images with which the running variances agree to `CLAIMED` after both steps: batch normalization
takes 1 % of the batch's in resnet50, of 320 values at least, and 0.1 % in mobilenet_v2.
"""

EXACT = 1e-9
CLAIMED = 1e-4


@pytest.fixture(autouse=True, scope="module")
def _in_float64() -> Iterator[None]:
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with computing_in("float64"):
            yield
    finally:
        torch.set_default_dtype(default)


@pytest.mark.parametrize("reference", NETWORKS)
def test_all_weights_agree_after_training(reference: str) -> None:
    network = spec_of(reference)
    before = weights.random(network.graph(), dtype="float64")
    by_keras = keras_trained(reference, BATCHES[reference])
    differences = relative_differences(torch_trained(reference, BATCHES[reference]), by_keras)
    assert {name: d for name, d in differences.items() if not d <= CLAIMED} == {}
    inexact = {name for name, difference in differences.items() if not difference <= EXACT}
    assert all(name.endswith("/moving_variance") for name in inexact), differences
    # What agrees was learned. A constant that batch normalization takes away again has no gradient.
    moved = relative_differences(by_keras, before)
    still = [name for name, by in moved.items() if by < 10 * EXACT]
    assert all(name.endswith(("/bias", "/beta")) for name in still), still
    assert all(moved[name] > 2 * CLAIMED for name in moved if name.endswith("kernel"))


def test_variances_differ_by_the_correction_of_bessel_alone() -> None:
    """Keras keeps the variance of the batch (÷ N), PyTorch that of a sample (÷ N - 1)."""
    reference, images = "resnet50", 4
    graph = spec_of(reference).graph()
    before = weights.random(graph, dtype="float64")
    by_keras = keras_trained(reference, images, steps=1)
    by_torch = torch_trained(reference, images, steps=1)
    differences = relative_differences(by_torch, by_keras)
    for name in before:
        if not name.endswith("/moving_variance"):
            assert differences.pop(name) <= EXACT, name
            continue
        node = graph.by_name[name.removesuffix("/moving_variance")]
        count = images * np.prod(node.shape.sides)
        kept = 0.99 * before[name]
        corrected = kept + (by_keras[name] - kept) * count / (count - 1)
        np.testing.assert_allclose(by_torch[name], corrected, rtol=EXACT, err_msg=name)
    assert max(differences.values()) > 2 * CLAIMED


@pytest.mark.parametrize(
    ("momentum", "right", "wrong"),
    [
        (MOMENTUM, "momentum=0.001", "momentum=0.01"),
        (MOMENTUM, "momentum=0.001", "momentum=0.999"),
        (0.75, "", ""),
    ],
)
def test_a_fault_of_training_is_seen(momentum: float, right: str, wrong: str) -> None:
    reference = "mobilenet_v2"
    images = BATCHES[reference]
    by_torch = torch_trained(reference, images, momentum=momentum, edit=(right, wrong))
    differences = relative_differences(by_torch, keras_trained(reference, images))
    assert max(differences.values()) > 10 * CLAIMED


def spec_of(reference: str) -> Spec:
    spec = archc.load(reference).with_({"classes": CLASSES, **NETWORKS[reference]})
    return at_side(spec, SIDE)


def batch_of(images: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.normal(size=(images, SIDE, SIDE, 3)), random.integers(0, CLASSES, images)


@cache
def keras_trained(reference: str, images: int, steps: int = STEPS) -> Weights:
    graph = spec_of(reference).graph()
    model = made(emit_source(spec_of(reference).assembled, "keras", graph.name))
    weights.into_keras(model, graph, weights.random(graph, dtype="float64"))
    model.compile(
        keras.optimizers.SGD(RATE, momentum=MOMENTUM),
        loss="sparse_categorical_crossentropy",
        run_eagerly=True,
    )
    for _ in range(steps):
        model.train_on_batch(*batch_of(images))
    return weights.from_keras(model, graph)


def torch_trained(
    reference: str,
    images: int,
    steps: int = STEPS,
    momentum: float = MOMENTUM,
    edit: tuple[str, str] = ("", ""),
) -> Weights:
    graph = spec_of(reference).graph()
    emitted = emit_source(spec_of(reference).assembled, "torch", graph.name)
    module = made(replace(emitted, source=edited(emitted.source, *edit)))
    weights.into_torch(module, graph, weights.random(graph, dtype="float64"), emitted.paths)
    module.train()
    descent = torch.optim.SGD(module.parameters(), RATE, momentum)
    images_last, labels = batch_of(images)
    inputs, expected = torch.from_numpy(images_last).movedim(-1, 1), torch.from_numpy(labels)
    for _ in range(steps):
        descent.zero_grad()
        torch.nn.functional.nll_loss(module(inputs).log(), expected).backward()
        descent.step()
    return weights.from_torch(module, graph, emitted.paths)


def edited(source: str, right: str, wrong: str) -> str:
    if not right:
        return source
    assert right in source
    return source.replace(right, wrong)


def made(emitted: Emitted) -> keras.Model | torch.nn.Module:
    """The network that a source makes."""
    namespace: dict[str, object] = {"__name__": "emitted"}
    exec(emitted.source, namespace)
    return namespace[emitted.entry]()


def relative_differences(found: Weights, expected: Weights) -> dict[str, float]:
    """For each array the greatest difference, relative to the array's greatest value."""
    assert found.keys() == expected.keys()
    return {
        name: float(np.abs(found[name] - values).max() / np.abs(values).max())
        for name, values in expected.items()
    }
