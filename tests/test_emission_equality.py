"""What is emitted is the network: checked for every shipped spec, and equal in numbers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import archc
from archc.graph import Graph
from archc.layers import Conv
from archc.targets.keras.recording import mismatches
from archc.targets.source import emit_source
from archc.targets.torch.recording import record
from archc.verification import at_side, verify, verify_sources

TARGETS = ("keras", "torch")


def variants() -> list[str]:
    """Every shipped spec at every variant."""
    found = []
    for name in archc.zoo():
        spec = archc.load(name)
        found += [f"{name}@{variant}" for variant in spec.variants] or [name]
    return found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("reference", variants())
def test_every_spec_keeps_its_structure(reference: str, target: str) -> None:
    assembled = archc.load(reference).assembled
    assert not emit_source(assembled, target, reference).flat


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", archc.zoo())
def test_an_emission_is_the_same_each_time(name: str, target: str) -> None:
    assembled = archc.load(smallest(name)).assembled
    assert emit_source(assembled, target, name) == emit_source(assembled, target, name)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("reference", "count", "trainable"),
    [
        # As Keras's documentation has them.
        ("resnet50", "25,636,712", "25,583,592"),
        # By hand: 3·3·3·8 + 8 of the convolution, 4·8 of the norm of which 2·8 are trained, 8 of
        # the prelu, 8·5 + 5 of the dense layer; mean and variance that are given count nothing.
        ("counted.yaml", "309", "293"),
    ],
)
def test_what_a_file_prints_of_itself(
    reference: str, count: str, trainable: str, target: str, tmp_path: Path
) -> None:
    pytest.importorskip(target)
    text = (
        "input: [8, 8, 3]\nstem: [normalize: {mean: [1, 2, 3], variance: [1, 2, 3]}, "
        "conv: {filters: 8, kernel: 3}, batch_norm, prelu]\ntask: [global_avg_pool, dense: 5]\n"
    )
    if reference.endswith(".yaml"):
        reference = str(tmp_path / reference)
        Path(reference).write_text(text, encoding="utf-8")
    file = tmp_path / "emitted.py"
    source = emit_source(archc.load(reference).assembled, target, "").source
    file.write_text(source, encoding="utf-8")
    ran = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    counted = ran.stdout.splitlines()[0].partition(": ")[2]
    assert counted == f"{count} parameters, {trainable} trainable"


@pytest.mark.parametrize("target", TARGETS)
def test_every_emission_is_clean(target: str, tmp_path: Path) -> None:
    for name in archc.zoo():
        source = emit_source(archc.load(name).assembled, target, name).source
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    for command in (["format", "--check"], ["check", "--ignore", "E501"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "."]
        ran = subprocess.run(
            ruff,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


ODD = 75
"""A side that all strides of a network meet even and odd."""

SIDES: dict[str, tuple[int | None, ...]] = {
    **dict.fromkeys(("resnet18", "resnet50", "mobilenet_v2"), (None, ODD)),
    "inception_v3": (99,),
    "resnet1d": (None, 4001),
    "vit": (None, 48),  # whole patches of 16
    "unet": (48,),  # halves to whole numbers: no odd side
    "resnet3d": (25,),
}
"""The sides to compare at; None is the spec's own. Most have the odd one alone here: `make verify`
compares all at their own.
"""

SMALLEST = {"mobilenet_v3": "small", "nasnet": "mobile", "vit": "ti16"}


@pytest.mark.slow
@pytest.mark.parametrize("name", archc.zoo())
def test_outputs_are_equal(name: str) -> None:
    pytest.importorskip("torch")
    spec = archc.load(smallest(name))
    # TensorFlow compiles each grouped convolution in float64, for minutes.
    grouped = any(isinstance(node.layer, Conv) and node.layer.groups > 1 for node in spec.graph())
    for side in SIDES.get(name, (ODD,)):
        for result in verify(spec, TARGETS, side=side, dtype="float32" if grouped else "float64"):
            assert result.passed, result


@pytest.mark.slow
@pytest.mark.parametrize("side", [32, 45])
def test_grouped_convolutions_are_equal_in_float64(side: int) -> None:
    pytest.importorskip("torch")
    narrow = {"widths": [8, 16, 24, 32], "depths": [1, 1, 2, 1]}
    for result in verify(archc.load("convnext@tiny").with_(narrow), TARGETS, side=side):
        assert result.passed, result


def smallest(name: str) -> str:
    """A shipped spec at one variant, that with the fewest weights."""
    variants = archc.load(name).variants
    if not variants:
        return name
    return f"{name}@{SMALLEST.get(name, next(iter(variants)))}"


# A target, a text of its source, what is made of it, and the first layer that then differs.
# In PyTorch a layer is seen where a module with weights is entered or left.
FAULTS = [
    ("resnet18", "keras", "(16, 2, 2)", "(16, 2, 1)", "group2_block1_0_conv"),
    ("resnet18", "torch", "(16, 2, 2)", "(16, 2, 1)", "group2_block1_0_conv"),
    ("resnet18", "keras", "epsilon=1e-5", "epsilon=1e-3", "conv1_bn"),
    ("resnet18", "torch", "BatchNorm2d(filters)", "BatchNorm2d(filters, eps=1e-3)", "conv1_bn"),
    ("resnet18", "keras", "Padding2D(1, name", "Padding2D(((2, 0), (0, 2)), name", "pool1"),
    ("mobilenet_v2", "torch", "[total // 2, total - ", "[total // 2 + 1, total - 1 - ", "Conv1"),
    (
        "resnet18",
        "keras",
        'layers.ReLU(name=f"{name}_out")(x)',
        "x",
        "group1_block2_1_conv",
    ),
    (
        "resnet18",
        "torch",
        "F.relu(shortcut + residual)",
        "shortcut + residual",
        "group1_block1_out",
    ),
    (
        "mobilenet_v2",
        "keras",
        "ReLU(6.0, name=f",
        'Activation("linear", name=f',
        "block_0_activation",
    ),
    ("mobilenet_v2", "torch", "F.relu6(self.bn(", "((self.bn)(", "block_0_activation"),
    ("mobilenet_v2", "keras", "ReLU(6.0, name=", "ReLU(name=", "Conv1_relu"),
    ("mobilenet_v2", "torch", "F.relu6(", "F.relu(", "block_0_activation"),
    # The weights of equal blocks are permuted: blocks are named from the last to the first.
    ("resnet50", "keras", "_block{block}", "_block{blocks + 2 - block}", "conv2_block2_1_conv"),
    ("resnet50", "torch", '"block{block}"', '"block{blocks + 2 - block}"', "conv2_block1_out"),
]
CONTROL_SIDE = 40
WIDTHS: dict[str, object] = {
    f"learner.groups[{number}].filters": 8 * 2**number for number in range(4)
}
NARROW: dict[str, dict[str, object]] = {
    "resnet18": WIDTHS,
    "resnet50": WIDTHS,
    "mobilenet_v2": {"alpha": 0.25},
}


@pytest.mark.parametrize(("reference", "target", "right", "wrong", "layer"), FAULTS)
def test_a_fault_fails_and_its_first_layer_is_named(
    reference: str, target: str, right: str, wrong: str, layer: str
) -> None:
    if target == "torch":
        pytest.importorskip("torch")
    spec = at_side(archc.load(reference).with_(NARROW[reference]), CONTROL_SIDE)
    emitted = emit_source(spec.assembled, target, reference)
    assert right in emitted.source
    faulty = replace(emitted, source=emitted.source.replace(right, wrong))
    (result,) = verify_sources(spec, {target: faulty})
    assert not result.passed
    assert not result.failure
    assert result.layers[0].layer == layer, result
    assert result.layers[0].difference > 1000 * result.tolerance


# A text of the emitted table, what is made of it, and the same change to the spec.
EDITS = [
    ("resnet50", "(128, 4, 2)", "(128, 5, 1)", {"blocks": {1: 5}, "stride": {1: 1}}),
    ("resnet50", "(512, 3, 2)", "(96, 2, 2)", {"filters": {3: 96}, "blocks": {3: 2}}),
    ("resnet101", "(256, 23, 2)", "(256, 3, 2)", {"blocks": {2: 3}}),
    ("resnet152", "(256, 36, 2)", "(256, 3, 2)", {"blocks": {2: 3}}),
    ("resnet18", "(64, 2, 1)", "(64, 3, 1)", {"blocks": {0: 3}}),
    ("resnet34", "(512, 3, 2)", "(64, 2, 2)", {"filters": {3: 64}, "blocks": {3: 2}}),
    ("resnet1d", "(128, 4, 2)", "(128, 2, 2)", {"blocks": {1: 2}}),
    ("resnet3d", "(256, 2, 2)", "(256, 1, 2)", {"blocks": {2: 1}}),
    ("mobilenet_v2", "(6, 32, 3, 2)", "(6, 32, 4, 2)", {"blocks": {2: 4}}),
    ("mobilenet_v2", "(6, 320, 1, 1)", "(6, 96, 2, 1)", {"filters": {6: 96}, "blocks": {6: 2}}),
    ("efficientnet@b2", "(2, 24, 6, 3, 2)", "(3, 24, 6, 3, 2)", {"blocks": {1: 3}}),
    (
        "efficientnet@b0",
        "(1, 320, 6, 3, 1)",
        "(2, 96, 6, 3, 1)",
        {"filters": {6: 96}, "blocks": {6: 2}},
    ),
    ("resnet_v2@resnet50v2", "(512, 3, 1)", "(512, 2, 1)", {"learner.blocks": [3, 4, 6, 2]}),
    ("resnet_torch@resnet50", "(128, 4, 2)", "(128, 5, 2)", {"learner.blocks": [3, 5, 6, 3]}),
    ("resnet_d@resnet50d", "(512, 3, 2)", "(512, 4, 2)", {"learner.blocks": [3, 4, 6, 4]}),
    ("resnext@resnext50_32x4d", "(64, 3, 1)", "(64, 2, 1)", {"learner.blocks": [2, 4, 6, 3]}),
    ("wide_resnet@wide_resnet50_2", "(64, 3, 1)", "(64, 4, 1)", {"learner.blocks": [4, 4, 6, 3]}),
    ("seresnet@seresnet50", "(256, 6, 2)", "(256, 2, 2)", {"learner.blocks": [3, 4, 2, 3]}),
    ("resnet_cifar@resnet20", "(32, 3, 2)", "(32, 5, 2)", {"learner.blocks": [3, 5, 3]}),
    ("regnet@regnetx_002", "(152, 4)", "(152, 6)", {"learner.blocks": [1, 1, 6, 7]}),
    (
        "xception",
        "[128, 256, 728]",
        "[128, 256, 512]",
        {"learner[0].groups.filters": [128, 256, 512]},
    ),
    ("vgg@vgg16", "(128, 2)", "(128, 3)", {"depths": [2, 3, 3, 3, 3]}),
    ("convnext@tiny", "(192, 3)", "(192, 4)", {"depths": [3, 4, 9, 3]}),
    ("densenet@densenet121", "[6, 12, 24, 16]", "[6, 13, 24, 17]", {"depths": [6, 13, 24, 17]}),
    ("nasnet@mobile", "[4, 4, 4]", "[5, 4, 3]", {"learner.blocks": [5, 4, 3]}),
    ("vit@ti16", "[12]", "[7]", {"depth": 7}),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("reference", "row", "edited", "settings"), EDITS)
def test_an_edited_row_is_an_edited_spec(
    reference: str, row: str, edited: str, settings: dict[str, object], target: str
) -> None:
    spec = archc.load(reference)
    emitted = emit_source(spec.assembled, target, reference)
    assert emitted.source.count(row) == 1
    source = emitted.source.replace(row, edited)
    graph = spec.with_(in_groups(settings)).graph()
    assert found_in(source, emitted.entry, target, graph) == []
    assert found_in(source, emitted.entry, target, spec.graph()) != []


def in_groups(settings: dict[str, object]) -> dict[str, object]:
    """Settings by their paths; of a key that groups have, by the group's index."""
    found: dict[str, object] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            found |= {f"learner.groups[{index}].{key}": each for index, each in value.items()}
        else:
            found[key] = value
    return found


def found_in(source: str, entry: str, target: str, graph: Graph) -> list[str]:
    """Where a source does not make the graph."""
    if target == "keras":
        return mismatches(source, graph, entry)
    return record(source, graph, entry).mismatches
