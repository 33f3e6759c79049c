"""Whether knobs can be varied at all, told before the first variant is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic, SourceText, Span
from archc.explore.knobs import Knob, arg_name
from archc.source import Mapping, Node
from archc.source import Sequence as List
from archc.source.edit import find

MAX_POINTS = 10_000_000
"""Points of a sweep that are all carried out."""

_NO_SUCH_KEY = frozenset({"unknown-arg", "unknown-attribute", "unknown-key", "setting-path"})


def check_knobs(spec: Spec, knobs: Sequence[Knob]) -> None:
    """Raises `CompileError` where two knobs are one, or a path leads nowhere or to a whole list.

    The spec itself must be right up to its settings.
    """
    _check_distinct(knobs)
    document = spec.assembled.document
    for knob in knobs:
        arg = arg_name(knob.path, document.args)
        node = document.args[arg] if arg is not None else _node(spec, knob)
        if node is None:
            _check_new(spec, knob)
        elif isinstance(node, Mapping | List) and not _replaces(spec, knob, node):
            raise _whole(knob, node)


def check_count(count: int) -> None:
    """Raises `CompileError` where a sweep of all points would not end."""
    if count > MAX_POINTS:
        message = f"the sweep has {count:,} points, and at most {MAX_POINTS:,} are carried out"
        helps = ("draw some of them at random: `--sample 10000`", "or give fewer values")
        raise CompileError([Diagnostic("vary", message, helps=helps)])


def _check_distinct(knobs: Sequence[Knob]) -> None:
    for place, knob in enumerate(knobs):
        path = knob.path.removeprefix("args.")
        for other in knobs[:place]:
            first = other.path.removeprefix("args.")
            if path == first:
                raise _bad(knob.path, "is varied twice", "give all its values at once")
            if path.startswith((f"{first}.", f"{first}[")):
                raise _bad(knob.path, f"lies inside `{other.path}`, which is varied too")
            if first.startswith((f"{path}.", f"{path}[")):
                raise _bad(other.path, f"lies inside `{knob.path}`, which is varied too")


def _node(spec: Spec, knob: Knob) -> Node | None:
    """What stands at a path; the path is checked as that of a setting is."""
    try:
        changed = spec.with_({knob.path: knob.values[0]}).assembled
    except CompileError as problem:
        raise _at_vary(problem, knob) from None
    root = spec.assembled.document
    inside = arg_name(knob.path.partition("[")[0].partition(".")[0], root.args)
    if inside is None and not knob.path.startswith("args."):
        return find(root.origin, knob.path)
    assert changed is not None
    args = root.origin.get("args")
    return find(args, knob.path.removeprefix("args.")) if args is not None else None


def _check_new(spec: Spec, knob: Knob) -> None:
    """A key that the spec does not have may be one that it could have."""
    try:
        spec.with_({knob.path: knob.values[0]}).graph()
    except CompileError as problem:
        found = [each for each in problem.diagnostics if _is_of_path(each, knob)]
        if any(each.code in _NO_SUCH_KEY for each in found):
            raise _at_vary(CompileError(found), knob) from None


def _replaces(spec: Spec, knob: Knob, node: Node) -> bool:
    """Whether values may stand in the place of a whole one: lists of a list, a block of several."""
    if isinstance(node, List):
        return all(isinstance(value, tuple) for value in knob.values)
    try:
        spec.with_({knob.path: knob.values[0]}).graph()
    except CompileError:
        return False
    return True


def _is_of_path(diagnostic: Diagnostic, knob: Knob) -> bool:
    return diagnostic.span is not None and diagnostic.span.path == f"--set {knob.path}"


def _at_vary(problem: CompileError, knob: Knob) -> CompileError:
    """The problem with what was given to `--vary` in the place of a setting."""
    source = SourceText(f"--vary {knob.path}", knob.path)
    told = [
        replace(each, span=Span(source, each.span.start, each.span.end), trail=())
        if each.span is not None and _is_of_path(each, knob)
        else each
        for each in problem.diagnostics
    ]
    return CompileError(told)


def _whole(knob: Knob, node: Node) -> CompileError:
    if isinstance(node, List):
        what = f"is a list of {len(node.items)}"
        inner = f"{knob.path}[0]"
        if node.items and isinstance(node.items[0], Mapping) and node.items[0].entries:
            inner += "." + next(reversed(node.items[0].entries))
        return _bad(knob.path, what, f"vary one of its elements: `{inner}`")
    inner = next(iter(node.entries), "key") if isinstance(node, Mapping) else "key"
    return _bad(knob.path, "is a mapping", f"vary one of its keys: `{knob.path}.{inner}`")


def _bad(path: str, message: str, help_line: str = "") -> CompileError:
    span = Span(SourceText(f"--vary {path}", path), 0, len(path))
    helps = (help_line,) if help_line else ()
    return CompileError([Diagnostic("vary", f"`{path}` {message}", span, helps=helps)])
