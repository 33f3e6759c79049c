"""Recordings as functions: what was decided alike is computed, not carried out again.

The code of a function is made of names that are counted here and of numbers; no text of a spec
gets into it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import TypeAlias, cast

from archc.explore.lines import Call, Guard, Line
from archc.explore.traced import NotTraceable, Recording

Recipe: TypeAlias = Callable[..., "tuple[int, ...] | None"]
"""Inputs in, results out; None where the inputs would decide something else."""

MAX_LINES = 20_000
"""Longer recordings are not worth compiling."""

_KNOWN = {
    "inf": math.inf,
    "trunc": math.trunc,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "abs": abs,
    "log": math.log,
    "sqrt": math.sqrt,
}


def compiled(recording: Recording, inputs: Sequence[str], results: Sequence[object]) -> Recipe:
    """The function that gives the results from the inputs of these names.

    Raises `NotTraceable` where there is too much to compute.
    """
    codes = [recording.code_of(result) for result in results]
    lines = _calls_last(_needed(recording.lines, codes))
    if len(lines) > MAX_LINES:
        raise NotTraceable
    called: dict[str, Callable[..., object]] = {}
    text = "\n".join(
        [
            f"def recipe({', '.join(inputs)}):",
            *[f"  {_statement(line, called)}" for line in lines],
            f"  return ({''.join(f'{code}, ' for code in codes)})",
        ]
    )
    module = compile(text, "<recipe>", "exec", dont_inherit=True, optimize=2)
    code = next(each for each in module.co_consts if isinstance(each, CodeType))
    return cast(Recipe, FunctionType(code, {"__builtins__": {}, **_KNOWN, **called}))


def asked(recipe: Recipe, numbers: Sequence[object]) -> tuple[int, ...] | None:
    """What a recipe gives for these inputs; None where they decide something else, or fail."""
    try:
        return recipe(*numbers)
    except ArithmeticError:
        return None


def _statement(line: Line, called: dict[str, Callable[..., object]]) -> str:
    if isinstance(line, Guard):
        return f"if not ({line.code}): return None"
    if isinstance(line, Call):
        function = f"f{len(called)}"
        called[function] = line.recipe
        targets = "".join(f"{name}, " for name in line.names) or "()"
        given = ", ".join(line.operands)
        return (
            f"{line.name} = {function}({given})\n  if {line.name} is None: return None\n"
            f"  {targets} = {line.name}"
        )
    return f"{line.name} = {line.code}"


def _needed(lines: Sequence[Line], results: Sequence[str]) -> list[Line]:
    """The lines that decide something, and those that these or the results hang on."""
    names, kept = set(results), []
    for line in reversed(lines):
        if isinstance(line, Guard | Call) or line.name in names:
            names.update(line.operands)
            kept.append(line)
    return kept[::-1]


def _calls_last(lines: Sequence[Line]) -> list[Line]:
    """The lines in an order in which what needs no call comes first: it decides the soonest."""
    late: set[str] = set()
    first: list[Line] = []
    last: list[Line] = []
    for line in lines:
        if isinstance(line, Call):
            late.update(line.names)
        elif late.isdisjoint(line.operands):
            first.append(line)
            continue
        late.add(line.name)
        last.append(line)
    return first + last
