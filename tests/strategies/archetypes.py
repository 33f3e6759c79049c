"""Blocks as papers have them, each with parts that may be left out or said otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.strategies.choices import Chooser
from tests.strategies.naive_parts import Data


@dataclass
class Archetype:
    """The data of a block, and the kind of each of its args; `examples` are worth a try."""

    body: Data
    kinds: dict[str, str]
    examples: dict[str, object] = field(default_factory=dict)


def _named(choose: Chooser, name: str, step: Data) -> Data:
    return {"id": name, **step} if choose.chance(2) else step


def _norm(choose: Chooser) -> list[object]:
    return choose.pick(["norm"], ["batch_norm"], [], [{"id": "bn", "norm": None}], ["layer_norm"])


def unit(choose: Chooser, _rank: int) -> Archetype:
    """Convolution, normalisation, activation."""
    args: Data = {"filters": "required", "kernel": 3, "stride": 1}
    conv: Data = {"filters": "=", "kernel": "=", "stride": "=", "bias": False}
    kinds = {"filters": "filters", "kernel": "kernel", "stride": "stride"}
    for name, kind, default in (
        ("dilation", "dilation", 1),
        ("padding", "padding", None),
        ("groups", "divisor", 1),
    ):
        if choose.chance(2):
            args[name], conv[name], kinds[name] = default, "=", kind
    tail: list[object] = choose.pick(["relu"], [], ["activation"])
    if choose.chance(2):
        args["act"], kinds["act"] = choose.pick(None, "relu", "linear"), "activation"
        tail = [{"activation": "=act"}]
    if choose.chance(3):
        args["normed"], kinds["normed"] = "=filters > 4", "flag"
        tail = [{"norm": None, "when": "=normed"}, *tail]
    steps = [_named(choose, choose.pick("conv", "", "1"), {"conv": conv}), *_norm(choose), *tail]
    return Archetype({"args": args, "steps": steps}, kinds)


def residual(choose: Chooser, _rank: int) -> Archetype:
    """A residual block with a projection where the shape changes."""
    project = choose.pick("=stride != 1 or input.channels != filters", True)
    args: Data = {"filters": "required", "stride": 1, "project": project}
    kinds = {"filters": "filters", "stride": "stride"}
    second: Data = {"filters": "=filters", "kernel": 3}
    if choose.chance(2):
        args["dilation"], second["dilation"], kinds["dilation"] = 1, "=", "dilation"
    shortcut: Data = {"conv": {"filters": "=", "kernel": 1, "stride": "="}, "when": "=project"}
    deep = [
        _named(choose, "1", {"conv": {"filters": "=", "kernel": 3, "stride": "="}}),
        *_norm(choose),
        "relu",
        _named(choose, "2", {"conv": second}),
    ]
    if choose.chance(3):
        args["rate"], kinds["rate"] = 0, "rate"
        deep.append({"drop_path": "=rate"})
    first = [_named(choose, "0", shortcut), *([] if choose.chance(2) else ["norm"])]
    add = {"shortcut": first if choose.chance(4) else [shortcut], "residual": deep}
    steps = [_named(choose, "add", {"add": add}), *choose.pick(["relu"], [])]
    return Archetype({"args": args, "steps": steps}, kinds)


def inverted(choose: Chooser, _rank: int) -> Archetype:
    """An inverted residual, with squeeze and excitation if it is asked for."""
    hidden = choose.pick("=input.channels * expand", "=max(2, int(input.channels * expand))")
    args: Data = {"filters": "required", "stride": 1, "expand": 2, "hidden": hidden, "squeeze": 0}
    kinds = {"filters": "filters", "stride": "stride", "expand": "times", "squeeze": "times"}
    widen = [{"id": "expand", "conv": {"filters": "=hidden", "kernel": 1}}, *_norm(choose), "relu"]
    gate = [
        {"global_avg_pool": {"keepdims": True}},
        {"conv": {"filters": "=squeeze", "kernel": 1, "activation": "relu"}},
        {"conv": {"filters": "=hidden", "kernel": 1, "activation": "sigmoid"}},
    ]
    excite = {"id": "se", "multiply": {"x": [], "gate": gate}, "when": "=squeeze > 0"}
    narrow = [{"id": "dw", "depthwise_conv": {"kernel": 3, "stride": "="}}, "relu"]
    rest: list[object] = [excite, {"id": "project", "conv": {"filters": "=", "kernel": 1}}]
    joined: Data = {
        "steps": [{"add": {"residual": [], "shortcut": [{"from": "input"}]}}],
        "when": "=stride == 1 and input.channels == filters",
    }
    steps = [{"steps": widen, "when": "=expand != 1"}, *narrow, *rest, joined]
    return Archetype({"args": args, "steps": steps}, kinds)


def dense_layer(choose: Chooser, _rank: int) -> Archetype:
    """What comes in, joined with what a convolution makes of it."""
    args: Data = {"growth": "required", "rate": 0}
    new = [*_norm(choose), "relu", {"conv": {"filters": "=growth", "kernel": 3}}]
    new += [{"dropout": "=rate"}]
    return Archetype(
        {"args": args, "steps": [{"concat": {"old": [], "new": new}}]},
        {"growth": "filters", "rate": "rate"},
    )


def repeated(choose: Chooser, _rank: int) -> Archetype:
    """Convolutions that repeat, as wide as the round says."""
    args: Data = {"times": 2, "width": choose.pick(4, "=input.channels")}
    filters = choose.pick("=width", "=width * repeat.number", "=width if repeat.last else 4")
    step: Data = {"conv": {"filters": filters, "kernel": 3}, "repeat": "=times"}
    if choose.chance(2):
        step["id"] = choose.pick("c$(repeat.number)", "$(letter(repeat.index))")
    if choose.chance(3):
        step["when"] = "=not repeat.first or times > 1"
    return Archetype(
        {"args": args, "steps": [step, "relu"]}, {"times": "times", "width": "filters"}
    )


def shuffled(_choose: Chooser, _rank: int) -> Archetype:
    """Half of the channels convolved, all of them shuffled."""
    half = [
        {"slice": {"part": 1, "of": 2}},
        {"conv": {"filters": "=here.channels", "kernel": 3}},
    ]
    paths = {"kept": {"slice": {"part": 0, "of": 2}}, "made": half}
    steps = [{"concat": paths}, {"channel_shuffle": 2}]
    return Archetype({"steps": steps}, {})


def transformer(choose: Chooser, rank: int) -> Archetype:
    """Attention and a perceptron on tokens, each beside its shortcut."""
    heads = {"id": "attn", "attention": "=heads"}
    mixer: list[object] = ["layer_norm", heads if rank == 1 else {"dense": "=here.channels"}]
    wide: list[object] = [
        "layer_norm",
        {"dense": {"units": "=ratio * here.channels", "activation": "gelu"}},
        {"dense": "=input.channels"},
    ]
    scale = [{"layer_scale": 0.1}] if choose.chance(2) else []
    steps = [
        {"add": {"shortcut": [], "mixed": [*mixer, *scale]}},
        {"add": {"shortcut": [], "wide": [*wide, *scale, {"drop_path": "=rate"}]}},
    ]
    args: Data = {"heads": 1, "ratio": 2, "rate": 0}
    kinds = {"heads": "divisor", "ratio": "times", "rate": "rate"}
    return Archetype({"args": args, "steps": steps}, kinds)


def forked(choose: Chooser, _rank: int) -> Archetype:
    """Two tensors come out."""
    steps = [
        {"id": "left", "conv": {"filters": "=width", "kernel": 3}},
        {"id": "right", "relu": None, **({"from": "input"} if choose.chance(2) else {})},
    ]
    outputs = choose.pick(["left", "right"], ["right", "left"])
    return Archetype(
        {"args": {"width": 4}, "steps": steps, "outputs": outputs}, {"width": "filters"}
    )


def joined(choose: Chooser, _rank: int) -> Archetype:
    """Two tensors come in."""
    second = [{"from": "p"}, {"conv": {"filters": "=x.channels", "kernel": 1}}]
    steps = [{choose.pick("concat", "average"): {"one": [], "two": second}}]
    return Archetype({"inputs": ["x", "p"], "steps": steps}, {})


def tail(choose: Chooser, _rank: int) -> Archetype:
    """A head: pooled, dropped out, classified."""
    pooled = choose.pick("global_avg_pool", "global_max_pool")
    args: Data = {"units": "required", "rate": 0.2, "act": None}
    steps = [pooled, {"dropout": "=rate"}, {"dense": {"units": "=", "activation": "=act"}}]
    return Archetype(
        {"args": args, "steps": steps}, {"units": "filters", "rate": "rate", "act": "activation"}
    )


def perceptron(choose: Chooser, _rank: int) -> Archetype:
    """Dense layers for vectors."""
    steps = [{"dense": {"units": "=", "activation": choose.pick("relu", "tanh")}}, *_norm(choose)]
    return Archetype({"args": {"units": "=input.channels"}, "steps": steps}, {"units": "filters"})


SPATIAL: tuple[Callable[[Chooser, int], Archetype], ...] = (
    *(unit, residual, inverted, dense_layer, repeated, shuffled, transformer, forked, joined, tail),
)
"""Blocks that need sides."""
VECTOR: tuple[Callable[[Chooser, int], Archetype], ...] = (perceptron, transformer)
"""Blocks for vectors."""
