"""How large a text may be: what is beyond is an error, so that no input can exhaust the machine."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 1_000_000
"""The size of a file; the longest spec of the zoo is a hundredth of it."""

MAX_NODES: Final = 100_000
"""Nodes of a tree that has aliases, each written out: a chain of them grows exponentially."""

MAX_DEPTH: Final = 100
"""Collections inside one another, through aliases too: later stages walk the tree recursively."""

MAX_DIGITS: Final = 18
"""Digits of a whole number: what 64 bits hold for certain."""

MAX_CUTS: Final = 10
"""Cut expressions that are mended to look for further errors: each one costs a parse."""
