"""How long Keras models take to build: archc's against those of keras.applications.

Both build the same networks, in turn, in one process, so that what slows the machine slows both.
archc's time includes reading the spec and elaborating it.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import archc
from archc.targets.keras import load_keras

PAIRS = {
    "resnet50": "ResNet50",
    "efficientnet@b7": "EfficientNetB7",
    "nasnet@large": "NASNetLarge",
}


def timed(build: Callable[[], Any]) -> tuple[float, int]:
    """The seconds that a build takes, and the parameters of what it makes."""
    gc.collect()
    start = time.perf_counter()
    model = build()
    return time.perf_counter() - start, model.count_params()


def measure(reference: str, constructor: str, rounds: int) -> list[tuple[float, float]]:
    """The seconds of archc and of keras.applications in each round, after one to warm up."""
    original = getattr(load_keras().applications, constructor)
    pairs = []
    for _ in range(rounds + 1):
        ours, params = timed(lambda: archc.build(reference))
        theirs, expected = timed(lambda: original(weights=None))
        assert params == expected
        pairs.append((ours, theirs))
    return pairs[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    warnings.simplefilter("ignore")
    print(f"{'median of ' + str(rounds):16} {'archc':>8} {'Keras':>8}   ratio: least median  most")
    for reference, constructor in PAIRS.items():
        pairs = measure(reference, constructor, rounds)
        ours, theirs = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        print(
            f"{reference:16} {ours:6.2f} s {theirs:6.2f} s {ratios[0]:14.2f} "
            f"{statistics.median(ratios):6.2f} {ratios[-1]:5.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
