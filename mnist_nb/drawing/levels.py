"""From a picture, whatever it was stored as, to its light: float32 (H, W, 1 or 3), 0..255.

Pillow is needed only for pictures of its own, and is loaded by whoever has one.
"""

import struct
import sys
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing.light import LUMINANCE
from mnist_nb.drawing.opening import ORIENTATION, open_picture, picture_size
from mnist_nb.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

Levels = NDArray[np.float32]

DAMAGED = (OSError, ValueError, SyntaxError, TypeError, struct.error)  # what Pillow then raises

ENOUGH = 600  # pixels a side: 28 are wanted, and a photo has thousands
STRIP = 2_000_000  # pixels that are looked at at once, where Pillow makes copies
BEYOND = 1.1  # of a range: resized pictures overshoot it


def levels_of(source: object) -> tuple[Levels, tuple[int, int]]:
    """Return the light of a picture, reduced when it is large.

    Args:
        source: a PIL image of any mode, the path of one, or a 2-D array of numbers 0..255.

    Returns:
        float32 (H, W, 1 or 3), 0..255; and the width and height of its file, both as it is seen
        when it was turned as its camera was held.

    Raises:
        InputError: neither, numbers outside 0..255, or a picture that is cut off.
    """
    if isinstance(source, (str, PathLike)) and Path(source).is_file():
        source = open_picture(Path(source))
    pillow = sys.modules.get("PIL.Image")
    if not (pillow and isinstance(source, pillow.Image)):
        return _checked(source)
    try:
        source.load()  # which turns a TIFF
        size, turn = picture_size(source), source.getexif().get(ORIENTATION, 1)
        return _TURNED.get(turn, _as_it_is)(_levels(source, max(1, max(size) // ENOUGH))), size
    except InputError:
        raise
    except DAMAGED as error:  # Pillow reads the pixels only now
        raise InputError(f"the picture cannot be read: {error}") from None


def _as_it_is(levels: Levels) -> Levels:
    return levels


# How to see a picture upright, by EXIF's orientation.
_TURNED: dict[int, Callable[[Levels], Levels]] = {
    2: lambda levels: levels[:, ::-1],
    3: lambda levels: levels[::-1, ::-1],
    4: lambda levels: levels[::-1],
    5: lambda levels: levels.transpose(1, 0, 2),
    6: lambda levels: levels[::-1].transpose(1, 0, 2),
    7: lambda levels: levels[::-1, ::-1].transpose(1, 0, 2),
    8: lambda levels: levels.transpose(1, 0, 2)[::-1],
}


def _levels(picture: "Image", factor: int) -> Levels:
    """Return float32 (H, W, 1 or 3), 0..255, of a PIL image of any mode."""
    width, height = picture.size
    high = factor * max(1, STRIP // (factor * width))  # of a strip: whole pixels of the result
    small = [
        _reduced(picture.crop((0, top, width, min(top + high, height))), factor)
        for top in range(0, height, high)
    ]
    values = np.concatenate(small)
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _in_range(values, "f" if picture.mode == "F" else "i")
    if values.shape[2] < 4:
        return values
    colours, share = values[:, :, :3], values[:, :, 3:] / np.float32(255)
    # What is transparent is paper, and paper is what the ink is not.
    visible = float(share.sum())
    light = float((colours @ LUMINANCE * share[:, :, 0]).sum()) / visible if visible else 0.0
    paper = np.float32(0 if light > 127 else 255)
    composed: Levels = colours * share + paper * (1 - share)
    return composed


def _reduced(picture: "Image", factor: int) -> Levels:
    """Return the means of so many pixels a side: (H, W, 1, 3 or 4)."""
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _means(np.asarray(picture), factor)[:, :, None]
    mode = "RGB"
    if picture.has_transparency_data:
        mode = "RGBA"
    elif picture.mode in ("L", "1"):
        mode = "L"
    converted = picture if picture.mode == mode else picture.convert(mode)
    values = np.asarray(converted.reduce(factor), np.float32)
    return values.reshape(*values.shape[:2], -1)


def _in_range(small: Levels, kind: str) -> Levels:
    """Return numbers of 16 or 32 bits, or floats, as 0..255.

    Their range is the smallest usual one that holds them: a camera's 12 bits, or 8, may be stored
    in 16 bits too, and floats that were resized go a little beyond 1.
    """
    least, most = float(small.min()), float(small.max())
    if not np.isfinite([least, most]).all() or least < 0:
        raise InputError(f"a picture holds numbers from 0 up, got {least:g} to {most:g}")
    wide = (1, 255, 65535) if kind == "f" else (255, 4095, 65535)
    top = next((top for top in wide if most <= BEYOND * top), most)
    scaled: Levels = np.minimum(small * np.float32(255 / top), np.float32(255))
    return scaled


def _means(values: NDArray[Any], factor: int) -> Levels:
    """Return the means of so many pixels a side; what is left over at the end is left out."""
    high, wide = (min(factor, side) for side in values.shape)
    height, width = values.shape[0] // high, values.shape[1] // wide
    blocks = values[: height * high, : width * wide].reshape(height, high, width, wide)
    means: Levels = blocks.mean(axis=(1, 3), dtype=np.float32)
    return means


def _checked(source: object) -> tuple[Levels, tuple[int, int]]:
    """Return a 2-D array of numbers 0..255 as float32 (H, W, 1), and its width and height."""
    try:
        values = np.asarray(source)
        if values.dtype.kind not in "buif":
            values = values.astype(np.float64)
    except (TypeError, ValueError):
        missing = f"; there is no file {source}" if isinstance(source, (str, PathLike)) else ""
        raise InputError(
            "rasterize takes a Drawing, a PIL image or its path, or a 2-D array, got"
            f" {type(source).__name__}: open a file with PIL.Image.open(path), make strokes a"
            f" Drawing(strokes){missing}"
        ) from None
    if values.ndim != 2 or 0 in values.shape:
        strokes = ": make strokes a Drawing(strokes)" if isinstance(source, (list, tuple)) else ""
        raise InputError(
            f"a picture is a 2-D array (height, width), got shape {values.shape}{strokes}"
        )
    least, most = float(values.min()), float(values.max())
    if not (least >= 0 and most <= 255):  # nor NaN
        raise InputError(f"a picture holds grey levels 0..255, got {least:g} to {most:g}")
    if 0 < most <= 1 and values.dtype.kind == "f":
        raise InputError("a picture holds grey levels 0..255, got floats 0..1: multiply by 255")
    height, width = values.shape
    return _means(values, max(1, max(values.shape) // ENOUGH))[:, :, None], (width, height)
