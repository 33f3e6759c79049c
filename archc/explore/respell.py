"""A variant as a spec of its own: the text of its file with the settings put where they belong."""

from __future__ import annotations

from collections.abc import Sequence as Items
from pathlib import Path

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic, SourceText
from archc.source import Mapping, Node, Scalar, Sequence, compose
from archc.source.edit import find, segments_of
from archc.source.locate import Place, candidates, is_there
from archc.source.spelled import spelled_node, spelled_value
from archc.source.splice import Splices

Key = str | int

MARK = "# archc: "
"""What the first line of a spec begins with that archc wrote."""


def respelled(spec: Spec, totals: tuple[int, int, int], origin: str) -> str:
    """The text of the spec at its variant with its settings, comments and layout kept.

    Other variants are left out, and contracts are put in line with `totals`: parameters,
    trainable parameters, multiply-adds. `origin` stands behind the mark in its first line.
    """
    text = _with_settings(spec)
    text = _at_variant(spec, text)
    text = _with_contract(spec.variant, text, totals)
    first, _, rest = text.partition("\n")
    return f"{MARK}{origin}\n" + (rest if first.startswith(MARK) else text)


def check_references(spec: Spec, target: Path, search: Items[Path] = ()) -> None:
    """Raises `CompileError` where what the spec uses is not found from `target`."""
    tree, place = _tree(spec), spec.family.place
    there = Place(target.absolute(), target.absolute().parent)
    for node in [*_items(tree.get("use")), *_items(tree.get("extends"))]:
        reference = node.text.partition("@")[0]
        if _found(reference, place, search) != _found(reference, there, search):
            message = f"the spec uses `{reference}`, which is not found from {target.parent}"
            helps = (f"write into the folder of the spec, {place.path.parent}",)
            raise CompileError([Diagnostic("cannot-write", message, helps=helps)])


def _found(reference: str, user: Place, search: Items[Path]) -> Path | None:
    places = (place.path for place in candidates(reference, user, search))
    return next((path.resolve() for path in places if is_there(path)), None)


def _items(node: Node | None) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else (node,)
    return [item for item in items if isinstance(item, Scalar) and isinstance(item.value, str)]


def _tree(spec: Spec) -> Mapping:
    """The tree of the spec's own file, as it was read."""
    own = next(source for source, place in spec.family.places.items() if place is spec.family.place)
    return _composed(own.text)


def _composed(text: str) -> Mapping:
    tree = compose(SourceText("", text))
    assert isinstance(tree, Mapping)
    return tree


def _with_settings(spec: Spec) -> str:
    """The text with the settings one after the other, so that a later one may change an earlier."""
    text = _tree(spec).span.source.text
    for place, (path, value) in enumerate(spec.settings):
        upto = Spec(spec.family, spec.chosen, spec.settings[: place + 1], spec.search)
        text = _with_setting(upto, text, path, value)
    return text


def _with_setting(spec: Spec, text: str, path: str, value: Node) -> str:
    tree, splices = _composed(text), Splices(text)
    keys = _place(spec, tree, path)
    node: Node = tree
    for depth, key in enumerate(keys):
        below = _below(node, key)
        if below is None:
            # What stands in a base alone is taken over up to the list that it is in, whole.
            _insert(splices, node, keys[depth:], spec, keys, value)
            return splices.result()
        node = below
    splices.replace(node.span, spelled_node(value))
    return splices.result()


def _place(spec: Spec, tree: Mapping, path: str) -> list[Key]:
    """Where a setting belongs in the file: an arg that the variant gives, in the variant."""
    document = spec.assembled.document
    name = path.removeprefix("args.")
    first = str(segments_of(name)[0])
    is_arg = first in document.args and (name != path or first not in type(document).model_fields)
    if not is_arg:
        return segments_of(path)
    given = find(tree, f"variants.{spec.variant}.{first}") if spec.variant else None
    root: list[Key] = ["variants", spec.variant] if given is not None else ["args"]
    return [*root, *segments_of(name)]


def _below(node: Node, key: Key) -> Node | None:
    if isinstance(node, Mapping) and isinstance(key, str):
        return node.get(key)
    if isinstance(node, Sequence) and isinstance(key, int) and key < len(node.items):
        return node.items[key]
    return None


def _insert(
    splices: Splices, node: Node, rest: list[Key], spec: Spec, keys: list[Key], value: Node
) -> None:
    """Write what is missing below a node: a key, keys inside it, or a list as it is now."""
    made = spelled_node(value)
    for place in range(len(rest) - 1, 0, -1):
        if isinstance(rest[place], int):
            whole = find(
                spec.assembled.document.origin, _path(keys[: len(keys) - len(rest) + place])
            )
            assert whole is not None
            made = spelled_node(whole)
        else:
            made = f"{{{spelled_value(rest[place])}: {made}}}"
    if isinstance(node, Mapping):
        splices.put(node, str(rest[0]), made)
        return
    # An item behind the last: the list is written anew.
    whole = find(spec.assembled.document.origin, _path(keys[: len(keys) - len(rest)]))
    assert whole is not None
    splices.replace(node.span, spelled_node(whole))


def _path(keys: Items[Key]) -> str:
    return "".join([f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys])[1:]


def _at_variant(spec: Spec, text: str) -> str:
    """The text with the spec's variant as its only one."""
    tree, splices = _composed(text), Splices(text)
    if not spec.family.variants:
        return text
    own = tree.get("variants")
    base = tree.get("extends")
    if isinstance(base, Scalar) and "@" not in base.text and not _has(own, spec.variant):
        splices.replace(base.span, f"{base.text}@{spec.variant}")
    elif isinstance(own, Mapping) and _has(own, spec.variant):
        entry = own.entries[spec.variant]
        kept = text[entry.key_span.start : max(entry.key_span.end, entry.value.span.end)]
        if (
            not kept.rstrip().endswith((":", "}"))
            and entry.value.span.start == entry.value.span.end
        ):
            kept += ":"
        splices.replace(own.span, f"{{{kept}}}" if own.flow else kept)
    return splices.result()


def _has(node: Node | None, key: str) -> bool:
    return isinstance(node, Mapping) and key in node.entries


def _with_contract(variant: str, text: str, totals: tuple[int, int, int]) -> str:
    """The text with every contract that it makes put in line."""
    tree, splices = _composed(text), Splices(text)
    contract = f"{{params: {totals[0]}, macs: {totals[2]}}}"
    for path in ("expect", f"variants.{variant}.expect"):
        node = find(tree, path) if variant or path == "expect" else None
        if node is not None:
            splices.replace(node.span, contract)
    return splices.result()
