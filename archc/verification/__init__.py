"""Emitted source, run and held against archc's own Keras model with the same weights.

Nothing of a framework is loaded before `verify` is called.
"""

from archc.verification.compare import verify, verify_sources
from archc.verification.precision import DTYPES, Dtype
from archc.verification.results import LayerDifference, OutputDifference, Verification
from archc.verification.sizes import at_side

__all__ = [
    "DTYPES",
    "Dtype",
    "LayerDifference",
    "OutputDifference",
    "Verification",
    "at_side",
    "verify",
    "verify_sources",
]
