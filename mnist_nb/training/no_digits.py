"""Drawings that are no digits: letters and scribbles, so that a network can learn to be unsure.

They are made here, and nobody wrote them. Letters that look like a digit (B, I, O, S, Z and others)
are left out.
"""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing

NO_DIGIT = -1  # the label: each digit should get the same

# Strokes on a canvas of 1 x 1, y down.
_LETTERS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "A": (((0, 1), (0.5, 0), (1, 1)), ((0.2, 0.6), (0.8, 0.6))),
    "E": (((0.8, 0), (0, 0), (0, 1), (0.8, 1)), ((0, 0.5), (0.7, 0.5))),
    "F": (((0.8, 0), (0, 0), (0, 1)), ((0, 0.5), (0.7, 0.5))),
    "H": (((0, 0), (0, 1)), ((0.8, 0), (0.8, 1)), ((0, 0.5), (0.8, 0.5))),
    "K": (((0, 0), (0, 1)), ((0.8, 0), (0, 0.5), (0.8, 1))),
    "M": (((0, 1), (0, 0), (0.5, 0.6), (1, 0), (1, 1)),),
    "N": (((0, 1), (0, 0), (0.8, 1), (0.8, 0)),),
    "R": (((0, 1), (0, 0), (0.6, 0.05), (0.7, 0.3), (0.5, 0.5), (0, 0.5), (0.8, 1)),),
    "T": (((0, 0), (1, 0)), ((0.5, 0), (0.5, 1))),
    "V": (((0, 0), (0.5, 1), (1, 0)),),
    "W": (((0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0)),),
    "X": (((0, 0), (0.9, 1)), ((0.9, 0), (0, 1))),
}


def no_digits(count: int, seed: int = 0, letters: str = "AEFHKMNRTVWX") -> list[Drawing]:
    """Make drawings that are no digits: in turn a letter and a scribble.

    Args:
        count: how many.
        seed: the same seed gives the same drawings.
        letters: which of A, E, F, H, K, M, N, R, T, V, W, X.
    """
    rng = np.random.default_rng(seed)
    return [_letter(rng, letters) if i % 2 == 0 else _scribble(rng) for i in range(count)]


def _letter(rng: np.random.Generator, letters: str) -> Drawing:
    strokes = [np.array(s, float) for s in _LETTERS[letters[rng.integers(len(letters))]]]
    return _by_hand(rng, [stroke + rng.normal(0, 0.03, stroke.shape) for stroke in strokes])


def _scribble(rng: np.random.Generator) -> Drawing:
    """Lines from place to place, hatching, or a hand that turns and does not know where it goes."""
    kind, n = rng.integers(3), int(rng.integers(7, 24))
    if kind == 0:
        stroke = rng.random((n, 2))
    elif kind == 1:
        across = np.arange(n) % 2 + rng.normal(0, 0.1, n)
        stroke = np.stack([np.linspace(0, rng.uniform(0.6, 1.2), n), across], axis=1)
    else:
        turn = np.cumsum(rng.normal(0, 0.5, 120))
        stroke = np.cumsum(np.stack([np.cos(turn), np.sin(turn)], axis=1), axis=0) / 30
    return _by_hand(rng, [stroke])


def _by_hand(rng: np.random.Generator, strokes: list[NDArray[np.float64]]) -> Drawing:
    """Turn, slant and stretch strokes, around the middle of the paper."""
    angle, lean = rng.uniform(-0.25, 0.25), rng.uniform(-0.3, 0.3)
    width, height = np.exp(rng.uniform(-0.25, 0.25, 2))
    cos, sin = np.cos(angle), np.sin(angle)
    change = np.array([[cos, -sin], [sin, cos]]) @ np.array([[width, -lean], [0, height]])
    return Drawing([140 + (stroke - 0.5) @ change.T * 150 for stroke in strokes])
