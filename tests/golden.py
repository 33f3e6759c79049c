"""Golden cases: folders with a spec, perhaps a command line, and what archc makes of them.

A case is `tests/cases/<topic>/<name>/`. It holds `spec.yaml` with the files that it uses, and may
hold `command.txt`, the command line behind `archc` (`check spec.yaml` where there is none). What
must come of it stands in files of fixed names:

- `errors.txt`: the exit code, and what the command prints on stderr;
- `graph.txt`: the elaborated network, one line a node.

To add a case, write its spec and an empty golden, run `pytest --update-goldens`, and read what was
written with care before it is committed.
"""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

import archc
from archc.api import parse_setting
from archc.graph import Graph, Node

CASES = Path(__file__).parent / "cases"
GOLDENS = ("errors.txt", "graph.txt", "keras.py", "torch.py")
"""The file names that hold what a case must give; at least one of them stands in each case."""


@dataclass(frozen=True)
class Case:
    """One folder of `tests/cases`."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def arguments(self) -> list[str]:
        """The command line behind `archc`."""
        file = self.folder / "command.txt"
        return shlex.split(file.read_text("utf-8")) if file.exists() else ["check", "spec.yaml"]

    def graph(self) -> Graph:
        """The network of the case's command line; the working folder is the case's."""
        parser = argparse.ArgumentParser()
        parser.add_argument("command")
        parser.add_argument("reference")
        parser.add_argument("--set", action="append", default=[], dest="settings")
        parser.add_argument("--search-path", action="append", default=[], dest="search")
        parser.add_argument("--features", action="store_true")
        given = parser.parse_args(self.arguments)
        settings = tuple(parse_setting(text) for text in given.settings)
        spec = replace(archc.load(given.reference, search=given.search), settings=settings)
        return spec.graph(features=given.features)


def cases(golden: str) -> list[Case]:
    """All cases that have a golden of this name."""
    return [Case(path.parent) for path in sorted(CASES.glob(f"*/*/{golden}"))]


def graph_text(graph: Graph) -> str:
    """A network as text: its nodes in order, each with what is not default; its outputs."""
    lines = [f"name: {graph.name}"]
    if graph.about:
        lines.append(f"about: {graph.about}")
    lines += [_node_line(graph, node) for node in graph]
    lines += [f"output {output.name}: {graph.nodes[output.node].shape}" for output in graph.outputs]
    return "\n".join(lines) + "\n"


def _node_line(graph: Graph, node: Node) -> str:
    attributes = node.layer.model_dump(exclude_defaults=True)
    shown = ", ".join(f"{name}={_spelled(value)}" for name, value in attributes.items())
    sources = ", ".join(graph.nodes[position].name for position in node.inputs)
    source = f" ← {sources}" if sources else ""
    return f"{node.name}: {node.layer.verb}({shown}){source} → {node.shape}"


def _spelled(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_spelled, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
