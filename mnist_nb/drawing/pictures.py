"""From a picture of a digit to 28x28: dark on light or light on dark, a photo or a drawing.

Ink is how far a pixel is from the paper. The steps are those of `picture_steps`, and each can be
left out.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing.cleaning import SEEN, cleaned
from mnist_nb.drawing.frame import as_bytes, framed
from mnist_nb.drawing.levels import levels_of
from mnist_nb.drawing.light import LARGE, Levels, flattened, grey, paper_level
from mnist_nb.drawing.pieces import pieces_of

FAINT = 32  # of 255: less contrast is an empty page and its noise
FILLED = 0.55  # of a panel: what of it is of one shade
PANEL = 0.2  # of the picture: what a panel covers
CORNER = 0.05  # of its sides: where a panel is a panel, and no round digit
INSET = 0.02  # of its sides: where a panel's edges may be, which are not quite straight


def picture_steps(source: object) -> list[tuple[str, NDArray[np.uint8]]]:
    """Return what happens to a picture on its way to the network, step by step.

    Args:
        source: a PIL image of any mode, the path of one, or a 2-D array of numbers 0..255.

    Returns:
        Names and uint8 images, from the grey picture (H, W) to what the network gets (28, 28).

    Raises:
        InputError: as `rasterize`.
    """
    steps = list(ink_steps(levels_of(source)[0], flatten=True, clean=True))
    shown = [(name, as_bytes(np.clip(image, 0, 255) / 255)) for name, image in steps]
    ink = steps[-1][1]
    thin, thick = framed(ink, thicken=False), framed(ink)
    if (thin != thick).any():
        shown.append(("28x28", thin))
    return [*shown, ("28x28, thickened" if (thin != thick).any() else "28x28", thick)]


def ink_of(
    source: object, *, flatten: bool = True, clean: bool = True
) -> tuple[Levels, tuple[int, int]]:
    """Return how much ink each pixel has; all zeros without contrast.

    Args:
        source: a PIL image of any mode, or a 2-D array of numbers 0..255.
        flatten: make the light even.
        clean: take out ruled lines, frames, what lies along the border, and specks.

    Returns:
        float32 (H, W) 0..255, and the width and height of the picture.

    Raises:
        InputError: neither, numbers outside 0..255, or a picture that is cut off.
    """
    levels, size = levels_of(source)
    *_, (_, ink) = ink_steps(levels, flatten=flatten, clean=clean)
    return ink, size


def ink_steps(levels: Levels, *, flatten: bool, clean: bool) -> Iterator[tuple[str, Levels]]:
    """Yield the name and the result (H, W) 0..255 of each step from levels to ink, the last one."""
    yield "grey", grey(levels)
    panel = _panel(_apart(levels)) if clean else None
    inner = levels[panel] if panel else levels
    if flatten:
        inner = flattened(inner)
        yield "even light", grey(inner)
    ink = _apart(inner)
    yield "ink", ink
    if clean:
        ink = cleaned(ink)
        yield "cleaned", ink
    if panel:
        whole = np.zeros(levels.shape[:2], np.float32)
        whole[panel] = ink
        yield "in its place", whole


def _apart(levels: Levels) -> Levels:
    """Return how far the levels (H, W, channels) are from the paper's: (H, W)."""
    apart = np.abs(levels - paper_level(levels))
    shade, colour = grey(apart), apart.max(axis=2)
    # Red on green of one lightness has its contrast in the colours; else they only add noise.
    ink = shade if shade.max() > colour.max() / 3 else colour
    return ink if ink.max() >= FAINT else np.zeros_like(ink)


def _panel(ink: Levels) -> tuple[slice, slice] | None:
    """Return rows and columns of a filled rectangle with the digit in it, if there is one."""
    if ink.size < LARGE or not ink.any():
        return None
    piece = pieces_of(ink > SEEN * ink.max())[0]
    left, top, right, bottom = (int(side) for side in piece.box)
    width, height = right - left, bottom - top
    within = min(left, top) > 0 and right < ink.shape[1] and bottom < ink.shape[0]
    if not within or width * height < PANEL * ink.size or piece.area < FILLED * width * height:
        return None
    own = np.zeros(ink.shape, bool)
    piece.mark(own)
    own = own[top:bottom, left:right]
    w, h = max(1, int(CORNER * width)), max(1, int(CORNER * height))
    corners = (own[:h, :w], own[:h, -w:], own[-h:, :w], own[-h:, -w:])
    if min(float(corner.mean()) for corner in corners) < 0.5 or own.mean() > 0.995:
        return None
    w, h = max(1, int(INSET * width)), max(1, int(INSET * height))
    return slice(top + h, bottom - h), slice(left + w, right - w)
