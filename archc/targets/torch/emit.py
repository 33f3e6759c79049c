"""The emitter: a plan as the source of a class that is the PyTorch model."""

from __future__ import annotations

from pathlib import Path

from archc.emission.plan import Plan
from archc.emission.printing import render
from archc.targets.torch.emit_errors import CannotPrint
from archc.targets.torch.emit_names import reserved
from archc.targets.torch.lowering.call import TorchCall
from archc.targets.torch.view_file import file_view, main_class

__all__ = ["CannotPrint", "emit", "main_class", "reserved"]


def emit(plan: Plan[TorchCall], docstring: str, templates: Path | None = None) -> str:
    """The Python source of a plan, formatted. It imports PyTorch, and nothing of archc.

    `docstring` stands at the top of the file; the network is the class `main_class(plan)`.
    Templates in the folder `templates` come before those of the same name in archc's own
    `templates/torch`.

    Raises `CompileError`, with the file and the line, where one of these templates fails, and
    `CannotPrint` where a plan with less structure is needed.
    """
    return render("file.jinja", "torch", {"file": file_view(plan, docstring)}, templates)
