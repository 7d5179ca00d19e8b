"""What is measured: confusion, accuracy, calibration, and how well no digit is told from digits."""

import numpy as np
from numpy.typing import NDArray

BINS = 15

Grey = NDArray[np.uint8]
Rows = NDArray[np.float32]
Labels = NDArray[np.uint8]


def confusion(rows: Rows, labels: Labels) -> NDArray[np.int64]:
    """Return how often each digit (row) was read as each digit (column), int (10, 10)."""
    table = np.zeros((10, 10), int)
    np.add.at(table, (labels, rows.argmax(axis=1)), 1)
    return table


def accuracy(rows: Rows, labels: Labels) -> float:
    """Return the share 0..1 of rows (N, 10) whose largest probability is the label's."""
    return float((rows.argmax(axis=1) == labels).mean())


def calibration(rows: Rows, labels: Labels) -> NDArray[np.float64]:
    """Return for each of 15 bins of the largest probability: (share, mean probability, accuracy).

    Empty bins are left out. Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural
    Networks", 2017.
    """
    surest, right = rows.max(axis=1), rows.argmax(axis=1) == labels
    place = np.minimum((surest * BINS).astype(int), BINS - 1)
    return np.array(
        [
            (chosen.mean(), surest[chosen].mean(), right[chosen].mean())
            for b in range(BINS)
            if (chosen := place == b).any()
        ]
    )


def calibration_error(bins: NDArray[np.float64]) -> float:
    """Return the expected calibration error 0..1: the mean gap of the bins."""
    share, probability, accuracy = bins.T
    return float((share * np.abs(probability - accuracy)).sum())


def auroc(digits: Rows, others: Rows) -> float:
    """Return how often a digit (N, 10) is surer than what is none (M, 10); a tie is a half."""
    sure, unsure = np.sort(digits.max(axis=1)), others.max(axis=1)
    below, upto = (np.searchsorted(sure, unsure, side) for side in ("left", "right"))
    return float(1 - (below + upto).mean() / 2 / len(sure))


def passing(digits: Rows, others: Rows, kept: float) -> float:
    """Return which share of the others passes for a digit at a threshold that keeps so many digits.

    Args:
        digits: probabilities (N, 10).
        others: probabilities (M, 10).
        kept: the share of the digits, 0..1.
    """
    threshold = np.quantile(digits.max(axis=1), 1 - kept)
    return float((others.max(axis=1) >= threshold).mean())
