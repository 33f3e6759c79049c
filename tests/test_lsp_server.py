"""The language server as a client sees it: a process that is talked to over stdin and stdout."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from importlib import util
from itertools import count
from pathlib import Path

import pytest

from archc.cli.boundary import run
from archc.resources import specs_folder

pytest_lsp = pytest.importorskip("pytest_lsp")
pytest.importorskip("pygls")

from lsprotocol import types  # noqa: E402
from pytest_lsp import ClientServerConfig, LanguageClient  # noqa: E402

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEC = """\
use: [blocks/residual.yaml]
input: [32, 32, 3]
stem:
- {id: entry, conv: {filters: 16, kernel: 3}}     # 𝒞
- {concat: {a: [], b: [from: entry]}}
- {id: after, basic_block: 32}
"""

_NUMBERS = count()


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[sys.executable, "-m", "archc", "lsp"]),
    scope="module",
    loop_scope="module",
)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    text_document = types.TextDocumentClientCapabilities(
        hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
        completion=types.CompletionClientCapabilities(
            completion_item=types.ClientCompletionItemOptions(
                documentation_format=[types.MarkupKind.Markdown]
            )
        ),
        publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True),
        rename=types.RenameClientCapabilities(prepare_support=True),
    )
    await lsp_client.initialize_session(
        types.InitializeParams(types.ClientCapabilities(text_document=text_document))
    )
    yield
    await lsp_client.shutdown_session()


class Editor:
    """A document that is open."""

    def __init__(self, client: LanguageClient, folder: Path, text: str) -> None:
        self.client = client
        self.text = text
        self.version = 1
        self.uri = (folder / f"net{next(_NUMBERS)}.yaml").as_uri()
        self.identifier = types.TextDocumentIdentifier(self.uri)
        document = types.TextDocumentItem(self.uri, "yaml", 1, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def position(self, offset: int) -> types.Position:
        """Lines and columns in units of UTF-16, as the protocol has them by default."""
        before = self.text[:offset].rpartition("\n")[2]
        line = self.text.count("\n", 0, offset)
        return types.Position(line, len(before.encode("utf-16-le")) // 2)

    def place(self, word: str, shift: int = 1) -> types.Position:
        return self.position(self.text.index(word) + shift)

    def replace(self, old: str, new: str) -> None:
        """Change the text as an editor tells it: the stretch, and what stands there now."""
        start = self.text.index(old)
        self.replace_at(start, start + len(old), new)

    def apply(self, edits: list[types.TextEdit]) -> None:
        """Carry out the edits of an answer."""
        for edit in sorted(edits, key=lambda edit: _order(edit.range.start), reverse=True):
            self.replace_at(
                self.offset(edit.range.start), self.offset(edit.range.end), edit.new_text
            )

    def replace_at(self, start: int, end: int, new: str) -> None:
        stretch = types.Range(self.position(start), self.position(end))
        self.version += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.version, self.uri),
                [types.TextDocumentContentChangePartial(stretch, new)],
            )
        )
        self.text = self.text[:start] + new + self.text[end:]

    def offset(self, position: types.Position) -> int:
        wanted = _order(position)
        return next(o for o in range(len(self.text) + 1) if _order(self.position(o)) == wanted)

    async def diagnostics(self, *codes: str) -> list[types.Diagnostic]:
        """What the server tells of the document, once that has these codes."""
        async with asyncio.timeout(20):
            while True:
                told = self.client.diagnostics.get(self.uri)
                if told is not None and [each.code for each in told] == list(codes):
                    return list(told)
                await asyncio.sleep(0.02)


def _order(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


async def test_what_is_wrong_is_told_while_typing(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path, SPEC)
    await editor.diagnostics()
    editor.replace("kernel: 3", "kernle: 3")
    (found,) = await editor.diagnostics("unknown-attribute")
    assert found.range.start == editor.place("kernle", 0)
    assert found.range.end == editor.place("kernle", len("kernle"))
    editor.replace("kernle: 3", "kernel: 3")
    await editor.diagnostics()


async def test_columns_behind_a_letter_of_two_units(client: LanguageClient, tmp_path: Path) -> None:
    text = 'input: [8, 8, 3]\nabout: 𝒞\nstem: [{conv: {filters: "𝒞", kernel: 3}}, rellu]\n'
    editor = Editor(client, tmp_path, text)
    _, found = await editor.diagnostics("wrong-type", "unknown-verb")
    assert found.range.start == editor.place("rellu", 0)


async def test_a_slip_is_mended(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path, SPEC.replace("concat", "concta"))
    (found,) = await editor.diagnostics("unknown-verb")
    params = types.CodeActionParams(
        editor.identifier, found.range, types.CodeActionContext([found])
    )
    (action,) = await client.text_document_code_action_async(params)
    assert action.edit is not None
    editor.apply(action.edit.changes[editor.uri])
    assert editor.text == SPEC
    await editor.diagnostics()


async def test_hover(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path, SPEC)
    params = types.HoverParams(editor.identifier, editor.place("conv:"))
    found = await client.text_document_hover_async(params)
    assert "A convolution" in found.contents.value
    assert "**32×32×16**" in found.contents.value
    # 3·3·3·16 weights and 16 biases; each weight at 32·32 positions.
    assert "448 parameters, 442,368 MACs" in found.contents.value
    assert found.range.start == editor.place("conv:", 0)


async def test_hints(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path, SPEC)
    everything = types.Range(types.Position(0, 0), types.Position(99, 0))
    found = await client.text_document_inlay_hint_async(
        types.InlayHintParams(editor.identifier, everything)
    )
    assert [(hint.position.line, hint.label) for hint in found] == [
        (2, "32×32×32"),
        (3, "32×32×16"),
        (4, "32×32×32"),
        (5, "32×32×32"),
    ]
    assert found[1].position == editor.place("kernel: 3}}", len("kernel: 3}}"))
    one_line = types.Range(types.Position(4, 0), types.Position(4, 80))
    params = types.InlayHintParams(editor.identifier, one_line)
    assert len(await client.text_document_inlay_hint_async(params)) == 1


async def test_completion(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path, SPEC)
    editor.replace("basic_block: 32}", "basic_block: {ex")
    params = types.CompletionParams(editor.identifier, editor.place("{ex", len("{ex")))
    found = await client.text_document_completion_async(params)
    items = {item.label: item for item in found.items}
    assert {"filters", "stride"} <= items.keys()
    edit = items["filters"].text_edit
    assert edit.new_text == "filters"
    assert edit.range.start == editor.place("{ex", 1)


@pytest.mark.parametrize(
    ("written", "some", "none"),
    [
        ("- re", {"relu", "basic_block"}, "filters"),
        ("- {basic_block: {", {"filters", "stride"}, "relu"),
        ("- {from: ", {"entry", "after"}, "width"),
        ("- {dropout: =", {"width", "entry", "max"}, "relu"),
    ],
)
async def test_what_completes_is_what_is_in_scope(
    client: LanguageClient, tmp_path: Path, written: str, some: set[str], none: str
) -> None:
    editor = Editor(client, tmp_path, "args: {width: 8}\n" + SPEC)
    end = len(editor.text)
    editor.replace_at(end, end, written)
    params = types.CompletionParams(editor.identifier, editor.position(len(editor.text)))
    found = await client.text_document_completion_async(params)
    labels = {item.label for item in found.items}
    assert some <= labels
    assert none not in labels


async def test_definition_of_an_id_in_a_spec_that_is_extended(
    client: LanguageClient, tmp_path: Path
) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(SPEC, encoding="utf-8")
    text = "extends: base.yaml\ntask:\n- {from: entry, relu: }\n- {id: last, relu: }\n"
    editor = Editor(client, tmp_path, text)
    params = types.DefinitionParams(editor.identifier, editor.place("entry"))
    found = await client.text_document_definition_async(params)
    assert found.uri == base.as_uri()
    line = SPEC.splitlines()[found.range.start.line]
    assert line[found.range.start.character : found.range.end.character] == "entry"


async def test_definition_in_a_file_that_ships(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path, SPEC)
    params = types.DefinitionParams(editor.identifier, editor.place("basic_block"))
    found = await client.text_document_definition_async(params)
    path = specs_folder() / "blocks" / "residual.yaml"
    assert found.uri == path.as_uri()
    line = path.read_text(encoding="utf-8").splitlines()[found.range.start.line]
    assert line.strip() == "basic_block:"


async def test_rename(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path, SPEC)
    place = editor.place("from: entry", len("from: e"))
    asked = await client.text_document_prepare_rename_async(
        types.PrepareRenameParams(editor.identifier, place)
    )
    assert asked.start == editor.place("from: entry", len("from: "))
    found = await client.text_document_rename_async(
        types.RenameParams(editor.identifier, place, "begin")
    )
    editor.apply(found.changes[editor.uri])
    assert editor.text == SPEC.replace("entry", "begin")


async def test_a_name_that_will_not_do(client: LanguageClient, tmp_path: Path) -> None:
    from pygls.exceptions import JsonRpcException

    editor = Editor(client, tmp_path, SPEC)
    params = types.RenameParams(editor.identifier, editor.place("id: entry", 5), "two words")
    with pytest.raises(JsonRpcException, match="expected an id"):
        await client.text_document_rename_async(params)


async def test_what_is_closed_has_nothing_wrong(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path, "input: [8, 3]\nstem: [rellu]\n")
    await editor.diagnostics("unknown-verb")
    client.text_document_did_close(types.DidCloseTextDocumentParams(editor.identifier))
    await editor.diagnostics()


async def test_a_mistake_in_a_library_is_told_where_it_is_used(
    client: LanguageClient, tmp_path: Path
) -> None:
    library = tmp_path / "mine.yaml"
    library.write_text("define: {one: {steps: [rellu]}}\n", encoding="utf-8")
    editor = Editor(client, tmp_path, "input: [8, 3]\nuse: [mine.yaml]\nstem: [one]\n")
    (found,) = await editor.diagnostics("unknown-verb")
    assert found.range.start == editor.place("use", 0)
    (related,) = found.related_information
    assert related.location.uri == library.as_uri()
    assert related.location.range.start == types.Position(0, 23)


async def test_without_pygls_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    monkeypatch.delitem(sys.modules, "archc.cli.commands.lsp", raising=False)
    assert run(["lsp"]) == 2
    assert "pip install 'archc[lsp]'" in capsys.readouterr().err
