"""`archc watch`: what a spec comes to, on every save."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import click

from archc.cli.options import format_option, spec_options
from archc.cli.terminal import colours, show_line
from archc.cli.watching.blocks import json_line, text_block
from archc.cli.watching.loop import Look, looks, wakes_on_disk
from archc.cli.watching.subject import subject
from archc.graph import Graph


@click.command("watch", short_help="Tell on every save what a spec comes to.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@format_option
@spec_options
def command(reference: str, form: str, settings: tuple[str, ...], search: tuple[Path, ...]) -> int:
    """Tell on every save what a spec comes to, and what that changes.

    After each save of the spec, of what it extends or of a library that it uses, prints what is
    wrong, or parameters, multiply-adds and output shape of each component and group with the
    difference from the last network that there was. A spec without a variant is looked at in its
    first one.

    On a terminal the screen shows the latest; elsewhere one update follows the other, and
    `--format json` prints one JSON object a line. Ctrl-C ends it, with 0.
    """
    if find_spec("watchfiles") is None:
        raise _NotInstalled
    # click would end a pipe whose reader has enough with 1.
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _watch(reference, form, settings, search)
    return 0


class _NotInstalled(click.ClickException):
    exit_code = 2

    def __init__(self) -> None:
        super().__init__("`archc watch` needs the library watchfiles: pip install 'archc[watch]'")


def _watch(reference: str, form: str, settings: tuple[str, ...], search: tuple[Path, ...]) -> None:
    watched = subject(reference, settings, search)
    show = _print_json if form == "json" else _print_text
    before: Graph | None = None
    for look in looks(watched, wakes_on_disk):
        show(watched.name, look, before)
        if look.outcome.graph is not None:
            before = look.outcome.graph


def _print_json(name: str, look: Look, before: Graph | None) -> None:
    show_line(json_line(name, look.outcome, before))


def _print_text(name: str, look: Look, before: Graph | None) -> None:
    on_screen = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if on_screen:
        click.clear()
    click.echo(text_block(name, look.outcome, before, colour=colours(sys.stdout)) + "\n")
    if on_screen:
        there = sum(stamp is not None for stamp in look.files.values())
        click.echo(f"{there} files watched; Ctrl-C ends")
