"""`archc emit`: a spec as source."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from archc.analyses import analyse
from archc.atomic import CannotWrite, check_writable, write_text_atomic
from archc.cli.options import load_spec, spec_options
from archc.cli.terminal import remark, show_line
from archc.diagnostics import CompileError, Diagnostic
from archc.emitted import EmittedFile, Language, emit, refuse_to_overwrite


@click.command("emit", short_help="Write a spec as source.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.option(
    "--to",
    "target",
    type=click.Choice(["python", "keras", "torch"]),
    default="python",
    show_default=True,
    help="Python for Keras (`keras` says the same), or for PyTorch.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The file to write.  [default: standard output]",
)
@click.option(
    "--templates",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A folder with Jinja templates that replace archc's own, perhaps in keras/ and torch/.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that archc did not write.")
@spec_options
def command(
    reference: str,
    target: Literal["python", "keras", "torch"],
    output: Path | None,
    templates: Path | None,
    force: bool,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> None:
    """Write a spec as source that a person could have written.

    The source needs Keras or PyTorch and nothing of archc. Its docstring says what it was emitted
    from; `archc check-emitted` reads that. A file that was emitted and not touched since is
    overwritten, any other only with --force. The file is written whole or not at all.

    Where the structure of a spec can't be kept, all layers stand in a row; a note on stderr says
    so.
    """
    spec = load_spec(reference, settings, search)
    language: Language = "torch" if target == "torch" else "python"
    if output is None:
        emitted = emit(spec, language, templates=templates)
        _print(emitted.text)
        _tell_if_flat(emitted)
        return
    try:
        check_writable(output)
        if not force:
            refuse_to_overwrite(output)
        emitted = emit(spec, language, templates=templates)
        write_text_atomic(output, emitted.text)
    except CannotWrite as problem:
        raise CompileError([Diagnostic("cannot-write", problem.message)]) from None
    show_line(_written(output, emitted))
    _tell_if_flat(emitted)


def _print(text: str) -> None:
    """The text as a file would have it: UTF-8, whatever the terminal speaks."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        click.echo(text, nl=False)
        return
    sys.stdout.flush()
    binary.write(text.encode())
    binary.flush()


def _tell_if_flat(emitted: EmittedFile) -> None:
    if emitted.flat:
        remark("note: the structure of the spec could not be kept; layers stand in a row")


def _written(output: Path, emitted: EmittedFile) -> str:
    graph = emitted.graph
    layers, params = len(graph) - len(graph.inputs), analyse(graph).total.params
    return f"wrote {output} ({layers:,} layers, {params:,} parameters)"
