"""What every layer of the vocabulary is: its attributes, its shape rule, its weights, its cost."""

from abc import ABC, abstractmethod
from math import prod
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from archc.layers.shape import TensorShape


class Weight(NamedTuple):
    """One array of a layer: its name and shape as Keras has them."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True

    @property
    def size(self) -> int:
        return prod(self.shape)


class ShapeError(Exception):
    """A layer does not fit the tensor that enters it.

    `message` is short: the boundary that catches it adds the place and the way there.
    `shape` is the shape that the layer would give all the same, where there is one, so that
    what follows can still be checked.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        helps: tuple[str, ...] = (),
        shape: TensorShape | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.helps = helps
        self.shape = shape
        super().__init__(message)


class Layer(BaseModel, ABC):
    """A layer with its attributes, all values known. Immutable, hashable, no framework."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    verb: ClassVar[str]
    """The word that the language has for the layer."""

    main: ClassVar[str | None] = None
    """The attribute that a bare scalar stands for: `dropout: 0.2`."""

    @abstractmethod
    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        """The shape that the layer gives. Raises `ShapeError` where an input does not fit."""

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        """The layer's arrays in Keras's order; none for most layers."""
        return ()

    def macs(self, *inputs: TensorShape) -> int:
        """Multiply-adds of convolutions, dense layers and matrix products; 0 for all others."""
        return 0
