"""Did-you-mean: near misses are named, and only those."""

from __future__ import annotations

import time

import pytest

from archc.diagnostics import close_matches, one_of, strange_letter
from archc.layers import LAYERS


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rleu", ["relu", "relu6", "prelu"]),
        ("Conv", ["conv"]),
        ("Conv2D", ["conv"]),
        ("maxpool", ["max_pool"]),
        ("max-pool", ["max_pool"]),
        ("batchnorm", ["batch_norm"]),
        ("convolution", ["conv"]),
        ("softmx", ["softmax"]),
        ("globalaveragepooling", ["global_avg_pool"]),
        ("quux", []),
        ("bn", []),
        ("", []),
    ],
)
def test_layers(typed: str, meant: list[str]) -> None:
    assert close_matches(typed, LAYERS)[: max(1, len(meant))] == meant


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("eps", ["epsilon", "momentum"], ["epsilon"]),
        ("filter", ["filters", "kernel"], ["filters"]),
        ("ratio", ["filters", "dilation"], []),
        ("resnet5", ["vit", "resnet18", "resnet50"], ["resnet50", "resnet18"]),
        (
            "blocks/residul.yaml",
            ["blocks/conv.yaml", "blocks/residual.yaml"],
            ["blocks/residual.yaml"],
        ),
        ("abc", ["abc", "abc"], ["abc"]),
    ],
)
def test_others_are_no_match_beside_a_good_one(
    typed: str, known: list[str], meant: list[str]
) -> None:
    assert close_matches(typed, known) == meant


def test_a_help_names_what_was_meant_or_else_all_there_is() -> None:
    assert one_of("frist", ["first", "last"], "ids") == "did you mean `first`?"
    assert one_of("x", ["first", "last"], "ids") == "the ids are `first`, `last`"
    assert one_of("x", [], "ids") == "there are no ids"
    many = one_of("x", [f"name{number}" for number in range(25)], "ids")
    assert many.startswith("the ids are `name0`, ")
    assert many.endswith(", `name19` and 5 more")


def test_a_letter_that_only_looks_like_one_is_named() -> None:
    assert strange_letter("conv1") == ""
    assert strange_letter("my conv") == ""
    assert strange_letter("\u0441onv") == ", in which `\u0441` is U+0441"
    assert strange_letter("\uff43onv") == ", in which `\uff43` is U+FF43"


def test_it_takes_no_time_whatever_is_typed() -> None:
    started = time.process_time()
    close_matches("x" * 1_000_000, ["x" * 100_000] * 100)
    close_matches("abc", [f"{number}" * 20 for number in range(100_000)])
    assert time.process_time() - started < 1
