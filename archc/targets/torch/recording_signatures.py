"""Arguments of PyTorch's modules in one form: by name, without defaults, as briefly as can be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

from archc.emission.execution import refuse_fractions
from archc.targets.torch.recording_values import TENSOR

Arguments: TypeAlias = dict[str, object]
Signature: TypeAlias = tuple[tuple[str, ...], Arguments]
"""The arguments of a class that may go without names, in order; the defaults of those with one."""

_RANK = re.compile(r"[123]d")


def _of(*required: str, **defaults: object) -> Signature:
    return (*required, *defaults), defaults


SIGNATURES: Mapping[str, Signature] = {
    "nn.Conv": _of(
        *("in_channels", "out_channels", "kernel_size"),
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
    ),
    "nn.ConvTranspose": _of(
        *("in_channels", "out_channels", "kernel_size"),
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
    ),
    "nn.Linear": _of("in_features", "out_features", bias=True),
    "nn.BatchNorm": _of(
        "num_features", eps=1e-5, momentum=0.1, affine=True, track_running_stats=True
    ),
    "nn.LayerNorm": _of("normalized_shape", eps=1e-5, elementwise_affine=True, bias=True),
    "nn.GroupNorm": _of("num_groups", "num_channels", eps=1e-5, affine=True),
    "nn.MaxPool": _of(
        "kernel_size", stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ),
    "nn.AvgPool": _of(
        "kernel_size", stride=None, padding=0, ceil_mode=False, count_include_pad=True
    ),
    "nn.AdaptiveAvgPool": _of("output_size"),
    "nn.AdaptiveMaxPool": _of("output_size"),
    "nn.Upsample": _of(size=None, scale_factor=None, mode="nearest", align_corners=None),
    "nn.ZeroPad": _of("padding"),
    "nn.ConstantPad": _of("padding", "value"),
    "nn.ReLU": _of(inplace=False),
    "nn.ReLU6": _of(inplace=False),
    "nn.SELU": _of(inplace=False),
    "nn.SiLU": _of(inplace=False),
    "nn.Mish": _of(inplace=False),
    "nn.Hardswish": _of(inplace=False),
    "nn.Hardsigmoid": _of(inplace=False),
    "nn.GELU": _of(approximate="none"),
    "nn.LeakyReLU": _of(negative_slope=0.01, inplace=False),
    "nn.ELU": _of(alpha=1.0, inplace=False),
    "nn.PReLU": _of(num_parameters=1, init=0.25),
    "nn.Softmax": _of(dim=None),
    "nn.Flatten": _of(start_dim=1, end_dim=-1),
    "nn.Unflatten": _of("dim", "unflattened_size"),
    "nn.ChannelShuffle": _of("groups"),
    "nn.Dropout": _of(p=0.5, inplace=False),
    "nn.MultiheadAttention": _of(
        *("embed_dim", "num_heads"),
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
    ),
}
"""The signatures of `torch.nn`'s classes, their rank left out."""

_OWN = Path(__file__).with_name("modules.py")

_WITH_WEIGHTS = frozenset(
    [
        *("nn.Conv", "nn.ConvTranspose", "nn.Linear", "nn.BatchNorm", "nn.LayerNorm"),
        *("nn.GroupNorm", "nn.PReLU", "nn.MultiheadAttention"),
    ]
)
_PER_AXIS = frozenset(
    ["kernel_size", "stride", "padding", "dilation", "output_padding", "output_size"]
)


def bound(
    constructor: str, positional: tuple[object, ...], keywords: Iterable[tuple[str, object]]
) -> Arguments:
    """All arguments by name, but those at their defaults.

    Raises `TypeError` where more stand without a name than the class takes.
    """
    names, defaults = _signature(constructor)
    if len(positional) > len(names):
        raise TypeError(f"{constructor} is given {len(positional)} arguments without names")
    given = {**dict(zip(names, positional, strict=False)), **dict(keywords)}
    plain = {name: _plain(name, value) for name, value in given.items()}
    return {
        name: value
        for name, value in plain.items()
        if name not in defaults or defaults[name] != value
    }


@cache
def base(constructor: str) -> str:
    """The class of PyTorch that a class is, or is made from; empty where it is not known."""
    defined = own_classes().get(constructor)
    if defined is not None:
        return base(ast.unparse(defined.bases[0])) if defined.bases else ""
    return constructor if constructor.startswith("nn.") else ""


def has_weights(constructor: str) -> bool:
    """Whether modules of a class may have weights; those of a class that is not known may."""
    made_from = base(constructor)
    if made_from != "nn.Module":
        return not made_from or _RANK.sub("", made_from) in _WITH_WEIGHTS
    used = {
        node.attr for node in ast.walk(own_classes()[constructor]) if type(node) is ast.Attribute
    }
    return not used.isdisjoint(["Parameter", "register_buffer", "Linear"])


@cache
def own_classes() -> dict[str, ast.ClassDef]:
    """The classes that PyTorch lacks, by name. Their file is not imported."""
    tree = ast.parse(_OWN.read_bytes())
    return {defined.name: defined for defined in tree.body if isinstance(defined, ast.ClassDef)}


@cache
def _signature(constructor: str) -> Signature:
    defined = own_classes().get(constructor)
    if defined is None:
        return SIGNATURES.get(_RANK.sub("", constructor), ((), {}))
    inherited = _signature(ast.unparse(defined.bases[0]))
    for statement in defined.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return _written(statement.args, inherited[1])
    return inherited


def _written(arguments: ast.arguments, inherited: Arguments) -> Signature:
    """The signature of a method, without `self`; what it passes on has the inherited defaults."""
    names = [argument.arg for argument in arguments.args]
    optional = names[len(names) - len(arguments.defaults) :]
    values = [ast.literal_eval(default) for default in arguments.defaults]
    own = dict(zip(optional, values, strict=True))
    return tuple(names[1:]), {**inherited, **own} if arguments.kwarg else own


_WHOLE = frozenset(
    [
        *("in_channels", "out_channels", "in_features", "out_features", "num_features", "channels"),
        *("kernel_size", "stride", "padding", "dilation", "groups", "output_padding", "num_groups"),
        *("heads", "tokens", "normalized_shape"),
    ]
)


def _plain(name: str, value: object) -> object:
    if name in _WHOLE:
        refuse_fractions(name, value)
    if value is TENSOR:
        raise TypeError(f"`{name}` is a tensor")
    if isinstance(value, list | tuple):
        value = tuple([_plain("", item) for item in value])
        alike = name in _PER_AXIS and len(set(value)) == 1 and isinstance(value[0], int)
        return value[0] if alike else value
    # What is computed in another order may differ in the last digit.
    return float(f"{value:.12g}") if isinstance(value, float) else value
