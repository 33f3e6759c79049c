"""What a spec sets for all of it: defaults of layers, and variants of its args."""

from __future__ import annotations

from archc.layers.names import INITIALIZERS, PARAMETERLESS
from tests.strategies.choices import Chooser
from tests.strategies.expressions import known, written
from tests.strategies.naive_parts import Data
from tests.strategies.naive_spec import network, spec_frame
from tests.strategies.values import Refused
from tests.strategies.words import VARIANTS

DEFAULTS: dict[str, tuple[object, ...]] = {
    "conv": (
        {"bias": False},
        {"kernel": 3},
        {"bias": False, "padding": "symmetric", "init": "he_normal"},
        *({"init": init} for init in INITIALIZERS),
    ),
    "batch_norm": (1e-5, {"epsilon": 0.01, "momentum": 0.9}, {"scale": False}),
    "norm": ("layer_norm", {"kind": "batch_norm"}, "none"),
    "activation": ("silu", {"kind": "leaky_relu"}, *PARAMETERLESS),
    "dropout": (0.5, {"rate": 0.1}),
    "leaky_relu": (0.3,),
    "dense": ({"activation": "relu"}, {"bias": False}),
    "max_pool": ({"size": 3, "stride": 2}, {"padding": "symmetric"}),
    "group_norm": (1, {"groups": 2}),
    "layer_norm": ({"epsilon": 1e-5},),
}


def draw_defaults(choose: Chooser, args: dict[str, object]) -> Data:
    """Some of the defaults, now and then by an arg of the spec."""
    names = known(spec_frame({"args": args}).names())
    given: Data = {}
    while len(given) < 4 and choose.more(3):
        verb = str(choose.pick(*sorted(DEFAULTS)))
        value = choose.pick(*DEFAULTS[verb])
        if isinstance(value, dict):
            value = {key: written(choose, each, key, names) for key, each in value.items()}
        given[verb] = value
    return given


def draw_variants(choose: Chooser, data: Data) -> None:
    """Variants whose values the spec bears; the first has the values that it was drawn with."""
    args = data["args"]
    plain = [name for name, value in args.items() if type(value) in (int, float, bool)]
    first = choose.pick(*VARIANTS)
    own = {name: args[name] for name in plain if choose.chance(2)}
    data["variants"] = {first: own}
    data["args"] = {
        name: "required" if name in own and choose.chance(2) else value
        for name, value in args.items()
    }
    if choose.chance(3):
        data["name"] = f"{data['name'][:20]}_$(variant)"
    for _ in range(2):
        name = choose.pick(*VARIANTS)
        values = {key: _another(choose, value) for key, value in own.items()}
        if name not in data["variants"] and _bears(data, name, values):
            data["variants"][name] = values


def _another(choose: Chooser, value: object) -> object:
    if isinstance(value, bool):
        return not value
    return choose.pick(value, value + 1, value * 2) if type(value) is int else value


def _bears(data: Data, name: str, values: dict[str, object]) -> bool:
    tried = {**data, "variants": {**data["variants"], name: values}}
    try:
        return len(network(tried, name).nodes) < 80
    except Refused:
        return False
