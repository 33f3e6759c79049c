"""The command line: one module a command, loaded when it is called."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper


def main(arguments: list[str] | None = None) -> None:
    """Run `archc`. Ends the process: 0 fine, 1 a check failed, 2 bad input, 70 a fault of archc."""
    # Looking for plug-ins of pydantic, which archc has none of, would cost every start 25 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # What is imported stays: to look for garbage meanwhile finds none and costs a tenth of a start.
    gc.set_threshold(100_000, 50, 100)
    for stream in (sys.stdout, sys.stderr):
        # A file or a pipe on Windows may lack `→` and `─`.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    from archc.cli.boundary import run

    code = run(arguments)
    # Nor is there anything to gain from looking for garbage at the end: that took a fifth.
    gc.freeze()
    sys.exit(code)
