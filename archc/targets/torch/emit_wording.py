"""Words for what the spec gives no id: holders of modules, flags."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from archc.emission.plan import Apply, Branch, Code, CountLoop, Invoke, TableLoop, Unit, statements
from archc.targets.torch.emit_attributes import (
    computed_name,
    readable,
    split_prefix,
    starts_with_text,
    text_of,
    words,
)
from archc.targets.torch.emit_flow import Body, assigned, numbers_assigned
from archc.targets.torch.emit_parts import Make, Sides
from archc.targets.torch.lowering.call import TorchCall

Part: TypeAlias = "Apply[TorchCall] | Invoke[TorchCall]"


@dataclass(frozen=True, slots=True)
class Id:
    """What a part of the network is called in its class, and where that comes from.

    Names of one `source` are different from each other.
    """

    code: Code
    source: str


class Ids:
    """The ids of a unit's parts, without what all that are computed begin with.

    A class need not say again which group it is.
    """

    def __init__(self, unit: Unit[TorchCall]) -> None:
        given = [parameter.name for parameter in unit.parameters]
        self._fixed = frozenset(given).difference(numbers_assigned(unit.body))
        parts = list(_parts(unit.body, in_loop=False))
        splits = [split_prefix(c, self._fixed) for part, _ in parts if (c := _computed(part))]
        prefixes = {ast.dump(split[0]) if split is not None else "" for split in splits}
        self._are_cut = len(prefixes) == 1 and prefixes != {""}
        self.names = [name for part, in_loop in parts for name in self._name(part, in_loop)]

    def of(self, part: Part) -> Id:
        """The id of a part, or its label where it has none."""
        if part.local is None:
            return Id(ast.Constant(part.label), "label")
        code = _computed(part)
        split = split_prefix(code, self._fixed) if code is not None and self._are_cut else None
        return Id(part.local, "id") if split is None else Id(split[1], "end of id")

    def _name(self, part: Part, in_loop: bool) -> Iterator[tuple[Code, str]]:
        """The name that the class computes for a part, if it does, and its source."""
        known = self.of(part)
        text = text_of(known.code)
        if text is None or in_loop:
            as_it_is = starts_with_text(known.code) and (text is None or known.source == "label")
            name = computed_name(known.code, verb_of(part), ["number"], "")
            yield name, known.source if as_it_is else ""


def _parts(body: Body, *, in_loop: bool) -> Iterator[tuple[Part, bool]]:
    for statement in body:
        match statement:
            case Apply() | Invoke():
                yield statement, in_loop
            case Branch(body=inside):
                yield from _parts(inside, in_loop=in_loop)
            case TableLoop(body=inside) | CountLoop(body=inside):
                yield from _parts(inside, in_loop=True)


def _computed(part: Part) -> Code | None:
    return None if part.local is None or text_of(part.local) is not None else part.local


def verb_of(part: Part) -> str:
    return part.verb if isinstance(part, Apply) else part.unit.name


def first_part(inside: Sides, branch: Branch[TorchCall]) -> str:
    """What a branch adds: the first module of it, or what it does first."""
    for part in inside.constructor:
        if isinstance(part, Make) and isinstance(part.name, ast.Constant):
            return str(part.name.value)
    first = next(s for s in statements(branch.body) if assigned(s))
    return readable("", first.verb) if isinstance(first, Apply) else assigned(first)[0]


def stem_of(body: Body) -> str:
    """What the modules of a loop are, in one word."""
    found = {_word(s) for s in statements(body) if isinstance(s, Apply | Invoke)}
    return found.pop() if len(found) == 1 else "layer"


def _word(part: Part) -> str:
    verb = verb_of(part)
    said = part.label if isinstance(part, Invoke) and part.label else ""
    if not said and part.local is not None:
        said = words(part.local)
    return readable(said.rstrip("0123456789_").rpartition("_")[2], verb)
