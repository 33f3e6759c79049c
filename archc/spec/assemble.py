"""One spec from its files: `extends` merged, the variant and settings laid on, libraries read."""

from __future__ import annotations

import os
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from archc.diagnostics import (
    CompileError,
    Diagnostic,
    Findings,
    Related,
    SourceText,
    Span,
    one_of,
)
from archc.source import Entry, Mapping, Node, Scalar, Sequence, compose, read_source
from archc.source.edit import apply_setting, merge, with_entry, without
from archc.source.locate import Place, locate_reference, locate_spec
from archc.spec.documents import Document, LibraryDocument, SpecDocument
from archc.spec.fields import describe
from archc.spec.validate import validate

Setting: TypeAlias = tuple[str, Node]
"""A path such as `learner.groups[2].blocks` and the value to put there."""

_SECTIONS = ("defaults", "expect")
"""Sections that a setting may add to a spec that has none."""

_SETTLED = {
    "variants": "choose a variant with `SPEC@VARIANT`, and set the args themselves",
    "extends": "write a spec that extends the other",
}

_KEYS = tuple(key for key in SpecDocument.model_fields if key != "origin")


@dataclass(frozen=True, slots=True)
class Library:
    """A file of blocks and, in order, the libraries that it uses."""

    place: Place
    document: LibraryDocument
    uses: tuple[Library, ...]


@dataclass(frozen=True, slots=True)
class Assembled:
    """A spec's document with the libraries it uses.

    `variant` is the chosen one's name, empty where there are none.
    """

    place: Place
    document: SpecDocument
    libraries: tuple[Library, ...]
    variant: str


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


def assemble(
    family: Family,
    variant: str | None = None,
    settings: Items[Setting] = (),
    search: Items[Path] = (),
) -> Assembled:
    """The document of one variant (the first, if none is named) with settings applied.

    Raises `CompileError` with everything that is wrong with the shape of any of its files.
    """
    tree, chosen = _with_variant(family, variant)
    # A contract speaks of the spec as it is written; settings may make contracts of their own.
    tree = without(tree, "expect") if settings else tree
    for path, value in settings:
        tree = _with_setting(tree, path, value)
    findings = Findings()
    document = _try(SpecDocument, tree, findings)
    loader = _LibraryLoader(family.places, tuple(search), findings)
    libraries = loader.load(tree.get("use"), family.place, ())
    findings.raise_if_any()
    assert document is not None
    return Assembled(family.place, document, libraries, chosen)


def _try(model: type[SpecDocument], tree: Mapping, findings: Findings) -> SpecDocument | None:
    try:
        return validate(model, tree)
    except CompileError as error:
        findings.extend(error.diagnostics)
        return None


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
        raise _placed(error, entry.value.span) from None
    base_tree, base_variant = base.tree, base.base_variant
    if variant:
        base_tree, base_variant = _with_variant(base, variant, entry.value.span)
        base_tree = without(base_tree, "variants")
    merged = merge(_without_contracts(base_tree), without(tree, "extends"))
    places = base.places | {tree.span.source: place}
    return Family(place, _with_uses(merged, base_tree, tree), base_variant, places)


def _placed(error: CompileError, span: Span) -> CompileError:
    """The error with the place that names the file, where a file as a whole is wrong."""
    return CompileError(
        replace(each, span=span) if each.span is None else each for each in error.diagnostics
    )


def _refuse_cycle(entry: Entry, below: tuple[Entry, ...]) -> None:
    first = next((e for e in below if e.value.span == entry.value.span), None)
    if first is not None or len(below) > 20:
        related = tuple(Related(e.value.span, "which extends this") for e in below[1:])
        message = "a spec can't extend itself"
        raise CompileError(
            [Diagnostic("extends-cycle", message, below[0].value.span, related=related)]
        )


def read_tree(place: Place) -> Mapping:
    """The tree of a file, read anew where the file has changed. Raises `CompileError`."""
    path = os.fspath(place.path)
    try:
        stat = place.path.stat()
    except (OSError, ValueError):
        # Not from the cache: the file may come back between this line and the next.
        return _tree_at_version.__wrapped__(path, place.shown, ())
    # A copy that keeps the time of its source changes st_ctime alone.
    version = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
    return _tree_at_version(path, place.shown, version)


@lru_cache(maxsize=64)
def _tree_at_version(path: str, shown: str, _version: tuple[int, ...]) -> Mapping:
    tree = compose(read_source(Path(path), shown))
    if not isinstance(tree, Mapping):
        message = "expected a mapping of `name`, `input`, `stem`, `learner`, `task`, …"
        raise CompileError([Diagnostic("wrong-type", message, tree.span)])
    return tree


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


def _with_variant(
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
            help_line = one_of(key, [*args.entries, "expect"], "args of the spec")
            findings.add(
                Diagnostic(
                    "unknown-arg",
                    f"a variant sets `{key}`, which is no arg of the spec",
                    entry.key_span,
                    helps=(help_line,),
                )
            )
    findings.raise_if_any()
    return with_entry(tree, "args", args)


def _unknown_variant(name: str, known: tuple[str, ...], span: Span | None) -> CompileError:
    message = f"no variant `{name}`" if known else f"no variant `{name}`: the spec has none"
    helps = (one_of(name, known, "variants"),) if known else ()
    return CompileError([Diagnostic("variant-unknown", message, span, helps=helps)])


def _with_setting(tree: Mapping, path: str, value: Node) -> Mapping:
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


class _LibraryLoader:
    """Reads libraries, each file once however many use it."""

    def __init__(
        self, places: dict[SourceText, Place], search: tuple[Path, ...], findings: Findings
    ) -> None:
        self._places = places
        self._search = search
        self._findings = findings
        self._loaded: dict[Path, Library | None] = {}

    def load(self, uses: Node | None, user: Place, path: tuple[Path, ...]) -> tuple[Library, ...]:
        if not isinstance(uses, Sequence):
            return ()
        found = [self._one(item, user, path) for item in uses.items]
        return tuple(library for library in found if library is not None)

    def _one(self, item: Node, user: Place, path: tuple[Path, ...]) -> Library | None:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            message = f"expected the file of a library, found {describe(item)}"
            self._findings.add(Diagnostic("wrong-type", message, item.span))
            return None
        # What a base spec uses is found from the base spec's folder, not from its extender's.
        user = self._places.get(item.span.source, user)
        try:
            place = locate_reference(item.text, item.span, user, self._search, "library-unknown")
            if place.path in path:
                message = f"a library can't use itself: `{item.text}`"
                raise CompileError([Diagnostic("use-cycle", message, item.span)])
            if place.path not in self._loaded:
                self._loaded[place.path] = None
                self._loaded[place.path] = self._read(place, path)
        except CompileError as error:
            self._findings.extend(_placed(error, item.span).diagnostics)
            return None
        return self._loaded[place.path]

    def _read(self, place: Place, path: tuple[Path, ...]) -> Library:
        document = _library_cached(_Keyed(read_tree(place)))
        origin: Document = document
        uses = self.load(origin.origin.get("use"), place, (*path, place.path))
        return Library(place, document, uses)


class _Keyed:
    """A tree as a cache key, by identity."""

    __slots__ = ("tree",)

    def __init__(self, tree: Mapping) -> None:
        self.tree = tree

    def __hash__(self) -> int:
        return id(self.tree)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and other.tree is self.tree


@lru_cache(maxsize=64)
def _library_cached(key: _Keyed) -> LibraryDocument:
    return validate(LibraryDocument, key.tree)
