"""Ten sample digits, for people who cannot draw one and for tests.

Each is a few points that a pen passes through, joined by a smooth curve (Catmull-Rom).
"""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing.strokes import Drawing

_SIZE = (280, 280)
_STEPS = 8  # points on the curve from one of the points below to the next

# One tuple of strokes for each digit; a point that stands twice in a row is a corner.
_DIGITS: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (((160, 56), (128, 54), (98, 84), (84, 142), (104, 208), (142, 228), (182, 204), (197, 140),
      (184, 84), (154, 53)),),
    (((108, 96), (132, 76), (148, 52), (148, 52), (146, 140), (144, 230)),),
    (((88, 102), (98, 66), (138, 50), (178, 70), (180, 112), (148, 158), (112, 194), (84, 224),
      (84, 224), (138, 222), (200, 224)),),
    (((90, 74), (124, 50), (168, 58), (182, 92), (160, 124), (124, 134), (124, 134), (168, 140),
      (192, 176), (174, 214), (132, 230), (88, 212)),),
    (((118, 52), (104, 104), (84, 158), (84, 158), (138, 156), (204, 152)),
     ((170, 92), (166, 160), (160, 234))),
    (((186, 56), (146, 58), (106, 60), (106, 60), (102, 94), (98, 130), (98, 130), (138, 116),
      (180, 138), (188, 182), (160, 220), (118, 228), (84, 210)),),
    (((172, 50), (130, 84), (100, 138), (94, 190), (118, 228), (158, 226), (182, 192), (166, 154),
      (130, 148), (100, 178)),),
    (((82, 62), (136, 60), (196, 58), (196, 58), (168, 116), (142, 172), (124, 234)),),
    (((180, 76), (146, 50), (106, 66), (108, 106), (144, 134), (180, 168), (182, 208), (144, 232),
      (102, 212), (102, 172), (142, 134), (178, 104), (180, 76)),),
    (((182, 92), (154, 56), (112, 66), (94, 106), (116, 140), (156, 132), (182, 92), (182, 92),
      (180, 140), (168, 190), (150, 232)),),
)  # fmt: skip


def samples() -> tuple[Drawing, ...]:
    """Return ten drawings; the one at index d shows the digit d."""
    return tuple(Drawing([_smooth(stroke) for stroke in strokes], _SIZE) for strokes in _DIGITS)


def _smooth(points: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    p = np.array([points[0], *points, points[-1]], np.float64)  # (P + 2, 2) the ends count twice
    t = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]  # (T, 1)
    curves = [
        b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
        if (b != c).any()  # between the two points of a corner there is no way to go
    ]  # (T, 2) each
    return np.round(np.concatenate([*curves, p[-1:]]), 1)
