"""Settings: values of a spec's tree that are set from outside."""

from __future__ import annotations

from typing import TypeAlias

from archc.diagnostics import CompileError, Diagnostic, SourceText, Span, one_of
from archc.source import Mapping, Node
from archc.source.edit import apply_setting, with_entry
from archc.spec.documents import SpecDocument

Setting: TypeAlias = tuple[str, Node]
"""A path such as `learner.groups[2].blocks` and the value to put there."""

_SECTIONS = ("defaults", "expect")
"""Sections that a setting may add to a spec that has none."""

_SETTLED = {
    "variants": "choose a variant with `SPEC@VARIANT`, and set the args themselves",
    "extends": "write a spec that extends the other",
}

_KEYS = tuple(key for key in SpecDocument.model_fields if key != "origin")


def with_setting(tree: Mapping, path: str, value: Node) -> Mapping:
    """`classes=10` means `args.classes=10`, unless the spec has a key of that name."""
    name = path.removeprefix("args.")
    if name == path and _first(path) in _KEYS:
        _refuse_without_effect(path)
        return apply_setting(_with_section(tree, path, value.span), path, value)
    args = tree.get("args")
    if not isinstance(args, Mapping) or _first(name) not in args.entries:
        raise _unknown_setting(path, name, tuple(args.entries) if isinstance(args, Mapping) else ())
    changed = apply_setting(args, name, value)
    return with_entry(tree, "args", changed, tree.entries["args"].key_span)


def _refuse_without_effect(path: str) -> None:
    """What is settled before settings are applied can't be set."""
    key = _first(path)
    if key in _SETTLED:
        span = Span(SourceText(f"--set {path}", path), 0, len(key))
        message = f"`{key}` is settled before settings are applied"
        raise CompileError([Diagnostic("setting-path", message, span, helps=(_SETTLED[key],))])


def _with_section(tree: Mapping, path: str, span: Span) -> Mapping:
    """The tree with the sections that a path such as `defaults.conv.bias` leads through, made
    where they are missing: what stands in them is checked later.
    """
    keys = path.split(".")[:-1]
    if not keys or keys[0] not in _SECTIONS:
        return tree
    inner = tree.get(keys[0])
    section = inner if isinstance(inner, Mapping) else Mapping({}, span)
    if len(keys) > 1 and section.get(keys[1]) is None:
        section = with_entry(section, keys[1], Mapping({}, span))
    return with_entry(tree, keys[0], section)


def _first(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _unknown_setting(path: str, name: str, args: tuple[str, ...]) -> CompileError:
    key = _first(name)
    start = len(path) - len(name)
    span = Span(SourceText(f"--set {path}", path), start, start + max(1, len(key)))
    what, known = ("arg or key", (*args, *_KEYS)) if name == path else ("arg", args)
    help_line = one_of(key, known, "args" if what == "arg" else "args and keys")
    message = f"no {what} `{key}` in the spec"
    return CompileError([Diagnostic("setting-path", message, span, helps=(help_line,))])
