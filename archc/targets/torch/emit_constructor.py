"""The constructor of a class: what is needed of it, as lines."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from archc.emission.plan import Code, CountLoop, Local
from archc.emission.printing import expression, names_used
from archc.targets.torch.emit_flow import names_in
from archc.targets.torch.emit_names import checked
from archc.targets.torch.emit_parts import Flag, Hold, Make, MakeEach, MakeIf, Making
from archc.targets.torch.view import LineView

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Div: "/",
}


def without_idle(parts: list[Making]) -> list[Making]:
    """The constructor without numbers that no module and no flag depends on."""
    kept = _kept(parts, _numbers_that_matter(parts))
    return _folded(kept, Counter(_reads(kept)))


def names_read(parts: list[Making]) -> frozenset[str]:
    """The names that a constructor reads."""
    return frozenset().union(*(_own_names(part) | names_read(_inside(part)) for part in parts))


def _own_names(part: Making) -> frozenset[str]:
    match part:
        case Make(name=name, module=module):
            return names_used(module) | (names_in(name) if name is not None else frozenset())
        case Flag(condition=code) | MakeIf(condition=code) | Local(value=code):
            return names_in(code)
        case MakeEach(loop=CountLoop(start=start, stop=stop)):
            return names_in(start) | names_in(stop)
    return frozenset()


def _inside(part: Making) -> list[Making]:
    return part.body if isinstance(part, MakeIf | MakeEach) else []


def _numbers_that_matter(parts: list[Making]) -> frozenset[str]:
    uses = list(_uses(parts, frozenset()))
    found: set[str] = set()
    while True:
        more = {name for of, names in uses if of is None or of in found for name in names} - found
        if not more:
            return frozenset(found)
        found |= more


def _uses(
    parts: list[Making], around: frozenset[str]
) -> Iterator[tuple[str | None, frozenset[str]]]:
    """The names that a number depends on; beside nothing, those that a module or a flag does."""
    for part in parts:
        match part:
            case Local(name=name):
                yield name, _own_names(part) | around
            case MakeIf() | MakeEach():
                yield from _uses(part.body, around | _own_names(part))
            case _:
                yield None, _own_names(part) | around


def _kept(parts: list[Making], numbers: frozenset[str]) -> list[Making]:
    kept: list[Making] = []
    for part in parts:
        match part:
            case Local(name=name):
                kept += [part] if name in numbers else []
            case MakeIf() | MakeEach():
                body = _kept(part.body, numbers)
                kept += [replace(part, body=body)] if body else []
            case _:
                kept.append(part)
    return kept


def _reads(parts: list[Making]) -> Iterator[str]:
    """The names that the parts of a constructor read, each time anew."""
    for part in parts:
        yield from _own_names(part)
        yield from _reads(_inside(part))


def _folded(parts: list[Making], reads: Counter[str]) -> list[Making]:
    """The constructor with a condition that is a flag and no more set as the flag at once."""
    folded: list[Making] = []
    for part in parts:
        match part, folded[-1] if folded else None:
            case Flag(attribute=flag, condition=ast.Name(id=read)), Local(name=name, value=value):
                if read == name and reads[name] == 1:
                    folded[-1] = Flag(flag, value)
                    continue
            case ((MakeIf() | MakeEach()), _):
                part = replace(part, body=_folded(part.body, reads))
        folded.append(part)
    return folded


def constructor_lines(parts: list[Making]) -> tuple[LineView, ...]:
    return tuple([_line(part) for part in parts])


def _line(part: Making) -> LineView:
    match part:
        case Make(holder=holder, name=name, module=module):
            return _make(holder, name, module)
        case Hold(attribute=attribute, kind=kind):
            return LineView("assign", f"self.{attribute}", f"nn.{kind}()")
        case Flag(attribute=attribute, condition=condition):
            return LineView("assign", f"self.{attribute}", expression(condition))
        case Local(name=name, value=value):
            return _local(checked(name), value)
        case MakeIf(condition=condition, body=body):
            return if_line(condition, constructor_lines(body))
        case MakeEach():
            return _loop(part)


def _make(holder: str, name: Code | None, module: str) -> LineView:
    if name is None:
        return LineView("append", holder, module)
    if isinstance(name, ast.Constant):
        return LineView("assign", f"{holder}.{checked(str(name.value))}", module)
    return LineView("add_module", holder, module, name=expression(name))


def _local(name: str, value: Code) -> LineView:
    match value:
        case ast.BinOp(left=ast.Name(id=left), op=op, right=right) if left == name:
            operator = _OPERATORS.get(type(op))
            if operator is not None:
                return LineView("assign", name, expression(right), operator=operator)
    return LineView("assign", name, expression(value))


def if_line(condition: Code, body: tuple[LineView, ...]) -> LineView:
    """`if condition: body`; of an `if` that has nothing but an `if` inside, linters ask for one."""
    while len(body) == 1 and body[0].kind == "if":
        inner = ast.parse(body[0].value, mode="eval").body
        parts = [*_conjuncts(condition), *_conjuncts(inner)]
        condition, body = ast.BoolOp(ast.And(), parts), body[0].body
    return LineView("if", value=expression(condition), body=body)


def _conjuncts(condition: Code) -> list[Code]:
    """What must all be true for a condition to be."""
    if isinstance(condition, ast.BoolOp) and isinstance(condition.op, ast.And):
        return condition.values
    return [condition]


def _loop(each: MakeEach) -> LineView:
    used = names_read(each.body)
    loop = each.loop
    if isinstance(loop, CountLoop):
        target = _marked(loop.variable, used)
        iterable = f"range({_bounds(loop.start, loop.stop)})"
    else:
        columns = [_marked(column, used) for column in loop.table.columns]
        target, iterable = ", ".join(columns), checked(loop.table.name)
        if each.number in used:
            row = target if len(columns) == 1 else f"({target})"
            start = f", {each.start}" if each.start else ""
            target, iterable = f"{each.number}, {row}", f"enumerate({iterable}{start})"
    return LineView("for", target, iterable, body=constructor_lines(each.body))


def _bounds(start: Code, stop: Code) -> str:
    from_zero = isinstance(start, ast.Constant) and start.value == 0
    return expression(stop) if from_zero else f"{expression(start)}, {expression(stop)}"


def _marked(name: str, used: frozenset[str]) -> str:
    """A variable that the body does not use begins with `_`, as linters ask for."""
    return checked(name) if name in used else f"_{checked(name)}"
