"""A spec file with what it extends, and its variants."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass
from pathlib import Path

from archc.diagnostics import (
    CompileError,
    Diagnostic,
    Findings,
    Related,
    SourceText,
    Span,
    one_of,
    renaming,
)
from archc.source import Entry, Mapping, Scalar, Sequence
from archc.source.edit import merge, with_entry, without
from archc.source.locate import Place, locate_reference, locate_spec
from archc.spec.fields import describe
from archc.spec.limits import MAX_CHAIN
from archc.spec.trees import placed, read_tree


@dataclass(frozen=True, slots=True)
class Family:
    """A spec file after `extends`, before a variant is chosen."""

    place: Place
    tree: Mapping
    base_variant: str
    places: dict[SourceText, Place]

    @property
    def variants(self) -> tuple[str, ...]:
        node = self.tree.get("variants")
        return tuple(node.entries) if isinstance(node, Mapping) else ()


def load_family(reference: str, search: Items[Path] = ()) -> Family:
    """The spec at a path or of the zoo, with what it extends. Raises `CompileError`."""
    place = locate_spec(reference)
    return _family(place, tuple(search), ())


def _family(place: Place, search: tuple[Path, ...], below: tuple[Entry, ...]) -> Family:
    tree = read_tree(place)
    entry = tree.entries.get("extends")
    if entry is None or (isinstance(entry.value, Scalar) and entry.value.value is None):
        return Family(place, tree, "", {tree.span.source: place})
    if not isinstance(entry.value, Scalar) or not isinstance(entry.value.value, str):
        message = f"expected the file of another spec, found {describe(entry.value)}"
        raise CompileError([Diagnostic("wrong-type", message, entry.value.span)])
    _refuse_cycle(entry, below)
    reference, _, variant = entry.value.text.partition("@")
    base_place = locate_reference(reference, entry.value.span, place, search, "extends-unknown")
    try:
        base = _family(base_place, search, (*below, entry))
    except CompileError as error:
        raise placed(error, entry.value.span) from None
    base_tree, base_variant = base.tree, base.base_variant
    if variant:
        base_tree, base_variant = with_variant(base, variant, entry.value.span)
        base_tree = without(base_tree, "variants")
    merged = merge(_without_contracts(base_tree), without(tree, "extends"))
    places = base.places | {tree.span.source: place}
    return Family(place, _with_uses(merged, base_tree, tree), base_variant, places)


def _refuse_cycle(entry: Entry, below: tuple[Entry, ...]) -> None:
    first = next((e for e in below if e.value.span == entry.value.span), None)
    if first is None and len(below) >= MAX_CHAIN:
        message = f"specs extend one another more than {MAX_CHAIN} deep"
        raise CompileError([Diagnostic("too-large", message, entry.value.span)])
    if first is not None:
        related = tuple(Related(e.value.span, "which extends this") for e in below[1:])
        message = "a spec can't extend itself"
        raise CompileError(
            [Diagnostic("extends-cycle", message, below[0].value.span, related=related)]
        )


def _with_uses(merged: Mapping, base: Mapping, tree: Mapping) -> Mapping:
    """`use:` adds up: what the base needs it needs still."""
    own, inherited = tree.get("use"), base.get("use")
    if not isinstance(own, Sequence) or not isinstance(inherited, Sequence):
        return merged
    both = Sequence((*inherited.items, *own.items), own.span, own.flow)
    return with_entry(merged, "use", both)


def _without_contracts(tree: Mapping) -> Mapping:
    """A contract speaks of the spec that it stands in, not of those that extend it."""
    tree = without(tree, "expect")
    variants = tree.get("variants")
    if not isinstance(variants, Mapping):
        return tree
    bare = {
        key: Entry(key, entry.key_span, without(entry.value, "expect"))
        if isinstance(entry.value, Mapping)
        else entry
        for key, entry in variants.entries.items()
    }
    return with_entry(tree, "variants", Mapping(bare, variants.span, variants.flow))


def with_variant(
    family: Family, variant: str | None, span: Span | None = None
) -> tuple[Mapping, str]:
    """The tree with a variant's settings laid over its args, and the variant's name."""
    tree = family.tree
    variants = tree.get("variants")
    if not isinstance(variants, Mapping):
        if variant is not None:
            raise _unknown_variant(variant, (), span)
        return tree, family.base_variant
    if variant is None:
        variant = next(iter(variants.entries), "")
    if variant not in variants.entries:
        raise _unknown_variant(variant, tuple(variants.entries), span)
    settings = variants.entries[variant].value
    if not isinstance(settings, Mapping):
        return tree, variant
    return _overlaid(tree, settings), variant


def _overlaid(tree: Mapping, settings: Mapping) -> Mapping:
    args = tree.get("args")
    args = args if isinstance(args, Mapping) else Mapping({}, settings.span)
    findings = Findings()
    for key, entry in settings.entries.items():
        if key == "expect":
            tree = with_entry(tree, "expect", entry.value, entry.key_span)
        elif key in args.entries:
            args = with_entry(args, key, entry.value, args.entries[key].key_span)
        else:
            known = [*args.entries, "expect"]
            help_line = one_of(key, known, "args of the spec")
            findings.add(
                Diagnostic(
                    "unknown-arg",
                    f"a variant sets `{key}`, which is no arg of the spec",
                    entry.key_span,
                    helps=(help_line,),
                    fix=renaming(entry.key_span, key, known, settings.entries),
                )
            )
    findings.raise_if_any()
    return with_entry(tree, "args", args)


def _unknown_variant(name: str, known: tuple[str, ...], span: Span | None) -> CompileError:
    message = f"no variant `{name}`" if known else f"no variant `{name}`: the spec has none"
    helps = (one_of(name, known, "variants"),) if known else ()
    return CompileError([Diagnostic("variant-unknown", message, span, helps=helps)])
