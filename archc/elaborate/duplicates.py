"""Names that are used twice, and what tells the two apart."""

from __future__ import annotations

from archc.diagnostics import Diagnostic, Related, Span
from archc.graph import Instance, Node


def duplicate_name(first: Node, second: Node) -> Diagnostic:
    """Two layers of one name, or the blocks that they stand in where these share theirs."""
    for one, other in zip(first.instance.scopes, second.instance.scopes, strict=False):
        if one is not other and one.name == other.name and one.span and other.span:
            kind = "blocks" if other.kind == "block" else "sequences"
            message = f"two {kind} have the name `{one.name}`"
            return _twice(message, one.span, other.span, one, other)
    message = f"two layers have the name `{first.name}`"
    return _twice(message, first.span, second.span, first.instance, second.instance)


def _twice(message: str, span: Span, again: Span, first: Instance, second: Instance) -> Diagnostic:
    if span != again:
        related = (Related(span, "first here"),)
        helps = ("give one of them another `id`",)
        return Diagnostic("duplicate-name", message, again, "", related, second.trail, (), helps)
    example = "unit$(group.number)_$(block.number)" if _in_group(second) else "unit$(repeat.number)"
    helps = (f"let numbers tell them apart, such as `id: {example}`",)
    elsewhere = first.trail != second.trail
    notes = (f"the first is in: {' → '.join(first.trail)}",) if elsewhere else ()
    return Diagnostic("duplicate-name", message, again, "", (), second.trail, notes, helps)


def _in_group(instance: Instance) -> bool:
    return instance.parent is not None and instance.parent.kind == "group"
