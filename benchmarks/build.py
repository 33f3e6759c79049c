"""How long Keras models take to build: archc's against those of keras.applications.

Both build the same networks, in turn, in one process, so that what slows the machine slows both.
    python benchmarks/build.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable

import archc
from archc.targets.keras.runtime import load_keras

PAIRS = {
    "resnet50": "ResNet50",
    "efficientnet@b7": "EfficientNetB7",
    "nasnet@large": "NASNetLarge",
}


def seconds(build: Callable[[], object]) -> float:
    start = time.perf_counter()
    build()
    return time.perf_counter() - start


def measure(reference: str, constructor: str, rounds: int) -> list[tuple[float, float]]:
    """The seconds of archc and of keras.applications, round by round, after one to warm up."""
    keras = load_keras()
    graph = archc.load(reference)
    original = getattr(keras.applications, constructor)
    pairs = []
    for _ in range(rounds + 1):
        # Loading and elaboration count: a user waits for them too.
        ours = seconds(archc.load(reference).build)
        keras.backend.clear_session()
        theirs = seconds(lambda: original(weights=None))
        keras.backend.clear_session()
        pairs.append((ours, theirs))
    assert graph.build().count_params() == original(weights=None).count_params()
    return pairs[1:]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    warnings.simplefilter("ignore")
    print(
        f"{'':16} {'archc, s':>10} {'Keras, s':>10} {'ratio: least':>14} {'median':>8} {'most':>6}"
    )
    for reference, constructor in PAIRS.items():
        pairs = measure(reference, constructor, rounds)
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = sorted(a / b for a, b in pairs)
        print(
            f"{reference:16} {ours:10.2f} {theirs:10.2f} {ratios[0]:14.2f} "
            f"{statistics.median(ratios):8.2f} {ratios[-1]:6.2f}"
        )


if __name__ == "__main__":
    main()
