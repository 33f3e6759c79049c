"""The JSON Schema in a real editor's server, yaml-language-server, where it is installed.

`make editor` does it, and so does `npm install --global yaml-language-server`.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from archc.cli.boundary import run
from archc.schema.file import PATH

pytest_lsp = pytest.importorskip("pytest_lsp")
BESIDE_PYTHON = Path(sys.prefix, "node_modules", ".bin")
SERVER = shutil.which("yaml-language-server") or shutil.which(
    "yaml-language-server", path=str(BESIDE_PYTHON)
)
if SERVER is None:
    pytest.skip("yaml-language-server is not installed", allow_module_level=True)

from lsprotocol import types  # noqa: E402
from pytest_lsp import ClientServerConfig, LanguageClient  # noqa: E402

_NUMBERS = count()
BESIDE = "archc.schema.json"
SPEC = """\
input: [32, 32, 3]
stem:
- {id: entry, conv: {filters: 16, kernel: 3, padding: same}}
- relu
learner:
  block: conv
  kernel: 3
  filters: [16, 32]
task: [global_avg_pool, dense: 10]
"""


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[str(SERVER), "--stdio"]))
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    lsp_client.set_configuration({"yaml": {"hover": True, "completion": True, "validate": True}})
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(
                workspace=types.WorkspaceClientCapabilities(configuration=True),
                text_document=types.TextDocumentClientCapabilities(
                    completion=types.CompletionClientCapabilities(
                        completion_item=types.ClientCompletionItemOptions(snippet_support=True)
                    ),
                    hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
                    publish_diagnostics=types.PublishDiagnosticsClientCapabilities(),
                ),
            ),
            root_uri=None,
            workspace_folders=None,
        )
    )
    yield
    await lsp_client.shutdown_session()


def opened(client: LanguageClient, folder: Path, text: str) -> str:
    """The address of a document that the server knows from now on. Its schema is the one beside it
    where there is one, named as README has it, else that of the language.
    """
    schema = BESIDE if (folder / BESIDE).exists() else PATH.as_uri()
    uri = (folder / f"net{next(_NUMBERS)}.yaml").as_uri()
    text = f"# yaml-language-server: $schema={schema}\n{text}"
    document = types.TextDocumentItem(uri, "yaml", 1, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    return uri


def place(text: str, word: str, shift: int = 1) -> types.Position:
    """Where a word stands in a document, the line above it counted."""
    offset = text.index(word) + shift
    line = text.count("\n", 0, offset)
    return types.Position(line + 1, offset - (text.rfind("\n", 0, offset) + 1))


async def marked(client: LanguageClient, folder: Path, text: str) -> list[str]:
    """What the server marks: the text of each place and the message."""
    uri = opened(client, folder, text)
    async with asyncio.timeout(20):
        while uri not in client.diagnostics:
            await asyncio.sleep(0.02)
    lines = ["", *text.splitlines()]
    return [
        f"{lines[each.range.start.line][each.range.start.character : each.range.end.character]}: "
        f"{each.message}"
        for each in client.diagnostics[uri]
    ]


async def completed(client: LanguageClient, folder: Path, text: str, word: str) -> dict[str, str]:
    """What may stand behind the first `word`, with what is told of it."""
    uri = opened(client, folder, text)
    document = types.TextDocumentIdentifier(uri)
    position = place(text, word, len(word))
    found = await client.text_document_completion_async(types.CompletionParams(document, position))
    items = found.items if isinstance(found, types.CompletionList) else found or []
    return {item.label: told(item.documentation) for item in items}


async def hovered(client: LanguageClient, folder: Path, text: str, word: str) -> str:
    """What is told of the first `word`."""
    uri = opened(client, folder, text)
    document = types.TextDocumentIdentifier(uri)
    found = await client.text_document_hover_async(types.HoverParams(document, place(text, word)))
    return told(found.contents) if found is not None else ""


def told(text: object) -> str:
    return str(getattr(text, "value", text or ""))


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_right_spec_has_no_marks(client: LanguageClient, tmp_path: Path) -> None:
    assert await marked(client, tmp_path, SPEC) == []


WRONG = (
    ("learner:", "lerner:", "lerner: Property lerner is not allowed."),
    ("kernel: 3, padding", "kernal: 3, padding", "kernal: Property kernal is not allowed."),
    ("filters: 16", "filters: sixteen", "sixteen: "),
    ("padding: same", "padding: sam", "sam: "),
    ("{id: entry, conv", "{di: entry, conv", "di: "),
)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_what_is_wrong_is_marked(client: LanguageClient, tmp_path: Path) -> None:
    for right, wrong, mark in WRONG:
        assert right in SPEC
        found = await marked(client, tmp_path, SPEC.replace(right, wrong))
        assert [each for each in found if each.startswith(mark)], found


COMPLETED = (
    ("input: [8, 3]\nstem:\n- ", "- ", {"conv", "relu", "add", "id"}),
    ("input: [8, 3]\nstem:\n- conv:\n    ", "    ", {"filters", "kernel", "standardize"}),
    ("input: [8, 3]\nstem:\n- conv:\n    padding: ", "padding: ", {"same", "symmetric"}),
    ("input: [8, 3]\nlearner:\n  ", "  ", {"block", "stride_policy", "scaling"}),
    ("input: [8, 3]\nlearner:\n  block: ", "block: ", {"conv", "dense"}),
    ("input: [8, 3]\n", "3]\n", {"stem", "learner", "expect"}),
)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_completion(client: LanguageClient, tmp_path: Path) -> None:
    for text, word, expected in COMPLETED:
        found = await completed(client, tmp_path, text, word)
        assert expected <= found.keys(), text
    found = await completed(client, tmp_path, COMPLETED[1][0], "    ")
    assert "The channels that come out" in found["filters"]


HOVERED = (
    ("learner", "A list of steps, or a mapping"),
    ("conv:", "A convolution"),
    ("kernel: 3, padding", "The size of the window"),
    ("id: entry", "names the step"),
    ("relu", "An activation"),
)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_hover(client: LanguageClient, tmp_path: Path) -> None:
    for word, explained in HOVERED:
        assert explained in await hovered(client, tmp_path, SPEC, word), word


OWN = """\
args: {width: 8}
variants: {small: {width: 4}}
input: [32, 32, 3]
define:
  pair:
    args: {channels: required, stride: 1}
    steps: [conv: {filters: =channels, kernel: 3, stride: =}, relu]
stem:
- pair: {channels: =width}
"""


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_schema_of_a_spec_knows_its_blocks_and_args(
    client: LanguageClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(OWN, encoding="utf-8")
    assert run(["schema", str(spec)]) == 0
    schema = capsys.readouterr().out
    (tmp_path / BESIDE).write_text(schema, encoding="utf-8")
    assert await marked(client, tmp_path, OWN) == []
    head = OWN[: OWN.index("- pair")]
    assert {"pair", "conv"} <= (await completed(client, tmp_path, f"{head}- ", "stem:\n- ")).keys()
    call = f"{head}- pair:\n    "
    assert {"channels", "stride"} <= (
        await completed(client, tmp_path, call, "- pair:\n    ")
    ).keys()
    for right, wrong in (
        ("{channels: =width}", "{chanels: =width}"),
        ("- pair", "- par"),
        ("{width: 4}", "{widht: 4}"),
    ):
        assert right in OWN
        found = await marked(client, tmp_path, OWN.replace(right, wrong))
        word = wrong.strip("{- ").partition(":")[0]
        assert [each for each in found if each.startswith(f"{word}: ")], found
