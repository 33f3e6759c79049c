"""Stride policies in all their forms."""

from __future__ import annotations

from tests.strategies.body import Body, Signature
from tests.strategies.naive_parts import Data


def stride_policy(body: Body, count: int, chosen: list[Signature]) -> Data:
    """The key `stride_policy` with its value, or nothing."""
    if not any("stride" in s.kinds or s.name in _STRIDED for s in chosen):
        return {} if not body.chance(8) else {"stride_policy": body.pick(1, None)}
    if body.chance(3):
        return {}
    value = _policy(body, count)
    if body.chance(2) and isinstance(value, dict):
        value["on"] = body.pick("last_block", "first_block")
    dilates = any("dilation" in signature.kinds for signature in chosen)
    if isinstance(value, dict) and body.chance(2):
        value["output_stride"] = body.pick(2, 1, 4) if dilates else 8
    return {"stride_policy": value}


_STRIDED = ("conv", "separable_conv", "depthwise_conv")


def _policy(body: Body, count: int) -> object:
    form = body.pick("first and other", "list", "strides", "one", "first and other", "computed")
    strides = [body.pick(1, 2) for _ in range(count)]
    match form:
        case "one":
            return body.pick(2, 1)
        case "list":
            return strides
        case "strides":
            return {"strides": body.pick(2, strides)}
        case "computed":
            return body.pick(f"={strides}", f"=[1] + [2] * {count - 1}", "=2 if 1 > 0 else 1")
        case _:
            both = {"first_group": 1, "other_groups": 2}
            return body.pick(both, {"other_groups": 2}, {"first_group": 2}, {**both})
