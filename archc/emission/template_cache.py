"""Compiled templates, kept where Python keeps compiled modules: in `__pycache__` beside them."""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from contextlib import suppress
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache, bc_magic


class TemplateCache(BytecodeCache):
    """A compiled template is used again while all that it was made from is the same.

    That is its text, its path, Python, Jinja and the environment's options. As with modules,
    nothing is kept where nothing can be written, or where Python is told not to.
    """

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return filename or name

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError, NotImplementedError, EOFError, ValueError, TypeError):
            data = _place(bucket).read_bytes()
            made_from = self._made_from(bucket)
            if data.startswith(made_from):
                bucket.code = marshal.loads(data[len(made_from) :])

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        with suppress(OSError, NotImplementedError):
            place = _place(bucket)
            temporary = place.with_name(f"{place.name}.{os.getpid()}-{id(bucket)}")
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(self._made_from(bucket) + marshal.dumps(bucket.code))
                temporary.replace(place)
            finally:
                temporary.unlink(missing_ok=True)

    def _made_from(self, bucket: Bucket) -> bytes:
        made = bucket.environment
        options = (made.sandboxed, made.autoescape, made.trim_blocks, made.lstrip_blocks)
        by = f"{getattr(jinja2, '__version__', '')} {options!r}"
        parts = (MAGIC_NUMBER, bc_magic, by.encode(), bucket.key.encode(), bucket.checksum.encode())
        return hashlib.sha256(b"\0".join(parts)).digest()


def _place(bucket: Bucket) -> Path:
    """Raises `NotImplementedError` where this Python keeps nothing compiled."""
    return Path(cache_from_source(bucket.key))
