"""Emitted files: made from a spec, stamped with what they were made from, checked later."""

from archc.emitted.check import Standing, check
from archc.emitted.command import EmitCommand, Language, command_for, read_command, shell_line
from archc.emitted.files import EmittedFile, emit, refuse_to_overwrite, target_of
from archc.emitted.stamp import Stamp, read_stamp, sealed, stamped_docstring

__all__ = [
    "EmitCommand",
    "EmittedFile",
    "Language",
    "Stamp",
    "Standing",
    "check",
    "command_for",
    "emit",
    "read_command",
    "read_stamp",
    "refuse_to_overwrite",
    "sealed",
    "shell_line",
    "stamped_docstring",
    "target_of",
]
