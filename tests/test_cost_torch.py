"""Costs against what PyTorch counts and keeps itself; skipped where it is not installed."""

from __future__ import annotations

from typing import Any

import pytest

import archc
from archc.analyses import analyse
from tests.networks import elaborated

torch = pytest.importorskip("torch")


def block(channels: int, filters: int, stride: int) -> Any:
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.path = nn.Sequential(
                nn.Conv2d(channels, filters, 3, stride, 1, bias=False),
                nn.BatchNorm2d(filters),
                nn.ReLU(),
                nn.Conv2d(filters, filters, 3, 1, 1, bias=False),
                nn.BatchNorm2d(filters),
            )
            same = stride == 1 and channels == filters
            conv = nn.Conv2d(channels, filters, 1, stride, bias=False)
            self.shortcut = nn.Identity() if same else nn.Sequential(conv, nn.BatchNorm2d(filters))

        def forward(self, x: Any) -> Any:
            return torch.relu(self.path(x) + self.shortcut(x))

    return Block()


def resnet(depths: tuple[int, ...]) -> Any:
    nn = torch.nn
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    layers.append(nn.MaxPool2d(3, 2, 1))
    channels = 64
    for group, depth in enumerate(depths):
        for number in range(depth):
            stride = 2 if group and not number else 1
            layers.append(block(channels, 64 * 2**group, stride))
            channels = 64 * 2**group
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


@pytest.mark.parametrize(
    ("reference", "depths"), [("resnet18", (2, 2, 2, 2)), ("resnet34", (3, 4, 6, 3))]
)
def test_flops_are_those_that_torch_counts(reference: str, depths: tuple[int, ...]) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        model = resnet(depths).eval()
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, 224, 224))
    assert analyse(archc.load(reference).graph()).costs().flops == counter.get_total_flops()


def saved_by_torch(model: Any, image: Any) -> int:
    """The bytes of all tensors that autograd keeps, weights and statistics left out, each once."""
    own = {tensor.untyped_storage().data_ptr() for tensor in model.state_dict().values()}
    kept: dict[int, int] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = model(image)
    assert result.requires_grad
    return sum(kept.values())


def test_training_keeps_what_autograd_keeps() -> None:
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, 1, 1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        block(8, 8, 1),
        block(8, 16, 2),
        nn.Conv2d(16, 4, 1),
        nn.SiLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 8 * 8, 10),
        nn.Sigmoid(),
    )
    text = """
use: [blocks/residual.yaml]
input: [32, 32, 3]
stem: [{conv: {filters: 8, kernel: 3}}, batch_norm, relu]
learner: [{id: a, basic_block: {filters: 8}}, {id: b, basic_block: {filters: 16, stride: 2}}]
task:
- {conv: {filters: 4, kernel: 1}}
- silu
- avg_pool
- flatten
- dense: 10
- sigmoid
"""
    image = torch.rand(5, 3, 32, 32)
    from archc.analyses import Conditions

    ours = analyse(elaborated(text)).costs(Conditions(batch=5)).training_memory
    # An average pool's gradient is made from its input's shape; PyTorch keeps the input, which
    # is silu's output.
    averaged = 4 * 5 * 4 * 16 * 16
    assert saved_by_torch(model, image) == ours + averaged
