"""The command line that made an emitted file, as one line of text and back."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

from archc.api import Spec
from archc.source.locate import zoo

Language: TypeAlias = Literal["python", "torch"]
"""What `--to` says of an emitted file: Python for Keras, or for PyTorch."""

_TOKEN = re.compile(r"""\$'(?P<escaped>(?:[^'\\]|\\.)*)'|(?P<plain>(?:'[^']*'|"'"|[^\s'"\\])+)""")
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class EmitCommand:
    """`archc emit` with what decides the file that comes of it.

    `reference` names the spec, with its variant if it has any; a path is relative to the folder
    that the command runs in, unless the spec lies elsewhere. `settings` are as behind `--set`.
    """

    reference: str
    language: Language = "python"
    settings: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    templates: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words of the command line."""
        words = ["archc", "emit", self.reference, "--to", self.language]
        for option, values in (
            ("--set", self.settings),
            ("--search-path", self.search),
            ("--templates", (self.templates,) if self.templates else ()),
        ):
            for value in values:
                words += [option, value]
        return tuple(words)

    def __str__(self) -> str:
        return shell_line(self.arguments)


def command_for(spec: Spec, language: Language, templates: Path | None = None) -> EmitCommand:
    """The command line that emits a spec, whichever way the spec was loaded and changed."""
    place = spec.family.place
    shipped = next((name for name, path in zoo().items() if path == place.path), None)
    name = shipped or Path(place.shown).as_posix()
    return EmitCommand(
        f"{name}@{spec.variant}" if spec.variant in spec.variants else name,
        language,
        tuple(f"{path}={value.span.source.text}" for path, value in spec.settings),
        tuple(folder.as_posix() for folder in spec.search),
        templates.as_posix() if templates else "",
    )


def read_command(line: str) -> EmitCommand | None:
    """The command of a line that `str` of one gave; None for any other text."""
    words = _words(line)
    if words is None or len(words) < 5 or len(words) % 2 == 0:
        return None
    (*start, reference), options = words[:3], words[3:]
    given: dict[str, list[str]] = {}
    for option, value in zip(options[::2], options[1::2], strict=True):
        given.setdefault(option, []).append(value)
    languages = given.pop("--to", [])
    settings, search = given.pop("--set", []), given.pop("--search-path", [])
    templates = given.pop("--templates", [""])
    known = len(languages) == 1 and languages[0] in get_args(Language)
    if start != ["archc", "emit"] or given or not known or len(templates) != 1:
        return None
    language = cast(Language, languages[0])
    return EmitCommand(reference, language, tuple(settings), tuple(search), templates[0])


def shell_line(words: tuple[str, ...]) -> str:
    """Words as a shell takes them, on one line whatever is in them."""
    return " ".join([_quoted(word) for word in words])


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    escaped = [c if c.isprintable() and c not in "\\'" else _escape(c) for c in word]
    return f"$'{''.join(escaped)}'"


def _escape(letter: str) -> str:
    if letter in "\\'":
        return "\\" + letter
    if letter.isascii():
        return letter.encode("unicode_escape").decode("ascii")
    # To a shell `\x80` is a byte, not a character.
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def _words(line: str) -> list[str] | None:
    if _TOKEN.sub("", line).strip(" "):
        return None
    words: list[str] = []
    for match in _TOKEN.finditer(line):
        escaped = match["escaped"]
        if escaped is not None:
            words.append(_ESCAPE.sub(_unescaped, escaped))
        else:
            words += shlex.split(match["plain"])
    return words


def _unescaped(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3]
    if number is None:
        return _LETTERS.get(match[4], match[4])
    code = int(number, 16)
    return chr(code) if code < 0xD800 or 0xE000 <= code <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"
