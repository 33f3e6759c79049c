"""How many variants of a network are costed in a second, and what that takes as they get more.

    python benchmarks/sweep.py [--most 1000000] [--keras]

Rates are of processor time on one core, the first variant's set-up included. `--keras` does the
same work by building Keras models and counting their weights, and where torch and torchvision
can be imported by torch on the meta device with its own counter, in turn with archc.
"""

from __future__ import annotations

import argparse
import itertools
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec

import archc
from archc.explore import Sweep, parse_knob

DEPTHS = [f"learner.groups[{group}].blocks=2..33" for group in range(4)]
WIDTHS = [f"learner.groups[{g}].filters={32 * 2**g}..{32 * 2**g + 248}:8" for g in range(4)]

SWEEPS = {
    "depths of ResNet-50": ("resnet50", DEPTHS, 500_000),
    "widths of ResNet-50": ("resnet50", WIDTHS, 500_000),
    "depths of EfficientNet": (
        "efficientnet@b0",
        [f"learner.groups[{group}].blocks=1..6" for group in range(7)],
        50_000,
    ),
    "width, depth, resolution of EfficientNet": (
        "efficientnet@b0",
        ["width=0.5..2:0.05", "depth=1.0,1.2,1.4", "resolution=224,240,260"],
        1_000,
    ),
    "growth and depths of DenseNet": (
        "densenet@densenet121",
        ["growth=12..48:4", "depths[2]=12..30:6", "depths[3]=8..32:8"],
        200,
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
    print(f"\n{'depths of ResNet-50':42} {'variants':>9} {'seconds':>10} {'peak MB':>9}")
    count = 10
    while count <= most:
        seconds, found = _timed("resnet50", DEPTHS, count)
        tracemalloc.start()
        _timed("resnet50", DEPTHS, min(count, 100_000))
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        # Tracing memory is slow: beyond this it is known to stay.
        shown = f"{peak:9.1f}" if count <= 100_000 else f"{'–':>9}"
        print(f"{'':42} {found:9,} {seconds:10.3f} {shown}")
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


def _torch(depths: tuple[int, int]) -> int:
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    from torchvision.models.resnet import Bottleneck, ResNet

    with torch.device("meta"):
        model = ResNet(Bottleneck, [3, 4, *depths])
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, 224, 224))
    flops: int = counter.get_total_flops()
    return flops


if __name__ == "__main__":
    main()
