"""The networks of timm and torchvision as references, with weights that make a comparison see.

A comparison is blind where the outputs no longer depend on the inputs: batch-norm statistics are
taken from a pass of real size, before they are shaken.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from math import prod, sqrt
from typing import Any

import torch
from torch import nn

import archc
from archc.emitted import emit
from archc.weights import from_torch, into_torch

try:
    import torchvision
except RuntimeError:
    # Its own operators don't load against a PyTorch for CPUs alone; no network here uses them.
    _operators = torch.library.Library("torchvision", "DEF")
    _operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

import timm

FAMILIES = {
    "resnet_torch": "{}",
    "resnet_d": "{}",
    "resnext": "{}",
    "wide_resnet": "{}",
    "seresnet": "{}",
    "regnet": "{}",
    "efficientnet_lite": "tf_efficientnet_{}",
    "vit": "vit_{}_patch16_224",
}
"""The shipped specs that timm has too, with its names of their variants."""

_SIZES = {"ti16": "tiny", "s16": "small", "b16": "base"}


def variants() -> list[str]:
    """`name@variant` of all shipped specs that timm has too."""
    return [f"{name}@{variant}" for name in FAMILIES for variant in archc.load(name).variants]


def timm_network(reference: str, **options: object) -> Any:
    """timm's network, without its trained weights, that a shipped spec at a variant equals."""
    name, _, variant = reference.partition("@")
    model = FAMILIES[name].format(_SIZES.get(variant, variant))
    return timm.create_model(model, pretrained=False, **options).eval()


def torchvision_network(name: str) -> Any:
    """torchvision's network, without its trained weights."""
    return torchvision.models.get_model(name, weights=None).eval()


class _PaddedShortcut(nn.Module):
    """Option A of He et al., 2015: every second position, and zeros for the new channels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        more = x.shape[1] // 2
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, more, more))


def cifar_network(layers: int) -> Any:
    """The network of section 4.2 of He et al., 2015, out of torchvision's blocks."""
    block = torchvision.models.resnet.BasicBlock
    parts: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(3, 16, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(16), relu=nn.ReLU()
    )
    for number, filters in enumerate((16, 32, 64), 1):
        first = block(16, 16) if number == 1 else block(filters // 2, filters, 2, _PaddedShortcut())
        rest = [block(filters, filters) for _ in range((layers - 2) // 6 - 1)]
        parts[f"layer{number}"] = nn.Sequential(first, *rest)
    parts |= {"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "linear": nn.Linear(64, 10)}
    return nn.Sequential(parts).eval()


def random_images(count: int, side: int, seed: int) -> torch.Tensor:
    """Blotches under noise: noise alone averages out, and all images would look alike."""
    generator = torch.Generator().manual_seed(seed)
    blotches = torch.randn((count, 3, -(-side // 8), -(-side // 8)), generator=generator)
    large = blotches.repeat_interleave(8, 2).repeat_interleave(8, 3)[..., :side, :side]
    return large + 0.5 * torch.randn(large.shape, generator=generator)


def randomised(network: Any, side: int, seed: int) -> Any:
    """The network with random weights, at which activations are of about size 1."""
    generator = torch.Generator().manual_seed(seed)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.no_grad():
        for name, values in network.named_parameters():
            values.copy_(_drawn(name, values, generator))
        for norm in norms:
            norm.momentum = 1.0  # the statistics become those of the pass that follows
        network.train()(random_images(4, side, seed))
        network.eval()
        for norm in norms:
            noise = torch.randn(norm.running_mean.shape, generator=generator)
            norm.running_mean += 0.1 * noise * norm.running_var.sqrt()
            norm.running_var *= _around_one(norm.running_var, generator)
    return network


def weights_of(network: Any, spec: archc.Spec, source: str) -> dict[str, Any]:
    """The weights of a network by archc's names, found by the spec's rules for a source."""
    paths = {name: (path,) for name, path in spec.weight_names(source).items()}
    return from_torch(_unfused(network), spec.graph(), paths)


def emitted_network(spec: archc.Spec, weights: dict[str, Any]) -> Any:
    """The PyTorch network that archc emits for a spec, with weights."""
    file = emit(spec, "torch")
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(file.text, namespace)
    network = namespace[file.entry]().eval()
    into_torch(network, spec.graph(), weights, file.paths)
    return network


def relative_difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The greatest difference, relative to the greatest value."""
    return float((found - expected).abs().max() / expected.abs().max())


def _drawn(name: str, values: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    drawn = torch.randn(values.shape, generator=generator)
    if name.endswith("bias"):
        return 0.1 * drawn
    if values.ndim == 1:
        return _around_one(values, generator)
    if name.endswith("weight"):
        return drawn / sqrt(prod(values.shape[1:]))
    return 0.5 * drawn  # learned tokens


def _around_one(values: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return 0.8 + 0.4 * torch.rand(values.shape, generator=generator)


def _unfused(network: Any) -> nn.Module:
    """A module that holds a network's arrays alone, in the parts that archc has."""
    root = nn.Module()
    learned = {name for name, _ in network.named_parameters()}
    for name, values in network.state_dict().items():
        for path, part in _parts(name, values):
            holder, leaf = _holder(root, path)
            if name in learned:
                holder.register_parameter(leaf, nn.Parameter(part))
            else:
                holder.register_buffer(leaf, part)
    return root


def _parts(name: str, values: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """timm's attention has query, key and value in one, and its tokens are no modules."""
    before, attention, after = name.partition(".attn.")
    kind, _, leaf = after.partition(".")
    if kind == "qkv":
        for part, chunk in zip(("query", "key", "value"), values.chunk(3), strict=True):
            yield f"{before}{attention}{part}.{leaf}", chunk
    elif kind == "proj":
        yield f"{before}{attention}output.{leaf}", values
    else:
        inner = {"cls_token": ".token", "pos_embed": ".embeddings"}
        yield name + inner.get(name, ""), values


def _holder(root: nn.Module, path: str) -> tuple[nn.Module, str]:
    *above, leaf = path.split(".")
    for part in above:
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root.get_submodule(part)
    return root, leaf
