"""What may be written at the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archc.elaborate.names import GROUP_NAMES
from archc.elaborate.scope import Position, Tensor
from archc.expressions.functions import FUNCTIONS
from archc.language_server.bodies import Body, body_of
from archc.language_server.cursor import Gap, gaps
from archc.language_server.document import Document
from archc.language_server.session import Session
from archc.layers import TensorShape
from archc.resources import specs_folder

Kind = Literal["key", "word", "name", "function", "file"]

_WORD = re.compile(r"[\w./-]*\Z")
_EXPRESSION = re.compile(
    r"""(?:(?:(?:^|:|-)\s+|[\[,{]\s*)(?:=(?P<plain>[^,\[\]{}#"']*)|(?P<quote>["'])=(?P<quoted>[^\n]*))"""
    r"""|\$\((?P<inner>[^)\n]*))\Z"""
)
_TEXTS = frozenset({"id", "from", "name", "about"})
"""Keys whose value is text, even where it looks like something else."""

_MEMBERS = {
    "tensor": Tensor(0, TensorShape((1, 1, 1, 1))).attribute_names,
    "position": Position.attribute_names,
}


@dataclass(frozen=True, slots=True)
class Item:
    """A word that may stand at the cursor, what it is, and what it means."""

    word: str
    kind: Kind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """Items that take the place of the text from `start` to the cursor."""

    start: int
    items: tuple[Item, ...]


def complete(session: Session, path: Path, offset: int) -> Completion:
    """What may be written at an offset of an open document."""
    document, good = session.document(path), session.last_good(path, offset)
    head = document.text[:offset]
    expression = _EXPRESSION.search(head, head.rfind("\n") + 1)
    if expression is not None and not _is_closed(expression):
        return _in_expression(good, head, expression)
    match = _WORD.search(head)
    start = match.start() if match else offset
    found: dict[str, Item] = {}
    for gap in gaps(head[:start]):
        for item in _at(gap, good, offset):
            found.setdefault(item.word, item)
    return Completion(start, tuple(found.values()))


def _is_closed(expression: re.Match[str]) -> bool:
    """Whether the quotes around an expression end before the cursor."""
    return bool(expression["quote"]) and expression["quote"] in expression["quoted"]


def _at(gap: Gap, document: Document, offset: int) -> Iterator[Item]:
    guide = document.guide
    if gap.is_key:
        for key, text in guide.keys(gap.path).items():
            if key not in gap.siblings:
                yield Item(key, "key", text)
        return
    last = gap.path[-1] if gap.path else ""
    for word, text in guide.words(gap.path).items() if last not in _TEXTS else ():
        yield Item(word, "word", text)
    if gap.path[:1] == ("use",) or last == "extends":
        yield from _files(document)
    elif last == "from" or gap.path[:1] == ("outputs",) or _is_input(gap, document):
        for name, text in _ids(_body(document, gap), document, offset):
            if name not in gap.own:
                yield Item(name, "name", text)


def _is_input(gap: Gap, document: Document) -> bool:
    """Whether a block takes an id here."""
    block = str(gap.path[-2]) if len(gap.path) > 1 else ""
    return bool(gap.path) and gap.path[-1] in document.inputs_of_blocks.get(block, ())


def _files(document: Document) -> Iterator[Item]:
    folders = dict.fromkeys([document.path.parent, *document.search, specs_folder()])
    for folder in folders:
        for pattern in ("blocks/*.yaml", "*.yaml"):
            for path in sorted(folder.glob(pattern)):
                if path != document.path:
                    yield Item(path.relative_to(folder).as_posix(), "file")


def _body(document: Document, gap: Gap) -> Body:
    tree = document.whole
    return Body((), None) if tree is None else body_of(gap.path, tree)


def _ids(body: Body, document: Document, offset: int) -> Iterator[tuple[str, str]]:
    """What a step may take: what came before it, as far as that can be told from the text."""
    yield "input", "The tensor that entered the block, or the network."
    yield from ((name, "An input.") for name in body.inputs)
    for found in body.occurrences(document.inputs_of_blocks):
        elsewhere = document.real(found.span.source) != document.path
        if found.kind == "declared" and (elsewhere or found.span.start < offset):
            yield found.name, "The id of an earlier step."


def _in_expression(document: Document, head: str, expression: re.Match[str]) -> Completion:
    written = expression["plain"] or expression["quoted"] or expression["inner"] or ""
    match = re.search(r"(?P<owner>\w+\.)?(?P<word>\w*)\Z", written)
    assert match is not None
    start = len(head) - len(match["word"])
    if match["owner"]:
        return Completion(start, tuple(_members(match["owner"][:-1])))
    found = gaps(head[: len(head) - len(expression[0].lstrip(":-[,{ \t\n"))])
    gap = found[0] if found else Gap((), is_key=False)
    return Completion(start, tuple(_names(gap, document, len(head))))


def _members(owner: str) -> Iterable[Item]:
    kind = "position" if owner in GROUP_NAMES | {"repeat"} else "tensor"
    return [Item(name, "name") for name in _MEMBERS[kind]]


def _names(gap: Gap, document: Document, offset: int) -> Iterator[Item]:
    body = _body(document, gap)
    for name in body.args:
        yield Item(name, "name", "An arg.")
    for name, text in _ids(body, document, offset):
        if name not in gap.own | body.args.keys() and name.isidentifier():
            yield Item(name, "name", text)
    yield Item("here", "name", "The tensor that enters this step.")
    for name in ("group", "block", "learner", "row") if "learner" in gap.path else ():
        yield Item(name, "name", "The place in the groups.")
    for function in FUNCTIONS.values():
        yield Item(function.name, "function", function.signature)
