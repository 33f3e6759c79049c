"""Networks of timm, where that is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from archc.diagnostics import CompileError, Diagnostic, one_of
from archc.graph import Graph
from archc.verification.precision import Dtype
from archc.verification.subject import Arrays

if TYPE_CHECKING:
    import numpy as np

_BATCHES = "num_batches_tracked"


@dataclass(frozen=True, slots=True)
class TimmNetwork:
    """A module that takes and gives tensors with the channels behind the batch."""

    module: Any

    @property
    def parameters(self) -> int:
        return sum([tensor.numel() for tensor in self._tensors().values()])

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(tensor.shape) for name, tensor in self._tensors().items()}

    def fill(self, values: Mapping[str, np.ndarray]) -> None:
        tensors = self._tensors()
        for name, array in values.items():
            tensors[name].copy_(tensors[name].new_tensor(array))

    def outputs(self, inputs: Arrays) -> list[np.ndarray]:
        import numpy as np
        import torch

        tensors = [torch.from_numpy(np.moveaxis(each, -1, 1).copy()) for each in inputs]
        with torch.no_grad():
            given = self.module(*tensors)
        outputs = given if isinstance(given, list | tuple) else [given]
        return [np.moveaxis(each.numpy(), 1, -1) for each in outputs]

    def _tensors(self) -> dict[str, Any]:
        """What is learned or measured: no numbers of batches, no tables of positions."""
        held = self.module.state_dict().items()
        return {
            name: tensor
            for name, tensor in held
            if tensor.is_floating_point() and not name.endswith(_BATCHES)
        }


def timm_network(name: str, graph: Graph, dtype: Dtype) -> TimmNetwork:
    """The network of that name without trained weights, for a graph's input and classes.

    Raises `CompileError` (`reference`) where timm is missing, has no such network, or can't make
    it like that.
    """
    timm = _timm(name)
    known = timm.list_models()
    if name not in known and not timm.is_model(name):
        helps = (one_of(name, known, "networks there"),)
        raise CompileError([Diagnostic("reference", f"timm has no network `{name}`", helps=helps)])
    shape = graph.nodes[graph.inputs[0]].shape
    options: dict[str, object] = {
        "in_chans": shape.channels,
        "num_classes": graph.nodes[graph.outputs[0].node].shape.channels,
    }
    trained = timm.get_pretrained_cfg(name)
    if trained is not None and trained.fixed_input_size:
        options["img_size"] = shape.sides
    try:
        with _made_in(dtype):
            return TimmNetwork(timm.create_model(name, pretrained=False, **options).eval())
    # What is wrong with an option surfaces anywhere in the network's code.
    except Exception as error:
        message = f"timm can't make `{name}` for inputs of {shape}"
        notes = (str(error).strip().partition("\n")[0],)
        raise CompileError([Diagnostic("reference", message, notes=notes)]) from None


def _timm(name: str) -> Any:
    """timm itself. Raises `CompileError` where it is not there or does not load."""
    if find_spec("timm") is None or find_spec("torch") is None:
        message = f"timm is needed to make `{name}`, and is not installed"
        helps = ("install it: pip install 'archc[oracle]'",)
        raise CompileError([Diagnostic("reference", message, helps=helps)])
    _leave_out_triton()
    _define_operators()
    try:
        return import_module("timm")
    except Exception as error:
        notes = (str(error).strip().partition("\n")[0],)
        raise CompileError([Diagnostic("reference", "timm does not load", notes=notes)]) from None


def _leave_out_triton() -> None:
    """Let torchvision take Triton for missing where TensorFlow has been loaded.

    A process that loads Triton after TensorFlow crashes: each has an LLVM of its own. A PyTorch
    for GPUs brings it along; no network here is compiled with it.
    """
    if "tensorflow" in sys.modules and "triton" not in sys.modules:
        sys.modules["triton"] = None  # type: ignore[assignment]


def _define_operators() -> None:
    """Let torchvision, which timm imports, load without its own operators.

    They don't load against a PyTorch for CPUs alone, and no network here uses them.
    """
    import torch

    with suppress(Exception):
        import_module("torchvision")
        return
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _KEPT.append(library)


_KEPT: list[Any] = []
"""Operators that are defined: they go with the object that defined them."""


@contextmanager
def _made_in(dtype: Dtype) -> Iterator[None]:
    """PyTorch with this number format and random numbers of its own."""
    import torch

    default = torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]):
        try:
            # What is made in another format, and then cast, is rounded already.
            torch.set_default_dtype(getattr(torch, dtype))
            yield
        finally:
            torch.set_default_dtype(default)
