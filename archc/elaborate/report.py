"""Inner errors, which are short, as diagnostics with a place and the way there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from archc.diagnostics import CompileError, Diagnostic, Fix, Related, Span, renaming
from archc.elaborate.program import MergeCall, Path
from archc.elaborate.values import Constant, Value
from archc.graph import Instance
from archc.layers import AttributeProblem, InvalidAttributes, ShapeError, TensorShape


def error(code: str, message: str, span: Span, *helps: str, fix: Fix | None = None) -> CompileError:
    """One diagnostic as an exception."""
    return CompileError([Diagnostic(code, message, span, helps=helps, fix=fix)])


def invalid_attributes(
    problem: InvalidAttributes, values: dict[str, Value], span: Span
) -> Iterable[Diagnostic]:
    """One diagnostic for each attribute that does not do, at its value."""
    codes = {
        "unknown": "unknown-attribute",
        "missing": "missing-attribute",
        "invalid": "wrong-type",
    }
    return [
        Diagnostic(
            codes[each.kind],
            each.message if each.kind != "invalid" else f"`{each.attribute}`: {each.message}",
            values[each.attribute].span if each.attribute in values else span,
            helps=each.helps,
            fix=_meant(each, values.get(each.attribute)),
        )
        for each in problem.problems
    ]


def _meant(problem: AttributeProblem, value: Value | None) -> Fix | None:
    """The fix of a word that is one slip away from one that the attribute takes."""
    if not isinstance(value, Constant) or not isinstance(value.value, str):
        return None
    return renaming(value.span, value.value, problem.names)


def shape_error(problem: ShapeError, span: Span, inputs: tuple[TensorShape, ...]) -> Diagnostic:
    """A layer that does not fit its input, with the input's shape."""
    shown = " and ".join(str(shape) for shape in inputs)
    notes = (f"the input is {shown}",) if shown not in problem.message else ()
    return Diagnostic(problem.code, problem.message, span, notes=notes, helps=problem.helps)


def merge_error(
    problem: ShapeError,
    span: Span,
    merge: MergeCall,
    shapes: tuple[TensorShape, ...],
    instance: Instance,
) -> Diagnostic:
    """Paths that disagree: each path with its shape, and what brings them together."""
    ends = dict(zip(merge.paths, shapes, strict=True))
    related = tuple(Related(path.span, str(shape)) for path, shape in ends.items())
    helps = (*problem.helps, *_projection(ends, instance))
    return Diagnostic(problem.code, problem.message, span, related=related, helps=helps)


def _projection(ends: dict[Path, TensorShape], instance: Instance) -> tuple[str, ...]:
    """What to do about a path that changes nothing beside one that does."""
    identity = next((path for path in ends if not path.steps), None)
    others = {shape for path, shape in ends.items() if path is not identity}
    if identity is None or len(others) != 1:
        return ()
    block = instance.block_around
    group = block.parent if block is not None else None
    if block is not None and group is not None and group.kind == "group":
        choice = f"`block: {{first: …, rest: {block.block}}}`"
        if group.children[0] is block:
            return (f"let a block that projects its shortcut begin each group: {choice}",)
    goal = others.pop()
    stride = _stride(ends[identity], goal)
    if stride is None:
        return ()
    strided = f", stride: {stride}" if stride > 1 else ""
    layer = f"`conv: {{filters: {goal.channels}, kernel: 1{strided}}}`"
    return (f"project `{identity.name}` to {goal}: {layer}",)


def _stride(shape: TensorShape, goal: TensorShape) -> int | None:
    """The stride that leads from the sides of one shape to those of another, if one does."""
    if shape.rank != goal.rank or shape.rank == 0:
        return None
    strides = {-(-side // aim) for side, aim in zip(shape.sides, goal.sides, strict=True)}
    stride = strides.pop()
    reached = tuple([-(-side // stride) for side in shape.sides])
    return stride if not strides and reached == goal.sides else None


def located(diagnostic: Diagnostic, instance: Instance) -> Diagnostic:
    """The diagnostic with the way to its place, unless it has one."""
    return diagnostic if diagnostic.trail else replace(diagnostic, trail=instance.trail)
