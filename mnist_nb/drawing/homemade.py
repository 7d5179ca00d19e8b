"""Digits that this project makes itself, where MNIST is not at hand. They are not MNIST."""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing.samples import samples
from mnist_nb.drawing.strokes import Drawing


def homemade(
    count: int, seed: int = 0, *, slant: float = 0.35, turn: float = 0.2, wobble: float = 0.012
) -> tuple[list[Drawing], NDArray[np.uint8]]:
    """Make drawings of digits. This is NOT MNIST, and nobody wrote them.

    The ten samples of the pad, and other ways to write some of the digits, are turned, slanted,
    stretched and bent, each in its own way. They stand in where MNIST is not at hand, so that all
    that is measured or trained can be tried out; a network's score on them says little about its
    score on people's digits.

    Args:
        count: how many; each digit is there as often as the others.
        seed: the same seed gives the same drawings.
        slant: most that a digit leans to a side, as a share of its height.
        turn: most that it is turned, in radians.
        wobble: how far a stroke wanders off, as a share of the canvas.

    Returns:
        Drawings and labels uint8 (count,).
    """
    rng = np.random.default_rng(seed)
    shapes: list[list[Drawing]] = [[drawing] for drawing in samples()]
    for digit, strokes in _OTHER_WAYS:
        shapes[digit].append(Drawing([np.array(stroke, float) for stroke in strokes]))
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    return [_by_another_hand(shapes[label], rng, slant, turn, wobble) for label in labels], labels


# Other ways to write a digit, in pixels of a canvas of 280: an open 4 in one line and a closed one,
# a 7 with a bar, a 1 with a foot and a bare one, a 9 with a straight leg, an angular 0, a 2 with a
# loop, a round 3, a 5 in two strokes, a straight 6, an 8 of two rings.
_OTHER_WAYS: tuple[tuple[int, tuple[tuple[tuple[float, float], ...], ...]], ...] = (
    (4, (((180, 180), (80, 176), (160, 56), (164, 230)),)),
    (4, (((92, 60), (88, 140), (180, 144)), ((182, 56), (178, 232)))),
    (7, (((88, 66), (192, 62), (130, 230)), ((110, 146), (184, 142)))),
    (7, (((84, 88), (86, 62), (194, 66), (160, 140), (150, 230)),)),
    (1, (((110, 98), (146, 54), (144, 226)), ((104, 228), (188, 226)))),
    (1, (((142, 52), (140, 232)),)),
    (9, (((178, 70), (130, 54), (100, 90), (130, 130), (178, 100), (178, 70), (180, 232)),)),
    (0, (((140, 52), (100, 70), (92, 200), (140, 230), (186, 206), (184, 72), (136, 52)),)),
    (2, (((92, 90), (120, 54), (172, 60), (176, 110), (118, 196), (88, 216), (106, 190), (136, 206),
          (196, 222)),)),
    (3, (((90, 66), (150, 48), (184, 84), (130, 132), (190, 178), (150, 230), (88, 214)),)),
    (5, (((106, 60), (100, 132), (160, 124), (188, 170), (150, 226), (90, 218)),
         ((106, 60), (186, 56)))),
    (6, (((150, 48), (104, 150), (108, 218), (160, 228), (178, 180), (140, 152), (104, 180)),)),
    (8, (((140, 132), (104, 96), (140, 52), (176, 96), (140, 132), (98, 180), (140, 230),
          (184, 182), (140, 132)),)),
)  # fmt: skip


def _by_another_hand(
    shapes: list[Drawing], rng: np.random.Generator, slant: float, turn: float, wobble: float
) -> Drawing:
    drawing = shapes[rng.integers(len(shapes))]
    lean, angle = rng.uniform(-slant, slant), rng.uniform(-turn, turn)
    width, height = np.exp(rng.uniform(-0.25, 0.25, 2))
    cos, sin = np.cos(angle), np.sin(angle)
    change = np.array([[cos, -sin], [sin, cos]]) @ np.array([[width, -lean], [0, height]])
    bends = rng.normal(0, wobble * 280, (2, 3))  # so far along x and y, in three waves
    phase = rng.uniform(0, 2 * np.pi, (2, 3))
    strokes = []
    for stroke in drawing.strokes:
        points = (_dense(stroke) - 140) @ change.T  # (P, 2) around the middle
        along = points[:, ::-1, None] / 280 * 2 * np.pi * np.arange(1, 4) / 1.5  # (P, 2, 3)
        strokes.append(140 + points + (bends * np.sin(along + phase)).sum(axis=2))
    return Drawing(strokes, (280, 280))


def _dense(stroke: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put a point every 12 pixels of the canvas, so that a straight line can be bent."""
    steps = np.hypot(*np.diff(stroke, axis=0).T)
    length = np.concatenate([[0], np.cumsum(steps)])  # (P,) from the start to each point
    at = np.linspace(0, length[-1], max(2, int(length[-1] / 12) + 1))
    return np.stack([np.interp(at, length, stroke[:, axis]) for axis in (0, 1)], axis=1)
