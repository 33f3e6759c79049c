"""Lowered calls as PyTorch's modules, for tests of the PyTorch target."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from archc.emission.symbols import code_of, spelled, symbolic
from archc.targets.torch.lowering import Argument, Layout, TorchCall

torch = pytest.importorskip("torch")

Values = Mapping[str, object]
"""What the names in symbols stand for."""


def symbol(name: str, value: object) -> Any:
    """The value as a parameter of a block."""
    return symbolic(value, ast.Name(name, ast.Load()))


def written(call: TorchCall) -> str:
    """A call as a person would write it; a suffix before a colon, the expression after `or`."""
    arguments = [
        spelled(value) if position < call.positional else f"{name}={spelled(value)}"
        for position, (name, value) in enumerate(call.arguments)
    ]
    suffix = f"{call.suffix}: " if call.suffix else ""
    module = f"{call.constructor}({', '.join(arguments)})" if call.constructor else ""
    return suffix + " or ".join(part for part in (module, call.expression) if part)


def constructor_of(call: TorchCall) -> Any:
    """The class of a call's module."""
    from archc.targets.torch import modules

    space, _, name = call.constructor.rpartition(".")
    return getattr(torch.nn if space == "nn" else modules, name)


def made(call: TorchCall, values: Values | None = None) -> Any:
    """The module of a call, its symbols evaluated."""
    arguments = [(key, evaluated(value, values or {})) for key, value in call.arguments]
    positional = [value for _, value in arguments[: call.positional]]
    return constructor_of(call)(*positional, **dict(arguments[call.positional :])).eval()


def evaluated(argument: Argument, values: Values) -> Any:
    """The value of an argument's code."""
    tree = ast.fix_missing_locations(ast.Expression(code_of(argument)))
    return eval(compile(tree, "argument", "eval"), {"__builtins__": {}}, dict(values))


def expressed(call: TorchCall, *tensors: Any) -> Any:
    """What a call's expression gives; each tensor must stand in it once."""
    names = [f"x{number}" for number in range(len(tensors))]
    text = call.expression.format(*names)
    read = [node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    assert sorted(set(read) - {"F", "torch"}) == sorted(name for name in read if name[0] == "x")
    scope = {"F": torch.nn.functional, "torch": torch, **dict(zip(names, tensors, strict=True))}
    return eval(text, {"__builtins__": {}}, scope)


class Chain:
    """The modules of one layer's calls, one after the other."""

    def __init__(self, calls: tuple[TorchCall, ...], values: Values | None = None) -> None:
        self.calls = calls
        self.modules = [made(call, values) if call.constructor else None for call in calls]

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Set the weights, which have archc's names and layouts; all tensors must be set."""
        unset = set(self.tensors())
        for number, call in enumerate(self.calls):
            for weight in call.weights:
                name = f"{number}.{weight.parameter}"
                if weight.name not in arrays:
                    assert name not in self.tensors(), name
                    continue
                tensor = self.tensors()[name]
                array = in_layout(arrays[weight.name], weight.layout, tuple(tensor.shape))
                tensor.copy_(torch.from_numpy(array.copy()))
                unset.remove(name)
        assert not unset

    def tensors(self) -> dict[str, Any]:
        """All parameters and statistics, by the number of their call."""
        return {
            f"{number}.{name}": tensor
            for number, module in enumerate(self.modules)
            if module is not None
            for name, tensor in module.state_dict().items()
            if not name.endswith("num_batches_tracked")
        }

    def counts(self) -> SimpleNamespace:
        """The numbers of elements that are learned, and of those that are not."""
        present = [module for module in self.modules if module is not None]
        learned = sum(p.numel() for module in present for p in module.parameters())
        total = sum(tensor.numel() for tensor in self.tensors().values())
        return SimpleNamespace(learned=learned, fixed=total - learned)

    @torch.no_grad()
    def by_modules(self, *images: np.ndarray) -> np.ndarray:
        """What the modules give, channels last on both sides."""
        tensors = tuple(map(channels_first, images))
        for call, module in zip(self.calls, self.modules, strict=True):
            given = expressed(call, *tensors) if module is None else module(*tensors)
            tensors = (given,)
        return channels_last(tensors[0])

    @torch.no_grad()
    def by_expressions(self, *images: np.ndarray) -> np.ndarray:
        """What the calls give where each that has an expression is that."""
        tensors = tuple(map(channels_first, images))
        for call, module in zip(self.calls, self.modules, strict=True):
            given = expressed(call, *tensors) if call.expression else module(*tensors)
            tensors = (given,)
        return channels_last(tensors[0])


def channels_first(image: np.ndarray) -> Any:
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(image, -1, 1)))


def channels_last(tensor: Any) -> np.ndarray:
    return np.moveaxis(tensor.numpy(), 1, -1)


def in_layout(array: np.ndarray, layout: Layout, shape: tuple[int, ...]) -> np.ndarray:
    """The values of a parameter of `shape` from archc's array."""
    sides = array.shape
    match layout:
        case "same":
            return array.reshape(shape)
        case "conv" | "conv_transpose" | "dense":
            found = np.moveaxis(array, (-1, -2), (0, 1))
        case "depthwise":
            in_groups = array.reshape(*sides[:-2], 1, sides[-2] * sides[-1])
            found = np.moveaxis(in_groups, (-1, -2), (0, 1))
        case "query":
            found = array.reshape(*sides[:-2], sides[-2] * sides[-1]).T
        case "attention_output":
            found = array.reshape(-1, sides[-1]).T
    assert found.shape == shape, (layout, found.shape, shape)
    return found
