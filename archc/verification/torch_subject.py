"""A PyTorch module as a network to compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from archc.graph import Graph
from archc.verification.precision import Dtype
from archc.verification.subject import Arrays

if TYPE_CHECKING:
    import numpy as np

    from archc.weights import Weights


_BATCHES = "num_batches_tracked"


@dataclass(frozen=True, slots=True)
class _Place:
    """The path of a module, and whether what enters it is meant, or what it gives."""

    path: str
    enters: bool


@dataclass(frozen=True, slots=True)
class TorchSubject:
    """A module that takes and gives tensors with the channels behind the batch.

    `places` tells where in it the outputs of nodes can be seen.
    """

    module: Any
    graph: Graph
    places: Mapping[str, _Place]

    @classmethod
    def made(
        cls,
        construct: Callable[[], Any],
        graph: Graph,
        weights: Weights,
        paths: Mapping[str, tuple[str, ...]],
        dtype: Dtype,
    ) -> TorchSubject:
        """The module that `construct` gives, with these weights, ready to predict."""
        import torch

        from archc.weights import into_torch

        default = torch.get_default_dtype()
        with torch.random.fork_rng(devices=[]):
            try:
                # What is made in another format, and then cast, is rounded already.
                torch.set_default_dtype(getattr(torch, dtype))
                module = construct().eval()
            finally:
                torch.set_default_dtype(default)
        into_torch(module, graph, weights, paths)
        return cls(module, graph, _places(graph, paths))

    @property
    def parameters(self) -> int:
        held = self.module.state_dict().items()
        # PyTorch counts batches besides, which no output depends on.
        return sum([each.numel() for name, each in held if not name.endswith(_BATCHES)])

    def outputs(self, inputs: Arrays) -> list[np.ndarray]:
        given = self._run(inputs)
        tensors = given if isinstance(given, list | tuple) else [given]
        return [_channels_last(tensor) for tensor in tensors]

    def layers(self, inputs: Arrays, names: Iterable[str]) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        handles = []
        try:
            for name in names:
                if name in self.places:
                    holder = self.module.get_submodule(self.places[name].path)
                    hook = partial(self._keep, found, name)
                    handles.append(holder.register_forward_hook(hook))
            if handles:
                self._run(inputs)
        finally:
            for handle in handles:
                handle.remove()
        return found

    def _keep(
        self, found: dict[str, np.ndarray], name: str, _module: Any, inputs: Any, output: Any
    ) -> None:
        """What PyTorch calls when a module has run."""
        tensor = (inputs[0] if self.places[name].enters else output).clone()
        shape, moved = self.graph.by_name[name].shape, _channels_last(tensor)
        # A linear layer may stand where the channels are last for a moment.
        found[name] = moved if moved.shape[1:] == shape else tensor.numpy()

    def _run(self, inputs: Arrays) -> Any:
        import numpy as np
        import torch

        tensors = [torch.from_numpy(np.moveaxis(each, -1, 1).copy()) for each in inputs]
        with torch.no_grad():
            return self.module(*tensors)


def _places(graph: Graph, paths: Mapping[str, tuple[str, ...]]) -> dict[str, _Place]:
    """Where the outputs of nodes can be seen: around the modules that have weights.

    A node that ends in such a module has its output there. What enters one is the output of the
    node before. All else may be part of a larger expression.
    """
    from archc.targets.torch.lowered import lower_graph

    given, entering = {}, {}
    for node, calls in zip(graph, lower_graph(graph), strict=True):
        if node.name not in paths:
            continue
        if calls[-1].weights:
            given[node.name] = _Place(paths[node.name][-1], enters=False)
        if calls[0].weights:
            before = graph.nodes[node.inputs[0]].name
            entering[before] = _Place(paths[node.name][0], enters=True)
    return entering | given


def _channels_last(tensor: Any) -> np.ndarray:
    import numpy as np

    return np.moveaxis(tensor.numpy(), 1, -1)
