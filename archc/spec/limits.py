"""How many files a spec may reach, so that no chain of them takes long."""

from __future__ import annotations

from typing import Final

MAX_LIBRARIES: Final = 200
"""Entries of `use:`, those of the spec, of what it extends and of all libraries together."""

MAX_CHAIN: Final = 20
"""Files that use or extend one another in a row."""
