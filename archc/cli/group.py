"""The `archc` command: its subcommands are known by name and loaded when they are called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

import click

COMMANDS = {
    "build": "Build the Keras model of a spec and write it to a .keras file.",
    "check": "Check specs and tell everything that is wrong with them.",
    "check-emitted": "Tell whether an emitted file is edited, or older than its spec.",
    "diff": "Tell what differs between two networks.",
    "emit": "Write a spec as source that needs no archc: for Keras or PyTorch.",
    "explain": "Tell what an error means, with an example that is wrong and one that is right.",
    "fmt": "Write specs in the canonical layout; comments stay.",
    "list": "List the specs of the zoo.",
    "lsp": "Run the language server, for editors.",
    "predict": "Tell what images show, by a network with trained weights.",
    "schema": "Print a JSON Schema of specs, for editors.",
    "solve": "Find the setting of a spec that meets a budget.",
    "summary": "Tell what a network is made of, without loading a framework.",
    "sweep": "Tell what a spec costs over ranges of its values.",
    "verify": "Run the source that a spec gives against its Keras model.",
    "watch": "Tell on every save what a spec comes to, and what that changes.",
    "weights": "Convert weight files of Keras and PyTorch.",
}
"""Each command and the line that `archc --help` shows; the command itself is in `commands/`."""


class ReaderHasEnough(Exception):
    """Who reads what archc prints reads no more. click would make a failure of it."""


class LazyGroup(click.Group):
    """Imports a command's module only when that command is asked for."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:
            raise ReaderHasEnough from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderHasEnough from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"archc.cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from archc.diagnostics import one_of

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            help_line = one_of(args[0], COMMANDS, "commands")
            raise click.UsageError(f"no command `{args[0]}`: {help_line}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from archc import __version__

        click.echo(f"archc {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version.",
)
@click.option(
    "--errors",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How any command tells what is wrong with its input; `github` gives annotations.",
)
def archc(errors: Literal["text", "json", "github"]) -> None:
    """The declarative architecture compiler for neural networks.

    SPEC is the path of a spec, or the name of one of the zoo (`archc list`), and may choose a
    variant: efficientnet@b0.
    """
    from archc.cli.telling import telling

    telling().form = errors
