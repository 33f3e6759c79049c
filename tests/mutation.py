"""Changed specs, loaded, checked and costed: `python -m tests.mutation --count 20000 --seed 1`.

Every shipped spec and library and every golden case is changed at random: bytes, words, numbers,
expressions, lines. Each mutant is loaded, elaborated and costed in all ways, and what archc tells
of it is rendered. Anything but a network or a diagnostic is a failure, and so is more than a
second of processor time and more than 300 MB. A failure is told with a smaller text that fails
alike; then the exit code is 1. A mutant is given by the seed and its number: `--only 123` looks at
one alone.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import multiprocessing
import random
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import archc
from archc.analyses import OPTIMIZERS, PRECISIONS, Conditions
from archc.api import Spec, parse_setting
from archc.cli.report import record, records
from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.diagnostics.codes import CODES
from archc.diagnostics.record import as_annotation, as_record
from archc.diagnostics.render import render_all
from archc.elaborate.replay import ReplayingInterpreter
from archc.graph import Graph
from archc.source.splice import Splices
from tests.strategies.mutants import EXPRESSIONS, NUMBERS, Sample, mutated, samples

MOST_SECONDS = 1.0
"""Of processor time, for one mutant."""

SECONDS_PER_STEP = 0.0001
"""What each step of a network that is carried out may add to that; the limits bound them."""

MOST_MEGABYTES = 300
"""Of a process that looks at one mutant after the other."""

HANGS_AFTER = 600
"""Seconds by the clock after which a process is ended with a traceback, whatever it does; on a
busy machine a process may get little of them."""

_CHUNK = 250


@dataclass(frozen=True)
class Mutant:
    """A changed file among the files of a spec, and how it is to be looked at."""

    sample: Sample
    data: bytes
    chance: float
    setting: str = ""

    def write(self, folder: Path) -> Path:
        """Put the files into a folder. Gives the path of the spec."""
        for name, data in (*self.sample.files.items(), (self.sample.target, self.data)):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / self.sample.main


@dataclass(frozen=True)
class Failure:
    """What is wrong with a mutant: `kind` is the same for those that fail alike."""

    kind: str
    detail: str
    number: int
    sample: str
    text: str


@dataclass
class Chunk:
    """What came of some mutants."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    megabytes: float = 0.0


@cache
def _samples() -> list[Sample]:
    return samples()


def mutant(seed: int, number: int) -> Mutant:
    """The mutant of a number; shipped specs and golden cases take turns."""
    chance = random.Random(f"{seed}/{number}")
    shipped = [sample for sample in _samples() if sample.main != "spec.yaml"]
    cases = [sample for sample in _samples() if sample.main == "spec.yaml"]
    kind = shipped if number % 2 else cases
    sample = kind[number // 2 % len(kind)]
    data = mutated(sample.files[sample.target], chance)
    setting = ""
    if chance.random() < 0.05:
        path = chance.choice(("classes", "learner.groups[0].blocks", "input", "stem[0]", "width"))
        setting = f"{path}={chance.choice((*NUMBERS, *(f'={each}' for each in EXPRESSIONS)))}"
    return Mutant(sample, data, chance.random(), setting)


class _Counting(ReplayingInterpreter):
    """What carries steps out, and the latest of its kind."""

    latest: _Counting | None = None

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings)
        _Counting.latest = self

    @property
    def steps(self) -> int:
        return self._steps_done


sys.modules["archc.elaborate.elaborate"].ReplayingInterpreter = _Counting  # type: ignore[attr-defined]


def look(path: Path, given: Mutant) -> None:
    """Cost a mutant's network in every way. Raises what goes wrong."""
    spec = archc.load(str(path))
    variants = spec.variants
    if variants:
        spec = spec.at(variants[int(given.chance * len(variants))])
    if given.setting:
        spec = Spec(spec.family, spec.chosen, (parse_setting(given.setting),))
    graph = spec.graph()
    _cost(graph, given.chance)
    for source in spec.assembled.document.weights:
        spec.weight_names(source)
    if given.chance < 0.1:
        spec.graph(features=True)


def _cost(graph: Graph, chance: float) -> None:
    precision = list(PRECISIONS.values())[int(chance * len(PRECISIONS))]
    conditions = Conditions(1 + int(chance * 100), precision, list(OPTIMIZERS)[int(chance * 3)])
    json.dumps(record(graph, layers=True, conditions=conditions), allow_nan=False)
    records(graph, layers=False, conditions=conditions)


def tell(diagnostics: Sequence[Diagnostic]) -> str:
    """The diagnostics in every form, their fixes carried out; the first one's code."""
    shown = render_all(diagnostics)
    assert all(line.isprintable() for line in shown.split("\n")), "not printable"
    for each in diagnostics:
        assert each.code in CODES, f"no code {each.code}"
        json.dumps(as_record(each), allow_nan=False)
        as_annotation(each)
        if each.fix is not None:
            splices = Splices(each.fix.edits[0].span.source.text)
            for edit in each.fix.edits:
                splices.replace(edit.span, edit.text)
            splices.result()
    return diagnostics[0].code


def outcome(given: Mutant, folder: Path) -> tuple[str, str, float]:
    """What came of a mutant, in a word or two, the traceback if it failed, and its seconds."""
    path = given.write(folder)
    faulthandler.dump_traceback_later(HANGS_AFTER, exit=True)
    started = time.process_time()
    detail = ""
    _Counting.latest = None
    try:
        look(path, given)
        assert _Counting.latest is not None, "the steps are not counted"
        word = "network"
    except CompileError as error:
        try:
            word = f"error {tell(error.diagnostics)}"
        except Exception as fault:
            word, detail = _fault("told badly", fault)
    except Exception as fault:
        word, detail = _fault("fault", fault)
    seconds = time.process_time() - started
    faulthandler.cancel_dump_traceback_later()
    if not detail and seconds > MOST_SECONDS:
        steps = _Counting.latest.steps if _Counting.latest else 0
        if seconds > MOST_SECONDS + SECONDS_PER_STEP * steps:
            return f"slow: {word}", f"{seconds:.1f} s, {steps:,} steps", seconds
        word = f"{word}, over a second"
    return word, detail, seconds


def _fault(what: str, fault: Exception) -> tuple[str, str]:
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if "/archc/" in frame.filename] or frames[-1:]
    place = f"{Path(own[-1].filename).name}:{own[-1].name}" if own else ""
    shown = "".join(traceback.format_exception(fault))[-3000:]
    return f"{what}: {type(fault).__name__} in {place}", shown


def megabytes() -> float:
    """The most memory that this process has had, not counting what it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        text = status.read_text(encoding="ascii")
        return int(text.partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def chunk(seed: int, numbers: Sequence[int], notes: str) -> Chunk:
    """Look at some mutants. The number of each stands in the file `notes` while it is looked at."""
    found = Chunk()
    with TemporaryDirectory() as folder, Path(notes).open("w", encoding="utf-8") as note:
        for number in numbers:
            note.seek(0)
            note.write(f"{number:<20}")
            note.flush()
            _look_at_one(seed, number, Path(folder) / "mutant", found)
    Path(notes).unlink()
    return found


def _look_at_one(seed: int, number: int, folder: Path, found: Chunk) -> None:
    given = mutant(seed, number)
    before = megabytes()
    word, detail, seconds = outcome(given, folder)
    if word.startswith("slow"):
        # A busy machine makes anything slow once.
        word, detail, seconds = min((word, detail, seconds), outcome(given, folder), key=_seconds)
    after = megabytes()
    if not detail and before <= MOST_MEGABYTES < after:
        word, detail = "memory", f"{before:.0f} MB before, {after:.0f} MB after; {word}"
    for name in given.sample.files:
        (folder / name).unlink(missing_ok=True)
    found.outcomes[word] += 1
    found.slowest = max(found.slowest, (seconds, number))
    found.megabytes = max(found.megabytes, after)
    if detail:
        text = given.data.decode("utf-8", "replace")
        found.failures.append(Failure(word, detail, number, given.sample.name, text))


def _seconds(told: tuple[str, str, float]) -> float:
    return told[2]


@dataclass
class Run:
    """A run over mutants: what came of them, and the first failure of each kind."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Failure] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, -1)
    megabytes: float = 0.0

    def take(self, done: Chunk) -> None:
        self.outcomes += done.outcomes
        self.slowest = max(self.slowest, done.slowest)
        self.megabytes = max(self.megabytes, done.megabytes)
        for failure in done.failures:
            if failure.kind not in self.failures:
                say(f"\n{failure.kind}: mutant {failure.number} of {failure.sample}")
                say(failure.detail)
            self.failures.setdefault(failure.kind, failure)

    @property
    def failed(self) -> int:
        return sum(self.outcomes[kind] for kind in self.failures)

    def line(self) -> str:
        count = self.outcomes.total()
        networks = sum(n for word, n in self.outcomes.items() if word.startswith("network"))
        return (
            f"{count:,} mutants: {networks:,} networks, "
            f"{count - networks - self.failed:,} refused, {self.failed:,} failures; "
            f"slowest {self.slowest[0]:.2f} s (mutant {self.slowest[1]}), "
            f"most memory {self.megabytes:.0f} MB"
        )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def chunks(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, _CHUNK):
        yield range(start, min(start + _CHUNK, first + count))


def run(seed: int, first: int, count: int, workers: int, every: float = 60) -> Run:
    """Look at so many mutants, in so many processes; a line goes to stdout now and then."""
    found = Run()
    started = said = time.monotonic()
    with TemporaryDirectory() as notes:
        for done in _done(seed, chunks(first, count), workers, Path(notes)):
            found.take(done)
            if time.monotonic() - said > every:
                said = time.monotonic()
                say(f"{said - started:.0f} s: {found.line()}")
    say(f"{time.monotonic() - started:.0f} s: {found.line()}")
    return found


def _done(seed: int, ranges: Iterable[range], workers: int, notes: Path) -> Iterator[Chunk]:
    """What came of each range; a process ends after some, so that one's memory is not another's."""
    ranges = iter(ranges)
    if workers == 0:
        yield from (chunk(seed, each, str(notes / str(each.start))) for each in ranges)
        return
    context = multiprocessing.get_context("spawn")
    while batch := list(islice(ranges, 40 * workers)):
        # Not one pool with `max_tasks_per_child`: it may wait for ever (CPython issue 115634).
        with ProcessPoolExecutor(workers, context) as pool:
            jobs = [pool.submit(chunk, seed, each, str(notes / str(each.start))) for each in batch]
            try:
                yield from (job.result() for job in jobs)
            except BrokenProcessPool:
                stuck = [path.read_text(encoding="utf-8").strip() for path in notes.iterdir()]
                say(f"\na process ended at one of the mutants {', '.join(sorted(stuck))}")
                raise


def shrunk(seed: int, failure: Failure, seconds: float) -> str:
    """A smaller text that fails alike, as far as the time goes."""
    given = mutant(seed, failure.number)
    until = time.monotonic() + seconds
    with TemporaryDirectory() as folder:

        def shows(data: bytes) -> bool:
            smaller = Mutant(given.sample, data, given.chance, given.setting)
            return outcome(smaller, Path(folder))[0] == failure.kind

        data = given.data
        for cut in (partial(_pieces, b"\n"), partial(_pieces, b" "), partial(_pieces, None)):
            data = _smaller(data, cut, shows, until)
    setting = f"--set {given.setting}\n" if given.setting else ""
    return setting + data.decode("utf-8", "replace")


def _pieces(separator: bytes | None, data: bytes) -> list[bytes]:
    if separator is None:
        return [data[i : i + 1] for i in range(len(data))]
    parts = data.split(separator)
    return [part + separator for part in parts[:-1]] + [parts[-1]]


def _smaller(
    data: bytes,
    cut: Callable[[bytes], list[bytes]],
    shows: Callable[[bytes], bool],
    until: float,
) -> bytes:
    """The data without pieces that are not needed, by halves, quarters and so on."""
    pieces = cut(data)
    size = max(len(pieces) // 2, 1)
    while size and time.monotonic() < until:
        place = 0
        while place < len(pieces) and time.monotonic() < until:
            without = pieces[:place] + pieces[place + size :]
            if shows(b"".join(without)):
                pieces = without
            else:
                place += size
        size //= 2
    return b"".join(pieces)


def look_closely(seed: int, number: int) -> int:
    """Show one mutant and what comes of it."""
    given = mutant(seed, number)
    say(f"mutant {number} of {given.sample.name}, --set {given.setting or 'nothing'}")
    say(given.data.decode("utf-8", "replace"))
    with TemporaryDirectory() as folder:
        word, detail, seconds = outcome(given, Path(folder))
    say(f"{word}, {seconds:.2f} s, {megabytes():.0f} MB\n{detail}")
    return int(bool(detail))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutant")
    parser.add_argument("--workers", type=int, default=2, help="processes; 0: in this one")
    parser.add_argument("--shrink", type=float, default=30, help="seconds to shrink each failure")
    parser.add_argument("--only", type=int, help="look at the mutant of this number alone")
    given = parser.parse_args(arguments)
    if given.only is not None:
        return look_closely(given.seed, given.only)
    say(f"seed {given.seed}, mutants {given.first} to {given.first + given.count - 1}")
    found = run(given.seed, given.first, given.count, given.workers)
    for word, times in found.outcomes.most_common():
        say(f"{times:>9,}  {word}")
    for kind, failure in sorted(found.failures.items()):
        say(f"\n=== {kind}: mutant {failure.number} of {failure.sample}\n{failure.detail}")
        if kind != "memory":
            say(f"--- a smaller text that shows it\n{shrunk(given.seed, failure, given.shrink)}")
    return int(bool(found.failures))


if __name__ == "__main__":
    sys.exit(main())
