"""The shipped specs that keras.applications lacks: their models are their graphs."""

from __future__ import annotations

import numpy as np
import pytest

import archc
from tests.reference import REFERENCES, relative_difference

SMALL = {
    "resnet18": [64, 64, 3],
    "resnet34": [64, 64, 3],
    "resnet1d": [1600, 1],
    "resnet3d": [8, 32, 32, 3],
    "unet": [64, 64, 1],
    "vit@ti16": [64, 64, 3],
    "vit@s16": [64, 64, 3],
    "vit@b16": [64, 64, 3],
}

FAMILIES = {
    *("resnet_torch", "resnet_d", "resnext", "wide_resnet", "seresnet", "regnet", "vit"),
    "efficientnet_lite",
}
"""The families of which `tests/test_zoo_torch.py` compares every variant with timm."""

CIFAR = {f"resnet_cifar@resnet{depth}" for depth in (20, 32, 44, 56, 110)}
"""Compared there with torchvision's blocks."""


def test_every_shipped_spec_is_compared_or_built() -> None:
    shipped = {
        f"{name}@{variant}" if variant else name
        for name in archc.zoo()
        for variant in archc.load(name).variants or ("",)
    }
    named = {
        f"{family}@{variant}" for family in FAMILIES for variant in archc.load(family).variants
    }
    assert shipped == SMALL.keys() | REFERENCES.keys() | named | CIFAR


@pytest.mark.parametrize("name", SMALL)
def test_the_model_is_the_graph(name: str) -> None:
    spec = archc.load(name).with_({"input": SMALL[name]})
    graph, model = spec.graph(), spec.build(seed=3)
    assert model.count_params() == archc.analyse(graph).total.params
    assert {node.name for node in graph} <= {layer.name for layer in model.layers}
    (output,) = graph.outputs
    assert model.output_shape == (None, *graph.nodes[output.node].shape)

    images = np.random.default_rng(0).normal(size=(2, *SMALL[name])).astype("float32")
    first, again = model(images, training=False), spec.build(seed=3)(images, training=False)
    assert relative_difference(first, again) == 0
    assert relative_difference(first[:1], first[1:]) > 1e-3
