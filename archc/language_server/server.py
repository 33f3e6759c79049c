"""The requests of the protocol, answered by the functions of this room."""

from __future__ import annotations

import gc
from collections.abc import Callable

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from archc.api import load, zoo
from archc.language_server.completion import Item, complete
from archc.language_server.definition import definition
from archc.language_server.hints import hints
from archc.language_server.hover import hover
from archc.language_server.rename import CannotRename, rename, renamed_at
from archc.language_server.state import SpecServer, path_of

_KINDS = {
    "key": types.CompletionItemKind.Property,
    "word": types.CompletionItemKind.Keyword,
    "name": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
    "file": types.CompletionItemKind.File,
}


_MOST_YOUNG = 500_000
"""Objects that may come up, a hundred strokes of a key, before garbage is looked for at once."""


def make_server() -> SpecServer:
    """A server that waits for its client: `.start_io()` talks over stdin and stdout.

    From now on the process looks for garbage where the typing pauses.
    """
    # What is imported when it is first needed would make the first answer late.
    load(next(iter(zoo()))).graph()
    gc.freeze()
    gc.set_threshold(_MOST_YOUNG)
    server = SpecServer()
    for method, (answer, options) in _ANSWERS.items():
        server.feature(method, options)(answer)
    return server


def _initialized(server: SpecServer, _: types.InitializedParams) -> None:
    folders = [folder.uri for folder in server.workspace.folders.values()]
    root = server.workspace.root_uri
    server.start(folders or [uri for uri in (root,) if uri])


def _opened(server: SpecServer, params: types.DidOpenTextDocumentParams) -> None:
    server.put(params.text_document.uri)


def _changed(server: SpecServer, params: types.DidChangeTextDocumentParams) -> None:
    server.put(params.text_document.uri)


def _closed(server: SpecServer, params: types.DidCloseTextDocumentParams) -> None:
    server.remove(params.text_document.uri)


def _saved(server: SpecServer, _: types.DidSaveTextDocumentParams) -> None:
    server.changed_on_disk()


def _changed_on_disk(server: SpecServer, _: types.DidChangeWatchedFilesParams) -> None:
    server.changed_on_disk()


def _hovered(server: SpecServer, params: types.HoverParams) -> types.Hover | None:
    document, offset = server.at(params.text_document.uri, params.position)
    told = hover(server.session, document.path, offset)
    if told is None:
        return None
    place = server.messages(document).range(told.start, told.end)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, told.text), place)


def _hinted(server: SpecServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    document, first = server.at(params.text_document.uri, params.range.start)
    _, last = server.at(params.text_document.uri, params.range.end)
    messages = server.messages(document)
    return [
        types.InlayHint(
            messages.range(hint.offset, hint.offset).start, hint.text, padding_left=True
        )
        for hint in hints(server.session, document.path)
        if first <= hint.offset <= last
    ]


def _defined(server: SpecServer, params: types.DefinitionParams) -> types.Location | None:
    document, offset = server.at(params.text_document.uri, params.position)
    target = definition(document, offset)
    if target is None:
        return None
    return types.Location(server.uri_of(target.path), server.messages(document).place(target.span))


def _completed(server: SpecServer, params: types.CompletionParams) -> types.CompletionList:
    document, offset = server.at(params.text_document.uri, params.position)
    found = complete(server.session, document.path, offset)
    place = server.messages(document).range(found.start, offset)
    items = [_completion(item, place) for item in found.items]
    return types.CompletionList(is_incomplete=False, items=items)


def _completion(item: Item, place: types.Range) -> types.CompletionItem:
    told = types.MarkupContent(types.MarkupKind.Markdown, item.text) if item.text else None
    return types.CompletionItem(
        item.word,
        kind=_KINDS[item.kind],
        documentation=told,
        text_edit=types.TextEdit(place, item.word),
    )


def _mended(server: SpecServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    document = server.session.document(path_of(uri))
    messages = server.messages(document)
    fixes = [messages.fix(found, uri) for found in document.problems()]
    return [fix for fix in fixes if fix is not None and _touches(fix, params.range)]


def _touches(fix: types.CodeAction, wanted: types.Range) -> bool:
    """Whether the diagnostic of a fix has a line in common with a range."""
    (found,) = fix.diagnostics or ()
    return found.range.start.line <= wanted.end.line and wanted.start.line <= found.range.end.line


def _may_be_renamed(server: SpecServer, params: types.PrepareRenameParams) -> types.Range | None:
    document, offset = server.at(params.text_document.uri, params.position)
    span = renamed_at(document, offset)
    return server.messages(document).range(span.start, span.end) if span else None


def _renamed(server: SpecServer, params: types.RenameParams) -> types.WorkspaceEdit:
    document, offset = server.at(params.text_document.uri, params.position)
    try:
        edits = rename(document, offset, params.new_name)
    except CannotRename as problem:
        raise JsonRpcInvalidParams(str(problem)) from None
    messages = server.messages(document)
    return types.WorkspaceEdit(
        {server.uri_of(path): [messages.edit(e) for e in found] for path, found in edits.items()}
    )


_ANSWERS: dict[str, tuple[Callable[..., object], object]] = {
    types.INITIALIZED: (_initialized, None),
    types.TEXT_DOCUMENT_DID_OPEN: (_opened, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (_changed, None),
    types.TEXT_DOCUMENT_DID_CLOSE: (_closed, None),
    types.TEXT_DOCUMENT_DID_SAVE: (_saved, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (_changed_on_disk, None),
    types.TEXT_DOCUMENT_HOVER: (_hovered, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (_hinted, None),
    types.TEXT_DOCUMENT_DEFINITION: (_defined, None),
    types.TEXT_DOCUMENT_COMPLETION: (
        _completed,
        types.CompletionOptions(trigger_characters=[" ", "=", "(", ".", "{", "/"]),
    ),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        _mended,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    ),
    types.TEXT_DOCUMENT_PREPARE_RENAME: (_may_be_renamed, None),
    types.TEXT_DOCUMENT_RENAME: (_renamed, types.RenameOptions(prepare_provider=True)),
}
"""Each method that a client may ask for or tell of, what answers it, and what it is told first."""
