"""Which examples train and which choose: `train.py` and `evaluate.py` agree here.

The pen strokes' file is in writing order, some 250 digits of each of 30 people, but does not mark
where one person ends. So its last 1,500 digits judge, and the 250 before them are used for nothing:
nobody is both trained on and judged by.
"""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing.strokes import Drawing
from mnist_nb.training.datasets import mnist, pen_strokes

MNIST_VALIDATION = 5_000  # the last of MNIST's 60,000 training images
STROKES_VALIDATION = 1_500
STROKES_GAP = 250

Part = Literal["train", "validation"]


def images(part: Part) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return MNIST's training images (N, 28, 28), N = 55,000 or 5,000, and their labels (N,)."""
    pixels, labels = mnist("train")
    chosen = slice(0, -MNIST_VALIDATION) if part == "train" else slice(-MNIST_VALIDATION, None)
    return pixels[chosen], labels[chosen]


@cache
def drawings(part: Part) -> tuple[list[Drawing], NDArray[np.uint8]]:
    """Return digits written with a pen, N = 5,744 or 1,500, and their labels (N,)."""
    strokes, labels = pen_strokes()
    end = -STROKES_VALIDATION - STROKES_GAP
    chosen = slice(0, end) if part == "train" else slice(-STROKES_VALIDATION, None)
    return strokes[chosen], labels[chosen]
