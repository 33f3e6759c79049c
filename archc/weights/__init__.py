"""Weights by name, between Keras models, PyTorch modules, and safetensors files.

The neutral form is `Weights`: a dict from `node/weight` (`conv1_bn/moving_variance`) to an array,
with the names and layouts that `Graph.weights` lists, which are Keras's. Whatever is loaded is
loaded whole or not at all.
"""

from archc.weights.arrays import Weights, expected
from archc.weights.files import load, save
from archc.weights.keras_model import from_keras, into_keras
from archc.weights.random_values import random
from archc.weights.reading import read
from archc.weights.torch_module import from_torch, into_torch

__all__ = [
    "Weights",
    "expected",
    "from_keras",
    "from_torch",
    "into_keras",
    "into_torch",
    "load",
    "random",
    "read",
    "save",
]
