"""Random specs, emitted and checked: `python -m tests.fuzz --count 2000 --seed 1`.

Every spec is emitted for all targets and checked without a framework, some of them in numbers,
too. What fails is told with a smaller spec that fails alike; then the exit code is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis

import archc
from archc.api import Spec
from archc.diagnostics import CompileError
from archc.emission.formatting import formatted
from archc.targets.source import Emitted, emit_source
from tests.strategies import is_valid, rendered, spec_data
from tests.strategies.naive_parts import Data
from tests.strategies.reduce import reduced

TARGETS = ("keras", "torch")
LINT = ("check", "--isolated", "--no-cache", "--select", "E,F,I", "--ignore", "E501", "-")


@dataclass(frozen=True)
class Problem:
    """What is wrong: `kind` is the same for specs that fail alike."""

    kind: str
    detail: str


@contextmanager
def loaded(text: str) -> Iterator[Spec]:
    """The spec of a text; its file is there for as long."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        yield archc.load(str(file))


def emission_problems(spec: Spec, target: str) -> tuple[list[Problem], Emitted | None]:
    """What is wrong with the emission of a valid spec, and the emission if there is one."""
    try:
        emitted = emit_source(spec.assembled, target, "a docstring")
        again = emit_source(spec.assembled, target, "a docstring")
    except CompileError as error:
        # The strategies draw what all targets have.
        return [Problem(f"{target}: {error.diagnostics[0].code}", str(error))], None
    except Exception as error:  # whatever goes wrong is what is looked for
        return [_crash(f"{target}: emission", error)], None
    problems = [Problem(f"{target}: not deterministic", "")] if emitted != again else []
    return problems + source_problems(target, emitted.source), emitted


def source_problems(target: str, source: str) -> list[Problem]:
    """What is wrong with emitted source as text: it compiles, and is as ruff wants it."""
    try:
        compile(source, "<emitted>", "exec")
    except (SyntaxError, ValueError) as error:
        return [_crash(f"{target}: compile", error)]
    problems = []
    if formatted(source) != source:
        problems.append(Problem(f"{target}: ruff format", source))
    command = [sys.executable, "-m", "ruff", *LINT]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode:
        rules = sorted(set(re.findall(r"^([A-Z]+\d+)\b", done.stdout, re.MULTILINE)))
        problems.append(Problem(f"{target}: ruff check {' '.join(rules)}", done.stdout + source))
    return problems


def numeric_problems(spec: Spec) -> list[Problem]:
    """What differs in numbers, in float64, between the emissions and the model of the spec."""
    from archc.verification import verify

    try:
        results = verify(spec, installed_targets())
    except Exception as error:
        return [_crash("numbers", error)]
    problems = []
    for result in results:
        if result.failure:
            kind = f"{result.target}: cannot run: {_alike(result.failure)}"
            problems.append(Problem(kind, result.failure))
        elif not result.equal or result.parameters != result.expected:
            problems.append(Problem(f"{result.target}: other numbers", str(result)))
    return problems


def installed_targets() -> tuple[str, ...]:
    """The targets whose frameworks are there."""
    return TARGETS if find_spec("torch") is not None else ("keras",)


def _crash(where: str, error: Exception) -> Problem:
    detail = f"{type(error).__name__}: {error}"
    return Problem(f"{where}: {_alike(detail)}", detail)


def _alike(message: str) -> str:
    """The first line of a message without what differs from spec to spec."""
    line = message.strip().partition("\n")[0]
    return re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\d+", "…", line)[:120]


@dataclass
class Fuzz:
    """A run: how many specs there were, and the first spec of each kind of problem."""

    numeric_every: int
    flats_are_wrong: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    problems: dict[str, tuple[Data, Problem]] = field(default_factory=dict)

    def look(self, data: Data) -> None:
        """Check one spec, and keep what is wrong with it."""
        if not is_valid(data):
            self.counts["left out"] += 1
            return
        self.counts["specs"] += 1
        numeric = self.numeric_every > 0 and self.counts["specs"] % self.numeric_every == 0
        self.counts["in numbers"] += numeric
        for problem in self.found(data, numeric=numeric, counts=self.counts):
            self.counts["problems"] += 1
            known = self.problems.get(problem.kind)
            if known is None:
                say(f"\n{problem.kind}\n{problem.detail[:2000]}\n{rendered(data)}")
            if known is None or len(str(data)) < len(str(known[0])):
                self.problems[problem.kind] = (data, problem)

    def found(
        self, data: Data, *, numeric: bool, counts: Counter[str] | None = None
    ) -> list[Problem]:
        """All that is wrong with a spec."""
        problems: list[Problem] = []
        with loaded(rendered(data)) as spec:
            try:
                spec.graph()
            except Exception as error:
                return [_crash("elaboration", error)]
            for target in TARGETS:
                wrong, emitted = emission_problems(spec, target)
                problems += wrong
                if emitted is not None and emitted.flat:
                    problems += [Problem(f"{target}: flat", "")] if self.flats_are_wrong else []
                if counts is not None and emitted is not None:
                    counts[f"{target} flat" if emitted.flat else f"{target} structured"] += 1
            return problems + (numeric_problems(spec) if numeric and not problems else [])

    def smaller(self, kind: str, seconds: float) -> Data:
        """A smaller spec with a problem of the kind, as far as the time goes."""
        until = time.monotonic() + seconds
        return reduced(self.problems[kind][0], partial(self._shows, kind, until))

    def _shows(self, kind: str, until: float, data: Data) -> bool:
        if time.monotonic() > until:
            return False
        try:
            if not is_valid(data):
                return False
        except Exception:  # no longer the data of a spec at all
            return False
        numeric = "numbers" in kind or "cannot run" in kind
        return any(problem.kind == kind for problem in self.found(data, numeric=numeric))

    def line(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))


def digests(texts: Sequence[str]) -> Iterator[str]:
    """A digest of the emission of each text for each target."""
    for text in texts:
        with loaded(text) as spec:
            for target in TARGETS:
                try:
                    source = emit_source(spec.assembled, target, "a docstring").source
                except Exception as error:  # also what goes wrong is the same every time
                    source = str(error)
                yield hashlib.sha256(source.encode()).hexdigest()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def each(count: int, seed: int, look: Callable[[Data], None]) -> None:
    """Draw so many specs."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(spec_data())
    def run(data: Data) -> None:
        look(data)

    run()


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="how many specs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--numeric-every", type=int, default=0, help="compare numbers so often")
    parser.add_argument("--flats", action="store_true", help="count a flat emission as a failure")
    parser.add_argument("--shrink", type=float, default=30, help="seconds to shrink each failure")
    parser.add_argument("--digests", type=Path, help="emit the specs of this file, tell digests")
    given = parser.parse_args(arguments)
    if given.digests:
        for digest in digests(json.loads(given.digests.read_text(encoding="utf-8"))):
            say(digest)
        return 0
    fuzz = Fuzz(given.numeric_every, given.flats)
    started = time.monotonic()

    def look(data: Data) -> None:
        fuzz.look(data)
        if fuzz.counts["specs"] % 100 == 0:
            say(f"{time.monotonic() - started:.0f} s: {fuzz.line()}")

    each(given.count, given.seed, look)
    say(f"{time.monotonic() - started:.0f} s: {fuzz.line()}")
    for kind, (_, problem) in sorted(fuzz.problems.items()):
        smaller = fuzz.smaller(kind, given.shrink)
        say(f"\n=== {kind}\n{problem.detail[:500]}")
        say(f"--- a small spec that shows it\n{rendered(smaller)}")
    return 1 if fuzz.problems else 0


if __name__ == "__main__":
    sys.exit(main())
