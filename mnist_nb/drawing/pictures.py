"""From a picture of a digit to its ink: whatever it was stored as, dark on light or light on dark.

Ink is how far a pixel is from the paper, and the paper is what most of the border shows. Pillow is
needed only for pictures of its own, and is loaded by whoever has one.
"""

import struct
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

Levels = NDArray[np.float32]

DAMAGED = (OSError, ValueError, SyntaxError, TypeError, struct.error)  # what Pillow then raises

ENOUGH = 600  # pixels a side: 28 are wanted, and a photo has thousands
FAINT = 32  # of 255: less contrast is an empty page and its noise
SEEN = 0.2  # of the strongest ink: what counts as ink
COARSE = 80  # pixels a side, in which pieces of ink are told apart
LARGE = 100  # pixels a side: smaller ones are no photos, and clean
PARTS = 10  # of a side of a photo, each with a light of its own
UNEVEN = 0.4  # of the strongest contrast: what is further from the border's level is ink
CONTACT = 0.15  # of a side: what touches the border for longer is no pen
TALL = 0.2  # of a side: a piece that may be the digit
BEYOND = 1.1  # of a range: resized pictures overshoot it
ORIENTATION = 0x0112  # EXIF's tag: which way up a camera was held
SPECK = 0.15  # of the largest piece: what is smaller is dirt


def ink_of(source: object) -> Levels:
    """Return how much ink each pixel has, float32 (H, W) 0..255; all zeros without contrast.

    Args:
        source: a PIL image of any mode, or a 2-D array of numbers 0..255.

    Raises:
        InputError: neither, numbers outside 0..255, or a picture that is cut off.
    """
    pillow = sys.modules.get("PIL.Image")
    levels = _levels(source) if pillow and isinstance(source, pillow.Image) else _checked(source)
    apart = np.abs(levels - _paper(levels))  # (H, W, channels)
    grey, colour = apart @ _luminance(levels.shape[2]), apart.max(axis=2)
    # Red on green of one lightness has its contrast in the colours; else they only add noise.
    ink = grey if grey.max() > colour.max() / 3 else colour
    if min(ink.shape) >= LARGE:
        ink = _cleaned(ink)
    return ink if ink.max() >= FAINT else np.zeros_like(ink)


def _paper(levels: Levels) -> Levels:
    """Return what the paper is like: of small pictures one level, else one for each place.

    Light falls unevenly on a photo. A part of it is paper where most of its pixels are near what
    most of the border shows; elsewhere, as within a thick stroke, the border's level is taken.
    """
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])  # (n, channels)
    level: Levels = np.median(border, axis=0).astype(np.float32)  # (channels,)
    height, width, channels = levels.shape
    if min(height, width) < LARGE:
        return level
    h, w = height // PARTS, width // PARTS
    parts = levels[: h * PARTS, : w * PARTS].reshape(PARTS, h, PARTS, w, channels)
    light = np.median(parts, axis=(1, 3))  # (PARTS, PARTS, channels)
    apart = np.abs(light - level).max(axis=2)
    light[apart > UNEVEN * np.abs(levels - level).max()] = level
    rows, columns = _between(height), _between(width)  # (H, PARTS), (W, PARTS)
    paper: Levels = np.einsum("hi,ijc,wj->hwc", rows, light, columns, optimize=True)
    return paper


def _between(side: int) -> Levels:
    """Return weights (side, PARTS) that lead in a line from the middle of a part to the next."""
    middle = (np.arange(PARTS) + 0.5) * (side / PARTS)
    each = np.eye(PARTS, dtype=np.float32)
    weights = [np.interp(np.arange(side) + 0.5, middle, one) for one in each]
    return np.array(weights, np.float32).T


def _luminance(channels: int) -> Levels:
    """Weights of the channels, as Pillow's own grey has them (ITU-R 601-2)."""
    return np.array([0.299, 0.587, 0.114] if channels == 3 else [1.0], np.float32)


def _levels(picture: "Image") -> Levels:
    """Return float32 (H, W, 1 or 3), 0..255, of a PIL image of any mode."""
    factor = max(1, max(picture.size) // ENOUGH)
    try:
        if picture.getexif().get(ORIENTATION, 1) != 1:  # else it would only copy
            from PIL import ImageOps

            picture = ImageOps.exif_transpose(picture)
        if picture.mode == "F" or picture.mode.startswith("I"):
            return _reduced(np.asarray(picture), factor)[:, :, None]
        transparent = picture.has_transparency_data
        if picture.mode in ("L", "1") and not transparent:
            grey = picture.convert("L")
            return np.asarray(grey.reduce(factor), np.float32)[:, :, None]
        if not transparent:
            rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
            return np.asarray(rgb.reduce(factor), np.float32)
        coloured = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        rgba = np.asarray(coloured.reduce(factor), np.float32)
    except InputError:
        raise
    except DAMAGED as error:  # Pillow reads the pixels only now
        raise InputError(f"the picture cannot be read: {error}") from None
    colours, share = rgba[:, :, :3], rgba[:, :, 3:] / np.float32(255)
    # What is transparent is paper, and paper is what the ink is not.
    visible = float(share.sum())
    light = float((colours @ _luminance(3) * share[:, :, 0]).sum()) / visible if visible else 0.0
    paper = np.float32(0 if light > 127 else 255)
    composed: Levels = colours * share + paper * (1 - share)
    return composed


def _reduced(values: NDArray[Any], factor: int) -> Levels:
    """Return numbers of 16 or 32 bits, or floats, as 0..255.

    Their range is the smallest usual one that holds them: a camera's 12 bits, or 8, may be stored
    in 16 bits too, and floats that were resized go a little beyond 1.
    """
    height, width = (side // factor * factor for side in values.shape)
    blocks = values[:height, :width].reshape(height // factor, factor, width // factor, factor)
    small = blocks.mean(axis=(1, 3), dtype=np.float32)
    least, most = float(small.min()), float(small.max())
    if not np.isfinite([least, most]).all() or least < 0:
        raise InputError(f"a picture holds numbers from 0 up, got {least:g} to {most:g}")
    wide = (1, 255, 65535) if values.dtype.kind == "f" else (255, 4095, 65535)
    top = next((top for top in wide if most <= BEYOND * top), most)
    scaled: Levels = np.minimum(small * np.float32(255 / top), np.float32(255))
    return scaled


def _checked(source: object) -> Levels:
    """Return a 2-D array of numbers 0..255 as float32 (H, W, 1)."""
    try:
        levels = np.asarray(source, np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"rasterize takes a Drawing, a PIL image or a 2-D array, got {type(source).__name__}:"
            " open a file with PIL.Image.open(path), make strokes a Drawing(strokes)"
        ) from None
    if levels.ndim != 2 or 0 in levels.shape:
        strokes = ": make strokes a Drawing(strokes)" if isinstance(source, (list, tuple)) else ""
        raise InputError(
            f"a picture is a 2-D array (height, width), got shape {levels.shape}{strokes}"
        )
    if not np.isfinite(levels).all() or levels.min() < 0 or levels.max() > 255:
        raise InputError(
            f"a picture holds grey levels 0..255, got {levels.min():g} to {levels.max():g}"
        )
    if 0 < levels.max() <= 1 and np.asarray(source).dtype.kind == "f":
        raise InputError("a picture holds grey levels 0..255, got floats 0..1: multiply by 255")
    return levels.astype(np.float32)[:, :, None]


def _cleaned(ink: Levels) -> Levels:
    """Take out what is no digit where there is one: what lies along the border, and specks."""
    step = -(-max(ink.shape) // COARSE)
    height, width = (-(-side // step) for side in ink.shape)
    padded = np.zeros((height * step, width * step), np.float32)
    padded[: ink.shape[0], : ink.shape[1]] = ink
    coarse = padded.reshape(height, step, width, step).max(axis=(1, 3))
    piece = _pieces(coarse > SEEN * coarse.max())
    border = np.concatenate([piece[0], piece[-1], piece[:, 0], piece[:, -1]])
    sizes: dict[int, int] = {}
    for name in np.unique(piece[piece > 0]).tolist():
        if np.count_nonzero(border == name) <= CONTACT * max(piece.shape):
            sizes[name] = max(int(np.ptp(places)) + 1 for places in np.nonzero(piece == name))
    largest = max(sizes.values(), default=0)
    if largest < TALL * max(piece.shape):
        return ink  # nothing that would be the digit
    kept = [name for name, size in sizes.items() if size > SPECK * largest]
    gone = ~np.isin(piece, [0, *kept])
    full = gone.repeat(step, axis=0).repeat(step, axis=1)[: ink.shape[0], : ink.shape[1]]
    return np.where(full, np.float32(0), ink)


def _pieces(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Name each pixel of a mask by its piece, 0 outside; what touches by a corner is one piece."""
    height, width = mask.shape
    found = np.zeros((height + 2, width + 2), np.int64)
    inside = found[1:-1, 1:-1]
    inside[:] = np.arange(1, mask.size + 1).reshape(mask.shape) * mask
    near = [found[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    while True:
        largest = np.maximum.reduce(near) * mask
        if (largest == inside).all():
            return inside.copy()
        inside[:] = largest
