"""From a picture, whatever it was stored as, to its light: float32 (H, W, 1 or 3), 0..255.

Pillow is needed only for pictures of its own, and is loaded by whoever has one.
"""

import struct
import sys
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
        size = picture_size(source)
        if source.getexif().get(ORIENTATION, 1) != 1:  # else it would only copy
            from PIL import ImageOps

            source = ImageOps.exif_transpose(source)
        return _levels(source, max(1, max(source.size) // ENOUGH)), size
    except InputError:
        raise
    except DAMAGED as error:  # Pillow reads the pixels only now
        raise InputError(f"the picture cannot be read: {error}") from None


def _levels(picture: "Image", factor: int) -> Levels:
    """Return float32 (H, W, 1 or 3), 0..255, of a PIL image of any mode."""
    if picture.mode == "F" or picture.mode.startswith("I"):
        values = np.asarray(picture)
        return _in_range(_reduced(values, factor), values.dtype.kind)[:, :, None]
    transparent = picture.has_transparency_data
    if picture.mode in ("L", "1") and not transparent:
        return np.asarray(picture.convert("L").reduce(factor), np.float32)[:, :, None]
    if not transparent:
        rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
        return np.asarray(rgb.reduce(factor), np.float32)
    coloured = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    rgba = np.asarray(coloured.reduce(factor), np.float32)
    colours, share = rgba[:, :, :3], rgba[:, :, 3:] / np.float32(255)
    # What is transparent is paper, and paper is what the ink is not.
    visible = float(share.sum())
    light = float((colours @ LUMINANCE * share[:, :, 0]).sum()) / visible if visible else 0.0
    paper = np.float32(0 if light > 127 else 255)
    composed: Levels = colours * share + paper * (1 - share)
    return composed


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


def _reduced(values: NDArray[Any], factor: int) -> Levels:
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
    return _reduced(values, max(1, max(values.shape) // ENOUGH))[:, :, None], (width, height)
