"""What a verification comes to."""

from __future__ import annotations

from dataclasses import dataclass

from archc.layers import TensorShape
from archc.verification.precision import ROUNDED_CONSTANTS, VISIBLE, Dtype, tolerance


@dataclass(frozen=True, slots=True)
class OutputDifference:
    """An output of the network: `difference` is the greatest between what the emitted source and
    the model give, and `contrast` that between what the model gives for two inputs. Both are
    relative to the greatest value that the model gives.
    """

    name: str
    difference: float
    contrast: float


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """The first layer of a component whose output is not equal, and how far it is off."""

    component: str
    layer: str
    difference: float


@dataclass(frozen=True, slots=True)
class Verification:
    """How emitted source compares with the model that archc builds itself.

    `target` is `keras` or `torch`; `inputs` are the network's, without the batch. `layers` are
    looked for where an output is not equal. `expected` and `parameters` are the numbers of the
    model's and of the source's weights, batch-norm statistics included. `rounded` are the verbs of
    layers that Keras computes less exactly than the source. `failure` tells why the source could
    not be run at all, if it could not; there are no `outputs` then.
    """

    target: str
    inputs: tuple[tuple[str, TensorShape], ...]
    dtype: Dtype
    expected: int
    rounded: tuple[str, ...] = ()
    parameters: int = 0
    outputs: tuple[OutputDifference, ...] = ()
    layers: tuple[LayerDifference, ...] = ()
    failure: str = ""

    @property
    def tolerance(self) -> float:
        """The relative difference up to which outputs are equal."""
        return tolerance(self.dtype, self.rounded)

    @property
    def blind(self) -> tuple[str, ...]:
        """The outputs that hardly depend on the inputs: that they are equal shows nothing."""
        least = VISIBLE * max(self.tolerance, ROUNDED_CONSTANTS)
        return tuple([output.name for output in self.outputs if not output.contrast > least])

    @property
    def equal(self) -> bool:
        """Whether all outputs are equal within the tolerance."""
        differences = [output.difference for output in self.outputs]
        return not self.failure and all(each <= self.tolerance for each in differences)

    @property
    def passed(self) -> bool:
        """Whether outputs and numbers of parameters are equal, and the outputs can be trusted."""
        return self.equal and not self.blind and self.parameters == self.expected
