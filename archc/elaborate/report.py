"""Inner errors, which are short, as diagnostics with a place and the way there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from archc.diagnostics import CompileError, Diagnostic, Related, Span
from archc.elaborate.program import MergeCall
from archc.elaborate.values import Value
from archc.graph import Instance
from archc.layers import InvalidAttributes, ShapeError, TensorShape


def error(code: str, message: str, span: Span, *helps: str) -> CompileError:
    """One diagnostic as an exception."""
    return CompileError([Diagnostic(code, message, span, helps=helps)])


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
        )
        for each in problem.problems
    ]


def shape_error(problem: ShapeError, span: Span, inputs: tuple[TensorShape, ...]) -> Diagnostic:
    """A layer that does not fit its input, with the input's shape."""
    shown = " and ".join(str(shape) for shape in inputs)
    notes = (f"the input is {shown}",) if shown not in problem.message else ()
    return Diagnostic(problem.code, problem.message, span, notes=notes, helps=problem.helps)


def merge_error(
    problem: ShapeError, span: Span, merge: MergeCall, shapes: tuple[TensorShape, ...]
) -> Diagnostic:
    """Paths that disagree: each path with its shape."""
    related = tuple(
        Related(path.span, str(shape)) for path, shape in zip(merge.paths, shapes, strict=True)
    )
    return Diagnostic(problem.code, problem.message, span, related=related, helps=problem.helps)


def located(diagnostic: Diagnostic, instance: Instance) -> Diagnostic:
    """The diagnostic with the way to its place, unless it has one."""
    return diagnostic if diagnostic.trail else replace(diagnostic, trail=instance.trail)
