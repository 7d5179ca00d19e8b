"""From ink to 28x28, framed as MNIST's images are, from pixels; `raster` does it from strokes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing.light import Levels, spread
from mnist_nb.drawing.pieces import pen_width

SIZE = 28  # pixels a side
BOX = 20.0  # the ink fits into 20x20 pixels
CENTER = 14.0  # pixel row and column of the centre of mass in MNIST, whose pixel i is centred on i
PAPER, PEN_AT = 0.2, 0.8  # of the strongest ink: paper below, all of the pen above
FEW = 100  # pixels: ink that is shorter is enlarged first
THIN = 1.4  # pixels of the 28x28 image: a pen that is thinner
THICKENED = 2.2  # is made that wide, nearly as wide as that of strokes

Grey = NDArray[np.uint8]


def framed(ink: Levels, *, thicken: bool = True) -> Grey:
    """Return uint8 (28, 28) of ink (H, W) 0..255; all zeros without any.

    Args:
        ink: how much of it each pixel has.
        thicken: give a very thin pen the width that a pen has in MNIST.
    """
    strongest = ink.max()
    if strongest == 0:
        return np.zeros((SIZE, SIZE), np.uint8)
    if _is_framed(ink):
        return as_bytes(ink / 255)
    ink = _enlarged(ink)
    ink = np.clip((ink / strongest - PAPER) / (PEN_AT - PAPER), 0, 1)  # edges kept soft
    ink = _cropped(ink)
    if thicken:
        ink = _thickened(ink)
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    ink = _resized(ink, width, height, "BOX").astype(np.float64)
    x, y = np.floor(CENTER - mass_center(ink) + 0.5).astype(int)
    x, y = np.clip([x, y], 0, [SIZE - width, SIZE - height])
    field = np.zeros((SIZE, SIZE))
    field[y : y + height, x : x + width] = ink / ink.max()
    return as_bytes(field)


def mass_center(ink: NDArray[Any]) -> NDArray[np.float64]:
    """Return (x, y) of the centre of mass of ink (H, W); pixel i is centred on i."""
    total = ink.sum(dtype=np.float64)
    columns, rows = ink.sum(axis=0, dtype=np.float64), ink.sum(axis=1, dtype=np.float64)
    moments = [columns @ np.arange(len(columns)), rows @ np.arange(len(rows))]
    return np.array(moments, np.float64) / float(total)


def as_bytes(ink: NDArray[Any]) -> Grey:
    """Return ink 0..1 as 0..255."""
    return np.floor(ink * 255 + 0.5).astype(np.uint8)  # as JavaScript rounds, not half-to-even


def _is_framed(ink: Levels) -> bool:
    """Is this an MNIST image already: 28x28, in the box, its centre of mass in the centre?"""
    if ink.shape != (SIZE, SIZE):
        return False
    rows, columns = np.nonzero(ink.max(axis=1))[0], np.nonzero(ink.max(axis=0))[0]
    fits = max(rows[-1] - rows[0], columns[-1] - columns[0]) < BOX
    return bool(fits and np.abs(mass_center(ink) - CENTER).max() <= 1)


def _cropped(ink: Levels) -> Levels:
    rows, columns = np.nonzero(ink.max(axis=1))[0], np.nonzero(ink.max(axis=0))[0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _enlarged(ink: Levels) -> Levels:
    """Enlarge ink of few pixels smoothly, before it is told from paper: no blocks, soft edges."""
    rows, columns = (
        np.nonzero((ink > PAPER * ink.max()).max(axis=1))[0],
        np.nonzero((ink > PAPER * ink.max()).max(axis=0))[0],
    )
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    if extent >= FEW:
        return ink
    padded = np.pad(ink, 2)[rows[0] : rows[-1] + 5, columns[0] : columns[-1] + 5]
    times = -(-FEW // extent)
    height, width = padded.shape
    return np.clip(_resized(padded, times * width, times * height, "BICUBIC"), 0, ink.max())


def _resized(ink: Levels, width: int, height: int, how: str) -> Levels:
    from PIL import Image

    picture = Image.fromarray(ink.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling[how]))


def _thickened(ink: Levels) -> Levels:
    """Make the pen as wide as it is on the strokes of a pad, if it is far thinner.

    On the 28x28 image a hair of ink would be a grey veil that no digit of MNIST has.
    """
    extent, pen = max(ink.shape), pen_width(ink > 0.5)
    if pen == 0 or pen * BOX / extent >= THIN:
        return ink
    # (pen + 2 reach) * BOX / (extent + 2 reach) = THICKENED
    reach = round((THICKENED * extent / BOX - pen) / (1 - THICKENED / BOX) / 2)
    return spread(ink.astype(np.float32), reach) if reach > 0 else ink
