"""Markdown documents as examples: their fenced blocks, and a session that carries them out.

The fence says what a block is:

- ```` ```yaml ```` is checked. With `title=mine.yaml` it is a file that later blocks can use; with
  `wrong` it is a spec that must not pass. A part of a spec, or a bare list of steps, is completed
  with an input and the shipped blocks.
- ```` ```console ```` holds commands behind `$ ` and what they print. A line `…` stands for any
  lines, `…` inside a line for anything.
- ```` ```python ```` is executed, as a doctest where it has `>>>`; the blocks of a document share
  their names.
- ```` ```text ```` is not looked at; any other language is an error.
"""

from __future__ import annotations

import doctest
import io
import re
import shlex
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from archc.cli.boundary import run

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ ]*$", re.M | re.S
)
_COMPLETED = {
    "input": "[32, 32, 16]",
    "use": "[blocks/conv.yaml, blocks/residual.yaml, blocks/mobile.yaml]",
}
_INSTALLS = re.compile(r"pip install |source \.venv/bin/activate$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document; `line` is that of its first line of text, from 1."""

    document: str
    line: int
    language: str
    title: str
    wrong: bool
    text: str

    @property
    def place(self) -> str:
        return f"{self.document}:{self.line}"

    @property
    def builds(self) -> bool:
        """Whether it needs Keras, which takes seconds."""
        return self.language != "yaml" and bool(re.search(r"archc build|build\(|keras", self.text))


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [_block(document, text, match) for match in _FENCE.finditer(text)]


def _block(document: Path, text: str, match: re.Match[str]) -> Block:
    language, *info = match["info"].split() or [""]
    titles = [word.removeprefix("title=") for word in info if word.startswith("title=")]
    line = text.count("\n", 0, match.start("text")) + 1
    title = titles[0] if titles else ""
    return Block(document.name, line, language, title, "wrong" in info, match["text"])


@dataclass
class Session:
    """Carries out the blocks of one document in the current folder, which should be empty."""

    names: dict[str, object] = field(default_factory=dict)
    code: int = 0

    def run(self, block: Block) -> None:
        """Raises `AssertionError` where the block does not do what it shows."""
        languages: dict[str, Callable[[Block], None]] = {
            "yaml": self._yaml,
            "console": self._console,
            "python": self._python,
            "text": lambda _: None,
        }
        assert block.language in languages, f"{block.place}: no way to check {block.language!r}"
        languages[block.language](block)

    def _yaml(self, block: Block) -> None:
        path = Path(block.title or "example.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        if not re.search(r"^(input|extends):", block.text, re.M):
            path = Path("completed.yaml")
            path.write_text(_completed(block.text), encoding="utf-8")
        code, printed = _archc(["check", str(path)])
        assert (code != 0) == block.wrong, f"{block.place}: ends with {code}\n{printed}"

    def _console(self, block: Block) -> None:
        commands = re.split(r"^\$ ", block.text, flags=re.M)
        assert not commands[0].strip(), f"{block.place}: output without a command"
        for command in commands[1:]:
            line, _, expected = command.partition("\n")
            self.code, printed = self._command(line.split(" #")[0].strip(), block)
            _compare(f"{block.place}: {line}", expected, printed)
            shows_error = re.search(r"^(::)?(error|Error|Usage)", expected, re.M) is not None
            assert shows_error or self.code == 0, f"{block.place}: ends with {self.code}\n{printed}"

    def _command(self, command: str, block: Block) -> tuple[int, str]:
        """The exit code of a command, and what it prints."""
        if command == "echo $?":
            return 0, f"{self.code}\n"
        program, *arguments = shlex.split(command)
        if program == "archc":
            return _archc(arguments)
        if program == "make":
            _check_targets(arguments, block)
        else:
            assert _INSTALLS.search(command), f"{block.place}: no way to check `{command}`"
        return 0, ""

    def _python(self, block: Block) -> None:
        if ">>>" in block.text:
            self._doctest(block)
            return
        # Blank lines before it make the line numbers of a traceback those of the document.
        code = compile("\n" * (block.line - 1) + block.text, block.document, "exec")
        exec(code, self.names)

    def _doctest(self, block: Block) -> None:
        parser = doctest.DocTestParser()
        test = parser.get_doctest(
            block.text, self.names, block.place, block.document, block.line - 1
        )
        report = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        results = runner.run(test, out=report.write, clear_globs=False)
        self.names.update(test.globs)
        assert results.failed == 0, report.getvalue()


def _archc(arguments: list[str]) -> tuple[int, str]:
    """The exit code of a command, and what it prints on either stream."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        code = run(arguments)
    return code, printed.getvalue()


def _completed(text: str) -> str:
    if not re.search(r"^\w+:", text, re.M):
        text = f"stem:\n{text}"
    missing = [key for key in _COMPLETED if not re.search(rf"^{key}:", text, re.M)]
    return "".join(f"{key}: {_COMPLETED[key]}\n" for key in missing) + text


def _check_targets(targets: list[str], block: Block) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in targets:
        known = "=" in target or re.search(rf"^{re.escape(target)}:", makefile, re.M)
        assert known, f"{block.place}: the Makefile has no target `{target}`"


def _compare(place: str, expected: str, printed: str) -> None:
    """Trailing blanks and blank lines around a whole output do not count."""
    wanted, found = _lines(expected), _lines(printed)
    pattern = "".join(
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*?") + r"\n"
        for line in wanted
    )
    assert not wanted or re.fullmatch(pattern, "".join(line + "\n" for line in found)), (
        f"{place}\n--- the document has\n{expected}\n--- archc prints\n{printed}"
    )


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").split("\n")] if text.strip() else []
