"""Compiled templates, kept where Python keeps its compiled modules: in `__pycache__` beside them."""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache, bc_magic


class TemplateCache(BytecodeCache):
    """A compiled template is used again while all that it was made from is the same.

    That is its text, its path, Python, Jinja and `options`, those of the environment. As with
    Python's own: where nothing can be written, or nothing is to be, nothing is kept.
    """

    def __init__(self, options: object) -> None:
        self._made_by = bc_magic + f"{_version()} {options!r}".encode()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return filename or name

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError, EOFError, ValueError, TypeError):
            data = _place(bucket).read_bytes()
            made_from = self._made_from(bucket)
            if data.startswith(made_from):
                bucket.code = marshal.loads(data[len(made_from) :])

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        place = _place(bucket)
        temporary = place.with_name(f"{place.name}.{os.getpid()}")
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(self._made_from(bucket) + marshal.dumps(bucket.code))
                temporary.replace(place)
            finally:
                temporary.unlink(missing_ok=True)

    def _made_from(self, bucket: Bucket) -> bytes:
        parts = (self._made_by, bucket.key.encode(), bucket.checksum.encode())
        return hashlib.sha256(b"\0".join(parts)).digest()


def _place(bucket: Bucket) -> Path:
    return Path(cache_from_source(bucket.key))


def _version() -> str:
    import jinja2

    return str(getattr(jinja2, "__version__", ""))
