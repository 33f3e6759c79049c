"""What several commands take, and how they load a spec from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click

from archc.api import Spec, load, parse_setting

Command = TypeVar("Command", bound=Callable[..., object])


def spec_options(command: Command) -> Command:
    """`--set` and `--search-path`."""
    setting = click.option(
        "--set",
        "settings",
        metavar="PATH=VALUE",
        multiple=True,
        help="Set a value of the spec: classes=10, learner.groups[2].blocks=23.",
    )
    search = click.option(
        "--search-path",
        "search",
        metavar="DIR",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A further folder with libraries (`use:`) and specs (`extends:`).",
    )
    return setting(search(command))


def format_option(command: Command) -> Command:
    """`--format text|json`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="What to print.",
    )(command)


def load_spec(reference: str, settings: tuple[str, ...], search: tuple[Path, ...]) -> Spec:
    """The spec with its settings. Raises `CompileError`."""
    spec = load(reference, search=search)
    parsed = tuple(parse_setting(text) for text in settings)
    return replace(spec, settings=parsed)
