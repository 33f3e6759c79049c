"""How large a network may become: a spec from a stranger ends quickly, whatever it asks for."""

MAX_NODES = 105_000
"""Layers of one network."""

MAX_STEPS = 200_000
"""Steps that are looked at, also those that make no layer or are left out, and groups' blocks."""

MAX_DEPTH = 60
"""Blocks, paths and sequences inside one another."""

MAX_TOLD = 2_000
"""Errors that are found, the same one in many blocks counted each time, until the search ends."""
