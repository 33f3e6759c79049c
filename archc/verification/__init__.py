"""archc's own Keras model held against emitted source, and against networks of other libraries.

Nothing of a framework is loaded before `verify` is called.
"""

from archc.verification.compare import verify, verify_sources
from archc.verification.precision import DTYPES, Dtype
from archc.verification.references import Agreement, verify_against
from archc.verification.results import LayerDifference, OutputDifference, Verification
from archc.verification.sizes import at_side

__all__ = [
    "DTYPES",
    "Agreement",
    "Dtype",
    "LayerDifference",
    "OutputDifference",
    "Verification",
    "at_side",
    "verify",
    "verify_against",
    "verify_sources",
]
