"""Keras, loaded when it is first needed, without the noise that TensorFlow makes meanwhile."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

_NOISE = re.compile(
    rb"""(?x)
    [IW]\d{4}\s .* :\d+\]                     # information and warnings of absl
    | WARNING:\ All\ log\ messages\ before
    | To\ enable\ the\ following\ instructions
    """
)


def load_keras() -> ModuleType:
    """The module `keras`.

    Unless the environment says what TensorFlow shall log (`TF_CPP_MIN_LOG_LEVEL`), its
    information and warnings are kept off stderr; errors are not.
    """
    if "keras" in sys.modules or "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        return import_module("keras")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with _without_noise():
        return import_module("keras")


@contextmanager
def _without_noise() -> Iterator[None]:
    """Leave out what libraries below Python write to stderr, but for what is no noise.

    Some of TensorFlow's libraries log before they have read the level that is asked for.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            written.seek(0)
            for line in written:
                if not _NOISE.match(line):
                    os.write(2, line)
