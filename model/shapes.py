"""Ways to write a digit that MNIST and the pen strokes have too few of, made from points.

Nobody wrote these. Each way is a few points that the pen goes through; every drawing moves them a
little and joins them by a smooth line or a straight one. `examples.draw_again` then slants and
stretches it like the strokes of people.
"""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing

Points = tuple[tuple[float, float], ...]

# Digit, how often (a weight), strokes; x to the right and y down, in a square of 0..1. A stroke
# that starts with its first point twice is drawn with straight lines.
WAYS: tuple[tuple[int, float, tuple[Points, ...]], ...] = (
    # Sixes with a long hook: from the right over the top, down, and a bowl that crosses the stem.
    (6, 3, (((0.78, 0.14), (0.6, 0.05), (0.36, 0.12), (0.24, 0.38), (0.26, 0.7), (0.45, 0.92),
             (0.68, 0.9), (0.76, 0.72), (0.62, 0.56), (0.38, 0.54), (0.16, 0.56)),)),
    (6, 2, (((0.84, 0.16), (0.66, 0.04), (0.4, 0.06), (0.26, 0.3), (0.22, 0.62), (0.36, 0.78),
             (0.6, 0.82), (0.74, 0.7), (0.6, 0.54), (0.4, 0.5), (0.24, 0.52)),)),
    (6, 2, (((0.74, 0.12), (0.5, 0.08), (0.3, 0.12), (0.24, 0.4), (0.22, 0.56), (0.5, 0.52),
             (0.74, 0.62), (0.68, 0.86), (0.48, 0.94), (0.3, 0.84), (0.22, 0.6)),)),
    (6, 1, (((0.7, 0.06), (0.42, 0.1), (0.28, 0.36), (0.26, 0.7), (0.14, 0.86), (0.42, 0.94),
             (0.7, 0.86), (0.72, 0.66), (0.46, 0.6), (0.2, 0.7)),)),
    # Sevens with a bar, with a hook or a serif at the left, with a curved leg.
    (7, 2, (((0.2, 0.24), (0.2, 0.24), (0.22, 0.1), (0.8, 0.1), (0.42, 0.94)),
            ((0.32, 0.5), (0.32, 0.5), (0.76, 0.48)))),
    (7, 1, (((0.16, 0.2), (0.24, 0.1), (0.5, 0.14), (0.82, 0.08), (0.6, 0.42), (0.46, 0.94)),
            ((0.28, 0.52), (0.28, 0.52), (0.72, 0.5)))),
    (7, 1, (((0.18, 0.26), (0.18, 0.26), (0.2, 0.08), (0.8, 0.1), (0.5, 0.92)),)),
    (7, 1, (((0.2, 0.1), (0.5, 0.13), (0.8, 0.08), (0.56, 0.36), (0.44, 0.94)),
            ((0.26, 0.46), (0.5, 0.52), (0.78, 0.44)))),
    # Ones with an upstroke and a foot, and bare ones that lean.
    (1, 2, (((0.3, 0.3), (0.3, 0.3), (0.52, 0.06), (0.52, 0.94)),
            ((0.28, 0.94), (0.28, 0.94), (0.76, 0.94)))),
    (1, 2, (((0.26, 0.42), (0.26, 0.42), (0.56, 0.06), (0.54, 0.94)),)),
    (1, 1, (((0.62, 0.06), (0.62, 0.06), (0.4, 0.94)),)),
    # Open fours, angular ones, fours with a long bar.
    (4, 2, (((0.3, 0.08), (0.26, 0.34), (0.28, 0.52), (0.52, 0.54), (0.78, 0.46)),
            ((0.74, 0.08), (0.74, 0.08), (0.68, 0.94)))),
    (4, 1, (((0.32, 0.06), (0.32, 0.06), (0.2, 0.58), (0.84, 0.56)),
            ((0.62, 0.3), (0.62, 0.3), (0.6, 0.96)))),
    (4, 1, (((0.66, 0.96), (0.66, 0.96), (0.66, 0.06), (0.16, 0.66), (0.86, 0.64)),)),
    # Nines with a straight leg, a tail that curls, a loop that stays open.
    (9, 2, (((0.72, 0.18), (0.5, 0.06), (0.28, 0.24), (0.38, 0.46), (0.62, 0.42), (0.73, 0.2),
             (0.72, 0.55), (0.62, 0.86), (0.42, 0.94), (0.24, 0.84)),)),
    (9, 1, (((0.7, 0.14), (0.42, 0.08), (0.26, 0.28), (0.42, 0.46), (0.66, 0.36), (0.72, 0.14),
             (0.7, 0.5), (0.7, 0.95)),)),
    (9, 1, (((0.76, 0.16), (0.5, 0.06), (0.26, 0.26), (0.44, 0.44), (0.7, 0.3), (0.62, 0.62),
             (0.46, 0.94)),)),
    # Twos with a flat foot or a loop, threes with a flat top, fives with a long or a loose roof.
    (2, 1, (((0.2, 0.28), (0.38, 0.08), (0.66, 0.12), (0.7, 0.36), (0.44, 0.68), (0.2, 0.92)),
            ((0.2, 0.92), (0.2, 0.92), (0.82, 0.92)))),
    (2, 1, (((0.22, 0.22), (0.5, 0.06), (0.74, 0.26), (0.5, 0.66), (0.24, 0.88), (0.3, 0.72),
             (0.5, 0.84), (0.82, 0.92)),)),
    (3, 1, (((0.22, 0.08), (0.22, 0.08), (0.76, 0.08), (0.46, 0.4)),
            ((0.46, 0.4), (0.72, 0.5), (0.76, 0.74), (0.5, 0.94), (0.2, 0.84)))),
    (5, 2, (((0.34, 0.1), (0.34, 0.1), (0.3, 0.46)),
            ((0.3, 0.46), (0.56, 0.38), (0.76, 0.6), (0.62, 0.9), (0.22, 0.9)),
            ((0.34, 0.1), (0.34, 0.1), (0.82, 0.08)))),
    (5, 1, (((0.8, 0.08), (0.8, 0.08), (0.32, 0.1), (0.28, 0.44)),
            ((0.28, 0.44), (0.5, 0.38), (0.74, 0.52), (0.72, 0.8), (0.46, 0.94), (0.2, 0.84)))),
    # Eights of two rings, noughts with a loop or a slash are as rare.
    (8, 1, (((0.5, 0.48), (0.3, 0.28), (0.5, 0.06), (0.7, 0.28), (0.5, 0.48)),
            ((0.5, 0.48), (0.26, 0.7), (0.5, 0.95), (0.74, 0.7), (0.5, 0.48)))),
    (8, 1, (((0.74, 0.16), (0.5, 0.06), (0.3, 0.22), (0.5, 0.46), (0.74, 0.7), (0.5, 0.94),
             (0.28, 0.74), (0.5, 0.46), (0.74, 0.16)),)),
    (0, 1, (((0.56, 0.06), (0.3, 0.2), (0.24, 0.6), (0.46, 0.94), (0.74, 0.7), (0.72, 0.26),
             (0.46, 0.06), (0.6, 0.16)),)),
)  # fmt: skip


def shapes(count: int, rng: np.random.Generator) -> tuple[list[Drawing], NDArray[np.uint8]]:
    """Return `count` drawings and their digits uint8 (count,)."""
    weights = np.array([weight for _, weight, _ in WAYS])
    chosen = rng.choice(len(WAYS), count, p=weights / weights.sum())
    drawings = [Drawing([_line(s, rng) for s in WAYS[way][2]], (280, 280)) for way in chosen]
    return drawings, np.array([WAYS[way][0] for way in chosen], np.uint8)


def _line(points: Points, rng: np.random.Generator) -> NDArray[np.float64]:
    """Move the points a little, and lead a line through them: (P, 2) in pixels."""
    straight = points[0] == points[1]
    moved = np.array(points[1:] if straight else points)
    moved = moved + rng.normal(0, 0.035, moved.shape)
    at = np.arange(len(moved))
    fine = np.linspace(0, len(moved) - 1, 6 * (len(moved) - 1) + 1)
    line = np.column_stack([np.interp(fine, at, column) for column in moved.T])
    if straight:
        return line * 280
    # Rounded by the mean of neighbours, the ends kept: enough for a curve of ten points.
    for _ in range(8):
        line[1:-1] = (line[:-2] + 2 * line[1:-1] + line[2:]) / 4
    return line * 280
