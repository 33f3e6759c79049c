"""`archc lsp`: the language server, which editors start."""

from __future__ import annotations

from importlib.util import find_spec

import click


@click.command("lsp", short_help="Run the language server.")
def command() -> None:
    """Run the language server for specs on stdin and stdout, until its client ends it.

    Editors start it: it tells what is wrong while one types, the shape after each step, what a word
    means and costs, what may be written, and where a name is defined, and renames and mends.
    """
    if find_spec("pygls") is None:
        raise _NotInstalled
    from archc.language_server.server import make_server

    make_server().start_io()


class _NotInstalled(click.ClickException):
    exit_code = 2

    def __init__(self) -> None:
        super().__init__("`archc lsp` needs the library pygls: pip install 'archc[lsp]'")
