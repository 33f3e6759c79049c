"""Words for what the spec gives no id: holders of modules, flags."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from archc.emission.plan import Apply, Branch, Code, CountLoop, Invoke, TableLoop, statements
from archc.targets.torch.emit_attributes import readable, text_of, words
from archc.targets.torch.emit_flow import Body, assigned
from archc.targets.torch.emit_parts import Make, Sides
from archc.targets.torch.lowering.call import TorchCall


def computed_names(body: Body) -> Iterator[Code]:
    """The names that loops of a body compute for modules."""
    for loop in statements(body):
        if isinstance(loop, TableLoop | CountLoop):
            for statement in statements(loop.body):
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
    if isinstance(part, Invoke):
        word = part.label.rstrip("0123456789_") or part.unit.name
        return readable(word, part.unit.name)
    return readable(words(part.local).rstrip("0123456789_").rpartition("_")[2], part.verb)
