"""The command line: one module a command, loaded when it is called."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> None:
    """Run `archc`. Ends the process: 0 fine, 1 a check failed, 2 bad input, 70 a fault of archc."""
    from archc.cli.boundary import run

    sys.exit(run(arguments))
