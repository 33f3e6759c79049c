"""Plans for the printer of PyTorch, made by hand."""

from __future__ import annotations

import ast
from typing import TypeAlias

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
from archc.targets.torch.lowering.call import TorchCall

Body: TypeAlias = "list[Statement[TorchCall]]"
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
    name: str,
    body: Body,
    inputs: str = "x",
    outputs: str = "x",
    parameters: str = "",
    about: str = "",
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
            layer(
                "x",
                conv("in_channels", "filters", "kernel", stride=of("stride")),
                "x",
                "conv",
                "conv",
            ),
            layer("x", norm("filters"), "x", "bn", "batch_norm"),
        ],
        parameters="in_channels filters kernel stride=1",
    )
    projection = unit(
        "projection_block",
        [
            invoke(
                "shortcut",
                conv_bn,
                "x",
                "0",
                in_channels="in_channels",
                filters="4 * filters",
                kernel="1",
                stride="stride",
            ),
            invoke(
                "x",
                conv_bn,
                "x",
                "1",
                in_channels="in_channels",
                filters="filters",
                kernel="1",
                stride="stride",
            ),
            layer("x", RELU, "x", "1_relu", "relu"),
            invoke(
                "x", conv_bn, "x", "2", in_channels="filters", filters="4 * filters", kernel="1"
            ),
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
                "x",
                projection,
                "x",
                code('f"conv{number}_block1"'),
                "block1",
                in_channels="in_channels",
                filters="filters",
                stride="stride",
            ),
            CountLoop(
                "block",
                code("2"),
                code("blocks + 1"),
                [
                    invoke(
                        "x",
                        identity,
                        "x",
                        code('f"conv{number}_block{block}"'),
                        "block",
                        filters="filters",
                    )
                ],
            ),
        ],
        parameters="in_channels filters blocks stride number",
    )
    table = Table(
        "GROUPS",
        ("filters", "blocks", "stride"),
        tuple([tuple([ast.Constant(n) for n in row]) for row in ((8, 2, 1), (16, 3, 2))]),
    )
    learner = unit(
        "learner",
        [
            Local("channels", code("16")),
            TableLoop(
                table,
                "number",
                1,
                [
                    invoke(
                        "x",
                        group,
                        "x",
                        None,
                        "group",
                        in_channels="channels",
                        filters="filters",
                        blocks="blocks",
                        stride="stride",
                        number="number",
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
        about='The first layers: "large" windows.',
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
        "small_resnet",
        main,
        units,
        tables=[table],
        knobs={"classes": "10", "resolution": "32"},
        inputs={"x": "(resolution, resolution, 3)"},
    )


def rows(*given: tuple[object, ...]) -> tuple[tuple[Code, ...], ...]:
    return tuple([tuple([code(repr(value)) for value in row]) for row in given])


def branches() -> Plan[TorchCall]:
    """Conditions: on a parameter, a local, an expression; of layers, of tensors, of numbers."""
    block = unit(
        "block",
        [
            Local("project", code("stride != 1 or in_channels != filters")),
            Move("shortcut", code("x")),
            Branch(
                code("project"),
                [
                    layer(
                        "shortcut",
                        conv("in_channels", "filters", 1, stride=of("stride")),
                        "shortcut",
                        "0_conv",
                        "conv",
                    ),
                    layer("shortcut", norm("filters"), "shortcut", "0_bn", "batch_norm"),
                ],
            ),
            layer(
                "x",
                conv("in_channels", "filters", 3, stride=of("stride"), padding=1),
                "x",
                "1_conv",
                "conv",
            ),
            Local("hidden", code("filters")),
            Branch(code("wide"), [Local("hidden", code("2 * filters"))]),
            Branch(
                code("filters > 8"),
                [
                    layer("x", norm("filters"), "x", "bn", "batch_norm"),
                    Branch(code("wide"), [layer("x", RELU, "x", "relu", "relu")]),
                ],
            ),
            layer("x", conv("filters", "hidden", 1), "x", "2_conv", "conv"),
            layer("x", conv("hidden", "filters", 1), "x", "3_conv", "conv"),
            Move("taken", code("shortcut if stride == 1 else x")),
            layer("x", ADD, "x taken", "add", "add"),
            Branch(
                code("stride == 1"),
                [layer("x", RELU, "x", "out", "relu")],
            ),
        ],
        parameters="in_channels filters stride=1 wide=False",
    )
    chain = unit(
        "tail",
        [
            Branch(
                code("deep"),
                [
                    Branch(
                        code("channels > 4"),
                        [layer("x", conv("channels", "channels", 1), "x", "conv", "conv")],
                    )
                ],
            ),
            layer("x", RELU, "x", "relu", "relu"),
        ],
        parameters="channels deep=True",
    )
    main: Body = [
        invoke("x", block, "x", "a", in_channels="3", filters="8"),
        invoke("x", block, "x", "b", in_channels="8", filters="8", wide="True"),
        invoke("x", block, "x", "c", in_channels="8", filters="16", stride="2", wide="deep"),
        invoke("x", chain, "x", "d", channels="16", deep="deep"),
    ]
    return network("branches", main, [block, chain], knobs={"deep": "True"})


def streams() -> Plan[TorchCall]:
    """Cells that take and give two tensors, in loops; the second group begins with another cell."""
    cell = unit(
        "cell",
        [
            layer("y", conv("channels", "filters", 3, padding=1), "x", "left", "conv"),
            layer("p", conv("p_channels", "filters", 1), "p", "right", "conv"),
            layer("y", ADD, "y p", "add", "add"),
        ],
        "x p",
        "y x",
        "channels p_channels filters",
    )
    group = unit(
        "group",
        [
            CountLoop(
                "number",
                code("0"),
                code("cells"),
                [
                    invoke(
                        "x p",
                        cell,
                        "x p",
                        code('f"cell{number}"'),
                        channels="channels",
                        p_channels="p_channels",
                        filters="filters",
                    ),
                    Local("p_channels", code("channels")),
                    Local("channels", code("filters")),
                ],
            ),
        ],
        "x p",
        "x p",
        "channels p_channels filters cells",
    )
    shrink = unit(
        "shrink",
        [layer("x", POOL, "x", "x", "max_pool"), layer("p", POOL, "p", "p", "max_pool")],
        "x p",
        "x p",
    )
    table = Table("GROUPS", ("filters", "cells"), rows((8, 2), (12, 3)))
    learner = unit(
        "learner",
        [
            Local("channels", code("3")),
            Local("p_channels", code("3")),
            TableLoop(
                table,
                "number",
                1,
                [
                    Branch(code("number > 1"), [invoke("x p", shrink, "x p", None, "shrink")]),
                    invoke(
                        "x p",
                        group,
                        "x p",
                        None,
                        "group",
                        channels="channels",
                        p_channels="p_channels",
                        filters="filters",
                        cells="cells",
                    ),
                    Local("p_channels", code("filters")),
                    Local("channels", code("filters")),
                ],
            ),
        ],
        "x p",
        "x p",
    )
    main: Body = [
        Move("p", code("x")),
        invoke("x p", learner, "x p"),
        layer("x", ADD, "x p", "add", "add"),
    ]
    return network("streams", main, [learner, group, cell, shrink], tables=[table])


def loops() -> Plan[TorchCall]:
    """Loops in classes with a `forward`: a chain, a merge with what came before, more than that."""
    dense = unit(
        "dense",
        [
            layer("x", conv("channels", "growth", 3, padding=1), "x", "conv", "conv"),
            layer("x", RELU, "x", "relu", "relu"),
        ],
        parameters="channels growth",
    )
    learner = unit(
        "learner",
        [
            layer("first", conv(3, 4, 1), "x", "first", "conv"),
            Move("x", code("first")),
            CountLoop(
                "number",
                code("0"),
                code("2"),
                [
                    layer("x", conv(4, 4, 1), "x", code('f"conv{number}"'), "conv"),
                    layer("x", RELU, "x", code('f"relu{number}"'), "relu"),
                ],
            ),
            Local("channels", code("4")),
            CountLoop(
                "number",
                code("1"),
                code("layers + 1"),
                [
                    invoke(
                        "new", dense, "x", code('f"dense{number}"'), channels="channels", growth="4"
                    ),
                    layer("x", CONCAT, "x new", code('f"dense{number}_concat"'), "concat"),
                    Local("channels", code("channels + 4")),
                ],
            ),
            TableLoop(
                Table("SCALES", ("width",), ()),
                None,
                1,
                [
                    layer("y", conv("channels", "width", 1), "x", code('f"in{width}"'), "conv"),
                    layer("y", conv("width", "channels", 1), "y", code('f"out{width}"'), "conv"),
                    Branch(
                        code("width > 5"), [layer("x", ADD, "x y", code('f"add{width}"'), "add")]
                    ),
                    Branch(
                        code("width <= 5"), [layer("x", RELU, "y", code('f"relu{width}"'), "relu")]
                    ),
                ],
            ),
            layer("first", conv(4, "channels", 1), "first", "last", "conv"),
            layer("x", ADD, "x first", "add", "add"),
        ],
        parameters="layers=3",
    )
    scales = Table("SCALES", ("width",), rows((4,), (6,), (8,)))
    loop = learner.body[5]
    assert isinstance(loop, TableLoop)
    loop.table = scales
    return network("loops", [invoke("x", learner, "x")], [learner, dense], tables=[scales])


def several() -> Plan[TorchCall]:
    """Two tensors that enter, three that leave, one of them on the way."""
    join = unit(
        "join",
        [
            layer("image", conv(3, 8, 3, padding=1), "image", "image", "conv"),
            layer("mask", conv(1, 8, 3, padding=1), "mask", "mask", "conv"),
            layer("x", CONCAT, "image mask", "concat", "concat"),
        ],
        "image mask",
        "x mask",
    )
    head = unit(
        "head",
        [
            layer("x", MEAN, "x", "pool", "global_avg_pool"),
            Apply("x", (linear(16, 5), SOFTMAX), ("x",), text("dense"), "dense"),
        ],
    )
    main: Body = [
        invoke("x mask", join, "image mask", None, "stem"),
        layer("tap", RELU, "x", "tap", "relu"),
        invoke("x", head, "tap", None, "task"),
    ]
    return network(
        "several",
        main,
        [join, head],
        inputs={"image": "(16, 16, 3)", "mask": "[16, 16, 1]"},
        outputs="x tap mask",
    )


def nasty() -> Plan[TorchCall]:
    """Ids that are no identifiers, or that mean something else to PyTorch or Python."""
    pad = TorchCall(
        "nn.ZeroPad2d", (("padding", (0, 1, 0, 1)),), 1, "F.pad({0}, (0, 1, 0, 1))", "pad"
    )
    padded = (pad, conv(4, 4, 2), RELU)
    chain: Body = [
        Apply("x", padded[:2], ("x",), text("1"), "conv"),
        layer("x", RELU, "x", "type", "relu"),
        layer("x", RELU, "x", "lambda", "relu"),
        layer("x", RELU, "x", "1_1", "relu"),
        layer("x", conv(4, 4, 1), "x", "conv1", "conv"),
        layer("x", norm(4), "x", "3x3", "batch_norm"),
        layer("x", norm(4), "x", "0_bn", "batch_norm"),
        layer("x", norm(4), "x", "", "batch_norm"),
        layer("x", norm(4), "x", "__x__", "batch_norm"),
        CountLoop(
            "number",
            code("1"),
            code("3"),
            [layer("x", conv(4, 4, 1), "x", code('f"{number}_conv"'), "conv")],
        ),
    ]
    first = unit("None", chain)
    second = unit(
        "nn",
        [
            Apply("x", padded, ("x",), text("forward"), "conv"),
            Branch(code("training"), [layer("x", norm(4), "x", "training", "batch_norm")]),
            layer("x", conv(4, 4, 1), "x", "2_conv", "conv"),
        ],
        parameters="training=True",
        about='"""; import os; \\',
    )
    main: Body = [
        invoke("x", first, "x", "0"),
        invoke("x", second, "x", "1"),
        invoke("x", second, "x", "eval", training="False"),
    ]
    return network("f", main, [first, second], inputs={"x": "(8, 8, 4)"})


def symbols() -> Plan[TorchCall]:
    """Arguments that are expressions, functions of the language, modules that PyTorch lacks."""
    same = TorchCall(
        "Conv2dSame",
        (
            ("in_channels", of("channels")),
            ("out_channels", of("divisible(channels * width)")),
            ("kernel_size", of("kernel")),
            ("stride", 2),
        ),  # type: ignore[arg-type]
        3,
    )
    kind = symbolic("relu", code("activation"))
    assert isinstance(kind, SymbolicStr)
    block = unit(
        "block",
        [
            layer("x", same, "x", code('f"conv{number}"'), "conv"),
            layer(
                "x",
                TorchCall("Activation", (("kind", kind),)),
                "x",
                code('f"conv{number}_activation"'),
                "activation",
            ),
            Local("unused", code("channels * 2")),
        ],
        parameters="channels width kernel activation number",
    )
    table = Table(
        "BLOCKS", ("kernel", "activation"), rows((3, "relu"), ((1, 3), "silu"), (5, "gelu"))
    )
    learner = unit(
        "learner",
        [
            Local("channels", code("3")),
            TableLoop(
                table,
                "index",
                0,
                [
                    invoke(
                        "x",
                        block,
                        "x",
                        code('f"{index}"'),
                        channels="channels",
                        width="width",
                        kernel="kernel",
                        activation="activation",
                        number="index",
                    ),
                    Local("channels", code("divisible(channels * width)")),
                ],
            ),
        ],
        parameters="width",
    )
    mean = TorchCall("GlobalAvgPool", expression="{0}.mean((2, 3))")
    task = unit("task", [layer("x", mean, "x", "pool", "global_avg_pool")])
    main: Body = [invoke("x", learner, "x", width="width"), invoke("x", task, "x")]
    return network(
        "symbols",
        main,
        [learner, block, task],
        tables=[table],
        knobs={"width": "4.0"},
        functions=("divisible",),
    )


PLANS = (residual, branches, streams, loops, several, nasty, symbols)
