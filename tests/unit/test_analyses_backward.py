"""What training keeps, layer by layer, worked out by hand from each layer's derivative."""

from __future__ import annotations

import pytest

from archc.analyses import Conditions, analyse
from archc.analyses.backward import _RULES, Needs, all_needs
from archc.analyses.conditions import PRECISIONS
from archc.layers import LAYERS, MERGES, Input
from tests.networks import elaborated


def needs(step: str, shape: str = "[4, 6, 8]") -> Needs:
    graph = elaborated(f"input: {shape}\nstem:\n- {step}\n")
    return all_needs(graph)[-1]


def test_every_layer_has_a_rule() -> None:
    layers = {verb.layer for verb in (*LAYERS.values(), *MERGES.values())} | {Input}
    assert _RULES.keys() == layers


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        # dK = x ⋆ dy needs x; relu's slope follows from y; gelu's needs what came before it
        ("conv: {filters: 2, kernel: 3}", Needs(inputs=True, trains=True)),
        ("conv: {filters: 2, kernel: 3, activation: relu}", Needs(True, True, trains=True)),
        ("conv: {filters: 2, kernel: 3, activation: gelu}", Needs(True, kept=48, trains=True)),
        # the depthwise half gives 4·6 positions of 8 channels to the pointwise half
        ("separable_conv: {filters: 2, kernel: 3}", Needs(True, inner=192, trains=True)),
        ("batch_norm", Needs(inputs=True, shared=16, trains=True)),
        ("layer_norm", Needs(inputs=True, kept=48, trains=True)),
        ("group_norm: 4", Needs(inputs=True, kept=8, trains=True)),
        ("relu", Needs(output=True)),
        ("sigmoid", Needs(output=True)),
        ("softmax", Needs(output=True)),
        ("gelu", Needs(inputs=True)),
        ("silu", Needs(inputs=True)),
        ("leaky_relu", Needs(inputs=True)),
        ("max_pool", Needs(inputs=True, output=True)),
        ("avg_pool", Needs()),
        ("global_avg_pool", Needs()),
        ("dropout: 0.5", Needs(mask=192)),
        ("drop_path: 0.5", Needs(mask=1)),
        ("layer_scale", Needs(inputs=True, trains=True)),
        ("upsample", Needs()),
        ("flatten", Needs()),
    ],
)
def test_what_the_derivative_needs(step: str, expected: Needs) -> None:
    assert needs(step) == expected


def test_attention_keeps_its_parts() -> None:
    # query, key, value and the weighted values: 4 · 10 · 8; and 2 heads of 10 × 10 weights
    assert needs("attention: 2", "[10, 8]") == Needs(inputs=True, inner=320 + 200, trains=True)


RESIDUAL = """
input: [8, 8, 3]
stem:
- {id: c1, conv: {filters: 4, kernel: 3, bias: false}}
- {id: b1, batch_norm: }
- {id: r1, relu: }
learner:
- add:
    shortcut: []
    residual: [{id: c2, conv: {filters: 4, kernel: 3}}]
- {id: r2, relu: }
task:
- {id: drop, dropout: 0.5}
- {id: flat, flatten: }
- {id: head, dense: 10}
"""


def test_each_tensor_is_kept_once() -> None:
    graph = elaborated(RESIDUAL)
    kept = {n.name: s for n, s in zip(graph, analyse(graph).saved, strict=True)}
    elements = {name: saved.elements for name, saved in kept.items()}
    assert elements == {
        "input": 192,  # for the kernel of c1
        "c1": 256,  # for b1
        "b1": 0,
        "r1": 256,  # for itself and for the kernel of c2: once
        "c2": 0,  # a sum needs none of its terms
        "add": 0,
        "r2": 256,
        "drop": 256,  # for the kernel of head, which takes it through flat
        "flat": 0,
        "head": 0,
    }
    assert kept["b1"].shared == 8
    assert kept["drop"].mask == 256
    costs = analyse(graph).costs(Conditions(batch=3))
    assert costs.training_memory == 4 * (3 * (192 + 4 * 256) + 8) + 3 * 256
    mixed = analyse(graph).costs(Conditions(batch=3, precision=PRECISIONS["mixed"]))
    assert mixed.training_memory == 2 * (3 * (192 + 4 * 256) + 8) + 3 * 256


def test_what_no_gradient_passes_keeps_nothing() -> None:
    text = "input: [8, 8, 3]\nstem:\n- max_pool\n- relu\n- {id: c, conv: {filters: 1, kernel: 1}}\n"
    kept = [saved.elements for saved in analyse(elaborated(text)).saved]
    assert kept == [0, 0, 48, 0]
