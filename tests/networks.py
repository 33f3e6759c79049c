"""Networks from the text of a spec."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import archc
from archc.graph import Graph


def elaborated(text: str) -> Graph:
    """The network of a spec's text."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        return archc.load(str(file)).graph()
