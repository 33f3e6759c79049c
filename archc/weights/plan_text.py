"""A plan of weights as text, and what is wrong with it as one finding."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from archc.diagnostics import Diagnostic
from archc.diagnostics.printable import escaped, printable
from archc.layers import TensorShape
from archc.weights.arrays import MISMATCH
from archc.weights.match import Match, Shape
from archc.weights.plan import WeightPlan

_LINES = 10
"""Arrays of one kind that are listed."""

_HEADS = 2
"""Layers of another shape that are taken for heads: more of them are another network."""


def plan_text(plan: WeightPlan) -> str:
    """The plan in full: counts of what matches, is missing, unexpected, or of another shape."""
    values = sum(prod(match.shape) for match in plan.matched)
    rows = [
        ("matched", f"{len(plan.matched)} arrays, {values:,} values", []),
        ("missing", str(len(plan.missing)), [_missing(match) for match in plan.missing]),
        ("conflicts", str(len(plan.conflicts)), [_conflict(match) for match in plan.conflicts]),
        (
            "unexpected",
            str(len(plan.unexpected)),
            [f"{array.name} {_shown(array.shape)}" for array in plan.unexpected],
        ),
    ]
    origin = f"{plan.file.path} ({plan.file.described})"
    lines = [escaped(f"weights of {origin}, names of `{plan.source}`")]
    for title, counted, listed in rows:
        lines += [f"  {title:<10}  {counted}", *(f"    {printable(line)}" for line in _cut(listed))]
    return "\n".join(lines)


def plan_problem(plan: WeightPlan, arguments: Mapping[str, object]) -> Diagnostic | None:
    """What keeps the plan from being carried out, if anything does.

    `arguments` are the values of the spec's args, one of which may be the number of classes.
    """
    wrong, strangers = plan.wrong, plan.strangers
    if not wrong and not strangers:
        return None
    counts = {
        "missing": sum(match.stored is None for match in wrong),
        "of another shape": sum(match.stored is not None for match in wrong),
        "not expected": len(strangers),
    }
    shown = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    total = len(plan.matches)
    message = f"expected the {total} arrays of `{plan.name}` in `{plan.file.path}`, found {shown}"
    notes = _notes(plan) if len(wrong) == total else ()
    return Diagnostic(MISMATCH, message, notes=notes, helps=_helps(plan, arguments))


def _notes(plan: WeightPlan) -> tuple[str, ...]:
    """Where nothing of a file fits it is most often the naming."""
    first = next(iter(plan.file.arrays), "")
    looked = plan.matches[0].name
    return (f"looked for `{looked}`; the file has `{first}` and others",) if first else ()


def _helps(plan: WeightPlan, arguments: Mapping[str, object]) -> tuple[str, ...]:
    heads = _changed_heads(plan)
    if len(heads) > _HEADS:
        heads = {}
    found = []
    for node, (here, there) in heads.items():
        keep = next((name for name, value in arguments.items() if value == here), "")
        setting = f", `--set {keep}={there}` makes it the file's" if keep else ""
        found.append(
            f"`{node}` gives {here:,} values and that of the file {there:,}: "
            f"`--allow-missing {node}` leaves its initial weights{setting}"
        )
    left = [match.node for match in plan.wrong if match.node not in heads]
    left += [array.name for array in plan.strangers]
    if left and len(left) < len(plan.matches):
        found.append(f"`--allow-missing {left[0]}` goes on without it, and so for each of them")
    if len(plan.wrong) == len(plan.matches):
        found.append("`--weights-from` says how the layers are called there")
    return tuple(found)


def _changed_heads(plan: WeightPlan) -> dict[str, tuple[int, int]]:
    """Layers whose arrays differ in how many values they give alone → that, here and there."""
    found: dict[str, tuple[int, int]] = {}
    for match in plan.wrong:
        sides = _one_side(match)
        if sides and sides[0] == match.shape[-1] and found.get(match.node, sides) == sides:
            found[match.node] = sides
        else:
            return {}
    return found


def _one_side(match: Match) -> tuple[int, int] | None:
    """The one side in which the shapes of an array differ, here and in the file."""
    if match.stored is None or len(match.stored.shape) != len(match.wanted):
        return None
    pairs = zip(match.wanted, match.stored.shape, strict=True)
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    return differing[0] if len(differing) == 1 else None


def _missing(match: Match) -> str:
    called = "" if match.name == match.weight else f", as {match.name}"
    return f"{match.weight} {_shown(match.shape)}{called}"


def _conflict(match: Match) -> str:
    assert match.stored is not None
    found = _shown(match.stored.shape) if match.stored.numeric else match.stored.dtype
    called = "" if match.stored.name == match.weight else f" in {match.stored.name}"
    return f"{match.weight} expected {_shown(match.wanted)}, found {found}{called}"


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - _LINES
    return [*lines[:_LINES], f"… and {more} more"] if more > 0 else lines


def _shown(shape: Shape) -> str:
    return str(TensorShape(shape)) or "()"
