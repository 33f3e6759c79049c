"""Every shipped spec at its own size, emitted for Keras and PyTorch, in numbers: `make verify`.

The tests do the same at smaller sizes where a network is large. Ends with 1 where any is not equal.
"""

from __future__ import annotations

import sys
import time

import archc
from archc.layers import Conv
from archc.verification import verify
from tests.test_emission_equality import TARGETS, smallest


def main() -> int:
    failed = 0
    for name in archc.zoo():
        reference = smallest(name)
        spec = archc.load(reference)
        started = time.monotonic()
        # TensorFlow compiles each grouped convolution in float64, for minutes.
        grouped = any(isinstance(n.layer, Conv) and n.layer.groups > 1 for n in spec.graph())
        results = verify(spec, TARGETS, dtype="float32" if grouped else None)
        seconds = time.monotonic() - started
        differences = [max(o.difference for o in result.outputs) for result in results]
        told = "  ".join(f"{difference:8.1e}" for difference in differences)
        passed = all(result.passed for result in results)
        failed += not passed
        mark = "equal" if passed else "NOT EQUAL"
        sys.stdout.write(f"{reference:28} {results[0].dtype}  {told}  {seconds:4.0f} s  {mark}\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
