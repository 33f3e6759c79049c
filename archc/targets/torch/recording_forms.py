"""Modules of PyTorch in canonical form: equal where they mean the same on the tensors at hand."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

from archc.layers import Reshape, ShapeError, TensorShape
from archc.layers.window import Pairs
from archc.targets.torch.lowering.call import TorchCall
from archc.targets.torch.recording_signatures import Arguments, base, bound, own_classes
from archc.targets.torch.recording_values import Operation, Value
from archc.targets.torch.recording_windows import SAME, added_up, cut, nothing, own_pads

_RANK = re.compile(r"([123])d")
_CONVOLUTION, _TRANSPOSED = "nn.Conv", "nn.ConvTranspose"
_MAXIMA, _MEANS = "nn.MaxPool", "nn.AvgPool"
_POOLS = {"PaddedMaxPool": _MAXIMA, "PaddedAvgPool": _MEANS}
_FUNCTIONS = {"F.max_pool": _MAXIMA, "F.avg_pool": _MEANS}
_GLOBAL = {"nn.AdaptiveAvgPool": "GlobalAvgPool", "nn.AdaptiveMaxPool": "GlobalMaxPool"}
_BATCH = {"num_features": "channels", "affine": "scale"}
_LAYER = {"normalized_shape": "channels", "elementwise_affine": "scale"}
_GROUP = {"num_groups": "groups", "num_channels": "channels", "affine": "scale"}
_NORMS = {
    "nn.BatchNorm": ("BatchNorm", _BATCH),
    "nn.LayerNorm": ("LayerNorm", _LAYER),
    "nn.GroupNorm": ("GroupNorm", _GROUP),
}
"""Our own norms for those of PyTorch, and our names for their arguments."""

_BY_NAME = "Activation"


@dataclass(frozen=True, slots=True)
class Form:
    """A module in canonical form. `zeros` stand around its input, beside what it pads itself."""

    constructor: str
    arguments: Arguments
    zeros: Pairs = ()


@dataclass(frozen=True, slots=True)
class Entering:
    """What is known of the tensor that enters a module: its shape, and that none is below 0."""

    shape: TensorShape | None = None
    nonnegative: bool = False


def form_of_call(call: TorchCall, entering: Entering, zeros: Pairs = ()) -> Form:
    """The form of a call's module, with `zeros` around what enters it."""
    arguments = bound(call.constructor, (), call.arguments)
    return _canonical(call.constructor, arguments, entering, zeros)


def form_of_value(value: Value, entering: Entering, zeros: Pairs = ()) -> Form | None:
    """The form of the module, or the function that equals one, that gave a value, if any did.

    Raises `TypeError` for arguments that it does not take.
    """
    done = value.operation
    name, positional = done.name, done.arguments
    if value.module is None:
        stem = _RANK.sub("", name)
        if stem not in _FUNCTIONS:
            return None
        name, positional = name.replace(stem, _FUNCTIONS[stem]), positional[1:]
    return _canonical(name, bound(name, positional, done.keywords), entering, zeros)


def gives_what_it_is_given(value: Value) -> bool:
    """Whether a module that a block always has does nothing at its arguments: `linear`, rate 0."""
    done = value.operation
    if value.module is None or done.name not in (_BY_NAME, "DropPath", "nn.Dropout"):
        return False
    arguments = bound(done.name, done.arguments, done.keywords)
    return list(arguments.values()) in (["linear"], [0])


def reshapes(value: Value, shape: TensorShape) -> TensorShape | None:
    """The shape that our own module for any shape makes of a shape, if it gave the value."""
    done = value.operation
    if value.module is None or done.name != "Reshape":
        return None
    try:
        wanted = Reshape.model_validate(bound(done.name, done.arguments, done.keywords))
        return wanted.output_shape(shape)
    except (ShapeError, ValueError):
        return None


def zeros_of(operation: Operation, rank: int) -> Pairs | None:
    """(before, after) of each axis where an operation puts zeros around the sides alone."""
    padding: object = None
    match operation:
        case Operation("F.pad", (_, tuple() as listed), ()):
            return _from_the_last(listed, rank)
        case Operation("ZeroPad", positional, keywords):
            arguments = bound("ZeroPad", positional, keywords)
            if "channels" in arguments:
                return None
            pairs = own_pads({"kernel_size": 1, **arguments}, rank, None, nothing(rank))
            return None if isinstance(pairs, str) else pairs
        case Operation(name, (padding,), ()) | Operation(name, (), (("padding", padding),)):
            if name != f"nn.ZeroPad{rank}d":
                return None
    if isinstance(padding, int):
        return _from_the_last((padding,) * 2 * rank, rank)
    return _from_the_last(padding, rank) if isinstance(padding, tuple) else None


def _from_the_last(listed: tuple[object, ...], rank: int) -> Pairs | None:
    """PyTorch's list of (before, after), which begins with the last axis."""
    numbers = [side for side in listed if isinstance(side, int) and side >= 0]
    if len(numbers) != len(listed) or len(numbers) != 2 * rank:
        return None
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))[::-1]


def _canonical(constructor: str, arguments: Arguments, entering: Entering, zeros: Pairs) -> Form:
    if constructor == _BY_NAME:
        return _activations().get(arguments.get("kind")) or Form(constructor, arguments, zeros)
    kind = _POOLS.get(constructor) or _RANK.sub("", base(constructor))
    if kind in _NORMS and constructor.startswith("nn."):
        return _norm(kind, constructor, arguments, entering) or Form(constructor, arguments, zeros)
    if kind in _GLOBAL and arguments == {"output_size": 1}:
        return Form(_GLOBAL[kind], {"keepdims": True}, zeros)
    rank = _rank(constructor) or (entering.shape.rank if entering.shape else 0)
    if kind not in (_CONVOLUTION, _TRANSPOSED, _MAXIMA, _MEANS) or not rank:
        return Form(constructor, arguments, zeros)
    ours = not constructor.startswith("nn.")
    made = {**arguments, "padding": _padding(arguments, ours=ours)}
    if kind == _TRANSPOSED:
        made["cut"] = cut(made, rank, adds=ours)
        return Form(f"{kind}{rank}d", _without(made, "padding", "output_padding"), zeros)
    if constructor.startswith("Standardized") and made.pop("standardize", True):
        kind = "StandardizedConv"
    if kind == _MEANS and ours:
        made["count_include_pad"] = False
    return _window(f"{kind}{rank}d", rank, made, entering, zeros or nothing(rank))


def _window(constructor: str, rank: int, made: Arguments, entering: Entering, zeros: Pairs) -> Form:
    if "Pool" in constructor:
        made["stride"] = made.get("stride") or made.get("kernel_size")
    own = own_pads(made, rank, entering.shape, zeros)
    if isinstance(own, str):
        return Form(constructor, {**made, "padding": own}, zeros)
    if _MEANS in constructor and made.get("count_include_pad", True):
        pairs = own_pads(_without(made, "ceil_mode"), rank, None, zeros)
        counted = nothing(rank) if isinstance(pairs, str) else pairs
        own, zeros = _less(own, counted), added_up(zeros, counted)
    elif "Conv" in constructor or (_MAXIMA in constructor and entering.nonnegative):
        own, zeros = added_up(own, zeros), nothing(rank)
    left = _without(made, "ceil_mode", "count_include_pad", "standardize")
    return Form(constructor, {**left, "padding": own}, zeros if zeros != nothing(rank) else ())


def _norm(kind: str, constructor: str, arguments: Arguments, entering: Entering) -> Form | None:
    """The form of a norm of PyTorch's by our own; None where it is for another rank."""
    shape = entering.shape
    own, names = _NORMS[kind]
    if kind == "nn.BatchNorm" and shape is not None and max(shape.rank, 1) != _rank(constructor):
        return None
    if kind == "nn.LayerNorm" and (shape is None or shape.rank > 0):
        return None
    made = {names.get(name, name): value for name, value in arguments.items()}
    if made.get("scale") is False:
        made["center"] = False
    return Form(own, made)


@cache
def _activations() -> dict[object, Form]:
    """The forms of the modules that ours chooses from, by the name of the activation."""
    tree = own_classes()[_BY_NAME]
    (table,) = [found for found in ast.walk(tree) if isinstance(found, ast.Dict)]
    found: dict[object, Form] = {}
    for kind, made in zip(table.keys, table.values, strict=True):
        assert isinstance(kind, ast.Constant)
        assert isinstance(made, ast.Call)
        constructor = ast.unparse(made.func)
        named = [(word.arg or "", ast.literal_eval(word.value)) for word in made.keywords]
        found[kind.value] = Form(constructor, bound(constructor, (), named))
    return found


def _padding(arguments: Arguments, *, ours: bool) -> object:
    """The padding; PyTorch's own `same` is for a stride of 1 only."""
    padding = arguments.get("padding", "same" if ours else 0)
    return SAME if ours and padding == "same" else padding


def _without(arguments: Arguments, *names: str) -> Arguments:
    return {name: value for name, value in arguments.items() if name not in names}


def _less(some: Pairs, other: Pairs) -> Pairs:
    return added_up(some, tuple([(-before, -after) for before, after in other]))


def _rank(constructor: str) -> int:
    found = _RANK.search(constructor)
    return int(found[1]) if found else 0
