"""A spec as the text of a file, and the file that may stand in its way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic
from archc.emitted.command import Language, command_for
from archc.emitted.stamp import read_stamp, sealed, stamped_docstring
from archc.graph import Graph
from archc.source import read_source


@dataclass(frozen=True, slots=True)
class EmittedFile:
    """The text of a file to be written, and the network that is in it.

    `entry` is the function or class that makes the network. `paths` are, for PyTorch, the modules
    that hold the weights of each node, as `archc.weights` takes them. `flat` says that the
    structure of the spec could not be kept: all layers of a component stand in a row.
    """

    text: str
    graph: Graph
    entry: str
    paths: dict[str, tuple[str, ...]]
    flat: bool = False


def emit(
    spec: Spec, language: Language = "python", *, templates: Path | None = None
) -> EmittedFile:
    """A spec as source that needs Keras or PyTorch alone, with its stamp. Loads neither.

    Templates in the folder `templates` take the place of archc's own: those in its folder `keras`
    or `torch`, and where it has none those in itself.

    Raises `CompileError`, also where the target lacks what a layer asks for, and where the
    templates fail, replace none of archc's or make another network.
    """
    from archc.targets.source import emit_source

    if templates is not None:
        from archc.emitted.template_names import check_names

        check_names(templates, target_of(language))
    graph = spec.graph()
    docstring = stamped_docstring(graph, spec.digest, command_for(spec, language, templates))
    emitted = emit_source(spec.assembled, target_of(language), docstring, templates)
    text = sealed(emitted.source)
    return EmittedFile(text, graph, emitted.entry, emitted.paths, emitted.flat)


def target_of(language: Language) -> str:
    """The target that makes a language: the Python of `--to python` is Keras's.

    Raises `ValueError` for a language that archc does not emit.
    """
    targets = {"python": "keras", "keras": "keras", "torch": "torch"}
    if language not in targets:
        raise ValueError(f"expected one of {', '.join(targets)}, found {language!r}")
    return targets[language]


def refuse_to_overwrite(path: Path) -> None:
    """Raise `CompileError` where a file stands that is not just what archc emitted."""
    if not path.exists():
        return
    try:
        stamp = read_stamp(read_source(path).text)
    except CompileError:
        stamp = None
    if stamp is not None and stamp.intact:
        return
    why = "was edited since archc emitted it" if stamp else "exists, and archc did not emit it"
    helps = ("`--force` overwrites it",)
    raise CompileError([Diagnostic("cannot-write", f"{path} {why}", helps=helps)])
