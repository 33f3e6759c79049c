"""Networks whose weights the machine can't hold: bad input, not a fault while they are made."""

from __future__ import annotations

import os

from archc.analyses import analyse
from archc.diagnostics import CompileError, Diagnostic
from archc.graph import Graph


def refuse_too_large(graph: Graph, number_bytes: int = 4, copies: int = 1) -> None:
    """Raise `CompileError` (`too-large`) where that many copies of the weights don't fit."""
    if not hasattr(os, "sysconf"):  # Windows
        return
    needed = analyse(graph).total.params * number_bytes * copies
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        shown, there = needed / 1e9, memory / 1e9
        message = f"the weights need {shown:,.0f} GB, and this machine has {there:,.0f} GB"
        raise CompileError([Diagnostic("too-large", message)])
