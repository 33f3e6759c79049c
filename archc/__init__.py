"""archc: the declarative architecture compiler for neural networks.

    >>> import archc
    >>> archc.load("resnet50").graph().nodes[-1].shape
    (1000,)

`archc.emitted` writes specs as source, `archc.verification` runs such source, and `archc.weights`
moves weights between models and files:

    >>> from archc.emitted import emit
    >>> emit(archc.load("resnet50"), "torch").entry
    'Resnet50'

Importing archc, and everything but `Spec.build`, `verify` and what fills models with weights, loads
no deep learning framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archc.analyses import Analysis, analyse
    from archc.api import Spec, build, load, zoo
    from archc.diagnostics import CompileError
    from archc.graph import Graph, Node, TensorShape

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "CompileError",
    "Graph",
    "Node",
    "Spec",
    "TensorShape",
    "analyse",
    "build",
    "load",
    "zoo",
]

_HOMES = {
    "Analysis": "archc.analyses",
    "CompileError": "archc.diagnostics",
    "Graph": "archc.graph",
    "Node": "archc.graph",
    "Spec": "archc.api",
    "TensorShape": "archc.graph",
    "analyse": "archc.analyses",
    "build": "archc.api",
    "load": "archc.api",
    "zoo": "archc.api",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'archc' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
