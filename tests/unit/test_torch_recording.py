"""The check of emitted PyTorch source without PyTorch: what it lets pass, and what it sees."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import archc
from archc.emission.functions import class_source, definitions
from archc.graph import Graph
from archc.layers import (
    Activation,
    Attention,
    AvgPool,
    BatchNorm,
    ChannelShuffle,
    ClassToken,
    Concat,
    Conv,
    ConvTranspose,
    Crop,
    DepthwiseConv,
    Dropout,
    DropPath,
    Elu,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Layer,
    LayerNorm,
    MaxPool,
    Normalize,
    PositionEmbedding,
    Prelu,
    Rescale,
    Reshape,
    SeparableConv,
    Slice,
    Upsample,
    ZeroPad,
)
from archc.targets.torch.lowered import lower_graph
from archc.targets.torch.recording import Recording, record
from archc.targets.torch.recording_modules import TAKEN
from archc.targets.torch.recording_signatures import SIGNATURES
from tests.keras_graphs import GraphMaker, chain
from tests.networks import elaborated

MODULES = Path(archc.__file__).parent / "targets" / "torch" / "modules.py"

RESNET = """
name: small
use: [blocks/residual.yaml]
args: {classes: 10}
defaults: {batch_norm: {epsilon: 1.001e-5}}
input: [32, 32, 3]
stem:
- {id: conv1, conv_bn: {filters: 8, kernel: 7, stride: 2, padding: 3}}
- {id: pool1, max_pool: {size: 3, stride: 2, padding: 1}}
learner:
  block: {first: projection_block, rest: identity_block}
  stride_policy: {first_group: 1, other_groups: 2}
  id: conv$(group.number + 1)_block$(block.number)
  groups:
  - {filters: 4, blocks: 2}
  - {filters: 8, blocks: 3}
task:
- {id: avg_pool, global_avg_pool: }
- {id: predictions, dense: {units: =classes, activation: softmax}}
"""

RESNET_SOURCE = '''"""A small residual network."""

from functools import partial

import torch.nn.functional as F
from torch import nn

BatchNorm = partial(nn.BatchNorm2d, eps=1.001e-5, momentum=0.01)

# filters, blocks, stride
GROUPS = [
    (4, 2, 1),
    (8, 3, 2),
]


class Stem(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 7, stride=2, padding=3)
        self.batch_norm = BatchNorm(8)
        self.relu = nn.ReLU()
        self.max_pool = nn.MaxPool2d(3, stride=2, padding=1)


class Learner(nn.Sequential):
    def __init__(self):
        super().__init__()
        in_channels = 8
        for number, (filters, blocks, stride) in enumerate(GROUPS, 1):
            self.add_module(f"group{number}", Group(in_channels, filters, blocks, stride))
            in_channels = 4 * filters


class Group(nn.Sequential):
    def __init__(self, in_channels, filters, blocks, stride):
        super().__init__()
        self.block1 = ProjectionBlock(in_channels, filters, stride)
        for number in range(2, blocks + 1):
            self.add_module(f"block{number}", IdentityBlock(4 * filters, filters))


class ProjectionBlock(nn.Module):
    def __init__(self, in_channels, filters, stride):
        super().__init__()
        self.shortcut_conv = nn.Conv2d(in_channels, 4 * filters, 1, stride=stride)
        self.shortcut_batch_norm = BatchNorm(4 * filters)
        self.conv1 = nn.Conv2d(in_channels, filters, 1, stride=stride)
        self.batch_norm1 = BatchNorm(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1)
        self.batch_norm2 = BatchNorm(filters)
        self.conv3 = nn.Conv2d(filters, 4 * filters, 1)
        self.batch_norm3 = BatchNorm(4 * filters)

    def forward(self, x):
        shortcut = self.shortcut_batch_norm(self.shortcut_conv(x))
        residual = F.relu(self.batch_norm1(self.conv1(x)))
        residual = F.relu(self.batch_norm2(self.conv2(residual)))
        residual = self.batch_norm3(self.conv3(residual))
        return F.relu(shortcut + residual)


class IdentityBlock(nn.Module):
    def __init__(self, in_channels, filters):
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(in_channels, filters, 1),
            BatchNorm(filters),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 3, padding=1),
            BatchNorm(filters),
            nn.ReLU(),
            nn.Conv2d(filters, in_channels, 1),
            BatchNorm(in_channels),
        )

    def forward(self, x):
        return F.relu(x + self.residual(x))


class Task(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.dense = nn.Linear(32, classes)

    def forward(self, x):
        return F.softmax(self.dense(x.mean((2, 3))), dim=1)


class Small(nn.Sequential):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = Stem()
        self.learner = Learner()
        self.task = Task(classes)


if __name__ == "__main__":
    raise RuntimeError("only when it is run as a program")
'''


@pytest.fixture(scope="module")
def resnet() -> Graph:
    return elaborated(RESNET)


def changed(source: str, old: str, new: str) -> str:
    assert source.count(old) >= 1
    return source.replace(old, new, 1)


def test_source_that_makes_the_network_passes(resnet: Graph) -> None:
    recording = record(RESNET_SOURCE, resnet, "Small")
    assert recording.mismatches == []
    assert recording.paths["conv1_conv"] == ("stem.conv",)
    assert recording.paths["conv2_block1_0_bn"] == ("learner.group1.block1.shortcut_batch_norm",)
    assert recording.paths["conv3_block3_2_conv"] == ("learner.group2.block3.residual.3",)
    assert recording.paths["predictions"] == ("task.dense",)
    assert recording.paths.keys() == {node.name for node in resnet if resnet.weights(node)}


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        pytest.param(
            "3, 8, 7, stride=2",
            "3, 8, 7, stride=1",
            "conv1_conv: expected nn.Conv2d(in_channels=3, out_channels=8, kernel_size=7, "
            "stride=2, padding=3), found nn.Conv2d(3, 8, 7, stride=1, padding=3) at stem.conv",
            id="stride",
        ),
        pytest.param("7, stride=2, padding=3", "7, stride=2", "conv1_conv: ", id="padding"),
        pytest.param("eps=1.001e-5, ", "", "conv1_bn: expected nn.BatchNorm2d(", id="epsilon"),
        pytest.param("momentum=0.01", "momentum=0.1", "conv1_bn: expected", id="momentum"),
        pytest.param(
            "        self.relu = nn.ReLU()\n",
            "",
            "conv1_relu: expected nn.ReLU(), "
            "found nn.BatchNorm2d(8, eps=1.001e-05, momentum=0.01) at stem.batch_norm",
            id="missing layer",
        ),
        pytest.param(
            "self.dense(x.mean", "self.dense(F.silu(x).mean", "conv3_block3_out: ", id="extra layer"
        ),
        pytest.param("shortcut + residual", "residual + shortcut", "conv", id="swapped edges"),
        pytest.param(
            "self.shortcut_batch_norm(self.shortcut_conv(x))",
            "self.shortcut_batch_norm(self.shortcut_conv(F.relu(x)))",
            "pool1: expected",
            id="another edge",
        ),
        pytest.param(
            "self.batch_norm1(self.conv1(x))",
            "self.batch_norm1(self.shortcut_conv(x))",
            "learner.group1.block1.conv1: never applied",
            id="a module that is not used",
        ),
        pytest.param(
            "x + self.residual(x)",
            "x + self.residual(self.residual(x))",
            "conv3_block2_1_conv: learner.group2.block2.residual.0 is applied 2 times",
            id="shared weights",
        ),
        pytest.param("(8, 3, 2)", "(8, 4, 2)", "conv3_block1_0_bn: ", id="a block too many"),
        pytest.param("(4, 2, 1)", "(4, 1, 1)", "conv2_block1_out: ", id="a block too few"),
        pytest.param("nn.MaxPool2d", "nn.AvgPool2d", "pool1: ", id="class"),
        pytest.param("classes=10", "classes=11", "predictions", id="argument of a knob"),
        pytest.param("F.softmax(", "F.log_softmax(", "predictions (softmax): ", id="function"),
    ],
)
def test_faults_are_seen(resnet: Graph, old: str, new: str, seen: str) -> None:
    found = record(changed(RESNET_SOURCE, old, new), resnet, "Small").mismatches
    assert any(message.startswith(seen) for message in found), found


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        pytest.param(
            "def forward(self", "def forward(self,,", "line 55: SyntaxError: ", id="syntax"
        ),
        pytest.param("F.softmax(", "G.softmax(", "NameError: name 'G'", id="name"),
        pytest.param("from functools", "import numpy\nfrom functools", "`numpy`", id="import"),
        pytest.param("class Small", "class Large", "`Small()` makes no module", id="no class"),
        pytest.param("super().__init__()", "pass", "before `super().__init__()`", id="no init"),
        pytest.param("self.relu =", "self.half =", "can be called `half`", id="taken name"),
        pytest.param("3, 8, 7, ", "3, 8, 7, 2, 3, 1, 1, True, 'zeros', 1, ", "without", id="many"),
        pytest.param("x.mean((2, 3))", "3", "is applied to (3,)", id="no tensor"),
        pytest.param("shortcut + residual", "shortcut or residual", "no condition", id="condition"),
        pytest.param("x.mean((2, 3))", "x.relu_()", "in place", id="in place"),
        pytest.param("return F.softmax", "return x, F.softmax", "expected 1 outputs", id="outputs"),
    ],
)
def test_source_that_fails_is_one_mismatch(resnet: Graph, old: str, new: str, seen: str) -> None:
    recording = record(changed(RESNET_SOURCE, old, new), resnet, "Small")
    (found,) = recording.mismatches
    assert seen in found
    assert recording.paths == {}


def network(modules: dict[str, str], *lines: str, inputs: str = "x") -> str:
    """The source of `Network`: its modules, and the lines of its `forward`."""
    made = "".join(f"        self.{name} = {text}\n" for name, text in modules.items())
    done = "".join(f"        {line}\n" for line in lines)
    return (
        "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
        "class Network(nn.Module):\n"
        f"    def __init__(self):\n        super().__init__()\n{made}\n"
        f"    def forward(self, {inputs}):\n{done}"
    )


def twins() -> Graph:
    """Two convolutions of one shape on one tensor, which only what follows tells apart."""
    maker = GraphMaker()
    entry = maker.input(8, 8, 4)
    left = maker.add(Conv(filters=6, kernel=1), entry, name="left")
    right = maker.add(Conv(filters=6, kernel=1), entry, name="right")
    relu = maker.add(Activation(kind="relu"), left, name="relu")
    silu = maker.add(Activation(kind="silu"), right, name="silu")
    return maker.graph(maker.add(Concat(), relu, silu, name="both"))


TWINS = {"a": "nn.Conv2d(4, 6, 1)", "b": "nn.Conv2d(4, 6, 1)"}


def test_the_order_of_what_does_not_depend_on_each_other_does_not_count() -> None:
    recording = record(
        network(
            TWINS,
            "right = F.silu(self.a(x))",
            "left = F.relu(self.b(x))",
            "return torch.cat([left, right], dim=1)",
        ),
        twins(),
        "Network",
    )
    assert recording == Recording([], {"left": ("b",), "right": ("a",)})


@pytest.mark.parametrize(
    ("modules", "lines", "seen"),
    [
        pytest.param(
            TWINS,
            ["y = self.a(x)", "return torch.cat([F.relu(y), F.silu(y)], dim=1)"],
            ["left: is one with right", "b: never applied"],
            id="shared",
        ),
        pytest.param(
            TWINS,
            [
                "left, right = self.a(x), self.b(x)",
                "x = torch.cat([left, right], dim=1)",
                "return x",
            ],
            [
                "relu: expected nn.ReLU(), found nn.Conv2d(4, 6, 1) at a",
                "silu: expected nn.SiLU(), found nn.Conv2d(4, 6, 1) at b",
            ],
            id="missing",
        ),
        pytest.param(
            {**TWINS, "c": "nn.Linear(6, 6)"},
            [
                "unused = self.c(self.a(x))",
                "return torch.cat([F.relu(self.a(x)), F.silu(self.b(x))], dim=1)",
            ],
            [
                "left: a is applied 2 times",
                "c: not in the graph, found nn.Linear(6, 6)",
            ],
            id="beside",
        ),
        pytest.param(
            TWINS,
            [
                "right = nn.Conv2d(4, 6, 1)(x)",
                "return torch.cat([F.relu(self.a(x)), F.silu(right)], dim=1)",
            ],
            ["right: nn.Conv2d(4, 6, 1) is no child of the model", "b: never applied"],
            id="not registered",
        ),
        pytest.param(
            TWINS,
            ["return torch.cat([F.silu(self.a(x)), F.relu(self.b(x))], dim=1)"],
            [
                "relu: expected nn.ReLU(), found F.silu(…)",
                "silu: expected nn.SiLU(), found F.relu(…)",
            ],
            id="swapped",
        ),
    ],
)
def test_every_module_belongs_to_one_node(
    modules: dict[str, str], lines: list[str], seen: list[str]
) -> None:
    assert record(network(modules, *lines), twins(), "Network").mismatches == seen


def test_weights_that_the_graph_has_once_are_not_there_twice() -> None:
    maker = GraphMaker()
    conv = maker.add(Conv(filters=6, kernel=1), maker.input(8, 8, 4), name="conv")
    relu = maker.add(Activation(kind="relu"), conv, name="relu")
    graph = maker.graph(maker.add(Concat(), conv, relu, name="both"))
    source = network(TWINS, "return torch.cat([self.a(x), F.relu(self.b(x))], dim=1)")
    (found,) = [m for m in record(source, graph, "Network").mismatches if "twice" in m]
    assert found.startswith("conv: is there twice, also as nn.Conv2d(4, 6, 1) at ")
    shared = network({"a": TWINS["a"]}, "x = self.a(x)", "return torch.cat([x, F.relu(x)], dim=1)")
    assert record(shared, graph, "Network") == Recording([], {"conv": ("a",)})


def test_what_draws_at_random_is_no_other_draw() -> None:
    maker = GraphMaker()
    entry = maker.input(8, 8, 4)
    drops = [maker.add(Dropout(rate=0.5), entry, name=name) for name in ("first", "second")]
    graph = maker.graph(maker.add(Concat(), *drops, name="both"))
    made = {"drop": "nn.Dropout(0.5)"}
    twice = network(made, "return torch.cat([self.drop(x), self.drop(x)], dim=1)")
    assert record(twice, graph, "Network").mismatches == []
    once = network(made, "x = self.drop(x)", "return torch.cat([x, x], dim=1)")
    assert record(once, graph, "Network").mismatches == ["first: is one with second"]


def test_inputs_and_outputs_have_their_order() -> None:
    maker = GraphMaker()
    image, mask = maker.input(8, 8, 4, name="image"), maker.input(8, 8, 1, name="mask")
    both = maker.add(Concat(), image, mask, name="both")
    graph = maker.graph(both, maker.add(Activation(kind="relu"), both, name="relu"))
    good = "x = torch.cat([image, mask], dim=1)"
    for names, lines, seen in [
        ("image, mask", [good, "return x, F.relu(x)"], []),
        (
            "image, mask",
            [good, "return F.relu(x), x"],
            ["both: expected torch.cat([{0}, {1}], dim=1), found F.relu(…)"],
        ),
        ("mask, image", [good, "return x, F.relu(x)"], ["image: expected the input image"]),
        ("image, mask", [good, "return x"], ["expected 2 outputs"]),
    ]:
        found = record(network({}, *lines, inputs=names), graph, "Network").mismatches
        assert len(found) >= len(seen)
        assert all(any(wanted in message for message in found) for wanted in seen)
        assert bool(found) == bool(seen)


def test_containers_are_those_of_pytorch() -> None:
    graph = chain((8, 8, 4), *[Conv(filters=4, kernel=1) for _ in range(6)])
    conv = "nn.Conv2d(4, 4, 1)"
    source = network(
        {
            "listed": f"nn.ModuleList([{conv} for _ in range(2)])",
            "named": f"nn.ModuleDict({{'one': {conv}}})",
            "chain": f"nn.Sequential({conv}, nn.Identity(), {conv})",
        },
        "for module in self.listed:",
        "    x = module(x)",
        "for name, module in self.named.items():",
        "    x = module(x)",
        "assert len(self.listed) == 3 and len(self.chain) == 3 and 'one' in self.named",
        "return self.chain[-1](self.chain[1](self.chain[0](x)))",
    )
    source = changed(
        source, "\n    def forward", f"        self.listed.append({conv})\n\n    def forward"
    )
    recording = record(source, graph, "Network")
    assert recording.mismatches == []
    paths = ["listed.0", "listed.1", "listed.2", "named.one", "chain.0", "chain.2"]
    assert list(recording.paths.values()) == [(path,) for path in paths]


Variant = tuple[dict[str, str], str]
"""Modules by their attributes, and what `forward` gives."""


def of(text: str) -> Variant:
    """One module, applied to the input."""
    return {"made": text}, "self.made(x)"


ODD, EVEN = (7, 7, 4), (8, 8, 4)
RELU = Activation(kind="relu")
CONV = Conv(filters=3, kernel=3, padding=1)
STRIDED = Conv(filters=3, kernel=3, stride=2)
POOL = MaxPool(size=3, stride=2, padding=1)
MEANS = AvgPool(size=3, stride=2, padding=1)
AROUND = "F.pad(x, (1, 1, 1, 1))"

FORMS: dict[str, tuple[tuple[int, ...], list[Layer], list[Variant]]] = {
    "a convolution": (
        EVEN,
        [CONV],
        [
            of("nn.Conv2d(4, 3, 3, padding=1)"),
            of("nn.Conv2d(4, 3, 3, padding='same')"),
            of("nn.Conv2d(4, 3, kernel_size=[3, 3], stride=1, padding=(1, 1), bias=True)"),
            of("Conv2dSame(4, 3, 3)"),
            of("PaddedConv2d(4, 3, 3)"),
            of("PaddedConv2d(4, 3, 3, padding='symmetric')"),
            of("PaddedConv2d(4, 3, 3, padding=((1, 1), 1), stride=1)"),
            of("StandardizedConv2d(4, 3, 3, standardize=False)"),
            ({"conv": "nn.Conv2d(4, 3, 3, padding='valid')"}, f"self.conv({AROUND})"),
            ({"pad": "nn.ZeroPad2d(1)", "conv": "nn.Conv2d(4, 3, 3)"}, "self.conv(self.pad(x))"),
            ({"pad": "ZeroPad(1)", "conv": "nn.Conv2d(4, 3, 3)"}, "self.conv(self.pad(x))"),
        ],
    ),
    "a convolution with a stride, an odd side": (
        ODD,
        [STRIDED],
        [
            of("Conv2dSame(4, 3, 3, stride=2)"),
            of("PaddedConv2d(4, 3, 3, stride=2)"),
            of("nn.Conv2d(4, 3, 3, stride=2, padding=1)"),
            ({"conv": "nn.Conv2d(4, 3, 3, 2)"}, f"self.conv({AROUND})"),
        ],
    ),
    "a convolution with a stride, an even side": (
        EVEN,
        [STRIDED],
        [
            of("Conv2dSame(4, 3, 3, stride=2)"),
            of("PaddedConv2d(4, 3, 3, stride=2, padding=((0, 1), (0, 1)))"),
            ({"conv": "nn.Conv2d(4, 3, 3, 2)"}, "self.conv(F.pad(x, (0, 1, 0, 1)))"),
        ],
    ),
    "a convolution with an uneven padding": (
        EVEN,
        [Conv(filters=3, kernel=3, padding=((0, 2), 1))],
        [
            of("PaddedConv2d(4, 3, 3, padding=((0, 2), 1))"),
            ({"conv": "nn.Conv2d(4, 3, 3)"}, "self.conv(F.pad(x, (1, 1, 0, 2)))"),
        ],
    ),
    "a convolution by standardized filters": (
        EVEN,
        [Conv(filters=3, kernel=3, standardize=True)],
        [of("StandardizedConv2d(4, 3, 3)"), of("StandardizedConv2d(4, 3, 3, True, padding=1)")],
    ),
    "a transposed convolution": (
        EVEN,
        [ConvTranspose(filters=3, kernel=4, stride=2)],
        [
            of("nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)"),
            of("PaddedConvTranspose2d(4, 3, 4, stride=2)"),
            of("PaddedConvTranspose2d(4, 3, 4, 1, stride=2)"),
        ],
    ),
    "a transposed convolution with a stride beyond its kernel": (
        EVEN,
        [ConvTranspose(filters=3, kernel=2, stride=3)],
        [
            of("nn.ConvTranspose2d(4, 3, 2, stride=3, output_padding=1)"),
            of("PaddedConvTranspose2d(4, 3, 2, stride=3)"),
            of("PaddedConvTranspose2d(4, 3, 2, 'valid', stride=3)"),
        ],
    ),
    "maxima": (
        EVEN,
        [POOL],
        [
            of("nn.MaxPool2d(3, 2, 1)"),
            of("PaddedMaxPool(3, stride=2, padding='symmetric')"),
            of("PaddedMaxPool(3, 2, 1)"),
            ({}, "F.max_pool2d(x, 3, stride=2, padding=1)"),
        ],
    ),
    "maxima of no value below 0": (
        EVEN,
        [RELU, POOL],
        [
            ({}, "F.max_pool2d(F.relu(x), 3, stride=2, padding=1)"),
            ({"a": "nn.ReLU()", "b": "nn.MaxPool2d((3, 3), 2, 1)"}, "self.b(self.a(x))"),
            ({"a": "Activation('relu')"}, "F.max_pool2d(F.pad(self.a(x), (1, 1, 1, 1)), 3, 2)"),
        ],
    ),
    "maxima that round up": (
        ODD,
        [MaxPool(size=2)],
        [
            of("nn.MaxPool2d(2, ceil_mode=True)"),
            of("MaxPool2dSame(2)"),
            of("PaddedMaxPool(2)"),
            of("PaddedMaxPool(2, padding=((0, 1), (0, 1)))"),
        ],
    ),
    "means": (
        EVEN,
        [MEANS],
        [
            of("nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)"),
            of("PaddedAvgPool(3, stride=2, padding=1)"),
            ({}, "F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)"),
        ],
    ),
    "means that round up": (
        ODD,
        [AvgPool(size=2)],
        [of("nn.AvgPool2d(2, ceil_mode=True)"), of("AvgPool2dSame(2)"), of("PaddedAvgPool(2)")],
    ),
    "means of zeros, too": (
        EVEN,
        [ZeroPad(padding=1), AvgPool(size=3, stride=2, padding="valid")],
        [
            ({}, f"F.avg_pool2d({AROUND}, 3, 2)"),
            ({"a": "ZeroPad(1)"}, "F.avg_pool2d(self.a(x), 3, 2)"),
        ],
    ),
    "means of all": (
        EVEN,
        [GlobalAvgPool(keepdims=True)],
        [
            of("nn.AdaptiveAvgPool2d(1)"),
            of("GlobalAvgPool(True)"),
            ({}, "x.mean((2, 3), keepdim=True)"),
        ],
    ),
    "norms": (
        EVEN,
        [BatchNorm(), GroupNorm(groups=2, scale=False, center=False)],
        [
            (
                {
                    "a": "nn.BatchNorm2d(4, eps=0.001, momentum=0.01)",
                    "b": "nn.GroupNorm(2, 4, affine=False)",
                },
                "self.b(self.a(x))",
            ),
            (
                {
                    "a": "BatchNorm(4, eps=0.001, momentum=1 - 0.99, scale=True)",
                    "b": "GroupNorm(2, 4, scale=False, center=False)",
                },
                "self.b(self.a(x))",
            ),
        ],
    ),
    "modules that do nothing": (
        EVEN,
        [RELU],
        [
            ({}, "F.relu(x)"),
            (
                {"a": "Activation('linear')", "b": "DropPath(0.0)", "c": "nn.Identity()"},
                "self.c(F.relu(self.b(self.a(x))))",
            ),
        ],
    ),
    "tokens": (
        EVEN,
        [Reshape(shape=(-1, 4))],
        [({}, "x.flatten(2)"), of("nn.Flatten(2)"), of("Reshape((-1, 4))"), of("Reshape((64, 4))")],
    ),
}
"""What means the same: a shape, the layers of a graph, and modules in use."""

FAULTS: dict[str, tuple[tuple[int, ...], list[Layer], Variant, Variant]] = {
    "zeros on one side": (
        EVEN,
        [CONV],
        of("nn.Conv2d(4, 3, 3, padding=1)"),
        ({"made": "nn.Conv2d(4, 3, 3)"}, "self.made(F.pad(x, (0, 2, 1, 1)))"),
    ),
    "another value around": (
        EVEN,
        [CONV],
        of("nn.Conv2d(4, 3, 3, padding=1)"),
        ({"made": "nn.Conv2d(4, 3, 3)"}, "self.made(F.pad(x, (1, 1, 1, 1), value=1.0))"),
    ),
    "the padding of another size": (
        EVEN,
        [STRIDED],
        of("Conv2dSame(4, 3, 3, stride=2)"),
        of("nn.Conv2d(4, 3, 3, stride=2, padding=1)"),
    ),
    "standardized filters": (
        EVEN,
        [CONV],
        of("nn.Conv2d(4, 3, 3, padding=1)"),
        of("StandardizedConv2d(4, 3, 3)"),
    ),
    "another cut": (
        EVEN,
        [ConvTranspose(filters=3, kernel=4, stride=2)],
        of("nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)"),
        of("PaddedConvTranspose2d(4, 3, 4, ((0, 2), 1), stride=2)"),
    ),
    "zeros under maxima of values below 0": (
        EVEN,
        [POOL],
        of("nn.MaxPool2d(3, 2, 1)"),
        ({}, f"F.max_pool2d({AROUND}, 3, 2)"),
    ),
    "zeros in means": (
        EVEN,
        [MEANS],
        of("PaddedAvgPool(3, stride=2, padding=1)"),
        of("nn.AvgPool2d(3, stride=2, padding=1)"),
    ),
    "maxima that round down": (
        ODD,
        [MaxPool(size=2)],
        of("nn.MaxPool2d(2, ceil_mode=True)"),
        of("nn.MaxPool2d(2)"),
    ),
    "no learned scale": (
        EVEN,
        [GroupNorm(groups=2)],
        of("nn.GroupNorm(2, 4)"),
        of("GroupNorm(2, 4, scale=False)"),
    ),
    "another epsilon": (
        EVEN,
        [GroupNorm(groups=2)],
        of("nn.GroupNorm(2, 4)"),
        of("nn.GroupNorm(2, 4, eps=0.1)"),
    ),
    "another activation": (EVEN, [RELU], of("nn.ReLU()"), of("Activation('silu')")),
    "other tokens": (EVEN, [Reshape(shape=(-1, 4))], ({}, "x.flatten(2)"), of("Reshape((-1, 8))")),
}
"""What differs: the right modules, and the wrong ones."""


def written(variant: Variant) -> str:
    modules, line = variant
    return with_definitions(network(modules, f"return {line}"))


def with_definitions(source: str) -> str:
    """The source, before it the modules that PyTorch lacks."""
    head, tail = source.split("class Network", 1)
    used = [name for name in definitions(MODULES) if re.search(rf"(?<![.\w]){name}\(", tail)]
    return "\n\n\n".join([head, *class_source(MODULES, used), f"class Network{tail}"])


@pytest.mark.parametrize("form", FORMS)
def test_what_means_the_same_passes(form: str) -> None:
    shape, layers, variants = FORMS[form]
    graph = chain(shape, *layers)
    weights = {node.name for node in graph if graph.weights(node)}
    for variant in variants:
        recording = record(written(variant), graph, "Network")
        assert recording.mismatches == []
        assert recording.paths.keys() == weights


@pytest.mark.parametrize("form", FAULTS)
def test_what_differs_is_seen(form: str) -> None:
    shape, layers, right, wrong = FAULTS[form]
    assert record(written(right), chain(shape, *layers), "Network").mismatches == []
    found = record(written(wrong), chain(shape, *layers), "Network").mismatches
    assert any(message.startswith("layer1: expected") for message in found)


@pytest.mark.parametrize("form", [*FORMS, *FAULTS])
def test_pytorch_agrees_on_what_means_the_same(form: str) -> None:
    torch = pytest.importorskip("torch")

    def run(variant: Variant) -> torch.Tensor:
        namespace: dict[str, type[torch.nn.Module]] = {}
        exec(written(variant), namespace)
        model = namespace["Network"]().eval()
        for number, parameter in enumerate(model.parameters()):
            values = torch.Generator().manual_seed(number)
            parameter.data = torch.randn(parameter.shape, generator=values)
        with torch.no_grad():
            return model(images)

    if form in FORMS:
        (*sides, channels), _, (first, *others) = FORMS[form]
    else:
        (*sides, channels), _, first, wrong = FAULTS[form]
        others = [wrong]
    images = torch.randn((2, channels, *sides), generator=torch.Generator().manual_seed(1))
    for other in others:
        expected, found = run(first), run(other)
        same = expected.shape == found.shape and torch.allclose(expected, found, atol=1e-5)
        assert same == (form in FORMS), other


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_those_of_pytorch(name: str) -> None:
    nn = pytest.importorskip("torch").nn
    short = name.removeprefix("nn.")
    ranked = [f"{short}{rank}d" for rank in (1, 2, 3)]
    spelled = [short] if hasattr(nn, short) else [text for text in ranked if hasattr(nn, text)]
    assert spelled
    names, defaults = SIGNATURES[name]
    for made in [getattr(nn, text) for text in spelled]:
        parameters = inspect.signature(made).parameters
        assert tuple(parameters)[: len(names)] == names
        given = {key: value.default for key, value in parameters.items() if key in names}
        assert {k: v for k, v in given.items() if v is not inspect.Parameter.empty} == defaults


def test_no_module_may_hide_what_pytorch_has() -> None:
    nn = pytest.importorskip("torch").nn
    own = {name for name in (*dir(nn.Module), *vars(nn.Module())) if not name.startswith("_")}
    assert own <= TAKEN


def printed(graph: Graph, *, expressions: bool) -> str:
    """The source of a graph: as many expressions as there are, or as few."""
    modules: dict[str, str] = {}
    lines = []
    for position, (node, calls) in enumerate(zip(graph, lower_graph(graph), strict=True)):
        given = [f"x{source}" for source in node.inputs]
        if not calls and given:
            lines.append(f"x{position} = {given[0]}")
        for number, call in enumerate(calls):
            made = call.expression.format(*given)
            if call.constructor and not (expressions and call.expression):
                arguments = ", ".join([f"{name}={value!r}" for name, value in call.arguments])
                modules[f"m{position}_{number}"] = f"{call.constructor}({arguments})"
                made = f"self.m{position}_{number}({given[0]})"
            given = [f"x{position}"]
            lines.append(f"x{position} = {made}")
    inputs = ", ".join([f"x{position}" for position in graph.inputs])
    lines.append("return " + ", ".join([f"x{output.node}" for output in graph.outputs]))
    return network(modules, *lines, inputs=inputs)


@pytest.mark.parametrize("expressions", [True, False], ids=["expressions", "modules"])
@pytest.mark.parametrize("name", archc.zoo())
def test_every_layer_of_the_zoo_is_known(name: str, expressions: bool) -> None:
    graph = archc.load(name).graph()
    source = printed(graph, expressions=expressions)
    recording = record(with_definitions(source), graph, "Network")
    assert recording.mismatches == []
    assert recording.paths.keys() == {node.name for node in graph if graph.weights(node)}


@pytest.mark.parametrize("expressions", [True, False], ids=["expressions", "modules"])
@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        (EVEN, ChannelShuffle(groups=2)),
        (EVEN, Crop(cropping=1)),
        (EVEN, DropPath(rate=0.1)),
        (EVEN, Elu(alpha=2.0)),
        (EVEN, Flatten()),
        (EVEN, LayerNorm(center=False)),
        (EVEN, Normalize(mean=(1.0, 2.0, 3.0, 4.0), variance=(1.0, 2.0, 3.0, 4.0))),
        (EVEN, Prelu()),
        (EVEN, Rescale(scale=1.0, offset=-1.0)),
        (EVEN, Reshape(shape=(4, 4, 16))),
        (EVEN, SeparableConv(filters=6, kernel=3, padding=((0, 2), 1), activation="leaky_relu")),
        (EVEN, Slice(part=1, of=2)),
        (EVEN, Upsample(interpolation="bilinear")),
        (EVEN, ZeroPad(padding=1, channels=(0, 2))),
        ((16, 4), Attention(heads=2)),
        ((16, 4), ClassToken()),
        ((16, 4), DepthwiseConv(kernel=2, stride=2)),
        ((16, 4), PositionEmbedding()),
        ((4, 4, 4, 4), AvgPool(size=3, stride=2)),
    ],
    ids=lambda value: (
        type(value).__name__ if isinstance(value, Layer) else "x".join(map(str, value))
    ),
)
def test_other_layers_are_known(shape: tuple[int, ...], layer: Layer, expressions: bool) -> None:
    graph = chain(shape, RELU, layer)
    source = with_definitions(printed(graph, expressions=expressions))
    assert record(source, graph, "Network").mismatches == []


def test_no_framework_is_loaded() -> None:
    source = network({}, "return F.relu(x)")
    script = f"""
import sys
from archc.layers import Activation
from archc.targets.torch.recording import record
from tests.keras_graphs import chain
graph = chain((8, 8, 4), Activation(kind="relu"))
assert record({source!r}, graph, "Network").mismatches == []
assert not {{"keras", "tensorflow", "torch"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
