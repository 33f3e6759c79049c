"""Commands that write, killed at random moments: `python -m tests.kills --count 200 --seed 1`.

A process carries a command out again and again, in turn with two contents, until it is killed. What
stands in its file then must be one of the two, whole; and a next run must clear away what the
killed one left. Else the exit code is 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy

from archc import weights
from archc.cli.boundary import run

SPEC = """
name: small
about: its width is WIDTH
args: {width: 5, classes: WIDTH}
input: [16, 16, 3]
stem: [conv: {filters: =width, kernel: 3}]
task: [global_avg_pool, dense: =classes]
"""

COMMANDS: Mapping[str, tuple[str, Sequence[str]]] = {
    "emit": ("out.py", ("emit", "WHICH.yaml", "-o", "out.py")),
    "emit for PyTorch": ("out.py", ("emit", "WHICH.yaml", "--to", "torch", "-o", "out.py")),
    "solve": (
        "out.yaml",
        ("solve", "WHICH.yaml", "--vary", "width=1..9", "--target", "params=200", "-o", "out.yaml"),
    ),
    "sweep": ("out.csv", ("sweep", "WHICH.yaml", "--vary", "width=1..3000", "-o", "out.csv")),
    "weights": ("out.safetensors", ("save", "out.safetensors")),
}
"""The file that each command writes, and the command."""

SLOW: Mapping[str, tuple[str, Sequence[str]]] = {
    "build": ("out.keras", ("build", "WHICH.yaml", "-o", "out.keras", "--seed", "1")),
}
"""Those that load a framework at each start."""


def carry_out(name: str, which: str) -> None:
    """Carry a command out in the current folder; `which` is `a` or `b`."""
    given = [part.replace("WHICH", which) for part in (COMMANDS | SLOW)[name][1]]
    if given[0] == "save":
        weights.save(given[1], {"a/b": numpy.full(200_000, int(which == "b"))})
        return
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as told:
        code = run(given)
    assert code == 0, told.getvalue()


def carry_out_forever(name: str, ready: Connection) -> None:
    for number in count():
        carry_out(name, "ab"[number % 2])
        if number == 1:
            ready.send("ready")


def problems(name: str, delays: Sequence[float]) -> Iterator[str]:
    """What is wrong after the command was killed after each of so many seconds.

    The current folder is to be empty.
    """
    for which, width in (("a", 4), ("b", 8)):
        Path(f"{which}.yaml").write_text(SPEC.replace("WIDTH", str(width)), encoding="utf-8")
    target = Path((COMMANDS | SLOW)[name][0])
    whole = set()
    for which in "ab":
        carry_out(name, which)
        whole.add(target.read_bytes())
    if len(whole) != 2:
        yield f"{name}: the contents do not differ, and prove nothing"
    for delay in delays:
        if not killed(name, delay):
            yield f"{name}: ended by itself"
        if target.read_bytes() not in whole:
            yield f"{name}: a mixture after {delay:.4f} s"
    carry_out(name, "a")
    left = {path.name for path in Path().iterdir()} - {"a.yaml", "b.yaml", target.name}
    if left:
        yield f"{name}: {', '.join(sorted(left))} is left"


def killed(name: str, delay: float) -> bool:
    """Kill a process that carries the command out again and again. False if it ended before."""
    # A process that has all of archc loaded: a start for each kill would take most of the time.
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=carry_out_forever, args=(name, there))
    process.start()
    there.close()
    try:
        here.recv()
    except EOFError:
        process.join()
        return False
    time.sleep(delay)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many kills in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow", action="store_true", help="commands that load a framework too")
    given = parser.parse_args(arguments)
    chance = random.Random(given.seed)
    names = [*COMMANDS, *(SLOW if given.slow else ())]
    found = []
    for name in names:
        delays = [chance.uniform(0, 0.3) for _ in range(max(given.count // len(names), 1))]
        with TemporaryDirectory() as folder, chdir(folder):
            found += problems(name, delays)
        sys.stdout.write(f"{name}: {len(delays)} kills\n")
        sys.stdout.flush()
    sys.stdout.write("".join(f"{problem}\n" for problem in found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
