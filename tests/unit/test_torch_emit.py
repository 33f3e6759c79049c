"""Plans as PyTorch source: how it reads, that it runs, and what it holds."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from archc.diagnostics import CompileError
from archc.emission.plan import (
    Apply,
    Branch,
    Code,
    CountLoop,
    Entry,
    Invoke,
    Local,
    Move,
    Parameter,
    Plan,
    Statement,
    Table,
    TableLoop,
    Unit,
)
from archc.emission.symbols import SymbolicStr, symbolic
from archc.targets.torch.emit import CannotPrint, emit, main_class, reserved
from archc.targets.torch.emit_attributes import MODULE_ATTRIBUTES
from archc.targets.torch.lowering.call import TorchCall
from tests.conftest import Golden

GOLDENS = Path(__file__).parents[1] / "emission_goldens"

Body = list  # XX
Layers = Unit[TorchCall]


def code(source: str) -> Code:
    return ast.parse(source, mode="eval").body


def text(value: str) -> Code:
    return ast.Constant(value)


def of(source: str | int) -> object:
    """An argument: a number, or a symbol with this code."""
    return source if isinstance(source, int) else symbolic(1, code(source))


def conv(channels: str | int, filters: str | int, kernel: str | int, **named: object) -> TorchCall:
    sizes = (("in_channels", of(channels)), ("out_channels", of(filters)))
    arguments = (*sizes, ("kernel_size", of(kernel)), *named.items())
    return TorchCall("nn.Conv2d", arguments, 3)  # type: ignore[arg-type]


def norm(channels: str | int) -> TorchCall:
    arguments = (("num_features", of(channels)), ("eps", 1.001e-5), ("momentum", 0.01))
    return TorchCall("nn.BatchNorm2d", arguments, 1)  # type: ignore[arg-type]


def linear(features: int, units: str | int) -> TorchCall:
    arguments = (("in_features", of(features)), ("out_features", of(units)))
    return TorchCall("nn.Linear", arguments, 2)  # type: ignore[arg-type]


RELU = TorchCall("nn.ReLU", expression="F.relu({0})")
ADD = TorchCall(expression="{0} + {1}")
CONCAT = TorchCall(expression="torch.cat([{0}, {1}], dim=1)")
POOL = TorchCall(
    "nn.MaxPool2d",
    (("kernel_size", 3), ("stride", 2), ("padding", 1)),
    1,
    "F.max_pool2d({0}, 3, stride=2, padding=1)",
)
MEAN = TorchCall(expression="{0}.mean((2, 3))")
SOFTMAX = TorchCall("nn.Softmax", (("dim", 1),), 0, "F.softmax({0}, dim=1)")


def layer(
    result: str, call: TorchCall, inputs: str, local: str | Code, verb: str
) -> Apply[TorchCall]:
    name = text(local) if isinstance(local, str) else local
    return Apply(result, (call,), tuple(inputs.split()), name, verb)


def invoke(
    results: str,
    unit: Layers,
    inputs: str,
    local: str | Code | None = None,
    label: str = "",
    **arguments: str,
) -> Invoke[TorchCall]:
    name = text(local) if isinstance(local, str) else local
    given = {key: code(value) for key, value in arguments.items()}
    return Invoke(
        tuple(results.split()), unit, tuple(inputs.split()), given, name, label or unit.name
    )


def unit(
    name: str, body: Body, inputs: str = "x", outputs: str = "x", parameters: str = "", about: str = ""
) -> Layers:
    """A block; `parameters` as in a function: `filters stride=1`."""
    made = [parameter.partition("=") for parameter in parameters.split()]
    return Unit(
        name,
        "block",
        tuple(inputs.split()),
        tuple(outputs.split()),
        [Parameter(n, code(value) if value else None) for n, _, value in made],
        named=True,
        body=body,
        about=about,
    )


def network(
    name: str,
    main: Body,
    units: list[Layers],
    *,
    tables: list[Table] | None = None,
    inputs: dict[str, str] | None = None,
    outputs: str = "x",
    knobs: dict[str, str] | None = None,
    functions: tuple[str, ...] = (),
) -> Plan[TorchCall]:
    return Plan(
        name,
        name,
        "",
        [Parameter(n, code(value)) for n, value in (knobs or {}).items()],
        [Entry(n, n, code(shape)) for n, shape in (inputs or {"x": "(32, 32, 3)"}).items()],
        tuple(outputs.split()),
        main,
        units,
        tables or [],
        functions,
    )


def residual() -> Plan[TorchCall]:
    """A small residual network: a table, loops, groups, knobs, channels that a loop carries on."""
    conv_bn = unit(
        "conv_bn",
        [
            layer("x", conv("in_channels", "filters", "kernel", stride=of("stride")), "x", "conv", "conv"),
            layer("x", norm("filters"), "x", "bn", "batch_norm"),
        ],
        parameters="in_channels filters kernel stride=1",
    )
    projection = unit(
        "projection_block",
        [
            invoke(
                "shortcut", conv_bn, "x", "0", in_channels="in_channels",
                filters="4 * filters", kernel="1", stride="stride",
            ),
            invoke(
                "x", conv_bn, "x", "1", in_channels="in_channels", filters="filters", kernel="1",
                stride="stride",
            ),
            layer("x", RELU, "x", "1_relu", "relu"),
            invoke("x", conv_bn, "x", "2", in_channels="filters", filters="4 * filters", kernel="1"),
            layer("x", ADD, "shortcut x", "add", "add"),
            layer("x", RELU, "x", "out", "relu"),
        ],
        parameters="in_channels filters stride",
    )
    identity = unit(
        "identity_block",
        [
            layer("residual", conv("4 * filters", "filters", 1), "x", "1_conv", "conv"),
            layer("residual", norm("filters"), "residual", "1_bn", "batch_norm"),
            layer("residual", RELU, "residual", "1_relu", "relu"),
            layer("residual", conv("filters", "4 * filters", 1), "residual", "2_conv", "conv"),
            layer("residual", norm("4 * filters"), "residual", "2_bn", "batch_norm"),
            layer("x", ADD, "x residual", "add", "add"),
            layer("x", RELU, "x", "out", "relu"),
        ],
        parameters="filters",
    )
    group = unit(
        "group",
        [
            invoke(
                "x", projection, "x", code('f"conv{number}_block1"'), "block1",
                in_channels="in_channels", filters="filters", stride="stride",
            ),
            CountLoop(
                "block", code("2"), code("blocks + 1"),
                [invoke("x", identity, "x", code('f"block{block}"'), "block", filters="filters")],
            ),
        ],
        parameters="in_channels filters blocks stride number",
    )
    table = Table(
        "GROUPS", ("filters", "blocks", "stride"),
        tuple([tuple([ast.Constant(n) for n in row]) for row in ((8, 2, 1), (16, 3, 2))]),
    )
    learner = unit(
        "learner",
        [
            Local("channels", code("16")),
            TableLoop(
                table, "number", 1,
                [
                    invoke(
                        "x", group, "x", None, "group", in_channels="channels", filters="filters",
                        blocks="blocks", stride="stride", number="number",
                    ),
                    Local("channels", code("4 * filters")),
                ],
            ),
        ],
    )
    stem = unit(
        "stem",
        [
            layer("x", conv(3, 16, 7, stride=2, padding=3), "x", "conv1_conv", "conv"),
            layer("x", norm(16), "x", "conv1_bn", "batch_norm"),
            layer("x", RELU, "x", "conv1_relu", "relu"),
            layer("x", POOL, "x", "pool1_pool", "max_pool"),
        ],
        about="The first layers: \"large\" windows.",
    )
    task = unit(
        "task",
        [
            layer("x", MEAN, "x", "avg_pool", "global_avg_pool"),
            Apply("x", (linear(64, "classes"), SOFTMAX), ("x",), text("predictions"), "dense"),
        ],
        parameters="classes",
    )
    main: Body = [
        invoke("x", stem, "x"),
        invoke("x", learner, "x"),
        invoke("x", task, "x", classes="classes"),
    ]
    units = [stem, learner, group, projection, conv_bn, identity, task]
    return network(
        "small_resnet", main, units, tables=[table], knobs={"classes": "10", "resolution": "32"},
        inputs={"x": "(resolution, resolution, 3)"},
    )
