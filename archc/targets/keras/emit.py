"""The emitter: a plan as the source of a function that makes the Keras model."""

from __future__ import annotations

from pathlib import Path

from archc.emission.plan import Plan
from archc.emission.printing import render
from archc.targets.keras.lowering import KerasCall
from archc.targets.keras.view import file_view, reserved

__all__ = ["emit", "reserved"]


def emit(plan: Plan[KerasCall], docstring: str, templates: Path | None = None) -> str:
    """The Python source of a plan, formatted. It imports Keras, and nothing of archc.

    `docstring` stands at the top of the file. Templates in the folder `templates` come before
    those of the same name in archc's own `templates/keras`.

    Raises `CompileError`, with the file and the line, where one of these templates fails.
    """
    return render("file.jinja", "keras", {"file": file_view(plan, docstring)}, templates)
