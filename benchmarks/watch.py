"""How long `archc watch` takes from a save to the whole of what it prints.

The command runs as a process of its own whose output is a pipe. A save replaces the file, as most
editors do, or writes it in place; the clock runs from just before the save to the last byte of the
update. Each save changes the depth of a group, so that every update is of another network; a wrong
spec is saved as often.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from archc.resources import specs_folder

SPEC = "resnet50.yaml"
DEPTH = "{filters: 256, blocks: 6}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=20)
    options = parser.parse_args()
    print(f"{'save → update, ' + SPEC:32}  {'min ms':>8}  {'median':>8}  {'max':>8}")
    for save in (replaced, in_place):
        with tempfile.TemporaryDirectory() as folder:
            networks, errors = latencies(Path(folder) / SPEC, save, options.saves)
        print_row(f"{save.__name__}: another depth", networks)
        print_row(f"{save.__name__}: a mistake", errors)


def replaced(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def in_place(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def latencies(
    path: Path, save: Callable[[Path, str], None], saves: int
) -> tuple[list[float], list[float]]:
    text = (specs_folder() / SPEC).read_text(encoding="utf-8")
    assert DEPTH in text
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "archc", "watch", "--format", "json", str(path)]
    networks, errors = [], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for number in range(saves):
            deeper = text.replace(DEPTH, f"{{filters: 256, blocks: {number + 7}}}")
            for edited, times in ((deeper, networks), (text + "stem: [\n", errors)):
                # People do not save in step with the watcher's clock.
                time.sleep(0.3 + number % 7 * 0.011)
                start = time.perf_counter()
                save(path, edited)
                process.stdout.readline()
                times.append(time.perf_counter() - start)
        process.terminate()
    return networks, errors


def print_row(name: str, seconds: list[float]) -> None:
    found = [min(seconds), statistics.median(seconds), max(seconds)]
    print(f"{name:32}  " + "  ".join(f"{value * 1e3:8.0f}" for value in found))


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    main()
