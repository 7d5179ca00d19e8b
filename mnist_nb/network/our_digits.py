"""Digits that this project makes itself, for what has to be known of a network without data."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import homemade, rasterize

MANY = 400
POOR = 0.9  # share of them under which something is wrong with how a network is read


@cache
def our_digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images uint8 (MANY, 28, 28) and their labels, in turn."""
    drawings, labels = homemade(MANY, seed=28, slant=0.2, turn=0.1)
    return np.stack([rasterize(drawing) for drawing in drawings]), labels
