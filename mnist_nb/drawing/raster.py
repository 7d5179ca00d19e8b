"""From what a person drew to the 28x28 bytes that both networks read.

The recipe is the one MNIST's own authors used (LeCun, Cortes, Burges, "The MNIST database of
handwritten digits"): keep the aspect ratio and fit the ink into a 20x20 box, anti-alias, then move
the centre of mass to the centre of a 28x28 field. Two things differ because strokes are better than
pixels: the pen width is set after scaling, so a small drawing does not get a fat pen, and the shift
to the centre of mass is by fractions of a pixel.

`deploy/public/raster.js` is the same recipe for the web page; a test holds the two together.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from mnist_nb.drawing.strokes import Drawing
from mnist_nb.errors import InputError

SIZE = 28  # pixels a side
BOX = 20.0  # the ink fits into 20x20 pixels
PEN = 2.5  # pen width in pixels of the 28x28 image: strokes then carry as much ink as MNIST's
CENTER = 14.0  # pixel row and column of the centre of mass in MNIST, whose pixel i is centred on i
SMALLEST = 0.04  # an extent below this share of the canvas is a dot or a slip: not blown up further
PIECE = 1.0  # strokes are cut into pieces of at most this length, so that each touches few pixels

Grey = NDArray[np.uint8]


def rasterize(source: "Drawing | Image.Image | ArrayLike", *, pen: float = PEN) -> Grey:
    """Return the 28x28 image of a digit, as MNIST would show it.

    Args:
        source: a `Drawing`; or a picture of one digit, as a PIL image or a 2-D array of numbers
            0..255, dark on light or light on dark.
        pen: pen width in pixels of the 28x28 image; only strokes have one.

    Returns:
        uint8 (28, 28), 0 = background, 255 = ink. All zeros when there is nothing drawn.

    Raises:
        InputError: not a drawing nor a picture, or numbers outside 0..255.
    """
    if not (np.isfinite(pen) and 0 < pen <= 8):
        raise InputError(f"the pen is above 0 and at most 8 pixels wide, got {pen!r}")
    if isinstance(source, Drawing):
        return _from_strokes(source, float(pen))
    return _from_picture(_grey_levels(source))


# --- strokes -------------------------------------------------------------------------------------


def _from_strokes(drawing: Drawing, pen: float) -> Grey:
    if drawing.is_empty:
        return np.zeros((SIZE, SIZE), np.uint8)
    start, end = _pieces(drawing, pen)  # (S, 2) each, around the origin
    ink = _render(start + CENTER, end + CENTER, pen)
    # Ink may leave the field when nearly all of it is at one end: then the frame wins.
    low = np.minimum(start, end).min(axis=0) - pen / 2
    high = np.maximum(start, end).max(axis=0) + pen / 2
    position = np.clip(2 * CENTER - center_of_mass(ink), -low, SIZE - 1 - high)
    return _bytes(_render(start + position, end + position, pen))


def _pieces(drawing: Drawing, pen: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale the strokes into the box, centred on (0, 0), and cut them into short pieces."""
    points = np.concatenate(drawing.strokes)  # (P, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), SMALLEST * max(drawing.size))
    points = (points - (low + high) / 2) * ((BOX - pen) / extent)

    lengths = np.array([len(stroke) for stroke in drawing.strokes])
    last = np.cumsum(lengths) - 1  # the index of each stroke's last point
    dots = points[last[lengths == 1]]  # (D, 2)
    first = np.delete(np.arange(len(points)), last)  # (L,) a line runs from point i to i + 1
    start, step = points[first], points[first + 1] - points[first]  # (L, 2)
    count = np.maximum(np.ceil(np.hypot(*step.T) / PIECE), 1).astype(int)  # (L,) pieces of each
    line = np.repeat(np.arange(len(first)), count)  # (S,) which line a piece belongs to
    index = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)  # (S,) 0, 1, ...
    fraction = step / count[:, None]
    begin = start[line] + fraction[line] * index[:, None]
    return np.concatenate([begin, dots]), np.concatenate([begin + fraction[line], dots])


def _render(
    start: NDArray[np.float64], end: NDArray[np.float64], pen: float
) -> NDArray[np.float64]:
    """Ink 0..1 of every pixel: 1 inside the pen, falling to 0 over one pixel at its edge.

    `start` and `end` (S, 2) are pieces of at most `PIECE`, so a window around each piece's middle
    holds every pixel that it can reach.
    """
    reach = pen / 2 + 0.5
    half = int(np.ceil(reach + PIECE / 2))
    offsets = np.arange(-half, half + 1)
    corner = np.rint((start + end) / 2).astype(int)  # (S, 2) the window's middle pixel
    x = corner[:, 0, None, None] + offsets[None, None, :]  # (S, 1, W)
    y = corner[:, 1, None, None] + offsets[None, :, None]  # (S, W, 1)
    dx, dy = (end - start).T[:, :, None, None]  # (S, 1, 1) each
    px, py = x - start[:, 0, None, None], y - start[:, 1, None, None]
    length2 = dx * dx + dy * dy
    along = np.clip((px * dx + py * dy) / np.where(length2 > 0, length2, 1), 0, 1)  # (S, W, W)
    distance = np.hypot(px - along * dx, py - along * dy)
    coverage = np.clip(reach - distance, 0, 1)
    # A margin around the field takes what falls outside of it.
    margin = half + 1
    field = np.zeros((SIZE + 2 * margin, SIZE + 2 * margin))
    last = len(field) - 1
    rows, columns = np.clip(y + margin, 0, last), np.clip(x + margin, 0, last)
    np.maximum.at(field.reshape(-1), rows * len(field) + columns, coverage)
    return field[margin:-margin, margin:-margin]


def render_reference(
    start: NDArray[np.float64], end: NDArray[np.float64], pen: float
) -> NDArray[np.float64]:
    """Give what `_render` gives, by asking every pixel for its distance to every piece."""
    field = np.zeros((SIZE, SIZE))
    for y in range(SIZE):
        for x in range(SIZE):
            for a, b in zip(start, end, strict=True):
                line, to_pixel = b - a, np.array([x, y]) - a
                length2 = float(line @ line)
                along = min(max(float(to_pixel @ line) / length2, 0), 1) if length2 else 0.0
                distance = float(np.linalg.norm(to_pixel - along * line))
                field[y, x] = max(field[y, x], min(max(pen / 2 + 0.5 - distance, 0), 1))
    return field


def center_of_mass(ink: NDArray[Any]) -> NDArray[np.float64]:
    """Return (x, y) of the centre of mass of ink (H, W); pixel i is centred on i."""
    total = ink.sum(dtype=np.float64)
    columns, rows = ink.sum(axis=0, dtype=np.float64), ink.sum(axis=1, dtype=np.float64)
    moments = [columns @ np.arange(len(columns)), rows @ np.arange(len(rows))]
    return np.array(moments, np.float64) / float(total)


def _bytes(ink: NDArray[np.float64]) -> Grey:
    return np.floor(ink * 255 + 0.5).astype(np.uint8)  # as JavaScript rounds, not half-to-even


# --- pictures ------------------------------------------------------------------------------------


def _grey_levels(source: object) -> NDArray[np.float64]:
    """Return grey levels (H, W) 0..255 of a PIL image or a 2-D array."""
    if isinstance(source, Image.Image):
        rgba = source.convert("RGBA")  # what is transparent is paper
        return np.asarray(
            Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("L"),
            np.float64,
        )
    try:
        levels = np.asarray(source, np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"rasterize takes a Drawing, a PIL image or a 2-D array, got {type(source).__name__}"
        ) from None
    if levels.ndim != 2 or 0 in levels.shape:
        raise InputError(f"a picture is a 2-D array (height, width), got shape {levels.shape}")
    if not np.isfinite(levels).all() or levels.min() < 0 or levels.max() > 255:
        raise InputError(
            f"a picture holds grey levels 0..255, got {levels.min():g} to {levels.max():g}"
        )
    if 0 < levels.max() <= 1 and np.asarray(source).dtype.kind == "f":
        raise InputError("a picture holds grey levels 0..255, got floats 0..1: multiply by 255")
    return levels


def _from_picture(levels: NDArray[np.float64]) -> Grey:
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    ink = np.abs(levels - np.median(border))  # dark on light and light on dark alike
    strongest = ink.max()
    if strongest < 32:  # no contrast: an empty page and its noise
        return np.zeros((SIZE, SIZE), np.uint8)
    if _is_framed(ink):
        return _bytes(ink / 255)
    ink = np.clip((ink / strongest - 0.2) / 0.6, 0, 1)  # paper to 0, pen to 1, edges kept soft
    rows, columns = np.nonzero(ink.max(axis=1))[0], np.nonzero(ink.max(axis=0))[0]
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    small = Image.fromarray(ink.astype(np.float32)).resize((width, height), Image.Resampling.BOX)
    ink = np.asarray(small, np.float64)
    x, y = np.floor(CENTER - center_of_mass(ink) + 0.5).astype(int)
    x, y = np.clip([x, y], 0, [SIZE - width, SIZE - height])
    field = np.zeros((SIZE, SIZE))
    field[y : y + height, x : x + width] = ink / ink.max()
    return _bytes(field)


def _is_framed(ink: NDArray[np.float64]) -> bool:
    """Is this an MNIST image already: 28x28, in the box, its centre of mass in the centre?"""
    if ink.shape != (SIZE, SIZE):
        return False
    rows, columns = np.nonzero(ink.max(axis=1))[0], np.nonzero(ink.max(axis=0))[0]
    fits = max(rows[-1] - rows[0], columns[-1] - columns[0]) < BOX
    return bool(fits and np.abs(center_of_mass(ink) - CENTER).max() <= 1)
