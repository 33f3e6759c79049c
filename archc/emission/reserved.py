"""Names that an emitted file has a meaning for."""

from __future__ import annotations

from archc.emission.variables import identifier

RESERVED = frozenset(
    [
        "x",
        "name",
        "inputs",
        "self",
        "model",
        "keras",
        "layers",
        "ops",
        "math",
        "torch",
        "nn",
        "F",
        "partial",
        "Input",
        "Model",
        "functional",
        "GROUPS",
        "table",
        "range",
        "sum",
        "len",
        "min",
        "max",
        "abs",
        "int",
        "round",
        "tuple",
        "enumerate",
        "zip",
        "print",
        "super",
        "divisible",
        "round_to",
        "letter",
        "unique",
        "count",
        "forward",
        "training",
        "pad_same",
        "pad_window",
        "side_pads",
        "standardized",
        "transposed_cut",
    ]
)
"""Names that parameters and locals never have: the emitted file gives them a meaning."""

FOR_TENSORS = frozenset({"x", "inputs"})
"""Those of them that tensors are called by."""

PARTS = frozenset({"stem", "learner", "task", "group"})
"""The units that any file may have, besides blocks."""


def network_name(name: str) -> str:
    """A network's name as the function that makes it."""
    made = identifier(name, "network_")
    return f"{made}_network" if made in RESERVED or made in PARTS else made


def entry_name(name: str) -> str:
    """The name of one of several inputs as a variable."""
    made = identifier(name, "input_")
    return f"{made}_input" if made in RESERVED or made in PARTS else made
