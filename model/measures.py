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


def largest(rows: Rows, count: int) -> NDArray[np.float32]:
    """Return how probable the so many likeliest digits are together, (N,) of rows (N, 10).

    One is how sure an answer is. Two tell a digit from what is none without blame for one that lies
    between a 4 and a 9.
    """
    together: NDArray[np.float32] = np.sort(rows, axis=1)[:, -count:].sum(axis=1)
    return together


def auroc(digits: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """Return how often a digit's number (N,) is above that of no digit (M,); a tie is a half."""
    sorted_digits = np.sort(digits)
    below, upto = (np.searchsorted(sorted_digits, others, side) for side in ("left", "right"))
    return float(1 - (below + upto).mean() / 2 / len(digits))


def passing(digits: NDArray[np.float32], others: NDArray[np.float32], kept: float) -> float:
    """Return which share of the others passes for a digit at a threshold that keeps so many digits.

    Args:
        digits: one number of each digit (N,).
        others: the same of what is none (M,).
        kept: the share of the digits, 0..1.
    """
    return float((others >= np.quantile(digits, 1 - kept)).mean())
