"""How long a spec takes from YAML to its graph, and to all of its costs, warm; and how time and
memory grow with the network.

Times are the best of several runs in one process, in processor time; the ratios compare networks
in the same run. The memory is the most that a process takes which does both once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from memory import in_child

import archc

NETWORKS = ("resnet50", "resnet152", "efficientnet@b7", "nasnet@large", "vit@b16")
BLOCKS = (10, 100, 1_000, 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    heads = ("layers", "graph ms", "with all costs", "µs a layer", "resnet50 =", "peak MB")
    print(f"{'network':20}" + "".join(f"  {head:>14}" for head in heads))
    first = 0.0
    for name in NETWORKS:
        layers, graph, costs = _times(lambda name=name: archc.load(name), options.runs)
        first = first or costs
        _print_row(name, layers, graph, costs, first)
    for blocks in BLOCKS:
        deeper = _deeper(blocks)
        runs = 1 if blocks > 1_000 else 5
        layers, graph, costs = _times(lambda spec=deeper: spec, runs)
        _, peak = in_child(_cost, blocks)
        _print_row(f"{blocks:,} blocks", layers, graph, costs, first, peak)


def _deeper(blocks: int) -> archc.Spec:
    return archc.load("resnet50").with_({"learner.groups[2].blocks": blocks})


def _cost(blocks: int) -> int:
    return archc.analyse(_deeper(blocks).graph()).costs().macs


def _times(load: Callable[[], archc.Spec], runs: int) -> tuple[int, float, float]:
    """The number of layers, and the seconds to the graph and to all of its costs."""
    graph_best = costs_best = float("inf")
    layers = 0
    for _ in range(runs):
        start = time.process_time()
        graph = load().graph()
        graph_best = min(graph_best, time.process_time() - start)
        archc.analyse(graph).costs()
        costs_best = min(costs_best, time.process_time() - start)
        layers = len(graph)
    return layers, graph_best, costs_best


def _print_row(
    name: str, layers: int, graph: float, costs: float, first: float, peak: float | None = None
) -> None:
    cells = [f"{layers:,}", f"{graph * 1e3:.1f}", f"{costs * 1e3:.1f}"]
    cells += [f"{costs / layers * 1e6:.1f}", f"{costs / first:.1f}×"]
    cells.append(f"{peak:.0f}" if peak is not None else "")
    print(f"{name:20}" + "".join(f"  {cell:>14}" for cell in cells))


if __name__ == "__main__":
    main()
