"""Image files as the input of a network."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from archc.diagnostics import CompileError, Diagnostic
from archc.prediction.preprocessing import Preprocessing

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow runs a program for some of the others."""

_MOST_PIXELS = 100_000_000
"""Of an image when it is resized: one that is long and thin would fill the memory."""


def check_images(paths: Iterable[Path]) -> None:
    """Raise `CompileError` (`image-file`) with all paths at which there is no file."""
    missing = [f"`{path}`, found {_kind(path)}" for path in paths if not _is_file(path)]
    if missing:
        found = [Diagnostic("image-file", f"expected an image at {each}") for each in missing]
        raise CompileError(found)
    if find_spec("PIL") is None:
        message = "Pillow is needed to read images, and is not installed"
        helps = ("install it: pip install 'archc[predict]'",)
        raise CompileError([Diagnostic("image-file", message, helps=helps)])


def read_images(paths: Sequence[Path], preprocessing: Preprocessing) -> np.ndarray:
    """The images as one float32 array of shape (number, height, width, channels).

    Raises `CompileError` (`image-file`) where one can't be read.
    """
    import numpy as np

    check_images(paths)
    pixels = [_pixels(path, preprocessing) for path in paths]
    return preprocessing.scaled(np.stack(pixels))


def _pixels(path: Path, preprocessing: Preprocessing) -> np.ndarray:
    """An image's pixels from 0 to 255, of the shape of the input."""
    import numpy as np
    from PIL import Image, ImageOps

    channels = preprocessing.input.channels
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=_FORMATS) as opened:
                # Cameras turn the picture by a note in the file.
                image = ImageOps.exif_transpose(opened).convert("L" if channels == 1 else "RGB")
        # A damaged file surfaces as exceptions of each format's own.
        except Exception as error:
            _refuse(path, str(error))
    fitted = _fitted(image, path, preprocessing)
    return np.asarray(fitted).reshape(preprocessing.input)


def _fitted(image: Image.Image, path: Path, preprocessing: Preprocessing) -> Image.Image:
    """The image at the sides of the input."""
    from PIL.Image import Resampling

    height, width = preprocessing.input.sides
    method = Resampling[preprocessing.interpolation.upper()]
    if preprocessing.crop == "none":
        return image.resize((width, height), method)
    sides = _covering(image.size, preprocessing)
    if sides[0] * sides[1] > _MOST_PIXELS:
        _refuse(path, f"{image.width}×{image.height} pixels are too long for their width")
    left, top = round((sides[0] - width) / 2), round((sides[1] - height) / 2)
    return image.resize(sides, method).crop((left, top, left + width, top + height))


def _covering(sides: tuple[int, int], preprocessing: Preprocessing) -> tuple[int, int]:
    """The width and height, in proportion, of the smallest image that covers the enlarged input."""
    height, width = preprocessing.input.sides
    shorter = min(height, width)
    box = (width * preprocessing.size // shorter, height * preprocessing.size // shorter)
    axis = 0 if sides[0] * box[1] <= sides[1] * box[0] else 1
    # In whole numbers: a side that is off by one would move the middle.
    return (sides[0] * box[axis] // sides[axis], sides[1] * box[axis] // sides[axis])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _kind(path: Path) -> str:
    try:
        return "a folder" if path.is_dir() else "no file" if path.exists() else "nothing"
    except (OSError, ValueError):
        return "nothing"


def _refuse(path: Path, reason: str) -> NoReturn:
    formats = f"{', '.join(_FORMATS[:-1])} and {_FORMATS[-1]} files are read"
    notes = (f"{reason[:1].lower()}{reason[1:]}",) if reason else ()
    message = f"expected an image, found `{path}`, which can't be read as one"
    raise CompileError([Diagnostic("image-file", message, notes=notes, helps=(formats,))]) from None
