"""How many variants of a network are costed in a second, and what that takes as they get more.

    python benchmarks/sweep.py [--most 1000000] [--keras]

Rates are of processor time on one core, the first variant's set-up included. `--keras` does the
same work by building Keras models and counting their weights, and where torch and torchvision
can be imported by torch on the meta device with its own counter, in turn with archc.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from memory import in_child

import archc
from archc.explore import Sweep, parse_knob

DEPTHS = [f"learner.groups[{group}].blocks=2..33" for group in range(4)]
WIDTHS = [f"learner.groups[{g}].filters={32 * 2**g}..{32 * 2**g + 248}:8" for g in range(4)]

SWEEPS = {
    "depths of ResNet-50": ("resnet50", DEPTHS, 500_000),
    "widths of ResNet-50": ("resnet50", WIDTHS, 500_000),
    "depths of PyTorch's ResNet-50": (
        "resnet_torch@resnet50",
        [f"depths[{group}]=2..33" for group in range(4)],
        500_000,
    ),
    "depths of EfficientNet": (
        "efficientnet@b0",
        [f"learner.groups[{group}].blocks=1..6" for group in range(7)],
        50_000,
    ),
    "width, depth, resolution of EfficientNet": (
        "efficientnet@b0",
        ["width=0.5..2:0.05", "depth=1.0..2.0:0.1", "resolution=128..512:16"],
        10_000,
    ),
    "growth and depths of DenseNet": (
        "densenet@densenet121",
        ["growth=12..48", "depths[2]=12..30", "depths[3]=8..32"],
        20_000,
    ),
    "width and sides of MobileNetV2": (
        "mobilenet_v2",
        ["alpha=0.1..2:0.05", "input[0]=96..256:8", "input[1]=96..256:8"],
        20_000,
    ),
    "widths and a depth of ConvNeXt": (
        "convnext@tiny",
        ["widths[0]=32..128:8", "widths[1]=64..256:16", "depths[2]=3..27", "input[0]=96..256:32"],
        20_000,
    ),
    "width and resolution of NASNet": (
        "nasnet@mobile",
        ["penultimate=528..4224:48", "resolution=96..331:4"],
        5_000,
    ),
    "the line of RegNet's widths": (
        "regnet@regnetx_002",
        ["w0=24..80:8", "wa=20..60", "wm=2..3:0.1"],
        3_000,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=1_000_000, help="variants of the last growth")
    parser.add_argument("--keras", action="store_true", help="compare with Keras, and torch")
    options = parser.parse_args()
    print(f"{'sweep':42} {'variants':>9} {'a second':>10}")
    for name, (reference, vary, most) in SWEEPS.items():
        seconds, count = _timed(reference, vary, most)
        print(f"{name:42} {count:9,} {count / seconds:10,.0f}")
    _growth(options.most)
    if options.keras:
        _ratios()


def _sweep(reference: str, vary: list[str]) -> Sweep:
    return Sweep(archc.load(reference), tuple(map(parse_knob, vary)))


def _timed(reference: str, vary: list[str], most: int) -> tuple[float, int]:
    start = time.process_time()
    count = sum(1 for _ in itertools.islice(_sweep(reference, vary), most))
    return time.process_time() - start, count


def _growth(most: int) -> None:
    """Each number of variants in a process of its own, which tells the most memory it had."""
    print(f"\n{'depths of ResNet-50':42} {'variants':>9} {'seconds':>10} {'peak MB':>9}")
    count = 10
    while count <= most:
        (seconds, found), peak = in_child(_timed, "resnet50", DEPTHS, count)
        print(f"{'':42} {found:9,} {seconds:10.3f} {peak:9.1f}")
        count *= 10


def _ratios() -> None:
    """The same depths counted in other ways, each variant from scratch as they need it."""
    few = [(depth, other) for depth in (4, 6) for other in (3, 4)]
    ways: dict[str, Callable[[tuple[int, int]], object]] = {
        "Keras model, built and counted": _keras
    }
    if find_spec("torch") and find_spec("torchvision"):
        ways["torch on the meta device, FlopCounterMode"] = _torch
    seconds, count = _timed("resnet50", DEPTHS, 100_000)
    ours = count / seconds
    print(f"\n{'variants of ResNet-50 a second':42} {'':>9} {'a second':>10} {'archc =':>12}")
    print(f"{'archc sweep':42} {'':>9} {ours:10,.0f}")
    for name, way in ways.items():
        way(few[0])
        start = time.process_time()
        for depths in few:
            way(depths)
        rate = len(few) / (time.process_time() - start)
        print(f"{name:42} {'':>9} {rate:10,.2f} {ours / rate:11,.0f}×")


def _keras(depths: tuple[int, int]) -> int:
    third, fourth = depths
    settings = {"learner.groups[2].blocks": third, "learner.groups[3].blocks": fourth}
    count: int = archc.load("resnet50").with_(settings).build().count_params()
    return count


@cache
def _torchvision_resnet() -> ModuleType:
    # A process that loads Triton after TensorFlow crashes, and a PyTorch for GPUs would.
    sys.modules.setdefault("triton", None)  # type: ignore[arg-type]
    import torch

    try:
        import torchvision
    except RuntimeError:
        # Its own operators don't load against a PyTorch for CPUs alone; no ResNet uses them.
        operators = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision
    module: ModuleType = torchvision.models.resnet
    return module


def _torch(depths: tuple[int, int]) -> int:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    resnet = _torchvision_resnet()
    with torch.device("meta"):
        model = resnet.ResNet(resnet.Bottleneck, [3, 4, *depths])
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, 224, 224))
    flops: int = counter.get_total_flops()
    return flops


if __name__ == "__main__":
    main()
