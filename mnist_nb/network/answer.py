"""Knowing when not to know: an image in which no digit is probable may be no digit.

Training shows the network letters, scribbles and blots too, for which every digit is as wrong as
the other (Hendrycks, Mazeika, Dietterich: "Deep Anomaly Detection with Outlier Exposure", 2019). So
the largest probability alone tells, and the edge, which answers with ten numbers, needs no more.
The weights file says from where on it counts: `metrics["not_sure_below"]`, see `model/README.md`.
"""

import numpy as np
from numpy.typing import NDArray

GUESS = 0.3  # a digit that is less probable is not worth naming


def threshold(value: object) -> float | None:
    """Return a number 0..1 as it is, and None for all else: a file's notes hold what they like."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None


def is_sure(probabilities: NDArray[np.float32], not_sure_below: float | None) -> bool:
    """Is one of the (10,) probabilities large enough? Without a threshold it always is."""
    return not_sure_below is None or float(probabilities.max()) >= not_sure_below
