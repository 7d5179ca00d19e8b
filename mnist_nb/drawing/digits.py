"""Several digits on one picture or pad: where each is, in the order in which they are read.

Pieces of ink, or strokes, are put together by how near they are and by what they look like: a bar
beside a body, dots in a row. What is nearly as large as its neighbour is a digit of its own, also
below another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing.cleaning import SEEN
from mnist_nb.drawing.frame import SIZE, Grey, framed
from mnist_nb.drawing.pictures import ink_of
from mnist_nb.drawing.pieces import Piece, pen_width, pieces_of, together
from mnist_nb.drawing.raster import rasterize
from mnist_nb.drawing.strokes import Drawing

DOTS = 5  # so many small pieces are dots of a dotted pen
DOT = 3.0  # pens: a dot is not longer
DOT_GAP = 2.5  # pens: between the dots of one digit
BROKEN = 0.05  # of a digit's length: a gap where the pen did not write
ATTACHED = 0.25  # of a digit's length: a bar or a hook is not farther from its body
PART = 0.35  # of a digit's length: what is shorter is a part of it
OVERLAP = 0.5  # of the smaller box: strokes that lie in each other's boxes
DIRT = 0.25  # of the largest digit: what is smaller, and near none, is no digit
SAME_LINE = 0.3  # of the lower height: digits side by side overlap that much
CANVAS = 280.0  # pixels a side, for strokes
INK = 15.0  # of these: the width of the pad's pen for the eye
MOST_STROKES = 60  # of a drawing: a number has some twenty
MOST_STEPS = 2000  # of a stroke


class Box(NamedTuple):
    """Where a digit is, in pixels of the picture as it is seen, or of a drawing's canvas.

    `picture.crop(box)` of Pillow cuts it out.
    """

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, eq=False)
class FoundDigit:
    """One of several digits.

    Attributes:
        box: where it is.
        image: uint8 (28, 28), as a network wants it.
    """

    box: Box
    image: Grey


def find_digits(source: object) -> list[Box]:
    """Return where the digits on a picture are, line by line and from the left to the right.

    Args:
        source: what `rasterize` takes: a `Drawing`, a PIL image or a 2-D array.

    Returns:
        A box for each, in pixels of the picture turned as its camera was held, or of the canvas; []
        when nothing is drawn. What touches another is one digit with it.

    Raises:
        InputError: as `rasterize`.
    """
    return [found.box for found in cut_digits(source)]


def cut_digits(source: object) -> list[FoundDigit]:
    """Return the digits on a picture, as `find_digits`, each with its image."""
    if isinstance(source, Drawing):
        return _of_strokes(source)
    ink, (width, height) = ink_of(source)
    if not ink.any():
        return []
    mask = ink > SEEN * ink.max()
    pieces = pieces_of(mask)
    if ink.shape == (SIZE, SIZE):  # a network's own format
        digits = [together(pieces)]
    else:
        digits = in_reading_order(list(put_together(pieces, pen_width(mask))))
    factor = round(max(width / ink.shape[1], height / ink.shape[0]))  # pixels a side of one here
    found = []
    for digit in digits:
        own = np.full_like(mask, ink.shape == (SIZE, SIZE))
        digit.mark(own)
        left, top, right, bottom = (int(side) * factor for side in digit.box)
        box = Box(left, top, min(right, width), min(bottom, height))
        found.append(FoundDigit(box, framed(np.where(own, ink, np.float32(0)))))
    return found


def _of_strokes(drawing: Drawing) -> list[FoundDigit]:
    """Return the digits of a drawing; too many strokes are a scribble, and one."""
    if drawing.is_empty:
        return []
    scale = CANVAS / max(drawing.size)
    digits, pieces = {}, {}
    if 1 < len(drawing.strokes) <= MOST_STROKES:
        pieces = {_piece(stroke * scale): stroke for stroke in drawing.strokes}
        digits = put_together(list(pieces), INK)
    if len(digits) < 2:
        return [FoundDigit(_box(drawing.strokes), rasterize(drawing))]
    found = []
    for digit in in_reading_order(list(digits)):
        strokes = [pieces[part] for part in digits[digit]]
        found.append(FoundDigit(_box(strokes), rasterize(Drawing(strokes, drawing.size))))
    return found


def _piece(stroke: NDArray[np.float64]) -> Piece:
    """Return where a pen went (points, 2), in steps of a pixel."""
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])  # (points,)
    at = np.linspace(0, way[-1], min(int(way[-1]), MOST_STEPS) + 1)
    x, y = np.round(np.interp(at, way, stroke[:, 0])), np.round(np.interp(at, way, stroke[:, 1]))
    return Piece(y, x, x, INK / 2)


def _box(strokes: Sequence[NDArray[np.float64]]) -> Box:
    points = np.concatenate(strokes)
    return Box(
        *np.floor(points.min(axis=0)).astype(int).tolist(),
        *(np.ceil(points.max(axis=0)).astype(int) + 1).tolist(),
    )


def put_together(pieces: Sequence[Piece], pen: float) -> dict[Piece, list[Piece]]:
    """Put pieces together that are one digit, and leave out dirt.

    Args:
        pieces: of ink, or strokes.
        pen: how wide it is, in pixels.

    Returns:
        For each digit, as one piece, the pieces that it is made of.
    """
    digits = _dots_joined(list(pieces), pen)
    ones: dict[tuple[Piece, Piece], float] = {}  # which belong together, and how near they are
    for a, b in combinations(digits, 2):
        ones |= _near_ones(a, b, pen)
    while ones:
        a, b = min(ones, key=lambda pair: ones[pair])
        ones = {pair: gap for pair, gap in ones.items() if a not in pair and b not in pair}
        both, parts = together([a, b]), digits.pop(a) + digits.pop(b)
        for other in digits:
            ones |= _near_ones(both, other, pen)
        digits[both] = parts
    largest = max(digit.extent for digit in digits)
    return {digit: parts for digit, parts in digits.items() if digit.extent > DIRT * largest}


def _near_ones(a: Piece, b: Piece, pen: float) -> dict[tuple[Piece, Piece], float]:
    """Return a pair and how far it is apart, if the two are one digit."""
    if _between(a, b) > ATTACHED * max(a.extent, b.extent):
        return {}
    gap = a.distance(b)
    return {(a, b): gap} if _are_one(a, b, gap, pen) else {}


def _between(a: Piece, b: Piece) -> float:
    """How far their boxes are apart; below 0 where they overlap."""
    (left, top, right, bottom), (x, y, right_x, bottom_y) = a.box, b.box
    return max(left - right_x, x - right, top - bottom_y, y - bottom)


def _dots_joined(pieces: list[Piece], pen: float) -> dict[Piece, list[Piece]]:
    """Join what a dotted pen has drawn."""
    dots = [piece for piece in pieces if piece.extent <= DOT * pen]
    if len(dots) < DOTS:
        return {piece: [piece] for piece in pieces}
    rows: list[list[Piece]] = []
    for dot in dots:
        near = [row for row in rows if any(_are_dots(dot, one, pen) for one in row)]
        rows = [row for row in rows if row not in near]
        rows.append([dot, *(one for row in near for one in row)])
    whole = {piece: [piece] for piece in pieces if piece not in dots}
    return whole | {together(row): row for row in rows}


def _are_dots(a: Piece, b: Piece, pen: float) -> bool:
    return _between(a, b) <= DOT_GAP * pen and a.distance(b) <= DOT_GAP * pen


def _are_one(a: Piece, b: Piece, gap: float, pen: float) -> bool:
    """Are two pieces parts of one digit?"""
    small, large = sorted((a, b), key=lambda piece: piece.extent)
    length = large.extent
    share = small.extent / length
    if gap > ATTACHED * length:
        return False
    left, top, right, bottom = small.box
    x, y, right_x, bottom_y = large.box
    width, height = right - left, bottom - top
    # Each is a share of the smaller piece that lies beside, or above, the larger one.
    beside = max(0.0, min(bottom, bottom_y) - max(top, y)) / height
    above = max(0.0, min(right, right_x) - max(left, x)) / width
    if gap <= max(1.0, 0.3 * pen):
        return True
    if gap <= min(BROKEN * length, pen) and (share < 0.6 or beside > SAME_LINE):
        return True
    whole = together([a, b]).extent
    if any(_is_bar(piece, whole, pen) for piece in (a, b)):
        return gap <= 0.2 * whole
    if share < PART:
        return gap <= 0.12 * length or share < 0.15
    if beside * above >= OVERLAP:
        return True
    return above >= 0.8 and beside >= 0.2 and gap <= 0.12 * length


def _is_bar(piece: Piece, whole: float, pen: float) -> bool:
    """Does it lie, as the bar of a 5 or 7 or the foot of a 1 does?"""
    left, top, right, bottom = piece.box
    width, height = right - left, bottom - top
    if height <= max(2.5 * pen, 0.2 * whole):
        return width > 1.3 * height
    return width > 2 * height and height <= PART * whole


def in_reading_order(digits: Sequence[Piece]) -> list[Piece]:
    """Sort by lines from the top, in a line from the left; lines may be slanted."""
    lines: list[list[Piece]] = []
    for digit in sorted(digits, key=lambda digit: digit.box[0]):
        shares = [_side_by_side(line[-1], digit) for line in lines]
        best = int(np.argmax(shares)) if shares else 0
        if shares and shares[best] > SAME_LINE:
            lines[best].append(digit)
        else:
            lines.append([digit])
    middle = {id(line): np.mean([(d.box[1] + d.box[3]) / 2 for d in line]) for line in lines}
    return [digit for line in sorted(lines, key=lambda line: middle[id(line)]) for digit in line]


def _side_by_side(a: Piece, b: Piece) -> float:
    """How much of the lower one's height the two have in common."""
    common = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    return common / min(a.box[3] - a.box[1], b.box[3] - b.box[1])
