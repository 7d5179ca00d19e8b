"""Arrays as small PNG pictures inside of HTML."""

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_nb.lessons.png import data_uri

# Below and above zero: apart for colour-blind eyes, and visible on white and on black.
NEGATIVE, POSITIVE = (40, 120, 205), (232, 106, 16)

_STEPS = 127  # shades of each sign


def _palette() -> tuple[list[int], bytes]:
    """Colours by sign, opacity by size: zero shows the page, be it light or dark."""
    colors: list[int] = []
    alphas: list[int] = []
    for index in range(2 * _STEPS + 1):
        size = abs(index - _STEPS) / _STEPS
        colors.extend(NEGATIVE if index < _STEPS else POSITIVE)
        alphas.append(round(255 * size**0.8))  # small values too are seen
    return colors, bytes(alphas)


_COLORS, _ALPHAS = _palette()


def grey_uri(image: NDArray[np.uint8]) -> str:
    """Return a uint8 image as a data URI, 255 = white."""
    return data_uri(Image.fromarray(np.ascontiguousarray(image)))


def ink_uri(image: NDArray[np.uint8], strength: float = 1.0) -> str:
    """Return a uint8 image as grey ink on nothing, to be laid under or over something."""
    grey = Image.new("L", image.shape[::-1], 128)
    alpha = Image.fromarray((image * strength).astype(np.uint8))
    return data_uri(Image.merge("LA", [grey, alpha]))


def signed_uri(values: NDArray[Any], limit: float) -> str:
    """Return numbers (rows, columns) as colours: orange above zero, blue below, `limit` strongest.

    NaN is see-through.
    """
    scaled = np.nan_to_num(values) * (_STEPS / limit if limit > 0 else 0)
    index = np.clip(np.rint(scaled), -_STEPS, _STEPS) + _STEPS
    picture = Image.fromarray(index.astype(np.uint8))
    picture.putpalette(_COLORS)
    return data_uri(picture, transparency=_ALPHAS)


def tiles(maps: NDArray[Any], columns: int, gap: int = 1) -> NDArray[np.float64]:
    """Lay maps (N, H, W) side by side in rows of so many, with NaN in between."""
    count, height, width = maps.shape
    rows = -(-count // columns)
    field = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for index, one in enumerate(maps):
        y, x = index // columns * (height + gap), index % columns * (width + gap)
        field[y : y + height, x : x + width] = one
    return field


def img(uri: str, alt: str, width: int, height: int, classes: str = "") -> str:
    """Return an <img> of this size in CSS pixels, its pixels with hard edges."""
    return (
        f'<img class="mn-pixels {classes}" src="{uri}" alt="{escape(alt, quote=True)}" '
        f'width="{width}" height="{height}" draggable="false">'
    )
