"""Merges: layers of several inputs."""

from __future__ import annotations

from archc.targets.torch.lowering.call import TorchCall


def add(count: int) -> TorchCall:
    return TorchCall(expression=" + ".join(_tensors(count)))


def multiply(count: int) -> TorchCall:
    return TorchCall(expression=" * ".join(_tensors(count)))


def average(count: int) -> TorchCall:
    return TorchCall(expression=f"({' + '.join(_tensors(count))}) / {count}")


def maximum(count: int) -> TorchCall:
    first, *others = _tensors(count)
    for other in others:
        first = f"torch.maximum({first}, {other})"
    return TorchCall(expression=first)


def concat(count: int) -> TorchCall:
    return TorchCall(expression=f"torch.cat([{', '.join(_tensors(count))}], dim=1)")


def _tensors(count: int) -> list[str]:
    return [f"{{{number}}}" for number in range(count)]
