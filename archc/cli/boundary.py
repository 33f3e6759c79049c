"""The one place where errors become exit codes and text on stderr."""

from __future__ import annotations

import os
import sys
from io import StringIO

import click

from archc.cli.group import ReaderHasEnough, archc
from archc.cli.telling import one_run
from archc.cli.terminal import show, show_diagnostics
from archc.diagnostics import CompileError
from archc.diagnostics.printable import printable

FAULT = 70
"""Exit code of an internal fault (EX_SOFTWARE of sysexits.h)."""

INTERRUPTED = 130


def run(arguments: list[str] | None) -> int:
    """The exit code of a command line; what goes wrong is told on stderr."""
    try:
        return _run(arguments)
    except click.ClickException as error:
        _show_usage(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("archc: interrupted", err=True)
        return INTERRUPTED
    except (BrokenPipeError, ReaderHasEnough):
        return _reader_has_enough()
    except Exception as error:
        # No shell can give such an argument, but who calls this from Python can: click's own check
        # of paths fails on it.
        if isinstance(error, ValueError) and any("\0" in each for each in arguments or ()):
            click.echo("Error: an argument holds a NUL character", err=True)
            return click.UsageError.exit_code
        return _fault(error)


def _run(arguments: list[str] | None) -> int:
    """The exit code of a command that ends by itself, or with diagnostics."""
    with one_run() as telling:
        try:
            code = archc.main(arguments, prog_name="archc", standalone_mode=False)
            sys.stdout.flush()
        except CompileError as error:
            show_diagnostics(error.diagnostics)
            code = error.exit_code
        telling.end()
        return code if isinstance(code, int) else 0


def _show_usage(error: click.ClickException) -> None:
    said = StringIO()
    error.show(said)
    show(said.getvalue().removesuffix("\n"), err=True)


def _reader_has_enough() -> int:
    """`archc … | head` is no failure; Python would complain again when it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _fault(error: Exception) -> int:
    if os.environ.get("ARCHC_DEBUG"):
        raise error
    from archc import __version__

    kind = type(error).__name__
    click.echo(
        f"archc: internal error: {kind}: {printable(str(error))}\n"
        "This is a fault of archc, not of the spec. Please report it with the spec, "
        f"archc's version ({__version__}) and what `ARCHC_DEBUG=1 archc …` prints.",
        err=True,
    )
    return FAULT
