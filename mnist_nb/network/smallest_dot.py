"""The smallest dot of ink that turns an answer, found by the gradient.

The gradient by the pixels foretells for which digit a little ink would speak. A dot is not little,
so what it foretells only chooses the places to try, and the network has the last word. (Szegedy et
al., "Intriguing properties of neural networks", 2013, turned answers by changes that nobody sees;
here it is a dot, as people can make one.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mnist_nb.network.gradients import Forward
from mnist_nb.network.numpy_network import Network

RADII = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)  # pixels
RIVALS = 3  # digits for which dots are tried: the most probable but one, two and three
TRIED = 12  # places for each digit and radius
SIDE = 28
REACH = 5  # pixels from the middle of a dot that it may touch


@dataclass(frozen=True, eq=False)
class Dot:
    """A dot of ink that turns the answer.

    Attributes:
        row, column: its middle, in pixels.
        radius: in pixels.
        image: uint8 (28, 28), with the dot.
        label: what the network now says.
    """

    row: int
    column: int
    radius: float
    image: NDArray[np.uint8]
    label: int


def ink_gradients(
    network: Network, image: NDArray[np.uint8], labels: Sequence[int]
) -> NDArray[np.floating]:
    """Return what each pixel of ink would do for labels against the answer, (labels, 28, 28).

    In logits for one more of the normalised pixel.
    """
    forward = Forward(network.weights, np.repeat(image[None], len(labels), axis=0), np.float32)
    error = np.zeros_like(forward.logits)
    error[np.arange(len(labels)), labels] += 1
    error[:, int(forward.logits[0].argmax())] -= 1
    return forward.back(error).pixels


def smallest_dot(network: Network, image: NDArray[np.uint8]) -> Dot | None:
    """Return the smallest dot found that makes another digit the most probable one, or None.

    Args:
        network: the one to mislead.
        image: uint8 (28, 28).
    """
    (probabilities,) = network.predict(image)
    best, *rivals = np.argsort(-probabilities)[: 1 + RIVALS].tolist()
    gradients = ink_gradients(network, image, rivals).reshape(len(rivals), -1)
    for radius in RADII:
        stamp = _stamp(radius)
        dotted = _with_dots(image, stamp)  # (28, 28, 28, 28): the image with a dot at each place
        more = (dotted - image).reshape(SIDE * SIDE, -1)  # ink that is added: (places, pixels)
        gains = more.astype(np.float32) @ gradients.T  # (places, rivals): what it would do for them
        places = np.argsort(-gains, axis=0)[:TRIED].ravel()
        tried = dotted.reshape(-1, SIDE, SIDE)[places]
        answers = network.predict(tried)
        turned = np.flatnonzero(answers.argmax(axis=1) != best)
        if len(turned):
            surest = int(turned[answers[turned].max(axis=1).argmax()])
            row, column = divmod(int(places[surest]), SIDE)
            return Dot(row, column, radius, tried[surest], int(answers[surest].argmax()))
    return None


def _stamp(radius: float) -> NDArray[np.float64]:
    """A dot with soft edges, 0..255, (2 * REACH + 1) pixels a side."""
    axis = np.arange(-REACH, REACH + 1)
    distance = np.hypot(axis[:, None], axis)
    return 255 * np.clip(radius + 0.5 - distance, 0, 1)


def _with_dots(image: NDArray[np.uint8], stamp: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The image with the stamp at each place, uint8 (28, 28, 28, 28)."""
    wide = np.zeros((2 * SIDE + 2 * REACH - 1,) * 2)
    middle = np.s_[SIDE - 1 : SIDE + 2 * REACH]
    wide[middle, middle] = stamp
    windows = sliding_window_view(wide, (SIDE, SIDE))[: 2 * SIDE, : 2 * SIDE]
    at = SIDE - 1 + REACH - np.arange(SIDE)  # so that the middle of the stamp lands on each place
    return np.maximum(windows[np.ix_(at, at)].round().astype(np.uint8), image)
