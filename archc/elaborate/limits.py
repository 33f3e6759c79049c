"""How large a network may become: a spec from a stranger ends quickly, whatever it asks for."""

MAX_NODES = 200_000
"""Layers of one network."""

MAX_STEPS = 1_000_000
"""Steps that are carried out, those that make no layer included."""

MAX_DEPTH = 60
"""Blocks, paths and sequences inside one another."""
