"""The command line: one module a command, loaded when it is called."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from types import ModuleType

_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"
_PLUGIN_LOADER = "pydantic.plugin._loader"


class _NoPlugins(ModuleType):
    """Stands for pydantic's loader of plug-ins, and finds none."""

    @staticmethod
    def get_plugins() -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        # A pydantic that wants more of its loader gets it.
        sys.modules.pop(_PLUGIN_LOADER, None)
        return getattr(import_module(_PLUGIN_LOADER), name)


def main(arguments: list[str] | None = None) -> None:
    """Run `archc`. Ends the process: 0 fine, 1 a check failed, 2 bad input, 70 a fault of archc."""
    _leave_out_plugins()
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


def _leave_out_plugins() -> None:
    """Keep pydantic from looking for plug-ins, of which archc has none."""
    if _PLUGINS in os.environ:
        return
    os.environ[_PLUGINS] = "__all__"
    # Told not to look, pydantic still imports what it would look with, 50 modules from `email` to
    # `zipfile`: a twentieth of a start, and a tenth of one without compiled bytecode.
    sys.modules.setdefault(_PLUGIN_LOADER, _NoPlugins(_PLUGIN_LOADER))
