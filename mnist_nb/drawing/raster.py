"""From what a person drew to the 28x28 bytes that both networks read.

The recipe is the one MNIST's own authors used (LeCun, Cortes, Burges, "The MNIST database of
handwritten digits"): keep the aspect ratio and fit the ink into a 20x20 box, anti-alias, then move
the centre of mass to the centre of a 28x28 field. Two things differ because strokes are better than
pixels: the pen width is set after scaling, so a small drawing does not get a fat pen, and the shift
to the centre of mass is by fractions of a pixel.

`deploy/public/raster.js` is the same recipe for the web page; a test holds the two together.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_nb.drawing.frame import BOX, CENTER, SIZE, Grey, as_bytes, framed, mass_center
from mnist_nb.drawing.pictures import ink_of
from mnist_nb.drawing.strokes import Drawing
from mnist_nb.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

PEN = 2.5  # pen width in pixels of the 28x28 image: strokes then carry as much ink as MNIST's
SMALLEST = 0.04  # an extent below this share of the canvas is a dot or a slip: not blown up further
PIECE = 1.0  # strokes are cut into pieces of at most this length, so that each touches few pixels
MAX_PIECES = 100_000  # pen of this many pixels on the 28x28 image: minutes of scribbling
AT_ONCE = 4096  # pieces whose pixels are in memory together, far more than a digit has


def rasterize(
    source: "Drawing | Image.Image | ArrayLike",
    *,
    pen: float = PEN,
    crop: bool = True,
    keep_aspect: bool = True,
    pen_after_scaling: bool = True,
    antialias: bool = True,
    center_of_mass: bool = True,
    flatten: bool = True,
    clean: bool = True,
    thicken: bool = True,
) -> Grey:
    """Return the 28x28 image of a digit, as MNIST would show it.

    Args:
        source: a `Drawing`; or a picture of one digit, as a PIL image of any mode, the path of one
            or a 2-D array of numbers 0..255, dark on light or light on dark; see `pictures`.
        pen: pen width in pixels of the 28x28 image.
        crop: fit the ink into the box; False shrinks the whole canvas to 28x28.
        keep_aspect: False stretches the ink to fill the box in both directions.
        pen_after_scaling: False gives the pen its width on the canvas, so that it grows and shrinks
            with the drawing.
        antialias: False makes each pixel ink or background.
        center_of_mass: False puts the middle of the box in the centre instead.
        flatten: False leaves uneven light on a picture as it is.
        clean: False leaves ruled lines, frames, what lies along its border, and specks.
        thicken: False leaves a pen of a hair's width as thin as it is.

        Each `False` leaves out a step, to show what it is worth. The last three are for pictures,
        see `picture_steps`; the others and `pen` are for drawings, a picture has its pen already.

    Returns:
        uint8 (28, 28), 0 = background, 255 = ink. All zeros when there is nothing drawn.

    Raises:
        InputError: not a drawing nor a picture, numbers outside 0..255, or strokes that are more
            than 100,000 pixels long on the 28x28 image.
    """
    if not (np.isfinite(pen) and 0 < pen <= 8):
        raise InputError(f"the pen is above 0 and at most 8 pixels wide, got {pen!r}")
    if not isinstance(source, Drawing):
        return framed(ink_of(source, flatten=flatten, clean=clean)[0], thicken=thicken)
    if source.is_empty:
        return np.zeros((SIZE, SIZE), np.uint8)
    start, end, pen = _fit(source, float(pen), crop, keep_aspect, pen_after_scaling)
    place = CENTER if center_of_mass else (SIZE - 1) / 2  # the latter is the middle of the field
    ink = _render(start + place, end + place, pen)
    if center_of_mass and ink.any():
        # Ink may leave the field when nearly all of it is at one end: then the frame wins.
        low = np.minimum(start, end).min(axis=0) - pen / 2
        high = np.maximum(start, end).max(axis=0) + pen / 2
        position = np.clip(place + CENTER - mass_center(ink), -low, SIZE - 1 - high)
        ink = _render(start + position, end + position, pen)
    return as_bytes(ink if antialias else ink >= 0.5)


# --- strokes -------------------------------------------------------------------------------------


def _fit(
    drawing: Drawing, pen: float, crop: bool, keep_aspect: bool, pen_after_scaling: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Scale the strokes around (0, 0): starts and ends (S, 2) of short pieces, and the pen."""
    points = np.concatenate(drawing.strokes)  # (P, 2)
    side = max(drawing.size)
    low, high = points.min(axis=0), points.max(axis=0)
    extent, box = np.maximum(high - low, SMALLEST * side), BOX
    if not crop:
        low, high = np.zeros(2), np.array(drawing.size)
        extent, box = high, SIZE + pen  # points run from edge to edge, and ink beyond
    if keep_aspect:
        extent = extent.max()
    canvas_pen = 0.0 if pen_after_scaling else pen * side / SIZE
    scale = (box - (pen if pen_after_scaling else 0)) / (extent + canvas_pen)  # a number, or (2,)
    start, end = _pieces((points - (low + high) / 2) * scale, [len(s) for s in drawing.strokes])
    return start, end, pen if pen_after_scaling else float(np.min(canvas_pen * scale))


def _pieces(
    points: NDArray[np.float64], lengths: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cut strokes, (P, 2) with so many points each, into short pieces: starts and ends (S, 2)."""
    last = np.cumsum(lengths) - 1  # (strokes,) the index of each stroke's last point
    pen_down = np.ones(len(points), bool)
    pen_down[last] = False
    start = points[pen_down]  # (L, 2) a line runs from each of these to the next point
    step = points[np.flatnonzero(pen_down) + 1] - start
    count = np.ceil(np.hypot(step[:, 0], step[:, 1]) / PIECE).astype(int)  # (L,) pieces of each
    count = np.maximum(count, 1)
    if count.sum() > MAX_PIECES:
        raise InputError(
            f"the strokes are {count.sum()} pixels long on the 28x28 image, at most {MAX_PIECES}"
            " can be drawn: draw less, or stay on the canvas"
        )
    index = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)  # (S,) 0, 1, ...
    piece = np.repeat(step / count[:, None], count, axis=0)
    begin = np.repeat(start, count, axis=0) + piece * index[:, None]
    dots = points[last[np.array(lengths) == 1]]  # (D, 2)
    return np.concatenate([begin, dots]), np.concatenate([begin + piece, dots])


def _render(
    start: NDArray[np.float64], end: NDArray[np.float64], pen: float
) -> NDArray[np.float64]:
    """Ink 0..1 of every pixel: 1 inside the pen, falling to 0 over one pixel at its edge.

    `start` and `end` (S, 2) are pieces of at most `PIECE`, so a window around each piece's middle
    holds every pixel that it can reach.
    """
    reach = pen / 2 + 0.5
    far = reach + PIECE / 2  # no pixel farther from a piece's middle gets ink
    window = np.arange(int(2 * far) + 1)  # (W,) so many pixels lie within `far` to both sides
    margin = len(window)  # around the field, for what falls outside of it
    width = SIZE + 2 * margin
    nearest2 = np.full(width * width, reach * reach)  # squared distance to the nearest piece
    for at in range(0, len(start), AT_ONCE):
        _come_near(nearest2, start[at : at + AT_ONCE], end[at : at + AT_ONCE], far, window)
    field = nearest2.reshape(width, width)[margin:-margin, margin:-margin]
    coverage: NDArray[np.float64] = np.minimum(reach - np.sqrt(field), 1)
    return coverage


def _come_near(
    nearest2: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    far: float,
    window: NDArray[np.int_],
) -> None:
    """Lower the squared distances of a field with its margin, flat, to what these pieces reach."""
    margin = len(window)
    width = SIZE + 2 * margin
    first = np.ceil((start + end) / 2 - far)  # (S, 2) x and y of the window's first pixel
    first = np.minimum(np.maximum(first, -margin), SIZE)
    px = (first - start)[:, 0, None, None] + window  # (S, 1, W) from the start of the piece
    py = (first - start)[:, 1, None, None] + window[:, None]  # (S, W, 1)
    step = end - start  # (S, 2)
    length2 = (step * step).sum(axis=1)
    dx, dy = step.T[:, :, None, None]  # (S, 1, 1) each
    per_length2 = (1 / np.where(length2 > 0, length2, 1))[:, None, None]
    along = px * (dx * per_length2) + py * (dy * per_length2)  # (S, W, W)
    along = np.minimum(np.maximum(along, 0), 1)  # 0 at the start of the piece, 1 at its end
    px, py = px - along * dx, py - along * dy
    corner = (first + margin).astype(int) @ np.array([1, width])  # (S,) index of the first pixel
    index = corner[:, None] + (window[:, None] * width + window).ravel()  # (S, W*W)
    np.minimum.at(nearest2, index.ravel(), (px * px + py * py).ravel())
