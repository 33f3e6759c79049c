"""How long specs take to be emitted: warm, in parts, and as a command beside the frameworks.

Warm times are the best of several runs in one process: of what is planned and printed, of ruff, of
the check with stubs, and of all three; these in processor time, ruff's own included, and the last
by the clock too. From a cold start each command is a process of its own, in turn with the imports
of Keras and PyTorch, by the clock and with compiled bytecode: a first round that is not counted
makes it.
    python benchmarks/emission.py [--rounds N] [--cold-rounds N]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

import archc
from archc.emission.formatting import formatted
from archc.graph import Graph
from archc.targets.keras import lowered as keras_lowered
from archc.targets.keras import recording as keras_recording
from archc.targets.source import Emitted, emit_source
from archc.targets.torch import lowered as torch_lowered
from archc.targets.torch import recording as torch_recording

NETWORKS = ("resnet50", "resnet152")
TARGETS = ("keras", "torch")
COMMANDS = {
    "import keras": ["-c", "import keras"],
    "import torch": ["-c", "import torch"],
    "archc emit resnet50 --to python": ["-m", "archc", "emit", "resnet50", "--to", "python"],
    "archc emit resnet50 --to torch": ["-m", "archc", "emit", "resnet50", "--to", "torch"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--cold-rounds", type=int, default=7)
    options = parser.parse_args()
    columns = ("plan and print", "ruff format", "check", "all, ms", "clock: least", "median")
    print(f"{'warm':22}" + "".join(f"{column:>16}" for column in columns))
    for network in NETWORKS:
        for target in TARGETS:
            _print_warm(network, target, options.rounds)
    if options.cold_rounds:
        _print_cold(_cold(options.cold_rounds))


def _print_warm(network: str, target: str, rounds: int) -> None:
    spec = archc.load(network)
    graph, assembled = spec.graph(), spec.assembled
    made = emit_source(assembled, target, network)
    check = _check(target, graph, made)
    works = (lambda: emit_source(assembled, target, network), lambda: formatted(made.source), check)
    times = [[_processor(work) * 1e3 for work in works] for _ in range(rounds)]
    whole, ruff, checked = (min(column) for column in zip(*times, strict=True))
    clock = [_seconds(works[0]) * 1e3 for _ in range(rounds)]
    row = (whole - ruff - checked, ruff, checked, whole, min(clock), statistics.median(clock))
    print(f"{network + ', ' + target:22}" + "".join(f"{value:16.1f}" for value in row), flush=True)


def _check(target: str, graph: Graph, made: Emitted) -> Callable[[], object]:
    """The check as an emission does it: the graph is lowered before."""
    if target == "keras":
        lowered = keras_lowered.lower_graph(graph)
        return lambda: keras_recording.mismatches(made.source, graph, made.entry, lowered)
    modules = torch_lowered.lower_graph(graph)
    return lambda: torch_recording.record(made.source, graph, made.entry, modules)


def _cold(rounds: int) -> dict[str, list[float]]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    commands = {
        name: [sys.executable, *arguments]
        for name, arguments in COMMANDS.items()
        if name != "import torch" or find_spec("torch")
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            times[name].append(_seconds(lambda command=command: _run(command, environment)))
    return {name: taken[1:] for name, taken in times.items()}


def _print_cold(times: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    imports = [name for name in medians if name.startswith("import")]
    columns = ("least, ms", "median", "most", *(f"{name} =" for name in imports))
    print(f"\n{'cold':34}" + "".join(f"{column:>16}" for column in columns))
    for name, taken in times.items():
        values = (min(taken), medians[name], max(taken))
        shown = "".join(f"{value * 1e3:16.0f}" for value in values)
        ratios = "".join(f"{medians[other] / medians[name]:15.1f}×" for other in imports)
        print(f"{name:34}{shown}{ratios}")


def _run(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(command, check=True, env=environment, capture_output=True)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _processor(work: Callable[[], object]) -> float:
    """Seconds of a processor, those of the processes that it starts included."""
    start = _spent()
    work()
    return _spent() - start


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
