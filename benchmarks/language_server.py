"""How long the language server takes to answer over stdin and stdout, right after an edit.

`archc lsp` runs as a process of its own with ResNet-152 open. Every round changes the text: in turn
the depth of a group, the width of the first layer, and a verb into one that does not exist. The
clock runs from just before the change is sent to the last byte of the answer, so that each answer
is of a text which the server has not seen before; the processor's time is that of the server alone.
Diagnostics come unasked after a pause in the typing, which is left out of their time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from archc.language_server.state import PAUSE
from archc.resources import specs_folder

GROUPS = {"blocks: 4": "blocks: 8", "blocks: 6": "blocks: 36"}
"""What makes ResNet-152 of ResNet-50: the depths of its second and third group."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    print(f"{'milliseconds':26}  {'by the clock':>16}  {'of a processor':>16}")
    print(f"{'resnet152: edit → answer':26}  {'median   worst':>16}  {'median   worst':>16}")
    with tempfile.TemporaryDirectory() as folder, Client() as client:
        for name, text in (("one file", one_file()), ("extends", extending())):
            document = Document(client, Path(folder, f"{name}.yaml").as_uri(), text)
            told = [document.told(each) for each in mistakes(text, options.rounds)]
            print_row(f"diagnostics, {name}", told)
            for question in QUESTIONS:
                # Nobody types hundreds of strokes without a pause.
                time.sleep(1)
                answers = [document.asked(each, question) for each in edits(text, options.rounds)]
                print_row(f"{question}, {name}", answers)
            document.close()


def one_file() -> str:
    """ResNet-152 without `expect`, which would not hold after an edit."""
    text = (specs_folder() / "resnet50.yaml").read_text(encoding="utf-8")
    for old, new in GROUPS.items():
        assert old in text
        text = text.replace(old, new)
    return text.partition("expect:")[0]


def extending() -> str:
    """The spec that ships, with a stem of its own to edit."""
    text = (specs_folder() / "resnet152.yaml").read_text(encoding="utf-8")
    whole = one_file()
    stem = whole[whole.index("stem:") : whole.index("learner:")]
    task = whole[whole.index("task:") :]
    return text.partition("expect:")[0].replace("learner:", f"{stem}learner:", 1) + task


def edits(text: str, rounds: int) -> Iterator[str]:
    """Texts that differ from each other by some strokes."""
    for number in range(rounds):
        old, new = (
            ("blocks: 36", f"blocks: {35 + number % 2}"),
            ("filters: 64, kernel", f"filters: {8 * number + 8}, kernel"),
            ("max_pool", f"max_pool{number}"),
        )[number % 3]
        assert old in text
        yield text.replace(old, new, 1)


def mistakes(text: str, rounds: int) -> Iterator[str]:
    """Wrong texts and right ones in turn, so that something is told each time."""
    for number, edited in enumerate(edits(text, rounds)):
        yield text if number % 2 else edited.replace("global_avg_pool", "global_avg_pol")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds, by the clock and of the server's processor."""

    clock: float
    processor: float


Question = Callable[[str], tuple[str, dict[str, object]]]
"""What asks something of a text: the method, and its parameters but for the document."""


class Client:
    """The editor's side of a server that runs."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "archc", "lsp"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._last = 0

    def since(self, start: Took | None = None) -> Took:
        """What has passed since a start; without one, a start."""
        # How Linux numbers the clocks of other processes: clock_getcpuclockid(3).
        processor = time.clock_gettime(~self._process.pid << 3 | 2)
        before = start or Took(0.0, 0.0)
        return Took(time.perf_counter() - before.clock, processor - before.processor)

    def __enter__(self) -> Self:
        self.request("initialize", {"processId": os.getpid(), "capabilities": {}, "rootUri": None})
        self.notify("initialized", {})
        return self

    def __exit__(self, *_: object) -> None:
        self.request("shutdown", None)
        self.notify("exit", None)
        self._process.wait(timeout=10)

    def request(self, method: str, params: object) -> Any:
        """The answer to a request."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        return self._receive(lambda message: message.get("id") == self._last)["result"]

    def notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def wait_for_diagnostics(self, uri: str) -> None:
        """Wait until the server tells what is wrong with a document."""
        method = "textDocument/publishDiagnostics"
        self._receive(lambda m: m.get("method") == method and m["params"]["uri"] == uri)

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        assert self._process.stdout is not None
        while True:
            length = 0
            while line := self._process.stdout.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not length:
                raise EOFError("the server has ended")
            message: dict[str, Any] = json.loads(self._process.stdout.read(length))
            if wanted(message):
                return message


class Document:
    """A text that is open in the server."""

    def __init__(self, client: Client, uri: str, text: str) -> None:
        self.client = client
        self.uri = uri
        self.text = text
        self._version = 1
        item = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": item})
        client.wait_for_diagnostics(uri)

    def asked(self, text: str, question: str) -> Took:
        """The time from a change to the answer of what is asked behind it."""
        method, params = QUESTIONS[question](text)
        start = self.client.since()
        self._change(text)
        document = {"uri": self.uri}
        answer = self.client.request(f"textDocument/{method}", {"textDocument": document} | params)
        took = self.client.since(start)
        # What is right has nothing to mend.
        assert answer or question == "fixes", question
        return took

    def told(self, text: str) -> Took:
        """The time from a change to what is wrong with it, less the pause that it waits for."""
        start = self.client.since()
        self._change(text)
        self.client.wait_for_diagnostics(self.uri)
        took = self.client.since(start)
        return Took(took.clock - PAUSE, took.processor)

    def close(self) -> None:
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def _change(self, text: str) -> None:
        self._version += 1
        document = {"uri": self.uri, "version": self._version}
        change = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.client.notify("textDocument/didChange", change)


def place(text: str, word: str, shift: int = 1) -> dict[str, int]:
    """Where the first `word` stands, `shift` characters behind its start."""
    before = text[: text.index(word) + shift]
    return {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}


def at(method: str, word: str, shift: int = 1, **others: object) -> Question:
    """A question of a place."""
    return lambda text: (method, {"position": place(text, word, shift), **others})


def of_all(method: str, **others: object) -> Question:
    """A question of the whole text."""

    def ask(text: str) -> tuple[str, dict[str, object]]:
        end = {"line": text.count("\n") + 1, "character": 0}
        return method, {"range": {"start": {"line": 0, "character": 0}, "end": end}, **others}

    return ask


QUESTIONS: dict[str, Question] = {
    "hover": at("hover", ", conv_bn", 3),
    "inlay hints": of_all("inlayHint"),
    "completion": at("completion", "padding", 3),
    "definition": at("definition", ", conv_bn", 3),
    "rename": at("rename", "id: conv1", 5, newName="entry"),
    "fixes": of_all("codeAction", context={"diagnostics": []}),
}


def print_row(name: str, took: list[Took]) -> None:
    row = f"{name:26}"
    for seconds in ([each.clock for each in took], [each.processor for each in took]):
        row += f"  {statistics.median(seconds) * 1e3:8.1f} {max(seconds) * 1e3:7.1f}"
    print(row, flush=True)


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    main()
