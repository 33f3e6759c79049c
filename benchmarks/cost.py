"""How long costs take beside elaboration, warm, and how that grows with the network.

Times are the best of several runs in one process; the ratios compare within the same run.
    python benchmarks/cost.py [--runs N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import archc
from archc.analyses.diff import diff

NETWORKS = (
    "resnet50",
    "resnet152",
    "efficientnet@b7",
    "densenet@densenet201",
    "nasnet@large",
    "vit@b16",
)
BLOCKS = (10, 100, 1_000, 4_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    columns = ("layers", "graph, ms", "costs, ms", "both, ms", "costs/graph", "resnet50 =")
    print(f"{'network':22}" + "".join(f"{column:>13}" for column in columns))
    first = _print_row("resnet50", archc.load("resnet50"), options.runs, None)
    for name in NETWORKS[1:]:
        _print_row(name, archc.load(name), options.runs, first)
    for blocks in BLOCKS:
        deeper = archc.load("resnet50").with_({"learner.groups[2].blocks": blocks})
        _print_row(f"{blocks:,} blocks", deeper, 1 if blocks > 1_000 else 3, first)
    one, other = archc.load("resnet50").graph(), archc.load("resnet101").graph()
    print(f"diff resnet50 resnet101: {_best(lambda: diff(one, other), options.runs) * 1e3:.1f} ms")


def _print_row(name: str, spec: archc.Spec, runs: int, first: float | None) -> float:
    graph = spec.graph()
    elaborate = _best(spec.graph, runs)
    costs = _best(lambda: archc.analyse(graph).costs(), runs)
    both = _best(lambda: archc.analyse(spec.graph()).costs(), runs)
    milliseconds = "".join(f"{seconds * 1e3:13.2f}" for seconds in (elaborate, costs, both))
    ratio = both / first if first else 1.0
    print(f"{name:22}{len(graph):13,}{milliseconds}{costs / elaborate:12.2f}×{ratio:12.1f}×")
    return both


def _best(work: Callable[[], object], runs: int) -> float:
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
