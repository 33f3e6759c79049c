"""The table of docs/zoo.md, from the specs and from the tests that hold them against others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import archc
from tests.docs_examples import ROOT
from tests.reference import REFERENCES

PAGE = ROOT / "docs" / "zoo.md"

_HEAD = "| spec | paper | parameters | multiply-adds | reference | shown to be equal |"
_RULE = "|---|---|---:|---:|---|---|"
_TABLE = re.compile(rf"^{re.escape(_HEAD)}\n(?:^\|.*\n)+", re.M)
_PAPER = re.compile(r"\((?P<who>[^()]*, \d{4}), arXiv:(?P<number>\d{4}\.\d{4,5})\)$")

_ALL = "parameters, names, outputs"
_TRAINED = ("efficientnet_lite@lite0", "efficientnet_lite@lite1", "efficientnet_lite@lite2")
"""Those that tests/test_real_weights.py loads trained weights into."""


def page() -> str:
    """The page with the table as it should be."""
    return _TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8"))


def table() -> str:
    """A row for every variant of every spec of the zoo, in the order of the alphabet."""
    rows = [_row(f"{name}@{variant}" if variant else name) for name, variant in shipped()]
    return "\n".join([_HEAD, _RULE, *rows]) + "\n"


def shipped() -> Iterator[tuple[str, str]]:
    for name in archc.zoo():
        for variant in archc.load(name).variants or ("",):
            yield name, variant


def _row(reference: str) -> str:
    graph = archc.load(reference).graph()
    total = archc.analyse(graph).total
    theirs, shown = _reference(reference)
    cells = (
        f"`{reference}`",
        _paper(graph.about),
        f"{total.params:,}",
        _counted(total.macs),
        theirs,
        shown,
    )
    return f"| {' | '.join(cells)} |"


def _paper(about: str) -> str:
    found = _PAPER.search(about)
    assert found is not None, f"no paper in: {about}"
    return f"[{found['who']}](https://arxiv.org/abs/{found['number']})"


def _counted(macs: int) -> str:
    return f"{macs / 1e9:.2f} G" if macs >= 1e9 else f"{macs / 1e6:.1f} M"


def _reference(spec: str) -> tuple[str, str]:
    """What tests hold a spec against, and what of it is equal."""
    if spec in REFERENCES:
        return f"`keras.applications.{REFERENCES[spec].constructor}`", _ALL
    name, _, variant = spec.partition("@")
    references, tests = ROOT / "tests" / "timm_references.py", ROOT / "tests" / "test_zoo_torch.py"
    if name in _literal(references, "FAMILIES"):
        sizes = _literal(references, "_SIZES")
        model = _literal(references, "FAMILIES")[name].format(sizes.get(variant, variant))
        shown = _ALL if spec in _literal(tests, "COMPARED") else "parameters"
        return f"`timm:{model}`", f"{shown}, trained weights" if spec in _TRAINED else shown
    if variant in _literal(tests, "CIFAR"):
        return "torchvision's blocks", _ALL if variant == "resnet20" else "parameters"
    return "", ""


def _literal(path: Path, name: str) -> dict[str, str]:
    """What a module sets a name to. It is not imported: it needs timm, which few have."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value: dict[str, str] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            return value
    raise LookupError(f"{path} sets no {name}")
