"""The shipped specs equal timm and torchvision: parameters, multiply-adds, names, outputs."""

from __future__ import annotations

from typing import Any

import pytest

import archc

torch = pytest.importorskip("torch")
references = pytest.importorskip(
    "tests.timm_references", reason="needs timm: pip install 'archc[oracle]'"
)

EQUAL = 1e-5
"""Relative, in float32: sums in another order differ by less. Float64 takes minutes."""

VISIBLE = 1e-2
"""Outputs of two inputs that differ by this or more depend on their inputs."""

FAULT = 1e-3
"""The least that a planted fault has to move the outputs."""

SIDE = 70
"""No multiple of 32: feature maps of even and of odd sizes, at which paddings differ."""

COMPARED = [
    "resnet_torch@resnet18",
    "resnet_torch@resnet50",
    "resnet_d@resnet18d",
    "resnet_d@resnet50d",
    "resnext@resnext50_32x4d",
    "wide_resnet@wide_resnet50_2",
    "seresnet@seresnet18",
    "seresnet@seresnet50",
    "regnet@regnetx_004",
    "regnet@regnety_008",
    "efficientnet_lite@lite0",
    "efficientnet_lite@lite2",
    "vit@ti16",
]


@pytest.mark.parametrize("reference", references.variants())
def test_parameters_are_those_of_timm(reference: str) -> None:
    with torch.device("meta"):
        network = references.timm_network(reference)
    total = archc.analyse(archc.load(reference).graph()).total
    assert total.trainable == sum(values.numel() for values in network.parameters())
    assert total.params == counted(network)


@pytest.mark.parametrize(
    "reference",
    [
        "resnext@resnext50_32x4d",
        "resnext@resnext101_32x8d",
        "resnext@resnext101_64x4d",
        "wide_resnet@wide_resnet50_2",
        "wide_resnet@wide_resnet101_2",
        *[f"resnet_torch@{variant}" for variant in archc.load("resnet_torch").variants],
    ],
)
def test_parameters_are_those_of_torchvision(reference: str) -> None:
    with torch.device("meta"):
        network = references.torchvision_network(reference.partition("@")[2])
    assert archc.analyse(archc.load(reference).graph()).total.params == counted(network)


@pytest.mark.parametrize(
    "reference",
    [
        "resnet_torch@resnet50",
        "resnet_d@resnet50d",
        "resnext@resnext50_32x4d",
        "wide_resnet@wide_resnet50_2",
        "seresnet@seresnet50",
        "regnet@regnetx_040",
        "regnet@regnety_040",
        "efficientnet_lite@lite2",
        "vit@s16",
    ],
)
def test_multiply_adds_are_those_that_torch_counts(reference: str) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    graph = archc.load(reference).graph()
    side = graph.nodes[graph.inputs[0]].shape[0]
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        references.timm_network(reference)(torch.empty(1, 3, side, side))
    assert archc.analyse(graph).costs().flops == counter.get_total_flops()


@pytest.mark.slow
@pytest.mark.parametrize("reference", COMPARED)
def test_outputs_are_those_of_timm(reference: str) -> None:
    spec = at_small_size(reference)
    options = {"img_size": spec.graph().nodes[0].shape[0]} if reference.startswith("vit") else {}
    network = references.timm_network(reference, **options)
    expected, found = outputs(network, spec, "timm")
    assert references.relative_difference(found, expected) < EQUAL


@pytest.mark.slow
def test_outputs_are_those_of_torchvision() -> None:
    spec = at_small_size("resnet_torch@resnet34")
    expected, found = outputs(references.torchvision_network("resnet34"), spec, "torchvision")
    assert references.relative_difference(found, expected) < EQUAL


# A network and a change to its spec that keeps all names and shapes of weights.
FAULTS: list[tuple[str, dict[str, object]]] = [
    ("resnet_torch@resnet18", {"defaults.batch_norm.epsilon": 1e-3}),
    ("resnet_torch@resnet18", {"defaults.conv.padding": "same"}),
    ("resnet_d@resnet18d", {"learner.pooled": False}),
    ("regnet@regnetx_002", {"defaults.batch_norm.epsilon": 1e-3}),
    ("efficientnet_lite@lite0", {"learner.activation": "relu"}),
    ("vit@ti16", {"heads": 6}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("reference", "change"), FAULTS)
def test_a_fault_is_seen(reference: str, change: dict[str, object]) -> None:
    """Negative controls: what parameters and names don't show, outputs do."""
    spec = at_small_size(reference)
    options = {"img_size": spec.graph().nodes[0].shape[0]} if reference.startswith("vit") else {}
    network = references.timm_network(reference, **options)
    expected, found = outputs(network, spec.with_(change), "timm")
    assert references.relative_difference(found, expected) > FAULT


# Table 6 of He et al., 2015: millions of parameters, without batch-norm statistics.
CIFAR = {"resnet20": 0.27, "resnet32": 0.46, "resnet44": 0.66, "resnet56": 0.85, "resnet110": 1.7}


@pytest.mark.parametrize(("variant", "published"), CIFAR.items())
def test_cifar_networks_have_the_published_parameters(variant: str, published: float) -> None:
    total = archc.analyse(archc.load(f"resnet_cifar@{variant}").graph()).total
    assert float(f"{total.trainable / 1e6:.2g}") == published
    assert total.params == counted(references.cifar_network(int(variant.removeprefix("resnet"))))


def test_cifar_outputs_are_those_of_torchvision_blocks() -> None:
    spec = archc.load("resnet_cifar@resnet20")
    expected, found = outputs(references.cifar_network(20), spec, "pytorch_resnet_cifar10")
    assert references.relative_difference(found, expected) < EQUAL


def at_small_size(reference: str) -> archc.Spec:
    side = 48 if reference.startswith("vit") else SIDE
    return archc.load(reference).with_({"input": [side, side, 3]})


def outputs(network: Any, spec: archc.Spec, source: str) -> tuple[Any, Any]:
    """What a network gives for two images, and what archc's network with its weights gives."""
    side = spec.graph().nodes[0].shape[0]
    network = references.randomised(network, side, seed=1)
    emitted = references.emitted_network(spec, references.weights_of(network, spec, source))
    images = references.random_images(2, side, seed=2)
    with torch.no_grad():
        expected, found = network(images), emitted(images)
    assert references.relative_difference(expected[0], expected[1]) > VISIBLE
    return expected, found


def counted(network: Any) -> int:
    """All weights with batch-norm statistics, without the number of batches."""
    held = network.state_dict().items()
    return sum(values.numel() for name, values in held if not name.endswith("num_batches_tracked"))
