"""How long the commands that load no framework take from a cold start, against `import keras`.

Each command runs as a process of its own, in turn with the others, so that a slow moment of the
machine falls on all of them; the ratios are of medians. Run it with compiled bytecode present, or
with --no-bytecode to see what every start costs where none can be written.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import keras": ["-c", "import keras"],
    "archc --version": ["-m", "archc", "--version"],
    "archc summary resnet50 --cost": ["-m", "archc", "summary", "resnet50", "--cost"],
    "archc check resnet50": ["-m", "archc", "check", "resnet50"],
    "archc summary resnet50": ["-m", "archc", "summary", "resnet50"],
    "archc check vgg nasnet vit": ["-m", "archc", "check", "vgg", "nasnet", "vit"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-bytecode", action="store_true", help="compile every module anew")
    options = parser.parse_args()
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    # The first round, which is not counted, compiles what is missing, if it may keep it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if options.no_bytecode:
        # A cache folder that can't be written to: nothing compiled is found, nothing is kept.
        environment |= {"PYTHONPYCACHEPREFIX": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(options.rounds + 1):
        for name, arguments in COMMANDS.items():
            times[name].append(_seconds(arguments, environment))
    _print_table({name: taken[1:] for name, taken in times.items()})


def _seconds(arguments: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return time.perf_counter() - start


def _print_table(times: dict[str, list[float]]) -> None:
    keras = statistics.median(times["import keras"])
    print(f"{'command':40}  {'min ms':>8}  {'median':>8}  {'max':>8}  {'import keras /':>14}")
    for name, taken in times.items():
        median = statistics.median(taken)
        row = [min(taken) * 1e3, median * 1e3, max(taken) * 1e3]
        shown = "  ".join(f"{value:8.0f}" for value in row)
        print(f"{name:40}  {shown}  {keras / median:13.1f}×")


if __name__ == "__main__":
    main()
