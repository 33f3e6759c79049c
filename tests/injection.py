"""Texts of strangers in every place that a spec has for them, and what may be printed of them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

from markdown_it import MarkdownIt

from tests.strategies.hostile import CODE, HARMLESS, LINES, ODD, PROOF, QUOTES, Hostile
from tests.strategies.render import rendered

ANNOTATIONS = (
    "::error::forged",
    "a\n::error file=x.yaml,line=1::forged",
    "a\n  ::add-mask::a",
    "a\r\n::stop-commands::x",
    "a%0A::set-output name=x::y",
    "%25%0D%0A",
    "\u2028::error::forged",
)
"""Commands to the runner of a workflow on GitHub, which reads the lines of all output."""

TERMINAL = (
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[H",
    "\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31m",
    "\x90q\x9c",
    "\b\b\b\x7f",
    "a\rb",
    "\x1bP$q\x1b\\",
    "[red]markup[/red]",
    "[/x]",
)
"""What a terminal takes for orders, and marks of the library that draws on it."""

FORMULAS = (
    "=HYPERLINK(1)",
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "=cmd|' /C calc'!A0",
    '",=1+1,"',
    "a,b;c\td",
)
"""What a spreadsheet takes for formulas."""

MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table>",
    "a | b | c",
    "a\n\n# heading",
    "a\n| b |",
    "`code`",
    "```\nblock",
    "[link](javascript:alert(1))",
    "![image](http://example.com/x.png)",
    "**bold** _it_ ~~gone~~",
    "&lt;b&gt; &#x3c;b&#x3e;",
    "\\| \\` \\<b>",
    "<!-- a --> -->",
    "]]> <?x?> &a;",
    "$\\frac{$ $x$ $$",
)
"""What Markdown, HTML, XML and formulas of TeX are made of."""

PATHS = (
    *("../up", "../../etc/passwd", "/etc/passwd", "~/x", "a/b", "a\\b", "..", ".", "-rf"),
    *("--help", "-o", "@x", "a@b", "http://example.com/x", "file:///etc/passwd", "a\nb", "con"),
    *("a\x00b", "$(id)", "`id`", "a;id", "a|id", "*", "?", "x" * 300, " ", ""),
)
"""What could become a path that nobody meant, an option, or a command of a shell."""

CORPUS = (
    *(*QUOTES, *LINES, *CODE, *ODD),
    *(*ANNOTATIONS, *TERMINAL, *FORMULAS, *MARKUP, *PATHS),
)

TEXTS = ("about", "block about", "knob text", "block text")
"""The places of a spec for any text."""

NAMES = tuple(sorted(HARMLESS.keys() - {*TEXTS, "file"}))
"""The places of a spec for names."""


def with_texts(text: str) -> str:
    """A spec that has the text wherever any text may stand."""
    return rendered(Hostile({**HARMLESS, **dict.fromkeys(TEXTS, text)}).data)


def with_name(place: str, text: str) -> str:
    """A spec that has the text in one place for a name."""
    return rendered(Hostile({**HARMLESS, place: text}).data)


def wrong_in_print(printed: str, *, annotations: bool = False) -> Iterator[str]:
    """What is wrong with what a command printed, whatever its format."""
    for line in printed.split("\n"):
        if not line.isprintable():
            yield f"draws: {line!r}"
        command = line.lstrip().startswith("::")
        if command and not (annotations and line.startswith(("::error ", "::warning "))):
            yield f"gives an order: {line!r}"
    if "Traceback" in printed or "internal error" in printed:
        yield printed


def wrong_in_csv(printed: str) -> Iterator[str]:
    """Cells that a spreadsheet would calculate, and rows of another length."""
    head, *rows = csv.reader(StringIO(printed))
    for row in rows:
        if len(row) != len(head):
            yield f"{len(row)} cells: {row}"
        for cell in row:
            if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not cell[1:].isdigit():
                yield f"a formula: {cell!r}"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.found.add("comment")

    def unknown_decl(self, data: str) -> None:
        self.found.add("declaration")

    def handle_pi(self, data: str) -> None:
        self.found.add("instruction")


def page(markdown: str) -> tuple[set[str], str]:
    """The tags of the page that Markdown makes, HTML in it and all, and the text on it."""
    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tags = _Tags()
    tags.feed(made.render(markdown))
    tags.close()
    return tags.found, tags.text


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder, with what is in them."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def strings(data: object) -> Iterator[str]:
    """All texts in plain data, keys too."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for each in data:
            yield from strings(each)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from strings(key)
            yield from strings(value)


def ran_code() -> bool:
    """Whether the corpus's code was run."""
    return PROOF in os.environ


def json_of(printed: str) -> object:
    found: object = json.loads(printed)
    return found
