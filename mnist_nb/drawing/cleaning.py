"""What is ink on a picture, and no digit: ruled lines, frames, edges of the paper, specks.

They are told by size, place and shape. Where nothing would be left, nothing is taken out: a digit
may fill its picture.
"""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing.light import LARGE, Levels
from mnist_nb.drawing.pieces import Piece, pieces_of, together

SEEN = 0.2  # of the strongest ink: what counts as ink
STRONG = 0.5  # of it: what is no shadow
CONTACT = 0.15  # of a side: what touches the border for longer is no pen
BLUNT = 0.1  # of a side: broader than a pen
NEAR = 0.06  # of a side: how far from the border a finger may end, where light was made even
CUT = 0.5  # of the largest piece: what touches the border and is smaller belongs to a neighbour
TALL = 0.05  # of a side: a piece that may be a digit
SPECK = 0.15  # of the largest piece: what is smaller is dirt
THIN = 0.025  # of a side: a ruled line is not thicker
ACROSS = 0.6  # of a side: a ruled line, an axis or a frame is longer
DENSE = 0.75  # of its length: how much of it is seen, the rest lies under strokes
WHOLE = 0.4  # of a side: how much is seen of a line from border to border
PARALLEL = 3  # so many lines are ruled paper, wherever they end
BORDER = 0.03  # of a side: so near to it a line reaches the border
MOST_TILTS = 4  # of the lines of one page: a photo is not taken from straight above
TILTS = np.linspace(-0.06, 0.06, 25)  # pixels down for one to the right


def cleaned(ink: Levels) -> Levels:
    """Return the ink (H, W) without what is no digit; small pictures are clean."""
    if ink.size < LARGE or not ink.any():
        return ink
    for level in (SEEN, STRONG):  # a shadow that crosses the digit is weaker ink
        mask = ink > level * ink.max()
        ruled = lines(mask)
        if kept := _digits(mask & ~ruled) or (_digits(mask) if ruled.any() else []):
            stays = np.zeros_like(mask)
            together(kept).mark(stays)
            return np.where(stays, ink, np.float32(0))
    return ink


def _digits(mask: NDArray[np.bool_]) -> list[Piece]:
    """Return the pieces of a mask that may be digits or parts of one; [] without any."""
    longest = CONTACT * max(mask.shape)
    inner: list[Piece] = []
    cut: list[Piece] = []
    for piece in pieces_of(mask):
        near = NEAR * max(mask.shape) if _is_blunt(piece, mask.shape) else 0
        if _contact(piece, mask.shape, near) > longest:
            continue
        (cut if _contact(piece, mask.shape, 0) else inner).append(piece)
    largest = max((piece.extent for piece in [*inner, *cut]), default=0.0)
    if largest < TALL * max(mask.shape):
        return []
    kept = [piece for piece in inner if piece.extent > SPECK * largest]
    return kept + [piece for piece in cut if piece.extent > CUT * largest]


def _is_blunt(piece: Piece, shape: tuple[int, ...]) -> bool:
    """Is it broader than a pen's strokes, as fingers are?"""
    return float(np.median(piece.end - piece.start)) > BLUNT * max(shape)


def _contact(piece: Piece, shape: tuple[int, ...], margin: float) -> int:
    """Return for how many pixels a piece lies along the border, or as near to it as `margin`."""
    height, width = shape
    sides = (piece.start <= margin, piece.end >= width - 1 - margin)
    ends = (piece.row <= margin) | (piece.row >= height - 1 - margin)
    at_ends = (piece.end - piece.start + 1)[ends].sum() / (margin + 1)
    return int(sum(np.count_nonzero(side) for side in sides) + at_ends)


def lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the ink (H, W) of straight thin lines across the picture: ruled paper, frames, axes.

    Such a line goes from border to border or has others beside it; else only those count that meet
    others, as those of a frame do. What crosses one is thicker there, and stays.
    """
    flat, is_flat_whole = _level_lines(mask)
    upright, is_upright_whole = _level_lines(mask.T)
    if not (flat.any() and upright.any()):
        flat, upright = is_flat_whole, is_upright_whole
    return flat | upright.T


def _level_lines(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the ink (H, W) of nearly level lines, and of those that reach both borders."""
    height, width = mask.shape
    every, whole = np.zeros_like(mask), np.zeros_like(mask)
    edges = np.diff(np.pad(mask, ((1, 1), (0, 0))).astype(np.int8).T, axis=1)
    x, top = np.nonzero(edges == 1)  # of each upright run of ink
    bottom = np.nonzero(edges == -1)[1]
    thin = bottom - top <= max(2, THIN * min(mask.shape))
    x, top, bottom = x[thin], top[thin], bottom[thin]
    for _ in range(MOST_TILTS):
        turned = [(top + bottom) / 2 - tilt * (x - width / 2) for tilt in TILTS]
        rows = [np.clip(np.round(y).astype(int), 0, height - 1) for y in turned]
        counts = [np.bincount(row, minlength=height) for row in rows]
        best = int(np.argmax([count.max() for count in counts])) if len(x) else 0
        row, near = rows[best], np.convolve(counts[best], [1, 1, 1], "same")
        left, right = np.full(height + 2, width), np.zeros(height + 2, int)
        for beside in (0, 1, 2):  # a line that is not quite level changes rows
            np.minimum.at(left, row + beside, x)
            np.maximum.at(right, row + beside, x)
        left, right = left[1:-1], right[1:-1]
        at_both = (left < BORDER * width) & (right >= (1 - BORDER) * width)
        reaches = at_both & (near > WHOLE * width)
        long = reaches | ((near > ACROSS * width) & (near > DENSE * (right - left)))
        if not long.any():
            break
        if np.count_nonzero(np.diff(long.astype(int), prepend=0) == 1) >= PARALLEL:
            reaches = long
        usual = 1.5 * np.median((bottom - top)[long[row]]) + 1  # else it lies under a stroke
        on, on_whole = (
            (np.convolve(rows_, [1, 1, 1], "same")[row] > 0) & (bottom - top <= usual)
            for rows_ in (long, reaches)
        )
        for mark, chosen in ((every, on), (whole, on_whole)):
            down = np.arange(int((bottom - top).max()))
            pixels = top[chosen, None] + down
            inside = pixels < bottom[chosen, None]
            mark[pixels[inside], np.broadcast_to(x[chosen, None], pixels.shape)[inside]] = True
        taken = np.convolve(long, [1, 1, 1], "same")[row] > 0
        x, top, bottom = x[~taken], top[~taken], bottom[~taken]
    return every, whole
