"""Which points of a sweep are no rows of its table, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archc.cli.terminal import remark
from archc.diagnostics import Diagnostic
from archc.explore import Condition, Point, Sweep, short_names, too_large
from archc.source.spelled import spelled_value

EXPLAINED = 3
"""Infeasible points of which the first diagnostic is shown."""


@dataclass
class Counts:
    """Counts what it keeps out, and remembers the first reasons that differ."""

    sweep: Sweep
    condition: Condition | None
    infeasible: int = 0
    left_out: int = 0
    reasons: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def kept(self, points: Iterable[tuple[int, Point]]) -> Iterator[tuple[int, Point]]:
        """The feasible points that meet the condition. Raises `CompileError` as that does."""
        condition = self.condition
        for number, point in points:
            if point.problems:
                self._refuse(point, point.problems[0])
            elif too_large(point):
                self._refuse(point, Diagnostic("too-large", "a count is beyond 2**62"))
            elif condition is None or condition.holds(point):
                yield number, point
            else:
                self.left_out += 1

    def explain(self) -> None:
        """Tell on stderr what is infeasible."""
        if not self.infeasible:
            return
        noun = "variant is" if self.infeasible == 1 else "variants are"
        remark(f"{self.infeasible:,} {noun} infeasible, such as")
        for reason, values in self.reasons.items():
            remark(f"  {assignments(self.sweep, values)}: {reason}")

    def _refuse(self, point: Point, problem: Diagnostic) -> None:
        self.infeasible += 1
        if len(self.reasons) < EXPLAINED:
            place = f" ({problem.span})" if problem.span is not None else ""
            self.reasons.setdefault(f"{problem.message}{place}", point.values)


def assignments(sweep: Sweep, values: tuple[object, ...]) -> str:
    """`width=0.5 blocks=3`: a point in one line."""
    names = short_names([knob.path for knob in sweep.knobs])
    pairs = zip(names, values, strict=True)
    return " ".join(f"{name}={spelled_value(value)}" for name, value in pairs)
