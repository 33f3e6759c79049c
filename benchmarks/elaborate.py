"""How long a spec takes from YAML to its graph, warm, and how that grows with the network.

Times are the best of several runs in one process; the ratios compare networks in the same run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import archc

NETWORKS = ("resnet50", "resnet152", "efficientnet@b7", "nasnet@large", "vit@b16")
BLOCKS = (10, 100, 1_000, 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    print(f"{'network':20}  {'layers':>8}  {'ms':>9}  {'µs a layer':>10}  {'resnet50 =':>10}")
    first = 0.0
    for name in NETWORKS:
        seconds, layers = _best(lambda name=name: archc.load(name).graph(), options.runs)
        first = first or seconds
        _print_row(name, layers, seconds, first)
    spec = archc.load("resnet50")
    for blocks in BLOCKS:
        deeper = spec.with_({"learner.groups[2].blocks": blocks})
        seconds, layers = _best(deeper.graph, 1 if blocks > 1_000 else 3)
        _print_row(f"{blocks:,} blocks", layers, seconds, first)


def _best(work: Callable[[], archc.Graph], runs: int) -> tuple[float, int]:
    best, layers = float("inf"), 0
    for _ in range(runs):
        start = time.perf_counter()
        layers = len(work())
        best = min(best, time.perf_counter() - start)
    return best, layers


def _print_row(name: str, layers: int, seconds: float, first: float) -> None:
    micro = seconds / layers * 1e6
    print(f"{name:20}  {layers:8,}  {seconds * 1e3:9.1f}  {micro:10.1f}  {seconds / first:9.1f}×")


if __name__ == "__main__":
    main()
