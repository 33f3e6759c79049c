"""How many files a spec may reach, so that no chain of them takes long."""

from __future__ import annotations

from typing import Final

MAX_LIBRARIES: Final = 200
"""Entries of `use:`, those of the spec, of what it extends and of all libraries together."""

MAX_KEPT: Final = 100_000
"""Characters of a file whose tree is kept for the next time; a tree takes far more memory."""

MAX_CHAIN: Final = 20
"""Files that use or extend one another in a row."""
