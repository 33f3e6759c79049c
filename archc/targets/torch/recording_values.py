"""Stand-ins for tensors, which record what is done to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Structure: TypeAlias = "object | tuple[Structure, ...]"
"""Arguments without the tensors among them, in whose place `TENSOR` stands."""


class _Tensor:
    def __repr__(self) -> str:
        return "…"


TENSOR = _Tensor()

_ATTRIBUTES = frozenset(["shape", "ndim", "dtype", "device"])


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done: `F.relu`, `x.mean`, `nn.Conv2d`, with all arguments that are no tensors."""

    name: str
    arguments: tuple[Structure, ...] = ()
    keywords: tuple[tuple[str, Structure], ...] = ()

    def __str__(self) -> str:
        named = [f"{key}={value!r}" for key, value in self.keywords]
        return f"{self.name}({', '.join([*map(repr, self.arguments), *named])})"


class Value:
    """A tensor, or a number of its shape: an operation on other values.

    `module` is the module that was applied, if one was.
    """

    __slots__ = ("inputs", "module", "operation")

    def __init__(
        self, operation: Operation, inputs: tuple[Value, ...] = (), module: object = None
    ) -> None:
        self.operation = operation
        self.inputs = inputs
        self.module = module

    def __getattr__(self, name: str) -> object:
        if name.startswith("_") or name.endswith("_"):
            raise AttributeError(f"tensors have no `{name}`, or it changes them in place")
        if name in _ATTRIBUTES:
            return recorded(f"x.{name}", (self,), {})
        return recorder(f"x.{name}", self)

    def __bool__(self) -> bool:
        raise TypeError("a tensor is no condition")

    def __iter__(self) -> object:
        raise TypeError("nobody knows how long a tensor is")


def recorded(name: str, arguments: tuple[object, ...], keywords: dict[str, object]) -> Value:
    """The value of an operation on arguments, some of which are values."""
    inputs: list[Value] = []
    positional = tuple([_structure(argument, inputs) for argument in arguments])
    named = tuple([(key, _structure(keywords[key], inputs)) for key in sorted(keywords)])
    return Value(Operation(name, positional, named), tuple(inputs))


def recorder(name: str, *leading: object) -> Callable[..., Value]:
    """A function that records its calls; `leading` are arguments that it has already."""

    def record(*arguments: object, **keywords: object) -> Value:
        return recorded(name, (*leading, *arguments), keywords)

    return record


def _structure(argument: object, inputs: list[Value]) -> Structure:
    if isinstance(argument, Value):
        inputs.append(argument)
        return TENSOR
    if isinstance(argument, tuple | list):
        return tuple([_structure(item, inputs) for item in argument])
    if isinstance(argument, slice):
        parts = (argument.start, argument.stop, argument.step)
        return ("slice", *[_structure(part, inputs) for part in parts])
    return argument


def _operator(name: str, *, swapped: bool = False) -> Callable[..., Value]:
    def operate(self: Value, *others: object) -> Value:
        arguments = (*others, self) if swapped else (self, *others)
        return recorded(name, arguments, {})

    return operate


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Value, f"__{_name}__", _operator(f"x.__{_name}__"))
    setattr(Value, f"__r{_name}__", _operator(f"x.__{_name}__", swapped=True))
    # `x += y` would change a tensor that others may hold.
    setattr(Value, f"__i{_name}__", None)
for _name in ("neg", "getitem"):
    setattr(Value, f"__{_name}__", _operator(f"x.__{_name}__"))
