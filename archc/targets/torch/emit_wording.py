"""Words for what the spec gives no id: holders of modules, flags."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from archc.emission.plan import Apply, Branch, Code, Invoke, Unit, statements
from archc.targets.torch.emit_attributes import readable, split_prefix, text_of, words
from archc.targets.torch.emit_flow import Body, assigned, numbers_assigned
from archc.targets.torch.emit_parts import Make, Sides
from archc.targets.torch.lowering.call import TorchCall


class Ids:
    """The ids of a unit's parts, without what all that are computed begin with.

    A class need not say again which group it is.
    """

    def __init__(self, unit: Unit[TorchCall]) -> None:
        given = [parameter.name for parameter in unit.parameters]
        self._fixed = frozenset(given).difference(numbers_assigned(unit.body))
        computed = list(_computed(unit.body))
        splits = [split_prefix(code, self._fixed) for code in computed]
        prefixes = {ast.dump(split[0]) if split is not None else "" for split in splits}
        self._cut = len(prefixes) == 1 and prefixes != {""}
        self.computed = [self.short(code) for code in computed]

    def short(self, local: Code) -> Code:
        """The id as it stands in the class."""
        split = None
        if self._cut and text_of(local) is None:
            split = split_prefix(local, self._fixed)
        return local if split is None else split[1]


def _computed(body: Body) -> Iterator[Code]:
    for statement in statements(body):
        local = statement.local if isinstance(statement, Apply | Invoke) else None
        if local is not None and text_of(local) is None:
            yield local


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


def _word(part: Apply[TorchCall] | Invoke[TorchCall]) -> str:
    verb = part.verb if isinstance(part, Apply) else part.unit.name
    said = part.label if isinstance(part, Invoke) and part.label else ""
    if not said and part.local is not None:
        said = words(part.local)
    return readable(said.rstrip("0123456789_").rpartition("_")[2], verb)
